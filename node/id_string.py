"""The string to hand out: who a person is and where to reach her, in one word for a chat message.

    grapevine:<64 hex digits of the author key><8 hex digits of checksum>@<multiaddr>,<multiaddr>

The checksum covers key and addresses, so a mistyped or cut-off string is refused, not dialled.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from node.errors import NodeError
from protocol.ids import AuthorKey

ADDRESSES_MAX = 16
"""Endpoints in one id string; more are refused when parsed and left out when formatted."""

ADDRESS_CHARS_MAX = 256
_SCHEME = "grapevine:"
_KEY_DIGITS = 64
_CHECKSUM_BYTES = 4


class MalformedId(NodeError):
    """The text is no id string, or a digit of it is wrong."""

    code = "malformed_id"
    exit_code = 2


@dataclass(frozen=True, slots=True)
class NodeId:
    """A person's author key and the multiaddresses where her node may answer, best first."""

    author: AuthorKey
    addresses: tuple[str, ...] = ()


def format_id(author: AuthorKey, addresses: Sequence[str] = ()) -> str:
    """The id string of an author reachable at these multiaddresses (the first 16 of them)."""
    kept = tuple(addresses[:ADDRESSES_MAX])
    for address in kept:
        _check_address(address)
    word = f"{_SCHEME}{author.hex()}{_checksum(author, kept)}"
    return f"{word}@{','.join(kept)}" if kept else word


def parse_id(text: str) -> NodeId:
    """Read an id string. Raises `MalformedId` saying which part is wrong."""
    text = text.strip()
    if not text.startswith(_SCHEME):
        raise MalformedId(
            f"an id starts with {_SCHEME!r}", hint="ask for the output of: grapevine id"
        )
    key_part, at, address_part = text[len(_SCHEME) :].partition("@")
    digits = _KEY_DIGITS + 2 * _CHECKSUM_BYTES
    if len(key_part) != digits:
        raise MalformedId(
            f"the key of an id has {digits} hex digits, this one has {len(key_part)}",
            hint="copy the whole line that `grapevine id` printed",
        )
    author = parse_author(key_part[:_KEY_DIGITS])
    addresses = tuple(address_part.split(",")) if at else ()
    if len(addresses) > ADDRESSES_MAX:
        raise MalformedId(f"an id names at most {ADDRESSES_MAX} addresses")
    for address in addresses:
        _check_address(address)
    if key_part[_KEY_DIGITS:].lower() != _checksum(author, addresses):
        raise MalformedId(
            "the id's checksum does not fit: a character was changed or lost",
            hint="copy the whole line that `grapevine id` printed",
        )
    return NodeId(author, addresses)


def parse_author(text: str) -> AuthorKey:
    """Read a bare author key of 64 hex digits. Raises `MalformedId`."""
    try:
        key = bytes.fromhex(text) if len(text) == _KEY_DIGITS else b""
    except ValueError:
        key = b""
    if len(key) != _KEY_DIGITS // 2:
        raise MalformedId(
            f"an author key is {_KEY_DIGITS} hex digits", hint="ask for the output of: grapevine id"
        )
    return AuthorKey(key)


def _check_address(address: str) -> None:
    plain = address.isascii() and address.isprintable() and not set(address) & set(" ,@")
    if not (plain and address.startswith("/") and len(address) <= ADDRESS_CHARS_MAX):
        raise MalformedId(
            f"{address[:ADDRESS_CHARS_MAX]!r} is not a multiaddress",
            hint="an address looks like /ip4/192.0.2.7/tcp/4001/p2p/12D3Koo...",
        )


def _checksum(author: AuthorKey, addresses: Sequence[str]) -> str:
    covered = author + ",".join(addresses).encode()
    return blake2b(covered, digest_size=_CHECKSUM_BYTES, person=b"grapevine/id/1").hexdigest()
