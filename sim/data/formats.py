"""The field's own files: adjacency text, and tables of triples. Read whole, or refused by line.

    adjacency   `user item item ...`, one line a user, all of them numbers (NGCF, LightGCN)
    table       `user item [weight [time]]`, separated by tabs, commas or spaces, with or without a
                header (HetRec's .dat, MovieLens' u.data, SNAP's signed .csv, trust lists)

Which of them a file is shows in its content; gzip too. Nothing is left out here: each fault is a
`DataError` that names file and line.
"""

from __future__ import annotations

import gzip
import math
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

from node.errors import NodeError

FORMATS = ("adjacency", "table")
LINES_LOOKED_AT = 1_000
"""From so many lines the format is told."""

ROWS_MAX = 50_000_000
"""Pairs in one file. More would not fit a laptop's memory."""

NAME_CHARS_MAX = 256
POSITIONS = ("user", "item", "weight", "time")
"""The roles of columns without a header."""

ROLES: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(("user", "userid", "uid", "source", "truster", "trustor", "signer"), "user")
    | dict.fromkeys(("item", "itemid", "iid", "artistid", "artist", "movieid", "movie"), "item")
    | dict.fromkeys(("target", "trustee", "friendid", "friend", "signed"), "item")
    | dict.fromkeys(("weight", "rating", "plays", "playcount", "count", "trust", "value"), "weight")
    | dict.fromkeys(("time", "timestamp", "unixtime", "date", "firstsigunixtime"), "time")
)
"""Column names that explain themselves, in lower case without `_` and spaces."""

Columns = Sequence[str]


class DataError(NodeError):
    """A file that cannot be taken as it is: which, where, and what to do."""

    code: ClassVar[str] = "bad_data"
    exit_code: ClassVar[int] = 2


def at(path: Path, line: int, what: str, hint: str = "") -> DataError:
    """What is wrong in a line (1-based) of a file."""
    return DataError(f"{path}:{line}: {what}", hint=hint)


@dataclass(slots=True)
class Rows:
    """A file's rows as they stand, in its order: parallel lists, and the line of each.

    weight: None where the file has none. time: seconds since 1970, None where it has none.
    bare: (user, line) of users that stand there without an item (adjacency text only).
    """

    path: Path
    user: list[str]
    item: list[str]
    weight: list[float] | None
    time: list[float] | None
    line: list[int]
    bare: list[tuple[str, int]]
    form: str
    separator: str | None
    """Between columns; None: white space."""

    def __len__(self) -> int:
        return len(self.user)


def read_rows(
    path: Path, *, form: str = "", columns: Columns = (), like: Rows | None = None
) -> Rows:
    """All rows of a file. Raises DataError.

    form: one of `FORMATS`, else it is that of a file it belongs to (`like`), else it is told from
    the content: `1 2 3` alone could be either. columns: the role of each column
    (user, item, weight, time, or - for one to pass over), else from header or position. Numbers
    are checked for being numbers; what they may be is their reader's business. O(bytes).
    """
    if form and form not in FORMATS:
        raise DataError(f"there is no format {form!r}; there are {', '.join(FORMATS)}")
    lines = _lines(path)
    first = next((n for n, line in enumerate(lines) if line.strip()), None)
    if first is None:
        raise DataError(f"{path} is empty")
    separator = next((s for s in ("\t", ",") if s in lines[first]), None)
    if not form and like is not None and (like.form == "table" or like.separator == separator):
        form = like.form
    if form == "adjacency" or (not form and not columns and _is_adjacency(lines, separator)):
        return _adjacency(path, lines, separator)
    return _table(path, lines, first, separator, columns)


def _lines(path: Path) -> list[str]:
    try:
        data = path.read_bytes()
        if data.startswith(b"\x1f\x8b"):
            data = gzip.decompress(data)
    except FileNotFoundError:
        raise DataError(f"there is no file {path}") from None
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be read: {error}") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise at(path, line, "not UTF-8", "this reader takes text, plain or gzipped") from None
    if "\0" in text:
        raise at(path, text.count("\n", 0, text.index("\0")) + 1, "a zero byte: not a text file")
    return text.split("\n")


def _is_adjacency(lines: list[str], separator: str | None) -> bool:
    """Whether each line is one user's, with as many items as she has: numbers all."""
    shown = [words for line in lines[:LINES_LOOKED_AT] if (words := line.split())]
    lengths = {len(words) for words in shown}
    if separator == "," or len({words[0] for words in shown}) < len(shown):
        return False
    if separator == "\t" and max(lengths) <= len(POSITIONS):
        return False
    whole = sum(word.isdecimal() for words in shown for word in words)
    if 2 * whole < sum(map(len, shown)):
        return False
    several = len(shown) > 1 and max(lengths) > 2
    return len(lengths) > 1 or max(lengths) > len(POSITIONS) or several


