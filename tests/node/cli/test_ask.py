"""recommend, why, search, click: answers with reasons, and failures that say what is missing."""

import pytest

from node.cli.ask import named, reason
from tests.node.cli.make_shapes import HISTORY
from tests.node.cli.terminal import Terminal

PERSON = {"author": "ab" * 32, "name": ""}
ANN = {"author": "cd" * 32, "name": "ann"}


def test_a_strangers_title_is_marked() -> None:
    item = {"item": "t:1", "title": "One", "title_by": "trusted"}
    assert named(item) == "One  t:1"
    assert named(item | {"title_by": "stranger"}) == "One (a stranger's title)  t:1"
    assert named(item | {"title": ""}) == "t:1"


def test_a_reason_in_words() -> None:
    path = {"share": 0.254, "because": {"item": "t:1", "title": "One"}, "heard_from": PERSON}
    told = reason(path | {"trail": [ANN, ANN, PERSON]})
    assert told == "25%: because of One, heard from abababababab through ann"
    bare = reason(path | {"because": {"item": ""}, "trail": [ANN, PERSON]})
    assert bare == "25%: heard from abababababab"
    assert reason(path | {"trail": [ANN, PERSON], "earned": True}).endswith(", by earned trust")


@pytest.mark.slow
def test_from_nothing_to_a_reason(node: Terminal, tmp_path) -> None:
    empty = node("recommend")
    assert (empty.code, empty.out) == (0, "")
    assert "nothing to recommend yet" in empty.err
    assert "you trust nobody yet" in empty.err
    unknown = node("why", "t:3", "--json")
    assert (unknown.code, unknown.error["code"]) == (4, "not_found")
    assert node("search", "songs").err == "nothing found for songs\n"

    (tmp_path / "history.csv").write_text(HISTORY)
    node.json("import", str(tmp_path / "history.csv"), "--people")
    node.json("like", "t:1")
    node.json("trust", "ann")
    listed = node("recommend")
    assert listed.code == 0
    assert ". Two Songs  t:2\n       100%: because of One Song, heard from ann\n" in listed.out
    assert "heard from" not in node("recommend", "--no-reasons").out
    assert len(node.json("recommend", "-n", "1")["items"]) == 1

    why = node("why", "t:3", "--without", "ann")
    assert why.out.endswith(
        "without ann:\n  score 0, not in the list (exact)\n"
        "  no path leads to it from what you like\n"
    )
    assert node("why", "t:3", "--without", "nobody").code == 4
    assert "you have it already" in node("why", "t:1").out

    assert node("search", "two", "songs").out == (
        "  1. Two Songs  t:2\n  2. Three Songs  t:3  [some words]\n"
        "  3. Four Songs  t:4  [some words]\n"
    )
    assert node("search", "zzz").err.startswith("nothing matches zzz; ")
    clicked = node("click", "t:3", "--for", "Two songs")
    assert clicked.out == "noted t:3 for two songs at place 1 (kept on this node)\n"
    assert "  2. Three Songs  t:3\n" in node("search", "two", "songs").out, "a click leads there"
    found = node("search", "songs", "--explain").out.splitlines()
    assert found[1].startswith("       all words match; opened for it by me 100% (score ")
    clicked = node("click", found[2].split()[-1])
    assert clicked.out.endswith(" for songs at place 2 (kept on this node)\n")
    assert node("like", found[4].split()[-1]).err == "noted as right for songs, too\n"
    assert node("click", "t:none").code == 4
