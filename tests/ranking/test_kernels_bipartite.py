"""Walks over the bipartite graph: draw for draw, and by their distribution."""

from collections import Counter

import numpy as np
import pytest

from ranking import kernels_bipartite as kernels
from tests.ranking import naive
from tests.ranking.worlds import random_likes, snapshot

SEED = 12345
UNIFORM = (np.empty(0, np.uint32),) * 2
EVEN = np.empty(0, np.float32)


@pytest.fixture(autouse=True)
def _words_wrap():
    with np.errstate(over="ignore"):
        yield


@pytest.fixture
def world():
    """Author 10 likes nothing, author 11 is alone with item 29, nobody likes items 25..28."""
    likes = random_likes(np.random.default_rng(1), 10, 25, 6) | {11: {29: 0.5}}
    trust = np.random.default_rng(2).random(12).astype(np.float32)
    trust[[3, 11]] = 0
    return likes, snapshot(likes, 12, 30), trust


def tables(snap, trust):
    return kernels.alias_side(snap.author_side, EVEN), kernels.alias_side(snap.item_side, trust)


def chances(side, packed, r):
    """Probability of each edge of a row, read off its alias table."""
    low, degree = int(side.ptr[r]), int(side.ptr[r + 1] - side.ptr[r])
    found = np.zeros(degree)
    for k, entry in enumerate(packed[low : low + degree].tolist()):
        if entry == kernels.DEAD:
            return None
        keep = (entry >> 22) / 1024
        found[k] += keep / degree
        found[entry & 0x3FFFFF] += (1 - keep) / degree
    return found


def test_alias_tables_say_what_the_weights_say(world):
    _, snap, trust = world
    for side, factor in ((snap.author_side, EVEN), (snap.item_side, trust)):
        packed = kernels.alias_side(side, factor)
        for r in range(side.ptr.size - 1):
            window = slice(side.ptr[r], side.ptr[r + 1])
            weight = side.affinity[side.code[window]].astype(float)
            if factor.size:
                weight *= factor[side.row[window]]
            found = chances(side, packed, r)
            if weight.sum() == 0:
                assert found is None or not weight.size
            else:
                assert found == pytest.approx(weight / weight.sum(), abs=1 / 1024)


def test_rounding_moves_little_of_a_heavily_skewed_row():
    likes = {0: dict.fromkeys(range(99), 0.01) | {99: 1.0}}
    side = snapshot(likes, 1, 100).author_side
    weight = side.affinity[side.code]
    found = chances(side, kernels.alias_side(side, EVEN), 0)
    assert np.abs(found - weight / weight.sum()).sum() <= 2 * 100 / 100 / 2048
    assert found.sum() == pytest.approx(1)


def walked(snap, aliases, start, steps, reset, seed=SEED):
    visits = np.zeros(snap.n_authors, np.int32), np.zeros(snap.n_items, np.int32)
    kernels.walk_in_step(
        np.asarray(start, np.int32), (snap.author_side, snap.item_side), aliases, steps, reset,
        np.uint64(seed), visits,
    )  # fmt: skip
    return visits


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("steps", "reset"), [(1, 0.0), (6, 0.0), (7, 0.3)])
def test_visits_are_those_of_the_twin(world, weighted, steps, reset, monkeypatch):
    _, snap, trust = world
    sides = (snap.author_side, snap.item_side)
    rows = [
        [side.row[side.ptr[r] : side.ptr[r + 1]].tolist() for r in range(side.ptr.size - 1)]
        for side in sides
    ]
    aliases, chance = UNIFORM, None
    if weighted:
        aliases = tables(snap, trust)
        chance = [
            [
                [(e >> 22, e & 0x3FFFFF) for e in packed[side.ptr[r] : side.ptr[r + 1]].tolist()
                 if e != kernels.DEAD]
                for r in range(side.ptr.size - 1)
            ]
            for side, packed in zip(sides, aliases, strict=True)
        ]  # fmt: skip
    start = [0, 3, 5, 10, 11, 1] * 40
    seen = Counter(
        visit
        for w, author in enumerate(start)
        for visit in naive.bipartite_walk(w, author, rows, chance, steps, reset, SEED)
    )
    by_author, by_item = walked(snap, aliases, start, steps, reset)
    assert by_item.tolist() == [seen[0, i] for i in range(30)]
    assert by_author.tolist() == [seen[1, v] for v in range(12)]


def test_walkers_of_a_later_block_walk_like_all_others(world):
    _, snap, trust = world
    aliases = tables(snap, trust)
    n = kernels.BLOCK + 5
    whole = walked(snap, aliases, [4] * n, 2, 0.0)
    first = walked(snap, aliases, [4] * kernels.BLOCK, 2, 0.0)
    assert (whole[1] - first[1]).sum() == 5
    assert (whole[1] >= first[1]).all()


@pytest.mark.compiled
@pytest.mark.parametrize("weighted", [False, True])
def test_walks_are_distributed_as_the_weights_are(world, weighted):
    likes, snap, trust = world
    n = 200_000
    by_author, by_item = walked(
        snap, tables(snap, trust) if weighted else UNIFORM, np.full(n, 4), 2, 0.0
    )
    step = {i: a if weighted else 1.0 for i, a in likes[4].items()}
    expected = np.zeros(30)
    for i, a in step.items():
        expected[i] = a / sum(step.values())
    assert by_item / n == pytest.approx(expected, abs=4 * 0.5 / n**0.5 + 1 / 1024)
    back = np.zeros(12)
    for i, chance in enumerate(expected):
        heard = {v: trust[v] * likes[v][i] if weighted else 1.0 for v in likes if i in likes[v]}
        for v, weight in heard.items():
            back[v] += chance * weight / sum(heard.values()) if chance else 0
    assert by_author / n == pytest.approx(back, abs=4 * 0.5 / n**0.5 + 1 / 1024)


def test_draws_are_a_hash_of_the_counter():
    bits = np.empty(3, np.uint64)
    kernels.draw_bits(np.uint64(SEED), 5, 7, bits)
    assert bits.tolist() == [naive.split_mix((5 << 32) + w, SEED) for w in (7, 8, 9)]
