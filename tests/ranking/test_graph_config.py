"""The shares of the cap are enough for what they are of. Settings that cannot be are refused in
`test_graph.py`."""

import pytest

from ranking.graph_config import (
    AUTHOR_BYTES,
    BYTES_MIN,
    SHARES,
    SNAPSHOT_EDGE_BYTES,
    GraphConfig,
)
from ranking.item_rows import ITEM_BYTES

MIB = 1 << 20


def test_shares_leave_something_for_what_the_arrays_begin_with():
    assert sum(SHARES.values()) == 127


@pytest.mark.parametrize("bytes_max", [BYTES_MIN, 64 * MIB, 256 * MIB, 1 << 34])
def test_all_the_caps_together_stay_below_bytes_max(bytes_max):
    config = GraphConfig(bytes_max=bytes_max)
    pointers = 8 * config.items_max
    whole = (
        config.blocks_bytes_max
        + SNAPSHOT_EDGE_BYTES * config.edges_max
        + ITEM_BYTES * config.items_max
        + pointers
        + config.item_names_bytes_max
        + AUTHOR_BYTES * config.authors_max
    )
    assert whole <= bytes_max
    assert config.blocks_bytes_max >= 4 * config.segment_bytes
    assert config.segment_bytes % 4 == config.blocks_bytes_max % 4 == 0


def test_ten_million_edges_fit_the_default():
    config = GraphConfig()
    assert config.bytes_max == 256 * MIB
    assert config.edges_max >= 10_000_000
    assert config.blocks_bytes_max >= 10.5 * 10_000_000
    spare = 7 / 8
    assert config.items_max * spare >= 500_000
    assert config.item_names_bytes_max * spare >= 500_000 * 41
    assert config.authors_max >= 200_000
