"""Which format a file has, and which of its columns means what.

Told from the content, with the file's name as a hint:

    MovieLens u.data          user, item, rating, time; tabs, no header
    MovieLens *.dat           the same with `::`
    MovieLens ratings.csv     header with userId and movieId
    RecBole *.inter           tabs, header with types (`user_id:token`)
    JSON lines                one object a line, inner fields by dotted names
    delimited text            comma, semicolon, tab or bar, with or without a header

What a column means is told by its name, unless the caller says so (`--map item=COLUMN,...`, a name
or a number counted from 1).
"""

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from node.importing.lines import Line
from node.importing.records import json_lines, split_line
from node.importing.rows import ImportUnreadable

MOVIES = "ml:movie:"
ANY_ITEM = "item:"
COLUMNS_MAX = 1024
_LINES_LOOKED_AT = 50
_DELIMITERS = ("::", "\t", ";", ",", "|")

ROLES: Mapping[str, tuple[str, ...]] = {
    "user": ("userid", "user", "username", "uid"),
    "item": ("itemid", "item", "movieid", "songid", "trackid", "artistid", "productid", "bookid"),
    "weight": ("weight", "affinity"),
    "rating": ("rating", "score", "stars"),
    "plays": ("plays", "playcount", "count", "listens", "listencount"),
    "time": ("timestamp", "time", "uts", "ts", "listenedat", "playedat", "date", "datetime"),
    "title": ("title", "name", "track", "trackname", "song", "movietitle"),
    "artist": ("artist", "artistname", "creator"),
    "tags": ("tags", "genres", "genre"),
    "mbid": ("recordingmbid", "trackmbid", "mbid"),
}
"""What a column can mean, and the names (letters and digits only) by which it is recognised."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How to read the file. `delimiter` is empty for JSON lines."""

    name: str
    delimiter: str
    names: tuple[str, ...]
    """The columns, in order; for JSON lines the fields seen in the sample."""
    has_header: bool
    roles: Mapping[str, str]
    """From role to the name of the column."""
    namespace: str
    """Put before item ids that have none."""

    @property
    def quoted(self) -> bool:
        """Whether fields may stand in double quotes."""
        return self.delimiter in (",", ";")


