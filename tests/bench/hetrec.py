"""HetRec Last.fm with friends, split at random: what defended lists are worth is measured here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.data.affinity import with_affinities
from sim.data.interactions import I32, Dataset, Interactions, Names, Vouches
from sim.data.loading import Files, load
from sim.data.splits import HELD_OUT, hold_out
from sim.evaluation.evaluate import Task
from tests.bench.nodes import BenchFailed
from tests.bench.walk_worlds import DATA

AFFINITY = "equal"
"""Having listened is what counts, as in the attack tables."""

SAMPLE, SPLIT = 0, 1
"""What a stream of random numbers is for: (0, purpose, number)."""


@dataclass(frozen=True, slots=True, eq=False)
class Friends:
    """Splits of one population. people: who wants something in each of them, a sample.
    friends: int64[all people], for how many others each vouches."""

    tasks: tuple[Task, ...]
    people: I32
    friends: NDArray[np.int64]


def hetrec(real: bool) -> Dataset:
    """The published files, or for the tiny sizes a small population drawn at random."""
    if not real:
        return _drawn()
    directory = DATA / "hetrec-lastfm-2k"
    files = Files(directory / "user_artists.dat.gz", trust=directory / "user_friends.dat.gz")
    if not files.train.exists():
        raise BenchFailed(f"{files.train} is missing: say where the data are: GRAPEVINE_DATA=DIR")
    return load(files)


def friends_of(data: Dataset, splits: int, people_max: int) -> Friends:
    """The data split so many times, a fifth of each person's items held out."""
    tasks = []
    for number in range(splits):
        split = hold_out(data.train, HELD_OUT, np.random.default_rng((0, SPLIT, number)))
        train = with_affinities(split.train, AFFINITY)
        tasks.append(Task.of(train, split.test, data.trust, number))
    people = np.flatnonzero(tasks[0].wanted.sizes).astype(np.int32)
    if people.size > people_max:
        rng = np.random.default_rng((0, SAMPLE))
        people = np.sort(rng.choice(people, people_max, replace=False))
    assert data.trust is not None
    return Friends(
        tuple(tasks), people, np.bincount(data.trust.source, minlength=data.train.n_users)
    )


def _drawn() -> Dataset:
    n_users, n_items = 80, 120
    rng = np.random.default_rng(0)
    user, item = np.divmod(np.unique(rng.integers(0, n_users * n_items, 1_500)), n_items)
    weight = rng.integers(1, 100, user.size).astype(np.float32)
    train = Interactions(
        user.astype(np.int32), item.astype(np.int32), weight, None, n_users, n_items
    )
    pair = np.unique(rng.integers(0, n_users * n_users, 500))
    source, target = np.divmod(pair[pair // n_users != pair % n_users], n_users)
    ones = np.ones(source.size, np.float32)
    trust = Vouches(source.astype(np.int32), target.astype(np.int32), ones, None)
    names = [Names(tuple(map(str, range(n)))) for n in (n_users, n_items)]
    return Dataset(*names, train, trust=trust)
