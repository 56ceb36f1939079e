import numpy as np

from sim.data.interactions import Interactions, Names, Vouches, world_of


def likes(pairs: list[tuple[int, int]], n_users: int = 4, n_items: int = 5) -> Interactions:
    user, item = np.array(pairs, np.int32).reshape(-1, 2).T
    day = np.arange(len(pairs), dtype=np.int32)
    return Interactions(user, item, np.ones(len(pairs), np.float32), day, n_users, n_items)


def test_names_lead_both_ways() -> None:
    names = Names(("a", "b"))
    assert (names.name[names.row["b"]], len(names)) == ("b", 2)


def test_parts_keep_the_numbering() -> None:
    data = likes([(0, 1), (3, 2), (3, 4)])
    part = data.take(data.item > 1)
    assert (part.n_users, part.n_items, part.sizes.tolist()) == (4, 5, [0, 0, 0, 2])
    assert part.day is not None
    assert part.day.tolist() == [1, 2]
    assert data.pair.tolist() == [1, 17, 19]
    assert data.without(part).pair.tolist() == [1]


def test_a_world_has_what_was_put_in() -> None:
    rows = np.array([[0, 3], [3, 1]], np.int32)
    trust = Vouches(*rows, np.array([0.5, -1], np.float32), None)
    world = world_of(likes([(3, 4), (0, 1), (3, 2)]), trust)
    assert world.snapshot.liked(3).tolist() == [2, 4]
    assert world.vouches is not None
    assert world.vouches.out(0)[0].tolist() == [3]
    assert world.vouches.distrusted_by(3)[0].tolist() == [1]
    assert world_of(likes([(0, 1)]), None).vouches is None
    assert len(trust.take(trust.weight > 0)) == 1
