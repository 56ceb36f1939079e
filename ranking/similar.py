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
from ranking.embedding import Embedding, EmbeddingConfig, Neighbourhood
from ranking.kernels_embedding import Contexts
from ranking.reasons import Path, Reasons, trails
from ranking.view import TrustView

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]
U64 = NDArray[np.uint64]

CHUNK = 8_192
"""Items whose vectors are held at once."""


@dataclass(frozen=True, slots=True)
class SimilarConfig:
    """Numbers of `similar`."""

    embedding: EmbeddingConfig = field(default_factory=EmbeddingConfig)
    tag_weight: float = 0.3
    """What a tag counts beside a like, said of an item by the same person."""
    unplayed_chance: float = 0.5
    """How often an item that nobody has played takes a discovery's place, at most: see
    `ranking.unplayed`. 0: never."""
    kappa: float = 4.0
    """Floor on an item's trusted mass, in people of the mean trust and affinity."""
    index_from: int = 4_000
    """Fewer items are looked through; more get an index."""
    bytes_max: int = 128 * 1024 * 1024
    """Memory of one person's index; items beyond it, those of least trusted mass, can be asked
    about and are nobody's neighbours. The default holds 180,000."""
    stale: float = 0.1
    """An index is made anew when such a part of the edges, the items or the trust has changed."""
    followed_max: int = 500
    """Items put in or moved for one question; further ones wait for the next."""

    def __post_init__(self) -> None:
        if self.kappa < 0:
            raise ValueError(f"kappa must be at least 0, not {self.kappa}")
        if self.tag_weight < 0 or not 0 <= self.unplayed_chance <= 1:
            raise ValueError("need tag_weight >= 0 and unplayed_chance in [0, 1]")
        if self.index_from < 1 or self.followed_max < 1 or not 0 < self.stale <= 1:
            raise ValueError("need index_from and followed_max >= 1, and stale in (0, 1]")


@dataclass(frozen=True, slots=True)
class Near:
    """One neighbour. item: its row; likeness in (0, 1]."""

    item: int
    likeness: float


def people_around(
    view: TrustView, item_identity: U64, author_identity: U64, config: SimilarConfig
) -> Neighbourhood:
    """What the trusted people of a view like; nobody has a place yet. O(authors + items)."""
    trust = view.trust.t
    nowhere = np.full(len(trust), -1, np.int32)
    people = Contexts(view.listeners, view.snapshot.author_side, trust, nowhere)
    floor = config.kappa * one_like(view)
    return Neighbourhood(item_identity, (people,), (author_identity,), floor)


def one_like(view: TrustView) -> float:
    """Trusted mass that a like by a person of the mean trust gives an item."""
    return affinity_of(view) / max(view.trust.effective_authors(), 1.0)


def affinity_of(view: TrustView) -> float:
    """Mean affinity of trusted people's edges, by their trust: measured by it, nothing changes
    where all tastes have faded alike. 1 where there are none."""
    t = view.trust.t
    likes = np.diff(view.snapshot.author_ptr)[: len(t)]
    edges = float((t * likes).sum())
    return float(view.mass.sum(dtype=np.float64)) / edges if edges > 0 else 1.0


def lengthened(vectors: F32, mass: F32, floor: float) -> F32:
    """Vectors of length 1 made mass / (mass + floor) long, so that their product with one of length
    1 is the likeness. In place."""
    vectors *= (mass / np.where(mass > 0, mass + np.float32(floor), 1))[:, None]
    return vectors


def near_exact(
    embedding: Embedding, around: Neighbourhood, item: int, n: int, hidden: I32
) -> list[Near]:
    """At most n items, the most like first, without the item itself and those hidden.

    Looks at all, some at a time: O(edges * dimensions), .3 s a million.
    """
    around = around.placed(embedding.identity)
    query, _ = embedding.vectors(around, np.array([item], np.int32))
    likeness = np.zeros(around.n_items, np.float32)
    if query.any():
        rows = np.arange(around.n_items, dtype=np.int32)
        for at in range(0, len(rows), CHUNK):
            vectors, mass = embedding.vectors(around, rows[at : at + CHUNK])
            likeness[at : at + CHUNK] = lengthened(vectors, mass, around.floor) @ query[0]
    likeness[item] = 0
    likeness[hidden] = 0
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
    if not 0 <= item < len(side.ptr) - 1:
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
