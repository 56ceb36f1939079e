"""What a ranking reads that depends on the graph and on one owner's trust, not on her question.

Building it costs every edge of those she trusts; a question then costs what the owner's own items
reach. Keep it as long as neither the snapshot, nor the trust, nor the blocked authors change.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ranking.affinity import Side
from ranking.kernels_salsa import trusted_mass, trusted_side
from ranking.snapshot import GraphSnapshot
from ranking.trust_vector import TrustVector
from ranking.votes import trusted_voices

I32 = NDArray[np.int32]
F32 = NDArray[np.float32]

VIEWS_MAX = 2
"""Views kept at once, each about 4 bytes an item, 5 an author, and up to half the item side."""

FEW = 0.5
"""Up to this part of all edges those of trusted authors get an item side of their own, so that
untrusted listeners, however many, cost a question nothing; above it the snapshot's serves."""


def mask_of(rows: I32, size: int) -> NDArray[np.bool_]:
    """bool[size], True in these rows; rows outside are ignored."""
    mask = np.zeros(size, np.bool_)
    mask[rows[(rows >= 0) & (rows < size)]] = True
    return mask


@dataclass(frozen=True, slots=True, eq=False)
class TrustView:
    """The snapshot as one owner hears it. Never written to.

    trust: over the snapshot's authors, without the blocked ones. barred: bool[n_authors], those.
    mass[i] = sum over v of t(v) a(v, i), float32[n_items]. taste[v] = sum of a trusted v's
    affinities, 0 for others, float32[n_authors]. listeners: the item side, of trusted authors
    alone where they are few.
    """

    snapshot: GraphSnapshot
    trust: TrustVector
    barred: NDArray[np.bool_]
    mass: F32
    taste: F32
    listeners: Side
    given: TrustVector
    blocked: I32
    _liked: dict[float, F32] = field(default_factory=dict)
    """What `liked` was asked for last."""

    @classmethod
    def of(
        cls, snapshot: GraphSnapshot, trust: TrustVector, blocked_authors: I32 | None = None
    ) -> TrustView:
        """O(edges of trusted authors + n_items + n_authors), about 10 ns an edge.

        What blocked authors had is everybody else's: t keeps its sum, and so kappa and the priors
        their meaning. trust may know fewer authors than the snapshot, not more.
        """
        blocked = np.empty(0, np.int32) if blocked_authors is None else np.unique(blocked_authors)
        heard = trust.resized(snapshot.n_authors)
        barred = mask_of(blocked, heard.n_authors)
        if heard.t[barred].any():
            t = np.where(barred, np.float32(0), heard.t)
            t /= t.sum() or np.float32(1)
            heard = replace(heard, t=t, prior=heard.passing.prior(t))
        likes = snapshot.author_side
        mass, taste = trusted_mass(likes, heard.t, snapshot.n_items)
        listeners = snapshot.item_side
        edges = int(np.diff(snapshot.author_ptr)[heard.t > 0].sum())
        if edges <= FEW * snapshot.author_item.size:
            ptr, author, code = trusted_side(likes, heard.t, snapshot.n_items)
            for array in (ptr, author, code):
                array.setflags(write=False)  # or each kernel would be compiled for it once more
            listeners = Side(ptr, author, code, snapshot.affinity)
        return cls(snapshot, heard, barred, mass, taste, listeners, trust, blocked)

    @classmethod
    def over(
        cls,
        graph: GraphSnapshot | TrustView,
        trust: TrustVector,
        blocked_authors: I32 | None = None,
    ) -> TrustView:
        """The view that was handed in, which must be of this trust and these blocked authors, or
        one made of the snapshot."""
        if isinstance(graph, GraphSnapshot):
            return cls.of(graph, trust, blocked_authors)
        blocked = np.empty(0, np.int32) if blocked_authors is None else blocked_authors
        if not graph.serves(graph.snapshot, trust, blocked):
            raise ValueError("the view is of another trust or other blocked authors: make it anew")
        return graph

    def serves(self, snapshot: GraphSnapshot, trust: TrustVector, blocked_authors: I32) -> bool:
        """Whether this is the view of these very objects and blocked authors."""
        if snapshot is not self.snapshot or trust is not self.given:
            return False
        return np.array_equal(np.unique(blocked_authors), self.blocked)

    def liked(self, power: float) -> F32:
        """float32[n_items]: the voices (`votes.trusted_voices`) of those who like each item. Kept;
        O(edges of trusted authors) the first time."""
        found = self._liked.get(power)
        if found is None:
            voices = trusted_voices(self.trust, power).astype(np.float32)
            found, _ = trusted_mass(self.snapshot.author_side, voices, self.snapshot.n_items)
            self._liked.clear()
            self._liked[power] = found
        return found

    @property
    def nbytes(self) -> int:
        """Memory beside the snapshot and the trust given."""
        size = self.barred.nbytes + self.mass.nbytes + self.taste.nbytes + self.blocked.nbytes
        if self.listeners.row is not self.snapshot.item_author:
            size += self.listeners.nbytes
        size += sum(liked.nbytes for liked in list(self._liked.values()))
        if self.trust is not self.given:
            size += self.trust.t.nbytes + self.trust.hits.nbytes + self.trust.prior.nbytes
        return size


class KeptViews:
    """The last views, for whoever asks again before anything changes. At most `VIEWS_MAX`, all of
    the latest snapshot, so that no older one is kept alive beside it.

    Safe to share between threads: what is kept is replaced as a whole.
    """

    def __init__(self) -> None:
        self._kept: tuple[TrustView, ...] = ()

    def view(self, snapshot: GraphSnapshot, trust: TrustVector, blocked_authors: I32) -> TrustView:
        """The view of these, kept or made now. O(edges of trusted authors) when made."""
        for view in self._kept:
            if view.serves(snapshot, trust, blocked_authors):
                return view
        made = TrustView.of(snapshot, trust, blocked_authors)
        others = [
            view
            for view in self._kept
            if view.snapshot is snapshot and view.trust.owner != trust.owner
        ]
        self._kept = (made, *others[: VIEWS_MAX - 1])
        return made

    def clear(self) -> None:
        """Keep none: what they are of has changed."""
        self._kept = ()

    @property
    def nbytes(self) -> int:
        """Memory of the views beside the snapshot and the trust given."""
        return sum(view.nbytes for view in self._kept)
