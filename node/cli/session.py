"""What every command shares: which node is meant, how to ask it, and how to end.

Data goes to stdout, talk to stderr. With `--json` stdout holds one envelope and nothing else:
`{"schema": "grapevine.COMMAND/1", "data": ..., "warnings": []}`, or `{"error": {...}}`.
"""

import functools
import inspect
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any

import typer

from node.errors import NodeError
from node.paths import DataPaths, data_paths
from node.query.client import QueryClient
from node.query.schema import QueryError, Result

DataDir = Annotated[
    str | None,
    typer.Option("--data-dir", metavar="DIR", help="The node's directory [env: GRAPEVINE_HOME]."),
]
Profile = Annotated[
    str | None, typer.Option("--profile", metavar="NAME", help="Another node of this user.")
]
AsPerson = Annotated[
    str | None, typer.Option("--as", metavar="NAME", help="A person hosted here, not the owner.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON envelope.")]


@dataclass(slots=True)
class Session:
    """One run of one command."""

    command: str
    data_dir: str | None
    profile: str | None
    person: str | None
    json: bool
    warnings: list[str] = field(default_factory=list)
    exit_code: int = 0

    @property
    def paths(self) -> DataPaths:
        """The chosen node's files."""
        return data_paths(self.data_dir, self.profile)

    def client(self) -> QueryClient:
        """A connection to the chosen node's daemon."""
        return QueryClient(self.paths.socket)

    def ask(self, query: str, /, **params: Any) -> dict[str, Any]:
        """Ask the daemon; parameters that are None are left out. Keeps warnings for the end."""
        with self.client() as daemon:
            return self.note(daemon.ask(query, **self.parameters(params)))

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

    def show(self, data: dict[str, Any], *lines: str) -> None:
        """Data: the envelope with --json, else the lines; warnings follow as talk."""
        if self.json:
            schema = f"grapevine.{self.command}/1"
            print(json.dumps({"schema": schema, "data": data, "warnings": self.warnings}))
            return
        for line in lines:
            print(clean(line))
        for warning in self.warnings:
            print(clean(f"note: {warning}"), file=sys.stderr)


def clean(text: str) -> str:
    """Text from peers made harmless for a terminal: no control, format or bidi characters."""
    return "".join(c if c.isprintable() or c == "\n" else f"\\u{ord(c):04x}" for c in text)


def fail(error: QueryError | NodeError, *, as_json: bool) -> int:
    """Say what happened and what to do; returns the exit code."""
    if isinstance(error, QueryError):
        told = error.as_dict()
    else:
        told = {
            "code": error.code,
            "exit": error.exit_code,
            "message": error.message,
            "hint": error.hint,
        }
    if as_json:
        print(json.dumps({"error": told}))
    else:
        print(clean(f"grapevine: {told['message']}"), file=sys.stderr)
        if told["hint"]:
            print(clean(f"  {told['hint']}"), file=sys.stderr)
    return int(told["exit"])


def usage(message: str, hint: str = "") -> QueryError:
    """A wrong value on the command line: exit 2."""
    return QueryError("usage", message, hint)


_COMMON = {
    "data_dir": (DataDir, None),
    "profile": (Profile, None),
    "person": (AsPerson, None),
    "as_json": (AsJson, False),
}


def command(app: typer.Typer, name: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register `f(session, ...)` as a command with the common options added to its own."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(function)
        def run(**kwargs: Any) -> None:
            common = {key: kwargs.pop(key) for key in _COMMON}
            session = Session(
                name,
                common["data_dir"],
                common["profile"],
                common["person"],
                common["as_json"],
            )
            try:
                function(session, **kwargs)
            except (QueryError, NodeError) as error:
                raise typer.Exit(fail(error, as_json=session.json)) from None
            if session.exit_code:
                raise typer.Exit(session.exit_code)

        own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
        common = [
            inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
            for key, (kind, default) in _COMMON.items()
        ]
        keyword = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own]
        run.__signature__ = inspect.Signature(keyword + common)  # type: ignore[attr-defined]
        run.__annotations__ = {p.name: p.annotation for p in keyword + common}
        del run.__wrapped__
        app.command(name)(run)
        return function

    return register
