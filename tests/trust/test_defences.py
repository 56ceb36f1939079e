"""What each defence of the trust walk is worth at the node's own settings; red without it."""

import numpy as np

from tests.trust.test_meritrank import compiled
from trust.config import TrustConfig
from trust.meritrank import trust_from

CONFIG = TrustConfig()


def everybody(sources, targets):
    return [(s, t, 100) for s in sources for t in targets if s != t]


def test_somebody_nine_vouches_away_has_less_trust_than_a_friend():
    """Ten rings of ten; everybody vouches for all of the next ring, the last for the first."""
    rings = [range(1 + 10 * k, 11 + 10 * k) for k in range(10)]
    casts = everybody([0], rings[0])
    for here, there in zip(rings, [*rings[1:], rings[0]], strict=True):
        casts += everybody(here, there)
    trust = trust_from(compiled(*casts), 0, CONFIG, np.random.default_rng(1))
    near, far = (trust.t[list(ring)].mean() for ring in (rings[0], rings[-1]))
    assert 0 < far < near / 1.5


def test_a_crowd_behind_one_friend_weighs_less_than_one_author():
    friends, crowd = range(1, 61), range(61, 81)
    casts = everybody([0], friends) + everybody(crowd[:1], crowd[1:])
    for friend in friends:
        casts += everybody([friend], [(friend + step) % 60 + 1 for step in range(3)])
    trust = trust_from(compiled(*casts, (1, crowd[0], 100)), 0, CONFIG, np.random.default_rng(1))
    assert trust.hits[crowd[0]] > 200, "walks do get there"
    assert trust.t[list(crowd)].sum() < 0.5 * trust.t[list(friends)].mean()


def test_one_edge_between_others_carries_a_tenth_of_all_walks():
    """One of three friends vouches for nobody but the head of a crowd."""
    casts = [*everybody([0], range(1, 4)), (1, 4, 100), *everybody([4], range(5, 25))]
    trust = trust_from(compiled(*casts), 0, CONFIG, np.random.default_rng(1))
    assert trust.hits[1] > 0.25 * CONFIG.walks
    assert 0 < trust.hits[4] <= 0.1 * CONFIG.walks
