"""Lists and explanations as the node asks for them."""

from dataclasses import replace

import numpy as np
import pytest

from ranking.config import Method, RankConfig
from ranking.discoveries import Discovery
from ranking.recommend import NOBODY, RecommendRequest, recommend, why
from ranking.salsa import score_items
from ranking.trust_vector import TrustVector
from tests.ranking.worlds import random_likes, random_trust, snapshot, trust_vector


def rng():
    return np.random.default_rng(11)


def rows(*values):
    return np.array(values, np.int32)


@pytest.fixture
def world():
    likes = random_likes(np.random.default_rng(1), 60, 200, 25)
    likes[0] |= {199: -1.0}
    trust, _ = random_trust(np.random.default_rng(1), 60, owner=0)
    return snapshot(likes, 60, 200), trust


def test_seen_disliked_and_blocked_items_are_dropped(world):
    snap, trust = world
    first = recommend(snap, trust, RecommendRequest(), rng())
    items = [r.item for r in first.items]
    assert len(items) == len(set(items)) == 20
    assert not set(items) & ({*snap.liked(0).tolist()} | {199})
    request = RecommendRequest(seen_items=rows(items[0], 10**6), blocked_items=rows(items[1]))
    again = recommend(snap, trust, request, rng())
    assert not {items[0], items[1]} & {r.item for r in again.items}


def test_ordinary_places_are_by_score_and_two_are_discoveries(world):
    result = recommend(*world, RecommendRequest(), rng())
    kinds = [r.discovery for r in result.items]
    assert [k for k, kind in enumerate(kinds) if kind] == [9, 19]
    scores = [r.score for r in result.items if r.discovery is None]
    assert scores == sorted(scores, reverse=True)


def test_the_same_state_gives_the_same_list(world):
    assert recommend(*world, RecommendRequest(), rng()) == recommend(
        *world, RecommendRequest(), rng()
    )


def test_strangers_never_fill_more_than_their_places(world):
    _, trust = world
    likes = random_likes(np.random.default_rng(1), 60, 200, 25)
    fakes = {v: dict(likes[0]) | dict.fromkeys(range(200, 220), 1.0) for v in range(60, 400)}
    flooded = snapshot(likes | fakes, 400, 220)
    for n in (5, 20, 100):
        result = recommend(flooded, trust, RecommendRequest(n=n), rng())
        strange = [r for r in result.items if r.item >= 200]
        assert all(r.discovery is Discovery.NEWCOMER for r in strange)
        assert len(strange) <= n // 10


def test_reasons_add_up_and_start_from_own_items(world):
    snap, trust = world
    result = recommend(snap, trust, RecommendRequest(), rng())
    own = set(snap.liked(0).tolist())
    for entry in result.items:
        if not entry.reasons.paths:
            assert entry.discovery is Discovery.NEWCOMER
            continue
        total = sum(p.share for p in entry.reasons.paths) + entry.reasons.other_share
        assert total == pytest.approx(1)
        assert {p.source for p in entry.reasons.paths} <= own
        assert all(entry.item in snap.liked(p.author) for p in entry.reasons.paths)


def test_a_blocked_author_is_not_heard(world):
    snap, trust = world
    request = RecommendRequest(blocked_authors=rows(5))
    for entry in recommend(snap, trust, request, rng()).items:
        assert 5 not in {p.author for p in entry.reasons.paths}
        assert entry.rests_on != 5


def test_blocking_somebody_is_as_if_nobody_had_ever_trusted_her(world):
    """What she had goes to the others, or kappa would shrink and the evidence rule soften."""
    snap, trust = world
    blocked = int(np.argmax(trust.t))
    t = trust.t.copy()
    t[blocked] = 0
    t /= t.sum()
    without = replace(trust, t=t, prior=trust.passing.prior(t))
    plain = RecommendRequest(config=RankConfig(discovery_every=0))
    listed = recommend(snap, trust, replace(plain, blocked_authors=rows(blocked)), rng()).items
    assert listed == recommend(snap, without, plain, rng()).items


def test_blocking_everybody_leaves_nothing(world):
    snap, trust = world
    request = RecommendRequest(blocked_authors=rows(*range(60)))
    assert recommend(snap, trust, request, rng()).items == ()


def test_discoveries_count_towards_what_may_rest_on_one_person():
    """Author 1 alone has the rare items 50..59 and good ones, 40..49; two of hers, no more."""
    likes = {0: dict.fromkeys(range(5), 1.0)}
    likes[1] = dict.fromkeys([*range(5), *range(40, 50)], 1.0) | dict.fromkeys(range(50, 60), 0.2)
    likes |= {v: dict.fromkeys(range(15), 1.0) for v in range(2, 12)}
    snap = snapshot(likes, 12, 60)
    trust = trust_vector(dict.fromkeys(range(1, 12), 1 / 11), 0)
    discovered = 0
    for seed in range(20):
        result = recommend(snap, trust, RecommendRequest(), np.random.default_rng(seed))
        assert len({r.item for r in result.items}) == len(result.items) >= 12
        hers = [r for r in result.items if r.rests_on == 1 and r.excess > 0.4]
        assert len(hers) <= RankConfig().dependents_max
        discovered += any(r.discovery for r in hers)
    assert discovered, "no discovery rested on her: the test is too tame"


