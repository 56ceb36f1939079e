"""Numbers and names as people read them."""

import math

from sim.evaluation.intervals import Interval
from sim.reports.wording import (
    HEADLINES,
    PARAMETERS,
    SIGNED,
    WORDS,
    advice,
    axis,
    estimate,
    in_order,
    label,
    number,
    parameter,
    possible,
    titled,
)
from sim.scenario.names import METRICS


def test_headlines_are_explained_and_are_figures_that_runs_have() -> None:
    assert set(HEADLINES) <= set(WORDS)
    assert set(HEADLINES) <= set(METRICS)


def test_a_figure_that_nobody_explained_is_shown_as_it_is() -> None:
    assert "new" not in WORDS
    assert number(0.5, "new") == "0.5"
    assert axis("new") == "new"


def test_numbers_have_the_unit_of_their_metric() -> None:
    assert number(0.01234567) == "0.0123"
    assert number(0.0012, "fakes") == number(0.0012, "plain.fakes") == "0.12"
    assert number(123456.7) == "123,457"
    assert number(math.nan) == number(None) == "–"
    assert axis("fakes") == "fakes (%)"
    assert titled("fakes") == "fakes (%): lower is better"
    assert titled("new") == "new"


def test_a_mean_has_no_more_digits_than_its_bounds_can_hold() -> None:
    assert estimate(Interval(0.265712, 0.2479, 0.2835), "ndcg") == ("0.266", "0.248 … 0.283")
    assert estimate(Interval(0.506, 0.455, 0.558), "fakes") == ("50.6", "45.5 … 55.8")
    assert estimate(Interval(123456.0, 113456.0, 133456.0)) == ("123,456", "113,456 … 133,456")
    assert estimate(Interval(0.5, 0.5, 0.5)) == ("0.5", "0.5 … 0.5")
    assert estimate(Interval(0.1, None, None), "fakes") == ("10", "")
    assert estimate(None) == ("–", "")


def test_bounds_stop_where_a_figure_cannot_be() -> None:
    wide = Interval(0.1, -0.2, 0.4)
    assert possible(wide, "x.fakes") == Interval(0.1, 0.0, 0.4)
    assert all(possible(wide, name) == wide for name in (*SIGNED, "new"))
    assert estimate(wide, "fakes") == ("10", "0 … 40")


def test_which_side_is_better_is_told_where_it_can_be() -> None:
    told = "Higher is better for ndcg; lower is better for fakes and sybil_gain."
    assert advice(["fakes", "ndcg", "exchanges", "sybil_gain"]) == told
    assert advice(["exchanges"]) == ""
    assert set(SIGNED) <= set(WORDS)


def test_a_parameter_is_named_in_words_and_as_files_spell_it() -> None:
    assert parameter("adversary.0.edges") == "attack edges (adversary.0.edges)"
    assert parameter("time.round_s") == "time.round_s"
    assert all(PARAMETERS.values())


def test_usual_figures_come_first() -> None:
    assert in_order(["zeta", "fakes", "alpha", "ndcg"]) == ["ndcg", "fakes", "alpha", "zeta"]


def test_names_from_files_are_short_and_printable() -> None:
    assert label("a\x00\x1b[31mb") == "a??[31mb"
    assert len(label("x" * 1000)) == 60
