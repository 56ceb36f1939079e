import numpy as np

from sim.demo.feeds import Feed
from sim.demo.reference import World

TODAY = 20_000


def taste(*items: str) -> Feed:
    return Feed([f"t:{item}" for item in items], [100] * len(items), [TODAY] * len(items))


FEEDS = {
    "ann": taste("a", "b"),
    "bob": taste("a", "b", "c"),
    "cy": taste("a", "b", "d"),
    **{f"crowd-{k}": taste("a", "b", "z") for k in range(5)},
}


def names(world: World, person: str) -> list[str]:
    return world.recommend(person, 3, np.random.default_rng(1))


def test_she_hears_from_whom_she_trusts() -> None:
    for friend, item in (("bob", "t:c"), ("cy", "t:d")):
        world = World.of(FEEDS, [("ann", friend)], today=TODAY)
        assert names(world, "ann")[0] == item


def test_without_trust_the_crowd_is_heard() -> None:
    assert names(World.of(FEEDS, [], today=TODAY), "ann")[0] == "t:z"


def test_her_list_does_not_depend_on_who_else_is_asked_before() -> None:
    world = World.of(FEEDS, [("ann", "bob"), ("bob", "cy")], today=TODAY)
    together = dict(world.lists(["ann", "bob"], 3, seed=5))
    assert together["ann"] == dict(world.lists(["ann"], 3, seed=5))["ann"]
    assert together == dict(world.lists(["ann", "bob"], 3, seed=5))
