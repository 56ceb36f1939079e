"""Neighbours of an item: as trusted people see it, whatever strangers say."""

import pickle
from dataclasses import replace

import pytest

from node.core.methods.recommending import ITEMS_MAX
from node.core.similar import WAITING_MAX
from node.query import results
from node.query.schema import ANSWER_BYTES_MAX, encode_result
from protocol.claims import ItemInfo
from tests.node.core.peer_world import CONFIG, Refused, World, heard_by, like_all
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


def test_one_index_is_made_at_a_time_and_then_there_is_a_rest_whoever_asks():
    node = world(config=INDEXED)
    for name in ("eve", "zoe"):
        node.ask("add_person", name=name)
        node.ask("trust", peer=node.friends[0].author.hex(), person=name)
    node.lazy = True
    node.submit("similar", item="rock:0", person="eve")
    node.submit("similar", item="rock:0", person="zoe")
    while node.held:
        held, node.held = node.held, []
        for effect in held:
            node.perform(effect)
        node.world.now += 1.0
        assert len([k for k in node.state.similar._kept.values() if k.index is not None]) <= 1
    desk = node.state.similar
    assert not desk.building
    assert desk.build_at > node.world.now
    assert [kept.wanted is None for kept in desk._kept.values()] == [True, False]
    node.lazy, node.world.now = False, desk.build_at
    node.ask("similar", item="rock:0", person="zoe")
    assert all(kept.index is not None for kept in desk._kept.values())


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


# ------------------------------------------------------------------ what nobody has played yet
def tagging(scribe, item, *tags):
    return [scribe.says(ItemInfo(item, f"Title of {item}", tags))]


def tagged_world(**more):
    """As `world`, and friends say what is jazz and what is rock; nobody has played the new ones."""
    node = world(**more)
    for n, scribe in enumerate(node.friends):
        kind = "jazz" if n % 2 else "rock"
        for k in range(8):
            heard_by(node, tagging(scribe, f"{kind}:{k}", kind))
    for n in range(3):
        heard_by(node, tagging(node.friends[1], f"new:jazz{n}", "Jazz"))
    heard_by(node, tagging(node.friends[0], "new:rock", "rock"))
    heard_by(node, tagging(Scribe(60), "spam:1", "jazz"))
    return node


@pytest.mark.parametrize("config", [CONFIG, INDEXED], ids=["exact", "index"])
def test_tags_bring_new_items_among_neighbours_and_have_neighbours_themselves(config):
    node = tagged_world(config=config)
    for _ in range(2):
        near = found(node, "jazz:1", n=12)
        assert {"new:jazz0", "new:jazz1", "new:jazz2"} <= {item for item, _ in near}
        assert "spam:1" not in dict(near)
        data = node.ask("similar", item="new:jazz0", n=6)
        assert data["asked"]["title"] == "Title of new:jazz0"
        assert all("jazz" in entry["item"] for entry in data["items"])
        assert all(entry["shared_tags"] == ["jazz"] for entry in data["items"])
        assert all(entry["paths"] == 0 for entry in data["items"])


def test_an_item_that_only_strangers_tag_is_like_nothing():
    assert found(tagged_world(), "spam:1") == []


def test_blocked_new_items_are_not_there():
    node = tagged_world()
    node.ask("block", target="new:jazz0")
    assert "new:jazz0" not in dict(found(node, "jazz:1", n=12))


def test_a_taken_back_tag_counts_no_more():
    node = tagged_world()
    node.ask("block", target=node.friends[1].author.hex())
    assert not {item for item, _ in found(node, "jazz:3", n=12)} & {"new:jazz0", "new:jazz1"}


def unplayed(node, questions=60, **more):
    """Unplayed items in so many lists."""
    seen = []
    for _ in range(questions):
        items = node.ask("recommend", n=10, **more)["items"]
        seen += [item for item in items if item["discovery"] == "unplayed"]
    return seen


@pytest.fixture
def listener():
    node = tagged_world(
        config=replace(CONFIG, similar=replace(CONFIG.similar, unplayed_chance=1.0))
    )
    like_all(node, ["jazz:1", "jazz:2"])
    return node


