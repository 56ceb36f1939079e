"""A graph that went through its checkpoint is the same graph; what is damaged or made up is refused
whole."""

from hashlib import blake2b

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from numba import config

from ranking.checkpoint import DIGEST_BYTES, CheckpointError, dump, load
from ranking.graph import BYTES_MIN, PROTECTED, BoundedGraph, GraphConfig
from tests.ranking.graphs import author_key, check_accounts, edges_by_name, put, tiny

QUOTA = 60


def small():
    return tiny(1 << 17, edges_per_author_max=QUOTA, edges_per_protected_max=2 * QUOTA)


def dumped(graph):
    return b"".join(dump(graph))


class Through(RuleBasedStateMachine):
    """Two graphs hear the same; one of them goes through checkpoints now and then."""

    @initialize()
    def begin(self):
        self.config = small()
        self.graphs = [BoundedGraph(self.config, hash_key=1) for _ in range(2)]
        self.pins = {}

    def both(self, work):
        first, second = (work(graph) for graph in self.graphs)
        assert first == second
        return first

    @rule(
        k=st.integers(0, 12),
        start=st.integers(0, 400),
        n=st.integers(1, 90),
        seq=st.integers(1, 5),
        device=st.integers(0, 1),
    )
    def put(self, k, start, n, seq, device):
        items = [b"item-%d" % x for x in range(start, start + n)]

        def work(graph):
            row = graph.author_row(author_key(k))
            put(graph, row, items, start % 200 - 100, n, seq=seq, device=device)
            return row

        self.both(work)

    @rule(k=st.integers(0, 12), priority=st.sampled_from([0.0, 0.5, PROTECTED]))
    def set_priority(self, k, priority):
        self.both(lambda graph: graph.set_priority(graph.author_row(author_key(k)), priority))

    @rule(k=st.integers(0, 12))
    def release_author(self, k):
        def work(graph):
            row = graph.author_row(author_key(k), create=False)
            if row >= 0:
                graph.release_author(row)

        self.both(work)

    @rule(k=st.integers(0, 12), start=st.integers(0, 400))
    def remove(self, k, start):
        items = [b"item-%d" % x for x in range(start, start + 40)]
        self.both(lambda graph: graph.remove(graph.author_row(author_key(k)), items))

    @rule(x=st.integers(0, 60))
    def pin(self, x):
        if x not in self.pins:
            row = self.both(lambda graph: graph.pin_many([b"item-%d" % x]).tolist())[0]
            if row >= 0:
                self.pins[x] = row

    @rule()
    def unpin(self):
        if self.pins:
            rows = np.array([self.pins.popitem()[1]], np.int32)
            self.both(lambda graph: graph.unpin_many(rows))

    @rule(key=st.integers(0, 2**128 - 1))
    def through(self, key):
        self.graphs[1] = load(dumped(self.graphs[1]), self.config, hash_key=key)
        check_accounts(self.graphs[1])

    @invariant()
    def the_same(self):
        assert self.both(dumped)
        self.both(edges_by_name)
        self.both(lambda graph: graph.nbytes)
        self.both(lambda graph: graph.statistics().evicted)


TestThrough = Through.TestCase
TestThrough.settings = settings(
    max_examples=3 if config.DISABLE_JIT else 40, stateful_step_count=25, deadline=None
)


def populated():
    """A little of everything: stamps in both forms, free rows, pins, names that are garbage."""
    graph = BoundedGraph(small(), hash_key=4)
    for k in range(6):
        row = graph.author_row(author_key(k))
        for seq in range(1, 4):
            put(graph, row, [b"item-%d" % (k * 5 + x) for x in range(9)], 20 * k - 40, seq=seq)
    put(graph, graph.author_row(author_key(6)), [b"single"])
    graph.pin_many([b"pinned"])
    graph.remove(1, [b"item-9", b"item-10"])
    graph.release_author(3)
    graph.set_priority(0, PROTECTED)
    return graph


def test_pieces_that_were_copied_are_of_that_moment():
    graph = populated()
    before = dumped(graph)
    pieces = dump(graph, copied=True)
    put(graph, 0, [b"later"], seq=9)
    assert b"".join(pieces) == before != dumped(graph)


