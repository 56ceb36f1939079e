"""Vectors against the formula; who is not trusted is in none of them."""

import numpy as np
import pytest

from ranking.embedding import EmbeddingConfig, Neighbourhood, item_vectors, profiles
from tests.ranking import naive_embedding as naive
from tests.ranking.test_kernels_embedding import N_ITEMS, people


def around(seed=0, **more):
    contexts, authors, items = people(seed, **more)
    place = np.full(len(contexts.scale), -1, np.int32)
    heard = contexts.scale > 0
    place[heard] = np.arange(heard.sum())
    return Neighbourhood(items, (contexts._replace(place=place),), (authors,), floor=0.1)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"weights": (1.0, 0.0, 0.0, 0.0)},
        {"weights": (0.5, 1.0, 2.0, 4.0), "popularity": -0.9, "size_exponent": 0.5},
        {"weights": (0.0, 0.0, 0.0, 1.0), "popularity": 0.0, "dimensions": 7},
    ],
    ids=str,
)
def test_vectors_are_the_formula(settings):
    config = EmbeddingConfig(**({"dimensions": 30} | settings))
    one = around()
    made, mass = item_vectors(one, profiles(one, config), np.arange(N_ITEMS, dtype=np.int32))
    assert made == pytest.approx(naive.vectors(one, config), rel=1e-3, abs=1e-5)
    assert made.dtype == mass.dtype == np.float32


def test_one_item_alone_has_the_vector_that_it_has_among_all():
    config = EmbeddingConfig(dimensions=16)
    one = around()
    made = profiles(one, config)
    every, _ = item_vectors(one, made, np.arange(N_ITEMS, dtype=np.int32))
    some, _ = item_vectors(one, made, np.array([5, 2], np.int32))
    assert (some == every[[5, 2]]).all()


def test_the_same_seed_gives_the_same_bits():
    config = EmbeddingConfig(dimensions=16, weights=(0.1, 1.0, 0.2, 0.3))
    assert profiles(around(), config).tobytes() == profiles(around(), config).tobytes()


@pytest.mark.parametrize("settings", [{"dimensions": 0}, {"weights": (0.0, 0.0, 0.0, 0.0)}])
def test_what_cannot_be_is_refused(settings):
    with pytest.raises(ValueError, match=r"must be|need four"):
        EmbeddingConfig(**settings)
