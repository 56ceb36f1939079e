"""Click logs of the field as columns: tags read as clicks, and pages of a search engine."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from sim.data.formats import DataError, at
from sim.data.interactions import I32

TAG_COLUMNS = ("userid", "artistid", "tagid", "day", "month", "year")
"""The header of HetRec's `user_taggedartists.dat`."""

EARLIEST_YEAR = 2002
"""Last.fm's first; five of HetRec's rows say they are older, and are left out."""

SHOWN = 10
"""Results on a page of the RelPred layout."""


def text_lines(path: Path, encoding: str = "utf-8") -> list[str]:
    """A text file's lines, plain or gzipped. Raises DataError."""
    try:
        data = path.read_bytes()
        if data.startswith(b"\x1f\x8b"):
            data = gzip.decompress(data)
        return data.decode(encoding).splitlines()
    except FileNotFoundError:
        raise DataError(f"there is no file {path}") from None
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read: {error}") from None


NO_PAGE: tuple[str, str, tuple[str, ...], list[int]] = ("", "", (), [])


@dataclass(frozen=True, slots=True, eq=False)
class Tagging:
    """Who gave which item which tag, and when: read as clicks on the item for the tag.

    user, term, item: names as numbers of the file; month: months since year 0.
    """

    user: I32
    term: I32
    item: I32
    month: I32
    left_out: int

    @property
    def size(self) -> int:
        """How many tags were given."""
        return int(self.user.size)


def read_tagging(path: Path) -> Tagging:
    """HetRec's layout: userID, artistID, tagID, day, month, year, separated by tabs."""
    lines = text_lines(path)
    head = tuple(lines[0].lower().split("\t")) if lines else ()
    if head != TAG_COLUMNS:
        raise DataError(f"{path}: the first line should name {', '.join(TAG_COLUMNS)}")
    rows = np.empty((len(lines) - 1, 4), np.int32)
    for number, line in enumerate(lines[1:], 2):
        cells = line.split("\t")
        try:
            user, item, term, _, month, year = map(int, cells)
        except ValueError:
            raise at(path, number, "not six whole numbers") from None
        rows[number - 2] = user, term, item, year * 12 + month - 1
    fine = rows[:, 3] >= EARLIEST_YEAR * 12
    user, term, item, month = rows[fine].T.copy()
    return Tagging(user, term, item, month, int((~fine).sum()))


def months_of(day: str) -> int:
    """Months since year 0 of YYYY-MM or YYYY-MM-DD. ValueError for anything else."""
    then = date.fromisoformat(day if day.count("-") > 1 else f"{day}-01")
    return then.year * 12 + then.month - 1


@dataclass(frozen=True, slots=True)
class Page:
    """One page of results. clicked: places on it, 0 the top, in the order of the clicks."""

    session: str
    query: str
    shown: tuple[str, ...]
    clicked: tuple[int, ...]


def read_pages(path: Path) -> list[Page]:
    """Yandex' RelPred layout: `session time Q query region url...` and `session time C url`,
    separated by tabs. A click belongs to the session's last page before it; one on nothing shown
    there is none."""
    pages: list[tuple[str, str, tuple[str, ...], list[int]]] = []
    last: dict[str, int] = {}
    for number, line in enumerate(text_lines(path), 1):
        cells = line.split("\t")
        kind = cells[2] if len(cells) > len(("session", "time", "kind")) else ""
        if kind == "Q" and len(cells) == len(("session", "time", "Q", "query", "region")) + SHOWN:
            last[cells[0]] = len(pages)
            pages.append((cells[0], cells[3], tuple(cells[5:]), []))
        elif kind == "C":
            _, _, shown, clicked = pages[last[cells[0]]] if cells[0] in last else NO_PAGE
            if cells[3] in shown:
                clicked.append(shown.index(cells[3]))
        else:
            raise at(path, number, "neither a page of ten results nor a click on one")
    if not pages:
        raise DataError(f"{path} is empty")
    return [Page(*page[:3], tuple(page[3])) for page in pages]
