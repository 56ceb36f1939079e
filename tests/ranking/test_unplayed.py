"""Unplayed items: only trusted people's tags place them, and trust says how often."""

from dataclasses import replace

import numpy as np
import pytest

from ranking.config import Method
from ranking.discoveries import Discovery
from ranking.embedding import Embedding
from ranking.reasons import Path, Reasons
from ranking.recommend import Recommendation, Recommended
from ranking.similar import SimilarConfig, people_around
from ranking.tag_contexts import Tags, with_tags
from ranking.unplayed import Unplayed, draw_unplayed, unplayed_rows, with_unplayed
from ranking.view import TrustView
from tests.ranking.test_similar import names
from tests.ranking.worlds import snapshot, trust_vector

PEOPLE, ITEMS, OWNER = 21, 30, 0
NONE = np.empty(0, np.int32)
ROCK, JAZZ = 0, 1


class Town:
    """Odd people like and tag rock (odd items), even ones jazz; two new items of each kind are
    tagged by person 1 or 2, and strangers tag two more. The owner likes rock."""

    def __init__(self, *, t=None, dislikes=None, more=()):
        likes = {
            v: {i: 1.0 for i in range(ITEMS) if i % 2 == v % 2 and (i + v) % 3}
            for v in range(1, PEOPLE)
        }
        likes[OWNER] = {1: 1.0, 3: 1.0, 5: 1.0}
        for v, item in dislikes or ():
            likes[v][item] = -1.0
        self.trust = trust_vector(t or dict.fromkeys(range(1, PEOPLE), 1 / (PEOPLE - 1)), OWNER)
        graph = snapshot(likes, PEOPLE + 5, ITEMS + 2)
        self.view = TrustView.of(graph, self.trust)
        stated = [(v, i, v % 2 ^ 1) for v in range(1, PEOPLE) for i in range(v % 2, ITEMS, 2)]
        stated += [
            (1, ITEMS, ROCK),
            (1, ITEMS + 2, ROCK),
            (2, ITEMS + 1, JAZZ),
            (2, ITEMS + 3, JAZZ),
        ]
        stated += [(PEOPLE + 1, ITEMS + 4, ROCK), (PEOPLE + 1, ITEMS + 5, JAZZ), *more]
        known = names(ITEMS + 2, 1)
        identity = np.concatenate((known, names(20, 5)))
        config = SimilarConfig()
        people = people_around(self.view, known, names(PEOPLE + 5, 2), config)
        tags = Tags(np.array(stated, np.int32), identity, names(3, 3))
        self.tagged = with_tags(people, tags, self.view.trust.t, config.tag_weight)
        self.embedding = Embedding.of(self.tagged.around, config.embedding)

    def own(self, named):
        return int(self.tagged.row_of[named])

    def draw(self, seed=0, excluded=NONE, chance=1.0):
        rng = np.random.default_rng(seed)
        return draw_unplayed(
            self.embedding,
            self.tagged,
            self.view,
            np.asarray(excluded, np.int32),
            rng,
            chance=chance,
        )


def test_it_fits_the_owners_taste_and_says_why():
    town = Town()
    rock = {town.own(ITEMS), town.own(ITEMS + 2)}
    found = [town.draw(seed) for seed in range(40)]
    assert sum(one.item in rock for one in found) >= 32
    one = next(one for one in found if one.item in rock)
    assert one.reasons.paths[0].source in (1, 3, 5)
    assert [(p.author, p.share) for p in one.reasons.paths] == [(1, 1.0)]
    assert one.tagger == 1
    assert one.excess > 0.9, "it rests on one person"


def test_strangers_tags_bring_nothing_however_many():
    """Red as soon as people without trust are heard."""
    crowd = [(PEOPLE + k, ITEMS + 6 + n, n % 2) for k in range(1, 5) for n in range(10)]
    town = Town(more=crowd)
    rows = set(unplayed_rows(town.tagged, town.view, NONE).tolist())
    assert rows == {town.own(ITEMS + n) for n in range(4)}
    assert [one.item for one in map(town.draw, range(20))] == [
        one.item for one in map(Town().draw, range(20))
    ]


