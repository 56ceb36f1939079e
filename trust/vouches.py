"""Who vouches for whom: a signed, bounded graph over author rows.

Weights are percent, -100..100, as on the wire. Of what a caster says about a target the highest
(seq, device) stands, of equally high statements the last, in whatever order they come. Statements
stand in one table, sorted by caster and target, 21 bytes each; new ones are gathered and merged
into it when there are enough of them or somebody reads. The walks read it compiled into CSR.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ranking.kernels_walks import alias_tables
from trust.config import VouchConfig

Bool = NDArray[np.bool_]
I8 = NDArray[np.int8]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
F32 = NDArray[np.float32]

GATHERED_MAX = 4_096
"""Statements gathered before they are merged: they share the cost of shifting the whole table."""


class Statements(NamedTuple):
    """What casters said about targets, column by column. 21 bytes each."""

    pair: I64
    """caster << 32 | target"""
    seq: NDArray[np.uint32]
    device: NDArray[np.uint64]
    weight: I8
    """Percent; 0 takes back."""

    @property
    def caster(self) -> I64:
        """Rows of those who said it."""
        return self.pair >> 32

    @property
    def target(self) -> I32:
        """Rows of those about whom it was said."""
        return (self.pair & 0xFFFFFFFF).astype(np.int32)

    def take(self, which: Bool | I64 | slice) -> Statements:
        """Some of them; a slice is a view."""
        return Statements(self.pair[which], self.seq[which], self.device[which], self.weight[which])

    def insert(self, at: I64, new: Statements) -> Statements:
        """These with `new[i]` before the one at `at[i]`."""
        return Statements(
            np.insert(self.pair, at, new.pair),
            np.insert(self.seq, at, new.seq),
            np.insert(self.device, at, new.device),
            np.insert(self.weight, at, new.weight),
        )


@dataclass(frozen=True, slots=True)
class CompiledVouches:
    """CSR of the positive vouches with alias tables, and of the negative ones. Immutable.

    Weights are in (0, 1]; `against_weight` holds the magnitude of the negative ones.
    """

    n_authors: int
    ptr: I64
    target: I32
    weight: F32
    threshold: F32
    other: I32
    against_ptr: I64
    against: I32
    against_weight: F32

    @classmethod
    def from_triples(cls, n_authors: int, caster: I32, target: I32, weight: F32) -> CompiledVouches:
        """From lists of (caster, target, weight in [-1, 1]); pairs must be distinct.

        Zero weights and vouches for oneself are left out. O(vouches log vouches).
        """
        kept = np.flatnonzero((weight != 0) & (caster != target))
        kept = kept[np.lexsort((target[kept], caster[kept]))]
        rows = caster[kept].astype(np.int64), target[kept].astype(np.int32)
        return cls.of_sorted(n_authors, *rows, weight[kept].astype(np.float32))

    @classmethod
    def of_sorted(cls, n_authors: int, caster: I64, target: I32, weight: F32) -> CompiledVouches:
        """`from_triples` of lists already ascending by caster. O(vouches)."""
        up, down = weight > 0, weight < 0
        ptr, to, strength = _csr(n_authors, caster[up], target[up], weight[up])
        threshold, other = alias_tables(ptr, strength)
        against = _csr(n_authors, caster[down], target[down], -weight[down])
        return cls(n_authors, ptr, to, strength, threshold, other, *against)

    def with_edges(self, caster: int, target: I32, weight: F32) -> CompiledVouches:
        """A copy in which the caster has these positive edges, too. O(vouches), no sorting.

        They stand beside her vouches: a target named in both has the sum of the weights. Edges to
        herself are left out; weights must be in (0, 1] and targets among the authors.
        """
        target, weight = np.asarray(target, np.int32), np.asarray(weight, np.float32)
        if target.size and not 0 <= target.min() <= target.max() < self.n_authors:
            raise ValueError(f"edge targets must be rows below {self.n_authors}")
        if not ((weight > 0) & (weight <= 1)).all():
            raise ValueError("edge weights must be in (0, 1]")
        target, weight = target[target != caster], weight[target != caster]
        low, high = int(self.ptr[caster]), int(self.ptr[caster + 1])
        ptr = self.ptr.copy()
        ptr[caster + 1 :] += target.size
        to, strength = (
            np.concatenate([had[:high], more, had[high:]])
            for had, more in ((self.target, target), (self.weight, weight))
        )
        row = np.array([0, high - low + target.size], np.int64)
        threshold, other = alias_tables(row, strength[low : high + target.size])
        after = self.other[high:] + np.int32(target.size)
        return replace(
            self,
            ptr=ptr,
            target=to,
            weight=strength,
            threshold=np.concatenate([self.threshold[:low], threshold, self.threshold[high:]]),
            other=np.concatenate([self.other[:low], other + np.int32(low), after]),
        )

    def out(self, caster: int) -> tuple[I32, F32]:
        """(targets, weights) of one caster's positive vouches."""
        window = slice(self.ptr[caster], self.ptr[caster + 1])
        return self.target[window], self.weight[window]

    def distrusted_by(self, caster: int) -> tuple[I32, F32]:
        """(targets, magnitudes) of one caster's negative vouches."""
        window = slice(self.against_ptr[caster], self.against_ptr[caster + 1])
        return self.against[window], self.against_weight[window]


