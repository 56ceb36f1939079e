"""What `netcheck` says: yes, no or unknown, each with its reason."""

import pytest
import trio

from node.shell.child.dialer import Dialer
from node.shell.child.discovery import Discovery
from node.shell.child.host import Connections, build_host
from node.shell.child.links import Links
from node.shell.child.reaching import Reaching
from node.shell.child.relaying import Relaying
from node.shell.network import NetcheckReport, NetworkConfig, PeerFound
from tests.node.shell.child.test_discovery import Told
from tests.node.shell.network_contract import QUIET, a_moment, world


async def report_of(config: NetworkConfig) -> NetcheckReport:
    """The report of a node that is connected to nobody."""
    told = Told()
    host = build_host(config, bytes(32))
    links = Links(told, config, me=str(host.get_id()), first_link=1)
    connections = Connections(host, config, links.muxed_connections)
    relaying = Relaying(host, config)
    dialer = Dialer(host, config, connections, links, relaying)
    discovery = Discovery(host, config, connections, dialer, told)
    return await Reaching(host, config, connections, discovery, relaying).check()


def answers(report: NetcheckReport) -> dict[str, str]:
    return {check.name: check.status for check in report.checks}


async def test_nobody_to_ask_is_unknown():
    config = NetworkConfig(listen=("/ip4/0.0.0.0/tcp/4001",), mdns=False)
    report = await report_of(config)
    assert report.reachable == "unknown"
    assert answers(report) == {
        "listening": "yes",
        "connections": "no",
        "dial-back": "unknown",
        "kademlia": "no",
        "relays": "no",
    }
    assert all(check.remedy for check in report.checks if check.status == "no")


async def test_loopback_alone_is_no():
    report = await report_of(QUIET)
    assert report.reachable == "no"
    assert answers(report)["listening"] == "no"


async def test_what_is_switched_off_is_unknown_and_says_which_switch():
    report = await report_of(QUIET)
    off = {check.name: check for check in report.checks if check.detail == "switched off"}
    assert {name: check.remedy for name, check in off.items()} == {
        "dial-back": "set network.autonat",
        "kademlia": "set network.kademlia",
        "relays": "set network.relay",
    }


@pytest.mark.slow
async def test_two_who_dial_back_make_it_yes():
    async with world("libp2p") as net:
        first = await net.node("first", autonat=True)
        second = await net.node("second", autonat=True)
        asking = await net.node("asking", autonat=True, bootstrap=(first.address, second.address))
        await asking.until(lambda: len(asking.of(PeerFound)) == 2)
        with trio.fail_after(30):
            while answers(report := await asking.network.netcheck())["dial-back"] != "yes":
                await a_moment()
        assert report.observed_addresses == (asking.address,)
        # And yet nobody on another machine could do the same.
        assert report.reachable == "no"
