"""From fields to what they mean: weights, days, item names, titles.

Weights. A rating r on a scale that ends at R becomes 2 r / R - 1: on the usual five stars 5 is +1,
3 is +.2, 2.5 is 0, 1 is -.6, .5 is -.8. A `weight` column holds -1 to 1 itself. Plays become
.2 + .8 log2(n) / 6, at most 1: one play is +.2, eight are +.6, sixty-four or more +1, so that one
more play matters less the better something is known.
"""

import math
import re
import unicodedata
from datetime import UTC, datetime
from hashlib import blake2b

from node.importing.rows import (
    ITEM_BYTES_MAX,
    TAG_BYTES_MAX,
    TAGS_MAX,
    TITLE_BYTES_MAX,
    USER_CHARS_MAX,
    BadRow,
)

DAY_SECONDS = 86_400
PLAYS_MAX = 1_000_000_000
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_NUMBER_CHARS_MAX = 64
_MILLISECONDS_FROM = 1e11  # as seconds this would be the year 5138
_MICROSECONDS_FROM = 1e14
_NAMESPACED = re.compile(r"[a-z][a-z0-9_-]{0,31}:\S.*")
_MBID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LASTFM_TIMES = ("%d %b %Y %H:%M", "%d %b %Y, %H:%M")
_NO_TAG = "(no genres listed)"  # MovieLens writes this where there is nothing to say
_SHOWN_CHARS = 40
_TEXT_CHARS_READ = 4096


def number(text: str, what: str) -> float:
    """A finite decimal number; `what` names it in the complaint."""
    text = text.strip()
    if len(text) > _NUMBER_CHARS_MAX or not _NUMBER.fullmatch(text):
        raise BadRow(f"{what} {_shown(text)} is not a number")
    value = float(text)
    if not math.isfinite(value):
        raise BadRow(f"{what} {_shown(text)} is too large")
    return value


def rating_weight(text: str, scale: float) -> float:
    """A rating from 0 to `scale` as a weight."""
    rating = number(text, "rating")
    if not 0 <= rating <= scale:
        raise BadRow(f"rating {_shown(text)} is not between 0 and {scale:g}")
    return round(2 * rating / scale - 1, 6)


def plain_weight(text: str) -> float:
    """A weight given as such."""
    weight = number(text, "weight")
    if not -1 <= weight <= 1:
        raise BadRow(f"weight {_shown(text)} is not between -1 and 1")
    return weight


def play_count(text: str) -> int:
    """How often the item was played; a whole number from 1."""
    plays = number(text, "play count")
    if not 1 <= plays <= PLAYS_MAX or plays != int(plays):
        raise BadRow(f"play count {_shown(text)} is not a whole number from 1 to {PLAYS_MAX}")
    return int(plays)


def plays_weight(plays: int) -> float:
    """What so many plays are worth."""
    return round(min(1.0, 0.2 + 0.8 * math.log2(max(1, plays)) / 6), 6)


def unix_time(text: str, today: int) -> float:
    """Seconds since 1970 of a timestamp (s, ms or µs), an ISO 8601 time or `05 Apr 2010 11:59`.

    Times without a zone are UTC. Refused: before 1970, and after the day following `today`.
    """
    text = text.strip()
    if _NUMBER.fullmatch(text):
        time = number(text, "time")
        if time >= _MICROSECONDS_FROM:
            time /= 1e6
        elif time >= _MILLISECONDS_FROM:
            time /= 1e3
    else:
        time = _written_time(text[:_NUMBER_CHARS_MAX])
    if not 0 <= time < (today + 2) * DAY_SECONDS:
        raise BadRow(f"time {_shown(text)} is before 1970 or in the future")
    return time


def _written_time(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = _lastfm_time(text)
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (OverflowError, ValueError):
        raise BadRow(f"time {_shown(text)} is not understood") from None


def _lastfm_time(text: str) -> datetime:
    for pattern in _LASTFM_TIMES:
        try:
            return datetime.strptime(text, pattern).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise BadRow(f"time {_shown(text)} is not understood")


def item_name(text: str, namespace: str) -> str:
    """The item under its namespace: kept when it has one, else `namespace` is put before it."""
    text = text.strip()
    if not text:
        raise BadRow("no item")
    if not _NAMESPACED.fullmatch(text):
        text = namespace + text
    if not text.isprintable() or len(text.encode()) > ITEM_BYTES_MAX:
        raise BadRow(f"item {_shown(text)} is unprintable or longer than {ITEM_BYTES_MAX} bytes")
    return text


def recording_name(text: str) -> str | None:
    """`mbid:` and a MusicBrainz id; None for what is none."""
    text = text.strip().lower()
    return f"mbid:{text}" if _MBID.fullmatch(text) else None


def work_name(artist: str, title: str) -> str:
    """One name for a work that has no id anywhere, the same from every service.

    Case, accents, punctuation and spacing do not count.
    """
    normal = f"{_normalised(artist)}|{_normalised(title)}"
    if normal.endswith("|"):
        raise BadRow("no item, and no title to name it by")
    return f"text:{blake2b(normal.encode(), digest_size=16).hexdigest()}"


def _normalised(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text[:_TEXT_CHARS_READ]).casefold()
    kept = "".join(c if c.isalnum() else " " for c in letters if not unicodedata.combining(c))
    return " ".join(kept.split())


def user_name(text: str) -> str:
    """Whose row this is."""
    text = text.strip()
    if not text or not text.isprintable() or len(text) > USER_CHARS_MAX:
        raise BadRow(f"user {_shown(text)} is empty, unprintable or too long")
    return text


def clean_title(text: str) -> str | None:
    """A title for display: one line, no control characters, cut to its byte limit."""
    shown = text[:_TEXT_CHARS_READ]
    printable = (
        shown if shown.isprintable() else "".join(c if c.isprintable() else " " for c in shown)
    )
    return _cut(" ".join(printable.split()), TITLE_BYTES_MAX) or None


def clean_tags(text: str) -> tuple[str, ...]:
    """Tags separated by `|` or `,`, each once, cut to their limits."""
    tags: dict[str, None] = {}
    for part in re.split(r"[|,]", text[:_TEXT_CHARS_READ]):
        tag = _cut(clean_title(part) or "", TAG_BYTES_MAX)
        if tag and tag != _NO_TAG:
            tags[tag] = None
    return tuple(tags)[:TAGS_MAX]


def _cut(text: str, bytes_max: int) -> str:
    if len(text) * 4 <= bytes_max:
        return text
    return text.encode()[:bytes_max].decode("utf-8", "ignore").strip()


def _shown(text: str) -> str:
    return repr(text[:_SHOWN_CHARS])