def _csr(n_authors: int, caster: I64, target: I32, weight: F32) -> tuple[I64, I32, F32]:
    """CSR from triples already sorted by caster."""
    ptr = np.zeros(n_authors + 1, np.int64)
    np.cumsum(np.bincount(caster, minlength=n_authors), out=ptr[1:])
    return ptr, target, weight


def _within(rows: I64 | I32, mask: Bool) -> Bool:
    """Which rows the mask holds; none beyond its end."""
    return np.append(mask, False)[np.minimum(rows, len(mask))]


class _Gathered:
    """Statements not merged yet, in the order in which they came."""

    __slots__ = ("device", "pair", "seq", "weight")

    def __init__(self) -> None:
        self.pair = array("q")
        self.seq = array("I")
        self.device = array("Q")
        self.weight = array("b")

    def __len__(self) -> int:
        return len(self.pair)

    @property
    def nbytes(self) -> int:
        """Bytes of the statements."""
        columns = (self.pair, self.seq, self.device, self.weight)
        return sum(len(column) * column.itemsize for column in columns)

    def add(self, new: Statements) -> None:
        """Append, in their order."""
        self.pair.frombytes(new.pair.tobytes())
        self.seq.frombytes(new.seq.tobytes())
        self.device.frombytes(new.device.tobytes())
        self.weight.frombytes(new.weight.tobytes())

    def statements(self) -> Statements:
        """All of them. Views: nothing can be added while they are in use."""
        return Statements(
            np.frombuffer(self.pair, np.int64),
            np.frombuffer(self.seq, np.uint32),
            np.frombuffer(self.device, np.uint64),
            np.frombuffer(self.weight, np.int8),
        )

    def standing(self) -> tuple[Statements, I64]:
        """The one of each pair that stands, ascending by pair, and which one it was."""
        gathered = self.statements()
        order = np.lexsort((gathered.device, gathered.seq, gathered.pair))
        pair = gathered.pair[order]
        highest = order[np.append(pair[1:] != pair[:-1], True)]
        return gathered.take(highest), highest


