"""With whom the next exchange is, and which link is the first to be given up.

Half of the choices go by overlap (partners that hold the authors we follow are useful), half are
uniform (so that a clique which pretends to hold everything cannot capture us). Trust counts only
for partners that have proved, in HELLO, that a vouched author speaks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

VOUCHED_BONUS = 64
"""A partner with a vouched author weighs like one that shares this many more feeds' authors."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """What partner choice knows of a link. `overlap`: authors we follow that it serves."""

    link: int
    overlap: int
    vouched: bool
    outbound: bool

    @property
    def weight(self) -> int:
        """Usefulness; at least 1, so that everybody is asked now and then."""
        return 1 + self.overlap + (VOUCHED_BONUS if self.vouched else 0)


def choose(candidates: Sequence[Candidate], *, by_overlap: bool, rng: Random) -> int | None:
    """The link of the next exchange; None without any. The caller alternates `by_overlap`."""
    if not candidates:
        return None
    if by_overlap:
        weights = [c.weight for c in candidates]
        return rng.choices(candidates, weights=weights)[0].link
    return candidates[rng.randrange(len(candidates))].link


def expendable(candidates: Sequence[Candidate], rng: Random) -> int | None:
    """Which link to close when there are too many: never of the half with most overlap.

    Of the other half a uniformly drawn one, inbound before outbound: who came to us on its own
    must not push out those whom we chose.
    """
    ordered = sorted(candidates, key=lambda c: (-c.weight, c.link))
    rest = ordered[(len(ordered) + 1) // 2 :]
    pool = [c for c in rest if not c.outbound] or rest
    return pool[rng.randrange(len(pool))].link if pool else None
