"""Whole daemons on an in-memory network: what people do reaches other people, and no one else."""

import gc
from dataclasses import replace

import pytest
import trio
import trio.testing

from node.config import GossipSection, NodeSection
from node.core.peer import Peer
from node.paths import data_paths
from node.query.schema import QueryError
from node.shell.daemon import _until_signalled
from node.shell.memory_network import MemorySwitch
from tests.node.shell.daemons import (
    CONFIG,
    WITHIN_S,
    Node,
    Watched,
    directory,
    eventually,
    world,
)

FILMS = [f"ml:movie:{number}" for number in range(1, 13)]


async def likes(node: Node, items: list[str]) -> None:
    rows = [[None, i, 1.0, 20_000, f"Film {i[9:]}" if i in FILMS else None, []] for i in items]
    data = await node.ask("import_rows", rows=rows)
    assert data["imported"] + data["duplicate"] == len(items)


def items(data: dict) -> list[str]:
    return [entry["item"] for entry in data["items"]]


async def test_what_one_likes_and_shares_the_other_hears_and_is_recommended_with_reasons():
    async with world() as here:
        ada, bob = await here.node("ada"), await here.node("bob")
        await likes(ada, FILMS)
        await likes(bob, FILMS[:4])
        await bob.friend_of(ada)
        assert (await bob.ask("status"))["gossip"]["claims_received"] == 0  # nothing is shared yet
        await ada.ask("share_set", taste=True)
        listed = await bob.until("recommend", lambda data: FILMS[11] in items(data), n=20)
        assert not listed["unprotected"]
        assert not set(items(listed)) & set(FILMS[:4])
        entry = next(e for e in listed["items"] if e["item"] == FILMS[11])
        assert entry["title"] == "Film 12"
        assert entry["reasons"]
        why = await bob.ask("why", item=FILMS[11], without=ada.author.hex())
        assert why["without"]["score"] < why["score"]
        # A later like travels by itself, in a bundle of its own.
        await ada.ask("like", item="ml:movie:99", title="The Late One")
        await bob.until("recommend", lambda data: "ml:movie:99" in items(data), n=20)
        found = await bob.until("search", lambda data: data["items"], words=["late"])
        assert items(found) == ["ml:movie:99"]


async def test_taste_travels_over_one_who_only_passes_it_on():
    async with world() as here:
        ada, bob, cyd = [await here.node(name) for name in ("ada", "bob", "cyd")]
        await likes(ada, FILMS)
        await ada.ask("share_set", taste=True)
        await bob.friend_of(ada)
        await cyd.friend_of(bob)  # whom she reaches
        await cyd.ask("trust", peer=ada.author.hex(), weight=1)  # whom she cannot reach herself
        ada_links = await ada.ask("peers")
        # Two of hers at most, whichever: all are worth the same.
        await cyd.until("recommend", lambda data: not set(FILMS).isdisjoint(items(data)), n=20)
        assert len(ada_links["links"]) == 1


async def test_what_is_forgotten_goes_where_it_went_and_what_is_blocked_stays_away():
    async with world() as here:
        ada, bob = await here.node("ada"), await here.node("bob")
        await likes(ada, FILMS)
        await likes(bob, FILMS[:4])
        await ada.ask("share_set", taste=True)
        await bob.friend_of(ada)
        await bob.until("recommend", lambda data: set(FILMS[4:]) <= set(items(data)), n=20)
        await ada.until("share_get", lambda data: data["pending"] == 0)
        assert (await ada.ask("forget", item=FILMS[7]))["retracted"]
        await bob.until("recommend", lambda data: FILMS[7] not in items(data), n=20)
        await bob.ask("block", target=FILMS[8])
        listed = items(await bob.ask("recommend", n=20))
        assert FILMS[8] not in listed
        assert FILMS[9] in listed
        await bob.ask("block", target=ada.author.hex())
        assert items(await bob.ask("recommend", n=20)) == []
        await bob.ask("unblock", target=ada.author.hex())
        await bob.until("recommend", lambda data: FILMS[9] in items(data), n=20)


