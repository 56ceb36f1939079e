import numpy as np
import pytest

from ranking.config import RankConfig
from ranking.reasons import explain, heaviest_paths, trails
from ranking.salsa import score_items
from ranking.trust_vector import TrustVector
from tests.ranking.worlds import random_likes, random_trust, snapshot, trust_vector


@pytest.fixture
def scores():
    rng = np.random.default_rng(4)
    likes = random_likes(rng, 20, 30, 8)
    trust, _ = random_trust(rng, 20, owner=0)
    return score_items(snapshot(likes, 20, 30), trust, RankConfig(), rng)


def test_shares_add_up_and_name_the_heaviest(scores):
    for item in np.flatnonzero(scores.score).tolist():
        reasons = heaviest_paths(scores, item)
        source, author, part = scores.paths(item)
        shares = [p.share for p in reasons.paths]
        assert sum(shares) + reasons.other_share == pytest.approx(1)
        assert shares == pytest.approx(sorted(part / part.sum(), reverse=True)[: len(shares)])
        assert reasons.n_paths == len(source)
        parts = {int(v): float(part[author == v].sum() / part.sum()) for v in set(author.tolist())}
        most = sorted(parts.values(), reverse=True)[:5]
        assert [share for _, share in reasons.authors] == pytest.approx(most)
        for row, share in reasons.authors:
            assert share == pytest.approx(parts[row])
        for path in reasons.paths:
            assert (path.source, path.author) in set(
                zip(source.tolist(), author.tolist(), strict=True)
            )


def test_an_item_nobody_trusted_has_has_no_reasons(scores):
    item = int(np.flatnonzero(scores.score == 0)[0]) if (scores.score == 0).any() else None
    likes = {0: {0: 1.0}, 1: {0: 1.0}, 2: {1: 1.0}}
    alone = score_items(
        snapshot(likes, 3, 2), trust_vector({1: 1.0, 2: 0.0}, 0), RankConfig(), None
    )
    assert heaviest_paths(alone, 1).paths == ()
    assert item is None or heaviest_paths(scores, item).n_paths == 0


def test_trails_lead_from_the_owner_to_the_author():
    walks = np.array([[0, 2, 1, -1], [0, 3, 2, 1], [0, 3, -1, -1]], np.int32)
    vector = trust_vector({1: 0.5, 2: 0.3, 3: 0.2}, 0)
    trust = TrustVector(0, vector.t, vector.hits, walks, vector.passing, vector.prior)
    assert trails(trust, [1, 3, 1]) == {1: (0, 2, 1), 3: (0, 3)}
    likes = {0: {0: 1.0}, 1: {0: 1.0, 1: 1.0}}
    scores = score_items(snapshot(likes, 4, 2), trust, RankConfig(), None)
    (reasons,) = explain(scores, [1])
    assert reasons.paths[0].trail == (0, 2, 1)


def test_the_unprotected_have_no_trails():
    assert trails(TrustVector.everyone_equal(3, 0), [1]) == {}
