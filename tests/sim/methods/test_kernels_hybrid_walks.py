"""The hybrid walk against the published loop in plain Python, and its rules on tiny graphs."""

from itertools import pairwise

import numpy as np
import pytest

from sim.methods.kernels_hybrid_walks import Rules, Trust, find, hybrid_walks, pick_other, step_back
from sim.methods.web3recommend import Web3Recommend
from tests.sim.methods import naive_walks
from tests.sim.methods.naive_walks import split
from tests.sim.methods.worlds import random_world, world


def parts(the_world):
    """(Content, Trust, songs, trust) for kernel and twin."""
    ranker = Web3Recommend().prepare(the_world)
    content, graph = ranker.content, ranker.graph
    songs = {
        v: list(
            zip(*(c[low:high].tolist() for c in (content.author_item, content.share)), strict=True)
        )
        for v in range(the_world.snapshot.n_authors)
        for low, high in [content.author_ptr[v : v + 2]]
    }
    trusted = {
        v: list(zip(*(c[low:high].tolist() for c in (graph.target, graph.weight)), strict=True))
        for v in songs
        for low, high in [graph.ptr[v : v + 2]]
    }
    return content, Trust(graph.ptr, graph.target, graph.weight, graph.total, False), songs, trusted


@pytest.mark.parametrize("stale", [True, False])
@pytest.mark.parametrize("eta", [None, 0.01])
@pytest.mark.parametrize("balance", [0.0, 0.6])
def test_walks_are_the_published_ones_draw_for_draw(stale, eta, balance) -> None:
    for seed in range(4):
        the_world = random_world(seed, n_people=14, n_items=15, friends=2)
        content, trust, songs, trusted = parts(the_world)
        root = next(v for v in trusted if trusted[v])
        jump = [(x, 0.5 + k) for k, (x, _) in enumerate(trusted[root])]
        sums = np.cumsum([weight for _, weight in jump])
        rules = Rules(0.05, 20, balance, -1.0 if eta is None else eta, stale)
        found = hybrid_walks(root, content, trust, sums, rules, 80, np.random.default_rng(seed))
        wanted = naive_walks.hybrid_walks(
            root, songs, trusted, jump, (0.05, 20, balance, eta, stale), 80,
            np.random.default_rng(seed),
        )  # fmt: skip
        assert split(found, 14) == wanted


def test_a_walk_that_loses_its_way_leaves_its_state_to_the_next() -> None:
    # 0 trusts 1, who trusts nobody; both have item 0, and 0 has item 1 beside, 1 has item 2.
    content, trust, _, _ = parts(world({0: [0, 1], 1: [0, 2], 2: [2, 1]}, {(0, 1): 1.0}))
    rules = Rules(1e-9, 100, 0.0, -1.0, True)
    walks = split(
        hybrid_walks(0, content, trust, np.ones(1), rules, 400, np.random.default_rng(1)), 3
    )
    lost_at = {(before[-1], after[1]) for before, after in pairwise(walks) if after[1:]}
    # Each walk ends on an item of 1's; item 0 is then barred as the first of the next walk.
    assert (("song", 0), ("song", 0)) not in lost_at
    assert (("song", 2), ("song", 0)) in lost_at
    rules = rules._replace(stale=False)
    walks = split(
        hybrid_walks(0, content, trust, np.ones(1), rules, 400, np.random.default_rng(1)), 3
    )
    free = {(before[-1], after[1]) for before, after in pairwise(walks) if after[1:]}
    assert (("song", 0), ("song", 0)) in free


def steps(content, trust, at, item, eta):
    rng = np.random.default_rng(5)
    return (
        np.bincount(
            [step_back(at, item, content, trust, eta, rng) for _ in range(8000)],
            minlength=content.author_ptr.size - 1,
        )
        / 8000
    )


def test_the_way_back_is_filtered_by_trust() -> None:
    likes = {0: [0], 1: [0, 1], 2: [0, 1, 2, 3], 3: [0], 4: [1, 4]}
    vouches = {(0, 1): 0.25, (0, 2): 1.0, (0, 4): 0.5}
    content, trust, _, _ = parts(world(likes, vouches))
    # Item 0: 1 with 1/2 and 2 with 1/4 have it; 3 is not trusted; 4 does not have it.
    assert steps(content, trust, 0, 0, -1.0) == pytest.approx([0, 2 / 3, 1 / 3, 0, 0], abs=0.02)
    # Item 5 is had by nobody trusted: by trust alone.
    fallback = [0, 1 / 7, 4 / 7, 0, 2 / 7]
    content, trust, _, _ = parts(world({**likes, 3: [0, 5], 0: [0, 5]}, vouches))
    assert steps(content, trust, 0, 5, -1.0) == pytest.approx(fallback, abs=0.02)
    # Smooth: trust times (share + eta), for both.
    weights = np.array([0, 0.25 * 0.6, 1.0 * 0.35, 0, 0.5 * 0.1])
    assert steps(content, trust, 0, 0, 0.1) == pytest.approx(weights / weights.sum(), abs=0.02)
    assert steps(content, trust, 0, 5, 0.1) == pytest.approx(fallback, abs=0.02)
    everyone = trust._replace(everyone=True)
    shares = np.array([0, 0.5, 0.25, 0.5, 0])
    assert steps(content, everyone, 0, 0, -1.0) == pytest.approx(shares / 1.25, abs=0.02)


def test_another_edge_is_picked_in_proportion() -> None:
    total = np.array([1.0, 3.0, 6.0, 10.0])
    for left_out in (-1, 0, 1, 2, 3):
        draws = [pick_other(total, 0, 4, left_out, d) for d in (np.arange(2000) + 0.5) / 2000]
        weight = np.array([1.0, 2.0, 3.0, 4.0])
        if left_out >= 0:
            weight[left_out] = 0.0
        assert np.bincount(draws, minlength=4) / 2000 == pytest.approx(
            weight / weight.sum(), abs=2e-3
        )
    assert pick_other(total, 0, 1, 0, 0.5) == -1
    assert pick_other(total, 2, 2, -1, 0.5) == -1


def test_rows_are_searched() -> None:
    row = np.array([9, 1, 4, 7, 2], np.int32)
    assert [find(row, 1, 4, wanted) for wanted in (1, 4, 7, 0, 5, 9)] == [1, 2, 3, -1, -1, -1]
    assert find(row, 2, 2, 4) == -1
