"""Whom we follow: the vouched, then the most trusted, and a few strangers on probation.

The node decides who is wanted and how much (`Interest`); this module cuts the list to size, gives
strangers their small share, and says in which order feeds are fetched.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from math import inf
from typing import TypeAlias

from protocol.ids import AuthorKey, FeedId, Lane

Quotas: TypeAlias = tuple[int, int, int, int]
"""Stored claims of one author in lanes 0..3; 0 follows no feed of that lane."""

Rank: TypeAlias = tuple[int, float, int]
"""Order of fetching, smallest first: (class, -priority, order of the lane)."""

_LANE_ORDER = {Lane.VOUCHES: 0, Lane.IDENTITY: 1, Lane.TASTE: 2, Lane.CLICKS: 3}


@dataclass(frozen=True, slots=True)
class Wanted:
    """How much we want of one author. `priority` is t(v) or anything that sorts like it."""

    priority: float
    quotas: Quotas
    vouched: bool = False
    hosted: bool = False
    """She lives here: nobody is asked for her, or a node that shares nothing would name her."""


@dataclass(frozen=True, slots=True)
class Interest:
    """All authors that the node wants, hosted people and vouched ones included."""

    wanted: Mapping[AuthorKey, Wanted] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FollowingConfig:
    """Caps of the follow list."""

    followed_max: int = 4_096
    """Authors followed; beyond it the least wanted are left out."""
    staying: float = 2.0
    """So many times as much as her priority counts whoever is followed already: what is held of
    her is worth more than somebody else's little advantage, which may be chance. At least 1."""
    probation_share: float = 0.05
    """Strangers, as a share of `followed_max`; when full, no more are taken."""
    probation_s: float = 21_600.0
    """How long a stranger stays before the place goes to another."""
    probation_quotas: Quotas = (16, 64, 512, 64)
    """Stored claims of a stranger in each lane."""
    lapsed_s: float = 86_400.0
    """How long what an author said is kept who is followed no longer: trust comes and goes."""
    lapsed_max: int = 16_384
    """Such authors; beyond it those who lapsed first leave before their time."""
    leaving_per_tick_max: int = 4
    """Authors dropped in one tick (some ms each, with all that they said)."""


