"""The kernel by hand; `test_concave` holds it against dense matrices."""

import numpy as np
import pytest

from sim.methods.kernels_concave import concave_sum


def test_by_hand() -> None:
    # Items x, y; person 0 has x only, 1 has both, 2 has y. From x: 0 by 1/4, 1 by 3/4.
    likes = (np.array([0, 1, 3, 4]), np.array([0, 0, 1, 1], np.int32))
    share = np.array([1.0, 0.5, 0.5, 1.0], np.float32)
    listeners = (np.array([0, 2, 4]), np.array([0, 1, 1, 2], np.int32))
    affinity = np.array([0.5, 1.0, 1.0, 1.0], np.float32)
    trust = np.array([0.4, 0.6, 0.0], np.float32)
    found = concave_sum(
        np.array([0], np.int32),
        np.array([2.0]),
        trust,
        (*likes, share),
        (*listeners, affinity),
        0.5,
    )
    assert found == pytest.approx([2 * (1 / 4 + 3 / 8) ** 0.5, 2 * (3 / 8) ** 0.5])
