"""The network process is killed again and again: the node answers, and its links come back."""

import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psutil
import pytest
import trio

from tests.interop.daemon import CONFIG, Daemon, pause, running, until

pytestmark = pytest.mark.slow

KILLS = 3


def network_process(pid: int) -> int | None:
    """The child of the daemon, None while there is none."""
    children = psutil.Process(pid).children()
    return children[0].pid if children else None


@asynccontextmanager
async def asked_all_the_time(daemon: Daemon) -> AsyncIterator[list[str]]:
    """Local queries in a loop; `ask` fails the test when one of them does. Yields the answered."""
    answered: list[str] = []

    async def ask() -> None:
        while True:
            for method, params in (("recommend", {"n": 3}), ("status", {}), ("peers", {})):
                await daemon.ask(method, **params)
                answered.append(method)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        yield answered
        nursery.cancel_scope.cancel()


async def test_killed_network_processes_cost_no_query_and_no_link():
    async with running() as far:
        config = CONFIG.replace("[network]", f'[network]\nbootstrap = ["{far.address}"]')
        async with running(config) as near:

            async def linked() -> bool:
                return bool((await near.ask("peers"))["links"])

            async def up() -> bool:
                return bool((await near.ask("status"))["network"]["up"])

            await until(linked)
            pid = (await near.ask("status"))["pid"]
            async with asked_all_the_time(near) as answered:
                for kill in range(KILLS):
                    victim = network_process(pid)
                    assert victim is not None
                    asked_before = len(answered)
                    os.kill(victim, signal.SIGKILL)
                    with trio.fail_after(60):
                        while (await near.ask("status"))["network"]["restarts"] <= kill:
                            await pause()
                    await until(up)
                    await until(linked)
                    assert len(answered) > asked_before
                    assert network_process(pid) != victim
            status = await near.ask("status")
            assert (status["pid"], status["bugs"]) == (pid, 0)
            assert status["network"]["restarts"] == KILLS
            assert (await near.ask("id"))["addresses"][0] == near.address, "the port has changed"
            waits = [float(s) for s in re.findall(r"again in ([\d.]+) s", near.log.read_text())]
            assert waits == [0.5 * 2**kill for kill in range(KILLS)]
