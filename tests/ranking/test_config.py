from dataclasses import replace

import pytest

from ranking.config import RankConfig


@pytest.mark.parametrize(
    "wrong",
    [
        {"exponent": 0.0},
        {"exponent": 1.5},
        {"kappa": -1.0},
        {"excess_weight": 1.1},
        {"walks": 0},
        {"candidates_max": 5},
        {"separation": 0.0},
    ],
)
def test_nonsense_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        replace(RankConfig(), **wrong)


def test_undefended_is_plain_salsa():
    config = RankConfig.undefended()
    assert (config.exponent, config.kappa, config.excess_weight) == (1, 0, 0)
    assert (config.source_gain, config.item_penalty, config.discovery_every) == (0, 0, 0)
