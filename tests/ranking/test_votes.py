"""Votes of walks against a loop over them."""

import numpy as np
import pytest

from ranking.votes import trusted_voices, vote_weights, votes_cast
from tests.ranking.worlds import trust_vector


def walks(rng, n=300, steps=9, authors=12):
    made = rng.integers(1, authors, (n, steps)).astype(np.int32)
    made[:, 0] = 0
    for row, length in enumerate(rng.integers(1, steps + 1, n)):
        made[row, length:] = -1
    return made


def naive_votes(rows, able):
    votes, steps = [0] * len(able), 0
    for walk in rows.tolist():
        for author in walk[1:]:
            if author < 0:
                break
            steps += 1
            if able[author]:
                votes[author] += 1
                break
    return votes, steps


@pytest.mark.parametrize("seed", range(5))
def test_the_first_on_a_walk_who_can_casts_its_vote(seed):
    rng = np.random.default_rng(seed)
    rows, able = walks(rng), rng.random(12) < 0.3
    able[0] = True
    votes, steps = votes_cast(rows, able)
    assert (votes.tolist(), steps) == naive_votes(rows, able)


def test_nobody_votes_where_nobody_can():
    votes, steps = votes_cast(walks(np.random.default_rng(1)), np.zeros(12, np.bool_))
    assert not votes.any()
    assert steps > 0


def test_a_typical_person_s_click_counts_fully_and_noise_not_at_all():
    able = np.zeros(12, np.bool_)
    able[[3, 4, 5]] = True
    rows = np.array([[0, 3]] * 40 + [[0, 4]] * 5 + [[0, 5]] * 2 + [[0, 6]] * 53, np.int32)
    weights = vote_weights(rows, able, n_effective=10.0, cap=1.0, votes_min=3)
    assert weights[[3, 4, 5, 6]] == pytest.approx([1.0, 0.5, 0.0, 0.0])


def test_identities_behind_one_edge_share_its_votes_whatever_walks_do_behind_it():
    """Ten identities that vouch for each other in a ring, one of them entered by 30 walks of 100:
    whoever of them claims the click, together they cast 30 votes."""
    ring = np.arange(20, 30, dtype=np.int32)
    inside = np.concatenate([ring, ring[:5]])
    rows = np.full((100, 17), -1, np.int32)
    rows[:, 0], rows[:, 1] = 0, 1
    rows[:30, 2:] = inside[:15]
    for claimed in (ring[:1], ring[3:4], ring):
        able = np.zeros(30, np.bool_)
        able[claimed] = True
        assert votes_cast(rows, able)[0].sum() == 30


def test_trust_shared_out_over_identities_weighs_less():
    """A fourth of all trust, of one person or of eight."""
    rest = dict.fromkeys(range(1, 13), 0.75 / 12)
    one = trusted_voices(trust_vector(rest | {20: 0.25}, 0), 4.0)
    eight = trusted_voices(trust_vector(rest | dict.fromkeys(range(20, 28), 0.25 / 8), 0), 4.0)
    assert one[20] == 1.0
    assert eight[20:].sum() < 0.9 * one[20]
    assert eight[1] == pytest.approx(1.0)
    assert trusted_voices(trust_vector({1: 0.0}, 0), 4.0).tolist() == [0.0, 0.0]
