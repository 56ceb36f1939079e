"""One file in, rows of taste out."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from io import BufferedReader, BytesIO, FileIO
from itertools import islice
from pathlib import Path

from node.importing.collapse import Collapse
from node.importing.layout import Layout, detect
from node.importing.lines import SAMPLE_BYTES, Line, check_encoding, read_lines, sniff_encoding
from node.importing.records import Record, delimited, json_lines
from node.importing.rows import BadRow, Entry, ImportRow, ImportUnreadable, Reject
from node.importing.titles import Title, find_titles, read_titles
from node.importing.values import (
    clean_tags,
    clean_title,
    item_name,
    plain_weight,
    play_count,
    rating_weight,
    recording_name,
    unix_time,
    user_name,
    work_name,
)

PROGRESS_LINES = 10_000
"""Lines between two reports of progress."""

_COMPRESSED = (b"\x1f\x8b", b"PK\x03\x04", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What the caller knows about the file; the rest is told from its content."""

    today: int
    """Days since 1970-01-01; stands in where the file has no times, and later days are refused."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """From role (`node.importing.layout.ROLES`) to a column's name or number."""
    delimiter: str = ""
    encoding: str = ""
    namespace: str = ""
    """Put before item ids that have none, for example `book:`; default: told by the format."""
    rating_scale: float = 5.0
    """The best rating there is."""
    titles: Path | None = None
    """The file with the titles; default: one that lies beside the ratings."""
    user: str | None = None
    """Take this user's rows alone."""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What became of the file: every row read is taken, repeated, another user's, or rejected."""

    layout: Layout
    rows: list[ImportRow]
    read: int
    repeated: int
    """Rows that joined an earlier one of the same user and item."""
    others: int
    """Rows of other users than the one asked for."""
    rejected: int
    dated: bool
    """False: the file has no times, and every row carries `today`."""


def read_import(
    path: Path,
    options: ImportOptions,
    *,
    reject: Callable[[Reject], None],
    progress: Callable[[int], None] | None = None,
) -> ImportResult:
    """Read a whole file; about 90,000 lines a second.

    Rows that cannot be taken go to `reject` one by one; `progress` hears the number of rows read.
    Raises `ImportUnreadable` when nothing can be made of the file as a whole.
    """
    try:
        file = BufferedReader(FileIO(path), SAMPLE_BYTES)
    except OSError as error:
        raise ImportUnreadable(f"cannot read {path}: {error.strerror}") from error
    with file:
        return _Import(path, file, options, reject).run(progress)


class _Import:
    """One file being read."""

    def __init__(
        self,
        path: Path,
        file: "BufferedReader[FileIO]",
        options: ImportOptions,
        reject: Callable[[Reject], None],
    ) -> None:
        self._path = path
        self._file = file
        self._options = options
        self._tell_reject = reject
        self._rejected = 0
        sample = file.peek(SAMPLE_BYTES)[:SAMPLE_BYTES]
        if sample.startswith(_COMPRESSED):
            raise ImportUnreadable(f"{path} is compressed", hint="unpack it first")
        self._encoding = (
            check_encoding(options.encoding) if options.encoding else sniff_encoding(sample)
        )
        lines = _sample_lines(sample, self._encoding)
        self._layout = detect(lines, path.name, options.columns, options.delimiter)
        if options.user is not None and "user" not in self._layout.roles:
            raise ImportUnreadable(
                f"{path.name} has no column of users", hint="say which it is: --map user=COLUMN"
            )
        self._namespace = options.namespace or self._layout.namespace
        self._titles = self._read_titles()

    def run(self, progress: Callable[[int], None] | None) -> ImportResult:
        collapse = Collapse()
        wanted = self._options.user
        read = others = 0
        for read, record in enumerate(self._records(), 1):
            try:
                if record.problem:
                    raise BadRow(record.problem)
                entry = self._entry(record.fields)
                if wanted is None or entry.user == wanted:
                    collapse.add(entry)
                else:
                    others += 1
            except BadRow as error:
                self._reject(Reject(self._path.name, record.number, str(error), record.text))
            if progress is not None and read % PROGRESS_LINES == 0:
                progress(read)
        rows = list(collapse.rows(self._options.today))
        dated = "time" in self._layout.roles
        return ImportResult(
            self._layout, rows, read, collapse.repeated, others, self._rejected, dated
        )

    def _reject(self, reject: Reject) -> None:
        self._rejected += 1
        self._tell_reject(reject)

    def _read_titles(self) -> dict[str, Title]:
        path = self._options.titles
        if path is None and self._layout.name in ("movielens", "recbole"):
            path = find_titles(self._path)
        return read_titles(path, self._tell_reject) if path is not None else {}

    def _records(self) -> Iterator[Record]:
        lines = read_lines(self._file, self._encoding)
        layout = self._layout
        if not layout.delimiter:
            return json_lines(lines)
        return islice(
            delimited(lines, list(layout.names), layout.delimiter, quoted=layout.quoted),
            1 if layout.has_header else 0,
            None,
        )

    def _entry(self, fields: Mapping[str, str]) -> Entry:
        """What one row says. Raises `BadRow`."""
        roles, options = self._layout.roles, self._options

        def value(role: str) -> str:
            return fields.get(roles[role], "") if role in roles else ""

        weight, plays = None, 1
        if "weight" in roles:
            weight = plain_weight(value("weight"))
        elif "rating" in roles:
            weight = rating_weight(value("rating"), options.rating_scale)
        elif "plays" in roles:
            plays = play_count(value("plays"))
        title, artist = clean_title(value("title")), clean_title(value("artist"))
        known = self._titles.get(value("item").strip())
        return Entry(
            user=user_name(value("user")) if "user" in roles else None,
            item=self._item(value("item"), value("mbid"), artist or "", title or ""),
            weight=weight,
            plays=plays,
            time=unix_time(value("time"), options.today) if "time" in roles else None,
            title=known.title if known else _full_title(artist, title),
            tags=known.tags if known else clean_tags(value("tags")),
        )

    def _item(self, item: str, mbid: str, artist: str, title: str) -> str:
        """The best name there is: the file's own id, MusicBrainz's, else artist and title."""
        if item.strip():
            return item_name(item, self._namespace)
        return recording_name(mbid) or work_name(artist, title)


def _full_title(artist: str | None, title: str | None) -> str | None:
    return clean_title(f"{artist} - {title}") if artist and title else title


def _sample_lines(sample: bytes, encoding: str) -> list[Line]:
    """The whole lines of the sample."""
    lines = list(read_lines(BytesIO(sample), encoding))
    return lines[:-1] if len(sample) == SAMPLE_BYTES and len(lines) > 1 else lines
