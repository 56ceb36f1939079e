"""What each person's last search showed, so that what she does about it says for which words."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

KEPT_MAX = 64
"""People whose last search is remembered; the longest ago goes first."""

VALID_S = 3600.0
"""After an hour a like has other reasons."""


class Shown(NamedTuple):
    """A place in a list: it answered these terms, 0 is the top."""

    terms: tuple[str, ...]
    position: int


class _List(NamedTuple):
    terms: tuple[str, ...]
    places: dict[str, int]
    shown_at: float


@dataclass(slots=True)
class LastSearches:
    """By person's name, in memory only: it is nobody's business what was found and not opened."""

    _lists: dict[str, _List] = field(default_factory=dict)

    def showed(
        self, person: str, terms: tuple[str, ...], items: Sequence[str], *, now: float
    ) -> None:
        """She was shown these items, in this order."""
        self._lists.pop(person, None)
        self._lists[person] = _List(terms, {item: at for at, item in enumerate(items)}, now)
        if len(self._lists) > KEPT_MAX:
            del self._lists[next(iter(self._lists))]

    def place(self, person: str, item: str, *, now: float) -> Shown | None:
        """Where the item stood in her last list, if it did, and that was not long ago."""
        last = self._lists.get(person)
        if last is None or now - last.shown_at > VALID_S or item not in last.places:
            return None
        return Shown(last.terms, last.places[item])
