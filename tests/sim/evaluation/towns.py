"""A small population in two tastes, and methods whose answers are known."""

from dataclasses import dataclass

import numpy as np

from sim.data.interactions import Dataset, Interactions, Names, Vouches
from sim.methods.method import Ranked, World, best

N_USERS, N_ITEMS = 40, 60


def town(seed: int = 0, days: bool = True) -> Dataset:
    """Everybody has 10..20 items, most of them of her own half; friends share the half."""
    rng = np.random.default_rng(seed)
    pairs = []
    for user in range(N_USERS):
        own = rng.permutation(N_ITEMS // 2) + (user % 2) * N_ITEMS // 2
        pairs += [(user, int(item)) for item in own[: rng.integers(10, 21)]]
    user, item = np.array(pairs, np.int32).T
    weight = rng.integers(1, 100, len(user)).astype(np.float32)
    day = rng.integers(0, 100, len(user)).astype(np.int32) if days else None
    links = {(a, (a + 2 * int(step)) % N_USERS) for a in range(N_USERS) for step in (1, 3, 7)}
    source, target = np.array(sorted(links), np.int32).T
    trust = Vouches(
        source, target, np.ones(len(source), np.float32),
        rng.integers(0, 100, len(source)).astype(np.int32) if days else None,
    )  # fmt: skip
    names = (Names(tuple(map(str, range(n)))) for n in (N_USERS, N_ITEMS))
    people, items = names
    train = Interactions(user, item, weight, day, N_USERS, N_ITEMS)
    return Dataset(people, items, train, trust=trust)


@dataclass(frozen=True)
class Fixed:
    """The same scores for everybody: item n has (n + 1) ** power."""

    power: float = 1.0

    def prepare(self, world: World) -> "FixedRanker":
        return FixedRanker(world, self.power)


@dataclass(frozen=True)
class FixedRanker:
    world: World
    power: float

    def rank(self, person: int, n: int, rng: np.random.Generator) -> Ranked:
        score = np.arange(1.0, self.world.snapshot.n_items + 1) ** self.power
        return best(score, self.world.snapshot.liked(person), n, rng)
