"""Neighbours of an item: as trusted people see it, whatever strangers say."""

import pickle
from dataclasses import replace

import pytest

from node.core.methods.recommending import ITEMS_MAX
from node.core.similar import WAITING_MAX
from protocol.claims import ItemInfo
from tests.node.core.peer_world import CONFIG, Refused, World, heard_by
from tests.node.core.scribe import Scribe, rates

FRIENDS = 6


def world(*, strangers=0, config=CONFIG):
    """Ada trusts six people: half like jazz, half rock; strangers tie one jazz item to spam."""
    node = World().node("ada", config)
    node.friends = [Scribe(n) for n in range(1, FRIENDS + 1)]
    for n, scribe in enumerate(node.friends):
        kind = "jazz" if n % 2 else "rock"
        likes = [rates(f"{kind}:{(n + k) % 8}") for k in range(6)]
        heard_by(node, [scribe.says(*likes, ItemInfo("jazz:1", "Blue", ()))])
        node.ask("trust", peer=scribe.author.hex())
    for n in range(strangers):
        spam = [rates("jazz:1"), *(rates(f"spam:{k}") for k in range(4))]
        heard_by(node, [Scribe(50 + n).says(*spam)])
    return node


@pytest.fixture
def node():
    return world()


def found(node, item, **more):
    return [(i["item"], i["likeness"]) for i in node.ask("similar", item=item, **more)["items"]]


def test_what_the_same_people_like_is_similar(node):
    near = found(node, "jazz:1")
    assert len(near) >= 5
    assert all(item.startswith("jazz:") for item, _ in near[:5])
    assert [x for _, x in near] == sorted((x for _, x in near), reverse=True)
    assert all(0 < likeness <= 1 for _, likeness in near)
    assert "jazz:1" not in dict(near)


def test_who_likes_both_is_named_with_titles_and_the_way_to_her(node):
    data = node.ask("similar", item="rock:0", n=3)
    assert data["asked"]["item"] == "rock:0"
    assert not data["unprotected"]
    first = data["items"][0]
    assert first["title_by"] == "none"
    assert sum(r["share"] for r in first["reasons"]) + first["other_share"] == pytest.approx(1)
    for reason in first["reasons"]:
        assert reason["because"]["item"] == "rock:0"
        trail = [step["author"] for step in reason["trail"]]
        assert (trail[0], trail[-1]) == (node.author.hex(), reason["heard_from"]["author"])
    assert node.ask("similar", item="jazz:1")["asked"]["title"] == "Blue"


def test_strangers_move_nothing_however_many():
    alone, crowded = found(world(), "jazz:1"), found(world(strangers=40), "jazz:1")
    assert crowded == alone


def test_blocked_items_and_people_are_not_there(node):
    first = found(node, "jazz:1")[0][0]
    node.ask("block", target=first)
    assert first not in dict(found(node, "jazz:1"))
    for scribe in node.friends[1::2]:
        node.ask("block", target=scribe.author.hex())
    assert found(node, "jazz:1") == []


def test_what_is_said_next_counts_at_once(node):
    assert "new:1" not in dict(found(node, "jazz:1"))
    for scribe in node.friends[1::2]:
        heard_by(node, [scribe.says(rates("new:1"))])
    assert "new:1" in dict(found(node, "jazz:1"))


def test_who_trusts_nobody_is_told_so():
    node = World().node("ada")
    heard_by(node, [Scribe(1).says(rates("a:1"), rates("a:2"))])
    data = node.ask("similar", item="a:1")
    assert data["unprotected"]
    assert [i["item"] for i in data["items"]] == ["a:2"]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"item": "a:unheard"}, "not_found: nobody heard here knows a:unheard"),
        ({"item": "no name"}, "usage: 'no name' is not an item name"),
        ({}, "usage: item must be text"),
        ({"item": "jazz:1", "n": 0}, "usage: n must be"),
        ({"item": "jazz:1", "n": ITEMS_MAX + 1}, "usage: n must be"),
        ({"item": "jazz:1", "person": "nobody"}, "not_found: nobody called 'nobody'"),
    ],
)
def test_refusals_are_clear(node, params, message):
    with pytest.raises(Refused, match=message):
        node.ask("similar", **params)


# ------------------------------------------------------------------------------ with an index
INDEXED = replace(CONFIG, similar=replace(CONFIG.similar, index_from=5))


