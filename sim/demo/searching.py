"""The act in which words find what friends opened for them."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from sim.demo.cast import Cast
from sim.demo.network import ARRIVAL_TIMEOUT_S, POLL_S, Directory
from sim.demo.show import Screen

WORD = "space"
OPENED = (
    "Star Wars", "Empire Strikes Back, The", "Alien", "Contact", "Apollo 13",
    "2001: A Space Odyssey",
)  # fmt: skip
"""Films that people open when they search for the word; one of them has it in its title."""
SHOWN = 8


def friends_click(cast: Cast, directory: Directory, person: str) -> tuple[int, int]:
    """Whoever the person vouches for clicks those of the films that she likes, and shares clicks;
    (people, clicks)."""
    films = {i: t for i, t in cast.title_of.items() if t.rsplit(" (", 1)[0] in OPENED}
    people = clicks = 0
    for friend in (whom for who, whom in cast.vouches if who == person):
        feed = cast.feeds[friend]
        liked = [i for i, p in zip(feed.items, feed.percents, strict=True) if i in films and p > 0]
        with directory.daemon_of[friend].client() as client:
            for item in liked:
                client.ask("click", person=friend, item=item, words=[WORD])
            client.ask("share_set", people=[friend], clicks=True)
        people, clicks = people + bool(liked), clicks + len(liked)
    return people, clicks


def find(directory: Directory, person: str) -> list[dict[str, Any]]:
    """What the person finds for the word, on her own daemon."""
    with directory.daemon_of[person].client() as client:
        found = client.ask("search", person=person, words=[WORD], n=SHOWN, explain=True)
    items: list[dict[str, Any]] = found.data["items"]
    return items


def heard(directory: Directory, person: str, clicks: int) -> int:
    """Wait until her daemon has heard so many clicks, and say how many it has."""
    deadline = time.monotonic() + ARRIVAL_TIMEOUT_S
    while True:
        with directory.daemon_of[person].client() as client:
            count: int = client.ask("status").data["clicks_heard"]
        if count >= clicks or time.monotonic() > deadline:
            return count
        time.sleep(POLL_S)


def like(directory: Directory, person: str, item: str) -> list[str]:
    """She likes what she found; the words for which that was a click."""
    with directory.daemon_of[person].client() as client:
        clicked: list[str] = client.ask("like", person=person, item=item).data["clicked"]
    return clicked


def result_lines(items: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> list[str]:
    """Films as they were found, and who opened them for the word. `names`: author -> name."""
    lines = []
    for place, entry in enumerate(items, 1):
        carried = entry["clicked_by"]
        who = [names.get(p["author"], p["author"][:8]) for p in carried["people"][:3]]
        more = f" and {carried['count'] - len(who)} more" if carried["count"] > len(who) else ""
        opened = f", opened by {', '.join(who)}{more}" if who else ""
        lines.append(f"{place:3}. {entry['title']}  [{entry['matched']}{opened}]")
    return lines


def show(screen: Screen, directory: Directory, person: str) -> list[dict[str, Any]]:
    """Search, and say what was found."""
    screen.say(f"grapevine search {WORD} --explain --as {person}")
    items = find(directory, person)
    for line in result_lines(items, directory.name_of()):
        screen.say(line)
    return items
