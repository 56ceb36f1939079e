"""Numbers and names as people read them."""

import math

from sim.evaluation.intervals import Interval
from sim.reports.wording import HEADLINES, WORDS, axis, bounds, in_order, label, number
from sim.scenario.names import METRICS


def test_headlines_are_explained_and_are_figures_that_runs_have() -> None:
    assert set(HEADLINES) <= set(WORDS)
    assert set(HEADLINES) <= set(METRICS)


def test_a_figure_that_nobody_explained_is_shown_as_it_is() -> None:
    assert "new" not in WORDS
    assert number(0.5, "new") == "0.5"
    assert axis("new") == "new"


def test_numbers_have_the_unit_of_their_metric() -> None:
    assert number(0.01234567) == "0.01235"
    assert number(0.0012, "fakes") == number(0.0012, "plain.fakes") == "0.12"
    assert number(123456.7) == "123,457"
    assert number(math.nan) == number(None) == "–"
    assert bounds(Interval(0.1, 0.05, 0.15), "fakes") == "5 … 15"
    assert bounds(Interval(0.1, None, None)) == bounds(None) == ""
    assert axis("fakes") == "fakes (%)"


def test_usual_figures_come_first() -> None:
    assert in_order(["zeta", "fakes", "alpha", "ndcg"]) == ["ndcg", "fakes", "alpha", "zeta"]


def test_names_from_files_are_short_and_printable() -> None:
    assert label("a\x00\x1b[31mb") == "a??[31mb"
    assert len(label("x" * 1000)) == 60
