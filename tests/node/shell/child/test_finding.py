"""Daemons that know one bootstrap node: a friend is found by her key, or by an old address."""

from contextlib import AsyncExitStack

import pytest
import trio

from node.id_string import format_id, parse_author
from tests.interop.daemon import CONFIG, Daemon, running, until

pytestmark = pytest.mark.slow

FOUND_S = 90.0
"""From the vouch to the friend's taste."""

STRANGERS = 7
HASH_TABLE = CONFIG.replace("kademlia = false", "kademlia = true\noutbound_min = 1").replace(
    "[gossip]", "[gossip]\nclaims_per_stranger = 0"
)
"""With one place for strangers, nobody meets everybody by peer exchange; and nobody passes on the
taste of people whom she does not trust, or the friend would be heard without being found."""


def knowing(bootstrap: Daemon) -> str:
    """The configuration of a node that knows one other."""
    return HASH_TABLE.replace("[network]", f'[network]\nbootstrap = ["{bootstrap.address}"]')


async def start(stack: AsyncExitStack, config: str, count: int) -> list[Daemon]:
    """Several daemons, started side by side."""
    started: list[Daemon] = []

    async def one(*, task_status=trio.TASK_STATUS_IGNORED) -> None:
        async with running(config) as daemon:
            started.append(daemon)
            task_status.started()
            await trio.sleep_forever()

    nursery = await stack.enter_async_context(trio.open_nursery())
    stack.callback(nursery.cancel_scope.cancel)
    async with trio.open_nursery() as starting:
        for _ in range(count):
            starting.start_soon(nursery.start, one)
    return started


async def hears(listener: Daemon, author: str) -> None:
    """Wait until the listener is linked to the friend, and holds its taste beside its own."""

    async def linked() -> bool:
        return any(author in link["authors"] for link in (await listener.ask("peers"))["links"])

    async def heard() -> bool:
        return (await listener.ask("status"))["graph"]["edges"] == 2

    await until(linked, seconds=FOUND_S)
    await until(heard, seconds=FOUND_S)


async def test_friends_who_share_only_a_bootstrap_node():
    async with AsyncExitStack() as stack:
        (bootstrap,) = await start(stack, HASH_TABLE, 1)
        one, two, *strangers = await start(stack, knowing(bootstrap), STRANGERS + 2)
        await one.ask("like", item="mbid:of-one", weight=1.0)
        await two.ask("like", item="mbid:of-two", weight=1.0)
        await two.ask("share_set", taste=True)
        author = (await two.ask("id"))["author"]
        # Only whose vouches are no secret may be sought in public.
        await one.ask("share_set", vouches=True)
        with trio.fail_after(FOUND_S):
            await one.ask("trust", peer=author, weight=1.0)
            await hears(one, author)
        for stranger in strangers:
            assert (await stranger.ask("status"))["bugs"] == 0


async def test_a_friend_whose_address_is_old_is_found_anyway():
    async with AsyncExitStack() as stack:
        (bootstrap,) = await start(stack, HASH_TABLE, 1)
        one, two = await start(stack, knowing(bootstrap), 2)
        await one.ask("like", item="mbid:of-one", weight=1.0)
        await two.ask("like", item="mbid:of-two", weight=1.0)
        await one.ask("share_set", taste=True)
        author = (await one.ask("id"))["author"]
        peer_id = one.address.rpartition("/p2p/")[2]
        stale = format_id(parse_author(author), [f"/ip4/127.0.0.1/tcp/1/p2p/{peer_id}"])
        with trio.fail_after(FOUND_S):
            await two.ask("trust", peer=stale, weight=1.0)
            await hears(two, author)
