"""Earned trust in a peer: remembered when shown, counted when said, steering walks, kept here."""

from dataclasses import replace

import numpy as np
import pytest

from node.core import events as ev
from node.core.earning import NEWCOMERS_MAX, limit, named_rows
from node.query import results
from protocol import events as gossip
from protocol.claims import Vouch
from protocol.ids import Lane
from ranking.config import RankConfig
from ranking.recommend import RecommendRequest, recommend
from tests.node.core.peer_world import CONFIG, DAY, Node, World, heard_by, like_all, sharing
from tests.node.core.scribe import Scribe, rates
from tests.ranking.worlds import snapshot, trust_vector

FRIEND, GOOD, DULL, CLONE = 0, 1, 2, 3


@pytest.fixture
def world():
    return World()


@pytest.fixture
def node(world: World) -> Node:
    """Ada vouches for a friend, the friend for two others: one who likes many things that she does
    not know, and one who likes others. All of them share a few items with her."""
    node = world.node("ada")
    node.people = [Scribe(n) for n in range(4)]
    common = [rates(f"t:{n}") for n in range(3)]
    good = [rates(f"good:{n}") for n in range(60)]
    dull = [rates(f"dull:{n}") for n in range(60)]
    heard_by(node, [node.people[FRIEND].says(*common)])
    heard_by(node, [node.people[GOOD].says(*common, *good)])
    heard_by(node, [node.people[DULL].says(*common, *dull)])
    vouches = [Vouch(node.people[n].author, 100) for n in (GOOD, DULL)]
    heard_by(node, [node.people[FRIEND].says(*vouches, lane=Lane.VOUCHES)])
    like_all(node, ["t:0", "t:1", "t:2"])
    node.ask("trust", peer=node.people[FRIEND].author.hex())
    return node


def live(node: Node, lists: int = 3) -> None:
    """Ada likes what comes from the good one and dislikes the rest."""
    for _ in range(lists):
        for entry in node.ask("recommend", n=20)["items"]:
            node.ask("like", item=entry["item"], weight=1 if "good" in entry["item"] else -1)


def earned(node: Node) -> dict[str, float]:
    return {e["author"]: e["part"] for e in node.ask("trust_get")["earned"]}


def key(node: Node, who: int) -> str:
    return node.people[who].author.hex()


def test_who_brings_what_turns_out_well_is_trusted_more(node):
    before, version = node.trust_in(node.people[GOOD].author), node.state.trust.version
    assert earned(node) == {}
    live(node)
    assert earned(node).keys() == {key(node, GOOD)}
    assert 0 < earned(node)[key(node, GOOD)] <= 0.01
    assert node.state.trust.version > version
    assert node.trust_in(node.people[GOOD].author) > before
    assert node.ask("status")["earned"] == 1
    results.checked(results.TrustedResult, node.ask("trust_get"))
    trails = [r for i in node.ask("recommend")["items"] for r in i["reasons"] if "earned" in r]
    assert trails
    assert {r["trail"][1]["author"] for r in trails} == {key(node, GOOD)}


def test_weights_have_their_part_and_leave_vouches_alone(node):
    live(node)
    rows, weights = node.state.trust.earned_by(node.owner.row)
    [part] = earned(node).values()
    assert weights.tolist() == pytest.approx([part / (1 - part)])
    assert rows.tolist() == [node.state.graph.author_row(node.people[GOOD].author)]
    assert node.vouches(node.author) == {node.people[FRIEND].author: 100}


def test_who_copies_what_was_shown_earns_nothing(node):
    """The clone has the whole list and all that Ada likes before she says that she likes it."""
    clone = node.people[CLONE]
    heard_by(node, [clone.says(*[rates(f"t:{n}") for n in range(3)])])
    for _ in range(3):
        listed = [entry["item"] for entry in node.ask("recommend", n=20)["items"]]
        heard_by(node, [clone.says(*[rates(item) for item in listed])])
        heard_by(node, [node.people[FRIEND].says(Vouch(clone.author, 100), lane=Lane.VOUCHES)])
        again = node.ask("recommend", n=20)["items"]
        named = {r["heard_from"]["author"] for entry in again for r in entry["reasons"]}
        assert clone.author.hex() in named, "she is among the reasons now"
        for item in listed:
            node.ask("like", item=item, weight=1 if "good" in item else -1)
    assert earned(node).keys() == {key(node, GOOD)}
    settled = [showing for showing in node.owner.shown if showing.outcome is not None]
    assert len(settled) >= 10
    assert clone.author not in {a for showing in node.owner.shown for a, _ in showing.authors}


def test_her_own_word_stands_above_what_was_earned(node):
    for refusal in (
        {"method": "trust", "peer": key(node, GOOD), "weight": -1},
        {"method": "trust", "peer": key(node, GOOD), "weight": 0},
        {"method": "block", "target": key(node, GOOD)},
    ):
        node.start()
        live(node)
        assert earned(node).keys() == {key(node, GOOD)}
        method = refusal.pop("method")
        version = node.state.trust.version
        node.ask(method, **refusal)
        assert earned(node) == {}
        assert node.state.trust.version > version
        assert node.ask("status")["earned"] == 0
        if method == "trust":
            del node.store.people["ada"].vouches[node.people[GOOD].author]


def test_it_outlives_a_restart_between_showing_and_liking(node):
    listed = [entry["item"] for entry in node.ask("recommend", n=20)["items"]]
    [kept] = node.effects(ev.KeepShown)
    assert [item for item, _, _ in kept.rows] == listed
    node.restart()
    live(node)
    first = earned(node)
    assert first
    node.restart()
    assert earned(node) == first


