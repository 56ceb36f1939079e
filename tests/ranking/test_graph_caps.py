"""Above the caps: they hold under any flood, own and vouched data are complete, and nobody loses
anything to somebody of less standing."""

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ranking.graph import BYTES_MIN, PROTECTED, BoundedGraph, GraphConfig
from tests.ranking.graphs import (
    author_key,
    check_accounts,
    counted_bytes,
    edges_by_name,
    put,
    tiny,
)
from tests.ranking.naive_storage import NaiveGraph

QUOTA = 400
OWN = (0, 1)
"""The protected authors: theirs together are less than half of every cap."""
STRANGERS = range(2, 26)
SPARE_NAMES = 30
"""New names that protected authors may bring while rows are held."""


class FullGraph(RuleBasedStateMachine):
    """4,900 edges, 298 items, 12 KiB of names, 100 authors: one flood fills any of them."""

    @initialize(filled=st.booleans())
    def begin(self, filled):
        config = tiny(1 << 17, edges_per_author_max=QUOTA, edges_per_protected_max=QUOTA)
        self.graph = BoundedGraph(config, hash_key=5)
        self.twin = NaiveGraph(QUOTA, QUOTA)
        self.rows = {}
        self.priority, self.heard, self.clock = {}, {}, 0
        self.pins = {}
        self.holds, self.held, self.spare = 0, {}, SPARE_NAMES
        for k in OWN:
            self.register(k, PROTECTED)
        for k in STRANGERS:
            self.register(k, 0.0)
        self.twin.protected = {author_key(k) for k in OWN}
        if filled:
            for k in STRANGERS:
                self.flood(k, 150 + k, 0, 4, False, 1)

    def register(self, k, priority):
        self.rows[k] = self.graph.author_row(author_key(k))
        self.graph.set_priority(self.rows[k], priority)
        self.priority[k], self.heard[k] = priority, 0

    def counts(self):
        return {k: self.graph.edges_of(row)[0].size for k, row in self.rows.items()}

    def state(self, k, items, days, seq):
        """Put, and look at what that did to everybody else."""
        before = self.counts()
        self.clock += 1
        self.heard[k] = self.clock
        days = [(day * 7) % 65_536 for day in days]
        graph_days = np.array(days, np.uint16)
        self.graph.put(self.rows[k], items, np.full(len(items), 9, np.int8), graph_days, seq=seq)
        self.twin.put(author_key(k), items, [9] * len(items), days, seq, 0)
        after = self.counts()
        losers = [v for v in before if v != k and after[v] < before[v]]
        assert all(after[v] == before[v] for v in before if v != k and v not in losers)
        assert all(self.priority[v] <= self.priority[k] for v in losers)
        assert not set(losers) & set(OWN)
        order = sorted(
            (v for v in before if v != k and before[v] and v not in OWN),
            key=lambda v: (self.priority[v], self.heard[v]),
        )
        assert losers == sorted(order[: len(losers)]), "somebody was passed over"
        assert not any(after[v] for v in order[: max(0, len(losers) - 1)])

    @rule(
        k=st.sampled_from(STRANGERS),
        n=st.integers(1, 250),
        start=st.integers(0, 500),
        size=st.sampled_from([4, 12, 60, 255]),
        mine=st.booleans(),
        seq=st.integers(1, 50),
    )
    def flood(self, k, n, start, size, mine, seq):
        prefix = b"%02d" % k if mine else b"al"
        items = [prefix + b"%0*d" % (size - 2, x) for x in range(start, start + n)]
        self.state(k, items, range(start, start + n), seq)

    @rule(
        k=st.sampled_from(OWN),
        n=st.integers(1, 30),
        start=st.integers(0, 25),
        seq=st.integers(1, 50),
    )
    def speak(self, k, n, start, seq):
        items = [b"own-%d-%04d" % (k, x) for x in range(start, start + n)]
        if self.holds:
            items = items[: self.spare]
            self.spare -= len(items)
        if items:
            self.state(k, items, range(start, start + len(items)), seq)

    @rule(k=st.sampled_from(STRANGERS), priority=st.sampled_from([0.0, 0.25, 0.5]))
    def set_priority(self, k, priority):
        self.graph.set_priority(self.rows[k], priority)
        self.priority[k] = priority

    @rule(n=st.integers(1, 100), start=st.integers(0, 300), size=st.sampled_from([10, 90]))
    def pin(self, n, start, size):
        for x in range(start, start + n):
            name = b"p%0*d" % (size, x)
            row = -1 if name in self.pins else int(self.graph.pin_many([name])[0])
            if row >= 0:
                self.pins[name] = row

    @rule(n=st.integers(1, 200))
    def unpin(self, n):
        names = list(self.pins)[:n]
        self.graph.unpin_many(np.array([self.pins.pop(name) for name in names], np.int32))

    @rule()
    def hold(self):
        self.graph.hold()
        if not self.holds:
            self.spare = SPARE_NAMES
            names = self.graph.items
            self.held = {row: names.name(row) for row in names.used_rows().tolist()}
        self.holds += 1

    @precondition(lambda self: self.holds)
    @rule()
    def unhold(self):
        self.graph.unhold()
        self.holds -= 1
        if not self.holds:
            self.held = {}

    @invariant()
    def caps_hold_and_nothing_is_invented(self):
        edges = check_accounts(self.graph)
        for author, mine in edges.items():
            assert len(mine) <= self.twin.quota(author)
            for item, (seq, day, weight) in mine.items():
                assert (seq, 0, day, weight) in self.twin.said[author, item]

    @invariant()
    def own_data_are_complete(self):
        edges = edges_by_name(self.graph)
        for author in self.twin.protected:
            mine = self.twin.edges.get(author, {})
            expected = {item: (said[0], *said[2:]) for item, said in mine.items()}
            assert edges.get(author, {}) == expected

    @invariant()
    def held_rows_mean_what_they_meant(self):
        assert all(self.graph.items.name(row) == name for row, name in self.held.items())


