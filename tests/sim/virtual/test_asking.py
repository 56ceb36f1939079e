"""Lists that people ask for while time goes on, and at the end."""

import numpy as np

from sim.scenario.schema import Churn, Questions, Sybil
from tests.sim.virtual.small import people, ring_of_friends, world


def alike(n=8):
    """Everybody likes item 0, and what the next one likes is new to her."""
    likes = [[0, 1 + p, 1 + (p + 1) % n] for p in range(n)]
    vouches = [(p, (p + step) % n) for p in range(n) for step in (1, 2, 3)]
    return people(likes, vouches, wanted=[[1 + (p + 2) % n] for p in range(n)])


def test_everybody_is_asked_so_often_and_lists_hold_what_friends_like():
    made = world(alike(), questions=Questions(people=0, every_s=5, k=5))
    made.run(10)
    assert len(made.inquiry.lists) == 16
    last = {shown.person: shown for shown in made.inquiry.lists}
    likes = {p: {0, 1 + p, 1 + (p + 1) % 8} for p in range(8)}
    for person, shown in last.items():
        found = shown.items[shown.items >= 0].tolist()
        assert found
        assert not set(found) & likes[person]
    assert made.inquiry.exposure == 0
    assert made.inquiry.refused == 0


def test_those_who_are_asked_are_drawn_and_the_same_for_the_same_seed():
    chosen = [
        [host.number for host in world(seed=seed, questions=Questions(people=3)).asked]
        for seed in (1, 1, 2, 3)
    ]
    assert len(chosen[0]) == 3
    assert chosen[0] == chosen[1]
    assert chosen[0] == sorted(chosen[0])
    assert len({tuple(c) for c in chosen}) > 1


def test_fakes_in_lists_are_counted_and_named_by_their_rows():
    spec = Sybil(peers=1, edges=8, identities=3, fakes=4)
    made = world(alike(), adversary=(spec,), questions=Questions(people=0, k=5), off=("beta",))
    made.run(15)
    made.ask_everybody()
    lists = np.stack([shown.items for shown in made.inquiry.lists])
    assert made.inquiry.fakes == (lists >= made.inquiry.first_fake).sum()
    assert lists.max() < made.inquiry.first_fake + made.feeds[0].n_fakes


def test_who_is_away_at_the_end_comes_back_for_the_last_question():
    made = world(ring_of_friends(6))
    made.run(4)
    made.hosts[2].stop()
    made.ask_everybody()
    assert len(made.inquiry.lists) == 6
    assert made.hosts[2].up


def test_how_long_it_takes_until_a_friend_of_a_friend_hears_of_a_newcomer():
    made = world(
        alike(), churn=Churn(joining=1.0, joined_by_s=4), questions=Questions(people=0, every_s=1)
    )
    made.run(3)
    assert len(made.inquiry.seen_after(made.late)) == 6
    made.run(20)
    waits = made.inquiry.seen_after(made.late)
    assert len(waits) == 8
    assert all(0 < wait < 20 for wait in waits)
    assert made.inquiry.seen_after([]) == []
