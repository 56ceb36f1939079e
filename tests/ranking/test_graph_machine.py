"""The bounded graph against its twin on dictionaries, below every cap but the authors' quotas."""

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ranking.graph import BYTES_MIN, PROTECTED, BoundedGraph, GraphConfig
from tests.ranking.graphs import author_key, check_accounts, edges_by_name, put_many
from tests.ranking.naive_storage import NaiveGraph

QUOTA, PROTECTED_QUOTA = 12, 30

AUTHORS = st.integers(0, 7).map(author_key)
ITEMS = st.one_of(
    st.integers(0, 40).map(lambda k: b"item:%d" % k), st.sampled_from([b"", b"n" * 255, b"m" * 256])
)
WEIGHTS = st.integers(-100, 100)
DAYS = st.one_of(st.integers(0, 3), st.integers(0, 65_535))
SEQS = st.one_of(st.integers(1, 4), st.integers(1, 2**32 - 1))
DEVICES = st.sampled_from([0, 1, 65_535])
CLAIMS = st.lists(st.tuples(ITEMS, WEIGHTS, DAYS), max_size=20)


class Graph(RuleBasedStateMachine):
    """Everything by name: rows come and go."""

    @initialize(half_life=st.sampled_from([None, 0.05, 30.0, 365.0]))
    def begin(self, half_life):
        config = GraphConfig(
            bytes_max=BYTES_MIN,
            edges_per_author_max=QUOTA,
            edges_per_protected_max=PROTECTED_QUOTA,
            half_life_days=half_life,
        )
        self.graph = BoundedGraph(config, hash_key=5)
        self.twin = NaiveGraph(QUOTA, PROTECTED_QUOTA)
        self.pins = {}
        self.held = []
        """For each hold: the names of items and authors by row, as they were then."""
        self.kept = None
        """An old snapshot, and copies of its arrays."""

    def row(self, author):
        row = self.graph.author_row(author)
        assert row >= 0
        return row

    def settle(self, author):
        """Where the quota bites, the graph chose among equally old ones; the twin follows."""
        if self.twin.over_quota(author):
            kept = edges_by_name(self.graph).get(author, {})
            assert len(kept) == self.twin.quota(author)
            self.twin.evict_oldest(author, kept.keys())

    @rule(author=AUTHORS, claims=CLAIMS, seq=SEQS, device=DEVICES)
    def put(self, author, claims, seq, device):
        items, weights, days = ([claim[k] for claim in claims] for k in range(3))
        refused = self.graph.statistics().refused
        self.graph.put(
            self.row(author),
            items,
            np.array(weights, np.int8),
            np.array(days, np.uint16),
            seq=seq,
            device=device,
        )
        self.twin.put(author, items, weights, days, seq, device)
        bad = sum(not 0 < len(item) <= 255 for item in items)
        assert self.graph.statistics().refused == refused + bad
        self.settle(author)

    @rule(claims=st.lists(st.tuples(AUTHORS, ITEMS, SEQS, DEVICES, DAYS, WEIGHTS), max_size=20))
    def put_many(self, claims):
        put_many(self.graph, [(self.row(claim[0]), *claim[1:]) for claim in claims])
        for author, item, seq, device, day, weight in claims:
            self.twin.put(author, [item], [weight], [day], seq, device)
        for author in dict.fromkeys(claim[0] for claim in claims):
            self.settle(author)

    @rule(author=AUTHORS, items=st.lists(ITEMS, max_size=6))
    def remove(self, author, items):
        self.graph.remove(self.row(author), items)
        self.twin.remove(author, items)

    @rule(author=AUTHORS)
    def drop_author(self, author):
        self.graph.drop_author(self.row(author))
        self.twin.drop(author)

    @rule(author=AUTHORS)
    def release_author(self, author):
        row = self.graph.author_row(author, create=False)
        if row >= 0:
            self.graph.release_author(row)
            self.twin.drop(author)
            self.twin.protected.discard(author)
            if not self.held:
                assert self.graph.author_row(author, create=False) == -1

    @rule(author=AUTHORS, priority=st.sampled_from([0.0, 0.5, PROTECTED]))
    def set_priority(self, author, priority):
        """Whoever is protected no longer loses what is too much with her next bundle."""
        self.graph.set_priority(self.row(author), priority)
        self.twin.protected.discard(author)
        if priority == PROTECTED:
            self.twin.protected.add(author)
        else:
            self.put(author, [(b"item:0", 1, 1)], 1, 0)

    @rule(item=ITEMS)
    def pin(self, item):
        if item not in self.pins:
            row = int(self.graph.pin_many([item])[0])
            assert (row >= 0) == (0 < len(item) <= 255)
            if row >= 0:
                self.pins[item] = row

    @precondition(lambda self: self.pins)
    @rule(data=st.data())
    def unpin(self, data):
        item = data.draw(st.sampled_from(list(self.pins)))
        assert self.graph.item_row(item) == self.pins[item]
        self.graph.unpin_many(np.array([self.pins.pop(item)], np.int32))

    @precondition(lambda self: len(self.held) < 3)
    @rule()
    def hold(self):
        self.graph.hold()
        named = [
            {row: names.name(row) for row in names.used_rows().tolist()}
            for names in (self.graph.items, self.graph.authors)
        ]
        self.held.append(named)

    @precondition(lambda self: self.held)
    @rule()
    def unhold(self):
        self.held.pop()
        self.graph.unhold()

    @rule(today=st.one_of(st.integers(0, 5), st.integers(0, 65_535)))
    def snapshot(self, today):
        snapshot = self.graph.snapshot(today=today)
        assert self.graph.snapshot(today=today) is snapshot
        older = self.graph.statistics().snapshot_nbytes - snapshot.nbytes
        assert older in (0, snapshot.affinity.nbytes)  # of the day on which it was made
        half_life = self.graph.config.half_life_days
        author, item = self.graph.authors.name, self.graph.items.name
        liked, disliked, backwards = {}, set(), {}
        for v in range(snapshot.n_authors):
            window = slice(snapshot.author_ptr[v], snapshot.author_ptr[v + 1])
            for i, a in zip(snapshot.liked(v), snapshot.author_affinity[window], strict=True):
                liked[author(v), item(i)] = a
            disliked |= {(author(v), item(i)) for i in snapshot.disliked(v)}
        for i in range(snapshot.n_items):
            window = slice(snapshot.item_ptr[i], snapshot.item_ptr[i + 1])
            listeners, weights = snapshot.item_author[window], snapshot.item_affinity[window]
            backwards |= {(author(v), item(i)): a for v, a in zip(listeners, weights, strict=True)}
        assert liked == pytest.approx(self.twin.liked(today, half_life), rel=0.024)
        assert backwards == liked
        assert all(0 < a <= 1 for a in liked.values())
        assert disliked == self.twin.disliked()
        assert snapshot.n_items == self.graph.items.rows
        assert snapshot.n_authors == self.graph.authors.rows
        if self.kept is None:
            self.kept = snapshot, [array.copy() for array in snapshot.arrays()]

    @invariant()
    def agrees(self):
        edges = check_accounts(self.graph)
        live = self.twin.live()
        assert edges == {
            author: {item: (said[0], *said[2:]) for item, said in mine.items()}
            for author, mine in live.items()
        }
        if not self.held:
            wanted = {item for mine in live.values() for item in mine} | set(self.pins)
            rows = self.graph.items.used_rows().tolist()
            assert sorted(map(self.graph.items.name, rows)) == sorted(wanted)

    @invariant()
    def held_rows_mean_what_they_meant(self):
        for items, authors in self.held:
            assert all(self.graph.items.name(row) == name for row, name in items.items())
            assert all(self.graph.authors.name(row) == name for row, name in authors.items())

    @invariant()
    def snapshots_never_change(self):
        if self.kept is not None:
            snapshot, arrays = self.kept
            pairs = zip(snapshot.arrays(), arrays, strict=True)
            assert all(np.array_equal(now, then) for now, then in pairs)
            assert not any(array.flags.writeable for array in snapshot.arrays())


TestGraph = Graph.TestCase
TestGraph.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
