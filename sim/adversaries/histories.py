"""Two histories for two audiences, and more history than anybody wants: valid, yet not honest."""

from __future__ import annotations

from node.core.events import Effect
from protocol.author import FeedWriter
from protocol.bundle import Bundle
from protocol.claims import Interaction
from protocol.ids import Lane
from sim.adversaries.feeds import Author
from sim.adversaries.stage import SECONDS_PER_DAY, likes
from sim.population.people import item_name

FLOOD_CLAIMS = 64
"""Claims of a bundle of the flood, as many as an honest peer puts into one."""

FLOOD_FEED = 64
"""Bundles under one name; then the flood goes on under another."""

FLOOD_FIRST = 1_000_000
"""Above all honest items and all other fakes."""

FLOOD_KEPT = 2_048
"""Bundles of the flood that are still given out."""

COMMON_MAX = 100
"""Items of the disguise that both histories of an equivocator begin with."""


class Equivocator(Author):
    """Every second link hears another history: the same beginning, then two headers of one seq.

    The beginning is a disguise and all the fakes, and stands alone until it speaks for the first
    time: long enough to be believed where `rate_per_s` is low. Then both histories grow by one
    bundle each time it acts, so that whoever holds one meets the other.
    """

    skipped = False
    """Whether the second history leaves out a number: then no seq has two headers, one prev has."""

    def begin(self, now: float) -> list[Effect]:
        first, second = self.own.writer(Lane.TASTE), self.own.another_writer(Lane.TASTE)
        self._writers: tuple[FeedWriter, FeedWriter] = (first, second)
        beginning = [*self.fakes, *self.model()[:COMMON_MAX]]
        common = first.write(likes(dict.fromkeys(beginning), now), time=int(now))
        second.resume(common.seq, common.id, 0)
        if self.skipped:  # one hand writes even numbers from now on, the other odd ones
            second.resume(common.seq + 1, common.id, 0)
        for audience in (0, 1):
            self.put_out(common, audience)
        self._heads: list[Bundle] = [common, common]
        self._side: dict[int, int] = {}
        return self._everywhere(now)

    def speak(self, now: float) -> list[Effect]:
        """Each audience its own next bundle."""
        day = int(now) // SECONDS_PER_DAY
        for audience, writer in enumerate(self._writers):
            fake = self.fakes[(1 + audience + 2 * writer.head[0]) % len(self.fakes)]
            bundle = writer.write([Interaction(fake, 1, 100, day)], time=int(now))
            if self.skipped:
                writer.resume(bundle.seq + 1, bundle.id, 0)
            self._heads[audience] = bundle
            self.put_out(bundle, audience)
        return self._everywhere(now)

    def _everywhere(self, now: float) -> list[Effect]:
        return [effect for link in self.links for effect in self.act(link, now)]

    def act(self, link: int, now: float) -> list[Effect]:
        return self.push(link, self._heads[self.audience(link)])

    def audience(self, link: int) -> int:
        """Every second link, in the order in which they are first told of it."""
        return self._side.setdefault(link, len(self._side) % 2)


class Forker(Equivocator):
    """Two bundles with one `prev` and different numbers."""

    skipped = True


class Flooder(Author):
    """Valid bundles without end, under one name after another, pushed to every link.

    What goes out is shared by the links: each is sent the next bundle that it has not been told of.
    """

    per_name = FLOOD_FEED
    """Bundles under one name."""
    _made = 0

    def begin(self, now: float) -> list[Effect]:
        self._history: dict[int, Bundle] = {}
        self._sent_to: dict[int, int] = {}
        return []

    def act(self, link: int, now: float) -> list[Effect]:
        at = self._sent_to.get(link, 0)
        while self._made <= at:
            self._make(now)
        at = max(at, self._made - len(self._history))
        self._sent_to[link] = at + 1
        return self.push(link, self._history[at])

    def _make(self, now: float) -> None:
        number = self._made
        if number and number % self.per_name == 0:
            self.reborn(number)
        first = FLOOD_FIRST + (self.number * 1_000_000 + number) * FLOOD_CLAIMS
        items = [item_name(first + k) for k in range(FLOOD_CLAIMS)]
        (bundle,) = self.own.says(likes(items, now), Lane.TASTE, now=now)
        self._history[number] = bundle
        self.put_out(bundle)
        self._made += 1
        if len(self._history) > FLOOD_KEPT:
            old = self._history.pop(number - FLOOD_KEPT)
            if old.feed != bundle.feed:
                self.take_back(old.feed)

    def cut(self, link: int) -> None:
        super().cut(link)
        if self.hostile:
            self._sent_to.pop(link, None)


class Talker(Flooder):
    """The same under its one name, for which somebody may have vouched."""

    per_name = 2**31
