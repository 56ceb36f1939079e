"""Clicks count once, an item's row is kept while any click names it, and no flood shuts out."""

import numpy as np
import pytest

from node.core.clicks import ClickLog, Said
from ranking.click_log import clicks_at
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


def items(log, graph):
    return [graph.items.name(row).decode() for row in log.table().item.tolist()]


def check_pins(log, graph):
    """Rows are in use for exactly the items that are clicked; nothing else is in these graphs."""
    assert sorted(graph.items.used_rows().tolist()) == np.unique(log.table().item).tolist()
    assert graph._items._pins == len(graph.items)


def test_a_click_counts_once_for_each_term(graph):
    log = ClickLog(graph, hash_key=1)
    for _ in range(3):
        log.add(1, ("Night", "film"), "t:1")
        log.add(1, ("night",), "t:1")
    log.add(2, ("night",), "t:1")
    assert held(log) == [(1, "film"), (1, "night"), (2, "night")]
    assert log.nbytes > 0
    check_pins(log, graph)


def test_the_smallest_position_stands_in_whatever_order_they_come(graph):
    for positions in ((4, 2, 9), (9, 4, 2), (2, 9, 4)):
        log = ClickLog(graph, hash_key=1)
        log.add_many([Said(1, ("a",), "t:1", position) for position in positions])
        assert log.dump()[0].position.tolist() == [2]


def test_dropping_an_author_frees_her_items(graph):
    log = ClickLog(graph, hash_key=1)
    log.add(1, ("a", "b"), "t:only")
    log.add(2, ("a",), "t:both")
    log.add(1, ("a",), "t:both")
    log.drop_author(1)
    log.drop_author(99)
    assert held(log) == [(2, "a")]
    assert graph.item_row(b"t:only") < 0
    assert graph.item_row(b"t:both") >= 0
    log.add(1, ("a",), "t:only")
    assert len(log) == 2
    check_pins(log, graph)
    log.forget_rows(np.array([False, True, True]))
    assert len(log) == 0
    check_pins(log, graph)


