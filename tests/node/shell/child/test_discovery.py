"""Finding people, each way by its switch; mDNS by a stand-in: multicast would leave the machine."""

from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing
from libp2p.discovery.events.peerDiscovery import peerDiscovery
from libp2p.peer.id import ID
from libp2p.peer.peerinfo import PeerInfo
from multiaddr import Multiaddr

from node.shell.child import discovery as module
from node.shell.child.dialer import Dialer
from node.shell.child.discovery import PROVIDED_MAX, Discovery
from node.shell.child.host import Connections, build_host
from node.shell.child.links import Links
from node.shell.child.relaying import Relaying
from node.shell.network import NetworkConfig
from node.shell.pipe import Found
from tests.node.shell.network_contract import QUIET, eventually

PEER = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"
OPEN = "/ip4/0.0.0.0/tcp/4001"
LOOPBACK = "/ip4/127.0.0.1/tcp/4001"


class Told:
    """Stands where the pipe to the daemon begins."""

    def __init__(self) -> None:
        self.events: list[object] = []

    async def event(self, event: object) -> None:
        self.events.append(event)


class OtherNode:
    """Stands where zeroconf begins: announces one peer, from a thread, as zeroconf would."""

    made: list["OtherNode"] = []  # noqa: RUF012 - each test starts with none

    def __init__(self, swarm: object, port: int, host: object) -> None:
        self.port, self.running = port, False
        self._cleanup_cancel_scope: trio.CancelScope | None = trio.CancelScope()
        self.made.append(self)

    def start(self) -> None:
        self.running = True
        info = PeerInfo(ID.from_base58(PEER), [Multiaddr("/ip4/192.168.7.7/tcp/4001")])
        peerDiscovery.emit_peer_discovered(info)

    def stop(self) -> None:
        assert self._cleanup_cancel_scope is None, "only the loop's own thread may cancel it"
        self.running = False


@pytest.fixture
def announced(monkeypatch):
    monkeypatch.setattr(OtherNode, "made", [])
    monkeypatch.setattr(module, "MDNSDiscovery", OtherNode)
    return OtherNode.made


def finding(config: NetworkConfig, told: Told) -> Discovery:
    """All that a discovery needs; nobody listens."""
    host = build_host(config, bytes(32))
    host.get_transport_addrs = lambda: [Multiaddr(a) for a in config.listen]  # as if it did
    links = Links(told, config, me=str(host.get_id()), first_link=1)
    connections = Connections(host, config, links.muxed_connections)
    dialer = Dialer(host, config, connections, links, Relaying(host, config))
    return Discovery(host, config, connections, dialer, told)


@asynccontextmanager
async def looking_around(config: NetworkConfig):
    told = Told()
    found = finding(config, told)
    async with trio.open_nursery() as nursery, found.running(nursery):
        yield found, told
        nursery.cancel_scope.cancel()


async def test_who_announces_herself_on_the_local_network_is_told(announced):
    config = NetworkConfig(listen=(OPEN,), mdns=True, kademlia=False)
    async with looking_around(config) as (_, told):
        await eventually(lambda: told.events, within_s=10)
        address = f"/ip4/192.168.7.7/tcp/4001/p2p/{PEER}"
        assert told.events == [Found("mdns", (address,), None)]
        (node,) = announced
        assert node.running
        assert node.port == 4001
    assert not node.running


@pytest.mark.parametrize(
    "config",
    [
        NetworkConfig(listen=(OPEN,), mdns=False, kademlia=False),
        NetworkConfig(listen=(LOOPBACK,), mdns=True, kademlia=False),
    ],
)
async def test_no_announcement_when_off_or_on_loopback_alone(announced, config):
    async with looking_around(config) as (_, told):
        await trio.testing.wait_all_tasks_blocked(0.05)
    assert announced == []
    assert told.events == []


async def test_a_broken_local_network_stops_nothing_else(monkeypatch):
    def refuse(*arguments: object, **named: object) -> None:
        raise OSError("no multicast here")

    monkeypatch.setattr(module, "MDNSDiscovery", refuse)
    config = NetworkConfig(listen=(OPEN,), mdns=True, kademlia=False)
    async with looking_around(config) as (found, _):
        await trio.testing.wait_all_tasks_blocked(0.05)
        found.find(b"k" * 32)


async def test_no_hash_table_when_off():
    async with looking_around(QUIET) as (found, told):
        assert found.table_size is None
        for number in range(2 * PROVIDED_MAX):
            found.provide(number.to_bytes(32, "big"))
        found.find(bytes(32))
        await trio.testing.wait_all_tasks_blocked(0.05)
    assert told.events == []


async def test_a_bootstrap_address_that_is_none_is_only_logged(caplog):
    config = NetworkConfig(
        listen=(LOOPBACK,), mdns=False, kademlia=False, bootstrap=("/ip4/127.0.0.1/tcp/1",)
    )
    async with looking_around(config) as (_, told):
        await trio.testing.wait_all_tasks_blocked(0.05)
    assert "does not end in /p2p/" in caplog.text
    assert told.events == []
