"""How those who join late are received, and when a friend of a friend is shown what they like."""

from math import inf
from random import Random

from sim.scenario.schema import Churn, Questions
from sim.virtual.newcomers import welcome
from tests.sim.virtual.small import people, world

LIKES = [[0, 1, 2, 3 + p] for p in range(8)]
"""Everybody likes three things, and one that nobody else does."""


def pairs_of(population):
    vouches = population.vouches
    return set(zip(vouches.source.tolist(), vouches.target.tolist(), strict=True))


def test_nobody_vouches_for_a_newcomer_but_those_drawn_who_were_there_before():
    vouches = [(p, (p + step) % 8) for p in range(8) for step in (1, 2)]
    received, newcomers = welcome(people(LIKES, vouches), [5, 2], 1, Random(1))
    assert pairs_of(received) == {(s, t) for s, t in vouches if t not in (5, 2)}
    assert newcomers.vouchers.keys() == {5, 2}
    for voucher in newcomers.vouchers.values():
        assert len(voucher) == 1
        assert not set(voucher) & {5, 2}


def test_otherwise_the_world_says_who_vouches_for_them():
    vouches = [(0, 1), (1, 2), (3, 0), (3, 2)]
    population = people(LIKES, vouches)
    received, newcomers = welcome(population, [2], 0, Random(1))
    assert received is population
    assert not newcomers.vouchers
    assert newcomers.near == {2: frozenset({0})}


def test_friends_of_friends_vouch_for_a_friend_of_hers_and_not_for_her():
    vouches = [(p, (p + step) % 8) for p in range(8) for step in (1, 2)]
    received, newcomers = welcome(people(LIKES, vouches), [4], 1, Random(3))
    (friend,) = newcomers.vouchers[4]
    assert newcomers.near[4] == {s for s, t in pairs_of(received) if t == friend} - {4}


def test_a_newcomer_is_seen_two_vouches_away_through_the_one_who_vouches_for_her():
    vouches = [(p, (p + step) % 8) for p in range(8) for step in (1, 2, 3)]
    made = world(
        people(LIKES, vouches),
        churn=Churn(joining=1 / 8, joined_by_s=5, vouched=1),
        questions=Questions(people=0, every_s=2, k=10),
    )
    made.run(4)
    assert made.inquiry.seen_after(made.late) == []
    made.run(30)
    (newcomer,) = made.late
    (wait,) = made.inquiry.seen_after(made.late)
    assert 0 < wait < 25
    told = [host.peer.state.persons.owner.vouches for host in made.hosts]
    assert sum(newcomer.author in keys for keys in told) == 1


def test_those_who_vouch_for_her_do_not_count():
    vouches = [(one, other) for one in range(4) for other in range(4) if one != other]
    made = world(
        people(LIKES[:4], vouches),
        churn=Churn(joining=0.5, joined_by_s=2),
        questions=Questions(people=0, every_s=2, k=10),
    )
    made.run(20)
    assert any((shown.items >= 0).any() for shown in made.inquiry.lists)
    assert made.inquiry.seen_after(made.late) == [inf, inf]
