"""How a function becomes a command: the options that all have, groups of options, argument names.

A command is a function of a `Session` and its own parameters. A parameter whose type is a frozen
dataclass stands for several options, one for each field.
"""

import dataclasses
import inspect
from collections.abc import Callable
from typing import Annotated, Any, get_type_hints

import typer
from typer.models import ArgumentInfo

from node.cli.session import Session

DataDir = Annotated[
    str | None,
    typer.Option("--data-dir", metavar="DIR", help="The node's directory [env: GRAPEVINE_HOME]."),
]
Profile = Annotated[
    str | None,
    typer.Option(
        "--profile", metavar="NAME", help="Another node of this user [env: GRAPEVINE_PROFILE]."
    ),
]
AsPerson = Annotated[
    str | None, typer.Option("--as", metavar="NAME", help="A person hosted here, not the owner.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON envelope.")]

COMMON: dict[str, tuple[Any, Any]] = {
    "data_dir": (DataDir, None),
    "profile": (Profile, None),
    "person": (AsPerson, None),
    "as_json": (AsJson, False),
}
"""What every command takes, before its name or behind it."""

COMPLETE = "_GRAPEVINE_COMPLETE"
"""The variable by which a shell's completion asks; `grapevine completion` prints its script."""

Run = Callable[..., None]


def new_app() -> typer.Typer:
    """A module's own set of commands."""
    return typer.Typer(add_completion=False, rich_markup_mode=None)


def command(
    app: typer.Typer, name: str, *, schema: str = "", **settings: Any
) -> Callable[[Run], Run]:
    """Register `f(session, ...)` as a command with the common options added to its own.

    schema: what its answers are called with `--json`, when the name alone does not tell.
    """

    def register(function: Run) -> Run:
        own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
        groups: dict[str, Any] = {
            p.name: p.annotation for p in own if dataclasses.is_dataclass(p.annotation)
        }

        def run(ctx: typer.Context, **given: Any) -> None:
            before = ctx.find_root().obj or {}
            common = {key: given.pop(key) or before.get(key) for key in COMMON}
            session = Session(
                schema or name,
                common["data_dir"],
                common["profile"],
                common["person"],
                bool(common["as_json"]),
            )
            for parameter, kind in groups.items():
                fields = [one.name for one in dataclasses.fields(kind)]
                given[parameter] = kind(**{field: given.pop(field) for field in fields})
            function(session, **given)
            if session.exit_code:
                raise typer.Exit(session.exit_code)

        run.__name__, run.__doc__ = function.__name__, function.__doc__
        context = inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
        shown = [context, *(option for p in own for option in _options(p))]
        shown += [_option(key, kind, default) for key, (kind, default) in COMMON.items()]
        run.__signature__ = inspect.Signature(shown)  # type: ignore[attr-defined]
        run.__annotations__ = {p.name: p.annotation for p in shown}
        app.command(name, **settings)(run)
        return function

    return register


def _option(name: str, kind: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)


def _options(parameter: inspect.Parameter) -> list[inspect.Parameter]:
    """The parameter as typer sees it: arguments in capitals, a group as its fields."""
    if not dataclasses.is_dataclass(parameter.annotation):
        for mark in getattr(parameter.annotation, "__metadata__", ()):
            if isinstance(mark, ArgumentInfo) and mark.metavar is None:
                mark.metavar = parameter.name.strip("_").upper()
        return [_option(parameter.name, parameter.annotation, parameter.default)]
    kinds = get_type_hints(parameter.annotation, include_extras=True)
    return [
        _option(field.name, kinds[field.name], field.default)
        for field in dataclasses.fields(parameter.annotation)
    ]
