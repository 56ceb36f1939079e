"""On which line of a TOML file each key stands, which `tomllib` does not tell.

Made for text that `tomllib` has read already: what is no TOML ends the search, it is not refused.
"""

from __future__ import annotations

import re
import tomllib
from contextlib import suppress

from sim.scenario.errors import Key

BARE = re.compile(r"[A-Za-z0-9_-]+")
QUOTED = re.compile(r'"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'')
STRING = re.compile(
    r'"""(?:\\.|"{1,2}(?!")|[^"\\])*"{3,5}|\'\'\'(?:\'{1,2}(?!\')|[^\'])*\'{3,5}|' + QUOTED.pattern,
    re.DOTALL,
)
BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
SPACE = re.compile(r"[ \t]*")
SCALAR = re.compile(r"[^,\]}#\n]*")


def lines_of(text: str) -> dict[Key, int]:
    """Key -> line, from 1. Entries of lists are numbered. O(length)."""
    scan = _Scan(text)
    with suppress(_Lost, tomllib.TOMLDecodeError, RecursionError):
        scan.document()
    return scan.found


class _Lost(Exception):
    """This is not where a key or value could be."""


class _Scan:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._counted, self._line = 0, 1
        self._entries: dict[Key, int] = {}
        self.found: dict[Key, int] = {}

    def document(self) -> None:
        """Every header and every `key = value`."""
        table: Key = ()
        self._skip(BLANK)
        while self._at < len(self._text):
            if self._takes("[["):
                table = self._entry_of(self._keys())
            elif self._takes("["):
                table = self._resolved(self._keys())
                self._note(table)
            else:
                self._pair(table)
                self._skip(BLANK)
                continue
            while self._takes("]"):
                pass
            self._skip(BLANK)

    def _pair(self, table: Key) -> None:
        key = table
        for part in self._keys():
            key = (*key, part)
            self._note(key)
        if not self._takes("="):
            raise _Lost
        self._skip(SPACE)
        self._value(key)

    def _value(self, key: Key) -> None:
        if self._takes("["):
            number = 0
            self._skip(BLANK)
            while not self._takes("]"):
                self._note((*key, number))
                self._value((*key, number))
                number += 1
                self._skip(BLANK)
                self._takes(",")
                self._skip(BLANK)
        elif self._takes("{"):
            self._skip(BLANK)
            while not self._takes("}"):
                self._pair(key)
                self._skip(BLANK)
                self._takes(",")
                self._skip(BLANK)
        elif not (self._skip(STRING) or self._skip(SCALAR)):
            raise _Lost

    def _keys(self) -> list[str]:
        """A dotted key, and the space behind it."""
        parts = []
        while True:
            self._skip(SPACE)
            if quoted := QUOTED.match(self._text, self._at):
                self._at = quoted.end()
                parts.append(str(tomllib.loads(f"key = {quoted[0]}")["key"]))
            elif bare := BARE.match(self._text, self._at):
                self._at = bare.end()
                parts.append(bare[0])
            else:
                raise _Lost
            self._skip(SPACE)
            if not self._takes("."):
                return parts

    def _resolved(self, parts: list[str]) -> Key:
        """With the number of the entry wherever the way leads through a list of tables."""
        key: Key = ()
        for part in parts:
            key = (*key, part)
            if key in self._entries:
                key = (*key, self._entries[key])
        return key

    def _entry_of(self, parts: list[str]) -> Key:
        table = (*self._resolved(parts[:-1]), parts[-1])
        number = self._entries.get(table, -1) + 1
        self._entries[table] = number
        self._note(table)
        self._note((*table, number))
        return (*table, number)

    def _note(self, key: Key) -> None:
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        self.found.setdefault(key, self._line)

    def _takes(self, sign: str) -> bool:
        if not self._text.startswith(sign, self._at):
            return False
        self._at += len(sign)
        return True

    def _skip(self, form: re.Pattern[str]) -> bool:
        """Whether it moved."""
        begun = self._at
        if match := form.match(self._text, self._at):
            self._at = match.end()
        return self._at > begun
