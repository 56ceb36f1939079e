"""From lines to records: the fields of one row, under the names of their columns."""

import csv
import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from node.importing.lines import Line

CONTINUATIONS_MAX = 16
"""Further lines that a quoted field may span; an opening quote without an end costs one line."""

NESTING_MAX = 8
"""Depth of JSON objects that is looked at; what lies deeper is ignored."""


class Record(NamedTuple):
    """One row of the file. `fields` is empty when `problem` says why it cannot be read."""

    number: int
    text: str
    fields: Mapping[str, str]
    problem: str = ""


def delimited(
    lines: Iterable[Line], names: list[str], delimiter: str, *, quoted: bool
) -> Iterator[Record]:
    """Rows of delimited text. Empty lines are passed over; missing columns are a problem.

    More columns than names are fine: the rest is ignored. With `quoted`, a field in double quotes
    may hold the delimiter and line ends.
    """
    for line, values in _split(lines, delimiter, quoted):
        if line.problem:
            yield Record(line.number, line.text, {}, line.problem)
        elif len(values) < len(names):
            problem = f"{len(values)} columns instead of {len(names)}"
            yield Record(line.number, line.text, {}, problem)
        else:
            yield Record(line.number, line.text, dict(zip(names, values, strict=False)))


def split_line(text: str, delimiter: str, *, quoted: bool) -> list[str] | None:
    """The fields of one row; None when a quote is left open or misplaced."""
    if not quoted or '"' not in text:
        return text.split(delimiter)
    try:
        rows = list(csv.reader([text], delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None


def _split(lines: Iterable[Line], delimiter: str, quoted: bool) -> Iterator[tuple[Line, list[str]]]:
    """Each row's first line and fields. Where a quote never closes, that one line is given up."""
    source = iter(lines)
    ahead: deque[Line] = deque()  # lines read while looking for the end of a quote
    while (line := ahead.popleft() if ahead else next(source, None)) is not None:
        if line.problem:
            yield line, []
            continue
        if not line.text.strip():
            continue
        values = split_line(line.text, delimiter, quoted=quoted)
        if values is not None:
            yield line, values
            continue
        text = line.text
        for more in range(CONTINUATIONS_MAX):
            if len(ahead) <= more and (following := next(source, None)) is not None:
                ahead.append(following)
            if len(ahead) <= more or ahead[more].problem:
                break
            text = f"{text}\n{ahead[more].text}"
            values = split_line(text, delimiter, quoted=quoted)
            if values is not None:
                for _ in range(more + 1):
                    ahead.popleft()
                yield line._replace(text=text), values
                break
        if values is None:
            yield line._replace(problem="an unfinished or misplaced quote"), []


def json_lines(lines: Iterable[Line]) -> Iterator[Record]:
    """One JSON object a line. Inner objects become dotted names, lists of texts get `|` between."""
    for line in lines:
        if line.problem:
            yield Record(line.number, line.text, {}, line.problem)
            continue
        if not line.text.strip():
            continue
        try:
            value = json.loads(line.text)
        except (ValueError, RecursionError) as error:
            yield Record(line.number, line.text, {}, f"not JSON: {str(error)[:80]}")
            continue
        if isinstance(value, dict):
            yield Record(line.number, line.text, dict(_flattened(value, "", 0)))
        else:
            yield Record(line.number, line.text, {}, "not a JSON object")


def _flattened(value: Mapping[str, object], prefix: str, depth: int) -> Iterator[tuple[str, str]]:
    for name, inner in value.items():
        if isinstance(inner, dict):
            if depth < NESTING_MAX:
                yield from _flattened(inner, f"{prefix}{name}.", depth + 1)
        elif isinstance(inner, list):
            yield f"{prefix}{name}", "|".join(one for one in inner if isinstance(one, str))
        elif isinstance(inner, str):
            yield f"{prefix}{name}", inner
        elif isinstance(inner, int | float) and not isinstance(inner, bool):
            yield f"{prefix}{name}", _number_text(inner)


def _number_text(number: int | float) -> str:
    try:
        return str(number)
    except ValueError:  # more digits than the interpreter is willing to write
        return "a huge number"
