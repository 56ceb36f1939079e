"""A terminal in front of `grapevine`: what is typed, and what came back on which stream."""

import io
import json
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from typing import Any

from node.cli.main import main
from tests.node.shell.daemon_process import LOOK_S, LOOKS


@dataclass(frozen=True)
class Told:
    """What one command left behind."""

    code: int
    out: str
    err: str

    @property
    def envelope(self) -> dict[str, Any]:
        """The one line that `--json` prints."""
        assert self.out.endswith("\n")
        assert self.out.count("\n") == 1, self.out
        return json.loads(self.out)

    @property
    def data(self) -> dict[str, Any]:
        return self.envelope["data"]

    @property
    def error(self) -> dict[str, Any]:
        return self.envelope["error"]


def typed(*arguments: str) -> Told:
    """Run a command in this process."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(arguments)
    return Told(code, out.getvalue(), err.getvalue())


@dataclass(frozen=True)
class Terminal:
    """Commands for one node."""

    root: Path

    def __call__(self, *arguments: str) -> Told:
        return typed("--data-dir", str(self.root), *arguments)

    def json(self, *arguments: str) -> dict[str, Any]:
        """The data of a command that must succeed."""
        return self.envelope(*arguments)["data"]

    def envelope(self, *arguments: str) -> dict[str, Any]:
        """All that it prints with `--json`."""
        told = self(*arguments, "--json")
        assert told.code == 0, told
        assert told.err == "", "with --json there is no talk"
        assert told.envelope["schema"].startswith("grapevine.")
        assert told.envelope["schema"].endswith("/1")
        return told.envelope

    def until(self, command: str, condition: Callable[[dict[str, Any]], bool]) -> None:
        """Ask again until the data is like that."""
        for _ in range(LOOKS):
            data = self.json(command)
            if condition(data):
                return
            sleep(LOOK_S)
        raise AssertionError(f"{command} goes on saying {data}")
