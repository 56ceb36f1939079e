"""Whom the people here trust: the vouches heard, and one trust vector for each who asks.

Vouches steer walks by row; the order in which walks meet them goes by key, so that the same
vouches give the same walks, in whatever order bundles and authors came in.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from protocol.ids import AuthorKey, DeviceId
from protocol.limits import SEQ_MAX
from ranking.graph import PROTECTED, BoundedGraph
from ranking.trust_vector import TrustVector
from trust.config import TrustConfig, VouchConfig
from trust.earned import earned_weights
from trust.kept_walks import KeptWalks
from trust.meritrank import trust_from, trust_kept
from trust.vouches import CompiledVouches, Statements, VouchGraph

Stamp = tuple[int, DeviceId]
"""(seq, device) of a statement; the highest stands."""

LOCAL: Stamp = (SEQ_MAX, DeviceId(b"\xff" * 8))
"""Stamp of what a hosted person says here: nothing of her own feeds stands above it."""

Earned = tuple[NDArray[np.int32], NDArray[np.float32]]
"""(target rows, weights on the scale of vouches) that a person grants beside her vouches."""

DISOWNED_MAX = 65_536
"""Proved equivocators who are barred; the oldest goes first, and nothing of hers is accepted
anyway."""


class TrustDesk:
    """The vouch graph, who is barred from it, and trust vectors drawn from it."""

    def __init__(
        self,
        graph: BoundedGraph,
        config: TrustConfig,
        *,
        vouch_config: VouchConfig | None = None,
    ) -> None:
        self._graph = graph
        self._config = config
        self._vouches = VouchGraph(vouch_config)
        self._blocked: dict[AuthorKey, None] = {}
        self._disowned: dict[AuthorKey, None] = {}
        self._order = np.zeros(0, np.uint64)
        self._barred = 0
        self._earned: dict[int, dict[AuthorKey, float]] = {}
        self._earnings = 0

    @property
    def config(self) -> TrustConfig:
        """Parameters of the walks."""
        return self._config

    @property
    def version(self) -> int:
        """Goes up with whatever may change a walk."""
        return self._barred + self._earnings + self._vouches.version

    @property
    def nbytes(self) -> int:
        """Vouches, withdrawals and the order of their targets."""
        return self._vouches.nbytes + self._order.nbytes

    def __len__(self) -> int:
        return len(self._vouches)

    def protect(self, caster: int) -> None:
        """A hosted person: her vouches are never refused."""
        self._vouches.protect(caster)

    def vouch(self, caster: int, author: AuthorKey, weight: int, stamp: Stamp) -> None:
        """`vouch_many` of one."""
        self.vouch_many([caster], [author], [weight], [stamp])

    def vouch_many(
        self,
        casters: Sequence[int],
        authors: Sequence[AuthorKey],
        weights: Sequence[int],
        stamps: Sequence[Stamp],
    ) -> None:
        """Statements of casters about authors, percent; 0 withdraws. Those about authors for whom
        there is no row are lost. About 20 us and .5 us each."""
        if not authors:
            return
        targets = self._graph.author_rows(authors)
        highest = int(targets.max())
        if highest + 1 >= len(self._order):
            self._order.resize(highest + highest // 8 + 64, refcheck=False)
        # Its last place is nobody's: there go those without a row, which is -1.
        self._order[targets] = np.frombuffer(b"".join([a[:8] for a in authors]), ">u8")
        seqs, devices = zip(*stamps, strict=True)
        device = np.frombuffer(b"".join(devices), ">u8")
        self._vouches.put_many(casters, targets, weights, seqs, device)

    def drop_caster(self, caster: int) -> None:
        """Forget what the author said about others."""
        self._vouches.drop_author(caster)

    def drop_casters(self, casters: NDArray[np.bool_]) -> None:
        """`drop_caster` for every row in the mask. O(statements)."""
        self._vouches.drop_authors(casters)

    def dump(self) -> tuple[Statements, NDArray[np.uint64]]:
        """Copies of the vouches and of the order of their targets, for `load`."""
        return self._vouches.dump(), self._order.copy()

    def load(self, vouches: Statements, order: NDArray[np.uint64]) -> None:
        """Hold what gave this `dump`. ValueError if it is none, or beyond the cap."""
        if vouches.pair.size and int(vouches.target.max()) + 1 >= len(order):
            raise ValueError("vouches are for authors without a place in the order")
        self._vouches.load(vouches)
        self._order = order

    def block(self, author: AuthorKey, blocked: bool) -> None:
        """The owner wants to hear nothing of her: weight 0, whoever vouches."""
        if blocked:
            self._blocked[author] = None
        else:
            self._blocked.pop(author, None)
        self._barred += 1

    def disown(self, author: AuthorKey) -> None:
        """Proved to equivocate: weight 0 for ever, whoever vouches."""
        self._disowned[author] = None
        if len(self._disowned) > DISOWNED_MAX:
            del self._disowned[next(iter(self._disowned))]
        self._barred += 1

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

    def earn(self, owner: int, parts: Mapping[AuthorKey, float]) -> None:
        """What others have earned of a person here: parts of her out-weight, in (0, 1)."""
        if self._earned.get(owner, {}) != parts:
            self._earned[owner] = dict(parts)
            self._earnings += 1

    def earned_by(self, owner: int) -> Earned | None:
        """(target rows, weights) of what others have earned of her, on the scale of vouches.

        None when there is nothing, or she vouches for nobody. Whom she has vouched for or against,
        wherever that was, and who is refused, are left out.
        """
        parts = self._earned.get(owner)
        if not parts:
            return None
        vouched = self.vouched_by(owner)
        own_weight = sum(weight for weight in vouched.values() if weight > 0) / 100
        rows = self._graph.authors.lookup_many([*parts])
        left_out = {*vouched, *self.refused.tolist(), -1}
        kept = {
            row: part
            for row, part in zip(rows.tolist(), parts.values(), strict=True)
            if row not in left_out
        }
        if not kept or not own_weight:
            return None
        weights = earned_weights([*kept.values()], own_weight)
        return np.array([*kept], np.int32), np.array(weights, np.float32)

    def compiled(self) -> CompiledVouches:
        """The vouches as arrays, over every author row there is now. Immutable.

        A caster's targets stand in the order of their keys: the same vouches give the same walks,
        in whatever order they came.
        """
        return self._vouches.compiled(self._graph.authors.rows, self._order)

    def make_room(self, trusted: NDArray[np.bool_]) -> int:
        """Forget casters whom nobody here trusts, when nearly full; how many vouches went."""
        if self._vouches.statements < self._vouches.config.statements_max * 9 // 10:
            return 0
        return self._vouches.drop_untrusted(trusted)

    def targets_of(self, casters: NDArray[np.bool_]) -> NDArray[np.int32]:
        """Rows that the masked casters have vouched for or against. O(statements)."""
        return self._vouches.targets_of(casters)

    def forget_rows(self, gone: NDArray[np.bool_]) -> None:
        """These rows are about to stand for others: forget what they said and what was said of
        them. O(statements)."""
        self._vouches.forget_rows(gone)


@dataclass(frozen=True, slots=True)
class Walked:
    """One person's trust and, where they are kept, her walks."""

    vector: TrustVector
    kept: KeptWalks | None = None