def test_what_is_excluded_or_disliked_by_its_tagger_is_left_out():
    town = Town()
    rock = [town.own(ITEMS), town.own(ITEMS + 2)]
    jazz = {town.own(ITEMS + 1), town.own(ITEMS + 3)}
    rows = set(unplayed_rows(town.tagged, town.view, np.array(rock, np.int32)).tolist())
    assert rows == jazz
    town = Town(dislikes=[(1, ITEMS)])
    assert town.own(ITEMS) not in unplayed_rows(town.tagged, town.view, NONE)
    town = Town(dislikes=[(3, ITEMS)])
    assert town.own(ITEMS) in unplayed_rows(town.tagged, town.view, NONE), "another's dislike"


def test_the_more_trusted_the_tagger_the_more_often():
    chances = []
    for part in (1e-4, 1e-2, 1.0):
        rest = (1 - part / 20) / 19
        t = dict.fromkeys(range(2, PEOPLE), rest) | {1: part / 20}
        town = Town(t=t)
        jazz = [town.own(ITEMS + 1), town.own(ITEMS + 3)]
        chances.append(town.draw(excluded=jazz).chance)
    config = SimilarConfig()
    for chance, part in zip(chances, (1e-4, 1e-2, 1.0), strict=True):
        mass = config.tag_weight * part
        assert chance <= 1.05 * mass / (mass + 1)
    assert chances[0] < chances[1] / 50 < chances[2] / 1000


def test_who_likes_nothing_gets_none():
    town = Town()
    town.view = replace(town.view, trust=replace(town.view.trust, owner=PEOPLE + 4))
    assert town.draw() is None


def listed(*kinds, unprotected=False):
    items = tuple(
        Recommended(k, 1.0, 0.0, Reasons(), discovery=kind) for k, kind in enumerate(kinds)
    )
    return Recommendation(items, Method.EXACT, unprotected, 0, 0)


FOUND = Unplayed(99, 1.0, Reasons((Path(1, 2, 1.0),), 0.0, 1), 2, 0.9)
PLAIN = [None] * 9


@pytest.mark.parametrize(
    ("kinds", "n", "place"),
    [
        ([*PLAIN, Discovery.RARE], 10, 9),
        ([*PLAIN, Discovery.RARE, *PLAIN, Discovery.NEWCOMER], 20, 9),
        ([*PLAIN, Discovery.NEWCOMER, *PLAIN, Discovery.RARE], 20, 19),
        ([None] * 4, 10, 4),
        ([*PLAIN, Discovery.NEWCOMER], 10, None),
        ([*PLAIN], 9, None),
    ],
    ids=str,
)
def test_it_takes_the_place_of_a_rare_item_and_no_other(kinds, n, place):
    before = listed(*kinds)
    after = with_unplayed(before, FOUND, n, 10, np.random.default_rng(0))
    at = [k for k, one in enumerate(after.items) if one.discovery is Discovery.UNPLAYED]
    assert at == ([] if place is None else [place])
    assert len(after.items) <= n
    others = [one.item for one in after.items if one.discovery is not Discovery.UNPLAYED]
    assert set(others) <= {one.item for one in before.items}
    if place is not None:
        one = after.items[place]
        assert (one.item, one.rests_on, one.excess, one.reasons) == (99, 2, 0.9, FOUND.reasons)


def test_its_chance_is_how_often_it_comes_and_an_unprotected_list_has_none():
    rng = np.random.default_rng(0)
    before = listed(*PLAIN, Discovery.RARE)
    often = [with_unplayed(before, replace(FOUND, chance=0.2), 10, 10, rng) for _ in range(1000)]
    assert sum(one is not before for one in often) == pytest.approx(200, abs=40)
    bare = listed(*PLAIN, Discovery.RARE, unprotected=True)
    assert with_unplayed(bare, FOUND, 10, 10, rng) is bare
