import pytest

from trust.config import TrustConfig


@pytest.mark.parametrize(
    "wrong",
    [
        {"alpha": 0.0},
        {"alpha": 1.0},
        {"author_cap": 0.0},
        {"edge_flow_max": 2.0},
        {"beta": -0.1},
        {"gamma": 1.5},
        {"walks": 0},
        {"hits_min": 0},
        {"cap_slack": 0.5},
    ],
)
def test_nonsense_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        TrustConfig(**wrong)
