"""One question without a daemon: the answer, or a failure that says what to do."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
import trio

from node.query.schema import QueryError
from node.shell import oneshot
from node.shell.memory_network import MemoryNetwork, MemorySwitch
from node.shell.network import NetworkConfig
from node.shell.remote_queries import RemoteClient
from protocol.signing import Signer
from tests.node.shell.daemon_process import REPOSITORY, DaemonProcess, environment, run
from tests.node.shell.daemons import directory, world

GUEST = Signer(b"g" * 32)


@asynccontextmanager
async def asking(switch: MemorySwitch) -> AsyncIterator[tuple[RemoteClient, MemoryNetwork]]:
    network = MemoryNetwork(NetworkConfig(), b"o" * 32, switch, "oneshot")
    yield RemoteClient(network, b"grapevine", GUEST, Random(1)), network


def question(address: str, query: str = "status") -> dict[str, Any]:
    return {"address": address, "query": query, "params": {}}


async def test_an_allowed_guest_gets_an_answer_and_the_network_ends_with_it():
    async with world() as here, asking(here.switch) as (client, network):
        ada = await here.node("ada")
        await ada.ask("allow", author=GUEST.public_key.hex())
        with trio.fail_after(30):
            result = await oneshot.ask(client, network, question(ada.network.address))
        assert set(result.data) == {"peers", "feeds"}
        assert not network.statistics().up


async def test_refusals_come_out_as_they_are_and_not_in_a_group():
    async with world() as here, asking(here.switch) as (client, network):
        ada = await here.node("ada")
        with trio.fail_after(30), pytest.raises(QueryError) as raised:
            await oneshot.ask(client, network, question(ada.network.address))
        assert raised.value.code == "not_allowed"


async def test_nobody_there():
    switch = MemorySwitch()
    async with asking(switch) as (client, network):
        with trio.fail_after(30), pytest.raises(QueryError) as raised:
            await oneshot.ask(client, network, question("/memory/x/p2p/12D3x"))
        assert raised.value.code == "unreachable"


class Stillborn(MemoryNetwork):
    """A network that never comes up: it dies, or just says nothing."""

    dies = True

    def _start(self) -> None:
        if self.dies:
            super()._start()
            self._line.clear()
            self.kill("no port")
        else:
            self._killed = trio.Event()


@pytest.mark.parametrize(("dies", "code"), [(True, "unreachable"), (False, "timeout")])
async def test_a_network_that_does_not_start_is_said(
    dies: bool, code: str, autojump_clock: trio.testing.MockClock
):
    network = Stillborn(NetworkConfig(), b"o" * 32, MemorySwitch())
    network.dies = dies
    client = RemoteClient(network, b"grapevine", GUEST, Random(1))
    with pytest.raises(QueryError, match="start") as raised:
        await oneshot.ask(client, network, question("/memory/x/p2p/y"))
    assert raised.value.code == code


# ------------------------------------------------------------------------------ as a process


def as_process(root: Path, asked: dict[str, Any]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "node.shell.oneshot", str(root)],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=90,
        cwd=REPOSITORY,
        env=environment(),
        check=True,
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_a_directory_without_a_node_and_an_exposed_key_are_named():
    with directory() as top:
        told = as_process(top, question("/ip4/127.0.0.1/tcp/1/p2p/x"))
        assert told["error"]["exit"] == 8
        assert "author.key" in told["error"]["message"]
        (top / "author.key").write_bytes(b"k" * 32)
        (top / "author.key").chmod(0o644)
        told = as_process(top, question("/ip4/127.0.0.1/tcp/1/p2p/x"))
        assert told["error"]["exit"] == 8
        assert "chmod 600" in told["error"]["hint"]


@pytest.mark.slow
def test_the_command_asks_another_machines_node_without_a_daemon_of_its_own():
    """Real processes, real libp2p: refused first, answered once the owner has allowed it."""
    with directory() as top, DaemonProcess(top / "ada") as ada:
        ada.init()
        ada.start()
        guest = json.loads(run("init", "--json", "--data-dir", str(top / "guest")).stdout)["data"]
        ada.wait_until_ready()
        [address, *_] = ada.ask("id")["addresses"]
        remote = ("recommend", "--remote", address, "--json", "--data-dir", str(top / "guest"))
        refused = run(*remote)
        assert refused.returncode == 8, refused.stderr
        assert json.loads(refused.stdout)["error"]["code"] == "not_allowed"
        ada.ask("allow", author=guest["author"])
        answered = run(*remote)
        assert answered.returncode == 0, answered.stderr
        assert "items" in json.loads(answered.stdout)["data"]
        assert ada.stop() == 0
