"""Scenario and seed decide who is there."""

import gzip

import numpy as np
import pytest

from sim.population.drawing import population_of
from sim.population.sources import MissingData
from sim.scenario.schema import Planted, World


def test_a_planted_population_holds_items_out():
    world = World(people=50, held_out=0.25, planted=Planted(clusters=5, items=100, likes=20))
    made = population_of(world, 3)
    assert made.n_people == 50
    assert made.train.sizes.tolist() == [15] * 50
    assert made.wanted.sizes.tolist() == [5] * 50
    for person in range(50):
        known = made.train.item[made.train.user == person]
        assert not np.isin(made.wanted.of_person(person), known).any()
    assert made.cluster.size == 50
    assert made.world.snapshot.n_authors == 50


def test_nothing_is_held_out_when_nothing_is_to_be_found():
    made = population_of(World(people=10, held_out=0.0), 0)
    assert made.wanted.sizes.tolist() == [0] * 10
    assert made.train.sizes.tolist() == [40] * 10


def test_equal_seeds_give_equal_people():
    one, same, other = (population_of(World(people=30), seed) for seed in (1, 1, 2))
    assert np.array_equal(one.train.pair, same.train.pair)
    assert np.array_equal(one.vouches.target, same.vouches.target)
    assert not np.array_equal(one.train.pair, other.train.pair)


def test_a_planted_world_needs_people():
    with pytest.raises(ValueError, match="how many people"):
        population_of(World(people=0), 0)


def test_a_missing_file_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("GRAPEVINE_DATA", str(tmp_path))
    with pytest.raises(MissingData, match=r"user_artists\.dat\.gz is missing.*GRAPEVINE_DATA"):
        population_of(World(data="hetrec"), 0)


def hetrec_like(tmp_path):
    """Two towns of three people who know each other, and somebody alone."""
    place = tmp_path / "hetrec-lastfm-2k"
    place.mkdir()
    plays = [
        f"{user}\t{artist}\t{10 * user}" for user in range(1, 8) for artist in (1, 2, 9 + user)
    ]
    pairs = [(a, b) for town in ((1, 2, 3), (4, 5, 6)) for a in town for b in town if a != b]
    with gzip.open(place / "user_artists.dat.gz", "wt") as file:
        file.write("\n".join(["userID\tartistID\tweight", *plays]) + "\n")
    with gzip.open(place / "user_friends.dat.gz", "wt") as file:
        file.write("\n".join(["userID\tfriendID", *(f"{a}\t{b}" for a, b in pairs)]) + "\n")


def test_people_are_drawn_with_their_acquaintances(monkeypatch, tmp_path):
    hetrec_like(tmp_path)
    monkeypatch.setenv("GRAPEVINE_DATA", str(tmp_path))
    whole = population_of(World(data="hetrec", people=0, held_out=0.0), 0)
    assert (whole.n_people, len(whole.vouches), whole.train.n_items) == (7, 12, 9)
    friends = [len(population_of(World(data="hetrec", people=3), s).vouches) for s in range(20)]
    assert friends.count(6) >= 15  # a whole town, unless the one who is alone was drawn first
    with pytest.raises(ValueError, match="7 people, not 8"):
        population_of(World(data="hetrec", people=8), 0)


@pytest.mark.data
def test_the_published_files_can_be_populations():
    assert population_of(World(data="hetrec", people=0), 0).n_people == 1_892
    few = population_of(World(data="hetrec", people=200), 0)
    assert few.n_people == 200
    assert len(few.vouches) / 200 > 5
    assert population_of(World(data="ciao", people=100), 0).n_people == 100
    assert len(population_of(World(data="gowalla", people=100), 0).vouches) == 0
