"""What every command shares: which node is meant, how to ask it, how to talk and how to fail.

Data goes to stdout, talk to stderr. With `--json` stdout holds one envelope and nothing else:
`{"schema": "grapevine.COMMAND/1", "data": ..., "warnings": []}`, or `{"error": {...}}`.
"""

import json
import shlex
import sys
from dataclasses import dataclass, field
from time import monotonic, sleep
from typing import Any

from node.errors import NodeError
from node.paths import DataPaths, data_paths
from node.query.client import QueryClient
from node.query.schema import QueryError, Result
from node.store.lock import held_by

STARTING_S = 20.0
"""How long a command waits for a daemon that holds the lock and does not listen yet."""

FORKED_S = 0.5
"""How long it waits where there is a node and no lock: `grapevine daemon &` in the line before may
not have come to it."""

LOOK_S = 0.05
"""How often it looks."""


class OutputLost(Exception):
    """Stdout takes nothing: its disk is full, say."""


@dataclass(slots=True)
class Session:
    """One run of one command."""

    command: str
    data_dir: str | None = None
    profile: str | None = None
    person: str | None = None
    json: bool = False
    warnings: list[str] = field(default_factory=list)
    exit_code: int = 0

    @property
    def paths(self) -> DataPaths:
        """The chosen node's files."""
        return data_paths(self.data_dir, self.profile)

    def next(self, command: str) -> str:
        """`grapevine COMMAND` for the same node: what to type next."""
        words = ["grapevine", command]
        if self.data_dir:
            words += ["--data-dir", shlex.quote(self.data_dir)]
        if self.profile:
            words += ["--profile", self.profile]
        return " ".join(words)

    def client(self) -> QueryClient:
        """A connection to the chosen node's daemon; waits for one that is just starting."""
        began = monotonic()
        while True:
            pid = held_by(self.paths.lock)
            try:
                return QueryClient(self.paths.socket)
            except QueryError as error:
                if error.code != "daemon_not_running":
                    raise
                patience = STARTING_S if pid else FORKED_S if self.paths.author_key.exists() else 0
                if monotonic() - began >= patience:
                    raise self._no_daemon(pid) from None
            sleep(LOOK_S)

    def _no_daemon(self, pid: int | None) -> QueryError:
        if pid is None:
            message = f"no daemon is running for {self.paths.root}"
            return QueryError("daemon_not_running", message, f"run: {self.next('daemon')}")
        message = f"process {pid} uses {self.paths.root} but answers nobody"
        hint = f"its log may say more: {self.paths.logs / 'daemon.log'}"
        return QueryError("daemon_not_running", message, hint)

    def ask(self, query: str, /, **params: Any) -> dict[str, Any]:
        """Ask the daemon; parameters that are None are left out. Keeps warnings for the end."""
        with self.client() as daemon:
            return self.ask_on(daemon, query, **params)

    def ask_on(self, daemon: QueryClient, query: str, /, **params: Any) -> dict[str, Any]:
        """The same on a connection that is open already."""
        try:
            result = daemon.ask(query, **self.parameters(params))
        except QueryError as error:
            if error.code in ("daemon_not_running", "timeout") and not error.hint:
                hint = f"its log says more: {self.paths.logs / 'daemon.log'}"
                raise QueryError(error.code, error.message, hint) from None
            raise
        return self.note(result)

    def parameters(self, params: dict[str, Any]) -> dict[str, Any]:
        """With the person, and without what was not given."""
        given = {name: value for name, value in params.items() if value is not None}
        return given if self.person is None else {"person": self.person} | given

    def note(self, result: Result) -> dict[str, Any]:
        """The result's data; its warnings are kept."""
        self.warnings += result.warnings
        return result.data

    def say(self, text: str) -> None:
        """Talk: to stderr, and not at all with --json."""
        if not self.json:
            print(clean(text), file=sys.stderr)

    def show(self, data: dict[str, Any], *lines: str, schema: str = "") -> None:
        """Data: the envelope with --json, else the lines; warnings follow as talk.

        schema: what the data is called when the command has answers of several shapes.
        """
        if self.json:
            schema = f"grapevine.{schema or self.command}/1"
            lines = (json.dumps({"schema": schema, "data": data, "warnings": self.warnings}),)
        try:
            for line in lines:
                print(line if self.json else clean(line))
            print(end="", flush=True)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputLost(error.strerror) from None
        for warning in self.warnings:
            self.say(f"note: {warning}")


def clean(text: str) -> str:
    """Text from peers made harmless for a terminal: no control, format or bidi characters."""
    return "".join(c if c.isprintable() or c == "\n" else f"\\u{ord(c):04x}" for c in text)


def count(number: int, noun: str, plural: str = "") -> str:
    """`1 item`, `2 items`."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def fail(error: QueryError | NodeError, *, as_json: bool) -> int:
    """Say what happened and what to do; returns the exit code."""
    code = error.exit if isinstance(error, QueryError) else error.exit_code
    if as_json:
        told = {"code": error.code, "exit": code, "message": error.message, "hint": error.hint}
        print(json.dumps({"error": told}))
        return code
    print(clean(f"grapevine: {error.message}"), file=sys.stderr)
    if error.hint:
        print(clean(f"  {error.hint}"), file=sys.stderr)
    return code


def usage(message: str, hint: str = "") -> QueryError:
    """A wrong value on the command line: exit 2."""
    return QueryError("usage", message, hint)
