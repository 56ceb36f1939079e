import numpy as np
import pytest

from sim.demo.sybil import CAMOUFLAGE, attack, fake_titles, most_rated

POPULAR = np.arange(500, 600)


def test_each_edge_lets_in_one_star() -> None:
    region = attack(943, POPULAR, np.random.default_rng(1), edges=20, each=20)
    assert region.identities == 400
    assert len(set(region.fooled)) == len(region.heads) == 20
    reached = {head: {head} for head in region.heads}
    for who, whom in region.vouches:
        reached[who].add(whom)
    assert sorted(i for star in reached.values() for i in star) == list(range(400))
    assert {len(star) for star in reached.values()} == {20}


def test_identities_pretend_to_ordinary_taste() -> None:
    region = attack(50, POPULAR, np.random.default_rng(1), edges=2, each=3)
    for films in region.liked:
        assert len(set(films)) == len(films) == CAMOUFLAGE
        assert set(films) <= set(POPULAR.tolist())


def test_more_people_cannot_be_fooled_than_there_are() -> None:
    with pytest.raises(ValueError, match="larger sample"):
        attack(3, POPULAR, np.random.default_rng(1), edges=4, each=1)


def test_most_rated_films_come_first() -> None:
    film = np.array([3, 3, 3, 1, 1, 0], np.int32)
    assert most_rated(film, 5, 3).tolist() == [3, 1, 0]


def test_fake_titles_differ() -> None:
    assert len(set(fake_titles(20))) == 20
