"""Reading a query's parameters: each is checked here, and told apart from our own bugs."""

from collections.abc import Mapping
from typing import Any

from node.id_string import MalformedId, NodeId, parse_author, parse_id
from protocol import limits
from protocol.claims import check_item, check_text
from protocol.errors import RemoteProtocolError


class BadParameter(Exception):
    """A parameter is missing or wrong; `args[0]` says which, and what would be right."""


def text(params: Mapping[str, Any], name: str, *, default: str | None = None) -> str:
    """A string parameter."""
    return valid_text(params.get(name, default), name)


def valid_text(value: Any, name: str) -> str:
    """The value as text that can be written down: JSON lets halves of characters through."""
    if not isinstance(value, str):
        raise BadParameter(f"{name} must be text")
    if not value.isascii() and any("\ud800" <= c <= "\udfff" for c in value):
        raise BadParameter(f"{name} holds half a character")
    return value


def item(params: Mapping[str, Any], name: str = "item") -> str:
    """An item name, `namespace:rest`."""
    value = text(params, name)
    return valid_item(value)


def valid_item(value: str) -> str:
    """The item name itself, or `BadParameter`."""
    try:
        check_item(valid_text(value, "an item"))
    except RemoteProtocolError as error:
        raise BadParameter(
            f"{value[:64]!r} is not an item name ({error}): write namespace:name, for example "
            "ml:movie:50 or mbid:8f3471b5-7e6a-48da-86a9-c1c07a0f47ae"
        ) from None
    return value


def title(value: Any) -> str:
    """A title of what may travel; "" for none."""
    if isinstance(value, str) and len(valid_text(value, "title").encode()) > limits.TITLE_BYTES_MAX:
        raise BadParameter(f"title must be at most {limits.TITLE_BYTES_MAX} bytes of UTF-8")
    return cut_title(value)


def cut_title(value: Any) -> str:
    """A title, cut to what may travel; "" for none. For imports: a file is not to be mended."""
    if value is None or value == "":
        return ""
    cut = valid_text(value, "title").encode()[: limits.TITLE_BYTES_MAX].decode(errors="ignore")
    return "".join(c for c in cut if c.isprintable())


def tags(value: Any) -> tuple[str, ...]:
    """Tags, at most as many and as long as may travel."""
    if value is None:
        return ()
    if not isinstance(value, list | tuple) or not all(isinstance(tag, str) for tag in value):
        raise BadParameter("tags must be a list of texts")
    cut = (
        valid_text(tag, "a tag").encode()[: limits.TAG_BYTES_MAX].decode(errors="ignore")
        for tag in value
    )
    clean = ("".join(c for c in tag if c.isprintable()) for tag in cut)
    return tuple(dict.fromkeys(tag for tag in clean if tag))[: limits.TAGS_MAX]


def number(params: Mapping[str, Any], name: str, lo: float, hi: float, default: float) -> float:
    """A number within lo..hi."""
    value = params.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not lo <= value <= hi:
        raise BadParameter(f"{name} must be a number from {lo:g} to {hi:g}")
    return value


def percent(value: float) -> int:
    """A weight in [-1, 1] as whole percent, never rounded to nothing."""
    rounded = round(value * 100)
    if rounded == 0 and value != 0:
        return 1 if value > 0 else -1
    return rounded


def author(value: str) -> NodeId | None:
    """Whom an author key in hex or an id string names; None when the text is neither.

    A damaged id string is a `BadParameter`: half of somebody must not become somebody else.
    """
    try:
        return parse_id(value) if value.startswith("grapevine:") else NodeId(parse_author(value))
    except MalformedId as error:
        if value.startswith("grapevine:"):
            raise BadParameter(f"{error}; {error.hint}") from None
        return None


def words(value: Any) -> tuple[str, ...]:
    """Search words: case-folded, printable, as often as they are said; at least one."""
    if isinstance(value, str):
        value = value.split()
    if not isinstance(value, list | tuple) or not all(isinstance(word, str) for word in value):
        raise BadParameter("words must be a list of texts")
    each = [w for part in value for w in valid_text(part, "a word").casefold().split()]
    clean = [word for w in each if (word := "".join(c for c in w if c.isprintable()))]
    if not clean:
        raise BadParameter("words must hold at least one word")
    return tuple(clean)


def terms(value: Any) -> tuple[str, ...]:
    """Search words as terms of clicks: at most 16 of at most 32 bytes each."""
    cut = (w.encode()[: limits.TERM_BYTES_MAX].decode(errors="ignore") for w in words(value))
    found = tuple(dict.fromkeys(term for term in cut if term))[: limits.TERMS_MAX]
    for term in found:
        check_text(term, limits.TERM_BYTES_MAX, "term")
    return found
