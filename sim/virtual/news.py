"""New likes whose way is followed: who has each, since when."""

from __future__ import annotations

from collections.abc import Sequence

from node.core import events as ev
from node.core.events import Effect, Event
from protocol.bundle import Bundle
from protocol.claims import Interaction
from sim.cast.people import Speakers
from sim.cast.stories import Story, coverage, curve, delays
from sim.scenario.schema import News, Partition
from sim.virtual.heap import Heap
from sim.virtual.host import Host

RETRY_S = 1.0
"""A speaker who is away is looked for again after so long."""


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
        """As `stories.coverage`, among these hosts."""
        return coverage(self.stories, frozenset(host.number for host in there))

    def delays(self) -> list[float]:
        """As `stories.delays`."""
        return delays(self.stories, self._partitions)

    def curve(self, round_s: float) -> list[tuple[float, float]]:
        """As `stories.curve`."""
        return curve(self.stories, round_s)
