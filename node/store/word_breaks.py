"""Words where a script writes none: the full-text index gets every such letter as a word.

SQLite's `unicode61` takes a run of letters for a word, so that a Japanese title would be one long
word, found only by its beginning. With spaces between its letters, a search for some of them in
a row is a phrase. The other tokenizer at hand, `trigram`, finds nothing shorter than three
letters, and half of all Chinese words have two.
"""

import re
import unicodedata

_UNSPACED = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u0f00-\u0fff"  # Tibetan
    "\u1000-\u109f"  # Myanmar
    "\u1780-\u17ff"  # Khmer
    "\u3005-\u3007\u3040-\u30ff\u3100-\u312f\u31f0-\u31ff"  # kana, bopomofo
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han
)
ABOVE_OR_BELOW = 200
"""From this combining class on marks stand around a letter; voicing marks of kana do not."""

_LETTER = re.compile(f"([{_UNSPACED}])")
_WORD = re.compile(r"\w+")


def folded(text: str) -> str:
    """Small letters without accents, compatibility forms unified. SQLite's own folding leaves
    Greek accents, final and sharp s; marks that make another sound stay."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(c for c in plain if not unicodedata.combining(c) >= ABOVE_OR_BELOW)
    return unicodedata.normalize("NFC", bare)


def apart(text: str) -> str:
    """The text for the index, which folds ASCII itself: the rest `folded`, with the letters of
    scripts without spaces set apart."""
    return text if text.isascii() else _LETTER.sub(r" \1 ", folded(text))


def phrases(words: str) -> dict[str, int]:
    """The words of a search and how often each is said: one for a run of letters, the letters of a
    script without spaces as a phrase. Nothing in them has a meaning to the query language."""
    found = dict[str, int]()
    for run in _WORD.findall(folded(words)):
        phrase = " ".join(apart(run).split())
        found[phrase] = found.get(phrase, 0) + 1
    return found
