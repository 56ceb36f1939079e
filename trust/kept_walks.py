"""Walks that are kept while the graph changes under them, distributed as freshly drawn ones.

After any sequence of changes the kept walks are exactly as likely as if they had been drawn anew
by the graph as it is then: each choice at a changed node is coupled with one by the new weights
(`ranking.kernels_kept.mend`). That is one rule for edges added, removed, made heavier or lighter,
many at once, for dead ends that get their first edge and for nodes that lose their last, where
MeritRank's codes have one for each and get some of them wrong.

The walks themselves depend on the history of changes, their distribution does not: equal seeds and
equal histories give equal walks. Nodes are numbers, edges are weighted, nothing is known of what
they mean: people who vouch, or people and what they like.
"""

from __future__ import annotations

from copy import copy

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ranking.kernels_kept import Edges, Walks, draw_kept, list_visits, mend, slots_of

I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

ROOM = 4
"""Edges that a node may get before hers are moved."""


class WalkGraph:
    """Weighted edges out of nodes 0..n-1, changed node by node.

    Out of a node a walk takes an edge in proportion to its weight; with the share of `leak` in the
    sum of weights and leak it ends. A node has at most one edge to a target. 8 bytes an edge and
    its room, 32 a node.
    """

    def __init__(self, ptr: I64, target: I32, weight: F32, leak: F64 | None = None) -> None:
        """From CSR: weights > 0, targets distinct within a node. O(edges)."""
        n = ptr.size - 1
        degree = np.diff(ptr)
        inside = np.bincount(np.repeat(np.arange(n), degree), weight, n).astype(np.float64)
        self._room = degree + ROOM
        start = np.cumsum(self._room) - self._room
        size = int(self._room.sum())
        to, strength = np.zeros(size, np.int32), np.zeros(size, np.float32)
        at = np.arange(target.size) + np.repeat(start - ptr[:-1], degree)
        to[at], strength[at] = target, weight
        total = inside + (0.0 if leak is None else leak)
        self.edges = Edges(start, degree, inside, total, to, strength)

    @property
    def n_nodes(self) -> int:
        """Nodes, those without edges included."""
        return int(self.edges.start.size)

    @property
    def size(self) -> int:
        """Numbers of edges are below this."""
        return int(self.edges.target.size)

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return sum(part.nbytes for part in self.edges) + self._room.nbytes

    def out(self, node: int) -> tuple[I32, F32]:
        """(targets, weights) of one node. Views."""
        low = self.edges.start[node]
        window = slice(low, low + self.edges.degree[node])
        return self.edges.target[window], self.edges.weight[window]

    def rows(self, nodes: I64) -> Edges:
        """The rows of these nodes, until one is set."""
        e = self.edges
        start, degree = e.start[nodes], e.degree[nodes]
        return Edges(start, degree, e.inside[nodes], e.total[nodes], e.target, e.weight)

    def row(self, node: int) -> Edges:
        """A copy of one row."""
        one = self.rows(np.array([node], np.int64))
        target, weight = self.out(node)
        start = np.zeros(1, np.int64)
        return one._replace(start=start, target=target.copy(), weight=weight.copy())

    def set(self, node: int, target: I32, weight: F32, leak: float = 0.0) -> None:
        """These are the node's edges from now on. O(edges of the node); where they outgrow their
        room, which doubles then, O(edges)."""
        n = target.size
        if n > self._room[node]:
            self._move(node, n)
        low = self.edges.start[node]
        self.edges.target[low : low + n] = target
        self.edges.weight[low : low + n] = weight
        self.edges.degree[node] = n
        self.edges.inside[node] = weight.sum(dtype=np.float64)
        self.edges.total[node] = self.edges.inside[node] + leak

    def _move(self, node: int, n: int) -> None:
        """Room for n edges of the node, and as many again; her old ones go. O(edges)."""
        e = self.edges
        self._room[node] = 2 * n
        start = np.cumsum(self._room) - self._room
        size = int(self._room.sum())
        to, strength = np.zeros(size, np.int32), np.zeros(size, np.float32)
        degree = e.degree.copy()
        degree[node] = 0
        offset = np.arange(int(degree.sum())) - np.repeat(np.cumsum(degree) - degree, degree)
        had, at = offset + np.repeat(e.start, degree), offset + np.repeat(start, degree)
        to[at], strength[at] = e.target[had], e.weight[had]
        self.edges = e._replace(start=start, target=to, weight=strength)

    def add_nodes(self, n: int) -> None:
        """n further nodes without edges."""
        e, none = self.edges, np.zeros(n, np.float64)
        place = np.zeros(n * ROOM, np.int32)
        ends = e.target.size + ROOM * np.arange(n)
        self._room = np.concatenate([self._room, np.full(n, ROOM, np.int64)])
        self.edges = Edges(
            np.concatenate([e.start, ends]),
            np.concatenate([e.degree, none.astype(np.int64)]),
            np.concatenate([e.inside, none]),
            np.concatenate([e.total, none]),
            np.concatenate([e.target, place]),
            np.concatenate([e.weight, place.astype(np.float32)]),
        )

    def different(self, other: WalkGraph) -> I64:
        """Nodes of this graph whose edges or leak are not those in `other`, which may have more;
        edges in another order are different. O(edges)."""
        n = self.n_nodes
        a, b = self.edges, other.edges
        unlike = (a.degree != b.degree[:n]) | (a.total != b.total[:n])
        degree = np.where(unlike, 0, a.degree)
        offset = np.arange(int(degree.sum())) - np.repeat(np.cumsum(degree) - degree, degree)
        mine = offset + np.repeat(a.start, degree)
        its = offset + np.repeat(b.start[:n], degree)
        odd = (a.target[mine] != b.target[its]) | (a.weight[mine] != b.weight[its])
        unlike[np.repeat(np.arange(n), degree)[odd]] = True
        return np.flatnonzero(unlike)