async def test_a_restart_remembers_everything_and_finds_its_friends_by_itself():
    async with world() as here:
        ada, bob = await here.node("ada"), await here.node("bob")
        await likes(ada, FILMS)
        await likes(bob, FILMS[:4])
        await ada.ask("share_set", taste=True)
        await bob.friend_of(ada)
        await bob.ask("block", target=FILMS[8])
        before = await bob.until("recommend", lambda data: len(items(data)) == 7, n=20)
        await bob.stop()
        await ada.ask("like", item="ml:movie:99")
        await here.again(bob)
        assert set(items(before)) <= set(items(await bob.ask("recommend", n=20)))
        assert FILMS[8] not in items(await bob.ask("recommend", n=20))
        await bob.until("recommend", lambda data: "ml:movie:99" in items(data), n=20)


async def test_queries_are_answered_while_bulk_arrives():
    """A like, which must reach the disk, and a list, one after the other until all has come."""
    bulk = [f"text:bulk-{number}" for number in range(6_000)]
    async with world() as here:
        ada, bob = await here.node("ada"), await here.node("bob")
        for at in range(0, len(bulk), 500):
            await likes(ada, bulk[at : at + 500])
        await bob.friend_of(ada)
        await bob.until("status", lambda data: data["gossip"]["followed"] == 2)
        await ada.ask("share_set", taste=True)
        asked = received = 0
        with trio.fail_after(WITHIN_S):
            while received < len(bulk):
                with trio.fail_after(5):
                    await bob.ask("like", item=f"text:mine-{asked}")
                    await bob.ask("recommend", n=5)
                asked += 1
                received = (await bob.ask("status"))["gossip"]["claims_received"]
        assert (await bob.ask("status"))["items"] == asked


@pytest.mark.slow
async def test_a_network_that_dies_again_and_again_costs_no_local_query_and_comes_back():
    async with world() as here:
        ada, bob = await here.node("ada"), await here.node("bob")
        await bob.friend_of(ada)
        await likes(ada, FILMS)
        await likes(bob, FILMS)
        await ada.ask("share_set", taste=True)
        asked = 0
        for life in range(3):
            bob.network.kill(f"killed {life}")
            for number in range(20):
                await bob.ask("like", item=f"text:{life}-{number}")
                await bob.ask("recommend", n=5)
                asked += 1
            await ada.ask("like", item=f"text:news-{life}")
            await bob.until("status", lambda data, life=life: data["network"]["restarts"] > life)
            await bob.until("peers", lambda data: data["links"])
            await bob.until(
                "recommend", lambda data, life=life: f"text:news-{life}" in items(data), n=20
            )
        status = await bob.ask("status")
        assert status["items"] == asked + len(FILMS)
        assert status["bugs"] == 0


# ------------------------------------------------------------------------------- our own bugs


