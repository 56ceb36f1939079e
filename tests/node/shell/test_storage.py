"""The store's queue: order, shared fsyncs, failures that stay where they happen, back-pressure."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest
import trio
import trio.testing

from node.core import events as ev
from node.shell import storage as module
from node.shell.clock import Clock
from node.shell.inbox import Inbox
from node.shell.storage import Storage
from node.store.errors import StoreError, StoreFull
from node.store.rows import PersonRow
from node.store.store import Store
from protocol.bundle import Bundle, decode_bundle, sign_bundle
from protocol.claims import Interaction, InteractionKind
from protocol.events import BundlesRead, FrameReceived, ReadBundles
from protocol.ids import NO_BUNDLE, DeviceId, FeedId, Lane
from protocol.signing import Signer

WITHIN_S = 30


@dataclass
class Kept:
    """A store behind its queue, and a look into both."""

    store: Store
    inbox: Inbox
    storage: Storage
    nursery: trio.Nursery
    fsyncs: list[bool] = field(default_factory=list)
    """Of each outermost transaction, whether it was durable."""

    def start(self) -> None:
        self.nursery.start_soon(self.storage.run)

    async def events(self, count: int) -> list[ev.Event]:
        with trio.fail_after(WITHIN_S):
            return [await self.inbox.next() for _ in range(count)]

    async def idle(self) -> None:
        """Everything submitted so far is done."""
        with trio.fail_after(WITHIN_S):
            await self.storage.call(lambda _: None)


@asynccontextmanager
async def kept(path: Path) -> AsyncIterator[Kept]:
    with Store.open(path / "store.sqlite") as store:
        store.add_person(PersonRow("me", Signer(b"m" * 32).public_key, DeviceId(b"device-m")))
        inbox = Inbox()
        async with trio.open_nursery() as nursery:
            yield Kept(store, inbox, Storage(store, inbox, Clock()), nursery)
            nursery.cancel_scope.cancel()


def count_fsyncs(made: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """Note each outermost transaction of the store."""
    original = made.store.transaction

    def noting(*, durable: bool):
        if not made.store._in_transaction:
            made.fsyncs.append(durable)
        return original(durable=durable)

    monkeypatch.setattr(made.store, "transaction", noting)


def facts(*items: str) -> ev.PutFacts:
    return ev.PutFacts("me", tuple((item, "LIKE", 100, 20_000, "", ()) for item in items))


def commit(token: int, *items: str) -> ev.Commit:
    return ev.Commit(token, (facts(*items or (f"text:{token}",)),))


def chain(author: int, count: int, *, claims: int = 1) -> list[Bundle]:
    signer = Signer(author.to_bytes(32, "big"))
    feed = FeedId(signer.public_key, DeviceId(b"device-1"), Lane.TASTE)
    bundles: list[Bundle] = []
    prev = NO_BUNDLE
    for seq in range(1, count + 1):
        said = [
            Interaction(f"text:{author}-{seq}-{i}", InteractionKind.LIKE, 60, 20_000)
            for i in range(claims)
        ]
        bundle = sign_bundle(signer, feed, said, network=b"test", seq=seq, time=1, prev=prev)
        bundles.append(bundle)
        prev = bundle.id
    return bundles


def held(store: Store) -> set[str]:
    return {fact.item for fact in store.facts("me")}


async def test_effects_take_effect_in_the_order_in_which_they_came(tmp_path: Path):
    """A read behind a write sees it, one before it does not; a deletion undoes what was before."""
    feed = chain(1, 4)
    async with kept(tmp_path) as made:
        submit = made.storage.submit
        submit(ReadBundles(1, feed[0].feed, 1, 9, 10_000))
        submit(ev.StoreBundles(tuple(feed[:2])))
        submit(ReadBundles(2, feed[0].feed, 1, 9, 10_000))
        submit(commit(3, "text:a", "text:b"))
        submit(ev.StoreBundles(tuple(feed[2:])))
        submit(ev.Commit(4, (ev.DeleteFact("me", "text:a"),)))
        submit(ReadBundles(5, feed[0].feed, 1, 9, 10_000))
        submit(ev.DropAuthor(feed[0].feed.author))
        submit(ReadBundles(6, feed[0].feed, 1, 9, 10_000))
        made.start()
        events = await made.events(6)
        assert [event.token for event in events] == [1, 2, 3, 4, 5, 6]  # type: ignore[union-attr]
        read = [len(event.bundles) for event in events if isinstance(event, BundlesRead)]
        assert read == [0, 2, 4, 0]
        assert held(made.store) == {"text:b"}


@pytest.mark.parametrize("seed", range(5))
async def test_any_mixture_of_commits_ends_as_if_done_one_by_one(tmp_path: Path, seed: int):
    rng = Random(seed)
    model: set[str] = set()
    async with kept(tmp_path) as made:
        made.start()
        for token in range(200):
            item = f"text:{rng.randrange(20)}"
            if rng.random() < 0.5:
                made.storage.submit(commit(token, item))
                model.add(item)
            else:
                made.storage.submit(ev.Commit(token, (ev.DeleteFact("me", item),)))
                model.discard(item)
            if rng.random() < 0.1:
                await trio.lowlevel.checkpoint()
        assert await made.events(200) == [ev.Committed(token) for token in range(200)]
        assert held(made.store) == model


async def test_commits_that_wait_together_share_one_fsync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    async with kept(tmp_path) as made:
        count_fsyncs(made, monkeypatch)
        for token in range(50):
            made.storage.submit(commit(token))
        made.start()
        assert await made.events(50) == [ev.Committed(token) for token in range(50)]
        assert made.fsyncs == [True]
        made.storage.submit(commit(51))
        await made.events(1)
        assert made.fsyncs == [True, True]


async def test_others_bundles_wait_for_no_fsync_and_do_not_weaken_ones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    async with kept(tmp_path) as made:
        count_fsyncs(made, monkeypatch)
        for bundle in chain(1, 5):
            made.storage.submit(ev.StoreBundles((bundle,)))
        made.storage.submit(commit(1))
        made.start()
        await made.events(1)
        assert made.fsyncs == [False, True]
        assert made.store._connection.pragma("synchronous") == 2


async def test_a_commit_that_fails_fails_alone_and_leaves_no_trace(tmp_path: Path):
    async with kept(tmp_path) as made:
        made.storage.submit(commit(1))
        nobody = ev.PutFacts("nobody", (("text:x", "LIKE", 1, 1, "", ()),))
        made.storage.submit(ev.Commit(2, (facts("text:half"), nobody)))
        made.storage.submit(commit(3))
        made.start()
        one, two, three = await made.events(3)
        assert (one, three) == (ev.Committed(1), ev.Committed(3))
        assert isinstance(two, ev.CommitFailed)
        assert "nobody" in two.reason
        assert held(made.store) == {"text:1", "text:3"}
        assert made.storage.bugs == 0


async def test_our_own_bug_fails_what_was_being_done_and_is_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    async with kept(tmp_path) as made:
        made.start()
        bad = ev.PutFacts("me", (("text:x", "LIKE", 1_000, 1, "", ()),))  # the schema forbids it
        made.storage.submit(ev.Commit(1, (bad,)))
        made.storage.submit(commit(2))
        failed, fine = await made.events(2)
        assert isinstance(failed, ev.CommitFailed)
        assert fine == ev.Committed(2)
        with pytest.raises(StoreError, match="ZeroDivisionError"):
            await made.storage.call(lambda _: 1 // 0)
        assert made.storage.bugs >= 2
        assert "ZeroDivisionError" in caplog.text
        assert await made.storage.call(held) == {"text:2"}


async def test_a_call_takes_its_turn_and_its_failure_goes_to_the_caller(tmp_path: Path):
    def refuse(store: Store) -> None:
        raise StoreFull(store.path)

    async with kept(tmp_path) as made:
        made.start()
        made.storage.submit(commit(1))
        assert await made.storage.call(held) == {"text:1"}
        with pytest.raises(StoreFull):
            await made.storage.call(refuse)


async def test_finish_lets_everything_submitted_before_reach_the_disk(tmp_path: Path):
    async with kept(tmp_path) as made:
        for token in range(module.BATCH_MAX * 2):
            made.storage.submit(commit(token))
        made.storage.finish()
        assert not made.storage.finished.is_set()
        made.start()
        with trio.fail_after(WITHIN_S):
            await made.storage.finished.wait()
        assert len(held(made.store)) == module.BATCH_MAX * 2


async def test_finish_ends_an_idle_queue_at_once(tmp_path: Path):
    async with kept(tmp_path) as made:
        made.start()
        await made.idle()
        made.storage.finish()
        with trio.fail_after(WITHIN_S):
            await made.storage.finished.wait()


async def test_arrivals_pause_while_the_backlog_is_too_long_and_come_in_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "BACKLOG_MAX", 20)
    feed = chain(1, 30)
    async with kept(tmp_path) as made:
        await made.inbox.arrive(FrameReceived(1, b"x"))
        for bundle in feed:
            made.storage.submit(ev.StoreBundles((bundle,)))
        with trio.move_on_after(0.05) as waited:
            await made.inbox.next()
        assert waited.cancelled_caught
        made.start()
        assert await made.events(1) == [FrameReceived(1, b"x")]
        await made.idle()
        assert made.storage._backlog == 0


# ------------------------------------------------------------------------------------- disk full


def fill(store: Store, spare: int) -> None:
    """Let the database grow by so many pages and no more."""
    pages = store._connection.pragma("page_count")
    store._connection.pragma("max_page_count", pages + spare)


def make_room(store: Store) -> None:
    store._connection.pragma("max_page_count", 2**30)


async def test_a_full_disk_is_told_loses_nothing_acknowledged_and_the_node_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    async with kept(tmp_path) as made:
        made.start()
        made.storage.submit(commit(1))
        await made.events(1)
        await made.storage.call(lambda store: fill(store, 2))
        acknowledged, refused = {"text:1"}, 0
        for token in range(2, 60):
            items = [f"text:{token}-{n}" for n in range(40)]
            made.storage.submit(commit(token, *items))
            [event] = await made.events(1)
            if isinstance(event, ev.Committed):
                acknowledged.update(items)
            else:
                assert isinstance(event, ev.CommitFailed)
                assert "no room" in event.reason
                refused += 1
        assert refused > 10
        assert made.storage.failures == refused
        assert await made.storage.call(held) == acknowledged
        assert made.storage.bugs == 0
        await made.storage.call(make_room)
        made.storage.submit(commit(99))
        assert await made.events(1) == [ev.Committed(99)]
        assert await made.storage.call(held) == acknowledged | {"text:99"}
    assert "no room" in caplog.text


async def test_after_a_full_disk_every_stored_feed_is_still_one_chain(tmp_path: Path):
    """What follows a bundle that was not stored is left out, so that a restart asks for both."""
    async with kept(tmp_path) as made:
        made.start()
        torn, whole = chain(1, 60, claims=40), chain(2, 5)
        await made.storage.call(lambda store: fill(store, 3))
        for bundle in torn[:40]:
            made.storage.submit(ev.StoreBundles((bundle,)))
            await made.idle()
        await made.storage.call(make_room)
        for bundle in [*torn[40:], *whole]:
            made.storage.submit(ev.StoreBundles((bundle,)))
        await made.idle()
        records = {record.feed: record for record in made.store.feed_records()}
        kept_of_torn = [seq for seq, _ in records[torn[0].feed].held]
        assert 0 < len(kept_of_torn) < 40
        assert kept_of_torn == list(range(1, len(kept_of_torn) + 1))
        assert records[torn[0].feed].head == torn[len(kept_of_torn) - 1].id
        assert len(records[whole[0].feed].held) == 5


def fail(*_: object, **__: object) -> None:
    raise StoreError("the disk is broken")


async def test_reading_what_cannot_be_read_answers_nothing_rather_than_never(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    async with kept(tmp_path) as made:
        for name in ("read_bundles", "item_info", "match_items"):
            monkeypatch.setattr(made.store, name, fail)
        made.start()
        feed = chain(1, 1)[0].feed
        made.storage.submit(ReadBundles(1, feed, 1, 9, 10_000))
        made.storage.submit(ev.FindInfo(2, items=("text:a",)))
        made.storage.submit(ev.FindInfo(3, words=("a",)))
        assert await made.events(3) == [
            BundlesRead(1, ()),
            ev.InfoFound(2, ()),
            ev.InfoFound(3, ()),
        ]


async def test_bundles_come_back_as_they_were_signed_with_their_titles(tmp_path: Path):
    feed = chain(1, 3, claims=3)
    async with kept(tmp_path) as made:
        made.start()
        author, device, _ = feed[0].feed
        info = ev.InfoRow("text:1-1-0", author, "First Film", ("old",), 1, device)
        made.storage.submit(ev.StoreBundles(tuple(feed), infos=(info,)))
        made.storage.submit(ReadBundles(1, feed[0].feed, 2, 3, 100_000))
        made.storage.submit(ev.FindInfo(2, words=("first",)))
        read, found = await made.events(2)
        assert isinstance(read, BundlesRead)
        assert [decode_bundle(wire) for wire in read.bundles] == feed[1:]
        assert found == ev.InfoFound(2, (info,), ("text:1-1-0",))


async def test_what_a_frame_takes_back_takes_its_titles_along(tmp_path: Path):
    """A Retract may come in one frame with what it voids; what comes later is not touched."""
    feed = chain(1, 6)
    author, device, _ = feed[0].feed
    infos = [ev.InfoRow(f"t:{b.seq}", author, "A Film", (), b.seq, device) for b in feed]
    async with kept(tmp_path) as made:
        made.storage.submit(
            ev.StoreBundles(tuple(feed[3:]), ((feed[0].feed, 5),), infos=tuple(infos[3:]))
        )
        made.storage.submit(ev.StoreBundles((), raised=((feed[0].feed, 4),)))
        made.storage.submit(ev.StoreBundles(tuple(feed[1:3]), infos=tuple(infos[1:3])))
        made.start()
        made.storage.submit(ev.FindInfo(1, items=tuple(info.item for info in infos)))
        [found] = await made.events(1)
        assert isinstance(found, ev.InfoFound)
        assert found.rows == (infos[1], infos[2], infos[3], infos[5])
        [record] = made.store.feed_records()
        assert [seq for seq, _ in record.held] == [2, 3, 4, 5, 6], "cut first, filled later"


async def test_titles_of_bundles_that_were_not_stored_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    torn, whole = chain(1, 2), chain(2, 1)
    infos = [ev.InfoRow(f"t:{n}", b.feed.author, "A Film", (), b.seq, b.feed.device)
             for n, b in enumerate([*torn, *whole])]  # fmt: skip
    async with kept(tmp_path) as made:
        made.start()
        with monkeypatch.context() as broken:
            broken.setattr(made.store, "add_bundles", fail)
            made.storage.submit(ev.StoreBundles((torn[0],), infos=(infos[0],)))
            await made.idle()
        made.storage.submit(ev.StoreBundles((torn[1], whole[0]), infos=(infos[1], infos[2])))
        made.storage.submit(ev.FindInfo(1, items=("t:0", "t:1", "t:2")))
        assert await made.events(1) == [ev.InfoFound(1, (infos[2],))]
