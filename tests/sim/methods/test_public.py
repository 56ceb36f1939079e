"""The named parameters are what `--set` could say, and have nothing to defend."""

from dataclasses import replace

import numpy as np
import pytest

from ranking.config import RankConfig
from ranking.recommend import RecommendRequest, rank_items
from ranking.salsa import score_items
from ranking.trust_vector import TrustVector
from sim.methods.grapevine import Grapevine
from sim.methods.public import PUBLIC_SETS
from tests.ranking.worlds import random_likes, snapshot


@pytest.mark.parametrize("name", PUBLIC_SETS)
def test_parameters_make_the_set_again(name):
    chosen = PUBLIC_SETS[name]
    assert chosen.parameters
    assert replace(RankConfig(), **chosen.parameters) == chosen.config
    assert "test" not in chosen.chosen_on


@pytest.mark.parametrize("name", PUBLIC_SETS)
def test_lists_are_the_scores_alone(name):
    """No evidence rule, no budget, no discoveries: where all are friends nothing is taken off."""
    chosen = PUBLIC_SETS[name]
    snap = snapshot(random_likes(np.random.default_rng(0), 40, 60, 8), 40, 60)
    trust = TrustVector.everyone_equal(40, 3)
    request = RecommendRequest(n=chosen.k, config=chosen.config)
    found = rank_items(snap, trust, request, np.random.default_rng(1))
    score = score_items(snap, trust, chosen.config, np.random.default_rng(1)).score
    score[snap.liked(3)] = 0
    assert found.score == pytest.approx(np.sort(score)[::-1][: found.item.size], rel=1e-5)
    assert found.item.size == min(chosen.k, np.count_nonzero(score))


def test_a_set_is_asked_for_by_name_and_changed_from_there():
    assert Grapevine.of(public="gowalla").rank == PUBLIC_SETS["gowalla"].config
    changed = Grapevine.of(public="lastfm", echo="0.1").rank
    assert changed == replace(PUBLIC_SETS["lastfm"].config, echo=0.1)
    with pytest.raises(ValueError, match="there are gowalla, lastfm"):
        Grapevine.of(public="movielens")
