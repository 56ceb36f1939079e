"""Trust that somebody earns: what the owner was shown because of her, and how it turned out.

Being alike earns nothing. When an item is first shown, the authors whose statements brought it
there are written down with their parts of its score; what the owner says of the item afterwards is
for or against those, and for nobody else. So precedence holds by construction: who copies the item
later, from the owner or from the list, was not named. See THREATS.md for what a farm of guesses
can gain.

An author's success rate has a Beta posterior. She earns by the part of its lower bound that lies
above par: how well the owner's lists turn out without her, and at least one hit in a list of
twenty. Whoever pushes what everybody likes does as well as everybody, and earns nothing.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from math import sqrt
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class EarnedConfig:
    """Numbers of earned trust. Evidence is counted in whole items: 1 is an item that rests on one
    author alone and is liked without reserve."""

    part_max: float = 0.2
    """All earned trust together is at most this part of the owner's out-weight."""
    author_part_max: float = 0.01
    """One author's at most this part: less than one edge behind a friend may carry
    (`TrustConfig.edge_flow_max`), so it takes twenty of the best to fill `part_max`."""
    authors_max: int = 256
    """So many earn at once; the least go first out."""
    prior: float = 8.0
    """Strength of the prior in items: nobody earns before four whole hits in a row."""
    par: float = 0.5
    """Rate above which something is earned, if the rest of the lists does not do better."""
    ignored: float = 0.05
    """Of a miss: an item shown without an answer. With a twentieth, one hit in a list of twenty is
    a rate of .5; more would punish an owner's silence, which says little."""
    ignored_after_days: int = 7
    """Days an answer is waited for."""
    deviations: float = 1.0
    """The lower bound is so many standard deviations below the posterior mean."""
    first_seen: bool = True
    """Whom an item was first shown because of counts; False counts the latest showing before the
    answer, which pays copies, and is for comparison only."""
    half_life_days: float = 365.0
    """After so many days an outcome counts half."""

    def __post_init__(self) -> None:
        if not 0 <= self.author_part_max <= self.part_max < 1:
            raise ValueError("need 0 <= author_part_max <= part_max < 1")
        if not 0 < self.par < 1 or not 0 <= self.ignored <= 1:
            raise ValueError("need par in (0, 1) and ignored in [0, 1]")
        if self.prior <= 0 or self.half_life_days <= 0 or self.deviations < 0:
            raise ValueError("need prior and half_life_days > 0, deviations >= 0")


Named = tuple[tuple[bytes, int], ...]
"""(author key, part of the item's score in percent, 1..100); the parts are at most 100 together."""


class Showing(NamedTuple):
    """One item at its first showing. day: since 1970-01-01. outcome: percent, -100 (disliked,
    blocked) to 100 (liked), 0 when it says nothing; None while there is none."""

    day: int
    authors: Named
    outcome: int | None = None


class Showings:
    """What one person was shown, and what became of it: the last `limit` items that wait for an
    outcome and the last `limit` that have one, so that many lists push no outcome out."""

    __slots__ = ("_pending", "_settled")

    def __init__(self) -> None:
        self._pending: dict[str, Showing] = {}
        self._settled: dict[str, Showing] = {}

    def __len__(self) -> int:
        return len(self._pending) + len(self._settled)

    def __iter__(self) -> Iterator[Showing]:
        yield from self._pending.values()
        yield from self._settled.values()

    def of(self, item: str) -> Showing | None:
        """The showing of an item that is remembered."""
        return self._pending.get(item) or self._settled.get(item)

    def restore(self, rows: Iterable[tuple[str, Showing]]) -> None:
        """Take back what was remembered, the oldest first."""
        for item, showing in rows:
            self._put(item, showing)

    def show(
        self, item: str, authors: Named, day: int, *, limit: int, anew: bool = False
    ) -> list[str]:
        """Remember whom an item was shown because of; returns the items forgotten for it.

        The first showing stands: an author who had the item only by a later one may have it from
        the list. anew: it is replaced all the same, while the item waits for an outcome.
        """
        if self.of(item) is not None and not (anew and item in self._pending):
            return []
        self._pending[item] = Showing(day, authors)
        return _over(self._pending, limit)

    def outcome_of(self, item: str, percent: int | None, day: int) -> int | None:
        """The outcome to `settle` when the person says `percent` of the item about that day: 0 when
        that was before it was shown to her, for then nobody here brought her to it."""
        showing = self.of(item)
        if percent is None or showing is None:
            return None
        return percent if day >= showing.day else 0

    def settle(self, item: str, outcome: int | None, *, limit: int) -> list[str]:
        """The outcome of a shown item is known, or (None) taken back; what was counted of an
        earlier one goes. Returns the items forgotten for it. Nothing happens for other items."""
        showing = self._pending.pop(item, None) or self._settled.pop(item, None)
        if showing is None:
            return []
        self._put(item, showing._replace(outcome=outcome))
        return _over(self._pending, limit) + _over(self._settled, limit)

    def _put(self, item: str, showing: Showing) -> None:
        held = self._pending if showing.outcome is None else self._settled
        held[item] = showing