def test_an_item_costs_one_row_however_often_it_is_clicked(graph):
    """A graph of this size has room for some 40,000 items; half of its rows may be clicked ones."""
    log = ClickLog(graph, hash_key=1)
    many = graph.config.items_max
    words = tuple(f"w{n}" for n in range(16))
    log.add_many([Said(author, words, "t:1") for author in range(many // 16 + 1)])
    assert len(log) > many
    assert graph._items._pins == 1
    log.add(1, ("w",), "t:2")
    assert set(items(log, graph)) == {"t:1", "t:2"}


def test_items_beyond_half_of_the_rows_find_no_room_and_cost_nothing(graph):
    log = ClickLog(graph, hash_key=1, per_author_max=10**6, per_term_max=10**6)
    half = -(-graph.config.items_max // 2)
    log.add_many([Said(n % 7, ("w",), f"t:{n}") for n in range(half + 500)])
    assert len(log) == half
    log.add(1, ("more",), "t:0")
    assert len(log) == half + 1, "another click on an item that has a row"
    check_pins(log, graph)


def test_strangers_leave_a_tenth_to_those_who_live_here(graph):
    log = ClickLog(graph, hash_key=1, clicks_max=20)
    log.protect(7)
    for n in range(40):
        log.add(1, ("w",), f"t:{n}")
    assert len(log) == 18
    for n in range(10):
        log.add(7, ("w",), f"t:{n}")
    assert len(log) == 20


def test_once_trust_is_known_strangers_get_half(graph):
    log = ClickLog(graph, hash_key=1, clicks_max=20)
    log.make_room(np.array([0, 0, 0.5]))
    log.add_many([Said(author, ("w",), f"t:{n}") for author in (1, 9) for n in range(20)])
    assert len(log) == 10
    log.add_many([Said(2, ("w",), f"t:{n}") for n in range(20)])
    assert len(log) == 18
    log.forget_rows(np.array([False, False, True]))  # the row is another's from now on
    log.add_many([Said(2, ("v",), f"t:{n}") for n in range(20)])
    assert len(log) == 10


def test_where_the_trusted_alone_fill_it_those_trusted_least_go(graph):
    log = ClickLog(graph, hash_key=1, clicks_max=20)
    log.protect(0)
    for author, clicks in enumerate((3, 5, 5, 5)):
        log.add_many([Said(author, ("w",), f"t:{n}") for n in range(clicks)])
    assert log.make_room(np.array([0, 0.2, 0.1, 0.3])) == 5
    assert {author for author, _ in held(log)} == {0, 1, 3}
    check_pins(log, graph)


def test_one_identity_cannot_fill_the_log_and_loses_her_own_oldest(graph):
    log = ClickLog(graph, hash_key=1, per_author_max=40, per_term_max=8)
    log.protect(7)
    log.add(2, ("a",), "t:hers")
    for n in range(30):
        log.add(1, ("a",), f"t:{n}")
        mine = [name for name in items(log, graph) if name != "t:hers"]
        assert len(mine) <= 8
        assert f"t:{n}" in mine
    for n in range(200):
        log.add(1, (f"w{n}",), "t:x")
        assert len(log) <= 41
    assert (1, "w199") in held(log)
    assert (1, "a") not in held(log)
    assert (2, "a") in held(log)
    for n in range(60):
        log.add(7, (f"w{n}",), "t:x")
    assert sum(author == 7 for author, _ in held(log)) == 60, "hers are bounded elsewhere"
    check_pins(log, graph)


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


def test_terms_of_the_trusted_alone_make_way_too(graph):
    log = ClickLog(graph, hash_key=1, terms_max=20)
    for author in (1, 2):
        log.add_many([Said(author, (f"{author}-{n}",), "t:1") for n in range(9)])
    assert log.make_room(np.array([0, 0.1, 0.2])) == 9
    assert {author for author, _ in held(log)} == {2}
    assert len(log.terms) == 9


def test_a_search_reads_the_clicks_for_its_words_alone(graph):
    log = ClickLog(graph, hash_key=1)
    log.add_many([Said(a, (f"w{n}",), f"t:{n + a}") for a in (2, 1) for n in range(3)])
    for words, expected in ((["w1"], {"t:2", "t:3"}), (["w0", "w2"], {"t:1", "t:2", "t:3", "t:4"})):
        rows = log.terms.lookup_many([word.encode() for word in words])
        table = log.for_terms(rows)
        assert {graph.items.name(row).decode() for row in table.item.tolist()} == expected
        assert set(table.term.tolist()) == set(rows.tolist())


def test_a_log_goes_on_from_its_dump(graph):
    log, again = ClickLog(graph, hash_key=1), ClickLog(graph, hash_key=2)
    for author in (1, 2):
        log.add(author, ("a", "b"), f"t:{author}", 3)
    again.load(*log.dump())
    assert held(again) == held(log)
    again.add(1, ("a", "c"), "t:1", 5)
    assert held(again) == sorted([*held(log), (1, "c")])
    assert sorted(again.dump()[0].position.tolist()) == [3, 3, 3, 3, 5]
    again.drop_author(1)
    assert held(again) == [(2, "a"), (2, "b")]
    check_pins(again, graph)


def test_no_more_clicks_are_loaded_than_fit(graph):
    log = ClickLog(graph, hash_key=1)
    log.add(1, ("a", "b", "c"), "t:1")
    clicks, terms = log.dump()
    for small in ({"clicks_max": 2}, {"terms_max": 2}):
        with pytest.raises(ValueError, match="fit"):
            ClickLog(graph, hash_key=1, **small).load(clicks, terms)
    with pytest.raises(ValueError, match="fit"):
        ClickLog(graph, hash_key=1).load(clicks, terms[:2])
    with pytest.raises(ValueError, match="fit"):
        ClickLog(graph, hash_key=1).load(clicks_at(clicks, np.array([1, 0])), terms)
