"""Trust-weighted SALSA: walk owner -> item -> author -> item, concave over the owner's items.

    P(j -> v) = t(v) a(v, j) / (sum_u t(u) a(u, j) + kappa)
    d_t(i)    = 1 + degree_scale * sum_v t(v) a(v, i)
    s(i)      = d_t(i)^-.3 * sum_j d_t(j)^.25 * (sum_v P(j -> v) P(v -> i))^.5

With `config.echo` s(i) is also multiplied by 1 - config.echo * echo(i), at least `ECHO_LEAST`.

See ALGORITHM.md for why each piece is there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ranking.config import Method, RankConfig
from ranking.echo import ECHO_LEAST, EchoWalk, echo
from ranking.kernels_salsa import (
    EIGHTHS,
    Reach,
    exact_hops,
    item_paths,
    reached_by_author,
    reached_listeners,
    sampled_hops,
    spread,
    spread_cost,
    transpose_hops,
    trusted_listeners,
)
from ranking.snapshot import GraphSnapshot
from ranking.trust_vector import TrustVector
from ranking.view import TrustView

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]

ROUND_WALKERS = 8
"""Fewest walkers on each item in the first round."""

NO_ITEM = -1
"""Source row of an owner without items of her own: then it is her trust alone that speaks."""


@dataclass(frozen=True, slots=True, eq=False)
class ItemScores:
    """s(i) of every item before the evidence rule, and all that explains it.

    score: float32[n_items]. sources: the owner's items j, gain[j] their d_t(j)^.25. reach:
    P(j -> v) by author. sampled[j]: whether P(j -> .) was sampled, with `per_item` walkers.
    taste: what v's affinities are divided by in P(v -> i). echo, echo_error: of every item, None
    without, or without error.
    """

    view: TrustView
    config: RankConfig
    score: F32
    sources: I32
    gain: F32
    reach: Reach
    taste: F32
    echo: F32 | None
    echo_error: F32 | None
    sampled: NDArray[np.bool_]
    per_item: int
    edges: int
    """Edge visits of the last step: the cost."""
    reached_edges: int
    """Edges of the authors reached, each author once."""

    @property
    def snapshot(self) -> GraphSnapshot:
        """The graph."""
        return self.view.snapshot

    @property
    def trust(self) -> TrustVector:
        """The owner's trust, blocked authors left out."""
        return self.view.trust

    @property
    def mass(self) -> F32:
        """Trusted mass of each item."""
        return self.view.mass

    @property
    def method(self) -> Method:
        """EXACT, or SAMPLED when any of the owner's items was."""
        return Method.SAMPLED if self.sampled.any() else Method.EXACT

    @property
    def walks(self) -> int:
        """Walkers that walked."""
        return int(self.sampled.sum()) * self.per_item

    def factor(self, items: I32) -> F32:
        """d_t(i)^-.3 of the given items, times what their echo leaves."""
        made: F32 = _degree(self.mass[items], self.config) ** np.float32(-self.config.item_penalty)
        return made if self.echo is None else made * self._left(self.echo[items])

    def factor_error(self, items: I32) -> F32:
        """Standard error of `factor` as a part of it, from walkers of the echo."""
        if self.echo is None or self.echo_error is None:
            return np.zeros(items.size, np.float32)
        error: F32 = self.config.echo * self.echo_error[items] / self._left(self.echo[items])
        return error

    def _left(self, echo: F32) -> F32:
        """What the echo leaves of a score."""
        left: F32 = np.maximum(1 - np.float32(self.config.echo) * echo, np.float32(ECHO_LEAST))
        return left

    def listeners(self, items: I32) -> tuple[I64, I32, F32]:
        """CSR over distinct items: reached listeners, as places in `reach`, and a(v, i).

        O(listeners of the items), or O(edges of the authors reached) where that is less.
        """
        ptr = self.view.listeners.ptr
        found: tuple[I64, I32, F32]
        if int((ptr[items + 1] - ptr[items]).sum()) <= 2 * self.reached_edges:
            found = reached_listeners(items, self.view.listeners, self.reach)
        else:
            likes = self.snapshot.author_side
            found = reached_by_author(items, likes, self.reach, self.snapshot.n_items)
        return found

    def paths(self, item: int) -> tuple[I32, I32, F64]:
        """Every path to an item: (own item j, author v, part of s); the parts add up to s(item)."""
        items = np.array([item], np.int32)
        hop, author, part = item_paths(
            self.listeners(items), self.reach, self.taste, self.gain, self.config.exponent
        )
        return self.sources[hop], author, part * float(self.factor(items)[0])


