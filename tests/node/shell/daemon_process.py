"""A whole daemon as a process: started through the command, asked through its socket, killed."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from time import sleep
from typing import Any

from node.paths import DataPaths, data_paths
from node.query.client import QueryClient
from node.query.schema import QueryError

REPOSITORY = Path(__file__).parents[3]
LOOK_S, LOOKS = 0.01, 9_000
"""How often and how many times one looks at what another process does: 90 s in all."""

CONFIG = """
[network]
listen = ["/ip4/127.0.0.1/tcp/0"]
mdns = false
kademlia = false
autonat = false
relay = false
dcutr = false
"""


def run(*arguments: str, **options: Any) -> "subprocess.CompletedProcess[str]":
    """One command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "node.cli.main", *arguments],
        capture_output=True,
        text=True,
        timeout=90,
        cwd=REPOSITORY,
        env=environment(),
        check=False,
        **options,
    )


def environment() -> dict[str, str]:
    """This process's, without settings of another node."""
    return {name: v for name, v in os.environ.items() if not name.startswith("GRAPEVINE_")}


@dataclass
class DaemonProcess:
    """The daemon of one directory, in as many lives as a test wants."""

    root: Path
    process: "subprocess.Popen[bytes] | None" = None
    network: set[int] = field(default_factory=set)
    """The network processes seen; they must end with their daemon."""

    @property
    def paths(self) -> DataPaths:
        return data_paths(self.root, environ={})

    @property
    def log(self) -> Path:
        return self.root.with_suffix(".log")

    def init(self) -> None:
        made = run("init", "--data-dir", str(self.root))
        assert made.returncode == 0, made.stderr
        self.paths.config.write_text(CONFIG)

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "node.cli.main", "daemon", "--data-dir", str(self.root)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=REPOSITORY,
                env=environment(),
            )

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        with QueryClient(self.paths.socket, timeout_s=60) as client:
            return client.ask(method, **params).data

    def wait_until_ready(self) -> None:
        """Until it answers."""
        for _ in range(LOOKS):
            assert self.process is not None
            assert self.process.poll() is None, self.log.read_text()[-4_000:]
            try:
                self.ask("status")
            except QueryError:
                sleep(LOOK_S)
            else:
                return
        raise AssertionError("the daemon does not answer: " + self.log.read_text()[-4_000:])

    def children(self) -> set[int]:
        """Processes whose parent is the daemon now."""
        assert self.process is not None
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return {int(pid) for pid in path.read_text().split()} if path.exists() else set()

    def kill(self) -> None:
        """Without warning; its network process has to notice by itself."""
        assert self.process is not None
        self.network |= self.children()
        self.process.kill()
        self.process.wait()

    def wait_for_network_end(self) -> None:
        for _ in range(LOOKS):
            self.network = {pid for pid in self.network if alive(pid)}
            if not self.network:
                return
            sleep(LOOK_S)
        raise AssertionError(f"network processes outlive their daemon: {self.network}")

    def stop(self) -> int:
        """In order; its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def __enter__(self) -> "DaemonProcess":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill()
        self.wait_for_network_end()


def alive(pid: int) -> bool:
    """Whether there is such a process and it is no zombie."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"
