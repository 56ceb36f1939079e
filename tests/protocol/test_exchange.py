"""Which addresses are told and believed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.exchange import Scope, scope, worth_passing
from protocol.limits import ADDRESS_BYTES_MAX, ADDRESSES_MAX
from tests.protocol.strategies import examples

SCOPES = {
    "/ip4/127.0.0.1/tcp/1": Scope.LOOPBACK,
    "/ip4/127.9.9.9/tcp/1": Scope.LOOPBACK,
    "/ip6/::1/tcp/1": Scope.LOOPBACK,
    "/ip6/::ffff:127.0.0.1/tcp/1": Scope.LOOPBACK,
    "/dns4/localhost/tcp/1": Scope.LOOPBACK,
    "/dns/LOCALHOST./tcp/1": Scope.LOOPBACK,
    "/dns4/printer.local/tcp/1": Scope.LOOPBACK,
    "/dns4/router.lan/tcp/1": Scope.LOOPBACK,
    "/ip4/10.1.2.3/tcp/1": Scope.PRIVATE,
    "/ip4/192.168.1.1/tcp/1": Scope.PRIVATE,
    "/ip4/169.254.1.1/tcp/1": Scope.PRIVATE,
    "/ip4/100.64.0.1/tcp/1": Scope.PRIVATE,
    "/ip6/fe80::1/tcp/1": Scope.PRIVATE,
    "/ip6/fd00::1/tcp/1": Scope.PRIVATE,
    "/ip6/::ffff:10.0.0.1/tcp/1": Scope.PRIVATE,
    "/ip4/8.8.8.8/tcp/1": Scope.PUBLIC,
    "/ip6/2606:4700::1/tcp/1": Scope.PUBLIC,
    "/dns4/node.example.org/tcp/1": Scope.PUBLIC,
    "/dnsaddr/bootstrap.example.org": Scope.PUBLIC,
    "/ip4/0.0.0.0/tcp/1": None,
    "/ip4/224.0.0.1/tcp/1": None,
    "/ip6/::/tcp/1": None,
    "/ip4/300.1.1.1/tcp/1": None,
    "/ip4//tcp/1": None,
    "/dns4//tcp/1": None,
    "/unix/tmp/socket": None,
    "ip4/8.8.8.8/tcp/1": None,
    "/ip4": None,
    "": None,
    "/dns4/ünïcode.example/tcp/1": None,
    "/dns4/new\nline/tcp/1": None,
}
PUBLIC, PRIVATE, LOOPBACK = "/ip4/8.8.8.8/tcp/1", "/ip4/10.0.0.1/tcp/1", "/ip4/127.0.0.1/tcp/1"
ALL = (PUBLIC, PRIVATE, LOOPBACK)


@pytest.mark.parametrize("address", SCOPES)
def test_how_far_out_an_address_lies(address: str):
    assert scope(address) is SCOPES[address]


@pytest.mark.parametrize(
    ("partner", "kept"),
    [
        (PUBLIC, (PUBLIC,)),
        (PRIVATE, (PUBLIC, PRIVATE)),
        (LOOPBACK, ALL),
        ("", (PUBLIC,)),
        ("nonsense", (PUBLIC,)),
        (PRIVATE + "/p2p/X/p2p-circuit", (PUBLIC,)),
    ],
)
def test_nobody_names_hosts_nearer_than_herself(partner: str, kept):
    assert worth_passing(ALL, partner=partner) == kept


def test_only_so_many_and_each_once():
    many = [f"/ip4/8.8.8.{n}/tcp/1" for n in range(40)]
    assert worth_passing(many + many, partner=PUBLIC) == tuple(many[:ADDRESSES_MAX])
    assert worth_passing([PUBLIC, PUBLIC], partner=PUBLIC) == (PUBLIC,)


def test_long_addresses_are_left_out():
    fits = PUBLIC + "/" + "x" * (ADDRESS_BYTES_MAX - len(PUBLIC) - 1)
    assert worth_passing([fits + "x", fits], partner=PUBLIC) == (fits,)


@examples(200)
@given(st.lists(st.text(max_size=40)), st.text(max_size=30))
def test_no_text_raises(addresses: list[str], partner: str):
    assert all(scope(address) is not None for address in worth_passing(addresses, partner=partner))