TestFullGraph = FullGraph.TestCase
TestFullGraph.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)


# -------------------------------------------------------------------------------------- floods
def check_caps(graph):
    statistics = graph.statistics()
    assert counted_bytes(graph) == statistics.nbytes <= graph.config.bytes_max
    assert statistics.edges <= graph.config.edges_max
    assert statistics.items <= graph.config.items_max
    assert statistics.authors <= graph.config.authors_max


def bundles(kind, rng):
    """(author, items) without end. What is flooded comes first, the rest just fills."""
    k = 0
    while True:
        k += 1
        match kind:
            case "authors":
                yield k, [b"item-%d" % x for x in rng.integers(0, 500, 60)]
            case "items":
                yield k % 300, [b"item-%d" % (k * 60 + x) for x in range(60)]
            case "long names":
                yield k % 300, [b"%0255d" % (k * 20 + x) for x in range(20)]
            case "one author":
                yield 0, [b"item-%d" % (k * 60 + x) for x in range(60)]
            case "shared items":
                yield k % 300, [b"item-%d" % x for x in rng.permutation(2000)[:60]]
            case "large blocks":
                yield k % 9, [b"item-%d" % x for x in rng.permutation(2500)[:900]]


@pytest.mark.parametrize(
    "kind", ["authors", "items", "long names", "one author", "shared items", "large blocks"]
)
def test_the_cap_holds_under_any_flood(kind):
    """At the smallest size that may be configured; the owner's taste stands throughout."""
    graph = BoundedGraph(GraphConfig(bytes_max=BYTES_MIN), hash_key=3)
    owner = graph.author_row(author_key(10**6))
    graph.set_priority(owner, PROTECTED)
    put(graph, owner, [b"own-%d" % k for k in range(100)])
    flood = bundles(kind, np.random.default_rng(1))
    full = False
    for step in range(1500):
        author, items = next(flood)
        row = graph.author_row(author_key(author))
        if row < 0:
            graph.release_author(int(graph.stalest_authors(1)[0]))
            row = graph.author_row(author_key(author))
            full = True
        put(graph, row, items, days=step % 1000, seq=step + 1)
        if step % 50 == 0:
            check_caps(graph)
        statistics = graph.statistics()
        full = full or statistics.evicted + statistics.refused > 0
        if full and statistics.evicted + statistics.refused > 2_000:
            break
    check_caps(graph)
    check_accounts(graph)
    assert full, "nothing was ever full: the flood is too tame"
    assert len(edges_by_name(graph)[author_key(10**6)]) == 100
    put(graph, owner, [b"late-%d" % k for k in range(100)], seq=2)
    assert graph.edges_of(owner)[0].size == 200


