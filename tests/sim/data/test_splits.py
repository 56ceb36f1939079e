from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.data.interactions import Interactions, Vouches
from sim.data.splits import cut_after, folds, hold_out, past_and_future
from tests.sim.data.test_interactions import likes


def people_with(sizes: list[int], seed: int = 0) -> Interactions:
    pairs = [(user, item) for user, size in enumerate(sizes) for item in range(size)]
    order = np.random.default_rng(seed).permutation(len(pairs))
    return likes([pairs[n] for n in order], len(sizes), 60)


def divided(data: Interactions, train: Interactions, test: Interactions) -> bool:
    return sorted(data.pair.tolist()) == sorted(train.pair.tolist() + test.pair.tolist())


@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=9), st.floats(0.05, 0.9), st.integers(0, 5)
)
def test_a_hold_out_takes_its_part_of_everybody(sizes, part: float, seed: int) -> None:
    data = people_with(sizes)
    split = hold_out(data, part, np.random.default_rng(seed))
    assert split.test.sizes.tolist() == [int(size * part + 1e-9) for size in sizes]
    assert divided(data, split.train, split.test)


def test_hold_outs_differ_by_seed_and_only_by_seed() -> None:
    data = people_with([30, 30])
    one, same, other = (hold_out(data, 0.2, np.random.default_rng(s)) for s in (1, 1, 2))
    assert one.test.pair.tolist() == same.test.pair.tolist()
    assert one.test.pair.tolist() != other.test.pair.tolist()
    with pytest.raises(ValueError, match="between 0 and 1"):
        hold_out(data, 1.0, np.random.default_rng(0))


def test_each_pair_is_in_one_fold() -> None:
    data = people_with([13, 2, 40])
    made = [*folds(data, 5, np.random.default_rng(3))]
    assert all(divided(data, one.train, one.test) for one in made)
    found = [pair for one in made for pair in one.test.pair.tolist()]
    assert sorted(found) == sorted(data.pair.tolist())
    with pytest.raises(ValueError, match="at least 2 folds"):
        next(folds(data, 1, np.random.default_rng(3)))


def friends(days: list[int]) -> Vouches:
    n = len(days)
    source, target = np.zeros(n, np.int32), np.arange(1, n + 1, dtype=np.int32)
    return Vouches(source, target, np.ones(n, np.float32), np.array(days, np.int32))


@given(st.lists(st.integers(0, 50), min_size=1, max_size=40), st.integers(0, 50))
def test_nothing_of_the_future_is_known(days, cut: int) -> None:
    data = people_with([len(days) // 2, len(days) - len(days) // 2])
    data = replace(data, day=np.array(days, np.int32))
    case = past_and_future(data, friends([3, cut, cut - 1, 60]), cut)
    assert case.train.day is not None
    assert case.test.day is not None
    assert case.trust is not None
    assert case.trust.day is not None
    assert (case.train.day < cut).all()
    assert (case.test.day >= cut).all()
    assert (case.trust.day < cut).all()
    assert len(case.trust) == (cut > 3) + 1
    assert len(case.train) == sum(day < cut for day in days)
    assert (case.train.sizes[case.test.user] > 0).all()


def test_what_is_known_by_then_is_not_asked_for() -> None:
    train = replace(likes([(0, 0), (0, 1)]), day=np.array([1, 9], np.int32))
    later = replace(likes([(0, 0), (0, 2)]), day=np.array([8, 2], np.int32))
    case = past_and_future(train, None, 5, later)
    assert case.train.pair.tolist() == [0]
    assert not len(case.test)


def test_times_must_be_there() -> None:
    timeless = replace(likes([(0, 0)]), day=None)
    with pytest.raises(ValueError, match="interactions have no times"):
        past_and_future(timeless, None, 5)
    with pytest.raises(ValueError, match="vouches have no times"):
        past_and_future(likes([(0, 0)]), replace(friends([1]), day=None), 5)
    with pytest.raises(ValueError, match="no times"):
        cut_after(timeless, 0.8)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=30), st.floats(0, 1))
def test_the_cut_leaves_no_more_than_its_part_before_it(days, part: float) -> None:
    data = people_with([len(days)])
    data = replace(data, day=np.array(days, np.int32))
    assert sum(day < cut_after(data, part) for day in days) <= part * len(days)