def _adjacency(path: Path, lines: list[str], separator: str | None) -> Rows:
    rows = Rows(path, [], [], None, None, [], [], "adjacency", separator)
    first_line: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words:
            continue
        user, items = words[0], words[1:]
        if user in first_line:
            told = f"user {user} has a line already: line {first_line[user]}"
            raise at(path, number, told, "for triples: --format table")
        first_line[user] = number
        if wrong := [word for word in words if not word.isdecimal()]:
            raise at(path, number, f"{wrong[0]!r} is not the number of a user or an item")
        _check_names(path, number, words)
        if not items:
            rows.bare.append((user, number))
        rows.user += [user] * len(items)
        rows.item += items
        rows.line += [number] * len(items)
        _check_size(path, len(rows))
    return rows


def _table(
    path: Path, lines: list[str], first: int, separator: str | None, columns: Columns
) -> Rows:
    head = _cells(lines[first], separator)
    header = _is_header(lines, first, separator)
    roles = _roles(path, first + 1, head, header, columns)
    where = {role: roles.index(role) for role in POSITIONS if role in roles}
    rows = Rows(path, [], [], None, None, [], [], "table", separator)
    if "weight" in where:
        rows.weight = []
    if "time" in where:
        rows.time = []
    for number, line in _numbered(lines, first + header):
        cells = _cells(line, separator)
        if len(cells) != len(roles):
            hint = "" if separator else "for `user item item ...`: --format adjacency"
            raise at(path, number, f"{len(cells)} columns where there are {len(roles)}", hint)
        user, item = cells[where["user"]], cells[where["item"]]
        _check_names(path, number, (user, item))
        rows.user.append(user)
        rows.item.append(item)
        rows.line.append(number)
        if rows.weight is not None:
            rows.weight.append(_number(path, number, "weight", cells[where["weight"]]))
        if rows.time is not None:
            rows.time.append(_seconds(path, number, cells[where["time"]]))
        _check_size(path, len(rows))
    if not len(rows):
        raise DataError(f"{path} has a header and no rows")
    return rows


def _numbered(lines: list[str], first: int) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(lines[first:], first + 1):
        if line.strip():
            yield number, line


def _cells(line: str, separator: str | None) -> list[str]:
    if separator is None:
        return line.split()
    return [cell.strip().strip('"') for cell in line.rstrip("\r\n").split(separator)]


def _role(cell: str) -> str:
    return ROLES.get(cell.lower().replace("_", "").replace(" ", ""), "-")


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _is_header(lines: list[str], first: int, separator: str | None) -> bool:
    """Whether the first line names its columns: there are no numbers in it, and either a name that
    we know or rows of nothing but numbers below."""
    head = _cells(lines[first], separator)
    if any(_is_number(cell) for cell in head):
        return False
    if any(_role(cell) != "-" for cell in head):
        return True
    shown = lines[first + 1 : first + 1 + LINES_LOOKED_AT]
    below = [_cells(line, separator) for line in shown if line.strip()]
    return bool(below) and all(_is_number(cell) for cells in below for cell in cells)


def _roles(
    path: Path, line: int, head: list[str], header: bool, columns: Columns
) -> tuple[str, ...]:
    """The role of each column; `-` for those passed over."""
    hint = "say what they are, e.g. --columns user,item,-,weight,-,time"
    if columns:
        if len(columns) != len(head):
            told = f"{len(head)} columns, and --columns names {len(columns)}"
            raise at(path, line, told, hint)
        roles = tuple(columns)
    elif header and {"user", "item"} <= {_role(cell) for cell in head}:
        roles = tuple(_role(cell) for cell in head)
    elif 2 <= len(head) <= len(POSITIONS):
        roles = POSITIONS[: len(head)]
    else:
        raise at(path, line, f"{len(head)} columns without names that are known", hint)
    for role in POSITIONS:
        if roles.count(role) > 1:
            raise at(path, line, f"more than one column is {role}", hint)
    if wrong := [role for role in roles if role not in (*POSITIONS, "-")]:
        raise at(path, line, f"a column cannot be {wrong[0]!r}", hint)
    if "user" not in roles or "item" not in roles:
        raise at(path, line, "no columns for user and item", hint)
    return roles


def _check_names(path: Path, line: int, names: Sequence[str]) -> None:
    for name in names:
        if not name:
            raise at(path, line, "a name is missing")
        if len(name) > NAME_CHARS_MAX:
            raise at(path, line, f"a name of {len(name)} characters; {NAME_CHARS_MAX} at most")


def _check_size(path: Path, rows: int) -> None:
    if rows > ROWS_MAX:
        raise DataError(f"{path} has more than {ROWS_MAX:,} pairs")


def _number(path: Path, line: int, what: str, cell: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        raise at(path, line, f"{what} {cell!r} is not a number") from None
    if not math.isfinite(value):
        raise at(path, line, f"{what} {cell!r} is not a finite number")
    return value


def _seconds(path: Path, line: int, cell: str) -> float:
    """Unix seconds, or an ISO date or time (UTC unless it says otherwise)."""
    if _is_number(cell):
        value = _number(path, line, "time", cell)
    else:
        try:
            time = datetime.fromisoformat(cell)
        except ValueError:
            raise at(path, line, f"time {cell!r} is neither seconds nor a date") from None
        value = (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
    if not 0 <= value < 1e11:
        raise at(path, line, f"time {cell!r} is not in seconds since 1970")
    return value
