"""A town whose people tag: words belong to items, friends are alike, popular items lead."""

import numpy as np

from sim.data.click_logs import Tagging
from sim.data.interactions import Vouches
from sim.evaluation.searching import click_world

CUT = 24_000


def tagging(people=150, items=400, terms=4, tags=40, seed=0):
    """Item i belongs to word i % terms; each person tags more often what is popular."""
    rng = np.random.default_rng(seed)
    chance = 1 / np.arange(1, items + 1) ** 0.7
    rows = []
    for person in range(people):
        for item in rng.choice(items, tags, replace=False, p=chance / chance.sum()).tolist():
            rows.append((person, item % terms, item, CUT - 5 + int(rng.integers(7))))
    user, term, item, month = np.array(rows, np.int32).T
    return Tagging(user, term, item, month, 0)


def friends(people=150, each=6, seed=1):
    rng = np.random.default_rng(seed)
    source = np.repeat(np.arange(people), each)
    target = (source + rng.integers(1, people, source.size)) % people
    pairs = np.unique(np.stack((source, target)), axis=1).astype(np.int32)
    return Vouches(*pairs, np.ones(pairs.shape[1], np.float32), None)


def world(**changes):
    return click_world(tagging(**changes), friends(), CUT, np.random.default_rng(3))
