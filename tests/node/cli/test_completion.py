"""A shell that sources the script completes commands and options."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from node.cli.command import COMPLETE
from tests.node.cli.terminal import typed

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_one_that_the_shell_can_read(shell: str, tmp_path: Path) -> None:
    script = typed("completion", shell).out
    assert COMPLETE in script
    assert typed("completion", shell, "--json").data == {
        "shell": shell,
        "script": script.rstrip("\n"),
    }
    if shutil.which(shell):
        file = tmp_path / "script"
        file.write_text(script)
        subprocess.run([shell, "-n", str(file)], check=True, timeout=30)


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("grapevine re", ["recommend"]),
        ("grapevine backup ", ["create", "restore"]),
        ("grapevine share --no-v", ["--no-vouches"]),
        ("grapevine --pro", ["--profile"]),
    ],
)
def test_what_bash_is_offered(line: str, offered: list[str]) -> None:
    words = line.split(" ")
    asked = {COMPLETE: "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    done = subprocess.run(
        [sys.executable, "-m", "node.cli.main"],
        env=os.environ | asked,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=False,
    )
    assert done.stdout.split() == offered
