"""`grapevine attack` on small files."""

import json
from pathlib import Path

import pytest

from tests.node.cli.terminal import typed
from tests.sim.attacks.towns import PEOPLE, town


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    world = town()
    assert world.vouches is not None
    liked = [[p, *world.snapshot.liked(p).tolist()] for p in range(PEOPLE)]
    vouched = [(p, v) for p in range(PEOPLE) for v in world.vouches.out(p)[0].tolist()]
    for name, rows in (("train.txt", liked), ("trust.txt", vouched)):
        text = "".join(" ".join(map(str, row)) + "\n" for row in rows)
        (tmp_path / name).write_text(text)
    return ["--train", str(tmp_path / "train.txt"), "--trust", str(tmp_path / "trust.txt")]


def test_one_attack_as_json(files: list[str]) -> None:
    options = ["--edges", "5", "--users", "20", "--draws", "2", "--workers", "1", "--json"]
    done = typed("attack", *files, "--method", "salsa", *options)
    assert (done.code, done.err) == (0, "")
    told = json.loads(done.out)
    assert told["schema"] == "grapevine.attack/1"
    (cell,) = told["data"]["methods"]["salsa"]
    assert cell["edges"] == 5
    assert 0 < cell["mean"] <= cell["high"]
    assert cell["reached"] is None or 0 <= cell["reached"] <= 1


def test_a_table_for_people(files: list[str]) -> None:
    options = ["--users", "10", "--draws", "2", "--workers", "1"]
    done = typed("attack", *files, *options)
    assert (done.code, done.err) == (0, "")
    assert "20 edges, 1 a region, 10 x star, clone, own fakes" in done.out
    assert all(len(line) <= 80 for line in done.out.splitlines())


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (["--topology", "ball"], "ball"),
        (["--strategy", "nice"], "nice"),
        (["--method", "magic"], "magic"),
        (["--set", "grapevine"], "--set grapevine"),
        (["--set", "grapevine.alpha=7"], "alpha"),
        (["--affinity", "odd"], "odd"),
    ],
)
def test_nonsense_is_told(files: list[str], wrong: list[str], told: str) -> None:
    done = typed("attack", *files, *wrong)
    assert done.code == 2
    assert told in done.err
