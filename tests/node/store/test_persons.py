"""People and their private facts."""

from pathlib import Path

import apsw
import pytest

from node.identity import author_key
from node.store.persons import UnknownPerson
from node.store.rows import ClickRow, FactRow, PersonRow, VouchRow
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
