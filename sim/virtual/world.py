"""A scenario come to life: hosts, links, clock, and everybody who acts on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from random import Random

from node.core import events as ev
from node.core.dialing import peer_of
from node.core.peer import Peer
from protocol.ids import AuthorKey
from sim.adversaries import (
    Stage,
    hostile_feeds,
    hostile_of,
    identity_signer,
)
from sim.cast.config import config_of
from sim.cast.people import (
    Sayings,
    address_of,
    keys_of,
    name_of,
    secret_of,
    secret_of_peer,
    speakers,
)
from sim.cast.stories import KNOWN
from sim.cast.topology import choose
from sim.evaluation.lists import asked
from sim.population.people import Population
from sim.scenario.schema import Eclipse, Scenario
from sim.scenario.schema import Hostile as Spec
from sim.virtual.asking import Inquiry
from sim.virtual.heap import Heap
from sim.virtual.host import Host, Machine, Shell, Wrap
from sim.virtual.links import Wires
from sim.virtual.newcomers import welcome
from sim.virtual.news import NewsDesk
from sim.virtual.presence import Presence
from sim.virtual.searching import SearchDesk, attacked_words
from sim.virtual.shared import Blobs, Memo
from sim.virtual.store import MemoryStore
from sim.virtual.trace import Trace

START = 1_767_225_600.0
"""Unix seconds of a scenario's second 0: 2026-01-01."""

STEADY_ROUNDS = 10
"""What is said last has so many rounds to arrive before the traffic of news is added up."""

DIAL_TIMEOUT_S = 10.0
"""A dial to where nobody is ends after so long."""

AWAY_RETRY_S = 10.0
"""Whoever is to vouch for a newcomer and is away is looked for again after so long."""


@dataclass(frozen=True, slots=True)
class Healing:
    """One partition's end: rounds until what was said on one side had come to the other, bytes sent
    in that time, and bytes of new bundles taken in."""

    rounds: float
    bytes: int
    kept: int


@dataclass(frozen=True, slots=True)
class Traffic:
    """What has been sent, and taken in of others' bundles: bytes, bytes, bundles."""

    sent: int = 0
    kept: int = 0
    bundles: int = 0

    def since(self, other: Traffic) -> Traffic:
        """What has come on top of the other."""
        return Traffic(self.sent - other.sent, self.kept - other.kept, self.bundles - other.bundles)