def test_the_query_path_waits_for_no_disk(node):
    commits = len(node.effects(ev.Commit))
    node.ask("recommend")
    assert len(node.effects(ev.Commit)) == commits
    node.ask("recommend")
    assert len(node.effects(ev.KeepShown)) <= 2


def test_an_outcome_and_its_statement_are_one_transaction(node):
    item = node.ask("recommend")["items"][0]["item"]
    node.store.failing = True
    with pytest.raises(Exception, match="not saved"):
        node.ask("like", item=item)
    assert node.owner.shown.of(item).outcome is None
    node.store.failing = False
    node.ask("like", item=item, weight=0.5)
    assert node.owner.shown.of(item).outcome == 50
    writes = node.effects(ev.Commit)[-1].writes
    assert [type(write) for write in writes] == [ev.PutFacts, ev.PutOutcome]


def test_minds_change_and_blocks_count(node):
    first, second = [entry["item"] for entry in node.ask("recommend")["items"]][:2]

    def outcomes():
        stored = node.store.people["ada"].shown
        held = [node.owner.shown.of(item).outcome for item in (first, second)]
        assert held == [stored[item].outcome for item in (first, second)]
        return held

    node.ask("like", item=first)
    node.ask("block", target=second)
    assert outcomes() == [100, -100]
    node.ask("like", item=first, kind="skip")
    node.ask("unblock", target=second)
    assert outcomes() == [-100, None]
    node.ask("forget", item=first)
    assert outcomes() == [None, None]


def test_a_history_from_before_the_showing_is_no_outcome(node):
    first, second = [entry["item"] for entry in node.ask("recommend")["items"]][:2]
    rows = [[None, first, 1, DAY - 1, None, []], [None, second, 1, DAY, None, []]]
    node.ask("import_rows", rows=rows)
    assert node.owner.shown.of(first).outcome == 0
    assert node.owner.shown.of(second).outcome == 100


def test_only_what_the_person_herself_saw_of_a_defended_list_counts(node):
    friend = node.people[FRIEND].author
    node.ask("allow", author=friend.hex())
    answer = node.ask("recommend", ev.Caller(False, (friend,)))
    assert all("earned" not in reason for i in answer["items"] for reason in i["reasons"])
    assert "earned" not in node.ask("trust_get", ev.Caller(False, (friend,)))
    assert node.effects(ev.KeepShown) == []
    live(node)
    listed = [r for i in node.ask("recommend")["items"] for r in i["reasons"] if "earned" in r]
    assert listed
    answer = node.ask("recommend", ev.Caller(False, (friend,)))
    assert all("earned" not in reason for i in answer["items"] for reason in i["reasons"])
    before = len(node.owner.shown)
    node.ask("recommend", n=40, method="undefended")
    node.ask("trust", peer=friend.hex(), weight=0)
    assert node.ask("recommend", n=40)["unprotected"]
    assert len(node.owner.shown) == before


def test_without_a_vouch_of_her_own_she_stays_unprotected(node):
    live(node)
    assert earned(node)
    node.ask("trust", peer=key(node, FRIEND), weight=0)
    assert node.ask("recommend")["unprotected"]
    assert earned(node) == {}


def test_it_can_be_switched_off(node):
    live(node)
    node.config = replace(CONFIG, earned=None)
    node.restart()
    assert earned(node) == {}
    before = len(node.owner.shown)
    node.ask("recommend", n=30)
    assert len(node.owner.shown) == before


def test_it_fades_day_by_day(node, world):
    live(node)
    [before] = earned(node).values()
    world.now += 86_400 * 100
    [after] = earned(node).values()
    assert 0 < after < before


def test_nothing_of_it_leaves(node, world):
    """All that she shares leaves; the key of whom she trusts for what she brought does not."""
    other = world.node("bob")
    sharing(node)
    world.link(node, other)
    live(node)
    assert earned(node)
    world.run(5)
    told = b"".join(effect.frame for effect in node.effects(gossip.Send))
    assert b"good:" in told
    assert node.people[FRIEND].author in told
    assert node.vouches(node.author) == other.vouches(node.author)
    assert node.people[GOOD].author not in other.vouches(node.author)


def test_the_memory_is_shared_out(node):
    assert limit(node.state) == 1_000
    for n in range(199):
        node.ask("add_person", name=f"p{n}")
    assert limit(node.state) == 250


# --------------------------------------------------------------------------------- newcomers
def newcomers(strangers: int, refused: tuple[int, ...] = ()) -> list[tuple[int, int]]:
    """Who is named for a newcomer's item (1) that so many strangers have."""
    n = strangers + 2
    friend = {0: 1.0} | dict.fromkeys(range(2, 14), 1.0)
    likes = {0: {0: 1.0}, 1: friend} | {v: {1: 1.0} for v in range(2, n)}
    trust = trust_vector({1: 1.0} | dict.fromkeys(range(2, n), 0.0), 0)
    config = RankConfig(discovery_every=2, newcomer_chance=1.0)
    graph = snapshot(likes, n, 14)
    request = RecommendRequest(n=4, config=config)
    made = recommend(graph, trust, request, np.random.default_rng(1))
    return list(dict(named_rows(made, graph, trust, refused))[1])


def test_few_strangers_share_a_newcomers_item():
    assert newcomers(1) == [(2, 100)]
    assert newcomers(3) == [(2, 33), (3, 33), (4, 33)]
    assert newcomers(3, refused=(3,)) == [(2, 50), (4, 50)]


def test_what_many_strangers_have_names_none_of_them():
    assert len(newcomers(NEWCOMERS_MAX)) == NEWCOMERS_MAX
    assert newcomers(NEWCOMERS_MAX + 1) == []
    assert newcomers(1000) == [], "a thousand who have all that is popular"
