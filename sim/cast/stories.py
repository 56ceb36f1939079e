"""What is new and whose way is followed: figures of how far and how fast it has gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil, inf, isfinite, nan

KNOWN = 0.99
"""Part of the interested who must have a bundle for it to count as known."""

POINTS_MAX = 400
"""Of the curve of arrival."""


@dataclass(slots=True)
class Story:
    """One new like. at: when it was said, Unix seconds; known: host -> when it had it."""

    item: str
    interested: frozenset[int]
    at: float = inf
    size: int = 0
    known: dict[int, float] = field(default_factory=dict)

    def known_at(self, part: float = KNOWN) -> float:
        """When so many of the interested had it; infinite if never."""
        times = sorted(self.known.values())
        needed = ceil(part * len(self.interested))
        return self.at if needed == 0 else times[needed - 1] if len(times) >= needed else inf


def coverage(stories: Sequence[Story], there: frozenset[int]) -> float:
    """Of all pairs of a story and an interested peer of these, the part that has arrived; NaN
    without any."""
    told = [story for story in stories if story.at < inf]
    pairs = sum(len(story.interested & there) for story in told)
    arrived = sum(len(there.intersection(story.known)) for story in told)
    return arrived / pairs if pairs else nan


def delays(stories: Sequence[Story], partitions: Sequence[tuple[float, float]] = ()) -> list[float]:
    """For each story, seconds until 99 % of the interested had it, infinite if never.

    partitions: (from, until), Unix seconds. What was said while the network was parted counts from
    when it healed.
    """
    found = []
    for story in stories:
        healed = [end for at, end in partitions if at <= story.at < end]
        since = max([story.at, *healed])
        found.append(max(story.known_at() - since, 0.0) if story.at < inf else inf)
    return found


def rounds_of(waits: Sequence[float], round_s: float) -> dict[str, float]:
    """rounds_to_99, the mean over all that was said, and the worst of it: NaN if something never
    got there. waits: as `delays`."""
    rounds = [wait / round_s for wait in waits]
    arrived = bool(rounds) and all(isfinite(wait) for wait in rounds)
    return {
        "rounds_to_99": sum(rounds) / len(rounds) if arrived else nan,
        "rounds_to_99_max": max(rounds) if arrived else nan,
    }


def curve(stories: Sequence[Story], round_s: float) -> list[tuple[float, float]]:
    """(rounds since it was said, mean part of the interested who had it), a point a quarter of
    a round until all had it that ever did."""
    told = [s for s in stories if s.at < inf and s.interested]
    if not told:
        return []
    since = [[at - s.at for at in s.known.values()] for s in told]
    longest = max((max(times, default=0.0) for times in since), default=0.0)
    points = []
    for quarter in range(min(ceil(4 * longest / round_s), POINTS_MAX) + 1):
        until = quarter * round_s / 4
        parts = [
            sum(at <= until for at in times) / len(story.interested)
            for times, story in zip(since, told, strict=True)
        ]
        points.append((quarter / 4, sum(parts) / len(parts)))
    return points