class Following:
    """The follow list. At most `followed_max` authors and the probation share on top.

    It also remembers who fell out of it, until `leaving` lets them go for good.
    """

    def __init__(self, config: FollowingConfig) -> None:
        self._config = config
        self._followed: dict[AuthorKey, Wanted] = {}
        self._probation: dict[AuthorKey, float] = {}
        self._burnt: dict[AuthorKey, float] = {}
        """Strangers found out to equivocate: they keep their places until their time is over."""
        self._lapsed: dict[AuthorKey, float] = {}
        """Followed no longer since then, longest first."""
        self._stranger = Wanted(0.0, config.probation_quotas)
        self.probation_max = int(config.followed_max * config.probation_share)

    def follow(self, interest: Interest, *, now: float) -> list[AuthorKey]:
        """Replace the list; returns who is new on it or has other quotas. O(n log n)."""
        before = self._followed
        order = sorted(interest.wanted.items(), key=self._by_want)
        self._followed = dict(order[: self._config.followed_max])
        for author in self._followed:
            self._probation.pop(author, None)
            self._lapsed.pop(author, None)
        self.lapse(before, now=now)
        return [
            author
            for author, wanted in self._followed.items()
            if author not in before or before[author].quotas != wanted.quotas
        ]

    def __contains__(self, author: AuthorKey) -> bool:
        return author in self._followed or author in self._probation

    def __len__(self) -> int:
        return len(self._followed)

    @property
    def nbytes(self) -> int:
        """Memory of all authors remembered, about."""
        others = len(self._probation) + len(self._burnt) + len(self._lapsed)
        return 220 * len(self._followed) + 150 * others

    def authors(self) -> Iterable[AuthorKey]:
        """The followed, best first, without the strangers."""
        return self._followed.keys()

    def strangers(self) -> tuple[AuthorKey, ...]:
        """Those on probation, longest first."""
        return tuple(self._probation)

    def wanted(self, author: AuthorKey) -> Wanted | None:
        """What we want of the author; None when we do not follow it."""
        wanted = self._followed.get(author)
        if wanted is None and author in self._probation:
            return self._stranger
        return wanted

    def vouched(self, author: AuthorKey) -> bool:
        """Whether the owner vouches for the author."""
        wanted = self._followed.get(author)
        return wanted is not None and wanted.vouched

    def rank(self, feed: FeedId) -> Rank:
        """When to fetch the feed, relative to others."""
        wanted = self._followed.get(feed.author)
        if wanted is None:
            return (2, 0.0, _LANE_ORDER[feed.lane])
        return (0 if wanted.vouched else 1, -wanted.priority, _LANE_ORDER[feed.lane])

    def admit(self, author: AuthorKey, *, now: float) -> bool:
        """Take a stranger on probation if there is a place; False when there is none."""
        if author in self or self.probation_full:
            return False
        self._probation[author] = now
        self._lapsed.pop(author, None)
        return True

    @property
    def probation_full(self) -> bool:
        """Whether no stranger can be taken now."""
        return len(self._probation) + len(self._burnt) >= self.probation_max

    def lapse(self, authors: Iterable[AuthorKey], *, now: float) -> None:
        """Those of the authors who are not followed have not been from now on, if not before."""
        for author in authors:
            if author not in self:
                self._lapsed.setdefault(author, now)

    def leaving(self, *, now: float) -> list[AuthorKey]:
        """Strangers and lapsed authors whose time is over, at most `leaving_per_tick_max`.

        They are forgotten here, those first who came first; what they said may be dropped.
        """
        if now < self.next_leaving(now=now):
            return []
        places = (self._probation, self._burnt)
        strangers = ((since, author) for since in places for author in self._over(since, now))
        lapsed = ((self._lapsed, author) for author in self._lapsed_enough(now))
        gone = list(islice(chain(strangers, lapsed), self._config.leaving_per_tick_max))
        for since, author in gone:
            del since[author]
        return [author for _, author in gone]

    def next_leaving(self, *, now: float) -> float:
        """When `leaving` may have somebody at the earliest; infinite while nobody is due."""
        config, at = self._config, inf
        if len(self._lapsed) > config.lapsed_max:
            return now
        if self._probation:  # longest first, as the lapsed are
            at = next(iter(self._probation.values())) + config.probation_s
        if self._burnt:
            at = min(at, min(self._burnt.values()) + config.probation_s)
        if self._lapsed:
            at = min(at, next(iter(self._lapsed.values())) + config.lapsed_s)
        return at

    def _over(self, since: dict[AuthorKey, float], now: float) -> list[AuthorKey]:
        return [a for a, at in since.items() if now - at >= self._config.probation_s]

    def _lapsed_enough(self, now: float) -> Iterator[AuthorKey]:
        excess = len(self._lapsed) - self._config.lapsed_max
        for number, (author, since) in enumerate(self._lapsed.items()):
            if number >= excess and now - since < self._config.lapsed_s:
                return
            yield author

    def forget(self, author: AuthorKey) -> None:
        """Follow the author no longer: it equivocated.

        A stranger's place stays taken: otherwise identities that equivocate at once would be let
        through as fast as they can be made, and each leaves something behind.
        """
        self._followed.pop(author, None)
        since = self._probation.pop(author, None)
        if since is not None:
            self._burnt[author] = since

    def _by_want(self, wanted: tuple[AuthorKey, Wanted]) -> tuple[bool, bool, float, AuthorKey]:
        """Who lives here first, then the vouched, then by priority, of whoever is followed more."""
        author, how = wanted
        stays = self._config.staying if author in self._followed else 1.0
        return not how.hosted, not how.vouched, -how.priority * stays, author
