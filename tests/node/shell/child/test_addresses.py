"""Which addresses are ours, are advertised, and may be dialled on others' word."""

import pytest
from multiaddr import Multiaddr

from node.shell.child.addresses import DialGate, advertised, ip_of, only_loopback, without_peer

PEER = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"
LOOPBACK = "/ip4/127.0.0.1/tcp/1"
PRIVATE = "/ip4/192.168.1.7/tcp/1"
PUBLIC = "/ip4/1.1.1.1/tcp/1"
WILDCARD = "/ip4/0.0.0.0/tcp/4001"


@pytest.mark.parametrize(
    ("address", "ip"),
    [
        (LOOPBACK, "127.0.0.1"),
        ("/ip6/::1/tcp/1", "::1"),
        ("/dns4/example.org/tcp/1", "None"),
        (f"{PUBLIC}/p2p/{PEER}/p2p-circuit/p2p/{PEER}", "1.1.1.1"),
    ],
)
def test_ip_of(address, ip):
    assert str(ip_of(Multiaddr(address))) == ip


def test_without_peer():
    assert without_peer(Multiaddr(f"{LOOPBACK}/p2p/{PEER}")) == LOOPBACK
    assert without_peer(Multiaddr(LOOPBACK)) == LOOPBACK


@pytest.mark.parametrize(
    ("addresses", "only"),
    [
        ([LOOPBACK, "/ip6/::1/tcp/1"], True),
        ([LOOPBACK, WILDCARD], False),
        ([LOOPBACK, "/dns4/localhost/tcp/1"], False),
    ],
)
def test_only_loopback(addresses, only):
    assert only_loopback(addresses) is only


def test_a_wildcard_becomes_the_addresses_of_the_interfaces():
    found = [str(address) for address in advertised([Multiaddr(WILDCARD)])]
    assert "/ip4/127.0.0.1/tcp/4001" in found
    assert found[-1] == "/ip4/127.0.0.1/tcp/4001", "what others can use comes first"
    assert not any("0.0.0.0" in address for address in found)
    assert [str(a) for a in advertised([Multiaddr(PRIVATE)])] == [PRIVATE]


@pytest.mark.parametrize(
    ("listen", "address", "allowed"),
    [
        ([WILDCARD], PUBLIC, True),
        ([WILDCARD], PRIVATE, False),
        ([WILDCARD], LOOPBACK, False),
        ([WILDCARD], "/ip6/::1/tcp/1", False),
        ([WILDCARD], "/ip4/169.254.169.254/tcp/80", False),
        ([PUBLIC], LOOPBACK, False),
        ([LOOPBACK], LOOPBACK, True),
        ([PRIVATE, LOOPBACK], PRIVATE, True),
        ([PRIVATE, PUBLIC], PRIVATE, False),
        ([WILDCARD], "/dns4/example.org/tcp/1", True),
    ],
)
async def test_strangers_do_not_send_us_around_our_own_network(listen, address, allowed):
    assert await DialGate(listen).is_allowed(Multiaddr(address)) is allowed
