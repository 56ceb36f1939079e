import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.demo.dataset import Dataset
from sim.demo.split import GOOD_STARS, HELD_OUT, split_by_person, weights_percent


def dataset_of(sizes: list[int], seed: int = 0) -> Dataset:
    rng = np.random.default_rng(seed)
    person = rng.permutation(np.repeat(np.arange(len(sizes)), sizes)).astype(np.int32)
    film = np.empty_like(person)
    for p, size in enumerate(sizes):
        film[person == p] = rng.permutation(60)[:size]
    stars = rng.integers(1, 6, person.size).astype(np.int8)
    time = rng.integers(0, 10**9, person.size)
    names = tuple(str(k) for k in range(60))
    return Dataset(person, film, stars, time, names[: len(sizes)], names, names)


@given(st.lists(st.integers(0, 60), min_size=1, max_size=12), st.integers(0, 9))
def test_everybody_keeps_most_of_her_ratings(sizes, seed) -> None:
    data = dataset_of(sizes, seed)
    split = split_by_person(data, np.random.default_rng(seed))
    kept = np.bincount(data.person[split.shared], minlength=len(sizes))
    assert kept.tolist() == [size - int(size * HELD_OUT) for size in sizes]


def test_wanted_are_the_good_ones_among_the_held_out() -> None:
    data = dataset_of([50, 20, 0])
    split = split_by_person(data, np.random.default_rng(3))
    held = np.setdiff1d(np.arange(data.person.size), split.shared)
    for person, wanted in enumerate(split.wanted):
        rows = held[data.person[held] == person]
        assert wanted == set(data.film[rows[data.stars[rows] >= GOOD_STARS]].tolist())


def test_nobody_is_judged_by_what_she_was_told() -> None:
    data = dataset_of([50, 20])
    split = split_by_person(data, np.random.default_rng(3))
    for person, wanted in enumerate(split.wanted):
        told = data.film[split.shared[data.person[split.shared] == person]]
        assert wanted.isdisjoint(told.tolist())


def test_the_seed_decides() -> None:
    data = dataset_of([50, 50])
    draws = [split_by_person(data, np.random.default_rng(s)).shared.tolist() for s in (1, 1, 2)]
    assert draws[0] == draws[1] != draws[2]


@pytest.mark.parametrize(("stars", "percent"), [(1, -100), (3, 20), (5, 100)])
def test_stars_become_affinity(stars, percent) -> None:
    assert weights_percent(np.array([stars], np.int8)).tolist() == [percent]
