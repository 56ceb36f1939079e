"""Rows of vouches as the published walks read them."""

import numpy as np

from sim.methods.trust_graph import TrustGraph
from trust.vouches import CompiledVouches

CASTER, TARGET = np.array([0, 0, 2, 2], np.int32), np.array([1, 2, 0, 1], np.int32)
WEIGHT = np.array([0.5, -0.25, 1.0, 0.5], np.float32)
VOUCHES = CompiledVouches.from_triples(3, CASTER, TARGET, WEIGHT)


def rows(graph):
    return [
        list(zip(*(column[low:high].tolist() for column in columns), strict=True))
        for low, high in zip(graph.ptr[:-1], graph.ptr[1:], strict=True)
        for columns in [(graph.target, graph.weight, graph.total, graph.positive)]
    ]


def test_praise_leaves_distrust_out_and_signed_keeps_it() -> None:
    assert rows(TrustGraph.praise(VOUCHES)) == [
        [(1, 0.5, 0.5, True)],
        [],
        [(0, 1.0, 1.0, True), (1, 0.5, 1.5, True)],
    ]
    assert rows(TrustGraph.signed(VOUCHES)) == [
        [(1, 0.5, 0.5, True), (2, 0.25, 0.75, False)],
        [],
        [(0, 1.0, 1.0, True), (1, 0.5, 1.5, True)],
    ]


def test_edges_are_added_to_one_row() -> None:
    more = TrustGraph.praise(VOUCHES).with_edges(
        0, np.array([2], np.int32), np.array([2.0], np.float32)
    )
    assert rows(more)[0] == [(1, 0.5, 0.5, True), (2, 2.0, 2.5, True)]
    assert rows(more)[2] == [(0, 1.0, 1.0, True), (1, 0.5, 1.5, True)]
    assert more.of_caster(0).tolist() == [1, 2]
