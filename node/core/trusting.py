"""Whom the people here trust: the vouches heard, and one trust vector for each who asks.

Vouches steer walks by row; which statement of an author stands is decided here, by
(seq, device), so that the graph of vouches is the same whatever order bundles came in.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from protocol.ids import AuthorKey
from ranking.graph import PROTECTED, BoundedGraph
from ranking.trust_vector import TrustVector
from trust.config import TrustConfig, VouchConfig
from trust.meritrank import trust_from
from trust.vouches import CompiledVouches, VouchGraph

Stamp = tuple[int, bytes]
"""(seq, device) of a statement; the highest stands."""

LOCAL: Stamp = (2**32, b"")
"""Stamp of what a hosted person says here: it stands above everything of her own feeds."""


class TrustDesk:
    """The vouch graph, who is barred from it, and trust vectors drawn from it.

    Statement stamps are kept for live vouches and for withdrawals, at most `statements_max` for
    each author; an author's lowest goes first.
    """

    def __init__(
        self,
        graph: BoundedGraph,
        config: TrustConfig,
        *,
        vouch_config: VouchConfig | None = None,
        statements_max: int = 512,
    ) -> None:
        self._graph = graph
        self._config = config
        self._vouches = VouchGraph(vouch_config or VouchConfig())
        self._stamps: dict[int, dict[int, Stamp]] = {}
        self._statements_max = statements_max
        self._refused: dict[int, None] = {}
        self.version = 0

    @property
    def config(self) -> TrustConfig:
        """Parameters of the walks."""
        return self._config

    @property
    def nbytes(self) -> int:
        """Vouches and their stamps."""
        return self._vouches.nbytes + sum(200 + 160 * len(s) for s in self._stamps.values())

    def __len__(self) -> int:
        return len(self._vouches)

    def protect(self, caster: int) -> None:
        """A hosted person: her vouches are never refused."""
        self._vouches.protect(caster)

    def vouch(self, caster: int, target: int, weight: int, stamp: Stamp) -> None:
        """An author's statement about another, percent; 0 withdraws. Older ones change nothing."""
        stamps = self._stamps.setdefault(caster, {})
        if stamps.get(target, (-1, b"")) >= stamp:
            return
        stamps[target] = stamp
        if len(stamps) > self._statements_max:
            del stamps[min(stamps, key=lambda t: stamps[t])]
        self._vouches.put(caster, target, weight)
        self.version += 1

    def drop_caster(self, caster: int) -> None:
        """Forget what the author said about others."""
        self._stamps.pop(caster, None)
        self._vouches.drop_author(caster)
        self.version += 1

    def refuse(self, row: int, refused: bool) -> None:
        """Blocked by the owner, or proved to equivocate: weight 0, whoever vouches."""
        if refused:
            self._refused[row] = None
        else:
            self._refused.pop(row, None)
        self.version += 1

    @property
    def refused(self) -> NDArray[np.int32]:
        """Rows that may never count."""
        return np.array(list(self._refused), np.int32)

    def vouched_by(self, caster: int) -> dict[int, int]:
        """Target row -> percent of one author's live vouches."""
        targets, weights = self._vouches.of(caster)
        return dict(zip(targets.tolist(), weights.tolist(), strict=True))

    def compiled(self) -> CompiledVouches:
        """The vouches as arrays, over every author row there is now. Immutable."""
        return self._vouches.compiled(self._graph.authors.rows)

    def make_room(self, vectors: Iterable[TrustVector]) -> int:
        """Forget casters whom nobody here trusts, when the graph is nearly full."""
        if len(self._vouches) < self._vouches.config.vouches_max * 9 // 10:
            return 0
        trusted = np.zeros(self._graph.authors.rows, np.bool_)
        for vector in vectors:
            trusted[: vector.n_authors] |= vector.t > 0
        return self._vouches.drop_untrusted(trusted)


def walk(
    vouches: CompiledVouches,
    owner: int,
    config: TrustConfig,
    refused: NDArray[np.int32],
    seed: int,
) -> TrustVector:
    """One person's trust; runs on the worker thread. A seed gives the same walks every time."""
    return trust_from(vouches, owner, config, np.random.default_rng(seed), refused=refused)


def set_priorities(
    graph: BoundedGraph,
    vectors: Iterable[TrustVector],
    kept: Iterable[int],
) -> None:
    """Tell the graph who goes last when it is full: `kept` never, the rest by trust."""
    rows = graph.authors.rows
    best = np.zeros(rows, np.float32)
    for vector in vectors:
        if not vector.unprotected:
            best[: vector.n_authors] = np.maximum(best[: vector.n_authors], vector.t)
    graph.set_priorities(best)
    for row in kept:
        graph.set_priority(row, PROTECTED)


def keys_of(graph: BoundedGraph, rows: Iterable[int]) -> list[AuthorKey]:
    """Author keys of rows in use."""
    return [AuthorKey(graph.authors.name(row)) for row in rows]
