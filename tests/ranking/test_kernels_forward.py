"""The kernels that copy blocks for snapshots against dictionaries, on seeded random input."""

import numpy as np
import pytest

from ranking import kernels_forward as kernels
from ranking.affinity import decay_levels, table
from tests.ranking import naive_storage
from tests.ranking.segments import random_segment


@pytest.mark.parametrize("seed", range(5))
def test_signs_are_counted_and_edges_copied_with_their_age(seed):
    segment, _ = random_segment(seed)
    today, half_life = 40_000, 5_000
    liked, disliked = np.zeros(8, np.int64), np.zeros(8, np.int64)
    where = segment.authors, segment.tables, segment.data
    kernels.count_signs(*where, liked, disliked)
    for a, block in segment.twin.items():
        assert liked[a] == sum(said[3] > 0 for said in block.values())
        assert disliked[a] == sum(said[3] < 0 for said in block.values())
    ptr, bad_ptr = (np.concatenate(([0], np.cumsum(n))) for n in (liked, disliked))
    item, code = np.zeros(ptr[-1], np.int32), np.zeros(ptr[-1], np.uint8)
    bad_item = np.zeros(bad_ptr[-1], np.int32)
    ages = kernels.copy_edges(
        *where, (ptr, item, code), (bad_ptr, bad_item), decay_levels(half_life), today
    )
    good_days = [
        said[2] for block in segment.twin.values() for said in block.values() if said[3] > 0
    ]
    assert ages == (today - max(good_days), today - min(good_days))
    for a, block in segment.twin.items():
        good = {
            i: said[3] / 100 * naive_storage.decay(said[2], today, half_life)
            for i, said in sorted(block.items())
            if said[3] > 0
        }
        window = slice(ptr[a], ptr[a + 1])
        assert item[window].tolist() == list(good)
        assert table()[code[window]].tolist() == pytest.approx(list(good.values()), rel=0.03)
        bad = [i for i, said in sorted(block.items()) if said[3] < 0]
        assert bad_item[bad_ptr[a] : bad_ptr[a + 1]].tolist() == bad
