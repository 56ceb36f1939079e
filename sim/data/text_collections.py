"""Test collections of texts: documents, queries, and which documents answer which query."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from sim.data.click_logs import text_lines
from sim.data.formats import DataError, at

USELESS = 0
"""Cranfield grades 1, the best, to 4; below 1 a document was judged to be of no use."""

GRADES = 5


@dataclass(frozen=True, slots=True)
class Collection:
    """documents: name -> text; queries: name -> text; gain: query -> document -> gain > 0, of
    queries that something answers."""

    documents: dict[str, str]
    queries: dict[str, str]
    gain: dict[str, dict[str, float]]


def _sections(path: Path, wanted: tuple[str, ...]) -> dict[str, str]:
    """SMART's layout: `.I name`, then `.X` lines with text below; the wanted sections' text."""
    found: dict[str, str] = {}
    name, section = "", ""
    for number, line in enumerate(text_lines(path), 1):
        if line.startswith(".I "):
            name, section = line[3:].strip(), ""
            if name in found:
                raise at(path, number, f"there is a {name} already")
            found[name] = ""
        elif re.fullmatch(r"\.[A-Z]", line):
            section = line
        elif name and section in wanted:
            found[name] += line + "\n"
    return found


def _cranfield(directory: Path) -> Collection:
    documents = _sections(directory / "cran.all.1400.gz", (".T", ".W"))
    # Judgments count the queries; their own numbers have gaps.
    texts = _sections(directory / "cran.qry.gz", (".W",)).values()
    queries = {str(place): text for place, text in enumerate(texts, 1)}
    gain: dict[str, dict[str, float]] = {}
    for number, line in enumerate(text_lines(directory / "cranqrel.gz"), 1):
        try:
            query, document, grade = line.split()
            if int(grade) > USELESS:
                gain.setdefault(query, {})[document] = float(GRADES - int(grade))
        except ValueError:
            raise at(directory / "cranqrel.gz", number, "not three numbers") from None
    return Collection(documents, queries, gain)


def _npl(directory: Path) -> Collection:
    documents = _tagged(directory / "doc-text.trec.gz", r"<DOC>\s*<DOCNO>(\d+)</DOCNO>(.*?)</DOC>")
    queries = _tagged(
        directory / "query-text.trec.gz", r"<top>\s*<num>(\d+)</num><title>(.*?)</title>"
    )
    gain: dict[str, dict[str, float]] = {}
    for number, line in enumerate(text_lines(directory / "qrels.gz"), 1):
        try:
            query, _, document, relevant = line.split()
        except ValueError:
            raise at(directory / "qrels.gz", number, "not four columns") from None
        if relevant != "0":
            gain.setdefault(query, {})[document] = 1.0
    return Collection(documents, queries, gain)


def _tagged(path: Path, pattern: str) -> dict[str, str]:
    found = dict(re.findall(pattern, "\n".join(text_lines(path)), re.DOTALL))
    if not found:
        raise DataError(f"{path} holds nothing in TREC's layout")
    return found


COLLECTIONS: Mapping[str, Callable[[Path], Collection]] = MappingProxyType(
    {"cran.all.1400.gz": _cranfield, "doc-text.trec.gz": _npl}
)
"""What a directory holds -> its reader."""
