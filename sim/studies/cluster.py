"""Where the runs of a sweep are done: a Dask cluster on this machine, or one at an address.

The one on this machine listens on loopback only, speaks TLS with keys made for it alone (whoever
may send it work may run what he likes as its owner), shows no dashboard, keeps its files in a
directory that is removed, and its processes leave when whoever started it is gone.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dask
from distributed import Client, LocalCluster, Security

LOOPBACK = "127.0.0.1"
SCRATCH = ".scratch"
CONNECT_S = 10


class ClusterError(OSError):
    """No cluster answers there; the text says where."""


@contextmanager
def connected(scheduler: str | None, workers: int, directory: Path) -> Iterator[Client]:
    """A client of the cluster at an address, or of a new one for as long as it is needed.

    workers: processes of the new one, 0 for one on each core. directory: for its files. Raises
    ClusterError.
    """
    if scheduler is None:
        with _local(workers, directory) as client:
            yield client
        return
    with _quiet(), dask.config.set({"distributed.comm.timeouts.connect": CONNECT_S}):
        try:
            client = Client(  # type: ignore[no-untyped-call]
                scheduler, timeout=CONNECT_S, set_as_default=False
            )
        except (OSError, ValueError) as error:
            raise ClusterError(f"no cluster answers at {scheduler}: {error}") from None
        with client:
            yield client


@contextmanager
def _quiet() -> Iterator[None]:
    """What goes wrong is told once, by us, and not in the logs of connections."""
    log = logging.getLogger("distributed")
    before = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        log.setLevel(before)


@contextmanager
def _local(workers: int, directory: Path) -> Iterator[Client]:
    scratch = directory / SCRATCH
    shutil.rmtree(scratch, ignore_errors=True)  # of one that was killed
    settings = {
        "temporary-directory": str(scratch),
        "distributed.scheduler.http.routes": [],
        "distributed.worker.http.routes": [],
        "distributed.comm.require-encryption": True,
    }
    try:
        with (
            dask.config.set(settings),
            LocalCluster(  # type: ignore[no-untyped-call]
                n_workers=workers or os.cpu_count() or 1,
                threads_per_worker=1,
                processes=True,
                host=LOOPBACK,
                dashboard_address=f"{LOOPBACK}:0",
                local_directory=str(scratch),
                memory_limit=0,  # a run that needs much is not to be ended at a guess
                silence_logs=logging.CRITICAL,
                security=Security.temporary(),  # type: ignore[no-untyped-call]
            ) as cluster,
        ):
            client = Client(cluster, set_as_default=False)  # type: ignore[no-untyped-call]
            with client:
                yield client
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
