"""The `grapevine` command. A command's module is imported only when it is called or listed."""

import importlib
import json
import sys
from importlib.metadata import entry_points
from typing import Annotated, Any

import typer
from typer._click import Command, Context, HelpFormatter  # the click that typer carries
from typer._click.exceptions import UsageError
from typer.core import TyperGroup

MODULES: dict[str, str] = {
    "init": "node.cli.life",
    "daemon": "node.cli.life",
    "status": "node.cli.life",
    "stop": "node.cli.life",
    "recommend": "node.cli.ask",
    "why": "node.cli.ask",
    "search": "node.cli.ask",
    "click": "node.cli.ask",
    "like": "node.cli.taste",
    "import": "node.cli.taste",
    "forget": "node.cli.taste",
    "share": "node.cli.taste",
    "trust": "node.cli.people",
    "peers": "node.cli.people",
    "people": "node.cli.people",
    "block": "node.cli.people",
    "allow": "node.cli.people",
    "id": "node.cli.people",
    "netcheck": "node.cli.people",
    "backup": "node.cli.backup",
    "completion": "node.cli.completion",
}
"""Command -> the module that registers it on its `app`."""

PLUGINS = "grapevine.commands"
"""Entry points of this group bring further commands: name -> a `typer.Typer`."""


class LazyGroup(TyperGroup):
    """A group whose commands are imported on first use."""

    def list_commands(self, ctx: Context) -> list[str]:
        return [*MODULES, *(point.name for point in entry_points(group=PLUGINS))]

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        if cmd_name in MODULES:
            return _from_app(importlib.import_module(MODULES[cmd_name]).app, cmd_name)
        for point in entry_points(group=PLUGINS, name=cmd_name):
            return typer.main.get_command(point.load())
        return None

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:
        """List commands without importing a single one."""
        with formatter.section("Commands"):
            rows = [(name, HELP.get(name, "")) for name in self.list_commands(ctx)]
            formatter.write_dl(rows)


HELP: dict[str, str] = {
    "init": "Make a node here: keys and an empty store. Shares nothing.",
    "daemon": "Run the node in the foreground.",
    "status": "How the node is doing.",
    "stop": "Stop the daemon.",
    "recommend": "What to try next, with reasons.",
    "why": "Why an item is recommended, also without somebody.",
    "search": "Find items by words.",
    "click": "Say that a search result was the right one.",
    "like": "Put an item into your taste.",
    "import": "Import a listening or rating history.",
    "forget": "Take an item out of your taste, wherever it went.",
    "share": "What leaves this node: see it, switch it.",
    "trust": "Vouch for somebody (or against).",
    "peers": "Who is connected.",
    "people": "Who lives on this node.",
    "block": "Never hear of a person or an item again.",
    "allow": "Let somebody query this node over the network.",
    "id": "The one string that friends need to trust you.",
    "netcheck": "Can others reach this node?",
    "backup": "Save the node to a file, or bring it back.",
    "completion": "Shell completion for bash, zsh or fish.",
}
"""One line for each command, shown by `grapevine --help`."""


def _from_app(app: typer.Typer, name: str) -> Command | None:
    made = typer.main.get_command(app)
    if isinstance(made, TyperGroup):
        return made.commands.get(name)
    return made


grapevine = typer.Typer(
    cls=LazyGroup,
    add_completion=False,
    rich_markup_mode=None,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@grapevine.callback()
def _root(
    ctx: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    """A recommender that belongs to the people who use it.

    Every command takes --json, --data-dir DIR (or GRAPEVINE_HOME), --profile NAME, --as NAME.
    """
    if version:
        from importlib.metadata import version as installed

        print(f"grapevine {installed('grapevine-node')}")
    elif ctx.invoked_subcommand is None:
        from node.cli.life import next_step

        next_step()


def run() -> Any:
    """Entry point: exit codes are those of the README's table, errors are JSON with --json."""
    try:
        code = grapevine(standalone_mode=False)
    except UsageError as error:
        sys.exit(_usage(error))
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    sys.exit(code if isinstance(code, int) else 0)


def _usage(error: UsageError) -> int:
    message = error.format_message()
    if "--json" in sys.argv:
        hint = f"run: {error.ctx.command_path} --help" if error.ctx else ""
        told = {"code": "usage", "exit": 2, "message": message, "hint": hint}
        print(json.dumps({"error": told}))
    else:
        error.show()
    return 2


if __name__ == "__main__":
    run()
