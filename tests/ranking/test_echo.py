"""Whom the echo passes: everybody, or a sample that is right on average."""

import numpy as np
import pytest

from ranking.config import Method, RankConfig
from ranking.echo import EchoWalk, echo
from ranking.view import TrustView
from tests.ranking.worlds import random_likes, random_trust, snapshot, trust_vector


@pytest.fixture
def view():
    rng = np.random.default_rng(4)
    trust, _ = random_trust(rng, 300, owner=0)
    return TrustView.of(snapshot(random_likes(rng, 300, 60, 12), 300, 60), trust)


def drawn(view, seed, walks=4_000):
    config = RankConfig(method=Method.SAMPLED, walks=walks, echo=0.5)
    return EchoWalk.of(view, config, np.random.default_rng(seed))


def test_everybody_trusted_is_passed_while_that_is_cheap(view):
    everybody = np.flatnonzero((view.trust.t > 0) & (view.taste > 0))
    edges = int(np.diff(view.snapshot.author_ptr)[everybody].sum())
    rng = np.random.default_rng(0)
    within = EchoWalk.of(view, RankConfig(edges_max=2 * edges), rng)
    assert within.author.tolist() == everybody.tolist()
    beyond = EchoWalk.of(view, RankConfig(edges_max=2 * edges - 1, walks=40), rng)
    assert beyond.author is None
    assert beyond.draws.size == 10


def test_a_sampled_echo_is_close_to_the_exact_one(view):
    first = np.random.default_rng(1).random(60).astype(np.float32)
    first[view.mass == 0] = 0
    config = RankConfig(method=Method.EXACT)
    exact, error = echo(view, view.taste, first, EchoWalk.of(view, config, np.random.default_rng()))
    assert error is None
    runs = [echo(view, view.taste, first, drawn(view, seed)) for seed in range(200)]
    echoes, errors = (np.array(part) for part in zip(*runs, strict=True))
    assert echoes.mean(axis=0) == pytest.approx(exact, rel=0.03)
    reached = exact > 0
    spread = (np.abs(echoes - exact)[:, reached] <= 2 * errors[:, reached]).mean()
    assert 0.95 <= spread < 1  # strata spread less than the independent draws that errors count


def test_an_echo_of_what_comes_back_as_it_was_is_one():
    """Two people with the same two items: two steps on, the walk is where it was."""
    likes = {1: {0: 1.0, 1: 1.0}, 2: {0: 1.0, 1: 1.0}}
    view = TrustView.of(snapshot(likes, 3, 3), trust_vector({1: 0.5, 2: 0.5}, 0))
    walk = EchoWalk.of(view, RankConfig(), np.random.default_rng(0))
    made, _ = echo(view, view.taste, np.array([0.3, 0.3, 0.0], np.float32), walk)
    assert made.tolist() == pytest.approx([1.0, 1.0, 0.0])


def test_nobody_trusted_gives_no_echo():
    view = TrustView.of(snapshot({1: {0: 1.0}}, 2, 1), trust_vector({1: 0.0}, 0))
    for method in Method:
        walk = EchoWalk.of(view, RankConfig(method=method), np.random.default_rng(0))
        assert not echo(view, view.taste, np.zeros(1, np.float32), walk)[0].any()