def _over(held: dict[str, Showing], limit: int) -> list[str]:
    """Forget the oldest beyond the limit; which."""
    gone = []
    while len(held) > limit:
        item = next(iter(held))
        del held[item]
        gone.append(item)
    return gone


class Evidence(NamedTuple):
    """What speaks for and against one author, in items."""

    good: float
    bad: float

    @property
    def total(self) -> float:
        """Items altogether."""
        return self.good + self.bad


class Earned(NamedTuple):
    """What one author has earned. part: of the owner's out-weight, in (0, author_part_max]."""

    part: float
    good: float
    bad: float


def evidence(
    showings: Iterable[Showing], today: int, config: EarnedConfig
) -> dict[bytes, Evidence]:
    """The evidence about every author named. O(names)."""
    found: dict[bytes, list[float]] = {}
    for day, authors, outcome in showings:
        age = max(0, today - day)
        if outcome is None:
            good, bad = 0.0, config.ignored if age >= config.ignored_after_days else 0.0
        else:
            good, bad = max(outcome, 0) / 100, max(-outcome, 0) / 100
        if good == bad == 0:
            continue
        faded = 0.5 ** (age / config.half_life_days) / 100
        for author, percent in authors:
            counts = found.setdefault(author, [0.0, 0.0])
            counts[0] += good * percent * faded
            counts[1] += bad * percent * faded
    return {author: Evidence(*counts) for author, counts in found.items()}


def surplus(hers: Evidence, rest: Evidence, config: EarnedConfig) -> float:
    """How far an author is surely above par, in [0, 1]: (L - par) / (1 - par).

    L = m - z sqrt(m (1 - m) / (n + prior + 1)), m and the root being mean and standard deviation
    of the Beta posterior with prior mean par; `rest` is the evidence about everybody else.
    """
    others = (rest.good + config.prior / 2) / (rest.total + config.prior)
    par = min(max(config.par, others), 1 - 1e-6)
    n = hers.total + config.prior
    mean = (hers.good + config.prior * par) / n
    lower = mean - config.deviations * sqrt(mean * (1 - mean) / (n + 1))
    return max(0.0, (lower - par) / (1 - par))


def earned_parts(
    showings: Iterable[Showing],
    today: int,
    config: EarnedConfig,
    *,
    without: Container[bytes] = (),
) -> dict[bytes, Earned]:
    """What each author has earned, the most first; the parts are at most `part_max` together.

    without: authors of whom the owner has said herself what she thinks; they earn nothing. What
    speaks against an author lowers what she has earned and nothing else. O(names).
    """
    known = evidence(showings, today, config)
    good = sum(e.good for e in known.values())
    bad = sum(e.bad for e in known.values())
    over: list[tuple[float, bytes]] = []
    for author, hers in known.items():
        if author not in without and hers.good > 0:
            rest = Evidence(good - hers.good, bad - hers.bad)
            excess = surplus(hers, rest, config)
            if excess > 0:
                over.append((excess * config.author_part_max, author))
    over.sort(key=lambda found: (-found[0], found[1]))
    del over[config.authors_max :]
    scale = min(1.0, config.part_max / max(sum(part for part, _ in over), 1e-12))
    return {author: Earned(part * scale, *known[author]) for part, author in over}


def earned_weights(parts: list[float], own_weight: float) -> list[float]:
    """Weights in the unit of the owner's vouches, such that each has its part of her out-weight
    with the earned added: w = part own_weight / (1 - sum of the parts); 1, a full vouch, at most.

    own_weight: the sum of her positive vouches. Who vouches for nobody grants nothing: earned trust
    alone would make a list look protected whose every voice is a stranger's.
    """
    whole = own_weight / (1.0 - sum(parts))
    return [min(1.0, part * whole) for part in parts]
