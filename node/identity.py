"""Who this node is: secret seeds in files that nobody else may read, and the string to hand out.

A key file is the raw 32-byte Ed25519 seed, mode 0600. The author key signs what the owner says and
never enters the network process; the transport key is the network's and may be replaced.

An id string names a person and where to reach her, in one word that survives a chat message:

    grapevine:<64 hex digits of the author key><8 hex digits of checksum>@<multiaddr>,<multiaddr>

The checksum covers key and addresses, so a mistyped or cut-off string is refused, not dialled.
"""

import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from node.durable_file import write_atomically
from node.errors import NodeError
from protocol.ids import AuthorKey, DeviceId

SEED_BYTES = 32
DEVICE_BYTES = 8
ADDRESSES_MAX = 16
"""Endpoints in one id string; more are refused when parsed and left out when formatted."""
ADDRESS_CHARS_MAX = 256
_SCHEME = "grapevine:"
_KEY_DIGITS = 64
_CHECKSUM_BYTES = 4


class KeyFileExposed(NodeError):
    """Others can read the secret, so it must be treated as theirs too until that is mended."""

    code = "key_file_exposed"
    exit_code = 8


class KeyFileDamaged(NodeError):
    """The file is missing, unreadable or not a seed."""

    code = "key_file_damaged"
    exit_code = 8


class MalformedId(NodeError):
    """The text is no id string, or a digit of it is wrong."""

    code = "malformed_id"
    exit_code = 2


@dataclass(frozen=True, slots=True)
class NodeId:
    """A person's author key and the multiaddresses where her node may answer, best first."""

    author: AuthorKey
    addresses: tuple[str, ...] = ()


def read_seed(path: Path) -> bytes:
    """The 32-byte seed. Raises `KeyFileExposed` when group or others have any access to it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise KeyFileDamaged(
            f"cannot read the key file {path}: {error.strerror}",
            hint="run: grapevine init, or bring the key back with: grapevine backup restore FILE",
        ) from error
    try:
        status = os.fstat(descriptor)
        mode = stat.S_IMODE(status.st_mode)
        if not stat.S_ISREG(status.st_mode):
            raise KeyFileDamaged(f"the key file {path} is not a regular file", hint="remove it")
        if mode & 0o077:
            raise KeyFileExposed(
                f"other users can read the key file {path} (mode {mode:04o})",
                hint=f"run: chmod 600 {path}",
            )
        seed = os.read(descriptor, SEED_BYTES + 1)
    finally:
        os.close(descriptor)
    if len(seed) != SEED_BYTES or not any(seed):
        raise KeyFileDamaged(
            f"the key file {path} is damaged: it must hold exactly {SEED_BYTES} bytes of seed",
            hint="bring it back from a backup with: grapevine backup restore FILE",
        )
    return seed


def create_seed(path: Path, *, entropy: Callable[[int], bytes] = os.urandom) -> bytes:
    """Draw a seed and write it durably with mode 0600; an existing file is never replaced."""
    seed = entropy(SEED_BYTES)
    write_atomically(path, seed, mode=0o600, replace=False)
    return seed


def read_or_create_seed(path: Path, *, entropy: Callable[[int], bytes] = os.urandom) -> bytes:
    """The seed in the file, drawn now if there is no file."""
    try:
        return create_seed(path, entropy=entropy)
    except FileExistsError:
        return read_seed(path)


def author_key(seed: bytes) -> AuthorKey:
    """The public key of a seed."""
    from nacl.signing import SigningKey  # costs 30 ms, and few commands need it

    return AuthorKey(bytes(SigningKey(seed).verify_key))


def new_device(*, entropy: Callable[[int], bytes] = os.urandom) -> DeviceId:
    """Eight bytes that no other machine or restored backup of this person will draw."""
    return DeviceId(entropy(DEVICE_BYTES))


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
