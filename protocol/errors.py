"""Errors with an author: our own bug, or the peer's fault."""

from enum import StrEnum


class Offence(StrEnum):
    """What a peer can be charged with. Everything else that it sends costs it nothing."""

    MALFORMED = "malformed"
    OVERSIZE = "oversize"
    BAD_SIGNATURE = "bad_signature"
    WRONG_NETWORK = "wrong_network"
    WRONG_SCHEMA = "wrong_schema"
    UNSOLICITED = "unsolicited"
    FLOOD = "flood"


class ProtocolError(Exception):
    """Root of what this package raises."""


class LocalProtocolError(ProtocolError):
    """We broke our own rules: a bug, or a caller's bad argument. No state was changed."""


class RemoteProtocolError(ProtocolError):
    """A peer broke the rules and is charged with `offence`. No state was changed."""

    def __init__(self, offence: Offence, message: str) -> None:
        super().__init__(message)
        self.offence = offence


class UnknownVersion(ProtocolError):
    """Somebody speaks a newer version; refused, charged to nobody. No state was changed."""
