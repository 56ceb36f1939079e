"""Peer exchange: which addresses are worth telling, and which are worth believing.

A peer on the public internet has no business naming hosts of private networks: whoever dialled
them would scan somebody's home for the asker. So an address is told and heard only when it lies
at least as far out as the partner itself.
"""

from collections.abc import Iterable
from enum import IntEnum
from functools import lru_cache
from ipaddress import ip_address

from protocol.limits import ADDRESS_BYTES_MAX, ADDRESSES_MAX

_IP_PARTS = ("ip4", "ip6")
_NAME_PARTS = ("dns", "dns4", "dns6", "dnsaddr")
_LOCAL_NAMES = ("localhost", ".localhost", ".local", ".internal", ".home.arpa", ".lan")


class Scope(IntEnum):
    """How far out an address lies."""

    LOOPBACK = 0
    PRIVATE = 1
    PUBLIC = 2


@lru_cache(maxsize=16_384)
def scope(address: str) -> Scope | None:
    """The scope of a multiaddress by its first host; None when it cannot be dialled by anybody."""
    parts = address.split("/")
    if len(parts) < 3 or parts[0] or not address.isascii() or not address.isprintable():
        return None
    kind, host = parts[1], parts[2]
    if kind in _NAME_PARTS:
        return _scope_of_name(host.lower().rstrip("."))
    if kind not in _IP_PARTS:
        return None
    try:
        ip = ip_address(host)
    except ValueError:
        return None
    ip = getattr(ip, "ipv4_mapped", None) or ip
    if ip.is_loopback:
        return Scope.LOOPBACK
    if ip.is_unspecified or ip.is_multicast:
        return None
    return Scope.PUBLIC if ip.is_global else Scope.PRIVATE


def _scope_of_name(name: str) -> Scope | None:
    if not name:
        return None
    local = any(name == suffix.lstrip(".") or name.endswith(suffix) for suffix in _LOCAL_NAMES)
    return Scope.LOOPBACK if local else Scope.PUBLIC


def _partner_scope(partner: str) -> Scope:
    """A partner whose place is not known (a relayed link, say) is taken for a public one."""
    found = scope(partner)
    return Scope.PUBLIC if found is None or "/p2p-circuit" in partner else found


def worth_passing(addresses: Iterable[str], *, partner: str) -> tuple[str, ...]:
    """The first 16 addresses that this partner may tell us, or we it; the same rule both ways."""
    least = _partner_scope(partner)
    kept: dict[str, None] = {}
    for address in addresses:
        if len(kept) == ADDRESSES_MAX:
            break
        if len(address) > ADDRESS_BYTES_MAX:
            continue
        found = scope(address)  # none of what is not ASCII, so characters are bytes
        if found is not None and found >= least:
            kept[address] = None
    return tuple(kept)