@pytest.mark.slow
@pytest.mark.parametrize("event", ["LinkUp", "FrameReceived"])
async def test_a_bug_costs_the_link_that_caused_it_and_the_node_goes_on(
    event: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    async with world() as here:
        ada, bob = await here.node("ada"), await here.node("bob")
        handle = bob.daemon.peer.handle
        failing = True

        def failing_handle(happened, *, now):
            if failing and type(happened).__name__ == event:
                raise ZeroDivisionError("a bug")
            return handle(happened, now=now)

        monkeypatch.setattr(bob.daemon.peer, "handle", failing_handle)
        await ada.ask("trust", peer=bob.id, weight=1)
        status = await bob.until("status", lambda data: data["bugs"])
        assert any("internal error" in w for w in (await bob.daemon.ask("status", {}))[1])
        assert status["state"] == "running"
        assert "a bug" in caplog.text
        assert (await ada.until("peers", lambda data: not data["links"]))["links"] == []
        failing = False
        await bob.ask("like", item="text:goes-on")
        await ada.until("peers", lambda data: data["links"])
        await bob.until("peers", lambda data: data["links"])


async def test_a_bug_outside_the_peer_costs_the_link_too(monkeypatch: pytest.MonkeyPatch):
    async with world() as here:
        ada, bob = await here.node("ada"), await here.node("bob")
        assert bob.daemon._server is not None

        def failing_frame(_event):
            raise ZeroDivisionError("a bug")

        with monkeypatch.context() as patch:
            patch.setattr(bob.daemon._server, "frame", failing_frame)
            await ada.ask("trust", peer=bob.id, weight=1)
            await bob.until("status", lambda data: data["bugs"])
            await ada.until("peers", lambda data: not data["links"])
        await bob.ask("like", item="text:goes-on")
        await ada.until("peers", lambda data: data["links"])


async def test_a_bug_in_a_query_is_told_to_the_one_who_asked(monkeypatch: pytest.MonkeyPatch):
    async with world() as here:
        ada = await here.node("ada")
        handle = ada.daemon.peer.handle

        def failing_handle(happened, *, now):
            if getattr(happened, "method", "") == "recommend":
                raise ZeroDivisionError
            return handle(happened, now=now)

        monkeypatch.setattr(ada.daemon.peer, "handle", failing_handle)
        with pytest.raises(QueryError, match="log") as raised:
            await ada.ask("recommend")
        assert raised.value.code == "internal"
        assert (await ada.ask("status"))["bugs"] == 1


async def test_a_bug_behind_a_query_does_not_keep_the_one_who_asked_for_ever(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr("node.shell.daemon.ANSWER_S", 0.5)
    async with world() as here:
        ada = await here.node("ada")
        handle = ada.daemon.peer.handle

        def failing_handle(happened, *, now):
            if type(happened).__name__ == "Computed":
                raise ZeroDivisionError
            return handle(happened, now=now)

        monkeypatch.setattr(ada.daemon.peer, "handle", failing_handle)
        with pytest.raises(QueryError, match="no answer") as raised:
            await ada.ask("recommend")
        assert raised.value.code == "timeout"
        assert ada.daemon._asked == {}


# ---------------------------------------------------------------------------------------- life


async def test_a_stop_leaves_everything_acknowledged_on_disk_and_one_clean_file():
    async with world() as here:
        ada = await here.node("ada")
        acknowledged: list[str] = []

        async def like_on(name: int) -> None:
            for number in range(10_000):
                item = f"text:{name}-{number}"
                await ada.daemon.ask("like", {"item": item})
                acknowledged.append(item)

        async with trio.open_nursery() as nursery:
            for name in range(4):
                nursery.start_soon(like_on, name)

            async def enough() -> bool:
                return len(acknowledged) > 40

            await eventually(enough, "likes")
            assert (await ada.ask("stop"))["stopping"]
            with trio.fail_after(20):
                await ada.stopped.wait()
            nursery.cancel_scope.cancel()
        assert sorted(p.name for p in ada.paths.root.glob("store*")) == ["store.sqlite"]
        assert not ada.paths.socket.exists()
        await here.again(ada)
        held = set(ada.daemon.peer.state.persons.owner.facts)
        assert set(acknowledged) <= held
        assert len(held) <= len(acknowledged) + 4


async def test_who_asks_before_the_graph_is_there_waits_for_it(monkeypatch: pytest.MonkeyPatch):
    async with world() as here:
        ada = await here.node("ada")
        await ada.ask("like", item="text:early")
        await ada.stop()
        ada.open()
        ada.stopped = trio.Event()
        answers = []

        async def ask_early() -> None:
            answers.append(await ada.ask("status"))

        here.nursery.start_soon(ask_early)
        await trio.testing.wait_all_tasks_blocked()
        assert answers == []
        await here.nursery.start(ada._run)

        async def answered() -> bool:
            return bool(answers)

        await eventually(answered, "the early query")
        assert answers[0]["items"] == 1


async def test_id_has_an_address_from_the_start():
    async with world() as here:
        for number in range(5):
            node = await here.node(f"node-{number}")
            data = await node.ask("id")
            assert data["addresses"] == [node.network.address]
            assert data["author"] == node.author.hex()


async def test_a_node_with_another_network_id_is_refused():
    async with world() as here:
        ada = await here.node("ada")
        elsewhere = CONFIG.network.__class__(network_id="elsewhere", dial_private_addresses=True)
        config = CONFIG.__class__(gossip=GossipSection(round_s=0.1), network=elsewhere)
        bob = await here.node("bob", config)
        await likes(ada, FILMS)
        await ada.ask("share_set", taste=True)
        await bob.ask("trust", peer=ada.id, weight=1)

        async def tried() -> bool:
            return ada.network.statistics().frames_in > 0

        await eventually(tried, "a first frame")
        await bob.until("peers", lambda data: not data["links"])
        assert (await bob.ask("status"))["gossip"]["claims_received"] == 0


async def test_the_cap_of_facts_is_the_one_that_was_set():
    config = replace(CONFIG, node=NodeSection(facts_max=3))
    async with world() as here:
        ada = await here.node("ada", config)
        await likes(ada, FILMS[:3])
        with pytest.raises(QueryError, match="no more items") as raised:
            await ada.ask("like", item=FILMS[3])
        assert "facts_max" in raised.value.hint
        with pytest.raises(QueryError, match="no more items"):
            await likes(ada, FILMS[2:5])
        await ada.ask("like", item=FILMS[0], weight=0.5)  # a changed mind is no new fact


@pytest.mark.slow
async def test_who_was_a_stranger_first_is_heard_from_the_beginning_once_trusted():
    """Probation keeps only the last of a stranger's claims; the rest comes over the same link."""
    early = [f"text:early-{number}" for number in range(1_000)]
    async with world() as here:
        ada, bob = await here.node("ada"), await here.node("bob")
        for at in range(0, len(early), 500):
            await likes(ada, early[at : at + 500])
        await ada.ask("share_set", taste=True)
        await ada.until("share_get", lambda data: data["pending"] == 0)
        await ada.ask("trust", peer=bob.id, weight=1)
        await bob.until("status", lambda data: data["gossip"]["on_probation"])
        await bob.until("status", lambda data: data["gossip"]["claims_received"])
        before = (await bob.ask("status"))["gossip"]["claims_received"]
        assert before < len(early)
        await bob.ask("trust", peer=ada.author.hex(), weight=1)
        await bob.until("status", lambda data: data["gossip"]["claims_received"] >= len(early))
        assert bob.network.statistics().links == 1


@pytest.mark.parametrize("damaged", [False, True])
async def test_garbage_is_looked_for_once_the_daemon_serves_or_has_failed(damaged: bool):
    during = []

    class Restoring(Watched):
        def _build(self) -> Peer:
            during.append(gc.isenabled())
            if damaged:
                raise QueryError("internal", "it does not start")
            return super()._build()

    async def looked_for() -> bool:
        return gc.isenabled()

    with directory() as root:
        node = Node(data_paths(root / "ada", environ={}), MemorySwitch(), kind=Restoring)
        node.open()
        try:
            with node.store:
                if damaged:
                    with pytest.RaisesGroup(QueryError, flatten_subgroups=True):
                        await _until_signalled(node.daemon)
                else:
                    async with trio.open_nursery() as nursery:
                        nursery.start_soon(_until_signalled, node.daemon)
                        await node.ask("status")
                        await eventually(looked_for, "garbage is looked for")
                        assert gc.get_freeze_count()
                        node.daemon.stop()
        finally:
            gc.unfreeze()
    assert during == [False]
    assert gc.isenabled()


@pytest.mark.slow
async def test_an_index_of_similar_items_lasts_over_a_restart_and_a_damaged_file_is_never_used():
    async with world() as here:
        ada = await here.node("ada")
        for person in range(6):
            rows = [
                [f"p{person}", f"t:{6 * n + person}", 1.0, 20_000, None, []] for n in range(900)
            ]
            rows += [[f"p{person}", f"t:{n}", 1.0, 20_000, None, []] for n in range(50)]
            for at in range(0, len(rows), 500):
                await ada.ask("import_rows", rows=rows[at : at + 500], people=True)
            await ada.ask("trust", peer=f"p{person}")
        file = ada.paths.similar
        assert (await ada.ask("similar", item="t:0", n=5))["answered_by"] == "exact"
        data = await ada.until("similar", lambda d: d["answered_by"] == "index", item="t:0", n=5)
        await ada.until("status", lambda status: status["similar"].startswith("written"))
        assert file.stat().st_mode & 0o777 == 0o600
        await ada.stop()
        await here.again(ada)
        again = await ada.ask("similar", item="t:0", n=5)
        assert again["answered_by"] == "index"
        assert items(again) == items(data)
        assert (await ada.ask("status"))["similar"].startswith("used")
        await ada.stop()
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
        await here.again(ada)
        assert (await ada.ask("similar", item="t:0", n=5))["answered_by"] == "exact"
        assert "damaged" in (await ada.ask("status"))["similar"]
        await ada.until("similar", lambda d: d["answered_by"] == "index", item="t:0", n=5)
