"""What the daemon answers of itself: its process, its network, and questions to others."""

import os
from importlib.metadata import version

import pytest

from node.query.schema import READ_ONLY, QueryError
from node.shell.about_node import NETWORK_START_S, process_faults
from tests.node.shell.daemons import world


async def test_status_tells_of_the_process_beside_the_peer():
    async with world() as here:
        ada = await here.node("ada")
        await ada.ask("like", item="text:a")
        data = await ada.ask("status")
        assert data["state"] == "running"
        assert data["pid"] == os.getpid()
        assert data["version"] == version("grapevine-node")
        assert data["uptime_s"] >= 0
        assert data["network"]["up"]
        assert data["store"]["bytes"] >= ada.paths.store.stat().st_size
        assert data["bugs"] == 0
        assert data["faults"] == [], "to trust nobody and to be alone are no faults"


HEALTHY = {
    "bugs": 0,
    "store": {"failed_writes": 0},
    "network": {"up": True},
    "uptime_s": NETWORK_START_S + 1,
}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, ""),
        ({"bugs": 2}, "2 internal errors"),
        ({"store": {"failed_writes": 3}}, "failed writes to the store since the start: 3"),
        ({"network": {"up": False}}, "the network is down"),
        ({"network": {"up": False}, "uptime_s": 1.0}, ""),  # it is only just starting
    ],
)
def test_faults_are_told_apart_from_advice(change, words):
    faults = process_faults(HEALTHY | change)
    assert len(faults) == bool(words)
    assert words in "".join(faults)


async def test_a_write_that_fails_is_a_fault_of_the_node():
    async with world() as here:
        ada = await here.node("ada")
        ada.daemon._storage.failures = 1
        data, warnings = await ada.daemon.ask("status", {})
        assert data["faults"] == ["failed writes to the store since the start: 1; see the log"]
        assert set(data["faults"]) <= set(warnings)


async def test_netcheck_passes_on_what_others_say(caplog: pytest.LogCaptureFixture):
    caplog.set_level("INFO")
    async with world() as here:
        ada = await here.node("ada")
        assert (await ada.ask("netcheck"))["reachable"] == "unknown"
        ada.network.change_reachability("yes", ("/ip4/8.8.8.8/tcp/1/p2p/x",))
        data = await ada.until("netcheck", lambda data: data["reachable"] == "yes")
        assert data["observed_addresses"] == ("/ip4/8.8.8.8/tcp/1/p2p/x",)
        told = await ada.until("id", lambda data: len(data["addresses"]) == 2)
        assert "reachable by others: yes (addresses: 1)" in caplog.text
        assert told["addresses"] == ["/ip4/8.8.8.8/tcp/1/p2p/x", ada.network.address]


WRONG = [
    ({"query": "status"}, "address must be text"),
    ({"address": "/x/p2p/y"}, "query must be text"),
    ({"address": "/x/p2p/y", "query": 7}, "query must be text"),
    ({"address": "/x/p2p/y", "query": "like"}, "not for other nodes"),
    ({"address": "/x/p2p/y", "query": "status", "params": [1]}, "params must be a mapping"),
    ({"address": "nowhere", "query": "status"}, "not an address"),
]


@pytest.mark.parametrize(("params", "message"), WRONG)
async def test_a_wrong_question_to_others_is_a_usage_error(params: dict, message: str):
    async with world() as here:
        ada = await here.node("ada")
        with pytest.raises(QueryError, match=message) as raised:
            await ada.ask("remote", **params)
        assert raised.value.exit == 2
        if "not for" in message:
            assert all(name in raised.value.hint for name in READ_ONLY)


async def test_a_backup_needs_an_absolute_path_in_words():
    async with world() as here:
        ada = await here.node("ada")
        for path in ("here.backup", 7, None):
            with pytest.raises(QueryError, match="path must be"):
                await ada.ask("backup_create", path=path)
