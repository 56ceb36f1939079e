"""like, import_rows and people: what is refused, and that a failure leaves no ghosts."""

from dataclasses import replace

import pytest

from node.core import events as ev
from node.core import persons
from tests.node.core.peer_world import CONFIG, DAY, Refused, World

ROW = ["bob", "t:1", 0.5, 19_000, "One", ["x", "x", "y"]]


@pytest.fixture
def node():
    return World().node("ada")


def names(node):
    return [p["name"] for p in node.ask("people")["people"]]


def test_liking_again_replaces(node):
    node.ask("like", item="t:1", weight=0.4)
    answer = node.ask("like", item="t:1", kind="skip")
    assert answer == {"item": "t:1", "weight": -1.0, "shared": False, "clicked": []}
    assert node.edges(node.author) == {"t:1": (-100, DAY)}


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"item": "noname"}, "is not an item name"),
        ({"item": "t:" + "x" * 200}, r"is not an item name \(an item name of 202 bytes\)"),
        ({"item": "t:\x07"}, "control characters in an item name"),
        ({"item": "t:1", "kind": "love"}, "kind 'love' is not known"),
        ({"item": "t:1", "weight": 1.5}, "weight must be a number from -1 to 1"),
        ({"item": "t:1", "title": 5}, "title must be text"),
        ({"item": "t:1", "title": "é" * 100 + "x"}, "title must be at most 200 bytes"),
        ({"item": "t:1", "tags": "x"}, "tags must be a list of texts"),
    ],
)
def test_what_is_no_taste_is_refused(node, asked, words):
    with pytest.raises(Refused, match=f"usage: .*{words}"):
        node.ask("like", **asked)
    assert node.owner.facts == {}


def test_a_title_may_be_as_long_as_may_travel_and_tags_are_cut(node):
    node.ask("like", item="t:1", title="é" * 100, tags=["t" * 50, "\x1b", "u"] * 20)
    fact = node.owner.facts["t:1"]
    assert (fact.title, fact.tags) == ("é" * 100, ("t" * 32, "u"))


def test_a_long_title_of_an_import_is_cut_to_what_may_travel(node):
    node.ask("import_rows", rows=[[None, "t:1", 1, 1, "é" * 150 + "\x00", None]])
    assert node.owner.facts["t:1"].title == "é" * 100


def test_a_second_import_of_the_same_rows_adds_nothing(node):
    rows = [ROW, ["eve", "t:2", 1, 1, None, None], ["bob", "t:1", 0.5, 19_000, "One", ["x", "y"]]]
    assert node.ask("import_rows", rows=rows, people=True) == {
        "imported": 2,
        "duplicate": 1,
        "people": ["bob", "eve"],
    }
    node.restart()
    again = node.ask("import_rows", rows=rows, people=True)
    assert again == {"imported": 0, "duplicate": 3, "people": []}
    assert names(node) == ["ada", "bob", "eve"]


def test_without_people_every_row_is_the_askers(node):
    assert node.ask("import_rows", rows=[ROW])["people"] == []
    assert set(node.owner.facts) == {"t:1"}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (["bob", "t:1", 1, 1, None], "row 1 is not"),
        ("bob", "row 1 is not"),
        (["b\x00b", "t:1", 1, 1, None, None], "row 1: a user is 1 to 64 printable"),
        (["  ", "t:1", 1, 1, None, None], "row 1: a user is 1 to 64 printable"),
        (["b" * 65, "t:1", 1, 1, None, None], "row 1: a user is 1 to 64 printable"),
        ([5, "t:1", 1, 1, None, None], "row 1: a user is 1 to 64 printable"),
        (["bob", 5, 1, 1, None, None], "row 1: the item must be text"),
        (["bob", "x", 1, 1, None, None], "'x' is not an item name"),
        (["bob", "t:1", 2, 1, None, None], "weight must be a number"),
        (["bob", "t:1", 1, 65_536, None, None], "day must be a number"),
    ],
)
def test_one_bad_row_refuses_the_whole_query_and_makes_nobody(node, row, words):
    with pytest.raises(Refused, match=f"usage: .*{words}"):
        node.ask("import_rows", rows=[ROW, row], people=True)
    assert names(node) == ["ada"]
    assert node.state.moving_in == {}


def test_an_import_that_cannot_be_stored_makes_nobody_and_may_be_repeated(node):
    node.store.failing = True
    with pytest.raises(Refused, match="store: not saved"):
        node.ask("import_rows", rows=[ROW], people=True)
    with pytest.raises(Refused, match="store: not saved"):
        node.ask("add_person", name="bob")
    assert names(node) == ["ada"]
    node.store.failing = False
    assert node.ask("import_rows", rows=[ROW], people=True)["people"] == ["bob"]
    node.restart()
    assert node.ask("status", person="bob")["items"] == 1


def test_a_full_node_refuses_and_makes_nobody():
    node = World().node("ada", replace(CONFIG, facts_max=1))
    rows = [ROW, ["eve", "t:2", 1, 1, None, None]]
    with pytest.raises(Refused, match="store: this node keeps no more items"):
        node.ask("import_rows", rows=rows, people=True)
    assert names(node) == ["ada"]
    node.ask("like", item="t:1")
    node.ask("like", item="t:1", weight=0.2)
    with pytest.raises(Refused, match="store: this node keeps no more items"):
        node.ask("like", item="t:2")


def test_people_are_bounded(node):
    rows = [[f"p{n}", "t:1", 1, 1, None, None] for n in range(persons.PERSONS_MAX)]
    for at in range(0, 1_000, 500):
        node.ask("import_rows", rows=rows[at : at + 500], people=True)
    with pytest.raises(Refused, match="usage: at most 1024 people"):
        node.ask("import_rows", rows=rows[1_000:], people=True)
    node.ask("import_rows", rows=rows[1_000:1_023], people=True)
    with pytest.raises(Refused, match="usage: at most 1024 people"):
        node.ask("add_person", name="one more")
    assert len(node.state.persons) == persons.PERSONS_MAX


def test_two_imports_at_once_do_not_make_the_same_person_twice(node):
    node.lazy = True
    first = node.submit("import_rows", ev.OWNER, rows=[ROW], people=True)
    second = node.submit("import_rows", ev.OWNER, rows=[ROW], people=True)
    third = node.submit("add_person", ev.OWNER, name="bob")
    node.release()
    assert isinstance(node.answers[first], ev.Answer)
    assert node.answers[second].code == node.answers[third].code == "busy"
    assert names(node) == ["ada", "bob"]
    assert node.ask("import_rows", rows=[ROW], people=True)["duplicate"] == 1


def test_forgetting_what_was_never_said_is_refused(node):
    with pytest.raises(Refused, match="not_found: ada has said nothing of t:9"):
        node.ask("forget", item="t:9")


@pytest.mark.parametrize("name", ["", "  ", "x" * 65, "a\nb"])
def test_people_need_a_name(node, name):
    with pytest.raises(Refused, match="a name is 1 to 64 printable characters"):
        node.ask("add_person", name=name)


def test_nobody_moves_in_twice(node):
    node.ask("add_person", name=" eve ")
    with pytest.raises(Refused, match="usage: somebody called 'eve' lives here already"):
        node.ask("add_person", name="eve")
