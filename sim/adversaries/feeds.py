"""What can be said in valid, signed feeds: disguises, slander, and claims that are not true."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import replace

from node.core.events import Effect
from protocol import limits
from protocol.bundle import Bundle
from protocol.claims import Claim, Click, Interaction, Retract, Vouch
from protocol.ids import AuthorKey, Lane
from protocol.limits import VOUCHES_LIVE_MAX
from sim.adversaries.hostile import Role, Wrapped
from sim.adversaries.stage import Identity, likes, names

COPIED_MAX = 200
"""Items of a disguise."""

SEARCHED = "word{}"
"""What people of a scenario search for, by number."""

FUTURES_S = (660, 3_600, 30 * 86_400, 100 * 365 * 86_400)
"""How far ahead of the clock bundles are dated, in turn."""

TAKEN_BACK_EVERY = 8
"""Of so many bundles dated ahead one takes back the one before it."""


class Author(Wrapped):
    """A peer with one identity, number `number` of the adversary's."""

    _own: Identity | None = None

    @property
    def own(self) -> Identity:
        """Its identity; a new one after `reborn`."""
        if self._own is None:
            self._own = self.identity(self.number)
        return self._own

    def reborn(self, number: int) -> None:
        """From now on under another key."""
        self._own = self.own.another(number)

    @property
    def fakes(self) -> list[str]:
        """What it wants to see in people's lists."""
        return names(self.stage.feeds.fakes[self.number].tolist())

    def says(self, claims: list[Claim], lane: Lane, now: float) -> list[Effect]:
        """Publish it in the identity's name."""
        return self.publish(self.own.says(claims, lane, now=now), now)

    def likes_heard(self) -> dict[AuthorKey, list[str]]:
        """Of everybody heard of, what she likes."""
        found: dict[AuthorKey, list[str]] = {}
        for bundle in self.heard.values():
            for claim in bundle.claims():
                if isinstance(claim, Interaction) and claim.weight > 0:
                    found.setdefault(bundle.feed.author, []).append(claim.item)
        return found

    def model(self) -> list[str]:
        """What somebody likes of whom much has been heard: the peers of one adversary take
        different people."""
        heard = self.likes_heard()
        known = sorted(heard, key=lambda author: (-len(heard[author]), author))
        return heard[known[self.number % len(known)]] if known else []


class _Disguised(Author, ABC):
    """Likes what makes it look like somebody, as far as heard, and the fakes."""

    _liked: dict[str, None]

    def begin(self, now: float) -> list[Effect]:
        self._liked = dict.fromkeys(self.fakes)
        return self.says(likes(self.fakes, now), Lane.TASTE, now)

    def speak(self, now: float) -> list[Effect]:
        """What has been heard since the last time."""
        return self.says(likes(self._more(), now), Lane.TASTE, now)

    @abstractmethod
    def disguise(self) -> list[str]:
        """Items to like, best first."""

    def _more(self) -> list[str]:
        room = COPIED_MAX + len(self.fakes) - len(self._liked)
        more = [item for item in self.disguise() if item not in self._liked][: max(room, 0)]
        self._liked |= dict.fromkeys(more)
        return more


class Hijacker(_Disguised):
    """Likes what most of those it has heard like: whoever walks over popular items meets it."""

    def disguise(self) -> list[str]:
        """Most liked first."""
        heard = self.likes_heard().values()
        return [item for item, _ in Counter(i for items in heard for i in items).most_common()]


class Cloner(_Disguised):
    """Copies the person of whom it has heard most, for good."""

    _model: AuthorKey | None = None

    def disguise(self) -> list[str]:
        """Everything that the model likes."""
        heard = self.likes_heard()
        if self._model is None and heard:
            self._model = max(heard, key=lambda author: (len(heard[author]), author))
        return heard.get(self._model, []) if self._model is not None else []


class Camouflaged(Cloner):
    """A clone from the start, without any fake until `from_s`; then it pushes them all."""

    def __init__(self, role: Role) -> None:
        super().__init__(replace(role, from_s=0.0))
        self._turn = role.stage.start + role.from_s
        self._turned = False

    def begin(self, now: float) -> list[Effect]:
        self._liked = {}
        return []

    def speak(self, now: float) -> list[Effect]:
        """What it has heard, as before; at the turn, the fakes."""
        copied = super().speak(now)
        if self._turned or now < self._turn:
            return copied
        self._turned = True
        return copied + self.says(likes(self.fakes, now), Lane.TASTE, now)


