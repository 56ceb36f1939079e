"""Tags heard: who said which of which item. What nobody has played yet is known by them alone.

Arrays only, bounded by `stated_max` and by the caps of the names. A tenth of all is kept for the
people who live here; the rest refuses what finds no room until `make_room` has forgotten what
authors said whom nobody trusts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ranking.interner import Interner
from ranking.tag_contexts import each_once

I32 = NDArray[np.int32]

STATED_MAX = 300_000
"""(author, item, tag), 12 bytes each."""

ITEMS_MAX, ITEMS_BYTES_MAX = 100_000, 6_000_000
TAGS_MAX, TAGS_BYTES_MAX = 50_000, 1_600_000

FULL = 0.9
"""Part of the caps that everybody shares."""

AGAIN = 1 / 16
"""A full log is looked through for repetitions when so large a part of it was said since."""

_NAMES = (np.int64, np.uint8, np.int32, np.uint8)
"""Types of the arrays of an interner."""

DUMPED = (np.int32, *_NAMES, *_NAMES)
"""Types of the arrays of `TagLog.dump`."""


@dataclass(slots=True)
class TagStatements:
    """Statements gathered for one call of `TagLog.add`: author rows, items and tags alike long."""

    authors: list[int] = field(default_factory=list)
    items: list[bytes] = field(default_factory=list)
    tags: list[bytes] = field(default_factory=list)

    def say(self, author: int, item: str, tags: Sequence[str]) -> None:
        """One author of one item."""
        self.authors += [author] * len(tags)
        self.items += [item.encode()] * len(tags)
        self.tags += [tag.casefold().encode() for tag in tags]


class TagLog:
    """Every tag counted once per author and item, so that repetition is worth nothing."""

    def __init__(self, *, hash_key: int, stated_max: int = STATED_MAX) -> None:
        self._max = stated_max
        self._protected: dict[int, None] = {}
        self._rows = np.zeros((64, 3), np.int32)
        self._count = 0
        self._distinct = 0
        """So many of them, the first, were each counted once."""
        self.items = Interner(key=hash_key, names_max=ITEMS_MAX, names_bytes_max=ITEMS_BYTES_MAX)
        self.tags = Interner(key=hash_key, names_max=TAGS_MAX, names_bytes_max=TAGS_BYTES_MAX)
        self.version = 0
        """Goes up with every change."""

    def __len__(self) -> int:
        return self._count

    @property
    def nbytes(self) -> int:
        """The statements and the names."""
        return self._rows.nbytes + self.items.nbytes + self.tags.nbytes

    def protect(self, author: int) -> None:
        """A hosted person: the last tenth is kept for her and her like."""
        self._protected[author] = None

    def add(self, said: TagStatements) -> None:
        """Take statements in; those for which there is no room are left out."""
        if not said.authors:
            return
        authors = np.array(said.authors, np.int32)
        if self._nearly_full(len(authors)) and self._count - self._distinct > AGAIN * self._max:
            self._count_once()
        if self._nearly_full(len(authors)):
            here = np.isin(authors, list(self._protected))
            if not here.any() or self._count + int(here.sum()) > self._max:
                return
            places = np.flatnonzero(here).tolist()
            self._write(
                authors[here], [said.items[k] for k in places], [said.tags[k] for k in places]
            )
            return
        self._write(authors, said.items, said.tags)

    def _write(self, authors: I32, items: list[bytes], tags: list[bytes]) -> None:
        item, tag = self.items.intern_many(items), self.tags.intern_many(tags)
        known = (item >= 0) & (tag >= 0)
        more = np.column_stack((authors, item, tag))[known]
        end = self._count + len(more)
        if end > len(self._rows):
            room = np.zeros((max(end, 2 * self._count), 3), np.int32)
            room[: self._count] = self._rows[: self._count]
            self._rows = room
        self._rows[self._count : end] = more
        self._count = end
        self.version += 1

    def remove(self, author: int, items: Sequence[bytes]) -> None:
        """Forget what the author said of these items. O(statements)."""
        rows = self.items.lookup_many(items)
        stated = self._rows[: self._count]
        self._keep((stated[:, 0] != author) | ~np.isin(stated[:, 1], rows[rows >= 0]))

    def drop_author(self, author: int) -> None:
        """Forget what the author said. O(statements)."""
        self._keep(self._rows[: self._count, 0] != author)

    def forget_rows(self, gone: NDArray[np.bool_]) -> None:
        """Forget what all authors in the mask over author rows said."""
        author = self._rows[: self._count, 0]
        inside = np.minimum(author, len(gone) - 1) if len(gone) else author
        self._keep(~gone[inside] | (author >= len(gone)) if len(gone) else author >= 0)

    def make_room(self, trusted: NDArray[np.bool_]) -> int:
        """When nearly full, forget what all but the trusted rows and the people here said; how many
        statements went. O(statements)."""
        if not self._nearly_full(0):
            return 0
        before = self._count
        author = self._rows[: self._count, 0]
        known = np.zeros(max(int(author.max(initial=0)) + 1, trusted.size), np.bool_)
        known[: trusted.size] = trusted
        known[[row for row in self._protected if row < known.size]] = True
        self._keep(known[author])
        return before - self._count

    def stated(self) -> I32:
        """int32[statements, 3]: author, item and tag rows, some perhaps more than once. A copy."""
        return self._rows[: self._count].copy()

    # ------------------------------------------------------------------------------ checkpoint
    def dump(self) -> list[NDArray[Any]]:
        """All there is, copied, for `load`."""
        names = (*self.items.arrays(), *self.tags.arrays())
        return [self._rows[: self._count].reshape(-1).copy(), *(part.copy() for part in names)]

    def load(self, parts: Sequence[NDArray[Any]]) -> None:
        """Hold what gave this `dump`. ValueError if it is none, or beyond the caps."""
        if len(parts) != len(DUMPED):
            raise ValueError("the tags do not fit")
        rows = parts[0].reshape(-1, 3).astype(np.int32)
        self.items.restore(*parts[1 : 1 + len(_NAMES)])
        self.tags.restore(*parts[1 + len(_NAMES) :])
        named = (
            len(rows) <= self._max
            and (rows >= 0).all()
            and (rows[:, 1] < self.items.rows).all()
            and (rows[:, 2] < self.tags.rows).all()
        )
        if not named:
            raise ValueError("the tags do not fit")
        self._rows, self._count = rows, len(rows)
        self.version += 1

    # ------------------------------------------------------------------------------------ room
    def _nearly_full(self, more: int) -> bool:
        return (
            self._count + more > FULL * self._max
            or len(self.items) > FULL * ITEMS_MAX
            or self.items.names_nbytes > FULL * ITEMS_BYTES_MAX
            or len(self.tags) > FULL * TAGS_MAX
            or self.tags.names_nbytes > FULL * TAGS_BYTES_MAX
        )

    def _count_once(self) -> None:
        """Drop what was said more than once. 30 ms at the cap."""
        kept = each_once(self._rows[: self._count])
        self._rows[: len(kept)] = kept
        self._count = self._distinct = len(kept)

    def _keep(self, keep: NDArray[np.bool_]) -> None:
        if keep.all():
            return
        kept = self._rows[: self._count][keep]
        self._rows[: len(kept)] = kept
        self._count = len(kept)
        self._distinct = int(np.count_nonzero(keep[: self._distinct]))
        self.version += 1
        for names, column in ((self.items, 1), (self.tags, 2)):
            used = np.zeros(names.rows, np.bool_)
            used[kept[:, column]] = True
            names.release_many(np.flatnonzero(~used).astype(np.int32))
