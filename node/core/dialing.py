"""Whom to dial next: known addresses, what became of dialling them, and what a stranger may add.

An attacker who can name addresses would like to fill the table, to have us call a victim at once
and often, and to be all we are connected to. So: strangers' addresses never push out those that
have answered; one dial a second at most, each address on its own growing back-off; at most one
outbound link into a /16 (a /32 of IPv6), friends excepted; half of the choices go to addresses that
have answered before; and two anchors, the oldest outbound links, are dialled first after a restart.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from math import inf
from random import Random
from sys import intern
from typing import NamedTuple

ADDRESS_CHARS_MAX = 256
ANCHORS = 2

DNS_KINDS = ("dns", "dns4", "dns6", "dnsaddr")
LOCAL_NAMES = (".local", ".localhost", ".internal", ".lan", ".home.arpa", ".localdomain")


@dataclass(frozen=True, slots=True)
class DialConfig:
    """Numbers of the dial policy. Durations in seconds."""

    addresses_max: int = 4_096
    """Known addresses; at the cap the least useful one goes."""
    hearsay_max: int = 2_048
    """Of these, addresses that never answered and that no friend is said to have."""
    outbound_target: int = 8
    """Outbound links to keep; friends may take as many again."""
    interval_s: float = 1.0
    """Between two dials."""
    pending_max: int = 4
    """Dials without an outcome yet; friends may take as many again."""
    retry_first_s: float = 5.0
    retry_last_s: float = 3_600.0
    """Back-off of one address, doubled with each failure."""
    private: bool = False
    """Dial private addresses on others' word: for networks that have no others."""


class KnownAddress(NamedTuple):
    """One row of the table, as it is kept over restarts; `last_ok` in Unix seconds, 0 for never."""

    address: str
    peer_id: str
    last_ok: int
    failures: int
    anchor: bool


@dataclass(slots=True)
class _Known:
    peer_id: str
    group: str | None
    last_ok: float = 0.0
    failures: int = 0
    next_try: float = 0.0
    friend: bool = False
    """Said to be the address of somebody whom a person here vouches for, or set by the owner."""
    anchor: bool = False

    @property
    def hearsay(self) -> bool:
        return not (self.friend or self.anchor or self.last_ok)


@dataclass(slots=True)
class _Linked:
    peer_id: str
    address: str
    outbound: bool
    since: float
    said: str = ""
    """Where a peer that has dialled us says it can be dialled itself."""


