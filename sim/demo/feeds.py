"""What each person tells her node, and the files that `grapevine import` reads it from."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from sim.demo.dataset import Dataset
from sim.demo.split import Split, weights_percent
from sim.demo.sybil import Region, fake_titles

SECONDS_PER_DAY = 86_400
COLUMNS = ("user", "item", "weight", "day", "title")


@dataclass(slots=True)
class Feed:
    """One person's taste in parallel lists: item names, affinities in percent, days since 1970."""

    items: list[str] = field(default_factory=list)
    percents: list[int] = field(default_factory=list)
    days: list[int] = field(default_factory=list)

    def add(self, item: str, percent: int, day: int) -> None:
        """One more item."""
        self.items.append(item)
        self.percents.append(percent)
        self.days.append(day)


def person_name(data: Dataset, person: int) -> str:
    """What the person is called on her node."""
    return f"user-{data.person_id[person]}"


def film_item(data: Dataset, film: int) -> str:
    """The item name of a film."""
    return f"ml:movie:{data.film_id[film]}"


def fake_item(number: int) -> str:
    """The item name of a film that does not exist."""
    return f"ml:movie:fake-{number + 1}"


def honest_feeds(data: Dataset, split: Split, *, today: int) -> dict[str, Feed]:
    """Everybody's shared ratings. Days are moved so that the newest rating of all is today's:
    the data ends in 1998, and taste that old would weigh next to nothing."""
    shift = today - int(data.time.max()) // SECONDS_PER_DAY
    feeds = {person_name(data, person): Feed() for person in range(data.n_people)}
    rows = split.shared
    percents = weights_percent(data.stars[rows]).tolist()
    days = (data.time[rows] // SECONDS_PER_DAY + shift).tolist()
    people, films = data.person[rows].tolist(), data.film[rows].tolist()
    for person, film, percent, day in zip(people, films, percents, days, strict=True):
        feeds[person_name(data, person)].add(film_item(data, film), percent, day)
    return feeds


def sybil_name(identity: int) -> str:
    """What an identity of the attacker is called on his node."""
    return f"sybil-{identity + 1}"


def sybil_feeds(data: Dataset, region: Region, fakes: int, *, today: int) -> dict[str, Feed]:
    """What the identities claim: films everybody likes, and every fake one, all at its best."""
    feeds = {}
    for identity, films in enumerate(region.liked):
        feed = feeds[sybil_name(identity)] = Feed()
        for film in films:
            feed.add(film_item(data, film), 100, today)
        for number in range(fakes):
            feed.add(fake_item(number), 100, today)
    return feeds


def titles(data: Dataset, fakes: int) -> dict[str, str]:
    """Title of every item, real and fake."""
    real = {film_item(data, film): title for film, title in enumerate(data.title)}
    return real | {fake_item(k): title for k, title in enumerate(fake_titles(fakes))}


def write_table(
    path: Path, feeds: Mapping[str, Feed], names: Iterable[str], title_of: Mapping[str, str]
) -> int:
    """Write the feeds of `names` as CSV for one node; returns its rows.

    A film's title stands in the first row that names it: one neighbour who says what a film is
    called is enough, and titles would otherwise be half of everything sent.
    """
    rows = 0
    told: set[str] = set()
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for name in names:
            feed = feeds[name]
            for item, percent, day in zip(feed.items, feed.percents, feed.days, strict=True):
                title = "" if item in told else title_of[item]
                told.add(item)
                date = np.datetime64(day, "D").astype(str)
                table.writerow((name, item, percent / 100, date, title))
                rows += 1
    return rows
