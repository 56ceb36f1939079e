"""From bytes to lines of text, whatever the bytes are."""

import codecs
import io
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from node.importing.rows import LINE_CHARS_MAX, ImportUnreadable

SAMPLE_BYTES = 64 * 1024
"""How much of a file is looked at to tell its encoding, delimiter and columns."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class Line(NamedTuple):
    """One line without its end. `problem` says why the text is not to be used."""

    number: int
    text: str
    problem: str = ""


def sniff_encoding(sample: bytes) -> str:
    """The encoding of a file that begins like this: a mark decides, else valid UTF-8, else Latin-1.

    Latin-1 gives every byte a character, so nothing is lost where the guess is wrong.
    """
    for mark, encoding in _MARKS:
        if sample.startswith(mark):
            return encoding
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(sample)  # not final: the sample may end inside a character
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


def check_encoding(name: str) -> str:
    """The canonical name of a text encoding. Raises `ImportUnreadable` for what is none."""
    try:
        io.TextIOWrapper(io.BytesIO(), encoding=name)  # refuses codecs that make no text of bytes
        return codecs.lookup(name).name
    except (LookupError, ValueError):
        raise ImportUnreadable(
            f"{name!r} is no text encoding", hint="for example utf-8, latin-1 or utf-16"
        ) from None


def read_lines(file: BinaryIO, encoding: str) -> Iterator[Line]:
    """All lines, ended by LF, CRLF or CR. Undecodable ones and ones above the cap carry a problem.

    Memory: one line, at most `LINE_CHARS_MAX` characters of it. Raises `ImportUnreadable` where
    the disk or the encoding gives up on the rest of the file. Closes the file.
    """
    # Bytes that are not UTF-8 become lone surrogates, so that the line can be told and shown.
    errors = "surrogateescape" if encoding.startswith("utf-8") else "replace"
    number = 0
    try:
        with io.TextIOWrapper(file, encoding=encoding, errors=errors, newline=None) as text:
            while line := text.readline(LINE_CHARS_MAX + 1):
                number += 1
                if len(line) > LINE_CHARS_MAX and not line.endswith("\n"):
                    shown = line[:80]
                    while line and not line.endswith("\n"):
                        line = text.readline(LINE_CHARS_MAX)
                    yield Line(number, shown, f"longer than {LINE_CHARS_MAX} characters")
                    continue
                line = line.removesuffix("\n")
                damaged = not line.isascii() and _damaged(line)
                yield Line(number, line, f"not valid {encoding}" if damaged else "")
    except (OSError, UnicodeError) as error:
        raise ImportUnreadable(f"cannot read on after line {number}: {error}") from error


def _damaged(line: str) -> bool:
    return "\ufffd" in line or any("\ud800" <= character <= "\udfff" for character in line)
