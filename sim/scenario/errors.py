"""What is wrong with a scenario, where it says so, and what was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import TypeAlias

Key: TypeAlias = tuple[str | int, ...]
"""Where in the file: names of tables and keys, numbers of entries of lists."""

SHOWN_MAX = 12
"""Names listed where none is near."""


class ScenarioError(ValueError):
    """A scenario that cannot be run. Nothing was.

    key: what it is about; place: "file:line" or the override, once it is known.
    """

    def __init__(self, problem: str, key: Key = (), *, hint: str = "", place: str = "") -> None:
        self.problem, self.key, self.hint, self.place = problem, key, hint, place
        super().__init__(str(self))

    def __str__(self) -> str:
        """Place, problem, hint in one line."""
        where = f"{self.place}: " if self.place else ""
        return f"{where}{self.problem}{'; ' + self.hint if self.hint else ''}"

    def __reduce__(self) -> tuple[object, ...]:
        """Keeps all of it on the way between processes."""
        return _made, (self.problem, self.key, self.hint, self.place)


def _made(problem: str, key: Key, hint: str, place: str) -> ScenarioError:
    return ScenarioError(problem, key, hint=hint, place=place)


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint: the known name that looks most like the word, else what there is."""
    names = [str(one) for one in known]
    if found := difflib.get_close_matches(word, names, n=1, cutoff=0.5):
        return f"did you mean {found[0]!r}?"
    shown = ", ".join(names[:SHOWN_MAX])
    return f"there are: {shown}{' ...' if len(names) > SHOWN_MAX else ''}" if names else ""


def spelt(key: Key) -> str:
    """A key as it is written: `adversary.0.edges`."""
    return ".".join(str(part) for part in key)
