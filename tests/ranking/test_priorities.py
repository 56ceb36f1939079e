"""Whose edges are worth keeping: t(v) (shared(v) + .1) / (edges(v) + 1)."""

import numpy as np
import pytest

from ranking.graph import PROTECTED, BoundedGraph, GraphConfig
from ranking.priorities import priorities, priority
from ranking.snapshot import GraphSnapshot
from ranking.trust_vector import Passing, TrustVector

ME, FRIEND, OTHER, CLONE, UNHEARD = range(5)
LIKED = {ME: {0, 1, 2, 3}, FRIEND: {0, 1, 2, 9}, OTHER: {3, 7, 8, 9}, CLONE: {0, 1, 2, 3}}


def trust(owner, t):
    vector = np.array(t, np.float32)
    nothing = np.zeros(len(t), np.int32), np.zeros((0, 1), np.int32)
    return TrustVector(owner, vector, *nothing, Passing.themselves(vector > 0), vector)


def snapshot(liked, n_authors, disliked=()):
    said = [(v, i, 1.0) for v, items in liked.items() for i in items]
    said += [(v, i, -1.0) for v, i in disliked]
    authors, items, weights = zip(*said, strict=True)
    rows = np.array(authors, np.int32), np.array(items, np.int32)
    return GraphSnapshot.from_triples(*rows, np.array(weights, np.float32), n_authors, 10)


def naive(t, owner, liked, disliked=()):
    """One author after the other, as the formula reads."""
    bad = [v for v, _ in disliked]
    mine = liked.get(owner, set())
    return [
        t[v] * (len(mine & liked.get(v, set())) + 0.1)
        / (len(liked.get(v, set())) + bad.count(v) + 1)
        for v in range(len(t))
    ]  # fmt: skip


def test_each_value_by_hand():
    found = priority(trust(ME, [0, 0.4, 0.4, 0, 0.2]), snapshot(LIKED, 5))
    assert found == pytest.approx([0, 0.4 * 3.1 / 5, 0.4 * 1.1 / 5, 0, 0.2 * 0.1])
    assert found.dtype == np.float32


@pytest.mark.parametrize("seed", range(5))
def test_as_the_formula_reads(seed):
    rng = np.random.default_rng(seed)
    liked = {v: set(rng.choice(10, rng.integers(1, 9), replace=False).tolist()) for v in range(30)}
    disliked = [(v, i) for v in range(0, 30, 3) for i in set(range(10)) - liked[v]]
    t = rng.random(40) * (rng.random(40) < 0.6)
    found = priority(trust(3, t), snapshot(liked, 40, disliked))
    assert found == pytest.approx(naive(t, 3, liked, disliked), rel=1e-5)


def test_strangers_have_exactly_nothing_be_they_as_alike_as_they_may():
    found = priority(trust(ME, [0, 1, 0, 0, 0]), snapshot(LIKED, 5))
    assert found[CLONE] == found[OTHER] == found[UNHEARD] == 0


def test_an_unheard_author_stands_between_those_who_share_and_those_who_do_not():
    liked = LIKED | {OTHER: {5, 6, 7, 8}}
    found = priority(trust(ME, [0, 0.3, 0.3, 0, 0.3]), snapshot(liked, 5))
    assert found[FRIEND] > found[UNHEARD] > found[OTHER] > 0


def test_of_several_people_whoever_gets_most_of_an_author_decides():
    held = snapshot(LIKED, 5)
    mine, hers = trust(ME, [0, 0.5, 0.5, 0]), trust(FRIEND, [0.1, 0, 0.1, 0.4, 0.4])
    one, two = priority(mine, held), priority(hers, held)
    both = priorities([mine, hers], held)
    assert both.tolist() == [two[ME], one[FRIEND], one[OTHER], two[CLONE], two[UNHEARD]]
    assert one[OTHER] > two[OTHER]
    assert priorities([hers, mine], held).tolist() == both.tolist()
    assert priorities([], held).size == 0


def test_without_a_snapshot_everybody_is_as_yet_unheard():
    vector = trust(ME, [0, 0.3, 0.2, 0, 0.5])
    found = priority(vector, None)
    assert found == pytest.approx(0.1 * vector.t)
    assert found[UNHEARD] == priority(vector, snapshot(LIKED, 5))[UNHEARD]


def test_whoever_trusts_nobody_has_no_say():
    vector = TrustVector.everyone_equal(5, ME)
    assert not priority(vector, snapshot(LIKED, 5)).any()
    assert not priority(vector, None).any()


def test_rows_that_only_the_snapshot_or_only_the_walks_know():
    t, more = [0, 0.5, 0.5], [0, 0.4, 0.4, 0, 0.1, 0.1]
    found = priority(trust(ME, t), snapshot(LIKED, 5))
    assert found == pytest.approx(naive(t, ME, LIKED))
    found = priority(trust(ME, more), snapshot(LIKED, 5))
    assert found == pytest.approx(naive(more, ME, LIKED))
    found = priority(trust(5, more), snapshot(LIKED, 5))
    assert found == pytest.approx(naive(more, 5, LIKED)), "nothing is held of the owner"


# ------------------------------------------------------------------------------- the full graph
class Narrow(GraphConfig):
    """Ample bytes, few edges."""

    @property
    def edges_max(self):
        return 1_000


def full_graph(t):
    """Full of a stranger's, a clone's of the owner, and of two trusted authors with as many edges,
    of which one's are the owner's; then somebody trusted likes so many items."""
    graph = BoundedGraph(Narrow(bytes_max=16 * 1024 * 1024), hash_key=0)
    rows = graph.author_rows([bytes([n]) * 32 for n in range(5)]).tolist()

    def likes(row, numbers):
        names = [b"%d" % n for n in numbers]
        ones, days = np.full(len(names), 100, np.int8), np.ones(len(names), np.uint16)
        graph.put(row, names, ones, days, seq=1)

    for row in rows:
        graph.set_priority(row, PROTECTED if row == ME else t[row])
    liked = {ME: range(100), CLONE: range(300), FRIEND: range(300), OTHER: range(300, 600)}
    for row, numbers in liked.items():
        likes(row, numbers)
    found = priority(trust(ME, t), graph.snapshot(today=1))
    found[ME] = PROTECTED
    graph.set_priorities(found)

    def newcomer(edges):
        likes(rows[UNHEARD], range(600, 600 + edges))
        return [len(graph.edges_of(row)[0]) for row in rows]

    return newcomer


@pytest.mark.parametrize("more", [0.0, 0.1])
def test_who_shares_taste_outlives_who_does_not_even_if_trusted_a_little_less(more):
    newcomer = full_graph([0, 0.3, 0.3 + more, 0, 0.4 + more])
    assert newcomer(200) == [100, 300, 300, 100, 200], "a clone whom nobody trusts goes first"
    assert newcomer(500) == [100, 300, 100, 0, 500]
    assert newcomer(600) == [100, 300, 0, 0, 600], "then whoever shares nothing"