class AddressBook:
    """Addresses, links and dials in flight. O(addresses) a dial, of which there is one a second."""

    def __init__(self, config: DialConfig, rng: Random) -> None:
        self._config = config
        self._rng = rng
        self._known: dict[str, _Known] = {}
        self._links: dict[int, _Linked] = {}
        self._dialling: dict[str, None] = {}
        self._next_dial = 0.0
        self._quiet_until: float | None = None
        """No address can be tried before; None when that is to be found out anew."""
        self.my_peer_id = ""
        self.changed = False
        """Whether `rows` has something new to keep."""

    def __len__(self) -> int:
        return len(self._known)

    def known(self) -> tuple[str, ...]:
        """Every address in the table."""
        return tuple(self._known)

    # --------------------------------------------------------------------------- what happens
    def heard(self, addresses: Iterable[str], *, friend: bool = False, own_word: bool) -> int:
        """Remember addresses; how many were new.

        `own_word`: the owner or our own network said so (else private ones are left out).
        """
        added = 0
        for address in addresses:
            known = self._known.get(address)
            if known is not None and (known.friend or not friend):
                continue  # as most are that partners tell
            peer_id = peer_of(address)
            if peer_id is None or peer_id == self.my_peer_id:
                continue
            if not (own_word or self._config.private or not is_private(address)):
                continue
            if known is None:
                if not friend and not self._room_for_hearsay():
                    continue
                # Many peers in one process, as a simulation has, share one copy.
                address, peer_id = intern(address), intern(peer_id)
                known = self._known[address] = _Known(peer_id, group_of(address))
                added += 1
                self._shrink()
                self._quiet_until = None
            if friend and not known.friend:
                known.friend, known.next_try = True, 0.0
                self._quiet_until = None
        self.changed = self.changed or added > 0
        return added

    def linked(self, link: int, peer_id: str, address: str, *, outbound: bool, now: float) -> None:
        """A link is open; dials to the same peer have led to it or are not needed any more."""
        self._quiet_until = None
        self._links[link] = _Linked(peer_id, address, outbound, now)
        for dialled in [a for a in self._dialling if a == address or peer_of(a) == peer_id]:
            del self._dialling[dialled]
        known = self._known.get(address)
        if outbound and known is not None:
            known.last_ok, known.failures = now, 0
            self.changed = True

    def introduced(self, link: int, addresses: Iterable[str]) -> None:
        """A linked peer has named addresses; the first that is its own may be passed on."""
        linked = self._links.get(link)
        if linked is None:
            return
        own = (a for a in addresses if peer_of(a) == linked.peer_id)
        linked.said = next((a for a in own if self._config.private or not is_private(a)), "")

    def closed(self, link_number: int, *, now: float) -> None:
        """A link has gone; its address is tried again soon, but not at once."""
        self._quiet_until = None
        link = self._links.pop(link_number, None)
        known = self._known.get(link.address) if link is not None else None
        if known is not None:
            known.next_try = now + self._jittered(self._config.retry_first_s)

    def failed(self, address: str, *, now: float) -> None:
        """A dial had no outcome but a reason."""
        self._quiet_until = None
        self._dialling.pop(address, None)
        known = self._known.get(address)
        if known is None or self._linked_to(known.peer_id):
            return
        wait = self._config.retry_first_s * 2.0 ** min(known.failures, 16)
        known.next_try = now + self._jittered(min(wait, self._config.retry_last_s))
        known.failures += 1
        self.changed = True

    def network_lost(self) -> None:
        """The network has gone and comes back: what was tried may be tried again at once."""
        self._quiet_until = None
        self._dialling.clear()
        for known in self._known.values():
            known.next_try = 0.0

    # ------------------------------------------------------------------------------- decisions
    def due(self, *, now: float) -> str | None:
        """The address to dial now, None when there is none or it is too early."""
        config = self._config
        if now < self.next_dial(now=now):
            return None
        outbound = sum(link.outbound for link in self._links.values()) + len(self._dialling)
        if outbound >= 2 * config.outbound_target or len(self._dialling) >= 2 * config.pending_max:
            return None
        taken = self._taken()
        ready = [
            address
            for address, known in self._known.items()
            if now >= known.next_try and known.peer_id not in taken
        ]
        friends = [a for a in ready if self._known[a].friend or self._known[a].anchor]
        if not friends:
            if outbound >= config.outbound_target or len(self._dialling) >= config.pending_max:
                return None
            friends = self._others(ready)
        if not friends:
            return None
        address = self._rng.choice(friends)
        self._quiet_until = None
        self._dialling[address] = None
        self._next_dial = now + config.interval_s
        return address

    def next_dial(self, *, now: float) -> float:
        """When `due` may have an address at the earliest, if nothing else happens before. O(1), or
        O(addresses) after something has changed."""
        if self._quiet_until is None:
            self._quiet_until = self._next_ready()
        return max(self._quiet_until, self._next_dial, now)

    def _next_ready(self) -> float:
        """When the first address that we have a place for may be tried."""
        config = self._config
        outbound = sum(link.outbound for link in self._links.values()) + len(self._dialling)
        if outbound >= 2 * config.outbound_target or len(self._dialling) >= 2 * config.pending_max:
            return inf
        friends_only = (
            outbound >= config.outbound_target or len(self._dialling) >= config.pending_max
        )
        taken = self._taken()
        groups = set() if config.private else self._groups_taken()
        return min(
            (
                known.next_try
                for known in self._known.values()
                if known.peer_id not in taken
                and (
                    known.friend
                    or known.anchor
                    or not (friends_only or known.group in groups)
                )
            ),
            default=inf,
        )  # fmt: skip

    def _taken(self) -> set[str]:
        """Peers whom nobody needs to dial: linked, being dialled, ourselves."""
        taken = {link.peer_id for link in self._links.values()} | {self.my_peer_id}
        return taken | {peer_of(address) or "" for address in self._dialling}

    def _groups_taken(self) -> set[str]:
        """Groups with an outbound link, or a dial that may become one."""
        taken = {group_of(k.address) for k in self._links.values() if k.outbound}
        taken |= {group_of(address) for address in self._dialling}
        return {group for group in taken if group is not None}

    def _linked_to(self, peer_id: str) -> bool:
        return any(link.peer_id == peer_id for link in self._links.values())

    def _others(self, ready: list[str]) -> list[str]:
        """Strangers to choose from: proved or unproved ones with equal chance, each group once."""
        if not self._config.private:
            taken = self._groups_taken()
            ready = [a for a in ready if self._known[a].group not in taken]
        proved = [a for a in ready if self._known[a].last_ok]
        unproved = [a for a in ready if not self._known[a].last_ok]
        if proved and unproved:
            return proved if self._rng.random() < 0.5 else unproved
        return proved or unproved

    def _jittered(self, wait_s: float) -> float:
        return wait_s * (0.5 + self._rng.random())

    # --------------------------------------------------------------------------------- keeping
    def good_addresses(self, addresses_max: int) -> tuple[str, ...]:
        """Addresses that may be told to others, of open links, those that we dialled first.

        Without the others' own word for where they are, whom everybody dials and who dials nobody
        (a bootstrap node) would introduce no one.
        """
        dialled = [link.address for link in self._links.values() if link.outbound]
        named = [link.said for link in self._links.values() if not link.outbound and link.said]
        self._rng.shuffle(named)
        return (*reversed(dialled), *named)[:addresses_max]

    def rows(self) -> list[KnownAddress]:
        """What to keep over a restart; the longest standing outbound links are the anchors."""
        standing = sorted(
            (link for link in self._links.values() if link.outbound), key=lambda link: link.since
        )
        anchors = {link.address for link in standing[:ANCHORS]}
        if anchors and anchors != {a for a, k in self._known.items() if k.anchor}:
            self._quiet_until = None
            for address, known in self._known.items():
                known.anchor = address in anchors
        self.changed = False
        return [
            KnownAddress(a, k.peer_id, int(k.last_ok), min(k.failures, 2**31 - 1), k.anchor)
            for a, k in self._known.items()
        ]

    def restore(self, rows: Iterable[KnownAddress]) -> None:
        """Bring back what `rows` gave; anchors are tried first."""
        self._quiet_until = None
        for row in rows:
            if peer_of(row.address) == row.peer_id and len(self) < self._config.addresses_max:
                self._known[row.address] = _Known(
                    row.peer_id,
                    group_of(row.address),
                    float(row.last_ok),
                    row.failures,
                    anchor=row.anchor,
                )

    def _room_for_hearsay(self) -> bool:
        most = self._config.hearsay_max
        if len(self._known) < most or sum(k.hearsay for k in self._known.values()) < most:
            return True
        busy = self._in_use()
        failing = [a for a, k in self._known.items() if k.hearsay and k.failures and a not in busy]
        if not failing:
            return False
        del self._known[max(failing, key=lambda a: self._known[a].failures)]
        return True

    def _shrink(self) -> None:
        """Keep to the cap. Who never answered goes first, strangers before friends; then who
        failed most; then who answered longest ago."""
        if len(self._known) <= self._config.addresses_max:
            return
        busy = self._in_use()
        spare = [a for a, k in self._known.items() if a not in busy and not k.anchor]

        def uselessness(address: str) -> tuple[bool, bool, int, float]:
            known = self._known[address]
            return not known.last_ok, not known.friend, known.failures, -known.last_ok

        del self._known[max(spare or self._known, key=uselessness)]

    def _in_use(self) -> dict[str, None]:
        """Addresses that a link or a dial stands for."""
        return dict.fromkeys((*(link.address for link in self._links.values()), *self._dialling))


