"""The answer to "what next?": a list with reasons, and to "why this?", also without someone.

Everything is in rows; the node puts names to them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ranking.config import Method, RankConfig
from ranking.discoveries import Discovery, discover, places
from ranking.evidence import Bench, Judged, judge
from ranking.reasons import Reasons, explain
from ranking.salsa import ItemScores, score_items
from ranking.snapshot import GraphSnapshot
from ranking.trust_vector import TrustVector

I32 = NDArray[np.int32]
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
    step in edge visits.
    """

    items: tuple[Recommended, ...]
    method: Method
    unprotected: bool
    edges: int


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


def _mask(rows: I32, size: int) -> NDArray[np.bool_]:
    mask = np.zeros(size, np.bool_)
    mask[rows[(rows >= 0) & (rows < size)]] = True
    return mask


def _excluded(snapshot: GraphSnapshot, owner: int, request: RecommendRequest) -> NDArray[np.bool_]:
    """Items that must not be recommended: seen, disliked or blocked."""
    mask = _mask(request.seen_items, snapshot.n_items)
    mask |= _mask(request.blocked_items, snapshot.n_items)
    if owner < snapshot.n_authors:
        mask[snapshot.liked(owner)] = True
        mask[snapshot.disliked(owner)] = True
    return mask


def _heard(
    snapshot: GraphSnapshot, trust: TrustVector, request: RecommendRequest
) -> tuple[TrustVector, NDArray[np.bool_]]:
    """The trust over this snapshot without blocked authors, and the mask of those.

    What they had is everybody else's: t keeps its sum, and so kappa and the priors their meaning.
    """
    sized = trust.resized(snapshot.n_authors)
    barred = _mask(request.blocked_authors, sized.n_authors)
    if sized.t[barred].any():
        t = np.where(barred, np.float32(0), sized.t)
        t /= t.sum() or np.float32(1)
        sized = replace(sized, t=t, prior=sized.passing.prior(t))
    return sized, barred


def _ordinary(judged: Judged, row: int, reasons: Reasons) -> Recommended:
    return Recommended(
        item=int(judged.item[row]),
        score=float(judged.score[row]),
        standard_error=float(judged.error[row]),
        reasons=reasons,
        rests_on=int(judged.person[row, 0]),
        excess=float(judged.excess[row, 0]),
    )


def recommend(
    snapshot: GraphSnapshot,
    trust: TrustVector,
    request: RecommendRequest,
    rng: np.random.Generator,
) -> Recommendation:
    """At most `request.n` items for the owner of `trust`, with reasons.

    The same arguments and generator state give the same list. Memory: a few arrays of n_items and
    n_authors, the listeners of the owner's items, and candidates_max judged candidates.
    """
    config = request.config
    if not 1 <= request.n <= config.items_max:
        raise ValueError(f"n must be in 1..{config.items_max}, not {request.n}")
    trust, barred = _heard(snapshot, trust, request)
    scores = score_items(snapshot, trust, config, rng)
    excluded = _excluded(snapshot, trust.owner, request)
    bench = Bench.of(scores, np.flatnonzero(excluded).astype(np.int32))
    rows = bench.best(request.n)
    spots = [] if trust.unprotected else places(request.n, config.discovery_every)
    shown = excluded | _mask(bench.judged.item[rows], snapshot.n_items)
    found = discover(scores, len(spots), shown, barred, rng) if spots else []
    strange = judge(scores, np.array([item for item, _ in found], np.int32))
    rows = bench.best(request.n - len(found), taken=strange)
    items = bench.judged.item[rows].tolist() + [item for item, _ in found]
    reasons = explain(scores, items)
    chosen = [_ordinary(bench.judged, row, reasons[k]) for k, row in enumerate(rows.tolist())]
    for k, (_, kind) in enumerate(found):
        place = min(spots[k], len(chosen))
        entry = _ordinary(strange, k, reasons[rows.size + k])
        chosen.insert(place, replace(entry, discovery=kind))
    return Recommendation(tuple(chosen), scores.method, trust.unprotected, scores.edges)


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
    snapshot: GraphSnapshot,
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
    if not 0 <= item < snapshot.n_items:
        raise ValueError(f"item row {item} is not among {snapshot.n_items} items")
    heard, _ = _heard(snapshot, trust, request)
    excluded = _excluded(snapshot, heard.owner, request)
    scores = score_items(snapshot, heard, request.config, rng)
    now = _explanation(scores, item, excluded)
    changed = None
    if without is not None:
        fewer, _ = _heard(snapshot, without, request)
        other = score_items(snapshot, fewer, request.config, rng)
        changed = _explanation(other, item, excluded)
    return Why(item, bool(excluded[item]), heard.unprotected, now, changed)
