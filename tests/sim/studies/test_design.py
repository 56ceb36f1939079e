"""The points of sweeps."""

import numpy as np
import pytest

from sim.studies.design import Hypercube, Span, grid, grid_size, hypercube


def test_a_grid_is_every_combination() -> None:
    values = {"a": [1, 2], "b": ["x", "y", "z"]}
    points = [*grid(values)]
    assert len(points) == grid_size(values) == 6
    assert points[0] == {"a": 1, "b": "x"}
    assert points[1] == {"a": 1, "b": "y"}
    assert len({tuple(point.values()) for point in points}) == 6


def test_a_hypercube_draws_once_from_each_stratum() -> None:
    plan = Hypercube(
        draws=20,
        parameters={
            "even": Span(low=-1, high=3),
            "steep": Span(low=1e-4, high=1, scale="log"),
            "whole": Span(low=1, high=200, whole=True),
        },
    )
    points = hypercube(plan)
    even = np.array([point["even"] for point in points])
    assert sorted(((even + 1) / 4 * 20).astype(int)) == [*range(20)]
    steep = np.log([point["steep"] for point in points]) / np.log(1e-4)
    assert sorted((steep * 20).astype(int)) == [*range(20)]
    assert all(isinstance(point["whole"], int) for point in points)
    assert abs(np.corrcoef(even, steep)[0, 1]) < 0.7, "drawn apart"


def test_draws_do_not_depend_on_other_parameters() -> None:
    span = Span(low=0, high=1)
    alone = hypercube(Hypercube(draws=5, parameters={"a": span}))
    both = hypercube(Hypercube(draws=5, parameters={"b": span, "a": span}))
    assert [point["a"] for point in alone] == [point["a"] for point in both]
    assert alone != hypercube(Hypercube(draws=5, parameters={"a": span}, seed=1))


@pytest.mark.parametrize("span", [Span(low=1, high=1), Span(low=0, high=1, scale="log")])
def test_impossible_ranges_are_refused(span: Span) -> None:
    with pytest.raises(ValueError, match="range"):
        hypercube(Hypercube(draws=2, parameters={"a": span}))
