"""A function becomes a command: groups of options, argument names, the common options."""

from dataclasses import dataclass
from typing import Annotated

import pytest
import typer
from typer._click.exceptions import UsageError

from node.cli.command import command, new_app
from node.cli.session import Session


@dataclass(frozen=True)
class Size:
    wide: Annotated[int, typer.Option(min=1)] = 3
    high: Annotated[int | None, typer.Option()] = None


def run(*arguments: str) -> tuple[object, list[tuple[Session, str, Size]]]:
    app, calls = new_app(), []

    @command(app, "draw")
    def draw(
        session: Session, what_: Annotated[str, typer.Argument(help="A thing.")], size: Size
    ) -> None:
        """Draw a thing."""
        calls.append((session, what_, size))
        session.exit_code = 12 if what_ == "half" else 0

    return app(list(arguments), standalone_mode=False), calls


def test_a_group_arrives_as_one_value() -> None:
    code, [(session, what, size)] = run("house", "--high", "7")
    assert (code, what, size) == (None, "house", Size(3, 7))
    assert session == Session("draw")


def test_the_common_options_choose_the_session() -> None:
    _, [(session, _, _)] = run(
        "house", "--data-dir", "/d", "--profile", "p", "--as", "ann", "--json"
    )
    assert session == Session("draw", "/d", "p", "ann", json=True)


def test_the_sessions_exit_code_is_the_commands() -> None:
    assert run("half")[0] == 12


def test_limits_of_a_group_are_held() -> None:
    with pytest.raises(UsageError, match="greater than or equal to 1"):
        run("house", "--wide", "0")


def test_arguments_are_shown_in_capitals(capsys) -> None:
    run("--help")
    out = capsys.readouterr().out
    assert "WHAT" in out
    assert "what_" not in out
    assert "Draw a thing." in out
