"""What stands on the screen: chapters, progress, lists of films."""

import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

WIDTH = 100
REASONS_SHOWN = 2
REPEAT_S = 5.0
"""Away from a terminal a progress line is printed only this often."""


class Screen:
    """Writes to one stream, with the seconds since the demo began in front."""

    def __init__(self, stream: TextIO = sys.stdout) -> None:
        self._stream = stream
        self._began = time.monotonic()
        self._last_progress = float("-inf")
        self._open_line = False

    def elapsed_s(self) -> float:
        """Seconds since the screen was made."""
        return time.monotonic() - self._began

    def chapter(self, title: str) -> None:
        """A new part of the story."""
        self.say("")
        self.say(f"── {title} " + "─" * max(0, WIDTH - len(title) - 12))

    def say(self, text: str) -> None:
        """One line that stays."""
        self._end_progress()
        stamp = f"{self.elapsed_s():5.0f}s " if text else ""
        print(f"{stamp}{text}".rstrip(), file=self._stream, flush=True)

    def progress(self, text: str) -> None:
        """One line that the next one replaces; on anything but a terminal, now and then."""
        if self._stream.isatty():
            line = f"{self.elapsed_s():5.0f}s … {text}"[:WIDTH]
            print(f"\r\x1b[K{line}", end="", file=self._stream, flush=True)
            self._open_line = True
        elif self.elapsed_s() - self._last_progress >= REPEAT_S:
            self._last_progress = self.elapsed_s()
            print(f"{self.elapsed_s():5.0f}s … {text}", file=self._stream, flush=True)

    def _end_progress(self) -> None:
        if self._open_line:
            print("\r\x1b[K", end="", file=self._stream)
            self._open_line = False


def film_lines(
    items: Sequence[Mapping[str, Any]], names: Mapping[str, str], *, first: int, reasons: bool
) -> list[str]:
    """The first films of a list, each with its strongest reasons. `names`: author -> name."""
    lines = []
    for place, entry in enumerate(items[:first], 1):
        label = f"  ({entry['discovery']} discovery)" if entry["discovery"] else ""
        lines.append(f"{place:3}. {entry['title'] or entry['item']}{label}")
        if reasons:
            lines += [f"       {line}" for line in reason_lines(entry, names)]
    return lines


def reason_lines(entry: Mapping[str, Any], names: Mapping[str, str]) -> list[str]:
    """The strongest paths of evidence, and how many others make up the rest."""
    strongest = entry["reasons"][:REASONS_SHOWN]
    lines = [reason_line(path, names) for path in strongest]
    others = entry["paths"] - len(strongest)
    if others > 0:
        rest = 1 - sum(path["share"] for path in strongest)
        lines.append(f"{100 * rest:3.0f} %: {others:,} more such paths")
    return lines


def reason_line(path: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """One path of evidence in words: `23 %: you liked Alien (1979), and so did user-12`."""
    author = path["heard_from"]["author"]
    source = path["because"]
    told_by = names.get(author, author[:8])
    share = f"{100 * path['share']:3.0f} %"
    if not source["item"]:
        return f"{share}: {told_by} likes it"
    return f"{share}: you liked {source.get('title') or source['item']}, and so did {told_by}"
