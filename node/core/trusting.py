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

DISOWNED_MAX = 65_536
"""Proved equivocators who are barred; the oldest goes first, and nothing of hers is accepted
anyway."""


class TrustDesk:
    """The vouch graph, who is barred from it, and trust vectors drawn from it.

    Statement stamps are kept for live vouches and for withdrawals: at most `statements_max` of
    each author, whose lowest goes first, and `statements_total_max` in all, beyond which only the
    people here may add some until `make_room` has forgotten untrusted casters.
    """

    def __init__(
        self,
        graph: BoundedGraph,
        config: TrustConfig,
        *,
        vouch_config: VouchConfig | None = None,
        statements_max: int = 512,
        statements_total_max: int = 262_144,
    ) -> None:
        self._graph = graph
        self._config = config
        self._vouches = VouchGraph(vouch_config or VouchConfig())
        self._stamps: dict[int, dict[int, Stamp]] = {}
        self._statements_max = statements_max
        self._statements_total_max = statements_total_max
        self._statements = 0
        self._protected: dict[int, None] = {}
        self._blocked: dict[AuthorKey, None] = {}
        self._disowned: dict[AuthorKey, None] = {}
        self._order = np.zeros(0, np.uint64)
        self.version = 0

    @property
    def config(self) -> TrustConfig:
        """Parameters of the walks."""
        return self._config

    @property
    def nbytes(self) -> int:
        """Vouches and their stamps."""
        stamps = 200 * len(self._stamps) + 160 * self._statements
        return self._vouches.nbytes + self._order.nbytes + stamps

    def __len__(self) -> int:
        return len(self._vouches)

    def protect(self, caster: int) -> None:
        """A hosted person: her vouches are never refused."""
        self._vouches.protect(caster)
        self._protected[caster] = None

    def vouch(self, caster: int, author: AuthorKey, weight: int, stamp: Stamp) -> None:
        """An author's statement about another, percent; 0 withdraws. Older ones change nothing,
        of equally old ones the last stands. Nothing happens when there is no row for the other."""
        target = self._graph.author_row(author)
        if target < 0:
            return
        stamps = self._stamps.get(caster, {})
        if stamps.get(target, (-1, b"")) > stamp:
            return
        if target not in stamps:
            full = self._statements >= self._statements_total_max
            if full and caster not in self._protected:
                return
            self._statements += 1
        self._stamps[caster] = stamps
        if target >= len(self._order):
            self._order.resize(target + target // 8 + 64, refcheck=False)
        self._order[target] = int.from_bytes(author[:8], "big")
        stamps[target] = stamp
        if len(stamps) > self._statements_max:
            del stamps[min(stamps, key=lambda t: stamps[t])]
            self._statements -= 1
        self._vouches.put(caster, target, weight)
        self.version += 1

    def drop_caster(self, caster: int) -> None:
        """Forget what the author said about others."""
        self._statements -= len(self._stamps.pop(caster, ()))
        self._vouches.drop_author(caster)
        self.version += 1

    def block(self, author: AuthorKey, blocked: bool) -> None:
        """The owner wants to hear nothing of her: weight 0, whoever vouches."""
        if blocked:
            self._blocked[author] = None
        else:
            self._blocked.pop(author, None)
        self.version += 1

    def disown(self, author: AuthorKey) -> None:
        """Proved to equivocate: weight 0 for ever, whoever vouches."""
        self._disowned[author] = None
        if len(self._disowned) > DISOWNED_MAX:
            del self._disowned[next(iter(self._disowned))]
        self.version += 1

    def refuses(self, author: AuthorKey) -> bool:
        """Whether she is blocked or disowned."""
        return author in self._blocked or author in self._disowned

    @property
    def refused(self) -> NDArray[np.int32]:
        """Rows that may not count. By key, so that it holds whatever becomes of the rows."""
        rows = self._graph.authors.lookup_many([*self._blocked, *self._disowned])
        return rows[rows >= 0]

    def vouched_by(self, caster: int) -> dict[int, int]:
        """Target row -> percent of one author's live vouches."""
        targets, weights = self._vouches.of(caster)
        return dict(zip(targets.tolist(), weights.tolist(), strict=True))

    def compiled(self) -> CompiledVouches:
        """The vouches as arrays, over every author row there is now. Immutable.

        A caster's targets stand in the order of their keys: the same vouches give the same walks,
        in whatever order they came.
        """
        return self._vouches.compiled(self._graph.authors.rows, self._order)

    def make_room(self, trusted: NDArray[np.bool_]) -> int:
        """Forget casters whom nobody here trusts, when nearly full; how many vouches went."""
        vouches_full = len(self._vouches) >= self._vouches.config.vouches_max * 9 // 10
        if not vouches_full and self._statements < self._statements_total_max * 9 // 10:
            return 0
        for caster in list(self._stamps):
            known = caster < trusted.size and bool(trusted[caster])
            if not known and caster not in self._protected:
                self._statements -= len(self._stamps.pop(caster))
        self.version += 1
        return self._vouches.drop_untrusted(trusted)

    def targets_of(self, casters: NDArray[np.bool_]) -> NDArray[np.int32]:
        """Rows that the masked casters have vouched for or against. O(casters)."""
        rows = [self._vouches.of(c)[0] for c in np.flatnonzero(casters).tolist()]
        return np.concatenate([np.empty(0, np.int32), *rows])

    def forget_rows(self, gone: NDArray[np.bool_]) -> None:
        """These rows are about to stand for others: forget what they said and what was said of
        them. O(vouches)."""
        self._vouches.forget_rows(gone)
        rows = gone.tolist()
        self._stamps = {
            caster: {target: s for target, s in stamps.items() if not rows[target]}
            for caster, stamps in self._stamps.items()
            if not rows[caster]
        }
        self._statements = sum(map(len, self._stamps.values()))
        self.version += 1


def walk(
    vouches: CompiledVouches,
    owner: int,
    config: TrustConfig,
    refused: NDArray[np.int32],
    seed: int,
) -> TrustVector:
    """One person's trust; runs on the worker thread. A seed gives the same walks every time."""
    return trust_from(vouches, owner, config, np.random.default_rng(seed), refused=refused)


def trusted_rows(graph: BoundedGraph, vectors: Iterable[TrustVector]) -> NDArray[np.bool_]:
    """Mask of the author rows in which anybody here has trust."""
    trusted = np.zeros(graph.authors.rows, np.bool_)
    for vector in vectors:
        if not vector.unprotected:
            trusted[: vector.n_authors] |= vector.t > 0
    return trusted


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