def _degree(mass: F32, config: RankConfig) -> F32:
    """d_t of items with this trusted mass."""
    return np.float32(1) + np.float32(config.degree_scale) * mass


def own_items(snapshot: GraphSnapshot, owner: int, items_max: int) -> tuple[I32, F32]:
    """The owner's items with their affinities, the strongest if there are too many."""
    if owner >= snapshot.n_authors:
        return np.empty(0, np.int32), np.empty(0, np.float32)
    window = slice(snapshot.author_ptr[owner], snapshot.author_ptr[owner + 1])
    items = snapshot.author_item[window]
    weights = snapshot.affinity[snapshot.author_code[window]]
    if items.size > items_max:
        strongest = np.sort(np.argsort(-weights, kind="stable")[:items_max])
        items, weights = items[strongest], weights[strongest]
    return items, weights


def kappa_of(trust: TrustVector, own_weights: F32, config: RankConfig) -> float:
    """The floor on an item's trusted mass: a part of one effective author's, at the owner's own
    mean affinity, which nobody else can move. 0 when nobody is trusted."""
    authors = trust.effective_authors()
    if authors == 0 or own_weights.size == 0:
        return 0.0
    return config.kappa / authors * float(own_weights.mean())


@dataclass(frozen=True, slots=True, eq=False)
class Walkers:
    """Everything drawn for one question, so that its scores can be had from a part of the walkers
    and then from more: a larger part contains the smaller ones.

    sources: the owner's items. ptr, author, weight: their trusted listeners, CSR, with t a. exact:
    P(j -> v), or None when it is sampled, with `per_item` walkers on each item. taste: what v's
    affinities are divided by in P(v -> i). passed: the echo's walk, None without one.
    """

    view: TrustView
    config: RankConfig
    sources: I32
    gain: F32
    ptr: I64
    author: I32
    weight: F32
    kappa: float
    exact: F32 | None
    per_item: int
    draws: F64
    shifts: NDArray[np.int8]
    taste: F32
    passed: EchoWalk | None

    @classmethod
    def of(cls, view: TrustView, config: RankConfig, rng: np.random.Generator) -> Walkers:
        """Choose the method and draw. An owner without items has one source, her trust alone.
        O(listeners of the owner's items)."""
        snapshot, trust = view.snapshot, view.trust
        items, weights = own_items(snapshot, trust.owner, config.owner_items_max)
        if not items.size:
            author = np.flatnonzero(trust.t > 0).astype(np.int32)
            ptr, t = np.array([0, author.size], np.int64), trust.t[author]
            none, gain = np.array([NO_ITEM], np.int32), np.ones(1, np.float32)
            drawn = (1, _NONE, _NO_SHIFTS, _taste(view, config), _passed(view, config, rng))
            return cls(view, config, none, gain, ptr, author, t, 0.0, t, *drawn)
        ptr, author, weight = trusted_listeners(items, view.listeners, trust.t)
        kappa = kappa_of(trust, weights, config)
        gain = _degree(view.mass[items], config) ** np.float32(config.source_gain)
        sampled = config.method is Method.SAMPLED
        if config.method is Method.AUTO:
            cost = spread_cost(author, weight, snapshot.author_ptr, config.edges_max)
            sampled = cost > config.edges_max
        draws, shifts, per_item = _NONE, _NO_SHIFTS, 1
        exact = None if sampled else exact_hops(ptr, weight, kappa)
        if sampled:
            per_item = max(1, config.walks // items.size)
            if per_item >= EIGHTHS * ROUND_WALKERS:
                per_item -= per_item % EIGHTHS
            draws = rng.random(items.size * per_item)
            groups = items.size * -(-per_item // EIGHTHS)
            shifts = rng.integers(0, EIGHTHS, groups, dtype=np.int8)
        drawn = (per_item, draws, shifts, _taste(view, config), _passed(view, config, rng))
        return cls(view, config, items, gain, ptr, author, weight, kappa, exact, *drawn)

    @property
    def rounds(self) -> tuple[int, ...]:
        """Parts of the walkers, in eighths, that are worth asking for: where an eighth is too few
        for errors that mean something, or none are needed, all of them."""
        if self.exact is not None or self.per_item < EIGHTHS * ROUND_WALKERS:
            return (EIGHTHS,)
        return (1, 2, 4, EIGHTHS)

    def scores(self, part: int = EIGHTHS) -> ItemScores:
        """s(i) of every item from so many eighths of the walkers.

        O(edges of the authors reached, once for each item through which they are) + O(n_items).
        """
        likes, p, sampled = self.view.snapshot.author_side, self.exact, _exactly(self.sources)
        if p is None:
            p, sampled = sampled_hops(
                self.ptr, self.weight, self.kappa, self.per_item, self.draws, self.shifts, part
            )
        hops = (self.ptr, self.author, p)
        n_items, exponent = self.view.snapshot.n_items, self.config.exponent
        reach = Reach(*transpose_hops(*hops, self.view.snapshot.n_authors))
        if exponent == 1:
            score = self._linear(reach)
        else:
            score = spread(hops, self.gain, exponent, likes, self.taste, n_items)
        echoes = error = None
        if self.passed is not None:
            first = score if exponent == 1 else self._linear(reach)
            echoes, error = echo(self.view, self.taste, first, self.passed)
        made = ItemScores(
            view=self.view,
            config=self.config,
            score=score,
            sources=self.sources,
            gain=self.gain,
            reach=reach,
            taste=self.taste,
            echo=echoes,
            echo_error=error,
            sampled=sampled,
            per_item=self.per_item * part // EIGHTHS,
            edges=int(spread_cost(self.author, p, likes.ptr, _ALL)),
            reached_edges=int((likes.ptr[reach.author + 1] - likes.ptr[reach.author]).sum()),
        )
        found = np.flatnonzero(score > 0).astype(np.int32)
        score[found] *= made.factor(found)
        return made

    def _linear(self, reach: Reach) -> F32:
        """sum_j gain[j] sum_v P(j -> v) P(v -> i), which is where the walk is, for every item.
        O(edges of the authors reached)."""
        n_items, n = self.view.snapshot.n_items, reach.author.size
        mass = np.bincount(
            np.repeat(np.arange(n), np.diff(reach.ptr)), reach.p * self.gain[reach.hop], n
        )
        hops = (np.array([0, n], np.int64), reach.author, mass.astype(np.float32))
        likes = self.view.snapshot.author_side
        linear: F32 = spread(hops, np.ones(1, np.float32), 1.0, likes, self.taste, n_items)
        return linear


_ALL = 2**62
_NONE = np.empty(0, np.float64)
_NO_SHIFTS = np.empty(0, np.int8)


def _taste(view: TrustView, config: RankConfig) -> F32:
    """What each author's affinities are divided by when she hands on."""
    return view.taste if config.taste_exponent == 1 else view.taste**config.taste_exponent


def _passed(view: TrustView, config: RankConfig, rng: np.random.Generator) -> EchoWalk | None:
    return EchoWalk.of(view, config, rng) if config.echo else None


def _exactly(sources: I32) -> NDArray[np.bool_]:
    return np.zeros(sources.size, np.bool_)


def score_items(
    graph: GraphSnapshot | TrustView,
    trust: TrustVector,
    config: RankConfig,
    rng: np.random.Generator,
) -> ItemScores:
    """s(i) for every item, for the owner of `trust`, from all walkers the budget allows.

    An owner without items gets what those she trusts like. A snapshot costs its `TrustView`.
    """
    return Walkers.of(TrustView.over(graph, trust), config, rng).scores()