def test_a_spammer_displaces_herself():
    """One with all the bundles, a hundred with one each: she keeps her quota, they keep theirs."""
    config = GraphConfig(bytes_max=BYTES_MIN, edges_per_author_max=800)
    graph = BoundedGraph(config, hash_key=3)
    for k in range(100):
        row = graph.author_row(author_key(k))
        put(graph, row, [b"honest-%d" % (k * 7 % 90 + x) for x in range(10)])
    spammer = graph.author_row(author_key(100))
    for step in range(100):
        items = [b"spam-%d" % (step * 60 + x) for x in range(60)]
        put(graph, spammer, items, days=step, seq=step + 1)
    edges = check_accounts(graph)
    assert all(len(edges[author_key(k)]) == 10 for k in range(100))
    assert len(edges[author_key(100)]) == 800
    assert min(day for _, day, _ in edges[author_key(100)].values()) >= 86


@pytest.mark.parametrize("fresh", [False, True], ids=["known items", "new items"])
def test_a_full_graph_yields_nothing_to_those_of_less_standing(fresh):
    """Edges are full, or names are: a crowd of strangers gets in only where somebody as good as
    they, or less, makes way; the better trusted get in over them."""
    graph = BoundedGraph(tiny(1 << 16), hash_key=3)
    size = 60 if fresh else 4
    items = [b"%0*d" % (size, k) for k in range(300)]
    for k in range(12):
        graph.set_priority(graph.author_row(author_key(k)), 0.5)
        put(graph, k, items)
    before = check_accounts(graph)
    for k in range(12, 40):
        put(graph, graph.author_row(author_key(k)), [b"%0*d" % (size, x) for x in range(200, 400)])
    after = check_accounts(graph)
    assert {a: after[a] for a in before} == before
    late = graph.author_row(author_key(40))
    graph.set_priority(late, 0.7)
    put(graph, late, items[:20])
    assert graph.edges_of(late)[0].size == 20


def test_protected_authors_do_not_displace_each_other():
    """More of them than fit: those who came first stay whole, the last are cut short."""
    graph = BoundedGraph(tiny(1 << 16), hash_key=3)
    items = [b"%d" % k for k in range(120)]
    for k in range(24):
        graph.set_priority(graph.author_row(author_key(k)), PROTECTED)
        put(graph, k, items)
    counts = [graph.edges_of(k)[0].size for k in range(24)]
    assert counts[:12] == [120] * 12
    assert counts[23] < 120
    check_accounts(graph)


def test_room_for_protected_names_is_made_again_before_each_hold():
    """Names are full; while rows are held the owner takes of what is spare, time and again."""
    graph = BoundedGraph(tiny(1 << 16), hash_key=3)
    owner, stranger = (graph.author_row(author_key(k)) for k in range(2))
    graph.set_priority(owner, PROTECTED)
    put(graph, stranger, [b"s%d" % k for k in range(400)])
    for turn in range(4):
        graph.hold()
        put(graph, owner, [b"own-%d-%d" % (turn, k) for k in range(15)])
        assert graph.edges_of(owner)[0].size == 15 * (turn + 1)
        put(graph, stranger, [b"more-%d-%d" % (turn, k) for k in range(9)])
        graph.unhold()
    check_accounts(graph)


def test_pins_cannot_starve_the_graph_of_names():
    """Strangers' clicks pin items; half of the names are for edges, whatever they click."""
    graph = BoundedGraph(GraphConfig(bytes_max=BYTES_MIN), hash_key=3)
    assert graph.pin_many([b"click-%0100d" % k for k in range(2000)]).min() == -1
    row = graph.author_row(author_key(0))
    put(graph, row, [b"taste-%0100d" % k for k in range(100)])
    assert graph.edges_of(row)[0].size == 100
    check_caps(graph)


def test_edges_whose_items_others_keep_are_not_evicted_in_vain():
    """Names are full of what the owner likes: a stranger's new names are refused, and cost the
    other strangers, whose items are all the owner's too, no more than one batch."""
    graph = BoundedGraph(GraphConfig(bytes_max=BYTES_MIN), hash_key=3)
    owner = graph.author_row(author_key(0))
    graph.set_priority(owner, PROTECTED)
    names = [b"%0200d" % k for k in range(600)]
    put(graph, owner, names)
    kept = graph.edges_of(owner)[0].size
    for k in range(1, 100):
        put(graph, graph.author_row(author_key(k)), names[:50])
    before = graph.statistics()
    put(graph, graph.author_row(author_key(100)), [b"new-%0200d" % k for k in range(50)])
    after = graph.statistics()
    assert after.refused - before.refused == 50
    assert before.edges - after.edges <= graph.config.edges_max // 256 + 1
    assert graph.edges_of(owner)[0].size == kept
