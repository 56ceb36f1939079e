"""Why an item is recommended: the paths that carry its score, and how each author came to count."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ranking.kernels_walks import shortest_paths
from ranking.salsa import ItemScores
from ranking.trust_vector import TrustVector

I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Path:
    """owner -> source -> author -> the item. source: an own item, or `salsa.NO_ITEM`.

    share: part of the item's score, in (0, 1]. trail: author rows of the shortest trust walk from
    the owner to the author, both included; empty when the list is unprotected.
    """

    source: int
    author: int
    share: float
    trail: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Reasons:
    """The heaviest paths, and the rest in one number: sum of shares + other_share = 1.

    authors: (row, part of the score over all her paths) of those with most of it, as many as paths.
    """

    paths: tuple[Path, ...] = ()
    other_share: float = 0.0
    n_paths: int = 0
    authors: tuple[tuple[int, float], ...] = ()


def heaviest_paths(scores: ItemScores, item: int) -> Reasons:
    """The `paths_max` heaviest paths to an item, without trails. O(paths)."""
    source, author, part = scores.paths(item)
    total = float(part.sum())
    if total <= 0.0:
        return Reasons()
    most = scores.config.paths_max
    heavy = _heaviest(part, most)
    order = heavy[np.lexsort((source[heavy], author[heavy], -part[heavy]))][:most]
    paths = tuple(
        Path(int(source[k]), int(author[k]), float(part[k]) / total) for k in order.tolist()
    )
    rest = max(0.0, 1.0 - sum(p.share for p in paths))
    first = np.flatnonzero(np.diff(author, prepend=-1))  # an author's paths stand together
    who, hers = author[first], np.add.reduceat(part, first) / total
    heavy = _heaviest(hers, most)
    order = heavy[np.lexsort((who[heavy], -hers[heavy]))][:most]
    authors = tuple(zip(who[order].tolist(), hers[order].tolist(), strict=True))
    return Reasons(paths, rest if source.size > len(paths) else 0.0, int(source.size), authors)


def _heaviest(weight: F64, n: int) -> I64:
    """Places of the n largest, and of those equal to the last of them. n >= 1."""
    if weight.size <= n:
        return np.arange(weight.size)
    return np.flatnonzero(weight >= np.partition(weight, -n)[-n])


def trails(trust: TrustVector, authors: list[int]) -> dict[int, tuple[int, ...]]:
    """The shortest kept trust walk to each author; one pass over the walks for all of them."""
    wanted = np.array(sorted(set(authors)), np.int32)
    wanted = wanted[wanted < trust.n_authors]
    if trust.unprotected or wanted.size == 0:
        return {}
    paths = shortest_paths(trust.walks, wanted, trust.n_authors)
    return {
        author: tuple(path[path >= 0].tolist())
        for author, path in zip(wanted.tolist(), paths, strict=True)
    }


def explain(scores: ItemScores, items: list[int]) -> list[Reasons]:
    """The reasons of several items, with trails."""
    bare = [heaviest_paths(scores, item) for item in items]
    ways = trails(scores.trust, [p.author for r in bare for p in r.paths])
    return [
        Reasons(
            tuple(Path(p.source, p.author, p.share, ways.get(p.author, ())) for p in r.paths),
            r.other_share,
            r.n_paths,
            r.authors,
        )
        for r in bare
    ]
