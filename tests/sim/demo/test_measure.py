import pytest

from sim.demo.measure import mean_recall, recall_at, share


def test_recall_counts_the_first_n_only() -> None:
    assert recall_at(2, ["a", "b", "c"], {"b", "c"}) == pytest.approx(1 / 2)


def test_recall_is_of_what_a_list_can_hold() -> None:
    assert recall_at(2, ["a", "b"], {"a", "b", "c", "d"}) == 1.0


def test_people_who_wanted_nothing_do_not_count() -> None:
    shown = {"ann": ["a"], "bob": ["a"], "cy": ["b"]}
    wanted = {"ann": {"a"}, "bob": frozenset(), "cy": {"a"}}
    assert mean_recall(1, shown, wanted) == pytest.approx(1 / 2)
    assert mean_recall(1, {"bob": ["a"]}, wanted) == 0.0


def test_share_is_of_places_not_of_lists() -> None:
    assert share([["x"], ["x", "a", "a"]], "x".__eq__) == pytest.approx(1 / 2)
    assert share([[]], "x".__eq__) == 0.0
