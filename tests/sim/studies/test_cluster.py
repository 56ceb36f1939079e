"""The cluster of this machine: loopback alone, closed to others, nothing left behind."""

import sys
from pathlib import Path

import psutil
import pytest

from sim.studies.cluster import SCRATCH, connected

pytestmark = pytest.mark.slow


def _listening() -> list[str]:
    """Addresses that this process and its children listen at."""
    me = psutil.Process()
    return [
        link.laddr.ip
        for one in (me, *me.children(recursive=True))
        for link in one.net_connections()
        if link.status == psutil.CONN_LISTEN
    ]


def test_it_listens_on_loopback_alone_encrypted_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / SCRATCH).mkdir()
    (tmp_path / SCRATCH / "of-one-that-was-killed").touch()
    before, mine = len(_listening()), psutil.Process()
    with connected(None, 1, tmp_path) as client:
        assert client.submit(lambda: sys.platform).result() == sys.platform
        assert client.scheduler.address.startswith("tls://127.0.0.1:")
        assert set(_listening()) == {"127.0.0.1"}
        workers = [
            one for one in mine.children(recursive=True) if "spawn_main" in str(one.cmdline())
        ]
        assert workers
    assert not list(tmp_path.iterdir())
    assert len(_listening()) == before
    assert not psutil.wait_procs(workers, timeout=15)[1]
