"""The answer to "what next?": a list with reasons, and to "why this?", also without someone.

Everything is in rows; the node puts names to them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ranking.config import Method, RankConfig
from ranking.discoveries import Discovery, discover, places
from ranking.evidence import Bench, Judged, judge
from ranking.reasons import Reasons, explain
from ranking.rounds import walked
from ranking.salsa import ItemScores, Walkers
from ranking.snapshot import GraphSnapshot
from ranking.trust_vector import TrustVector
from ranking.view import TrustView, mask_of

I32 = NDArray[np.int32]
F32 = NDArray[np.float32]
NOBODY = -1


def _no_rows() -> I32:
    return np.empty(0, np.int32)


@dataclass(frozen=True, slots=True, eq=False)
class RecommendRequest:
    """What the owner of the trust vector asks for. Row arrays need not be sorted or distinct."""

    n: int = 20
    seen_items: I32 = field(default_factory=_no_rows)
    """Items she knows beside those liked or disliked in the snapshot (her private facts)."""
    blocked_items: I32 = field(default_factory=_no_rows)
    blocked_authors: I32 = field(default_factory=_no_rows)
    """Whom she blocked or distrusts, and equivocators: not heard, not discovered."""
    config: RankConfig = field(default_factory=RankConfig)


@dataclass(frozen=True, slots=True)
class Recommended:
    """One item of a list. score >= 0, comparable within one answer only.

    standard_error: of the score, 0 when exact. rests_on: the person its evidence depends on most
    (or NOBODY) and by how much, excess in [0, 1]. discovery: None for an ordinary place.
    """

    item: int
    score: float
    standard_error: float
    reasons: Reasons
    rests_on: int = NOBODY
    excess: float = 0.0
    discovery: Discovery | None = None


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A list, best first but for the discoveries, which have fixed places.

    unprotected: the owner trusts nobody, everybody counted the same. edges: the cost of the last
    step in edge visits. walks: walkers used, 0 when exact.
    """

    items: tuple[Recommended, ...]
    method: Method
    unprotected: bool
    edges: int
    walks: int


@dataclass(frozen=True, slots=True, eq=False)
class RankedItems:
    """The list without its reasons, place by place: see `Recommended` and `Recommendation`."""

    item: I32
    score: F32
    standard_error: F32
    rests_on: I32
    excess: F32
    discovery: tuple[Discovery | None, ...]
    method: Method
    unprotected: bool
    edges: int
    walks: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """One item as the ranking sees it. rank: from 1 among all that could be recommended; None when
    it is known, blocked, without score, or beyond `candidates_max`."""

    score: float
    rank: int | None
    standard_error: float
    reasons: Reasons
    rests_on: int
    excess: float
    method: Method


@dataclass(frozen=True, slots=True)
class Why:
    """An item explained, and once more with somebody left out."""

    item: int
    known: bool
    """Whether the owner has it already, or blocked it."""
    unprotected: bool
    now: Explanation
    without: Explanation | None = None


def _excluded(snapshot: GraphSnapshot, owner: int, request: RecommendRequest) -> NDArray[np.bool_]:
    """Items that must not be recommended: seen, disliked or blocked."""
    mask = mask_of(request.seen_items, snapshot.n_items)
    mask |= mask_of(request.blocked_items, snapshot.n_items)
    if owner < snapshot.n_authors:
        mask[snapshot.liked(owner)] = True
        mask[snapshot.disliked(owner)] = True
    return mask


def rank_items(
    graph: GraphSnapshot | TrustView,
    trust: TrustVector,
    request: RecommendRequest,
    rng: np.random.Generator,
) -> RankedItems:
    """At most `request.n` items for the owner of `trust`: what `recommend` lists, reasons aside.

    The same arguments and generator state give the same list. Hand in a `TrustView` of the same
    trust and blocked authors to ask more than once: it holds all that costs O(edges). Memory: a
    few arrays of n_items and n_authors, the listeners of the owner's items, and the candidates
    judged.
    """
    return _ranked(TrustView.over(graph, trust, request.blocked_authors), request, rng)[0]