def test_an_item_that_nobody_has_played_is_recommended_as_a_discovery(listener):
    seen = unplayed(listener)
    assert len(seen) > 10
    assert {item["item"] for item in seen} <= {"new:jazz0", "new:jazz1", "new:jazz2", "new:rock"}
    assert sum("jazz" in item["item"] for item in seen) > 0.8 * len(seen)
    one = next(item for item in seen if item["item"].startswith("new:jazz"))
    assert one["title"] == f"Title of {one['item']}"
    [why] = one["reasons"]
    assert why["because"]["item"] in ("jazz:1", "jazz:2")
    assert why["heard_from"]["author"] == listener.friends[1].author.hex()
    assert [step["author"] for step in why["trail"]][-1] == why["heard_from"]["author"]
    assert one["depends_on"]["author"] == listener.friends[1].author.hex()
    assert (one["score"], one["paths"], one["other_share"]) == (0, 1, 0)


def test_strangers_never_fill_a_place_with_tags(listener):
    for n in range(20):
        for k in range(5):
            heard_by(listener, tagging(Scribe(70 + n), f"spam:{n}.{k}", "jazz"))
    assert not [item for item in unplayed(listener) if item["item"].startswith("spam")]


def test_one_place_of_a_list_at_most_and_none_where_there_is_no_place(listener):
    for _ in range(30):
        items = listener.ask("recommend", n=10)["items"]
        assert sum(item["discovery"] == "unplayed" for item in items) <= 1
    assert not [i for _ in range(30) for i in listener.ask("recommend", n=9)["items"]
                if i["discovery"] == "unplayed"]  # fmt: skip
    assert not unplayed(listener, 10, method="undefended")


def test_what_she_blocks_or_has_said_something_of_is_not_unplayed_to_her(listener):
    listener.ask("block", target="new:jazz0")
    listener.ask("like", item="new:jazz1", weight=-1)
    assert {item["item"] for item in unplayed(listener)} <= {"new:jazz2", "new:rock"}


def test_a_large_graph_makes_an_index_for_it_beside_the_list():
    config = replace(CONFIG, similar=replace(CONFIG.similar, unplayed_chance=1.0, index_from=5))
    node = tagged_world(config=config)
    like_all(node, ["jazz:1"])
    kept = node.state.similar.peek(node.owner.row, owner=True)
    node.ask("recommend", n=10)
    assert kept.index is not None
    assert unplayed(node)


def test_tags_come_back_at_a_start(listener):
    listener.restart()
    assert unplayed(listener)
    assert "new:jazz0" in dict(found(listener, "jazz:1", n=12))


def test_the_longest_list_fits_into_one_answer():
    node = World().node("ada")
    names = [f"mbid:8f3471b5-7e6a-48da-86a9-{n}" for n in range(ITEMS_MAX + 20)]
    for number in range(6):
        scribe = Scribe(number)
        node.ask("trust", peer=scribe.author.hex())
        for at in range(0, len(names), 40):
            items = names[at : at + 40]
            infos = [ItemInfo(i, "T" * 60, ("tag", "another", "a third")) for i in items]
            heard_by(node, [scribe.says(*map(rates, items)), scribe.says(*infos)])
    data = node.ask("similar", item=names[0], n=ITEMS_MAX)
    assert len(data["items"]) == ITEMS_MAX
    assert sorted(data["items"][0]["shared_tags"]) == ["a third", "another", "tag"]
    payload = encode_result(1, results.checked(results.SimilarResult, data), ())
    assert len(payload) <= ANSWER_BYTES_MAX


def test_what_is_kept_is_counted():
    node = world(config=INDEXED)
    assert node.ask("status")["graph"]["similar_bytes"] == 0
    answered_by(node)
    kept = node.state.similar.kept(node.owner.row, owner=True)
    exact = node.ask("status")["graph"]["similar_bytes"]
    assert exact >= kept.index.nbytes + kept.seen.reading.nbytes
    assert kept.index.nbytes > kept.index.embedding.nbytes > 0
    heard_by(node, [node.friends[0].says(rates("new:1"))])
    node.ask("recommend")
    assert kept.seen is None, "an older snapshot is not kept alive"
    assert 0 < node.ask("status")["graph"]["similar_bytes"] < exact
