"""Items like an item: nearest in the embedding of those whom one person trusts.

    likeness(q, x) = cos(vector(q), vector(x)) * mass(x) / (mass(x) + kappa)

mass: the trusted mass of x. The second factor is the Sybil property: an item that only people with
little trust know is at most so like anything, whatever they pretend to like beside it; those with
none are not heard at all.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ranking.affinity import Side
from ranking.embedding import EmbeddingConfig, Neighbourhood, item_vectors, profiles
from ranking.kernels_embedding import Contexts
from ranking.reasons import Path, Reasons, trails
from ranking.view import TrustView

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]
U64 = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class SimilarConfig:
    """Numbers of `similar`."""

    embedding: EmbeddingConfig = field(default_factory=EmbeddingConfig)
    kappa: float = 1.0
    """Floor on an item's trusted mass, in people of the mean trust and affinity."""

    def __post_init__(self) -> None:
        if self.kappa < 0:
            raise ValueError(f"kappa must be at least 0, not {self.kappa}")


@dataclass(frozen=True, slots=True)
class Near:
    """One neighbour. item: its row; likeness in (0, 1]."""

    item: int
    likeness: float


def people_around(
    view: TrustView, item_identity: U64, author_identity: U64, config: SimilarConfig
) -> Neighbourhood:
    """What the trusted people of a view like. O(authors + items)."""
    trust = view.trust.t
    place = np.full(len(trust), -1, np.int32)
    heard = np.flatnonzero(trust > 0)
    place[heard] = np.arange(heard.size, dtype=np.int32)
    people = Contexts(view.listeners, view.snapshot.author_side, trust, place)
    floor = config.kappa * _one_listener(view)
    return Neighbourhood(item_identity, (people,), (author_identity,), floor)


def _one_listener(view: TrustView) -> float:
    """Trusted mass that one person of the mean trust gives an item, at the mean affinity of trusted
    people's edges, so that nothing changes where all tastes have faded alike."""
    t = view.trust.t
    likes = np.diff(view.snapshot.author_ptr)[: len(t)]
    edges = float((t * likes).sum())
    affinity = float(view.mass.sum(dtype=np.float64)) / edges if edges > 0 else 0.0
    return affinity / max(view.trust.effective_authors(), 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class SimilarItems:
    """Every item's vector, of length mass / (mass + kappa), for exact answers.

    vectors: float32[items, dimensions]; mass: float32[items]; both 0 where nobody trusted is.
    """

    vectors: F32
    mass: F32

    @classmethod
    def of(cls, around: Neighbourhood, config: SimilarConfig) -> SimilarItems:
        """Embed everything."""
        made = profiles(around, config.embedding)
        rows = np.arange(around.n_items, dtype=np.int32)
        vectors, mass = item_vectors(around, made, rows)
        length = np.linalg.norm(vectors, axis=1)
        length[length == 0] = 1
        known = np.where(mass > 0, mass, 1) + np.float32(around.floor)
        vectors *= (mass / known / length)[:, None]
        return cls(vectors, mass)

    def near(self, item: int, n: int, excluded: I32) -> list[Near]:
        """At most n items, the most like first, without the item itself and those excluded.
        O(items * dimensions)."""
        own = self.vectors[item]
        length = float(np.linalg.norm(own))
        if length == 0:
            return []
        likeness = self.vectors @ (own / length)
        likeness[item] = 0
        likeness[excluded] = 0
        order = np.argsort(-likeness, kind="stable")[:n]
        return [Near(int(i), min(1.0, float(likeness[i]))) for i in order if likeness[i] > 0]


def shared_people(view: TrustView, item: int, near: list[Near], paths_max: int) -> list[Reasons]:
    """For each neighbour the people who like it and the item, by t(v) a(v, item) a(v, neighbour),
    with trails; none where the two are alike through others' tastes alone. O(their listeners)."""
    listeners, t = view.listeners, view.trust.t
    taken = np.zeros(len(t), np.float32)
    who, affinity = _listeners(listeners, item)
    taken[who] = affinity * t[who]
    found = []
    for one in near:
        who, affinity = _listeners(listeners, one.item)
        found.append(_heaviest(item, who, affinity * taken[who], paths_max))
    ways = trails(view.trust, [path.author for made in found for path in made.paths])
    return [
        replace(made, paths=tuple(replace(p, trail=ways.get(p.author, ())) for p in made.paths))
        for made in found
    ]


def _listeners(side: Side, item: int) -> tuple[I32, F32]:
    if item >= len(side.ptr) - 1:
        return np.empty(0, np.int32), np.empty(0, np.float32)
    window = slice(side.ptr[item], side.ptr[item + 1])
    return side.row[window], side.affinity[side.code[window]]


def _heaviest(item: int, who: I32, part: F32, paths_max: int) -> Reasons:
    total = float(part.sum())
    if total <= 0:
        return Reasons()
    order = np.lexsort((who, -part))[:paths_max]
    order = order[part[order] > 0]
    paths = tuple(Path(item, int(who[k]), float(part[k]) / total) for k in order)
    n = int(np.count_nonzero(part))
    rest = max(0.0, 1.0 - sum(path.share for path in paths))
    return Reasons(paths, rest if n > len(paths) else 0.0, n)
