"""Every method answers by its name, with every parameter it declares, the same for equal seeds."""

import itertools

import numpy as np
import pytest

from sim.methods.registry import METHODS, Entry, _as_kind_of, method
from tests.sim.methods.worlds import listed, random_world, world


@pytest.mark.compiled
@pytest.mark.parametrize("name", METHODS)
def test_lists_are_good_and_equal_for_equal_seeds(name) -> None:
    the_world = random_world(1)
    ranker = method(name).prepare(the_world)
    for person in range(3):
        found = ranker.rank(person, 10, np.random.default_rng([7, person]))
        assert 0 < found.item.size <= 10
        assert found.item.dtype == np.int32
        assert found.score.dtype == np.float64
        assert (found.score > 0).all()
        assert np.unique(found.item).size == found.item.size
        assert not np.isin(found.item, the_world.snapshot.liked(person)).any()
        again = method(name).prepare(the_world)
        again.rank((person + 1) % 3, 10, np.random.default_rng(1))
        assert listed(again.rank(person, 10, np.random.default_rng([7, person]))) == listed(found)


@pytest.mark.parametrize("name", METHODS)
def test_data_without_vouches_and_people_without_anything_are_served(name) -> None:
    likes = {0: [0, 1], 1: [0, 2], 2: [1, 2, 3], 3: {}, 4: [3]}
    unknown = method(name).prepare(world(likes))
    assert 0 < unknown.rank(0, 5, np.random.default_rng(1)).item.size <= 2
    for vouches in (None, {(1, 2): 1.0}):
        ranker = method(name).prepare(world(likes, vouches))
        for person in likes:
            assert ranker.rank(person, 5, np.random.default_rng(1)).item.size <= 4


@pytest.mark.parametrize("name", METHODS)
def test_the_grid_is_of_parameters_and_includes_the_default(name) -> None:
    entry = METHODS[name]
    for key, values in entry.grid.items():
        assert entry.takes_others or entry.parameters[key] in values
    combinations = itertools.product(*entry.grid.values())
    made = [method(name, dict(zip(entry.grid, values, strict=True))) for values in combinations]
    assert 1 <= len(made) <= 200
    assert "\n" not in entry.summary
    assert entry.source


def test_unknown_names_are_told_what_there_is() -> None:
    with pytest.raises(ValueError, match=r"no method 'pop'; there are grapevine, popularity"):
        method("pop")
    with pytest.raises(ValueError, match=r"popularity has no parameter 'k'; it has none"):
        method("popularity", {"k": 1})


def test_a_maker_may_answer_for_its_parameters_itself(monkeypatch) -> None:
    def make(walks=5, **others):
        return walks, others

    monkeypatch.setattr("sim.methods.registry.METHODS", {"open": Entry(make, "one", "none")})
    assert method("open", {"walks": "7", "kappa": "0.1"}) == (7, {"kappa": "0.1"})


def test_values_take_the_kind_of_the_default() -> None:
    assert _as_kind_of(3, "7", "x: k") == 7
    assert isinstance(_as_kind_of(3, 7.0, "x: k"), int)
    assert _as_kind_of(0.5, "1", "x: k") == 1.0
    assert _as_kind_of("a", "b", "x: k") == "b"
    for default, value in ((3, 7.5), (3, "many"), (0.5, "half"), (3, float("inf"))):
        with pytest.raises(ValueError, match="x: k must be a"):
            _as_kind_of(default, value, "x: k")
