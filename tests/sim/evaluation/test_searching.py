"""Queries are what comes after the cut and is new; ways answer them from what came before."""

import numpy as np
import pytest

from sim.data.click_logs import Tagging
from sim.data.interactions import Vouches
from sim.evaluation.searching import WAYS, answered, click_world
from tests.sim.evaluation.click_towns import world


def small():
    """Ann (7) and Bob (8) are friends; Cy (9) is nobody's."""
    rows = [
        (7, 1, 50, 9), (8, 1, 51, 9), (8, 1, 52, 9), (9, 1, 53, 9), (9, 2, 53, 9),
        (7, 1, 50, 11), (7, 1, 52, 11), (7, 3, 51, 10),
    ]  # fmt: skip
    tags = Tagging(*np.array(rows, np.int32).T, 0)
    friends = Vouches(*np.array([[7, 8], [8, 7]], np.int32), np.ones(2, np.float32), None)
    return click_world(tags, friends, 10, np.random.default_rng(0))


def test_a_query_is_what_a_person_finds_new_for_a_word_after_the_cut():
    made = small()
    assert made.n_people == 3
    assert made.table.author.size == 5
    first, second = made.queries
    assert (first.person, first.term, first.known.size, first.wanted.size) == (0, 0, 1, 1)
    assert (second.person, second.term, second.known.size) == (0, 2, 0)
    assert first.wanted[0] in made.likes.liked(1)
    assert first.known.tolist() == made.likes.liked(0).tolist()


def test_ways_know_what_they_say_they_know():
    made = small()
    (query, _), n = made.queries, 10
    bob, cy = made.likes.liked(1), made.likes.liked(2)
    lists = {name: way.prepare(made, 0)(query.term, n) for name, way in WAYS.items()}
    for name in ("clicks", "written-f1"):
        assert sorted(lists[name].tolist()) == sorted({*bob, *cy, *query.known}), name
    assert set(lists["trust"][:3].tolist()) == {*bob, *query.known}
    assert set(lists["grapevine"].tolist()) == {*bob, *query.known}, "nobody vouches for Cy"
    assert lists["popular"][0] == cy[0], "clicked for two words"
    assert WAYS["clicks"].prepare(made, 0)(2, n).size == 0
    assert WAYS["clicks-popular"].prepare(made, 0)(2, n).tolist() == lists["popular"].tolist()


def test_ranks_are_compared_with_the_first_way_s():
    made = world(people=60, tags=25)
    found = answered(made, ["popular", "clicks", "grapevine"])
    assert found["popular"].better.mean == found["popular"].relative.mean == 0
    assert found["clicks"].mrr.mean > found["popular"].mrr.mean
    assert found["grapevine"].mrr.mean > found["popular"].mrr.mean
    off = found["clicks"].mrr.mean - found["popular"].mrr.mean
    assert found["clicks"].better.mean == pytest.approx(off)
    assert found["clicks"].relative.mean == pytest.approx(off / found["popular"].mrr.mean)
