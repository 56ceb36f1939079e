"""The two steps against their formula, and walkers against where they should be."""

import numpy as np
import pytest

from ranking.kernels_echo import end_of_step, hand_on, two_steps
from tests.ranking.worlds import random_likes, snapshot


def test_two_steps_are_the_formula():
    rng = np.random.default_rng(0)
    side = snapshot(random_likes(rng, 12, 15, 5), 12, 15).author_side
    likes = np.zeros((12, 15))
    for v in range(12):
        for e in range(side.ptr[v], side.ptr[v + 1]):
            likes[v, side.row[e]] = side.affinity[side.code[e]]
    author, t = np.array([1, 4, 7], np.int32), rng.random(12).astype(np.float32)
    mass = (1 + rng.random(15)).astype(np.float32)
    taste = np.sqrt(likes.sum(axis=1)).astype(np.float32)
    taste[4] = 0.0
    first = (rng.random(15) * (rng.random(15) < 0.6)).astype(np.float32)
    expected = np.zeros(15)
    for v in author:
        if taste[v]:
            expected += t[v] * (likes[v] @ (first / mass)) * likes[v] / taste[v]
    made = two_steps(side, mass, taste, first, author, t)
    assert made == pytest.approx(expected, rel=1e-5)
    assert made.dtype == np.float32


def listened(rng, n_authors=12, n_items=15):
    """A graph, t with strangers in it, and the trusted mass of each item."""
    snap = snapshot(random_likes(rng, n_authors, n_items, 5), n_authors, n_items)
    t = (rng.random(n_authors) * (rng.random(n_authors) < 0.6)).astype(np.float32)
    mass, side = np.zeros(n_items, np.float32), snap.item_side
    for i in range(n_items):
        for e in range(side.ptr[i], side.ptr[i + 1]):
            mass[i] += t[side.row[e]] * side.affinity[side.code[e]]
    return snap, t, mass


def test_walkers_stand_at_listeners_in_proportion_to_trust_and_affinity():
    rng = np.random.default_rng(1)
    snap, t, mass = listened(rng)
    side, first = snap.item_side, rng.random(15).astype(np.float32)
    first[mass == 0] = 0.0
    expected = np.zeros(12)
    for i in np.flatnonzero(first):
        for e in range(side.ptr[i], side.ptr[i + 1]):
            v = side.row[e]
            expected[v] += first[i] * t[v] * side.affinity[side.code[e]] / mass[i] / first.sum()
    found, runs, walkers = np.zeros(12), 4_000, 10
    for _ in range(runs):
        at = end_of_step(side, mass, t, first, rng.random(), rng.random(walkers))
        assert at.dtype == np.int32
        assert at.size == walkers
        found += np.bincount(at[at >= 0], minlength=12)
    drawn = expected > 0
    errors = (found - runs * walkers * expected)[drawn] / np.sqrt(runs * walkers * expected[drawn])
    assert np.abs(errors).max() < 4
    assert not found[~drawn].any()


def test_strangers_move_no_walker():
    rng = np.random.default_rng(2)
    likes = random_likes(rng, 12, 15, 5)
    t = rng.random(12).astype(np.float32)
    more = likes | {
        v: {int(i): 1.0 for i in rng.choice(15, 9, replace=False)} for v in range(12, 40)
    }
    first, draws = np.ones(15, np.float32), rng.random(50)
    stands = []
    for people in (likes, more):
        snap = snapshot(people, len(people), 15)
        trust = np.resize(t, len(people))
        trust[12:] = 0.0
        mass = np.zeros(15, np.float32)
        for v in range(12):
            for i, a in likes[v].items():
                mass[i] += t[v] * np.float32(a)
        start = np.where(mass > 0, first, 0).astype(np.float32)
        stands.append(end_of_step(snap.item_side, mass, trust, start, 0.3, draws).tolist())
    assert stands[0] == stands[1]


def test_walkers_without_a_start_stand_nowhere_and_hand_on_nothing():
    snap, t, mass = listened(np.random.default_rng(3))
    at = end_of_step(snap.item_side, mass, t, np.zeros(15, np.float32), 0.5, np.full(3, 0.5))
    assert at.tolist() == [-1, -1, -1]
    assert not any(
        made.any() for made in hand_on(snap.author_side, np.ones(12, np.float32), at, 15)
    )


def test_each_walker_hands_on_all_that_her_author_likes():
    side = snapshot({0: {0: 1.0, 2: 1.0}, 1: {1: 1.0}}, 3, 3).author_side
    taste = np.array([2.0, 1.0, 0.0], np.float32)
    at = np.array([0, 1, 0, -1, 2], np.int32)
    out, squares = hand_on(side, taste, at, 3)
    assert out.tolist() == [1.0, 1.0, 1.0]
    assert squares.tolist() == [0.5, 1.0, 0.5]
