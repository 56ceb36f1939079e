"""Clicks count once, and a flood of them shuts nobody out for ever."""

import numpy as np
import pytest

from node.core.clicks import ClickLog
from tests.node.core.peer_world import World


@pytest.fixture
def graph():
    return World().node("ada").state.graph


def held(log):
    table = log.table()
    return sorted(
        zip(table.author.tolist(), [log.terms.name(t).decode() for t in table.term.tolist()],
            strict=True)
    )  # fmt: skip


def test_a_click_counts_once_for_each_term(graph):
    log = ClickLog(graph, hash_key=1)
    for _ in range(3):
        log.add(1, ("Night", "film"), "t:1")
        log.add(1, ("night",), "t:1")
    log.add(2, ("night",), "t:1")
    assert held(log) == [(1, "film"), (1, "night"), (2, "night")]
    assert log.nbytes > 0


def test_dropping_an_author_frees_her_items(graph):
    log = ClickLog(graph, hash_key=1)
    log.add(1, ("a", "b"), "t:only")
    log.add(2, ("a",), "t:both")
    log.add(1, ("a",), "t:both")
    log.drop_author(1)
    assert held(log) == [(2, "a")]
    assert graph.item_row(b"t:only") < 0
    assert graph.item_row(b"t:both") >= 0
    log.add(1, ("a",), "t:only")
    assert len(log) == 2


def test_strangers_leave_a_tenth_to_those_who_live_here(graph):
    log = ClickLog(graph, hash_key=1, clicks_max=20)
    log.protect(7)
    for n in range(40):
        log.add(1, ("w",), f"t:{n}")
    assert len(log) == 18
    for n in range(10):
        log.add(7, ("w",), f"t:{n}")
    assert len(log) == 20


def test_a_flood_of_terms_makes_way_for_trusted_people(graph):
    log = ClickLog(graph, hash_key=1, terms_max=20)
    log.protect(7)
    log.add(2, ("trusted", "spam3"), "t:1")
    log.add(7, ("mine",), "t:1")
    for n in range(40):
        log.add(1, (f"spam{n}",), "t:2")
    log.add(2, ("late",), "t:1")
    assert (2, "late") not in held(log)
    assert log.make_room(np.array([False, False, True])) == 16
    assert held(log) == [(2, "spam3"), (2, "trusted"), (7, "mine")]
    assert len(log.terms) == 3
    log.add(2, ("late",), "t:1")
    log.add(2, ("trusted",), "t:1")
    assert held(log) == [(2, "late"), (2, "spam3"), (2, "trusted"), (7, "mine")]
    assert log.make_room(np.zeros(3, np.bool_)) == 0, "not nearly full"


def test_a_log_goes_on_from_its_dump(graph):
    log, again = ClickLog(graph, hash_key=1), ClickLog(graph, hash_key=2)
    for author in (1, 2):
        log.add(author, ("a", "b"), f"t:{author}")
    again.load(*log.dump())
    assert held(again) == held(log)
    again.add(1, ("a", "c"), "t:1")
    assert held(again) == sorted([*held(log), (1, "c")])
    again.drop_author(1)
    assert held(again) == [(2, "a"), (2, "b")]


def test_no_more_clicks_are_loaded_than_fit(graph):
    log = ClickLog(graph, hash_key=1)
    log.add(1, ("a", "b", "c"), "t:1")
    rows, terms = log.dump()
    for small in ({"clicks_max": 2}, {"terms_max": 2}):
        with pytest.raises(ValueError, match="fit"):
            ClickLog(graph, hash_key=1, **small).load(rows, terms)
    with pytest.raises(ValueError, match="fit"):
        ClickLog(graph, hash_key=1).load(rows, terms[:2])
