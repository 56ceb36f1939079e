"""Attack tables: what is counted, and that workers change nothing."""

import math

import numpy as np
import pytest

from sim.attacks.regions import Attack, Strategy
from sim.data.interactions import Dataset, Interactions, Names, Vouches, Wanted
from sim.evaluation.attacking import Honest, Setting, attack_table, honest_splits
from sim.methods.grapevine import Grapevine
from sim.methods.registry import method
from tests.sim.attacks.towns import ITEMS, PEOPLE, town

SETTING = Setting(k=10, people=30, draws=3, seed=1)


def honest() -> Honest:
    """Everybody of the town wants the item after those she has."""
    person = np.arange(PEOPLE, dtype=np.int32)
    wanted = ((person + 10) % ITEMS).astype(np.int32)
    ones = np.ones(PEOPLE, np.float32)
    test = Interactions(person, wanted, ones, None, PEOPLE, ITEMS)
    return Honest.of(town(), Wanted.of(test), SETTING.k)


def test_without_hostile_people_there_are_no_fakes() -> None:
    (cell,) = attack_table(Grapevine(), [honest()], [Attack(edges=0)], SETTING)
    assert (cell.mean, cell.high, cell.worst) == (0, 0, 0)
    assert math.isnan(cell.reached)
    assert cell.ndcg > 0
    assert cell.plain > 0


def test_undefended_lists_are_taken_over_and_the_defence_is_what_prevents_it() -> None:
    plan = Attack(edges=3, identities=20, strategy=Strategy.CLONE)
    (undefended,) = attack_table(method("salsa"), [honest()], [plan], SETTING)
    (defended,) = attack_table(Grapevine(), [honest()], [plan], SETTING)
    assert undefended.mean > 0.3
    assert undefended.high >= undefended.mean
    assert undefended.worst > SETTING.k / 2
    assert defended.mean < undefended.mean / 5


def test_workers_change_nothing() -> None:
    plans = [Attack(edges=2), Attack(edges=5, strategy=Strategy.POPULAR)]
    alone = list(attack_table(method("salsa"), [honest()], plans, SETTING))
    shared = list(attack_table(method("salsa"), [honest()], plans, SETTING, workers=2))
    assert repr(alone) == repr(shared)


def test_splits_are_drawn_where_no_test_is_given() -> None:
    world = town()
    people = np.repeat(np.arange(PEOPLE, dtype=np.int32), 10)
    train = Interactions(
        people, world.snapshot.author_item, np.ones(people.size, np.float32), None, PEOPLE, ITEMS
    )
    assert world.vouches is not None
    caster = np.repeat(np.arange(PEOPLE, dtype=np.int32), np.diff(world.vouches.ptr))
    trust = Vouches(caster, world.vouches.target, world.vouches.weight, None)
    names = Names(tuple(map(str, range(PEOPLE)))), Names(tuple(map(str, range(ITEMS))))
    splits = honest_splits(Dataset(*names, train, trust=trust), SETTING)
    assert len(splits) == SETTING.draws
    for split in splits:
        assert split.world.snapshot.author_item.size == PEOPLE * 8
        assert split.people.size == split.plain.size == PEOPLE
    with pytest.raises(ValueError, match="trusts"):
        honest_splits(Dataset(*names, train), SETTING)
