"""Multiaddresses: what to listen on, what to advertise, what may be dialled on others' word."""

import ipaddress
from collections.abc import Iterable

import ifaddr
from multiaddr import Multiaddr

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def ip_of(address: Multiaddr) -> IpAddress | None:
    """The literal IP address of a multiaddress, None for names and relayed addresses."""
    for protocol in ("ip4", "ip6"):
        try:
            return ipaddress.ip_address(address.value_for_protocol(protocol))
        except (LookupError, ValueError):
            continue
    return None


def without_peer(address: Multiaddr) -> str:
    """The address up to its first /p2p/ part."""
    return str(address).split("/p2p/", 1)[0]


def only_loopback(addresses: Iterable[str]) -> bool:
    """Whether all of these are loopback addresses."""
    ips = [ip_of(Multiaddr(address)) for address in addresses]
    return all(ip is not None and ip.is_loopback for ip in ips)


def advertised(bound: Iterable[Multiaddr]) -> list[Multiaddr]:
    """Bound addresses with each wildcard replaced by the addresses of the interfaces."""
    concrete: list[Multiaddr] = []
    for address in bound:
        ip = ip_of(address)
        if ip is None or not ip.is_unspecified:
            concrete.append(address)
            continue
        kind, rest = str(address).split("/", 3)[1::2]
        concrete += [Multiaddr(f"/{kind}/{host}/{rest}") for host in _interface_addresses(kind)]
    return concrete


def _interface_addresses(kind: str) -> list[str]:
    """Unicast addresses of this machine, the loopback ones last."""
    found: list[IpAddress] = []
    for adapter in ifaddr.get_adapters():
        for entry in adapter.ips:
            text = entry.ip if isinstance(entry.ip, str) else entry.ip[0]
            ip = ipaddress.ip_address(text)
            if ip.version == (4 if kind == "ip4" else 6) and not ip.is_link_local:
                found.append(ip)
    return [str(ip) for ip in sorted(found, key=lambda ip: ip.is_loopback)]


class DialGate:
    """Which addresses the library may dial on its own account (hash table, relays, dial-backs).

    Private and loopback ones only when we listen on such an address and nothing else, because
    there every name is private: strangers must not send us around our own network.
    """

    def __init__(self, listen: Iterable[str]) -> None:
        ips = [ip_of(Multiaddr(address)) for address in listen]
        self._closed_network = all(ip is not None and ip.is_private for ip in ips) and not any(
            ip is not None and ip.is_unspecified for ip in ips
        )

    async def is_allowed(self, address: Multiaddr) -> bool:
        """The question of libp2p's `ConnectionGate`."""
        ip = ip_of(address)
        return ip is None or self._closed_network or ip.is_global
