"""Search in whole daemons: clicks travel when shared, outlast the network and the process, and
guests may search but not click."""

import pytest

from node.query.schema import QueryError
from tests.node.shell.daemons import World, world
from tests.node.shell.test_remote_queries import ask_remote

FILMS = {f"ml:movie:{n}": f"Night train {n}" for n in range(8)}


def items(data: dict) -> list[str]:
    return [entry["item"] for entry in data["items"]]


async def friends(here: World):
    """Ada names films and has clicked one for a word in no title; Bob trusts her."""
    ada, bob = await here.node("ada"), await here.node("bob")
    await ada.ask("import_rows", rows=[[None, i, 1.0, 20_000, t, []] for i, t in FILMS.items()])
    await ada.ask("share_set", taste=True, clicks=True)
    await bob.friend_of(ada)
    shown = items(await ada.ask("search", words=["night"], n=8))
    await ada.ask("click", item=shown[5])
    await ada.ask("click", item=shown[5], words=["noir"], position=4)
    await bob.until("search", lambda data: items(data)[:1] == [shown[5]], words=["night"])
    await bob.until("search", lambda data: data["matched_by"] == "clicks", words=["noir"])
    return ada, bob, shown[5]


async def test_a_friends_click_orders_the_list_and_one_of_ones_own_changes_the_next():
    async with world() as here:
        ada, bob, clicked = await friends(here)
        found = await bob.ask("search", words=["noir"], explain=True)
        assert [(e["item"], e["matched"]) for e in found["items"][:2]] == [
            (clicked, "clicks"),
            (items(found)[1], "popular"),
        ]
        carried = found["items"][0]["clicked_by"]
        assert carried["count"] == 1
        assert carried["people"][0]["author"] == ada.author.hex()
        assert carried["people"][0]["share"] == 1.0
        shown = items(await bob.ask("search", words=["train"], n=8))
        assert (await bob.ask("like", item=shown[6]))["clicked"] == ["train"]
        assert items(await bob.ask("search", words=["train"], n=8))[0] == shown[6]
        # Bob shares nothing: Ada never hears of it.
        assert (await ada.ask("status"))["clicks_heard"] == 2


@pytest.mark.parametrize("checkpoint", [True, False])
async def test_a_node_alone_answers_and_goes_on_after_a_restart(checkpoint: bool):
    async with world() as here:
        ada, bob, clicked = await friends(here)
        await bob.ask("click", item="ml:movie:2", words=["noir"])
        before = {
            word: await bob.ask("search", words=[word], explain=True) for word in ("night", "noir")
        }
        await ada.stop()
        bob.network.kill("no network any more")
        for word, found in before.items():
            assert await bob.ask("search", words=[word], explain=True) == found
        await bob.stop()
        if not checkpoint:
            bob.paths.checkpoint.unlink()
        await bob.start(here.nursery)
        status = await bob.ask("status")
        assert status["checkpoint"].startswith("used") is checkpoint
        assert status["clicks_heard"] == 3
        for word, found in before.items():
            again = await bob.ask("search", words=[word], explain=True)
            assert items(again) == items(found)
            assert again["matched_by"] == found["matched_by"]
        assert items(before["night"])[0] == clicked


async def test_a_guest_may_search_and_not_click():
    async with world() as here:
        ada, bob, clicked = await friends(here)
        eve = await here.node("eve")
        with pytest.raises(QueryError, match="not allowed your author key"):
            await ask_remote(eve, bob, "search", words=["night"])
        await bob.ask("allow", author=eve.author.hex())
        found = await ask_remote(eve, bob, "search", words=["night"], n=8)
        assert items(found) == items(await bob.ask("search", words=["night"], n=8))
        with pytest.raises(QueryError, match="not for other nodes"):
            await ask_remote(eve, bob, "click", item=clicked, words=["night"])
        for words in ("", "\x00", None, [5]):
            with pytest.raises(QueryError, match="words must") as raised:
                await ask_remote(eve, bob, "search", words=words)
            assert raised.value.code == "usage"
        for words in ([f"x{n}" for n in range(3_000)], '"night" NEAR(* OR title:', "夜", "*"):
            await ask_remote(eve, bob, "search", words=words)
        for node in (ada, bob):
            assert (await node.ask("status"))["bugs"] == 0
