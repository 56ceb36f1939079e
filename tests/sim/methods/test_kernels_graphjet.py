"""GraphJet's walk against exact propagation of walkers, and its reset rule by hand."""

import numpy as np
import pytest

from sim.methods.kernels_graphjet import salsa_visits
from tests.sim.methods.worlds import dense, random_world, world


def visits(the_world, start, query, length, reset, seed=1):
    snapshot = the_world.snapshot
    return salsa_visits(
        np.array(start, np.int32),
        query,
        (snapshot.author_ptr, snapshot.author_item),
        (snapshot.item_ptr, snapshot.item_author),
        length,
        reset,
        np.random.default_rng(seed),
    )


def expected(the_world, start, query, length, reset):
    """Expected visits, by mass: the binomial of `LeftSalsaIteration` is a mean here."""
    has = dense(the_world) > 0
    forth = has / np.maximum(has.sum(1, keepdims=True), 1)
    back = (has / np.maximum(has.sum(0), 1)).T
    left = np.bincount(start, minlength=has.shape[0]).astype(float)
    total = np.zeros(has.shape[1])
    for step in range(length):
        if step % 2 == 0:
            right = (left * (1 - reset)) @ forth
            total += right
            back_at_query = reset * left.sum()
            left = np.zeros_like(left)
            left[query] = back_at_query
        else:
            left = left + right @ back
    return total


@pytest.mark.parametrize(("length", "reset"), [(1, 0.0), (3, 0.0), (5, 0.3), (9, 0.5)])
def test_visits_are_those_of_the_published_propagation(length, reset) -> None:
    the_world = random_world(2, n_people=8, n_items=10)
    start = [0] * 40_000 + [1] * 10_000
    found = visits(the_world, start, 0, length, reset)
    wanted = expected(the_world, start, 0, length, reset)
    assert found == pytest.approx(wanted, abs=6 * np.sqrt(wanted.max() * length))


def test_a_reset_skips_a_step_and_goes_to_the_query_node() -> None:
    # 0 has item 0, 1 has item 1: no walker ever leaves its own but by a reset to 0.
    the_world = world({0: [0], 1: [1]})
    assert visits(the_world, [1] * 1000, 0, 5, 0.0).tolist() == [0, 3000]
    found = visits(the_world, [1] * 100_000, 0, 5, 0.3)
    assert found[1] / 1e5 == pytest.approx(0.7 + 0.7**2 + 0.7**3, abs=0.01)
    assert found[0] / 1e5 == pytest.approx(0.7 * 0.3 + 0.7 * (1 - 0.7**2), abs=0.01)


def test_walkers_on_people_without_items_vanish() -> None:
    the_world = world({0: [], 1: [0]})
    assert visits(the_world, [0] * 10, 0, 5, 0.0).sum() == 0
    found = visits(the_world, [1] * 100_000, 0, 3, 0.3)
    assert found[0] / 1e5 == pytest.approx(0.7 + 0.7**2, abs=0.01)
