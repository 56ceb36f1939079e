"""Every benchmark still runs, at a tiny size and against real daemons; its figures mean nothing."""

import json
import math

import pytest

from tests.bench.__main__ import BENCHMARKS, main
from tests.bench.figures import Figure, percentile, table

ON_DATA = {"public", "capped", "curves", "ablation"}
"""Benchmarks on the public data sets."""


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.data] * (name in ON_DATA)) for name in BENCHMARKS],
)
def test_every_benchmark_gives_its_figures(name, tmp_path) -> None:
    file = tmp_path / "figures.json"
    main([name, "--small", "--json", str(file)])
    written = json.loads(file.read_text("utf-8"))
    assert written["failed"] == {}
    assert written["figures"] or written["series"]
    for figure in written["figures"]:
        assert math.isfinite(figure["measured"]), figure


def test_a_bound_holds_at_its_very_value() -> None:
    assert Figure("a", 5.0, 5.0, "s").ok
    assert not Figure("a", 5.0, 5.1, "s").ok
    assert Figure("a", 5.0, 5.0, "/s", at_least=True).ok
    assert not Figure("a", 5.0, 4.9, "/s", at_least=True).ok
    assert not Figure("a", 5.0, math.nan, "s").ok
    assert "NO" in table([Figure("a", 5.0, 5.1, "s")])


def test_percentiles_are_of_the_nearest_rank() -> None:
    values = [float(value) for value in range(100, 0, -1)]
    assert percentile(values, 0.5) == 50
    assert percentile(values, 0.99) == 99
    assert percentile([7.0], 0.99) == 7
    assert math.isnan(percentile([], 0.5))
