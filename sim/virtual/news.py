"""New likes whose way is followed: who has each, since when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil, inf, nan

from node.core import events as ev
from node.core.events import Effect, Event
from protocol.bundle import Bundle
from protocol.claims import Interaction
from sim.scenario.schema import News, Partition
from sim.virtual.cast import Speakers
from sim.virtual.heap import Heap
from sim.virtual.host import Host

RETRY_S = 1.0
"""A speaker who is away is looked for again after so long."""

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


class NewsDesk:
    """Has people say what is new, and follows each bundle that says it. A watcher of hosts."""

    def __init__(self, news: News, speakers: Speakers, heap: Heap) -> None:
        self._news, self._speakers, self._heap = news, speakers, heap
        self.stories: list[Story] = []
        self._by_item: dict[str, Story] = {}
        self._by_bundle: dict[bytes, list[Story]] = {}
        """A speaker who was away says several at once: they share a bundle."""

    def plan(self, hosts: Sequence[Host], partitions: Sequence[Partition]) -> None:
        """One after another, at even distances; people say them in turn."""
        news, start = self._news, self._heap.now
        self._partitions = [(start + p.at, start + p.until) for p in partitions]
        step = (news.until_s - news.from_s) / max(news.items - 1, 1)
        for number in range(news.items if self._speakers.people else 0):
            turn = number % len(self._speakers.people)
            story = Story(f"sim:news:{number}", self._speakers.followers[turn])
            self.stories.append(story)
            self._by_item[story.item] = story
            at = start + news.from_s + step * number
            self._heap.at(at, self._say, hosts[self._speakers.people[turn]], story)

    def _say(self, host: Host, story: Story) -> None:
        if not host.up:
            self._heap.at(self._heap.now + RETRY_S, self._say, host, story)
            return
        story.at = self._heap.now
        host.ask("like", item=story.item)

    def after(self, host: Host, _event: Event, effects: list[Effect]) -> None:
        """Note who has just said, or stored, a bundle that is followed."""
        for effect in effects:
            match effect:
                case ev.StoreBundles(bundles=bundles):
                    for bundle in bundles:
                        for story in self._by_bundle.get(bundle.id, ()):
                            if host.number in story.interested:
                                story.known.setdefault(host.number, self._heap.now)
                case ev.Commit(writes=writes) if self._by_item:
                    for write in writes:
                        if isinstance(write, ev.PutOwnBundle):
                            self._published(write.bundle)

    def _published(self, bundle: Bundle) -> None:
        for claim in bundle.claims():
            if type(claim) is Interaction and claim.item in self._by_item:
                story = self._by_item.pop(claim.item)
                story.size = len(bundle.wire())
                self._by_bundle.setdefault(bundle.id, []).append(story)

    # --------------------------------------------------------------------------------- figures
    def coverage(self, there: Sequence[Host]) -> float:
        """Of all pairs of a story and an interested peer of these, the part that has arrived; NaN
        without any."""
        numbers = {host.number for host in there}
        told = [story for story in self.stories if story.at < inf]
        pairs = sum(len(story.interested & numbers) for story in told)
        arrived = sum(len(numbers.intersection(story.known)) for story in told)
        return arrived / pairs if pairs else nan

    def delays(self) -> list[float]:
        """For each story, seconds until 99 % of the interested had it, infinite if never. What was
        said while the network was parted counts from when it healed."""
        found = []
        for story in self.stories:
            healed = [end for at, end in self._partitions if at <= story.at < end]
            since = max([story.at, *healed])
            found.append(max(story.known_at() - since, 0.0) if story.at < inf else inf)
        return found

    def curve(self, round_s: float) -> list[tuple[float, float]]:
        """(rounds since it was said, mean part of the interested who had it), a point a quarter of
        a round until all had it that ever did."""
        told = [s for s in self.stories if s.at < inf and s.interested]
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
