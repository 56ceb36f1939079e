"""A real daemon: started as a process, asked over its Unix socket (SPEC.md section 16)."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgpack
import trio

from tests.interop.schema import pack
from tests.interop.talk import Splitter, join

NETWORK = b"interop"
CONFIG = """
[network]
listen = ["/ip4/127.0.0.1/tcp/0"]
network_id = "interop"
mdns = false
kademlia = false
autonat = false
relay = false
dcutr = false
dial_private_addresses = true

[gossip]
round_s = 0.5
"""
START_S = 120.0
STOP_S = 20.0
ANSWER_BYTES_MAX = 262_144


@dataclass
class Daemon:
    """One node in a directory of its own."""

    home: Path
    config: str = CONFIG
    process: "subprocess.Popen[bytes] | None" = None
    address: str = ""

    @property
    def log(self) -> Path:
        return self.home.with_suffix(".log")

    def command(self, *arguments: str) -> None:
        run = [sys.executable, "-m", "node.cli.main", *arguments, "--data-dir", str(self.home)]
        subprocess.run(run, check=True, capture_output=True, timeout=60, env=environment())

    def start(self) -> None:
        self.command("init")
        (self.home / "config.toml").write_text(self.config, "utf-8")
        run = [sys.executable, "-m", "node.cli.main", "daemon", "--data-dir", str(self.home)]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                run, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment()
            )

    def stop(self) -> None:
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    async def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """The answer's data. Fails on anything else."""
        stream = await trio.open_unix_socket(str(self.home / "run" / "node.sock"))
        async with stream:
            await stream.send_all(join([pack({"id": 7, "method": method, "params": params})]))
            splitter = Splitter(ANSWER_BYTES_MAX)
            async for data in stream:
                for frame in splitter.feed(data):
                    answer = msgpack.unpackb(frame)
                    assert answer["id"] == 7
                    assert answer["ok"], answer
                    return answer.get("data", {})
        raise AssertionError(f"{method}: the daemon hung up")

    async def ready(self) -> None:
        """Until it answers and can be dialled."""
        with trio.fail_after(START_S):
            while not self.address:
                assert self.process is not None
                assert self.process.poll() is None, self.log.read_text("utf-8", "replace")[-4_000:]
                try:
                    addresses = (await self.ask("id"))["addresses"]
                except OSError:
                    addresses = []
                self.address = addresses[0] if addresses else ""
                await pause()


def environment() -> dict[str, str]:
    """This process's, without settings of another node."""
    kept = {name: v for name, v in os.environ.items() if not name.startswith("GRAPEVINE_")}
    return {**kept, "OPENBLAS_NUM_THREADS": "1"}


async def pause() -> None:
    """Between two looks at something that another process does."""
    with trio.move_on_after(0.05):
        await trio.sleep_forever()


async def until(reached: Any, *, seconds: float = 60.0) -> None:
    """Wait until the (async) question is answered with something true; fails at the deadline."""
    with trio.fail_after(seconds):
        while not await reached():
            await pause()


@contextmanager
def _directory() -> Iterator[Path]:
    # not pytest's: its names are too long for a Unix socket
    top = Path(tempfile.mkdtemp(prefix="gv-interop-"))
    try:
        yield top / "node"
    finally:
        shutil.rmtree(top, ignore_errors=True)


@asynccontextmanager
async def running(config: str = CONFIG) -> AsyncIterator[Daemon]:
    """A daemon that is gone at the end, whatever happens."""
    with _directory() as home:
        daemon = Daemon(home, config)
        try:
            daemon.start()
            await daemon.ready()
            yield daemon
        finally:
            with trio.CancelScope(shield=True):
                await trio.to_thread.run_sync(daemon.stop)
