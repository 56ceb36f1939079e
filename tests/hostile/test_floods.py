"""Too much of everything, and the wrong bytes: the node stands, and others are served meanwhile."""

import pytest
import trio

from tests.hostile.victim import Victim, seed, victim
from tests.interop.daemon import until

pytestmark = pytest.mark.slow


@pytest.fixture
async def node():
    async with victim() as made:
        yield made


async def test_fifteen_hundred_connections_in_one_life(node: Victim):
    told = await node.attack("floods", flood="cycles", count=1_500)
    assert told["accepted"] == 1_500
    await node.unharmed()


async def test_four_hundred_silent_sockets(node: Victim):
    async with node.under_attack("floods", flood="silence", count=400) as told:
        assert told["open"] == 400
        await node.serve_honest_peer()
    await node.unharmed()


async def test_lengths_that_are_wrong_cost_the_stream(node: Victim):
    told = await node.attack("floods", flood="prefixes")
    assert told["cut"] == told["sent"]
    await node.unharmed()


async def test_protocols_that_nobody_speaks(node: Victim):
    told = await node.attack("floods", flood="unknown", count=200)
    assert told["refused"] == 200
    await node.unharmed()


async def test_five_thousand_streams_on_one_connection(node: Victim):
    async with node.under_attack("floods", flood="streams", count=5_000):
        await node.serve_honest_peer()
    await node.unharmed()


async def test_a_peer_that_asks_for_much_and_reads_nothing(node: Victim):
    author = seed("deaf")
    await node.befriend(author)
    async with node.under_attack("floods", flood="deafness", author=author.hex()) as told:
        assert told["asked"] * told["bytes"] > 2**25
        await node.serve_honest_peer()

        async def alone() -> bool:
            return not (await node.daemon.ask("peers"))["links"]

        await until(alone)
    await node.unharmed()


async def test_all_at_once(node: Victim):
    async with (
        node.under_attack("floods", flood="silence", count=200),
        node.under_attack("floods", flood="streams", count=1_000),
    ):
        with trio.fail_after(60):
            await node.attack("floods", flood="unknown", count=50)
        await node.serve_honest_peer()
    await node.unharmed()
