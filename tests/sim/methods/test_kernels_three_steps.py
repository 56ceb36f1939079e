"""The parts that `test_three_steps` sees only together."""

import numpy as np
import pytest

from sim.methods.kernels_three_steps import cut_columns, shares, sum_rows


def test_shares_of_a_row_sum_to_one_before_the_power() -> None:
    ptr, affinity = np.array([0, 2, 2, 3]), np.array([0.25, 0.75, 0.5], np.float32)
    assert shares(ptr, affinity, 1.0) == pytest.approx([0.25, 0.75, 1.0])
    assert shares(ptr, affinity, 0.5) == pytest.approx(np.sqrt([0.25, 0.75, 1.0]))


def test_columns_keep_their_greatest_entries() -> None:
    dense = np.array([[0.0, 0.5, 0.3], [0.2, 0.0, 0.3], [0.4, 0.5, 0.0]], np.float32)
    row, item = np.nonzero(dense)
    ptr = np.searchsorted(row, np.arange(4))
    value = dense[row, item]
    kept = cut_columns(ptr, item.astype(np.int32), value, 1)
    assert [column.tolist() for column in kept[:2]] == [[0, 2, 2, 3], [1, 2, 0]]
    assert sum_rows(np.array([0, 2], np.int32), np.array([1.0, 2.0], np.float32), *kept) == (
        pytest.approx([0.8, 0.5, 0.3])
    )
