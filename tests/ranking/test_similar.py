"""Neighbours: the floor on trusted mass, and what identities behind an edge can do at most."""

import numpy as np
import pytest

from ranking.embedding import Embedding
from ranking.similar import Near, SimilarConfig, near_exact, people_around, shared_people
from ranking.view import TrustView
from tests.ranking.worlds import snapshot, trust_vector

PEOPLE, ITEMS, OWNER = 30, 24, 0
NONE = np.empty(0, np.int32)


def names(n, salt):
    return np.random.default_rng(salt).integers(1, 2**64, n, np.uint64)


class Seen:
    """What somebody with this trust sees of these likes."""

    def __init__(self, likes, t, config=None, n_authors=PEOPLE + 10, n_items=ITEMS):
        config = config or SimilarConfig()
        self.view = TrustView.of(snapshot(likes, n_authors, n_items), trust_vector(t, OWNER))
        identities = names(n_items, 1), names(n_authors, 2)
        self.around = people_around(self.view, *identities, config)
        self.embedding = Embedding.of(self.around, config.embedding)

    def near(self, item, n, hidden=NONE):
        return near_exact(self.embedding, self.around, item, n, hidden)


def groups():
    """Two tastes of 12 items; people of each like eight of them."""
    rng = np.random.default_rng(3)
    likes = {
        v: {int(i) + 12 * (v % 2): 1.0 for i in rng.choice(11, 8, replace=False)}
        for v in range(1, PEOPLE)
    }
    return likes, dict.fromkeys(range(1, PEOPLE), 1 / (PEOPLE - 1))


def test_neighbours_share_a_taste():
    made = Seen(*groups())
    for item in (0, 5, 12, 20):
        near = made.near(item, 8)
        assert len(near) == 8
        assert all((one.item < 12) == (item < 12) for one in near)
        assert [one.likeness for one in near] == sorted((o.likeness for o in near), reverse=True)


def test_hidden_items_are_left_out_and_n_is_kept():
    made = Seen(*groups())
    first = made.near(0, 3)
    assert len(first) == 3
    left = made.near(0, 3, np.array([first[0].item], np.int32))
    assert [one.item for one in left[:2]] == [one.item for one in first[1:]]


def test_who_is_not_trusted_moves_not_a_bit():
    likes, t = groups()
    before = Seen(likes, t)
    after = Seen(likes | {PEOPLE + k: {0: 1.0, 11: 1.0} for k in range(10)}, t)
    assert before.embedding.mixed.tobytes() == after.embedding.mixed.tobytes()
    assert [before.near(i, 9) for i in range(ITEMS)] == [after.near(i, 9) for i in range(ITEMS)]
    assert after.near(11, 9) == []


def test_little_trust_makes_little_likeness():
    """An item that only one person knows, whose only other item is 0: as like it as can be."""
    likes, t = groups()
    likeness = {}
    for part in (1e-4, 1e-2, 1.0):
        mine = part / (PEOPLE - 1)
        shared = {v: x * (1 - mine) for v, x in t.items()} | {PEOPLE: mine}
        made = Seen(likes | {PEOPLE: {0: 1.0, 11: 1.0}}, shared)
        likeness[part] = {one.item: one.likeness for one in made.near(0, ITEMS)}.get(11, 0.0)
        floor = SimilarConfig().kappa
        assert likeness[part] <= 1.05 * part / (part + floor), "the bound of the module"
    assert likeness[1.0] > 0.1


def test_reasons_are_the_people_who_like_both_with_their_shares():
    likes = {1: {0: 1.0, 1: 0.5}, 2: {0: 1.0, 1: 1.0}, 3: {0: 1.0, 2: 1.0}, 4: {1: 1.0}}
    view = Seen(likes, {1: 0.5, 2: 0.25, 3: 0.125, 4: 0.125}).view
    near = [Near(1, 0.9), Near(2, 0.5), Near(5, 0.1)]
    both, one, nobody = shared_people(view, 0, near, 5)
    assert [(p.source, p.author) for p in both.paths] == [(0, 1), (0, 2)]
    assert [p.share for p in both.paths] == pytest.approx([0.5, 0.5], rel=0.03)
    assert (one.n_paths, [p.author for p in one.paths]) == (1, [3])
    assert (nobody.n_paths, nobody.paths) == (0, ())
    [short] = shared_people(view, 0, near[:1], 1)
    assert short.n_paths == 2
    assert sum(p.share for p in short.paths) + short.other_share == pytest.approx(1)


@pytest.mark.parametrize("settings", [{"kappa": -1}, {"index_from": 0}, {"stale": 0}])
def test_what_cannot_be_is_refused(settings):
    with pytest.raises(ValueError, match=r"must be|need"):
        SimilarConfig(**settings)
