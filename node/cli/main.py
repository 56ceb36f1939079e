"""The `grapevine` command. A command's module is imported only when it is called or listed."""

import difflib
import functools
import importlib
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer._click import Command, Context, HelpFormatter  # the click that typer carries
from typer._click.exceptions import UsageError
from typer.core import TyperGroup

from node.cli.command import COMMON, COMPLETE, AsJson, AsPerson, DataDir, Profile
from node.cli.session import OutputLost, Session, fail, usage
from node.errors import NodeError
from node.query.schema import QueryError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

SECTIONS: dict[str, dict[str, tuple[str, str]]] = {
    "Your node": {
        "init": ("life", "Make a node here: a directory and its keys. Shares nothing."),
        "daemon": ("life", "Run the node in the foreground."),
        "status": ("life", "How the node is doing."),
        "stop": ("life", "Stop the daemon."),
        "backup": ("backup", "Save the node to a file, or bring it back."),
        "completion": ("completion", "Shell completion for bash, zsh or fish."),
    },
    "Your taste": {
        "import": ("imports", "Import a listening or rating history."),
        "like": ("taste", "Put an item into your taste."),
        "forget": ("taste", "Take an item out of your taste, wherever it went."),
        "share": ("taste", "What leaves this node: see it, switch it."),
    },
    "What you get": {
        "recommend": ("ask", "What to try next, with reasons."),
        "why": ("ask", "Why an item is recommended, also without somebody."),
        "similar": ("ask", "Items like one that you name."),
        "search": ("ask", "Find items by words."),
        "click": ("ask", "Say that a search result was the right one."),
    },
    "People": {
        "id": ("people", "The one string that friends need to trust you."),
        "trust": ("people", "Vouch for somebody, or against."),
        "block": ("people", "Never hear of a person or an item again."),
        "allow": ("people", "Let somebody query this node over the network."),
        "people": ("people", "Who lives on this node."),
        "peers": ("people", "Who is connected."),
        "netcheck": ("people", "Can others reach this node?"),
    },
}
"""Section of the help -> command -> (module of `node.cli` that registers it, one line of help)."""

MODULES: dict[str, str] = {
    name: f"node.cli.{module}"
    for commands in SECTIONS.values()
    for name, (module, _) in commands.items()
}
"""Command -> the module that registers it on its `app`."""

PLUGINS = "grapevine.commands"
"""Entry points of this group bring further commands: name -> a `typer.Typer`."""


class LazyGroup(TyperGroup):
    """A group whose commands are imported on first use."""

    def list_commands(self, ctx: Context) -> list[str]:
        return [*MODULES, *_plugins()]

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        if cmd_name in MODULES:
            return _from_app(importlib.import_module(MODULES[cmd_name]).app, cmd_name)
        plugin = _plugins().get(cmd_name)
        return None if plugin is None else typer.main.get_command(plugin.load())

    def resolve_command(
        self, ctx: Context, args: list[str]
    ) -> tuple[str | None, Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except UsageError as error:
            nearest = difflib.get_close_matches(args[0], self.list_commands(ctx), n=1)
            if nearest:
                error.message += f" Did you mean {nearest[0]!r}?"
            raise

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:
        """List commands without importing a single one."""
        listed = {title: [(n, line) for n, (_, line) in s.items()] for title, s in SECTIONS.items()}
        if plugins := _plugins():
            listed["More"] = [(name, _first_line(point.module)) for name, point in plugins.items()]
        width = max(len(name) for rows in listed.values() for name, _ in rows)
        for title, rows in listed.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), line) for name, line in rows])


@functools.cache
def _plugins() -> "dict[str, EntryPoint]":
    from importlib.metadata import entry_points  # a tenth of the time that `status` takes

    return {point.name: point for point in entry_points(group=PLUGINS)}


def _first_line(module: str) -> str:
    """What a plug-in's module says that it is for, read without importing it."""
    from ast import get_docstring, parse
    from importlib.util import find_spec

    found = find_spec(module)
    if found is None or found.origin is None:
        return ""
    with open(found.origin, encoding="utf-8") as source:
        return (get_docstring(parse(source.read())) or "").partition("\n")[0]


def _from_app(app: typer.Typer, name: str) -> Command | None:
    made = typer.main.get_command(app)
    if isinstance(made, TyperGroup):
        return made.commands.get(name)
    return made


grapevine = typer.Typer(
    cls=LazyGroup,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@grapevine.callback()
def _root(
    ctx: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
    data_dir: DataDir = None,
    profile: Profile = None,
    person: AsPerson = None,
    as_json: AsJson = False,
) -> None:
    """A recommender that belongs to the people who use it.

    The options below go before or behind any command. `grapevine` alone says what to do next.
    """
    ctx.obj = dict(zip(COMMON, (data_dir, profile, person, as_json), strict=True))
    if version:
        from importlib.metadata import version as installed

        shown = installed("grapevine-node")
        Session("version", json=as_json).show({"version": shown}, f"grapevine {shown}")
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        from node.cli.life import next_step

        next_step(Session("next", data_dir, profile, person, as_json))


def main(arguments: Sequence[str]) -> int:
    """Run one command; returns the exit code, one of the README's table.

    Failures go to stderr, with `--json` to stdout as `{"error": ...}`.
    """
    as_json = "--json" in arguments
    if COMPLETE in os.environ:  # a shell asks what could come next
        from typer._completion_classes import completion_init

        completion_init()
    try:
        code: Any = grapevine(
            list(arguments), prog_name="grapevine", standalone_mode=False, complete_var=COMPLETE
        )
        print(end="", flush=True)
    except UsageError as error:
        path = error.ctx.command_path if error.ctx else "grapevine"
        return fail(usage(error.format_message(), f"see: {path} --help"), as_json=as_json)
    except (QueryError, NodeError) as error:
        return fail(error, as_json=as_json)
    except (typer.Abort, KeyboardInterrupt):
        return 130
    except (BrokenPipeError, SystemExit):  # typer makes the second of the first
        # Whoever read our output has seen enough; nothing is left to be flushed at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OutputLost as error:
        print(f"grapevine: cannot write the output: {error}", file=sys.stderr)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if as_json:
            fail(QueryError("internal", f"a bug in grapevine: {error!r}"), as_json=True)
        raise
    return code if isinstance(code, int) else 0


def run() -> None:
    """Entry point of the installed command."""
    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    run()
