"""Everything a file says about one item, taken together."""

from collections.abc import Iterator
from dataclasses import dataclass

from node.importing.rows import PAIRS_MAX, BadRow, Entry, ImportRow
from node.importing.values import DAY_SECONDS, plays_weight


@dataclass(slots=True)
class _Taken:
    weight: float | None
    plays: int
    time: float | None
    title: str | None
    tags: tuple[str, ...]


class Collapse:
    """One row for each (user, item): the latest weight, or the sum of the plays.

    Of two statements of the same time the later line counts. At most `PAIRS_MAX` pairs, about 300
    bytes each; one more is refused with `BadRow`.
    """

    def __init__(self, pairs_max: int = PAIRS_MAX) -> None:
        self._pairs_max = pairs_max
        self._taken: dict[tuple[str | None, str], _Taken] = {}
        self.repeated = 0
        """Entries that joined an earlier one."""

    def __len__(self) -> int:
        return len(self._taken)

    def add(self, entry: Entry) -> None:
        """Take one entry in."""
        key = (entry.user, entry.item)
        taken = self._taken.get(key)
        if taken is None:
            if len(self._taken) >= self._pairs_max:
                raise BadRow(f"more than {self._pairs_max} different items in one import")
            self._taken[key] = _Taken(
                entry.weight, entry.plays, entry.time, entry.title, entry.tags
            )
            return
        self.repeated += 1
        taken.plays += entry.plays
        if (entry.time or 0.0) >= (taken.time or 0.0):
            taken.time = entry.time if entry.time is not None else taken.time
            taken.weight = entry.weight if entry.weight is not None else taken.weight
            taken.title = entry.title or taken.title
            taken.tags = entry.tags or taken.tags

    def rows(self, today: int) -> Iterator[ImportRow]:
        """One row a pair, in order of first appearance; `today` where the file has no time."""
        for (user, item), taken in self._taken.items():
            weight = plays_weight(taken.plays) if taken.weight is None else taken.weight
            day = today if taken.time is None else int(taken.time // DAY_SECONDS)
            yield ImportRow(user, item, weight, day, taken.title, taken.tags)
