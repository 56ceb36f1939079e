"""The embedding's kernels: signs are fair and the same for the same name, means are means."""

import numpy as np
import pytest

from ranking.interner import Interner
from ranking.kernels_embedding import (
    Contexts,
    add_profiles,
    add_signs,
    divide_rows,
    fingerprints,
    hash_rows,
    mean_signs,
    mean_vectors,
    mixed,
)
from ranking.kernels_storage import hash_names
from tests.ranking import naive_embedding as naive
from tests.ranking.worlds import random_likes, snapshot

N_AUTHORS, N_ITEMS, DIMENSIONS = 9, 14, 40


def people(seed=0, *, strangers=(2, 5)):
    """(contexts, identities of authors, of items): profiles for all but strangers and author 7."""
    rng = np.random.default_rng(seed)
    graph = snapshot(random_likes(rng, N_AUTHORS, N_ITEMS, 4), N_AUTHORS, N_ITEMS)
    scale = rng.random(N_AUTHORS).astype(np.float32)
    scale[list(strangers)] = 0
    place = np.full(N_AUTHORS, -1, np.int32)
    placed = [v for v in range(N_AUTHORS) if scale[v] > 0 and v != 7]
    place[placed] = np.arange(len(placed))
    identities = rng.integers(0, 2**64, N_AUTHORS + N_ITEMS, np.uint64)
    contexts = Contexts(graph.item_side, graph.author_side, scale, place)
    return contexts, identities[:N_AUTHORS], identities[N_AUTHORS:]


@pytest.mark.parametrize("dimensions", [1, 21, 22, 128])
def test_a_direction_is_what_its_bits_say(dimensions):
    for identity in (0, 1, 2**64 - 1, 0x123456789ABCDEF0):
        out = np.zeros(dimensions, np.float32)
        add_signs(np.uint64(identity), 1.0, out)
        assert out.tolist() == naive.signs(identity, dimensions).tolist()
        assert int(mixed(np.uint64(identity))) == naive.mixed(identity)


def test_directions_are_fair_and_independent():
    made = np.zeros((2000, 64), np.float32)
    for row in range(2000):
        add_signs(np.uint64(row), 1.0, made[row])
    assert abs(float(made.mean())) < 0.005
    assert float((made != 0).mean()) == pytest.approx(0.25, abs=0.01)
    cosines = made[:1000] @ made[1000:].T / 16
    assert float(cosines.std()) == pytest.approx(1 / 8, rel=0.1), "1 / sqrt(dimensions)"


def test_profiles_are_means_of_their_items():
    contexts, _, items = people()
    gain = np.linspace(0.5, 2, N_ITEMS).astype(np.float32)
    likes = naive.dense(contexts.items_of, N_AUTHORS, N_ITEMS)
    directions = np.array([naive.signs(i, DIMENSIONS) for i in items])
    expected = (likes * gain / likes.sum(axis=1)[:, None] ** 0.6) @ directions
    made = np.zeros((contexts.place.max() + 1, DIMENSIONS), np.float32)
    mean_signs(contexts, items, gain, 0.6, made)
    placed = np.flatnonzero(contexts.place >= 0)
    assert made == pytest.approx(expected[placed], abs=1e-5)
    row_of = np.array([3, -1, *range(4, N_ITEMS + 2)], np.int32)
    vectors = np.random.default_rng(2).random((N_ITEMS + 2, 3)).astype(np.float32)
    there = likes * gain / likes.sum(axis=1)[:, None] ** 0.6 * (row_of >= 0)
    means = np.zeros((len(made), 3), np.float32)
    mean_vectors(contexts, vectors, row_of, gain, 0.6, means)
    assert means == pytest.approx((there @ vectors[row_of])[placed], abs=1e-5)


def test_an_item_is_the_mean_of_its_heard_contexts_and_mass_counts_all_of_them():
    contexts, _, _ = people()
    profiles = np.random.default_rng(1).random((contexts.place.max() + 1, 5)).astype(np.float32)
    weighted = naive.dense(contexts.of_items, N_ITEMS, N_AUTHORS) * contexts.scale
    placed = contexts.place >= 0
    expected = weighted[:, placed] @ profiles[contexts.place[placed]]
    rows = np.array([3, 0, 13, N_ITEMS + 4], np.int32)
    vectors, mass = np.zeros((4, 5), np.float32), np.zeros(4, np.float32)
    add_profiles(contexts, rows, profiles, vectors, mass)
    assert mass[:3] == pytest.approx(weighted.sum(axis=1)[rows[:3]], rel=1e-5)
    assert vectors[:3] == pytest.approx(expected[rows[:3]], rel=1e-4)
    assert not vectors[3].any(), "a row of another kind of context alone"
    assert mass[3] == 0
    divide_rows(vectors, mass)
    heard = mass[:3] > 0
    means = expected[rows[:3]][heard] / mass[:3][heard][:, None]
    assert vectors[:3][heard] == pytest.approx(means, rel=1e-4)
    assert not vectors[~(mass > 0)].any()


def test_a_fingerprint_tells_who_is_heard_and_nothing_else():
    contexts, authors, _ = people()
    rows = np.arange(N_ITEMS, dtype=np.int32)
    made, degree = np.zeros(N_ITEMS, np.uint64), np.zeros(N_ITEMS, np.int64)
    fingerprints(contexts, authors, rows, made, degree)
    for i in rows.tolist():
        window = slice(contexts.of_items.ptr[i], contexts.of_items.ptr[i + 1])
        who = [v for v in contexts.of_items.row[window].tolist() if contexts.scale[v] > 0]
        words = [(int(authors[v]) + 0x9E3779B97F4A7C15) & (2**64 - 1) for v in who]
        assert degree[i] == len(who)
        assert int(made[i]) == sum(naive.mixed(w) for w in words) & (2**64 - 1)


def test_rows_are_hashed_as_their_names_are():
    key = np.array([5, 6], np.uint64)
    names = Interner(key=9, names_max=50, names_bytes_max=5_000)
    rows = names.intern_many([b"a:%d" % n for n in range(20)])
    names.release_many(rows[4:8])
    _, arena, starts, lengths = names.arrays()
    made = hash_rows(arena, starts, lengths, key)
    for row in range(names.rows):
        name = names.name(row)
        data, size = (
            np.frombuffer(bytearray(name or b"?"), np.uint8),
            np.array([len(name)], np.int32),
        )
        assert made[row] == (hash_names(data, size, key)[0] if name else 0)