def parse_columns(texts: Iterable[str]) -> dict[str, str]:
    """Read `role=column` pairs, several in one text separated by commas.

    Raises `ImportUnreadable` naming the nearest role.
    """
    columns: dict[str, str] = {}
    for pair in (pair for text in texts for pair in text.split(",")):
        role, equals, column = (part.strip() for part in pair.partition("="))
        if not equals or not column:
            raise ImportUnreadable(
                f"{pair!r} maps nothing", hint="write --map item=COLUMN,time=COLUMN"
            )
        if role not in ROLES:
            near = difflib.get_close_matches(role, ROLES, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"one of: {', '.join(ROLES)}"
            raise ImportUnreadable(f"a column cannot be {role!r}", hint=hint)
        columns[role] = column
    return columns


def detect(
    lines: Sequence[Line], file_name: str, columns: Mapping[str, str], delimiter: str = ""
) -> Layout:
    """Tell the layout from the first lines of a file. Raises `ImportUnreadable`.

    `columns` (role to column) and `delimiter` are what the caller knows better.
    """
    texts = [line.text for line in lines if not line.problem and line.text.strip()]
    texts = texts[:_LINES_LOOKED_AT]
    if not texts:
        raise ImportUnreadable(f"{file_name} has no line that can be read", hint=_ENCODING)
    if not delimiter and texts[0].lstrip().startswith("{"):
        return _json_layout(lines, file_name, columns)
    delimiter = delimiter or _sniff_delimiter(texts)
    first = split_line(texts[0], delimiter, quoted=delimiter in (",", ";")) or [texts[0]]
    if len(first) > COLUMNS_MAX:
        raise ImportUnreadable(f"{file_name} has more than {COLUMNS_MAX} columns")
    if not columns and _is_movielens_data(first):
        roles = {"user": "1", "item": "2", "rating": "3", "time": "4"}
        return Layout("movielens", delimiter, ("1", "2", "3", "4"), False, roles, MOVIES)
    has_header = _is_header(first, columns)
    if has_header:
        names = tuple(name.strip() for name in first)
    else:
        names = tuple(str(number) for number in range(1, len(first) + 1))
    roles = _roles(names, columns, file_name, shown=first)
    known = [_plain(name) for name in names]
    if has_header and "userid" in known and "movieid" in known:
        return Layout("movielens", delimiter, names, True, roles, MOVIES)
    if has_header and all(re.search(r":(token|float)(_seq)?$", name) for name in names):
        is_movies = PurePath(file_name).name.startswith("ml-")
        namespace = MOVIES if is_movies else ANY_ITEM
        return Layout("recbole", delimiter, names, True, roles, namespace)
    return Layout("delimited", delimiter, names, has_header, roles, ANY_ITEM)


_ENCODING = "say how it is written with --encoding"


def _sniff_delimiter(texts: Sequence[str]) -> str:
    """The delimiter that cuts most lines into the same number (at least two) of fields."""
    best, best_lines = ",", 0
    for delimiter in _DELIMITERS:
        counts = Counter(
            len(split_line(text, delimiter, quoted=delimiter in (",", ";")) or ()) for text in texts
        )
        lines = max((times for fields, times in counts.items() if fields > 1), default=0)
        if lines > best_lines:
            best, best_lines = delimiter, lines
    return best


def _is_movielens_data(first: Sequence[str]) -> bool:
    """Two whole ids, a rating on five stars, a Unix time: nothing else looks like this."""
    if len(first) != 4 or not all(re.fullmatch(r"[0-9]{1,10}", first[i]) for i in (0, 1, 3)):
        return False
    is_rating = re.fullmatch(r"[0-5](\.[05])?", first[2]) is not None
    return is_rating and int(first[3]) >= 100_000_000


def _is_header(first: Sequence[str], columns: Mapping[str, str]) -> bool:
    """Whether the first line names columns: the caller speaks of names, or we know some."""
    if any(not column.isdecimal() for column in columns.values()):
        return True
    known = {name for names in ROLES.values() for name in names}
    return any(_plain(field) in known for field in first)


def _roles(
    names: Sequence[str],
    columns: Mapping[str, str],
    file_name: str,
    *,
    shown: Sequence[str] | None = None,
) -> dict[str, str]:
    """Which column plays which role; the caller's word first, then the columns' own names.

    `shown` is what the first line holds: it tells a person which column is which.
    """
    roles = {role: _column(names, column, file_name) for role, column in columns.items()}
    by_plain: dict[str, str] = {}
    for name in sorted(names, key=lambda n: n.count(".")):  # outer fields before inner ones
        by_plain.setdefault(_plain(name), name)
    taken = set(roles.values())
    for role, known in ROLES.items():
        free = (by_plain[name] for name in known if by_plain.get(name, "") not in taken | {""})
        if role not in roles and (found := next(free, None)) is not None:
            roles[role] = found
            taken.add(found)
    _read_by_name(roles)
    if not roles.keys() & {"item", "mbid", "title"}:
        listed = _listed(shown or names)
        raise ImportUnreadable(
            f"{file_name}: cannot tell which column is the item; the columns are: {listed}",
            hint="say it with --map item=COLUMN (a name, or a number counted from 1)",
        )
    return roles


def _read_by_name(roles: dict[str, str]) -> None:
    """`weight=` may point at a column of ratings or plays; its name tells which."""
    column = roles.get("weight")
    for role in ("rating", "plays"):
        if column is not None and _plain(column) in ROLES[role]:
            roles[role] = roles.pop("weight")
            return


def _column(names: Sequence[str], wanted: str, file_name: str) -> str:
    for name in names:
        if name == wanted or _plain(name) == _plain(wanted):
            return name
    if wanted.isdecimal() and len(wanted) < 6 and 1 <= int(wanted) <= len(names):
        return names[int(wanted) - 1]
    near = difflib.get_close_matches(wanted, names, n=1)
    hint = f"did you mean {near[0][:64]!r}?" if near else f"its columns are: {_listed(names)}"
    raise ImportUnreadable(f"{file_name} has no column {wanted[:64]!r}", hint=hint)


def _listed(names: Sequence[str]) -> str:
    """As many columns as a message bears."""
    return ", ".join(name[:32] for name in names[:16])


def _plain(name: str) -> str:
    """A column's name without type, outer names, case and punctuation."""
    last = name.partition(":")[0].rpartition(".")[2]
    return re.sub(r"[^a-z0-9]", "", last.lower())


def _json_layout(lines: Sequence[Line], file_name: str, columns: Mapping[str, str]) -> Layout:
    names: dict[str, None] = {}
    for record in json_lines(lines[:_LINES_LOOKED_AT]):
        for name in record.fields:
            if len(names) < COLUMNS_MAX:
                names[name] = None
    roles = _roles(tuple(names), columns, file_name)
    return Layout("json lines", "", tuple(names), False, roles, ANY_ITEM)
