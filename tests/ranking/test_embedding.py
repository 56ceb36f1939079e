"""Vectors against the formula; who is not trusted is in none of them; newcomers without a pass."""

from dataclasses import replace

import numpy as np
import pytest

from ranking.embedding import Embedding, EmbeddingConfig, Neighbourhood, item_means, places
from ranking.kernels_embedding import Contexts
from tests.ranking import naive_embedding as naive
from tests.ranking.test_kernels_embedding import N_ITEMS, people

ROWS = np.arange(N_ITEMS, dtype=np.int32)


def around(seed=0, **more):
    """People, and as a second kind of context two more of them as if they were tags."""
    contexts, authors, items = people(seed, **more)
    tags, names, _ = people(seed + 1, strangers=range(2, 9))
    return Neighbourhood(items, (contexts, tags), (authors, names), floor=0.1)


def means(one, made):
    return item_means(one.placed(made.identity), made.mixed, ROWS)[0]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"weights": (1.0, 0.0)},
        {"weights": (0.5, 2.0), "popularity": -0.9, "size_exponent": 0.5},
        {"weights": (0.0, 1.0), "popularity": 0.0, "dimensions": 7},
    ],
    ids=str,
)
def test_vectors_are_the_formula(settings):
    config = EmbeddingConfig(**({"dimensions": 70} | settings))
    one = around()
    made = Embedding.of(one, config)
    assert means(one, made) == pytest.approx(naive.vectors(one, config), rel=1e-3, abs=1e-5)
    vectors, mass = made.vectors(one.placed(made.identity), ROWS)
    assert vectors.dtype == mass.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1)[mass > 0] == pytest.approx(1, rel=1e-5)
    assert mass == pytest.approx(one.mass())


def test_one_item_alone_has_the_vector_that_it_has_among_all():
    one = around()
    made = Embedding.of(one, EmbeddingConfig(dimensions=16))
    placed = one.placed(made.identity)
    every, some = made.vectors(placed, ROWS)[0], made.vectors(placed, ROWS[[5, 2]])[0]
    assert (some == every[[5, 2]]).all()


def test_the_same_seed_gives_the_same_bits():
    config = EmbeddingConfig(dimensions=16, weights=(1.0, 0.3))
    made, again = Embedding.of(around(), config), Embedding.of(around(), config)
    assert made.mixed.tobytes() == again.mixed.tobytes()


def test_who_comes_later_gets_the_profile_that_a_whole_pass_gives():
    """But for the mean degree, which beta 0 takes out, and for what the others make of her."""
    config = EmbeddingConfig(dimensions=48, popularity=0.0, weights=(1.0, 0.5))
    whole = around()
    person, tags = whole.kinds
    before = person.scale.copy()
    before[4] = 0
    early = replace(whole, kinds=(person._replace(scale=before), tags))
    made = Embedding.of(early, config)
    grown = made.extended(whole)
    full = Embedding.of(whole, config)
    assert (grown.identity == full.identity).all()
    [at] = places(full.identity, whole.identities[0][4:5])
    assert grown.mixed[at] == pytest.approx(full.mixed[at], rel=1e-3, abs=1e-5)
    old = places(grown.identity, made.identity)
    assert (grown.mixed[old] == made.mixed).all(), "the others stay what they were"
    assert grown.extended(whole) is grown


def test_the_most_trusted_have_the_profiles_where_there_is_not_room_for_all():
    one = around()
    made = Embedding.of(one, EmbeddingConfig(dimensions=8, contexts_max=3))
    scale = np.concatenate([kind.scale for kind in one.kinds])
    best = np.concatenate(one.identities)[np.argsort(-scale)[:3]]
    assert made.identity.tolist() == sorted(best.tolist())
    assert made.extended(one) is made
    _, mass = made.vectors(one.placed(made.identity), ROWS)
    assert mass == pytest.approx(one.mass()), "the others still count in the mass"


def test_places_of_nothing_and_of_what_is_not_there():
    known = np.array([2, 5, 9], np.uint64)
    assert places(known, np.array([9, 1, 5, 10], np.uint64)).tolist() == [2, -1, 1, -1]
    assert places(known[:0], known).tolist() == [-1, -1, -1]


def test_nobody_at_all_is_no_error():
    contexts, authors, items = people()
    silent = Contexts(contexts.of_items, contexts.items_of, 0 * contexts.scale, contexts.place)
    one = Neighbourhood(items, (silent,), (authors,))
    made = Embedding.of(one, EmbeddingConfig(dimensions=4))
    assert len(made.identity) == 0
    assert not made.vectors(one.placed(made.identity), ROWS)[0].any()


@pytest.mark.parametrize(
    "settings", [{"dimensions": 0}, {"weights": (0.0, 0.0)}, {"contexts_max": 0}]
)
def test_what_cannot_be_is_refused(settings):
    with pytest.raises(ValueError, match=r"must be|need"):
        EmbeddingConfig(**settings)
