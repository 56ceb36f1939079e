"""What the demo does to its daemons: host people, vouch, share, wait, ask everybody for a list."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sim.demo.cast import Vouches
from sim.demo.feeds import Feed, write_table
from sim.demo.fleet import Daemon, at_once
from sim.demo.show import Screen

QUIET_S = 15.0
"""Nothing new anywhere for so long means that everybody has what she may have."""
ARRIVAL_TIMEOUT_S = 150.0
POLL_S = 1.0


@dataclass(slots=True)
class Directory:
    """Who lives where, and under which key. Filled as people move in."""

    daemon_of: dict[str, Daemon]
    author_of: dict[str, str]

    def name_of(self) -> dict[str, str]:
        """Author key -> name."""
        return {author: name for name, author in self.author_of.items()}


def move_in(
    daemon: Daemon,
    feeds: Mapping[str, Feed],
    names: Sequence[str],
    title_of: Mapping[str, str],
    directory: Directory,
) -> int:
    """Host these people with their taste, through `grapevine import`; returns rows imported."""
    table = daemon.home.with_suffix(".csv")
    write_table(table, feeds, names, title_of)
    data = daemon.command("import", str(table), "--people")
    with daemon.client() as client:
        people = client.ask("people").data["people"]
    for person in people:
        if person["name"] in feeds:
            directory.daemon_of[person["name"]] = daemon
            directory.author_of[person["name"]] = person["author"]
    imported: int = data["imported"]
    return imported


def vouch(
    vouches: Vouches,
    directory: Directory,
    told: Callable[[int], None],
    weights: Mapping[tuple[str, str], float] | None = None,
) -> None:
    """Every vouch, on the daemon of who casts it. `told` hears how many were cast just now.
    weights: in [-1, 1], 1 for whoever is not in it."""
    weight_of = weights or {}
    by_daemon: dict[str, list[tuple[str, str]]] = {}
    daemons = {}
    for who, whom in vouches:
        daemon = directory.daemon_of[who]
        daemons[daemon.name] = daemon
        by_daemon.setdefault(daemon.name, []).append((who, whom))

    def cast(daemon: Daemon) -> None:
        with daemon.client() as client:
            for who, whom in by_daemon[daemon.name]:
                weight = weight_of.get((who, whom), 1.0)
                client.ask("trust", person=who, peer=directory.author_of[whom], weight=weight)
                told(1)

    at_once(list(daemons.values()), cast, width=len(daemons))


def share_all(daemons: Iterable[Daemon], **more: bool) -> None:
    """Everybody on these daemons shares taste and vouches from now on, and what `more` names."""
    for daemon in daemons:
        with daemon.client() as client:
            client.ask("share_set", people="*", taste=True, vouches=True, **more)


def held(daemon: Daemon) -> tuple[int, int]:
    """(ratings, vouches) in a daemon's graph, its own people's included."""
    with daemon.client() as client:
        status = client.ask("status").data
    return status["graph"]["edges"], status["vouches_heard"]


def arrivals(daemons: Sequence[Daemon], wanted: tuple[int, int]) -> Iterator[list[tuple[int, int]]]:
    """What each daemon holds, again and again, until all hold `wanted` or nothing more comes."""
    began = changed = time.monotonic()
    before: list[tuple[int, int]] = []
    while True:
        now = at_once(daemons, held)
        yield now
        if now != before:
            before, changed = now, time.monotonic()
        complete = all(r >= wanted[0] and v >= wanted[1] for r, v in now)
        quiet = time.monotonic() - changed > QUIET_S
        if complete or quiet or time.monotonic() - began > ARRIVAL_TIMEOUT_S:
            return
        time.sleep(POLL_S)


def exchange(
    daemons: Sequence[Daemon], ratings: int, vouches: int, screen: Screen
) -> list[tuple[int, int]]:
    """Wait until the daemons have heard each other, and show how far they are."""
    now: list[tuple[int, int]] = []
    for now in arrivals(daemons, (ratings, vouches)):
        parts = " ".join(f"{100 * held_ratings / ratings:3.0f}" for held_ratings, _ in now)
        least = min(held_vouches for _, held_vouches in now)
        screen.progress(f"% of {ratings:,} ratings held: {parts}   vouches ≥ {least:,}/{vouches:,}")
    return now


def lists(
    people: Iterable[str],
    directory: Directory,
    n: int,
    told: Callable[[int], None],
    **parameters: Any,
) -> dict[str, list[dict[str, Any]]]:
    """Everybody's list, asked of her own daemon: name -> entries."""
    by_daemon: dict[str, list[str]] = {}
    for name in people:
        by_daemon.setdefault(directory.daemon_of[name].name, []).append(name)
    daemons = [directory.daemon_of[names[0]] for names in by_daemon.values()]
    found: dict[str, list[dict[str, Any]]] = {}

    def ask(daemon: Daemon) -> None:
        with daemon.client() as client:
            for name in by_daemon[daemon.name]:
                answer = client.ask("recommend", person=name, n=n, **parameters)
                found[name] = answer.data["items"]
                told(1)

    at_once(daemons, ask, width=len(daemons))
    return found


def neighbours(
    people: Iterable[str], directory: Directory, item: str, n: int
) -> dict[str, list[dict[str, Any]]]:
    """What is like an item, as each of these people's own daemons say: name -> entries."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name in people:
        with directory.daemon_of[name].client() as client:
            found[name] = client.ask("similar", person=name, item=item, n=n).data["items"]
    return found
