"""A real daemon that is attacked, and how to tell whether it has come to harm."""

import hashlib
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import trio

from tests.interop import sayings
from tests.interop.daemon import Daemon, running, until
from tests.interop.live import in_conversation

ROOT = Path(__file__).parents[2]
CLAIMS = 60
"""In the feed of every honest peer (`tests.interop.live.history`)."""

GROWTH_MIB_MAX = 20.0
SYNC_S = 10.0


def seed(name: str) -> bytes:
    """An author's seed, the same in every run."""
    return hashlib.sha256(name.encode()).digest()


@dataclass
class Victim:
    """The daemon with its network process, and what they were before the attack."""

    daemon: Daemon
    processes: list[psutil.Process] = field(default_factory=list)
    mib_before: list[float] = field(default_factory=list)
    honest: int = 0

    async def befriend(self, author_seed: bytes) -> None:
        """From now on the daemon follows this author."""
        await self.daemon.ask("trust", peer=sayings.public_key(author_seed).hex(), weight=1.0)

    async def edges(self) -> int:
        return int((await self.daemon.ask("status"))["graph"]["edges"])

    async def serve_honest_peer(self) -> None:
        """Somebody new dials, and the daemon has the whole feed within `SYNC_S`."""
        self.honest += 1
        author_seed = seed(f"honest {self.honest}")
        await self.befriend(author_seed)
        wanted = await self.edges() + CLAIMS

        async def synced() -> bool:
            return await self.edges() >= wanted

        with trio.fail_after(SYNC_S):
            async with in_conversation(self.daemon, author_seed):
                await until(synced)

    async def look(self) -> None:
        """Remember how the daemon is now."""
        main = psutil.Process((await self.daemon.ask("status"))["pid"])
        self.processes = [main, *main.children()]
        assert len(self.processes) == 2
        self.mib_before = self.mib()

    def mib(self) -> list[float]:
        """Resident memory of the daemon and of its network process."""
        return [process.memory_info().rss / 2**20 for process in self.processes]

    async def unharmed(self) -> None:
        """The same two processes, no bug met, nothing kept of the attack, and open to others."""
        await self.serve_honest_peer()
        main = psutil.Process((await self.daemon.ask("status"))["pid"])
        assert [main, *main.children()] == self.processes, self.log()
        status = await self.daemon.ask("status")
        assert status["bugs"] == 0, self.log()
        assert status["network"]["restarts"] == 0, self.log()
        before, after = self.mib_before, self.mib()
        growth = [now - then for now, then in zip(after, before, strict=True)]
        assert max(growth) < GROWTH_MIB_MAX, f"{before} -> {after} MiB"

    def log(self) -> str:
        return self.daemon.log.read_text("utf-8", "replace")[-4_000:]

    async def attack(self, module: str, **order: Any) -> dict[str, Any]:
        """Run `tests.hostile.<module>` to its end; what it says."""
        command = [sys.executable, "-W", "ignore", "-m", f"tests.hostile.{module}"]
        ended = await trio.run_process(
            command,
            stdin=json.dumps({"address": self.daemon.address, **order}).encode(),
            capture_stdout=True,
            capture_stderr=True,
            check=False,
            cwd=ROOT,
        )
        assert ended.returncode == 0, ended.stderr.decode()[-4_000:] + self.log()
        return dict(json.loads(ended.stdout))

    @asynccontextmanager
    async def under_attack(self, module: str, **order: Any) -> AsyncIterator[dict[str, Any]]:
        """`attack` that says when it stands and goes on until the end of the block."""
        command = [sys.executable, "-W", "ignore", "-m", f"tests.hostile.{module}"]
        async with trio.open_nursery() as nursery:
            process = await nursery.start(
                partial(
                    trio.run_process,
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    check=False,
                    cwd=ROOT,
                )
            )
            request = json.dumps({"address": self.daemon.address, **order})
            await process.stdin.send_all(request.encode() + b"\n")
            said = b""
            with trio.fail_after(60):
                while not said.endswith(b"\n"):
                    data = await process.stdout.receive_some()
                    assert data, self.log()
                    said += data
            yield json.loads(said)
            nursery.cancel_scope.cancel()


@asynccontextmanager
async def victim() -> AsyncIterator[Victim]:
    """A daemon that has met one honest peer, so that what it allocates once is there."""
    async with running() as daemon:
        made = Victim(daemon)
        await made.serve_honest_peer()
        await daemon.ask("recommend", n=5)
        await daemon.ask("search", words=["speaker"])
        await made.look()
        yield made
