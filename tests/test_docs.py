"""The documents say what is there: every command, every setting, the tree, the figures' names."""

import importlib
import re
import shlex
import tomllib
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from node.cli.main import MODULES, PLUGINS, grapevine
from node.config import SETTINGS, Setting
from node.errors import NodeError
from node.query.schema import EXIT_CODES

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def fenced(language: str) -> str:
    """All blocks of README.md fenced with this language, joined."""
    return "\n".join(re.findall(rf"(?ms)^```{language}\n(.*?)^```", README))


def shown_tree() -> list[str]:
    """Directories named at the start of a line in the README's `tree` block, nesting resolved."""
    path: list[tuple[int, str]] = []
    found = []
    for line in fenced("tree").splitlines():
        match = re.match(r"^( *)([a-z_.]+)/", line)
        if match is None:
            continue
        depth = len(match[1])
        path = [(indent, name) for indent, name in path if indent < depth]
        path.append((depth, match[2]))
        found.append("/".join(name for _, name in path))
    return found


def real_tree() -> list[str]:
    tops = ("node", "protocol", "ranking", "sim", "trust")
    packages = [file.parent for top in tops for file in (ROOT / top).rglob("__init__.py")]
    return sorted(package.relative_to(ROOT).as_posix() for package in packages)


def test_tree_in_readme_is_the_tree_on_disk() -> None:
    assert sorted(shown_tree()) == real_tree()


def shown_commands() -> list[list[str]]:
    """The words behind `grapevine` on every command line that the README shows."""
    lines = re.findall(r"^\$ grapevine ([^&>\n]*)", fenced("console"), re.MULTILINE)
    return [shlex.split(line, comments=True) for line in lines]


def test_readme_shows_every_command_and_no_other() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    plugins = project["entry-points"][PLUGINS]
    assert {words[0] for words in shown_commands()} == MODULES.keys() | plugins.keys()


@pytest.mark.parametrize("words", shown_commands(), ids=" ".join)
def test_shown_commands_are_understood(words: list[str]) -> None:
    """Names, options and values are those of the real command; it is not run."""
    root = typer.main.get_command(grapevine)
    context = root.make_context("grapevine", list(words))
    while isinstance(context.command, TyperGroup):
        assert context._protected_args or context.args
        name, command, rest = context.command.resolve_command(
            context, [*context._protected_args, *context.args]
        )
        assert command is not None, f"there is no command {name}"
        context = command.make_context(name, rest, parent=context)


def setting_row(known: Setting) -> str:
    """A setting as the README's table has it."""
    match known.default:
        case bool():
            default = str(known.default).lower()
        case tuple():
            default = ", ".join(known.default) or "none"
        case _:
            default = str(known.default)
    return f"| `{known.name}` | {default} | {known.doc} |"


def test_readme_lists_every_setting_as_it_is() -> None:
    listed = [line for line in README.splitlines() if re.match(r"\| `[a-z]+\.[a-z_]+` \|", line)]
    assert listed == [setting_row(known) for known in SETTINGS.values()]


def test_readme_has_every_exit_code() -> None:
    table = re.findall(r"^\| ([0-9, ]+) \| ", README, re.MULTILINE)
    codes = {int(code) for cell in table for code in cell.split(",")}
    ours = {0, *EXIT_CODES.values(), *node_error_codes(), 130, 143}
    assert codes == ours


def node_error_codes() -> set[int]:
    for module in ("config", "identity", "paths", "store.backup", "store.errors", "store.lock"):
        importlib.import_module(f"node.{module}")
    found, waiting = set(), [NodeError]
    while waiting:
        kind = waiting.pop()
        found.add(kind.exit_code)
        waiting += kind.__subclasses__()
    return found


def test_readme_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", README)
    missing = [link for link in links if "://" not in link and not (ROOT / link).exists()]
    assert not missing


@pytest.mark.parametrize("name", ["ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE"])
def test_house_papers_are_there(name: str) -> None:
    assert (ROOT / name).read_text("utf-8").strip()
