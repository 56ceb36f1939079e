"""What each peer has cost us: points that fade, and what follows from them.

Peers are transport identities (strings), not authors: whoever relays a bad bundle answers for it.
Offences are named by `protocol`; what they weigh is in `LedgerConfig`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from types import MappingProxyType
from typing import NamedTuple

OFFENCE_POINTS: Mapping[str, float] = MappingProxyType(
    {
        # Checkable by the sender before it sent them: nobody honest does it once.
        "malformed": 100.0,
        "oversize": 100.0,
        "bad_signature": 100.0,
        # A misconfigured or outdated peer: it should go away, and may come back mended.
        "wrong_network": 20.0,
        "wrong_schema": 20.0,
        # Too much or too early: a race now and then is no crime.
        "flood": 10.0,
        "unsolicited": 5.0,
    }
)
"""Penalty points by offence; offences not listed here cost `LedgerConfig.unknown_points`."""


class Verdict(IntEnum):
    """What to do with a peer, from mild to hard."""

    WELCOME = 0
    THROTTLE = 1
    """Answer it last, at a fraction of the budget."""
    DISCONNECT = 2
    """Close the link; it may come back."""
    BAN = 3
    """Neither accept nor dial until the ban is over."""


@dataclass(frozen=True, slots=True)
class LedgerConfig:
    """Thresholds in points, times in seconds. Lighthouse's numbers with the sign turned."""

    throttle_at: float = 10.0
    disconnect_at: float = 20.0
    ban_at: float = 50.0
    ban_s: float = 12 * 3600.0
    half_life_s: float = 600.0
    points_max: float = 100.0
    """Points are held at this, so that a burst is forgiven after some half-lives, too."""
    peers_max: int = 4_096
    """At the cap the peer closest to forgiven is forgotten; those banned are the last to go."""
    points: Mapping[str, float] = field(default_factory=lambda: OFFENCE_POINTS)
    unknown_points: float = 5.0

    def __post_init__(self) -> None:
        if not 0 < self.throttle_at <= self.disconnect_at <= self.ban_at <= self.points_max:
            raise ValueError("need 0 < throttle_at <= disconnect_at <= ban_at <= points_max")
        if self.half_life_s <= 0 or self.ban_s <= 0 or self.peers_max < 1:
            raise ValueError("need half_life_s > 0, ban_s > 0, peers_max >= 1")


class LedgerRow(NamedTuple):
    """One peer as the store keeps it. Times are Unix seconds."""

    peer: str
    points: float
    updated: float
    banned_until: float


@dataclass(slots=True)
class PeerLedger:
    """Penalty points of every peer that ever cost us something."""

    config: LedgerConfig = field(default_factory=LedgerConfig)
    _rows: dict[str, LedgerRow] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._rows)

    def penalise(self, peer: str, offence: str, *, now: float) -> Verdict:
        """Charge an offence and say what follows. O(1), at the cap O(peers)."""
        points = self.config.points.get(offence, self.config.unknown_points)
        total = min(self.points(peer, now=now) + points, self.config.points_max)
        row = self._rows.get(peer)
        banned_until = row.banned_until if row else 0.0
        if total >= self.config.ban_at:
            banned_until = max(banned_until, now + self.config.ban_s)
        if row is None and len(self._rows) >= self.config.peers_max:
            self._forget_mildest(now)
        self._rows[peer] = LedgerRow(peer, total, now, banned_until)
        return self.verdict(peer, now=now)

    def points(self, peer: str, *, now: float) -> float:
        """Points left at `now`, 0 for the unknown. They halve every `half_life_s`."""
        row = self._rows.get(peer)
        return self._left(row, now) if row else 0.0

    def verdict(self, peer: str, *, now: float) -> Verdict:
        """A ban holds its full time, however far the points have faded."""
        row = self._rows.get(peer)
        if row is None:
            return Verdict.WELCOME
        if now < row.banned_until:
            return Verdict.BAN
        left = self._left(row, now)
        if left >= self.config.disconnect_at:
            return Verdict.DISCONNECT
        return Verdict.THROTTLE if left >= self.config.throttle_at else Verdict.WELCOME

    def forgive(self, now: float) -> int:
        """Forget peers with less than a tenth of a point and no ban; returns how many."""
        mild = [
            row.peer
            for row in self._rows.values()
            if now >= row.banned_until and self._left(row, now) < 0.1
        ]
        for peer in mild:
            del self._rows[peer]
        return len(mild)

    def rows(self) -> Iterator[LedgerRow]:
        """Everything, for the store; in the order of first offence."""
        yield from self._rows.values()

    def restore(self, rows: Iterable[LedgerRow], *, now: float) -> None:
        """Take rows from the store. Times ahead of `now` (a clock set back) are pulled in, so
        that no ban outlasts `ban_s`; at the cap the rest is left out."""
        for row in rows:
            if len(self._rows) >= self.config.peers_max:
                return
            self._rows[row.peer] = LedgerRow(
                row.peer,
                min(max(row.points, 0.0), self.config.points_max),
                min(row.updated, now),
                min(row.banned_until, now + self.config.ban_s),
            )

    def _left(self, row: LedgerRow, now: float) -> float:
        half_lives = max(now - row.updated, 0.0) / self.config.half_life_s
        return float(row.points * 0.5**half_lives)

    def _forget_mildest(self, now: float) -> None:
        def hardness(row: LedgerRow) -> tuple[float, float]:
            return max(row.banned_until - now, 0.0), self._left(row, now)

        del self._rows[min(self._rows.values(), key=hardness).peer]
