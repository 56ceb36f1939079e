"""One byte for an affinity."""

import numpy as np
import pytest

from ranking.affinity import CODES, HIGHEST, ages_max, decay_levels, encoded, table


def test_every_code_means_what_it_says():
    values = table()
    assert (values[0], values[HIGHEST]) == (0, 1)
    assert values[1:].tolist() == pytest.approx([2 ** ((c - 255) / 15) for c in range(1, CODES)])
    assert encoded(values[1:]).tolist() == list(range(1, CODES))
    assert table(0.25) == pytest.approx(values / 4)


def test_every_size_keeps_the_same_precision():
    affinity = np.exp2(np.random.default_rng(1).uniform(-16.9, 0, 10_000)).astype(np.float32)
    back = table()[encoded(affinity)]
    assert np.abs(back / affinity - 1).max() < 0.024
    order = np.argsort(affinity)
    assert (np.diff(back[order]) >= 0).all()


def test_what_is_smaller_than_the_lowest_is_the_lowest():
    assert encoded(np.array([1e-9, 2**-17])).tolist() == [1, 1]
    assert encoded(np.empty(0, np.float32)).size == 0


@pytest.mark.parametrize("bad", [0.0, -0.5, 1.1, np.nan, np.inf])
def test_what_is_no_affinity_is_refused(bad):
    with pytest.raises(ValueError, match=r"affinities must be in \(0, 1\], not"):
        encoded(np.array([0.5, bad], np.float32))


def test_weights_and_ages_add_up_on_the_scale():
    of_weight, of_age = decay_levels(10.0)
    assert (of_weight.size, of_age.size) == (101, ages_max(10.0) + 1)
    assert of_weight[100] == 255
    for weight, age in [(100, 0), (50, 10), (1, 35), (80, 100)]:
        level = of_weight[weight] + of_age[age]
        assert 2 ** ((level - 255) / 15) == pytest.approx(weight / 100 * 2 ** (-age / 10))
    assert of_weight[1] + of_age[-1] > 1, "the smallest has a code of its own"
    assert decay_levels(None)[1].tolist() == [0]