class MemoryFile:
    """Keeps what was written as it was at that moment."""

    def __init__(self):
        self.parts, self.writes, self.complaints = None, 0, []

    def read(self):
        return pickle.loads(self.parts) if self.parts else None

    def refused(self, why):
        self.complaints.append(why)

    def write(self, parts):
        self.parts, self.writes = pickle.dumps(dict(parts)), self.writes + 1


def answered_by(node, item="jazz:1"):
    return node.ask("similar", item=item)["answered_by"]


def test_an_index_is_made_beside_the_first_question_and_answers_the_next_alike():
    node = world(config=INDEXED)
    first = node.ask("similar", item="jazz:1")
    second = node.ask("similar", item="jazz:1")
    assert (first["answered_by"], second["answered_by"]) == ("exact", "index")
    exact, indexed = (
        {i["item"]: (i["likeness"], i["paths"]) for i in data["items"]} for data in (first, second)
    )
    assert exact.keys() == indexed.keys()
    for item, numbers in exact.items():
        assert indexed[item] == pytest.approx(numbers, abs=1e-5)
    assert node.state.similar.nbytes > 0


def test_an_index_follows_what_is_said_and_blocked():
    node = world(config=INDEXED)
    answered_by(node)
    first = found(node, "jazz:1")[0][0]
    node.ask("block", target=first)
    assert first not in dict(found(node, "jazz:1"))
    node.ask("unblock", target=first)
    assert first in dict(found(node, "jazz:1")[:2]), "of two alike either may come first"
    for scribe in node.friends[1::2]:
        heard_by(node, [scribe.says(rates("new:1"))])
    assert "new:1" in dict(found(node, "jazz:1"))
    assert answered_by(node) == "index"


def test_a_stale_index_is_made_anew():
    node = world(config=INDEXED)
    answered_by(node)
    kept = node.state.similar.kept(node.owner.row, owner=True)
    answered_by(node)
    before = kept.index
    for scribe in node.friends:
        heard_by(node, [scribe.says(*(rates(f"more:{k}") for k in range(5)))])
    node.world.now += 1.0
    assert answered_by(node) == "index"
    assert before.stale
    assert kept.index is not before
    answered_by(node)
    assert not kept.index.stale


def test_questions_of_one_person_take_turns():
    node = world(config=INDEXED)
    node.lazy = True
    tokens = [node.submit("similar", item=f"jazz:{n}") for n in (1, 2, 3)]
    assert len(node.held) == 1, "one is being answered"
    node.release()
    items = [node.answers[token].data["asked"]["item"] for token in tokens]
    assert items == ["jazz:1", "jazz:2", "jazz:3"]


def test_too_many_questions_at_once_are_refused():
    node = world()
    node.lazy = True
    for _ in range(WAITING_MAX + 1):
        node.submit("similar", item="jazz:1")
    last = node.submit("similar", item="jazz:1")
    assert node.answers[last].code == "busy"
    unknown = node.submit("similar", item="jazz:1", person="nobody")
    assert node.answers[unknown].code == "not_found"


def test_an_index_survives_a_restart_and_takes_in_what_was_said_meanwhile():
    node, file = world(config=INDEXED), MemoryFile()
    node.state.similar.file = file
    answered_by(node)
    assert file.writes == 1
    before = found(node, "jazz:1")
    node.restart()
    node.state.similar.file = file
    assert answered_by(node) == "index", "the first question already"
    assert found(node, "jazz:1") == before
    node.restart()
    node.state.similar.file = file
    for scribe in node.friends[1::2]:
        heard_by(node, [scribe.says(rates("new:1"))])
    assert "new:1" in dict(found(node, "jazz:1"))
    assert (file.writes, file.complaints) == (1, [])


def test_what_does_not_fit_is_refused_and_made_anew():
    node, file = world(config=INDEXED), MemoryFile()
    node.state.similar.file = file
    file.write({"version": 99})
    assert answered_by(node) == "exact"
    assert len(file.complaints) == 1
    assert file.writes == 2
    assert answered_by(node) == "index"


def test_each_person_has_an_index_of_her_own_and_two_are_kept():
    node = world(config=INDEXED)
    for name in ("eve", "zoe"):
        node.ask("add_person", name=name)
        node.ask("trust", peer=node.friends[0].author.hex(), person=name)
    hers = node.ask("similar", item="rock:0", person="eve")
    assert all(item["paths"] == 1 for item in hers["items"])
    assert node.ask("similar", item="jazz:1", person="eve")["items"] == []
    answered_by(node)
    node.ask("similar", item="rock:0", person="zoe")
    assert len(node.state.similar._kept) == 2