def peer_of(address: str) -> str | None:
    """The peer id at the end of a multiaddress; None when it has none or is no address."""
    head, separator, peer_id = address.rpartition("/p2p/")
    plain = address.isascii() and address.isprintable() and " " not in address
    if not (separator and head.startswith("/") and plain and len(address) <= ADDRESS_CHARS_MAX):
        return None
    return peer_id if peer_id and "/" not in peer_id else None


@lru_cache(maxsize=16_384)
def is_private(address: str) -> bool:
    """Whether only a local network could reach an address: no public IP address, no DNS name that
    the world could know. What a name stands for cannot be told here."""
    ip = _ip_of(address)
    if ip is not None:
        return not ip.is_global or ip.is_multicast
    kind, _, rest = address.removeprefix("/").partition("/")
    name = rest.partition("/")[0].lower().rstrip(".")
    return kind not in DNS_KINDS or "." not in name or name.endswith(LOCAL_NAMES)


@lru_cache(maxsize=16_384)
def group_of(address: str) -> str | None:
    """The /16 (IPv4) or /32 (IPv6) of a global address, None for names, relays and private ones.

    A relayed address counts for its relay, which has a group of its own link already.
    """
    ip = _ip_of(address)
    if ip is None or not ip.is_global or "/p2p-circuit" in address:
        return None
    return str(ipaddress.ip_network((ip, 16 if ip.version == 4 else 32), strict=False))


def _ip_of(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    parts = address.split("/", 3)
    if len(parts) < 3 or parts[1] not in ("ip4", "ip6"):
        return None
    try:
        return ipaddress.ip_address(parts[2])
    except ValueError:
        return None