class KeptWalks:
    """Walks from one node that stop at a step with probability alpha, kept as the graph changes.

    12 bytes a step of room: 5 MB for 10,000 walks of 40 steps.
    """

    def __init__(self, graph: WalkGraph, walks: I32, alpha: float) -> None:
        """Keep these, drawn by this graph: int32[walks, steps_max + 1], -1 after the end.

        Both are this object's from now on: change the graph through `change` alone.
        """
        self._graph = graph
        self._alpha = alpha
        self._held = Walks(
            walks,
            np.full(graph.n_nodes, -1, np.int32),
            np.empty(walks.size, np.int32),
            np.empty(walks.size, np.int32),
        )
        self._scratch = np.zeros((2, graph.n_nodes), np.float64)
        list_visits(self._held)

    @classmethod
    def drawn(
        cls,
        graph: WalkGraph,
        first: int,
        *,
        n_walks: int,
        steps_max: int,
        alpha: float,
        rng: np.random.Generator,
    ) -> KeptWalks:
        """`n_walks` walks of at most `steps_max` steps from `first`."""
        if not 0 <= first < graph.n_nodes:
            raise ValueError(f"node {first} is not among {graph.n_nodes}")
        kept = cls(graph, np.full((n_walks, steps_max + 1), -1, np.int32), alpha)
        draw_kept(kept._held, first, graph.edges, alpha, rng)
        return kept

    @property
    def walks(self) -> I32:
        """int32[walks, steps_max + 1], -1 after the end. A view: it changes with the graph."""
        return self._held.walks

    @property
    def steps_max(self) -> int:
        """Steps after which a walk is cut."""
        return int(self.walks.shape[1]) - 1

    @property
    def graph(self) -> WalkGraph:
        """The edges as they are. Do not change them."""
        return self._graph

    @property
    def nbytes(self) -> int:
        """Bytes held, the graph's included."""
        return sum(p.nbytes for p in self._held) + self._scratch.nbytes + self._graph.nbytes

    def visits(self, node: int) -> list[tuple[int, int]]:
        """(walk, step) of every visit of the node, in no order. O(visits)."""
        steps, cell = self.walks.shape[1], int(self._held.head[node])
        found = []
        while cell >= 0:
            found.append(divmod(cell, steps))
            cell = int(self._held.after[cell])
        return found

    def change(
        self,
        node: int,
        target: ArrayLike,
        weight: ArrayLike,
        rng: np.random.Generator,
        *,
        leak: float = 0.0,
    ) -> int:
        """These are the node's edges from now on; returns how many walks were cut and regrown.

        Weights > 0; a target named twice has the sum. Nodes not heard of before are added.
        O(visits of the node * log, and the steps drawn anew).
        """
        to, strength = np.asarray(target, np.int32), np.asarray(weight, np.float32)
        if not (strength > 0).all() or leak < 0 or not np.isfinite(strength.sum() + leak):
            raise ValueError("weights must be finite and > 0, the leak finite and >= 0")
        if min(node, int(to.min(initial=0))) < 0:
            raise ValueError("nodes are not negative")
        if to.size > 1 and np.unique(to).size < to.size:
            to, place = np.unique(to, return_inverse=True)
            strength = np.bincount(place, strength).astype(np.float32)
        more = max(node, int(to.max(initial=0))) + 1 - self._graph.n_nodes
        if more > 0:
            self._graph.add_nodes(more)
            self._hold_nodes()
        was = self._graph.row(node)
        self._graph.set(node, to, strength, leak)
        return self._mend(np.array([node], np.int64), was, rng)

    def mended(self, graph: WalkGraph, rng: np.random.Generator) -> KeptWalks:
        """Others, which are walks by another graph, theirs from now on: these, and as `change` of
        all nodes that differ. These stay what they are. O(edges + cells)."""
        if graph.n_nodes < self._graph.n_nodes:
            raise ValueError(f"nodes only come: {graph.n_nodes} < {self._graph.n_nodes}")
        changed = self._graph.different(graph)
        was = self._graph.rows(changed)
        others = copy(self)
        others._held = Walks(*(part.copy() for part in self._held))
        others._graph = graph
        others._hold_nodes()
        others._mend(changed, was, rng)
        return others

    def slots(self) -> I32:
        """slots[r, k] = number of the edge by which walk r came to step k, else -1."""
        slots: I32 = slots_of(self.walks, self._graph.edges)
        return slots

    def _mend(self, changed: I64, was: Edges, rng: np.random.Generator) -> int:
        edges = self._graph.edges
        return int(mend(self._held, changed, was, edges, self._alpha, self._scratch, rng))

    def _hold_nodes(self) -> None:
        """A list of visits and scratch for every node of the graph."""
        more = self._graph.n_nodes - self._held.head.size
        head = np.concatenate([self._held.head, np.full(more, -1, np.int32)])
        self._held = self._held._replace(head=head)
        self._scratch = np.zeros((2, self._graph.n_nodes), np.float64)