class VouchGraph:
    """The live vouches of every caster, and what was taken back, so that no older statement that
    comes late revives it.

    Of a caster beyond her caps the weakest vouches count as taken back, and the oldest withdrawals
    are forgotten. When the table is full, pairs that are new to it are refused until
    `drop_untrusted`; protected casters (the node's own people) are never refused nor dropped.
    """

    def __init__(self, config: VouchConfig | None = None) -> None:
        self.config = config or VouchConfig()
        self._held = _Gathered().statements()
        self._gathered = _Gathered()
        self._protected: dict[int, None] = {}
        self._version = 0
        self._compiled: CompiledVouches | None = None

    def __len__(self) -> int:
        """Live vouches. O(statements)."""
        return int(np.count_nonzero(self._merged().weight))

    @property
    def statements(self) -> int:
        """Live vouches and withdrawals."""
        return len(self._merged().pair)

    @property
    def version(self) -> int:
        """Goes up when live vouches change."""
        self._merged()
        return self._version

    @property
    def nbytes(self) -> int:
        """Bytes held, without the compiled form."""
        return sum(column.nbytes for column in self._held) + self._gathered.nbytes

    def protect(self, caster: int) -> None:
        """Never refuse or drop this caster's vouches."""
        self._protected[caster] = None

    def put(self, caster: int, target: int, weight: int, seq: int = 0, device: int = 0) -> None:
        """`put_many` of one, with its arguments looked at."""
        if not -100 <= weight <= 100:
            raise ValueError(f"vouch weight must be in -100..100, not {weight}")
        if caster < 0 or target < 0:
            raise ValueError(f"author rows are not negative: {caster}, {target}")
        self.put_many([caster], [target], [weight], [seq], [device])

    def put_many(
        self,
        casters: ArrayLike,
        targets: ArrayLike,
        weights: ArrayLike,
        seqs: ArrayLike,
        devices: ArrayLike,
    ) -> None:
        """Hear statements in their order; weight 0 takes back, devices are 64 bits.

        A vouch for oneself, or for a target below 0, is void. About 8 us and .4 us each.
        """
        caster, target = np.asarray(casters, np.int64), np.asarray(targets, np.int64)
        said = Statements(
            caster << 32 | target,
            np.asarray(seqs, np.uint32),
            np.asarray(devices, np.uint64),
            np.asarray(weights, np.int8),
        )
        void = (caster == target) | (target < 0)
        self._gathered.add(said.take(~void) if void.any() else said)
        if len(self._gathered) >= GATHERED_MAX:
            self._merge()

    def of(self, caster: int) -> tuple[I32, I8]:
        """(targets, weights in percent) of one caster, ascending by row."""
        lo, hi = np.searchsorted(self._merged().pair, (caster << 32, (caster + 1) << 32)).tolist()
        mine = self._held.take(slice(lo, hi))
        live = mine.take(mine.weight != 0)
        return live.target, live.weight

    def targets_of(self, casters: Bool) -> I32:
        """Rows that the masked casters vouch for or against. O(statements)."""
        held = self._merged()
        return held.take(_within(held.caster, casters) & (held.weight != 0)).target

    # ------------------------------------------------------------------------------ forgetting
    def drop_author(self, author: int) -> None:
        """Forget what this author cast; what others cast about her stays theirs. O(statements)."""
        self._keep(self._merged().caster != author)

    def drop_authors(self, casters: Bool) -> None:
        """`drop_author` for every row in the mask."""
        self._keep(~_within(self._merged().caster, casters))

    def forget_rows(self, gone: Bool) -> None:
        """Forget the vouches that these rows cast and those cast about them. O(statements).

        Another `version` in any case: the rows will mean others.
        """
        held = self._merged()
        self._keep(~_within(held.caster, gone) & ~_within(held.target, gone))
        self._change()

    def drop_untrusted(self, trusted: Bool) -> int:
        """Make room: forget casters neither trusted nor protected; returns vouches freed."""
        before, caster = len(self), self._held.caster
        self._keep(_within(caster, trusted) | self._is_protected(caster))
        return before - len(self)

    def _is_protected(self, caster: I64) -> Bool:
        return np.isin(caster, np.array([*self._protected], np.int64))

    def _keep(self, kept: Bool) -> None:
        held = self._held
        if held.weight[~kept].any():
            self._change()
        self._held = held.take(kept)

    def _change(self) -> None:
        self._version += 1
        self._compiled = None

    # ------------------------------------------------------------------------------ checkpoint
    def dump(self) -> Statements:
        """Copies of all statements, for `load`. O(statements), 1 ms for 200,000."""
        held = self._merged()
        return Statements(held.pair.copy(), held.seq.copy(), held.device.copy(), held.weight.copy())

    def load(self, statements: Statements) -> None:
        """Hold these and nothing else; ValueError if they are no `dump` or beyond the cap."""
        pair = statements.pair
        if len({len(column) for column in statements}) != 1 or (pair[1:] <= pair[:-1]).any():
            raise ValueError("vouches are not in order")
        if len(pair) > self.config.statements_max:
            raise ValueError(f"{len(pair)} vouches, at most {self.config.statements_max} are held")
        self._held = statements
        self._gathered = _Gathered()
        self._change()

    # --------------------------------------------------------------------------------- merging
    def _merged(self) -> Statements:
        """The table with all that was ever put."""
        if self._gathered:
            self._merge()
        return self._held

    def _merge(self) -> None:
        """Bring what was gathered into the table. O(statements), 2 ms for 200,000."""
        new, arrival = self._gathered.standing()
        self._gathered = _Gathered()
        pairs = self._held.pair
        at = np.searchsorted(pairs, new.pair)
        known = at < np.searchsorted(pairs, new.pair, side="right")
        changed = self._replace(at[known], new.take(known))
        fresh = np.flatnonzero(~known)
        fresh = fresh[self._admitted(new.caster[fresh], arrival[fresh])]
        added = new.take(fresh)
        if fresh.size:
            self._held = self._held.insert(at[fresh], added)
        if changed or added.weight.any():
            self._change()
        self._bound(np.unique(new.caster))

    def _replace(self, at: I64, new: Statements) -> bool:
        """Put statements in the place of earlier ones of the same pairs; whether it matters."""
        held = self._held
        seq, device = held.seq[at], held.device[at]
        stands = (new.seq > seq) | ((new.seq == seq) & (new.device >= device))
        at, new = at[stands], new.take(stands)
        changed = bool((held.weight[at] != new.weight).any())
        held.seq[at], held.device[at], held.weight[at] = new.seq, new.device, new.weight
        return changed

    def _admitted(self, caster: I64, arrival: I64) -> Bool:
        """Of new pairs, which find room: protected casters' all, others' the first that came."""
        admitted = np.ones(len(caster), np.bool_)
        room = max(0, self.config.statements_max - len(self._held.pair))
        if len(caster) > room:
            strangers = np.flatnonzero(~self._is_protected(caster))
            admitted[strangers[np.argsort(arrival[strangers])][room:]] = False
        return admitted

    def _bound(self, casters: I64) -> None:
        """Hold each of these casters to her caps."""
        held, live_max = self._held, self.config.vouches_per_author_max
        start, end = np.searchsorted(held.pair, (casters << 32, (casters + 1) << 32))
        over = end - start > live_max
        kept = np.ones(len(held.pair), np.bool_)
        for lo, hi in zip(start[over].tolist(), end[over].tolist(), strict=True):
            mine = held.take(slice(lo, hi))
            live = np.flatnonzero(mine.weight)
            if live.size > live_max:
                its = mine.take(live)
                weakest = np.lexsort((its.device, its.seq, abs(its.weight)))
                mine.weight[live[weakest[: live.size - live_max]]] = 0
            withdrawn = np.flatnonzero(mine.weight == 0)
            oldest = np.lexsort((mine.device[withdrawn], mine.seq[withdrawn]))
            excess = max(0, hi - lo - self.config.statements_per_author_max)
            kept[lo + withdrawn[oldest[:excess]]] = False
        if not kept.all():
            self._held = held.take(kept)

    # ------------------------------------------------------------------------------- compiling
    def compiled(self, n_authors: int, order: NDArray[np.uint64] | None = None) -> CompiledVouches:
        """The CSR form over `n_authors` rows; kept until a vouch changes. O(vouches log vouches).

        A caster's targets ascend by `order[target]`, by default by row.
        """
        held = self._merged()
        if self._compiled is not None and self._compiled.n_authors == n_authors:
            return self._compiled
        caster, target = held.caster, held.target
        known = np.flatnonzero((caster < n_authors) & (target < n_authors))
        if order is not None:
            rank = np.argsort(np.argsort(order, kind="stable"))
            known = known[np.argsort(caster[known] << 32 | rank[target[known]])]
        caster, target, percent = caster[known], target[known], held.weight[known]
        weight = percent.astype(np.float32) / np.float32(100)
        self._compiled = CompiledVouches.of_sorted(n_authors, caster, target, weight)
        return self._compiled
