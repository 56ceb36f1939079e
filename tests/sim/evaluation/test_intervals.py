import math

import numpy as np
import pytest

from sim.evaluation.intervals import of_draws, of_people_and_seeds, student

TABLE = {1: 12.7062, 2: 4.30265, 3: 3.18245, 4: 2.77645, 9: 2.26216, 30: 2.04227, 120: 1.97993}
"""Student's t, two-sided 95 %."""


@pytest.mark.parametrize(("degrees", "t"), TABLE.items())
def test_student_is_that_of_the_tables(degrees: int, t: float) -> None:
    assert student(degrees) == pytest.approx(t, rel=2e-4)


def test_student_ends_as_the_normal_law_and_begins_with_one_degree() -> None:
    assert student(10**6) == pytest.approx(1.959964, rel=1e-5)
    assert student(999) == pytest.approx(student(1001), rel=2e-3)
    with pytest.raises(ValueError, match="one degree"):
        student(0.5)


def test_of_draws_by_hand() -> None:
    one = of_draws(np.array([1.0, 2.0, 3.0, math.nan]))
    half = 4.30265 / math.sqrt(3)
    assert one.mean == 2
    assert (one.low, one.high) == pytest.approx((2 - half, 2 + half), rel=1e-3)
    assert of_draws(np.array([5.0])).as_dict() == {"mean": 5, "low": None, "high": None}
    assert of_draws(np.array([math.nan])).mean == 0


def test_certain_values_have_no_width() -> None:
    assert of_people_and_seeds(np.full((3, 4), 0.25)).as_dict() == {
        "mean": 0.25, "low": 0.25, "high": 0.25,
    }  # fmt: skip


def test_one_cell_tells_no_bounds() -> None:
    assert of_people_and_seeds(np.array([[0.5]])).low is None
    assert of_people_and_seeds(np.array([[math.nan]])).high is None


def test_empty_cells_do_not_count() -> None:
    values = np.array([[1.0, math.nan, 3.0], [1.0, math.nan, 3.0]])
    one = of_people_and_seeds(values)
    assert one.mean == 2
    assert one.low is not None
    assert one.high is not None
    assert one.low < 1 < 3 < one.high


@pytest.mark.parametrize(("by_person", "by_seed"), [(1.0, 0.0), (0.0, 1.0), (1.0, 0.3), (0, 0)])
def test_intervals_hold_the_truth_as_often_as_they_say(by_person: float, by_seed: float) -> None:
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(600):
        person, seed = rng.normal(0, by_person, 40), rng.normal(0, by_seed, (5, 1))
        one = of_people_and_seeds(person + seed + rng.normal(0, 0.5, (5, 40)))
        assert one.low is not None
        assert one.high is not None
        held += one.low <= 0 <= one.high
    assert held / 600 > 0.93


def test_the_same_people_make_a_difference_surer() -> None:
    rng = np.random.default_rng(6)
    person = rng.normal(0, 1, (1, 200))
    a, b = (person + rng.normal(mean, 0.1, (4, 200)) for mean in (0.05, 0.0))
    paired, alone = of_people_and_seeds(a - b), of_people_and_seeds(a)
    assert paired.low is not None
    assert alone.low is not None
    assert alone.high is not None
    assert paired.low > 0.02
    assert alone.high - alone.low > 0.2