def test_what_was_held_is_let_go():
    """Whoever held rows is gone with the process; the rest is as after the last `unhold`."""
    graph = populated()
    graph.hold()
    graph.remove(2, [b"item-%d" % x for x in range(40)])
    graph.release_author(4)
    loaded = load(dumped(graph), graph.config, hash_key=2)
    graph.unhold()
    assert dumped(loaded) == dumped(graph)
    assert loaded.author_row(author_key(4), create=False) == -1


def test_pins_are_kept_or_undone_together():
    graph = load(dumped(populated()), small(), hash_key=2)
    row = graph.item_row(b"pinned")
    assert row >= 0
    graph.unpin_all()
    assert graph.item_row(b"pinned") == -1
    assert graph.item_row(b"single") >= 0
    check_accounts(graph)
    assert graph.pin_many([b"single"]) == graph.item_row(b"single")
    graph.drop_author(6)
    assert graph.item_row(b"single") >= 0


def test_an_empty_graph_comes_back_empty():
    graph = BoundedGraph(GraphConfig(), hash_key=1)
    loaded = load(dumped(graph), GraphConfig(), hash_key=2)
    assert dumped(loaded) == dumped(graph)
    assert loaded.statistics().edges == 0


def test_a_snapshot_of_what_was_loaded_is_the_same():
    graph = populated()
    loaded = load(dumped(graph), graph.config, hash_key=2)
    pairs = zip(
        graph.snapshot(today=120).arrays(), loaded.snapshot(today=120).arrays(), strict=True
    )
    assert all(np.array_equal(one, other) for one, other in pairs)


# ------------------------------------------------------------------------------------- refusals
WHOLE = dumped(populated())


def signed(body):
    return bytes(body) + blake2b(body, digest_size=DIGEST_BYTES).digest()


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(WHOLE) - 1))
def test_whatever_is_cut_short_is_refused(size):
    with pytest.raises(CheckpointError):
        load(WHOLE[:size], small(), hash_key=1)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 8 * len(WHOLE) - 1))
def test_whatever_has_a_bit_flipped_is_refused(bit):
    damaged = bytearray(WHOLE)
    damaged[bit // 8] ^= 1 << bit % 8
    with pytest.raises(CheckpointError):
        load(damaged, small(), hash_key=1)


@settings(max_examples=60 if config.DISABLE_JIT else 400, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, len(WHOLE) - DIGEST_BYTES - 1), st.integers(1, 255)),
        min_size=1,
        max_size=3,
    )
)
def test_what_is_made_up_is_refused_or_a_graph_within_its_caps(changes):
    """The checksum is right: only the rules stand between a stranger's bytes and the kernels."""
    body = bytearray(WHOLE[:-DIGEST_BYTES])
    for place, change in changes:
        body[place] ^= change
    try:
        graph = load(signed(body), small(), hash_key=1)
    except CheckpointError:
        return
    check_accounts(graph)
    graph.snapshot(today=100)
    for k in range(20):
        items = [b"new-%d" % x for x in range(k, k + 50)]
        row = graph.author_row(author_key(k))
        if row >= 0:
            put(graph, row, items, seq=7)
    check_accounts(graph)


@pytest.mark.parametrize(
    ("place", "message"),
    [(0, "something else"), (8, "version"), (12, "endian"), (16, "bytes instead of")],
)
def test_what_is_wrong_is_said(place, message):
    body = bytearray(WHOLE[:-DIGEST_BYTES])
    body[place] ^= 1
    with pytest.raises(CheckpointError, match=message):
        load(signed(body), small(), hash_key=1)
    with pytest.raises(CheckpointError, match="checksum"):
        load(WHOLE[:-1] + b"x", small(), hash_key=1)


@pytest.mark.parametrize(
    "smaller",
    [
        tiny(1 << 16, edges_per_author_max=QUOTA, edges_per_protected_max=2 * QUOTA),
        tiny(1 << 17, edges_per_author_max=QUOTA - 1, edges_per_protected_max=2 * QUOTA),
        tiny(1 << 17, edges_per_author_max=QUOTA, edges_per_protected_max=2 * QUOTA - 1),
    ],
)
def test_smaller_caps_are_a_reason_to_rebuild(smaller):
    with pytest.raises(CheckpointError, match="smaller"):
        load(WHOLE, smaller, hash_key=1)


def test_segments_of_another_size_are_a_reason_to_rebuild():
    with pytest.raises(CheckpointError, match="size"):
        load(WHOLE, GraphConfig(bytes_max=BYTES_MIN), hash_key=1)