def _ranked(
    view: TrustView, request: RecommendRequest, rng: np.random.Generator
) -> tuple[RankedItems, ItemScores]:
    """The list, and what explains it."""
    config, trust = request.config, view.trust
    if not 1 <= request.n <= config.items_max:
        raise ValueError(f"n must be in 1..{config.items_max}, not {request.n}")
    excluded = _excluded(view.snapshot, trust.owner, request)
    walkers = Walkers.of(view, config, rng)
    scores, bench = walked(walkers, np.flatnonzero(excluded).astype(np.int32), request.n)
    spots = [] if trust.unprotected else places(request.n, config.discovery_every)
    chosen = bench.listed(request.n)
    kinds: list[Discovery | None] = [None] * chosen.item.size
    if spots:
        excluded[chosen.item] = True
        found = discover(scores, len(spots), excluded, view.barred, rng)
        strange = judge(scores, np.array([item for item, _ in found], np.int32))
        ordinary = bench.listed(request.n - len(found), taken=strange)
        chosen, kinds = _interleaved(ordinary, strange, [kind for _, kind in found], spots)
    made = RankedItems(
        item=chosen.item,
        score=chosen.score,
        standard_error=chosen.error,
        rests_on=chosen.person[:, 0],
        excess=chosen.excess[:, 0],
        discovery=tuple(kinds),
        method=scores.method,
        unprotected=trust.unprotected,
        edges=scores.edges,
        walks=scores.walks,
    )
    return made, scores


def _interleaved(
    ordinary: Judged, strange: Judged, kinds: list[Discovery], spots: list[int]
) -> tuple[Judged, list[Discovery | None]]:
    """Discoveries at their spots among the ordinary places, or at the end of a short list."""
    order = list(range(ordinary.item.size))
    labels: list[Discovery | None] = [None] * ordinary.item.size
    for k, kind in enumerate(kinds):
        place = min(spots[k], len(order))
        order.insert(place, ordinary.item.size + k)
        labels.insert(place, kind)
    return ordinary.joined(strange).take(np.array(order, np.int32)), labels


def recommend(
    graph: GraphSnapshot | TrustView,
    trust: TrustVector,
    request: RecommendRequest,
    rng: np.random.Generator,
) -> Recommendation:
    """At most `request.n` items for the owner of `trust`, with reasons; else as `rank_items`."""
    made, scores = _ranked(TrustView.over(graph, trust, request.blocked_authors), request, rng)
    columns = (made.item, made.score, made.standard_error, made.rests_on, made.excess)
    reasons = explain(scores, made.item.tolist())
    rows = zip(*(column.tolist() for column in columns), reasons, made.discovery, strict=True)
    items = tuple(
        Recommended(item, score, error, why, rests_on, excess, kind)
        for item, score, error, rests_on, excess, why, kind in rows
    )
    return Recommendation(items, made.method, made.unprotected, made.edges, made.walks)


def _explanation(scores: ItemScores, item: int, excluded: NDArray[np.bool_]) -> Explanation:
    judged = judge(scores, np.array([item], np.int32))
    score = float(judged.score[0])
    rank = None
    if score > 0 and not excluded[item]:
        rank = Bench.of(scores, np.flatnonzero(excluded).astype(np.int32)).rank_of(score)
    return Explanation(
        score=score,
        rank=rank,
        standard_error=float(judged.error[0]),
        reasons=explain(scores, [item])[0],
        rests_on=int(judged.person[0, 0]),
        excess=float(judged.excess[0, 0]),
        method=scores.method,
    )


def why(
    graph: GraphSnapshot | TrustView,
    trust: TrustVector,
    request: RecommendRequest,
    item: int,
    rng: np.random.Generator,
    *,
    without: TrustVector | None = None,
) -> Why:
    """Explain one item; `without` is the trust when somebody is left out, as given by
    `trust.meritrank.without_author`: there she is neither a step of a trust walk nor a listener.
    """
    view = TrustView.over(graph, trust, request.blocked_authors)
    snapshot = view.snapshot
    if not 0 <= item < snapshot.n_items:
        raise ValueError(f"item row {item} is not among {snapshot.n_items} items")
    excluded = _excluded(snapshot, trust.owner, request)
    now = _explanation(Walkers.of(view, request.config, rng).scores(), item, excluded)
    changed = None
    if without is not None:
        fewer = TrustView.of(snapshot, without, request.blocked_authors)
        changed = _explanation(Walkers.of(fewer, request.config, rng).scores(), item, excluded)
    return Why(item, bool(excluded[item]), view.trust.unprotected, now, changed)