@dataclass(frozen=True, slots=True)
class WalkJob:
    """All that one person's walks need; `run` is for the worker thread.

    A seed gives the same first walks every time. Where walks are kept, later ones are these,
    mended: they depend on when she was walked for, their distribution does not.
    """

    vouches: CompiledVouches
    owner: int
    config: TrustConfig
    refused: NDArray[np.int32]
    seed: int
    version: int
    earned: Earned | None = None
    earlier: KeptWalks | None = None

    def run(self) -> Walked:
        """Walk, or mend the earlier walks."""
        mends = self.earlier is not None
        rng = np.random.default_rng((self.seed, self.version) if mends else self.seed)
        about = self.vouches, self.owner, self.config, rng
        if not self.config.keep_walks:
            return Walked(trust_from(*about, refused=self.refused, earned=self.earned))
        vector, kept = trust_kept(
            *about, refused=self.refused, earned=self.earned, kept=self.earlier
        )
        return Walked(vector, kept)


def highest_trust(graph: BoundedGraph, vectors: Iterable[TrustVector]) -> NDArray[np.float32]:
    """By author row the most trust that anybody here has in her; 0 for strangers."""
    highest = np.zeros(graph.authors.rows, np.float32)
    for vector in vectors:
        if not vector.unprotected:
            part = highest[: vector.n_authors]
            np.maximum(part, vector.t, out=part)
    return highest


def set_priorities(graph: BoundedGraph, worth: NDArray[np.float32], kept: Iterable[int]) -> None:
    """Tell the graph who goes last when it is full: `kept` never, the rest by their worth.

    worth: as `ranking.priorities` gives it, always of all rows at once, so that values made with a
    snapshot never stand beside values made without; rows that came later are strangers' and get 0.
    """
    best = np.zeros(graph.authors.rows, np.float32)
    best[: len(worth)] = worth[: len(best)]
    graph.set_priorities(best)
    for row in kept:
        graph.set_priority(row, PROTECTED)
