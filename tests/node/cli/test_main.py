"""What holds for every command: quick help, one form of failure, light imports."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from node.cli import main as cli
from node.cli.session import Session
from node.errors import NodeError
from tests.node.cli.terminal import typed

HEAVY = ("libp2p", "numba", "numpy", "trio", "apsw", "hnswlib", "multiaddr", "zeroconf", "nacl")
ROOT = Path(__file__).parents[3]


def test_help_lists_every_command_once_with_a_line() -> None:
    told = typed("--help")
    assert (told.code, told.err) == (0, "")
    for name in cli.MODULES:
        (line,) = [s for s in told.out.splitlines() if s.startswith(f"  {name} ")]
        assert len(line.split(maxsplit=1)[1]) > 10


@pytest.mark.parametrize("name", sorted(cli.MODULES))
def test_every_command_explains_itself_and_takes_the_common_options(name: str) -> None:
    nested = ["create"] if name == "backup" else []
    told = typed(name, *nested, "--help")
    assert told.code == 0
    for option in ("--json", "--data-dir", "--profile", "--as"):
        assert option in told.out
    usage = told.out.splitlines()[0]
    assert usage.startswith(f"Usage: grapevine {' '.join([name, *nested])} [OPTIONS]")
    arguments = usage.partition("[OPTIONS]")[2]
    assert arguments == arguments.upper(), "arguments are shown in capitals"


@pytest.mark.parametrize(
    "arguments",
    [("--help",), ("status",), ("recommend",), ("like", "a:b"), ("share", "--taste"), ("id",)],
    ids=" ".join,
)
def test_commands_import_nothing_heavy(arguments: tuple[str, ...], tmp_path: Path) -> None:
    script = (
        "import sys; from node.cli.main import main; code = main(sys.argv[1:]);"
        f"heavy = [m for m in {HEAVY} if m in sys.modules];"
        "print(code, *heavy, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "--data-dir", str(tmp_path / "none"), *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=True,
    )
    code, *heavy = done.stderr.splitlines()[-1].split()
    # `id` reads the key file, and so needs signatures; everything else asks the daemon.
    assert set(heavy) <= ({"nacl"} if arguments == ("id",) else set())
    assert code == {"--help": "0", "id": "8"}.get(arguments[0], "3")


def test_a_wrong_command_names_the_nearest() -> None:
    told = typed("recomend")
    assert told.code == 2
    assert told.err == (
        "grapevine: No such command 'recomend'. Did you mean 'recommend'?\n"
        "  see: grapevine --help\n"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("like",), "Missing argument 'ITEM'"),
        (("like", "a:b", "--weight", "3"), "'--weight'"),
        (("like", "a:b", "--wieght", "1"), "--weight"),
        (("recommend", "-n", "0"), "'-n'"),
        (("recommend", "-n", "many"), "'-n'"),
        (("trust", "somebody", "7"), "'WEIGHT'"),
        (("click", "a:b", "--for", " "), "words that were searched for"),
        (("backup",), "Missing command"),
        (("completion", "tcsh"), "tcsh"),
        (("import", "x.csv", "--scale", "0"), "'--scale'"),
        (("import", "x.csv", "--people", "--user", "1"), "--user"),
        (("import", "x.csv", "--namespace", "Book"), "'Book'"),
        (("status", "--profile", "a b"), "'a b'"),
        (("allow", "abc"), "64 hex digits"),
    ],
)
def test_wrong_values_exit_2_and_say_what_is_wrong(arguments: tuple[str, ...], said: str) -> None:
    told = typed(*arguments)
    assert told.code == 2
    assert told.out == ""
    first, hint = told.err.splitlines()
    assert first.startswith("grapevine: ")
    assert said in told.err
    assert hint.startswith("  ")
    as_json = typed("--json", *arguments)
    assert (as_json.code, as_json.err) == (2, "")
    assert set(as_json.envelope) == {"error"}
    assert as_json.error.keys() == {"code", "exit", "message", "hint"}
    assert as_json.error["exit"] == 2
    assert f"grapevine: {as_json.error['message']}" == first


def test_options_go_before_or_behind_the_command(tmp_path: Path) -> None:
    root = str(tmp_path / "node")
    before = typed("--json", "--data-dir", root, "init")
    behind = typed("init", "--json", "--data-dir", root)
    assert before.data["created"] is True
    assert behind.data == before.data | {"created": False}
    other = typed("--data-dir", root, "--profile", "a", "init", "--profile", "b", "--json")
    assert other.data["directory"] == f"{root}/profiles/b"


def test_version_is_the_packages() -> None:
    from importlib.metadata import version

    assert typed("--version").out == f"grapevine {version('grapevine-node')}\n"
    assert typed("--version", "--json").data == {"version": version("grapevine-node")}


def broken(monkeypatch, error: BaseException) -> None:
    def fail(self: Session, query: str, **params: object) -> None:
        raise error

    monkeypatch.setattr(Session, "ask", fail)


def test_a_bug_is_told_in_json_too_and_leaves_its_traceback(monkeypatch, capsys) -> None:
    broken(monkeypatch, ZeroDivisionError("here"))
    with pytest.raises(ZeroDivisionError):
        cli.main(["people", "--json"])
    printed = capsys.readouterr().out
    assert '"code": "internal", "exit": 1' in printed
    assert "here" in printed


@pytest.mark.parametrize(
    ("error", "code"), [(KeyboardInterrupt(), 130), (typer.Abort(), 130), (NodeError("x"), 1)]
)
def test_exit_codes_of_what_ends_a_command(monkeypatch, error: BaseException, code: int) -> None:
    broken(monkeypatch, error)
    assert typed("people").code == code


@pytest.mark.parametrize("redirect", [">/dev/full", ">&-"])
@pytest.mark.parametrize("as_json", ["", " --json"])
def test_a_stdout_that_takes_nothing_is_no_bug(redirect: str, as_json: str, tmp_path: Path) -> None:
    done = subprocess.run(
        ["sh", "-c", f'"$0" -m node.cli.main init{as_json} {redirect}', sys.executable],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"GRAPEVINE_HOME": str(tmp_path / "node")},
        timeout=60,
        check=False,
    )
    full = redirect == ">/dev/full"
    assert done.returncode == (1 if full else 0)
    said = "grapevine: cannot write the output: No space left on device\n" if full else ""
    assert done.stderr == said


def test_a_reader_that_has_seen_enough_is_no_failure(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            "bash",
            "-c",
            '"$0" -m node.cli.main --help | true; echo "${PIPESTATUS[0]}"',
            sys.executable,
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("0\n", "")