class World:
    """Everything of one run. `hosts[:people]` are the people, by row; the rest is hostile."""

    def __init__(self, scenario: Scenario, seed: int, population: Population) -> None:
        self.scenario, self.seed = scenario, seed
        self.people = population.n_people
        self.heap = Heap(START)
        self.blobs, self.memo, self.trace = Blobs(), Memo(), Trace()
        self.wires = Wires(scenario.network, self.heap, self._apart)
        self.feeds = hostile_feeds(scenario.adversary, population, seed)
        self.config = config_of(scenario, population)
        self._parted: tuple[int, ...] = ()
        """Of each partition that stands: hosts below this number are on one side."""
        self.healings: list[Healing] = []
        self.steady = Traffic()
        """While news were said, and `STEADY_ROUNDS` after."""
        self._providers: dict[AuthorKey, Host] = {}
        self.shell = Shell(
            self.heap,
            self.wires,
            self.trace,
            self.memo.verifier,
            self._dial,
            self._find_author,
            self._provide,
            [],
            seed,
        )
        self.hosts = [
            self._host(person, secret_of(self.seed, person)) for person in range(self.people)
        ]
        self._by_place = {host.place: host for host in self.hosts}
        self._presence = Presence(scenario.churn, self.heap, seed, self._came)
        self.late = self._presence.late(self.hosts, self._rng("joining"))
        self.population, self._newcomers = welcome(
            population,
            [host.number for host in self.late],
            scenario.churn.vouched,
            self._rng("welcome"),
        )
        keys = keys_of(seed, self.people)
        news = speakers(scenario.news, self.people, self._rng("news"))
        self._sayings = Sayings(self.population, keys, news, self.feeds, seed)
        self.news = NewsDesk(scenario.news, news, self.heap)
        self.shell.watchers.append(self.news)
        fakes = sum(said.n_fakes for said in self.feeds)
        self.inquiry = Inquiry(scenario.questions, self.heap, population.train.n_items, fakes)
        self.searches = SearchDesk(scenario.searches, scenario.adversary, self.population, fakes)
        self.inquiry.listen(
            {self.hosts[row].author.hex(): near for row, near in self._newcomers.near.items()},
            {self.hosts[row].author.hex(): own for row, own in self._newcomers.brought.items()},
        )
        self._cast_adversaries(keys)
        self._chosen = choose(
            scenario.network.topology,
            scenario.network.degree,
            len(self.hosts),
            self._rng("topology"),
            population,
        )
        self._choosers: list[list[int]] = [[] for _ in self.hosts]
        for one, others in enumerate(self._chosen):
            for other in others:
                self._choosers[other].append(one)
        self._plan()

    def _rng(self, purpose: str) -> Random:
        """A stream for one purpose; one more purpose changes no other."""
        return Random(f"{self.seed}/{purpose}")

    # -------------------------------------------------------------------------------- building
    def _host(self, number: int, secret: bytes, wrap: Wrap | None = None) -> Host:
        """Peer `number` of the world; `wrap` makes it hostile."""
        return Host(
            self.shell,
            number,
            self.config,
            MemoryStore(self.blobs),
            name=name_of(number),
            place=address_of(number),
            secret=secret,
            wrap=wrap,
        )

    def _cast_adversaries(self, keys: Sequence[AuthorKey]) -> None:
        """Hostile peers come after the people: for each adversary as many as it has."""
        late = self.late
        for adversary, (spec, said) in enumerate(
            zip(self.scenario.adversary, self.feeds, strict=True)
        ):
            first = len(self.hosts)
            numbers = range(first, first + spec.peers)
            addresses = tuple(f"{address_of(n)}/p2p/{name_of(n)}" for n in numbers)
            for place, number in enumerate(numbers):
                victim = ""
                if isinstance(spec, Eclipse) and self.hosts:
                    aimed = late[place % len(late)] if late else self.hosts[0]
                    victim = f"{aimed.place}/p2p/{aimed.name}"
                stage = Stage(
                    network=self.config.network,
                    start=START,
                    feeds=said,
                    signer=partial(identity_signer, self.seed, adversary),
                    people=tuple(keys),
                    addresses=addresses,
                    victim=victim,
                    words=attacked_words(self.scenario.searches, [spec]),
                )
                self._add_hostile(number, spec, adversary, place, stage)

    def _add_hostile(
        self, number: int, spec: Spec, adversary: int, place: int, stage: Stage
    ) -> None:
        rng = Random(f"{self.seed}/hostile/{adversary}/{place}")

        def wrap(peer: Peer) -> Machine:
            return hostile_of(spec, peer, rng, number=place, stage=stage)

        host = self._host(number, secret_of_peer(self.seed, adversary, place), wrap)
        self.hosts.append(host)
        self._by_place[host.place] = host

    def _plan(self) -> None:
        scenario, heap = self.scenario, self.heap
        people, others = self.hosts[: self.people], self.hosts[self.people :]
        self._presence.plan(people, others)
        for partition in scenario.partition:
            edge = round(partition.share * self.people)
            heap.at(START + partition.at, self._part, edge)
            heap.at(START + partition.until, self._heal, edge)
        self.news.plan(self.hosts, scenario.partition)
        if scenario.news.items:
            heap.at(START + scenario.news.from_s, self._watch_news)
        chosen = asked(scenario.questions, self.population, self.seed)
        self.asked = [self.hosts[person] for person in chosen.tolist()]
        self.inquiry.plan(self.asked, self._rng("asking"))

    # --------------------------------------------------------------------------------- running
    def run(self, until_s: float) -> None:
        """Let time go on until this second of the scenario."""
        self.heap.run(START + until_s)

    @property
    def seconds(self) -> float:
        """Since the start."""
        return self.heap.now - START

    @property
    def totals(self) -> Counter[str]:
        """Gossip's counters of all hosts."""
        found = Counter[str]()
        for host in self.hosts:
            found.update(host.counted())
        return found

    def there(self) -> list[Host]:
        """The people who are there now."""
        return [host for host in self.hosts[: self.people] if host.up]

    def ask_everybody(self) -> None:
        """The last question, to everybody who is asked at all; who is away comes back for it."""
        for host in self.asked:
            if not host.up:
                host.start()
                self._came(host)
            self.inquiry.ask(host)
            self.searches.search(host, host.number)

    # ------------------------------------------------------------------------- coming and links
    def _came(self, host: Host) -> None:
        """She says what she has to say the first time, and links to whom she has chosen and who has
        chosen her, as far as they are there."""
        if host.lives == 1 and not host.hostile:
            self._sayings.tell(host, host.number)
            self.searches.click(host, host.number, self._rng(f"clicks/{host.number}"))
            for voucher in self._newcomers.vouchers.get(host.number, ()):
                self._vouch(self.hosts[voucher], host)
        chosen = [self.hosts[other] for other in self._chosen[host.number]]
        known = tuple(other.address for other in chosen)
        if known:
            host.handle(ev.AddressesFound("kademlia", known))
        for other in chosen:
            self._link(host, other)
        for number in self._choosers[host.number]:
            self._link(self.hosts[number], host)

    def _vouch(self, host: Host, newcomer: Host) -> None:
        """Whoever is away does so when she is back."""
        if host.up:
            host.answer("trust", peer=newcomer.author.hex(), weight=1.0)
        else:
            self.heap.at(self.heap.now + AWAY_RETRY_S, self._vouch, host, newcomer)

    def _link(self, one: Host, other: Host) -> None:
        if not self.wires.linked(one, other):
            self.wires.open(one, other)

    def _dial(self, host: Host, address: str) -> None:
        place = address.rpartition("/p2p/")[0]
        other, heap = self._by_place.get(place), self.heap
        if other is None or not other.up or self._apart(host, other):
            heap.at(heap.now + DIAL_TIMEOUT_S, host.handle, ev.DialEnded(address))
        elif peer_of(address) != other.peer_id or self.wires.linked(host, other):
            late = 2 * self.scenario.network.latency_s
            heap.at(heap.now + late, host.handle, ev.DialEnded(address))
        else:
            self.wires.open(host, other)

    def _provide(self, host: Host, author: AuthorKey) -> None:
        self._providers[author] = host

    def _find_author(self, host: Host, author: AuthorKey) -> None:
        """The provider records know whoever has said that she speaks for an author."""
        other = self._providers.get(author)
        if other is not None and other.up and not self._apart(host, other):
            found = ev.AddressesFound("kademlia", (other.address,), author)
            self.heap.at(self.heap.now + 2 * self.scenario.network.latency_s, host.handle, found)

    # ------------------------------------------------------------------------------- partitions
    def _apart(self, one: Host, other: Host) -> bool:
        return any((one.number < edge) != (other.number < edge) for edge in self._parted)

    def _part(self, edge: int) -> None:
        self._parted = (*self._parted, edge)
        self.wires.part()

    def _heal(self, edge: int) -> None:
        kept = list(self._parted)
        kept.remove(edge)
        self._parted = tuple(kept)
        for one, others in enumerate(self._chosen):
            for other in others:
                self._link(self.hosts[one], self.hosts[other])
        self._watch_healing(self.heap.now, self.wires.bytes, self._kept())

    def _kept(self) -> int:
        return sum(host.store.received_bytes for host in self.hosts)

    @property
    def traffic(self) -> Traffic:
        """Since the start."""
        return Traffic(self.wires.bytes, self._kept(), self.totals["bundles_accepted"])

    def _watch_news(self) -> None:
        before, scenario = self.traffic, self.scenario
        until = START + scenario.news.until_s + STEADY_ROUNDS * scenario.time.round_s

        def look() -> None:
            self.steady = self.traffic.since(before)

        self.heap.at(until, look)

    def _watch_healing(self, since: float, sent: int, kept: int) -> None:
        """Look each round whether what was said has come to everybody."""
        now, round_s = self.heap.now, self.scenario.time.round_s
        if now > since and self.news.coverage(self.there()) >= KNOWN:
            rounds = (now - since) / round_s
            self.healings.append(Healing(rounds, self.wires.bytes - sent, self._kept() - kept))
        elif self.news.stories:
            self.heap.at(now + round_s, self._watch_healing, since, sent, kept)
