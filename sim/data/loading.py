"""Files into one data set, with every doubt about it told: never a silently smaller one.

What many published splits contain and nobody can learn from (people or items that the training
part lacks, repeated pairs) stops the loader, unless the caller allows it by name; then it is
counted in the notes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from sim.data.formats import Columns, DataError, Rows, at, read_rows
from sim.data.interactions import I32, I64, Dataset, Interactions, Names, Vouches
from sim.methods.method import F64

DAY_SECONDS = 86_400

ALLOWED = {
    "cold-items": "items that training lacks: they stay in what is to be found",
    "cold-users": "people without training data: they stay among those who are judged",
    "duplicates": "a pair said twice, differently: the later one counts",
    "empty-users": "users without items: they stay as people who have nothing",
    "known-items": "test items that training has already: they stay in what is to be found",
    "zero-weights": "pairs of weight 0: left out",
}
"""What can be allowed by name, and what happens to it then."""


@dataclass(frozen=True, slots=True)
class Files:
    """Where the parts are, and how they are written."""

    train: Path
    test: Path | None = None
    trust: Path | None = None
    valid: Path | None = None
    mask: Path | None = None
    form: str = ""
    columns: Columns = ()
    trust_columns: Columns = ()


@dataclass(slots=True)
class _Reader:
    """The parts on their way into one numbering."""

    allow: frozenset[str]
    notes: list[str]
    people: Names
    items: Names

    def tolerate(self, what: str, error: Callable[[], DataError], note: str) -> None:
        """Take the note when `what` is allowed, else raise the error with the way out."""
        if what in self.allow:
            self.notes.append(note)
            return
        told = error()
        raise DataError(told.message, hint=f"to go on all the same: --allow {what}")


def load(files: Files, allow: Iterable[str] = (), *, timed: bool = False) -> Dataset:
    """Read all parts. Raises DataError (exit 2) with file and line for whatever is wrong.

    allow: keys of `ALLOWED`. timed: people and items that are new in the test part are no fault,
    because time decides who is where. Weights stay as the data have them. O(n log n).
    """
    allowed = frozenset(allow)
    if unknown := sorted(allowed - ALLOWED.keys()):
        raise DataError(f"nothing called {unknown[0]!r} can be allowed", hint=_allowed())
    train = read_rows(files.train, form=files.form, columns=files.columns)
    others = {"test": files.test, "valid": files.valid, "mask": files.mask}
    rows = {"train": train} | {
        name: read_rows(path, form=files.form, columns=files.columns, like=train)
        for name, path in others.items()
        if path is not None
    }
    trust = None
    if files.trust is not None:
        trust = read_rows(files.trust, form="table", columns=files.trust_columns)
    users = [name for part in rows.values() for name in part.user]
    users += [user for part in rows.values() for user, _ in part.bare]
    if trust is not None:
        users += trust.user + trust.item
    if timed:
        dated = [rows[name] for name in ("train", "test") if name in rows]
        _check_times(dated if trust is None else [*dated, trust])
    people = _numbered(users)
    items = _numbered([name for part in rows.values() for name in part.item])
    reader = _Reader(allowed, [], people, items)
    parts = {name: _interactions(part, reader) for name, part in rows.items()}
    if not timed:
        for name in ("test", "valid", "mask"):
            if name in parts:
                _check_part(name, parts[name], rows[name], rows["train"], parts["train"], reader)
    data = Dataset(people, items, parts["train"], parts.get("test"), notes=reader.notes)
    data = replace(data, valid=parts.get("valid"), mask=parts.get("mask"))
    return data if trust is None else replace(data, trust=_vouches(trust, data.train, reader))


def _check_times(parts: list[Rows]) -> None:
    """Every part must say when; without that nobody knows what was the past."""
    for rows in parts:
        if rows.time is None:
            hint = "name the column: --columns or --trust-columns, e.g. user,item,-,time"
            raise at(rows.path, rows.line[0] if rows.line else 1, "no times in this file", hint)


def _allowed() -> str:
    return "; ".join(f"{name}: {what}" for name, what in ALLOWED.items())


def _numbered(names: Iterable[str]) -> Names:
    """Rows in order of the numbers that the names are, else of the alphabet."""
    distinct = dict.fromkeys(names)
    if all(name.isdecimal() for name in distinct):
        return Names(tuple(sorted(distinct, key=lambda name: (int(name), name))))
    return Names(tuple(sorted(distinct)))


def _interactions(rows: Rows, reader: _Reader) -> Interactions:
    """One part with its pairs made distinct and its weights checked."""
    if rows.bare:
        name, line = rows.bare[0]
        reader.tolerate(
            "empty-users",
            lambda: at(rows.path, line, f"user {name} has no items"),
            f"{rows.path.name}: {len(rows.bare)} users without items",
        )
    if not len(rows):
        raise DataError(f"{rows.path} has no pairs")
    user = np.array([reader.people.row[name] for name in rows.user], np.int32)
    item = np.array([reader.items.row[name] for name in rows.item], np.int32)
    weight = np.ones(len(rows)) if rows.weight is None else np.array(rows.weight)
    if (negative := np.flatnonzero(weight < 0)).size:
        n = int(negative[0])
        raise at(rows.path, rows.line[n], f"weight {weight[n]:g} is negative")
    if (high := np.flatnonzero(weight > np.finfo(np.float32).max)).size:
        n = int(high[0])
        raise at(rows.path, rows.line[n], f"weight {weight[n]:g} is too large")
    kept = _distinct(rows, user.astype(np.int64) * len(reader.items) + item, weight, reader)
    zero = kept[weight[kept] == 0]
    if zero.size:
        reader.tolerate(
            "zero-weights",
            lambda: at(rows.path, rows.line[int(zero[0])], "weight 0"),
            f"{rows.path.name}: {zero.size} pairs of weight 0 left out",
        )
        kept = kept[weight[kept] > 0]
    tiny = np.finfo(np.float32).tiny
    columns = user[kept], item[kept], np.maximum(weight[kept], tiny).astype(np.float32)
    sizes = len(reader.people), len(reader.items)
    return Interactions(*columns, _days(rows, kept), *sizes)


def _days(rows: Rows, kept: I64) -> I32 | None:
    if rows.time is None:
        return None
    return (np.array(rows.time)[kept] // DAY_SECONDS).astype(np.int32)


def _distinct(rows: Rows, pair: I64, weight: F64, reader: _Reader) -> I64:
    """Which rows to keep, ascending: of a pair said twice the same the first, else the later."""
    place = np.arange(len(pair))
    time = place if rows.time is None else np.array(rows.time)
    order = np.lexsort((place, time, pair))
    sorted_pair, sorted_weight = pair[order], weight[order]
    again = np.flatnonzero(sorted_pair[1:] == sorted_pair[:-1])
    if not again.size:
        return place
    odd = again[sorted_weight[again + 1] != sorted_weight[again]]
    differing = np.unique(sorted_pair[odd])
    if differing.size:
        n, before = int(order[odd[0] + 1]), int(order[odd[0]])
        what = f"{rows.user[n]} {rows.item[n]} has weight {weight[n]:g}"
        other = f"{weight[before]:g} in line {rows.line[before]}"
        reader.tolerate(
            "duplicates",
            lambda: at(rows.path, rows.line[n], f"{what}, and {other}"),
            f"{rows.path.name}: {differing.size} pairs said differently, the last one counts",
        )
    same = np.unique(sorted_pair[again]).size - differing.size
    if same:
        reader.notes.append(f"{rows.path.name}: {same} pairs said more than once, counted once")
    first = np.append(True, sorted_pair[1:] != sorted_pair[:-1])
    last = np.append(sorted_pair[1:] != sorted_pair[:-1], True)
    differs = np.isin(sorted_pair, differing)
    return np.sort(order[np.where(differs, last, first)])


def _check_part(
    name: str, part: Interactions, rows: Rows, train: Rows, known: Interactions, reader: _Reader
) -> None:
    """Whether a part that is not for training belongs to the training part."""
    file, other = rows.path.name, train.path.name
    line_of = dict(zip(rows.user, rows.line, strict=True))
    people = np.zeros(part.n_users, np.bool_)
    people[known.user] = True
    cold = np.unique(part.user[~people[part.user]])
    if cold.size:
        who = reader.people.name[int(cold[0])]
        reader.tolerate(
            "cold-users",
            lambda: at(rows.path, line_of[who], f"user {who} has no training data in {other}"),
            f"{file}: {cold.size} people without training data",
        )
    items = np.zeros(part.n_items, np.bool_)
    items[known.item] = True
    new = np.flatnonzero(~items[part.item])
    if new.size:
        what = reader.items.name[int(part.item[new[0]])]
        line = rows.line[rows.item.index(what)]
        pairs = f"{new.size} of {len(part)} pairs"
        count = np.unique(part.item[new]).size
        reader.tolerate(
            "cold-items",
            lambda: at(rows.path, line, f"item {what} is unknown to {other} ({pairs} are like it)"),
            f"{file}: {count} items that training lacks, {pairs}; nobody can find them",
        )
    both = np.isin(part.pair, known.pair)
    if name == "test" and both.any():
        n = int(np.flatnonzero(both)[0])
        user = reader.people.name[int(part.user[n])]
        item = reader.items.name[int(part.item[n])]
        line = next(
            line
            for u, i, line in zip(rows.user, rows.item, rows.line, strict=True)
            if (u, i) == (user, item)
        )
        reader.tolerate(
            "known-items",
            lambda: at(rows.path, line, f"{user} {item} is in {other} already"),
            f"{file}: {int(both.sum())} pairs are in {other} already; nobody can find them",
        )


def _vouches(rows: Rows, train: Interactions, reader: _Reader) -> Vouches:
    """The trust file: weights in [-1, 1], or of a wider scale that is brought to it."""
    named = np.unique([reader.people.row[name] for name in (*rows.user, *rows.item)])
    strangers = int((train.sizes[named] == 0).sum())
    if strangers == len(named):
        told = "nobody in this file has training data: are the people numbered alike?"
        raise at(rows.path, rows.line[0], told)
    if strangers:
        reader.notes.append(f"{rows.path.name}: {strangers} people without training data")
    source = np.array([reader.people.row[name] for name in rows.user], np.int32)
    target = np.array([reader.people.row[name] for name in rows.item], np.int32)
    weight = np.ones(len(rows)) if rows.weight is None else np.array(rows.weight)
    widest = float(np.abs(weight).max(initial=1.0))
    if widest > 1:
        reader.notes.append(f"{rows.path.name}: weights up to {widest:g} divided by {widest:g}")
    pair = source.astype(np.int64) * len(reader.people) + target
    kept = _distinct(rows, pair, weight, reader)
    selves = source[kept] == target[kept]
    if selves.any():
        told = f"{rows.path.name}: {int(selves.sum())} vouches for oneself left out"
        reader.notes.append(told)
    kept = kept[~selves]
    if void := int((weight[kept] == 0).sum()):
        reader.notes.append(f"{rows.path.name}: {void} vouches of weight 0 left out")
    kept = kept[weight[kept] != 0]
    columns = source[kept], target[kept], (weight[kept] / widest).astype(np.float32)
    return Vouches(*columns, _days(rows, kept))