class Slanderer(Author):
    """Distrusts honest people in public: as many as anybody would count."""

    def begin(self, now: float) -> list[Effect]:
        people = list(self.stage.people)
        chosen = self.rng.sample(people, min(len(people), VOUCHES_LIVE_MAX))
        return self.says([Vouch(key, -100) for key in chosen], Lane.VOUCHES, now)


class Promoter(Author):
    """All identities of the adversary vouch for each other and like the same fakes."""

    def begin(self, now: float) -> list[Effect]:
        others = [n for n in range(self.stage.feeds.identities) if n != self.number]
        keys = [self.stage.signer(other).public_key for other in others[:VOUCHES_LIVE_MAX]]
        vouched = self.says([Vouch(key, 100) for key in keys], Lane.VOUCHES, now)
        return vouched + self.says(likes(self.fakes, now), Lane.TASTE, now)


class Seller(Author):
    """Sells its vouch to one stranger after another; every one of them pushes the fakes."""

    _sold = 0

    def speak(self, now: float) -> list[Effect]:
        self._sold += 1
        buyer = self.own.another(self._sold)
        sold = self.own.says([Vouch(buyer.author, 100)], Lane.VOUCHES, now=now)
        pushed = buyer.says(likes(self.fakes, now), Lane.TASTE, now=now)
        return self.publish([*sold, *pushed], now)


class Flapper(Author):
    """Likes the fakes, retracts it, likes them again: each time one bundle more to remember."""

    _said: Bundle | None = None

    def speak(self, now: float) -> list[Effect]:
        if self._said is None:
            (self._said,) = self.own.says(likes(self.fakes, now), Lane.TASTE, now=now)
            return self.publish([self._said], now)
        void, self._said = self._said.seq, None
        return self.says([Retract(void)], Lane.TASTE, now)


class Clicker(Author):
    """Says that it clicked the fakes, at the top, for the words of its stage, and again."""

    _clicked = 0

    def speak(self, now: float) -> list[Effect]:
        return self.publish([self.click(now)], now)

    def click(self, now: float) -> Bundle:
        """The next one: all fakes in turn, for some words, then for the next ones."""
        turn, place = divmod(self._clicked, len(self.fakes))
        self._clicked += 1
        count = max(self.stage.words, 1)
        first = turn * limits.TERMS_MAX % count
        words = tuple(map(SEARCHED.format, range(first, min(first + limits.TERMS_MAX, count))))
        (bundle,) = self.own.says([Click(words, self.fakes[place], 0)], Lane.CLICKS, now=now)
        return bundle


class ClickPusher(Clicker):
    """The same, and pushes each click over every link at once: G-Rank's push against pull."""

    def speak(self, now: float) -> list[Effect]:
        bundle = self.click(now)
        published = self.publish([bundle], now)
        return published + [effect for link in self.links for effect in self.push(link, bundle)]


class Futurist(Author):
    """Bundles dated ahead in one feed; in another, claims dated ahead in bundles that are not.

    Now and then the former take one of themselves back: whoever took them in reads her anew, and
    then has only the bundles' own word for when that was said.
    """

    _turn = 0
    _late: Identity | None = None

    def speak(self, now: float) -> list[Effect]:
        ahead = FUTURES_S[self._turn % len(FUTURES_S)]
        item = self.fakes[self._turn % len(self.fakes)]
        self._turn += 1
        claim = Interaction(item, 1, 100, limits.DAY_MAX)
        if self._late is None:
            self._late = self.own.on_device(b"tomorrow")
        said: list[Claim] = [claim]
        if self._turn % TAKEN_BACK_EVERY == 0:
            said.append(Retract(self._late.writer(Lane.TASTE).head[0]))
        dated = self._late.says(said, Lane.TASTE, now=min(now + ahead, limits.TIME_MAX))
        for bundle in dated:
            self.put_out(bundle)
        pushed = [effect for link in self.links for effect in self.push(link, *dated)]
        return self.says([claim], Lane.TASTE, now) + pushed


class Backdater(Author):
    """Everything was said on the first day of 1970, each time earlier than before."""

    _turn = 0

    def speak(self, now: float) -> list[Effect]:
        item = self.fakes[self._turn % len(self.fakes)]
        self._turn += 1
        time = max(0, 86_400 - self._turn)
        bundle = self.own.writer(Lane.TASTE).write([Interaction(item, 1, 100, 0)], time=time)
        return self.publish([bundle], now)
