"""Who this node is: secret seeds in files that nobody else may read.

A key file is the raw 32-byte Ed25519 seed, mode 0600. The author key signs what the owner says and
never enters the network process; the transport key is the network's and may be replaced.
"""

import os
import stat
from collections.abc import Callable
from pathlib import Path

from node.durable_file import write_atomically
from node.errors import NodeError
from protocol.ids import AuthorKey, DeviceId

SEED_BYTES = 32
DEVICE_BYTES = 8


class KeyFileExposed(NodeError):
    """Others can read the secret, so it must be treated as theirs too until that is mended."""

    code = "key_file_exposed"
    exit_code = 8


class KeyFileDamaged(NodeError):
    """The file is missing, unreadable or not a seed."""

    code = "key_file_damaged"
    exit_code = 8


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
