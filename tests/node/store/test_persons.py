"""People and their private facts."""

from pathlib import Path

import apsw
import pytest

from node.identity import author_key
from node.store.database import connect
from node.store.migrations import STEPS, create_schema
from node.store.persons import UnknownPerson
from node.store.rows import ClickRow, FactRow, PersonRow, ShownRow, VouchRow
from node.store.store import Store
from protocol.ids import AuthorKey, DeviceId, Lane

ADA = PersonRow("ada", author_key(bytes([1]) * 32), DeviceId(b"device-a"))
BOB = PersonRow("bob", author_key(bytes([2]) * 32), DeviceId(b"device-b"), bytes([2]) * 32)
FILM = FactRow("ml:movie:50", "RATE", 80, 20_000, "Film", ("War", "Comedy"))


@pytest.fixture
def people(store: Store) -> Store:
    store.add_person(ADA)
    store.add_person(BOB)
    return store


def test_people_come_back_the_owner_first(people: Store, path: Path):
    people.set_policy("bob", taste=True, vouches=False, negative_vouches=False, clicks=True)
    people.close()
    with Store.open(path) as again:
        assert again.persons() == [ADA, BOB._replace(taste=True, clicks=True)]


@pytest.mark.parametrize(
    "twin", [ADA._replace(author=AuthorKey(bytes(32))), ADA._replace(name="x")]
)
def test_names_and_authors_are_unique(people: Store, twin: PersonRow):
    with pytest.raises(apsw.ConstraintError):
        people.add_person(twin)
    assert people.persons() == [ADA, BOB]


def test_nobody_is_made_up(people: Store):
    for write in (
        lambda: people.upsert_facts("eve", [FILM]),
        lambda: people.set_policy(
            "eve", taste=True, vouches=True, negative_vouches=True, clicks=True
        ),
        lambda: people.put_vouch("eve", VouchRow(BOB.author, 1)),
    ):
        with pytest.raises(UnknownPerson, match="eve"):
            write()


def test_the_second_import_is_all_duplicates(people: Store):
    facts = [FILM, FILM._replace(item="b", tags=()), FILM._replace(item="c", title="")]
    assert people.upsert_facts("ada", facts) == (3, 0)
    assert people.upsert_facts("ada", facts) == (0, 3)
    assert people.upsert_facts("bob", facts[:1]) == (1, 0)
    assert people.facts("ada") == sorted(facts)


@pytest.mark.parametrize(
    "change", [{"weight": -20}, {"day": 20_001}, {"kind": "LIKE"}, {"title": "x"}, {"tags": ()}]
)
def test_a_changed_fact_is_private_again(people: Store, change: dict[str, object]):
    people.upsert_facts("ada", [FILM])
    people.mark_shared("ada", Lane.TASTE, [FILM.item], 7)
    assert people.upsert_facts("ada", [FILM]) == (0, 1)
    assert people.facts("ada") == [FILM._replace(seq=7)]
    changed = FILM._replace(**change)
    assert people.upsert_facts("ada", [changed]) == (1, 0)
    assert people.facts("ada") == [changed]


def test_forgetting_leaves_no_trace_in_the_file(people: Store, path: Path):
    secret = "text:what-nobody-shall-know"
    people.upsert_facts("ada", [FILM._replace(item=secret)])
    people.close()
    assert secret.encode() in path.read_bytes()
    with Store.open(path) as again:
        assert again.delete_fact("ada", secret) is True
        assert again.delete_fact("ada", secret) is False
    assert secret.encode() not in path.read_bytes()


def test_each_lane_marks_its_own_facts(people: Store):
    click = ClickRow(("old", "films"), "ml:movie:50", 3)
    vouch = VouchRow(BOB.author, -40)
    people.upsert_facts("ada", [FILM])
    people.put_vouch("ada", vouch)
    people.put_click("ada", click)
    people.mark_shared("ada", Lane.VOUCHES, [BOB.author], 2)
    people.mark_shared("ada", Lane.CLICKS, [(click.terms, click.item)], 3)
    assert people.facts("ada") == [FILM]
    assert people.vouches("ada") == [vouch._replace(seq=2)]
    assert people.clicks("ada") == [click._replace(seq=3)]
    people.put_vouch("ada", vouch._replace(weight=0))
    people.put_click("ada", click._replace(position=1))
    assert people.vouches("ada") == [VouchRow(BOB.author, 0)]
    assert people.clicks("ada") == [click._replace(position=1)]
    with pytest.raises(TypeError):
        people.mark_shared("ada", Lane.TASTE, [(("a",), "b")], 1)


def test_what_was_shown_comes_back_in_its_order(people: Store, path: Path):
    ann, bea = ADA.author, BOB.author
    first = ShownRow("t:9", 20_000, ((ann, 100),))
    second = ShownRow("t:1", 20_001, ((ann, 1), (bea, 99)), -100)
    people.keep_shown("ada", [first, second])
    people.keep_shown("bob", [first])
    people.keep_shown("ada", [ShownRow("t:5", 20_002, ())])
    people.set_outcome("ada", "t:9", 40)
    people.set_outcome("ada", "t:404", 40)
    people.close()
    with Store.open(path) as again:
        assert again.shown("bob") == [first]
        assert again.shown("ada") == [
            first._replace(outcome=40),
            second,
            ShownRow("t:5", 20_002, ()),
        ]
        again.set_outcome("ada", "t:9", None)
        again.keep_shown("ada", [], ["t:1", "t:5", "t:404"])
        assert again.shown("ada") == [first]
        with pytest.raises(UnknownPerson, match="eve"):
            again.keep_shown("eve", [first])


def test_a_showing_needs_no_fsync_and_an_outcome_does(people: Store):
    people.keep_shown("ada", [ShownRow("t:1", 1, ())])
    assert people._connection.pragma("synchronous") == 1, "NORMAL"
    people.set_outcome("ada", "t:1", 100)
    assert people._connection.pragma("synchronous") == 2, "FULL"


def test_a_store_from_before_takes_showings_in(tmp_path: Path):
    path = tmp_path / "old.sqlite"
    connection = connect(path, create=True)
    create_schema(connection, {1: STEPS[1]})
    connection.close()
    with Store.open(path, steps={1: STEPS[1]}) as people:
        for person in (ADA, BOB):
            people.add_person(person)
    with Store.open(path) as again:
        assert again.persons() == [ADA, BOB]
        again.keep_shown("ada", [ShownRow("t:1", 1, ())])
        assert len(again.shown("ada")) == 1
