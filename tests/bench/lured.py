"""Fakes among the neighbours of popular items: what few fooled people let in, on Last.fm.

Twenty people are fooled: each vouches for the head of a region of twenty identities, all of whom
like the five most popular artists and twenty fakes, and nothing else, which is as like them as can
be. Asked for are neighbours of those artists, by the fooled themselves and by whoever vouches for
one of them, each with her own trust walks.
"""

from dataclasses import dataclass

import numpy as np

from ranking.embedding import Embedding
from ranking.similar import SimilarConfig, near_exact, people_around
from ranking.snapshot import GraphSnapshot
from ranking.view import TrustView
from sim.data.interactions import Dataset
from tests.bench.figures import Figure
from tests.bench.hetrec import hetrec
from tests.bench.scale import Scale
from tests.bench.scratch import Scratch
from trust.config import TrustConfig
from trust.meritrank import trust_from
from trust.vouches import CompiledVouches, VouchGraph

EDGES, IDENTITIES, FAKES, TARGETS, N = 20, 20, 20, 5, 20
FULL_VOUCH = 100
NOTHING = np.empty(0, np.int32)


@dataclass(frozen=True, slots=True, eq=False)
class Lured:
    """A population with regions. Items from `real_items` on are fakes."""

    graph: GraphSnapshot
    vouches: CompiledVouches
    real_items: int
    targets: list[int]
    fooled: list[int]
    beside: list[int]
    """Who vouches for one who was fooled."""


def lured(data: Dataset) -> Lured:
    """Regions put into it."""
    assert data.trust is not None
    people, items = data.train.n_users, data.train.n_items
    fooled = np.random.default_rng(7).choice(people, EDGES, replace=False).tolist()
    popular = np.argsort(-np.bincount(data.train.item, minlength=items), kind="stable")
    targets = popular[:TARGETS].tolist()
    vouches = VouchGraph()
    for source, target in zip(data.trust.source.tolist(), data.trust.target.tolist(), strict=True):
        vouches.put(source, target, FULL_VOUCH)
    for edge, person in enumerate(fooled):
        head = people + edge * IDENTITIES
        vouches.put(person, head, FULL_VOUCH)
        for identity in range(head + 1, head + IDENTITIES):
            vouches.put(head, identity, FULL_VOUCH)
    identities = np.arange(people, people + EDGES * IDENTITIES)
    claimed = np.array([*targets, *range(items, items + FAKES)])
    author = np.append(data.train.user, np.repeat(identities, len(claimed)))
    item = np.append(data.train.item, np.tile(claimed, len(identities)))
    n_authors = people + len(identities)
    graph = GraphSnapshot.from_triples(
        author.astype(np.int32),
        item.astype(np.int32),
        np.ones(len(author), np.float32),
        n_authors,
        items + FAKES,
    )
    trusting = np.isin(data.trust.target, fooled)
    beside = sorted(set(data.trust.source[trusting].tolist()) - set(fooled))
    return Lured(graph, vouches.compiled(n_authors), items, targets, fooled, beside)


def fakes_seen(world: Lured, people: list[int], config: SimilarConfig) -> float:
    """Part of the first `N` neighbours of the targets that is fake, mean over these people."""
    names = np.random.default_rng(9).integers(1, 2**63, world.graph.n_items + world.graph.n_authors)
    identity = names.astype(np.uint64)
    parts = []
    for person in people:
        trust = trust_from(world.vouches, person, TrustConfig(), np.random.default_rng(1))
        view = TrustView.of(world.graph, trust)
        n = world.graph.n_items
        around = people_around(view, identity[:n], identity[n:], config)
        made = Embedding.of(around, config.embedding)
        for target in world.targets:
            near = near_exact(made, around, target, N, NOTHING)
            parts.append(sum(one.item >= world.real_items for one in near) / N)
    return float(np.mean(parts))


def measure(scratch: Scratch, scale: Scale) -> list[Figure]:
    """For those who were fooled, and for those next to them."""
    del scratch
    world = lured(hetrec(scale.public_tables))
    beside = world.beside[: scale.attacked_people // 2]
    fooled = fakes_seen(world, world.fooled, SimilarConfig())
    told = f"{EDGES} edges, {EDGES * IDENTITIES} identities; without the floor on mass "
    told += f"{fakes_seen(world, world.fooled, SimilarConfig(kappa=0)):.2%}"
    return [
        Figure(
            "fakes among neighbours, to who was fooled", 5.0, 100 * fooled, "%", detail=told
        ),
        Figure(
            f"the same, to {len(beside)} people who trust one who was", 0.5,
            100 * fakes_seen(world, beside, SimilarConfig()), "%",
        ),
    ]  # fmt: skip