def test_the_unprotected_get_a_plain_list_and_are_told():
    likes = random_likes(np.random.default_rng(2), 30, 80, 10)
    snap = snapshot(likes, 30, 80)
    result = recommend(snap, TrustVector.everyone_equal(30, 0), RecommendRequest(), rng())
    assert result.unprotected
    assert not any(r.discovery for r in result.items)
    assert len(result.items) == 20


def test_forced_methods_are_named_and_agree(world):
    snap, trust = world
    lists = {}
    for method in (Method.EXACT, Method.SAMPLED):
        config = RankConfig(method=method, walks=600, discovery_every=0)
        result = recommend(snap, trust, RecommendRequest(config=config), rng())
        assert result.method is method
        lists[method] = result.items
        errors = [r.standard_error for r in result.items]
        assert all(e == 0 for e in errors) == (method is Method.EXACT)
    common = {r.item for r in lists[Method.EXACT]} & {r.item for r in lists[Method.SAMPLED]}
    assert len(common) >= 16


def test_standard_error_covers_the_sampling(world):
    snap, trust = world
    config = RankConfig(method=Method.SAMPLED, walks=700)
    exact = score_items(snap, trust, RankConfig(method=Method.EXACT), rng())
    request = RecommendRequest(config=replace(config, discovery_every=0, excess_weight=0))
    inside = total = 0
    for seed in range(10):
        for r in recommend(snap, trust, request, np.random.default_rng(seed)).items:
            inside += abs(r.score - exact.score[r.item]) <= 2 * r.standard_error
            total += 1
    assert inside / total > 0.9


def test_a_list_longer_than_the_world_is_short():
    snap = snapshot({0: {0: 1.0}, 1: {0: 1.0, 1: 1.0}}, 2, 2)
    result = recommend(snap, trust_vector({1: 1.0}, 0), RecommendRequest(n=50), rng())
    assert [r.item for r in result.items] == [1]


def test_an_empty_world_gives_an_empty_list():
    result = recommend(
        snapshot({}, 1, 0), TrustVector.everyone_equal(1, 0), RecommendRequest(), rng()
    )
    assert result.items == ()


@pytest.mark.parametrize("n", [0, -1, 1001])
def test_a_list_of_impossible_length_is_refused(world, n):
    with pytest.raises(ValueError, match="n must be in 1"):
        recommend(*world, RecommendRequest(n=n), rng())


def test_why_agrees_with_the_list(world):
    snap, trust = world
    config = RankConfig(discovery_every=0, dependent_excess=1.0)
    request = RecommendRequest(config=config)
    result = recommend(snap, trust, request, rng())
    for rank, entry in enumerate(result.items[:5], 1):
        told = why(snap, trust, request, entry.item, rng())
        assert (told.now.rank, told.now.score) == (rank, pytest.approx(entry.score))
        assert told.now.reasons == entry.reasons
        assert told.without is None


def test_why_of_a_known_item_has_no_rank(world):
    snap, trust = world
    told = why(snap, trust, RecommendRequest(), int(snap.liked(0)[0]), rng())
    assert told.known
    assert told.now.rank is None


def test_why_of_an_item_nobody_trusted_has():
    snap = snapshot({0: {0: 1.0}, 1: {0: 1.0, 1: 1.0}, 2: {2: 1.0}}, 3, 3)
    told = why(snap, trust_vector({1: 1.0}, 0).resized(3), RecommendRequest(), 2, rng())
    assert (told.now.score, told.now.rank, told.now.rests_on) == (0, None, NOBODY)


def test_why_without_somebody_takes_her_evidence_away():
    likes = {0: {0: 1.0}, 1: {0: 1.0, 1: 1.0}, 2: {0: 1.0, 2: 1.0}}
    snap = snapshot(likes, 3, 3)
    trust, without = trust_vector({1: 0.5, 2: 0.5}, 0), trust_vector({1: 0.0, 2: 1.0}, 0)
    told = why(snap, trust, RecommendRequest(), 1, rng(), without=without)
    assert told.now.score > 0
    assert told.without is not None
    assert (told.without.score, told.without.rank) == (0, None)


def test_why_of_an_unknown_row_is_refused(world):
    with pytest.raises(ValueError, match="item row 200"):
        why(*world, RecommendRequest(), 200, rng())
