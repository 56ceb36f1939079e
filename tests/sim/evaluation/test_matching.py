"""The real store's index beside BM25 written out."""

import math

import pytest

from sim.data.text_collections import Collection
from sim.evaluation.matching import K1, B, PlainBM25, matched

DOCUMENTS = {"a": "geese fly south", "b": "Geese and geese, and GEESE", "c": "the south wind"}


def test_plain_bm25_is_the_formula():
    index = PlainBM25(DOCUMENTS)
    assert index.best("geese", 5) == ["b", "a"]
    assert index.best("south wind", 5) == ["c", "a"]
    assert index.best("nothing", 5) == []
    assert index.best("geese south", 1) == ["a"]
    idf = math.log(1 + 1.5 / 2.5)
    mean = (3 + 5 + 3) / 3
    assert index._norm[1] == pytest.approx(K1 * (1 - B + B * 5 / mean))
    assert idf * 3 * (K1 + 1) / (3 + index._norm[1]) > 0


def test_the_store_is_asked_what_a_search_asks(tmp_path):
    gain = {"1": {"c": 1.0}, "2": {"b": 2.0, "a": 1.0}}
    queries = {"1": "wind", "2": "geese geese fly", "3": "unjudged"}
    found = matched(Collection(DOCUMENTS, queries, gain), tmp_path / "store")
    assert found.queries == 2
    assert found.index.mean > 0.8
    assert found.plain.mean > 0.8
    assert found.better.mean == pytest.approx(found.index.mean - found.plain.mean)
