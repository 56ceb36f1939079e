"""The files beside a list of ratings that say what its items are called."""

from collections.abc import Callable, Iterator, Mapping
from io import BufferedReader, FileIO
from pathlib import Path
from typing import NamedTuple

from node.importing.lines import SAMPLE_BYTES, read_lines, sniff_encoding
from node.importing.records import Record, delimited
from node.importing.rows import ImportUnreadable, Reject
from node.importing.values import clean_tags, clean_title

TITLES_MAX = 1_000_000
"""Items with a title; what comes later in the file is left out."""

_U_ITEM_GENRES = (
    "unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary",
    "Drama", "Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi",
    "Thriller", "War", "Western",
)  # fmt: skip


class Title(NamedTuple):
    """What the companion file says of one item."""

    title: str | None
    tags: tuple[str, ...]


class _Form(NamedTuple):
    delimiter: str
    names: tuple[str, ...]
    """Empty: the first line names the columns."""
    id_column: str
    title_column: str
    tags_column: str


_FORMS: Mapping[str, _Form] = {
    "movies.csv": _Form(",", (), "movieId", "title", "genres"),
    "movies.dat": _Form("::", ("id", "title", "genres"), "id", "title", "genres"),
    "u.item": _Form(
        "|", ("id", "title", "release", "video", "url", *_U_ITEM_GENRES), "id", "title", ""
    ),
    ".item": _Form("\t", (), "item_id:token", "movie_title:token_seq", "class:token_seq"),
}


def find_titles(ratings: Path) -> Path | None:
    """The companion of a ratings file, in the same directory, when there is one."""
    for name in ("movies.csv", "u.item", "movies.dat", f"{ratings.stem}.item"):
        path = ratings.with_name(name)
        if path.is_file():
            return path
    return None


def read_titles(path: Path, reject: Callable[[Reject], None]) -> dict[str, Title]:
    """Titles and tags by the item's id in the file. About 300 bytes each.

    Raises `ImportUnreadable` when the file is none of `movies.csv`, `movies.dat`, `u.item`,
    `*.item`; lines that cannot be read go to `reject`.
    """
    form = _FORMS.get(path.name) or _FORMS.get(path.suffix)
    if form is None:
        raise ImportUnreadable(
            f"{path} is not a list of titles that can be read",
            hint="known are MovieLens movies.csv, movies.dat and u.item, and RecBole *.item",
        )
    try:
        file = BufferedReader(FileIO(path), SAMPLE_BYTES)
    except OSError as error:
        raise ImportUnreadable(f"cannot read {path}: {error.strerror}") from error
    titles: dict[str, Title] = {}
    with file:
        for record in _records(file, form):
            if record.problem:
                reject(Reject(path.name, record.number, record.problem, record.text))
            elif len(titles) < TITLES_MAX:
                item = record.fields.get(form.id_column, "").strip()
                titles[item] = _title(record.fields, form)
    return titles


def _records(file: "BufferedReader[FileIO]", form: _Form) -> Iterator[Record]:
    lines = read_lines(file, sniff_encoding(file.peek(SAMPLE_BYTES)))
    names = list(form.names)
    if not names:
        header = next(lines, None)
        names = header.text.split(form.delimiter) if header is not None else []
    yield from delimited(lines, names, form.delimiter, quoted=form.delimiter == ",")


def _title(fields: Mapping[str, str], form: _Form) -> Title:
    if form.tags_column:
        separated = fields.get(form.tags_column, "")
        if form.delimiter == "\t":  # RecBole separates the words of a sequence by spaces
            separated = separated.replace(" ", "|")
        tags = clean_tags(separated)
    else:
        tags = tuple(genre for genre in _U_ITEM_GENRES[1:] if fields.get(genre) == "1")
    return Title(clean_title(fields.get(form.title_column, "")), tags)
