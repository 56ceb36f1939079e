"""What is worked out once for an owner's trust says what the snapshot says."""

from dataclasses import replace

import numpy as np
import pytest

from ranking.config import Method, RankConfig
from ranking.recommend import RecommendRequest, rank_items, recommend
from ranking.trust_vector import TrustVector
from ranking.view import FEW, VIEWS_MAX, KeptViews, TrustView, mask_of
from tests.ranking.worlds import random_likes, random_trust, snapshot, trust_vector


@pytest.fixture
def world():
    likes = random_likes(np.random.default_rng(1), 60, 200, 25)
    return likes, snapshot(likes, 60, 200)


@pytest.mark.parametrize("trusted", [range(1, 5), range(1, 59)])
def test_few_trusted_authors_get_an_item_side_of_their_own(world, trusted):
    likes, snap = world
    trust = trust_vector(dict.fromkeys(trusted, 1 / len(trusted)), 0)
    view = TrustView.of(snap, trust)
    few = len(trusted) <= FEW * 60
    assert (view.listeners.row is snap.item_author) is not few
    side = view.listeners
    for i in range(200):
        window = slice(side.ptr[i], side.ptr[i + 1])
        heard = set(side.row[window].tolist()) & set(trusted)
        assert heard == {v for v in trusted if i in likes[v]}
        assert few <= (heard == set(side.row[window].tolist()))
        mass = sum(likes[v].get(i, 0) / len(trusted) for v in trusted)
        assert view.mass[i] == pytest.approx(mass, rel=1e-5)
    assert view.taste[1] == pytest.approx(sum(likes[1].values()), rel=1e-5)
    assert view.taste[59] == 0
    beside = 200 * 4 + 60 * 5 + (201 * 8 + 5 * side.row.size if few else 0)
    assert view.nbytes == pytest.approx(beside, abs=60 * 12)


def test_a_view_is_of_one_snapshot_trust_and_block_list(world):
    likes, snap = world
    trust, _ = random_trust(np.random.default_rng(1), 60, owner=0)
    blocked = np.array([5, 3, 5], np.int32)
    view = TrustView.of(snap, trust, blocked)
    assert view.serves(snap, trust, np.array([3, 5], np.int32))
    assert not view.serves(snap, trust, np.array([3], np.int32))
    assert not view.serves(snap, replace(trust), blocked)
    assert not view.serves(snapshot(likes, 60, 200), trust, blocked)
    assert view.trust.t[[3, 5]].tolist() == [0, 0]
    assert view.trust.t.sum() == pytest.approx(1)
    assert np.flatnonzero(view.barred).tolist() == [3, 5]
    with pytest.raises(ValueError, match="make it anew"):
        rank_items(view, trust, RecommendRequest(), np.random.default_rng(1))


@pytest.mark.parametrize("method", [Method.EXACT, Method.SAMPLED])
@pytest.mark.parametrize("equal", [False, True])
def test_a_kept_view_gives_the_same_list(world, method, equal):
    _, snap = world
    trust, _ = random_trust(np.random.default_rng(1), 60, owner=0)
    if equal:
        trust = TrustVector.everyone_equal(50, 0)
    view = TrustView.of(snap, trust)
    request = RecommendRequest(config=RankConfig(method=method, walks=400))
    lists = [recommend(g, trust, request, np.random.default_rng(3)) for g in (snap, view, view)]
    assert lists[0] == lists[1] == lists[2]
    assert len(lists[0].items) == 20


def test_rows_outside_are_in_no_mask():
    assert mask_of(np.array([-1, 0, 3], np.int32), 3).tolist() == [True, False, False]


def test_views_are_kept_until_something_changes(world):
    likes, snap = world
    none, views = np.empty(0, np.int32), KeptViews()
    trusts = [trust_vector({50: 0.5, 51: 0.5}, owner) for owner in range(VIEWS_MAX + 1)]
    first = views.view(snap, trusts[0], none)
    assert views.view(snap, trusts[0], none) is first
    second = views.view(snap, trusts[1], none)
    assert views.view(snap, trusts[0], none) is first
    assert views.nbytes == first.nbytes + second.nbytes
    for trust in trusts[2:]:
        views.view(snap, trust, none)
    assert views.view(snap, trusts[0], none) is not first, "the bound"
    barred = np.array([50], np.int32)
    assert views.view(snap, trusts[0], barred).trust.t[50] == 0
    assert views.view(snap, trusts[0], none).trust.t[50] > 0
    other = snapshot(likes, 60, 200)
    assert views.view(other, trusts[0], none).snapshot is other
    assert views.nbytes == views.view(other, trusts[0], none).nbytes, "no older snapshot is kept"
    views.clear()
    assert views.nbytes == 0


def test_what_is_liked_by_voices_is_worked_out_once(world):
    likes, snap = world
    trust, _ = random_trust(np.random.default_rng(3), 60, owner=0)
    view = TrustView.of(snap, trust)
    before = view.nbytes
    found = view.liked(4.0)
    voices = np.minimum(trust.t * trust.effective_authors(), 1.0) ** 4
    expected = [sum(voices[v] * likes[v].get(i, 0) for v in range(60)) for i in range(200)]
    assert found == pytest.approx(expected, rel=1e-4)
    assert view.liked(4.0) is found
    assert view.nbytes == before + found.nbytes
