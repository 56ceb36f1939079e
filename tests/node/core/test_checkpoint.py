"""A start from a checkpoint is a start from the store, whatever happened before and after it."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.core import checkpoint as checkpoint_module
from node.core.building import build
from node.core.checkpoint import Saved, captured
from node.core.config import PeerConfig
from node.core.events import OwnAddresses, StoreBundles
from protocol import events as gossip
from protocol.claims import Click, Endpoint, ItemInfo, Retract, Vouch
from protocol.ids import AuthorKey, FeedId, Lane
from ranking.checkpoint import CheckpointError
from ranking.graph import GraphConfig
from sim.virtual.store import StoredFeed
from tests.node.core.contents import contents
from tests.node.core.peer_world import DAY, MEMO, Node, Refused, World, heard_by
from tests.node.core.scribe import Scribe, rates

DEVICES = (b"\x01" * 8, b"\x02" * 8, b"\x00" * 8)
SCRIBES = 6


@dataclass
class Kept:
    """A checkpoint, and what was in the store when it was made."""

    parts: dict[str, memoryview]
    feeds: dict[FeedId, StoredFeed]


def checkpoint(node: Node) -> Kept:
    node.state.gossip.reload()  # `heard_by` goes past gossip, which would have told its index
    made = captured(node.state, node.peer.unlike_store)
    parts = {name: memoryview(b"".join(pieces)) for name, pieces in made.items()}
    return Kept(parts, stored(node))


def stored(node: Node) -> dict[FeedId, StoredFeed]:
    return {feed: replace(held, blobs=dict(held.blobs)) for feed, held in node.store.feeds.items()}


def saved(node: Node, kept: Kept) -> Saved:
    """As the shell hands it over: with whoever has changed in the store since."""
    now = node.store.feeds
    changed = {f.author: None for f in (*kept.feeds, *now) if kept.feeds.get(f) != now.get(f)}
    remembered = node.store.remembered()
    return Saved(
        kept.parts,
        list(changed),
        feeds=lambda authors: [r for r in remembered.feeds if r.feed.author in authors],
        claims=lambda authors: [c for c in remembered.claims if c[0].author in authors],
    )


def start(node: Node, kept: Kept | None, config: PeerConfig | None = None) -> None:
    """Another life of the node, from its store and perhaps a checkpoint."""
    node.peer = build(
        config or node.config,
        node.store.remembered(),
        rng=Random(7),
        verify=MEMO.of(node.name),
        new_seed=node._new_seed,
        now=node.world.now,
        saved=saved(node, kept) if kept is not None else None,
    )
    node.handle(OwnAddresses(node.peer_id, (node.address,)))


def answers(node: Node) -> dict[str, Any]:
    """Discoveries are drawn; and who trusts nobody shares out over rows, of which some are idle."""
    trusted = node.ask("trust_get")["trusted"]
    listed = node.ask("recommend", n=9)["items"] if trusted else []
    liked = [i for i in listed if not i["discovery"]]
    return {
        "recommend": {i["item"]: round(i["score"], 5) for i in liked},
        "why": [reasons(node, item) for item in sorted(i["item"] for i in liked)[:2]],
        "trust": {t["author"]: round(t["t"], 5) for t in trusted},
        "status": [node.ask("status")[k] for k in ("items", "vouches", "feeds", "vouches_heard")],
    }  # fmt: skip


def reasons(node: Node, item: str) -> Any:
    why = node.ask("why", item=item)
    shares = sorted(round(reason["share"], 4) for reason in why["reasons"])
    return round(why["score"], 5), (why["depends_on"] or {}).get("author"), why["title"], shares


class History:
    """Whatever may happen to a node, drawn from a seed."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.node = World().node("ada")
        self.scribes = [Scribe(n) for n in range(SCRIBES)]
        self.reads: list[gossip.ReadBundles] = []
        self.perform = self.node.perform
        self.slow = False
        self.node.perform = self._perform  # type: ignore[method-assign]
        self.node.ask("share_set", taste=True, vouches=True, clicks=True)
        self.node.ask("trust", peer=self.scribes[0].author.hex(), weight=1)

    def _perform(self, effect: Any) -> None:
        if self.slow and isinstance(effect, gossip.ReadBundles) and effect.token < 0:
            self.reads.append(effect)
        else:
            self.perform(effect)

    def step(self) -> None:
        steps: list[Callable[[], None]] = [
            self.likes, self.likes, self.vouches, self.clicks, self.moves, self.retracts,
            self.raises_a_floor, self.is_dropped, self.is_cut, self.own, self.own, self.tick,
            self.reads_wait, self.commits_wait, self.forks,
        ]  # fmt: skip
        self.rng.choice(steps)()

    def says(self, *claims: Any, lane: Lane = Lane.TASTE, scribe: Scribe | None = None) -> None:
        rng = self.rng
        scribe = scribe or rng.choice(self.scribes)
        device = DEVICES[min(rng.randrange(9), 2) if rng.random() < 0.4 else 0]
        heard_by(self.node, [scribe.says(*claims, lane=lane, device=device)])

    def likes(self) -> None:
        rng = self.rng
        items = [f"t:{rng.randrange(12)}" for _ in range(rng.randrange(1, 4))]
        said = [rates(i, rng.randrange(-100, 101), DAY - rng.randrange(99)) for i in items]
        self.says(*said, ItemInfo(items[0], "A film"))

    def vouches(self) -> None:
        target = self.rng.choice(self.scribes).author
        self.says(Vouch(target, self.rng.randrange(-100, 101)), lane=Lane.VOUCHES)

    def clicks(self) -> None:
        click = Click((f"w{self.rng.randrange(3)}", "x"), f"t:{self.rng.randrange(12)}", 0)
        self.says(click, lane=Lane.CLICKS)

    def moves(self) -> None:
        self.says(Endpoint((f"/ip4/10.1.1.{self.rng.randrange(9)}/tcp/1",)), lane=Lane.IDENTITY)

    def retracts(self) -> None:
        scribe = self.rng.choice(self.scribes)
        lane = self.rng.choice([Lane.TASTE, Lane.VOUCHES, Lane.CLICKS])
        last = scribe.writer(lane).head[0]
        if last:
            seq = self.rng.randrange(1, last + 1)
            heard_by(self.node, [scribe.says(Retract(seq), lane=lane)])

    def raises_a_floor(self) -> None:
        scribe = self.rng.choice(self.scribes)
        writer = scribe.writer()
        if writer.head[0] > 3:
            writer.void(writer.head[0] - 2)
            writer.raise_floor()
            self.says(rates("t:new"), scribe=scribe)

    def is_dropped(self) -> None:
        self.node.orders(gossip.Unfollowed(self.rng.choice(self.scribes).author))

    def is_cut(self) -> None:
        feeds = self.node.state.feeds
        scribe = self.rng.choice(self.scribes)
        for feed in feeds.feeds_of(scribe.author):
            raised = feeds.set_quota(feed, self.rng.randrange(1, 8))
            self.node.orders(gossip.Accepted(0, (), (), raised))

    def forks(self) -> None:
        if self.rng.random() < 0.2:
            author = self.rng.choice(self.scribes).author
            self.node.orders(gossip.Equivocated(author, b"proof"))

    def own(self) -> None:
        rng, ask = self.rng, self.node.ask
        item, peer = f"t:{rng.randrange(12)}", rng.choice(self.scribes).author.hex()
        what: list[tuple[str, dict[str, Any]]] = [
            ("like", {"item": item, "weight": rng.choice([0.4, 1, -1])}),
            ("forget", {"item": item}),
            ("trust", {"peer": peer, "weight": rng.choice([0, 0.5, 1])}),
            ("click", {"item": item, "words": ["x"]}),
            ("block", {"target": peer}),
            ("unblock", {"target": peer}),
        ]
        method, params = rng.choice(what)
        if not self.node.lazy:
            with suppress(Refused):  # not known, or just being shared
                ask(method, **params)

    def tick(self) -> None:
        self.node.world.run(2)

    def reads_wait(self) -> None:
        """The disk is slow, or has caught up: then what waited is read, perhaps a part of it."""
        self.slow = not self.slow
        while self.reads and not self.slow:
            self.perform(self.reads.pop(0))

    def commits_wait(self) -> None:
        if self.node.lazy:
            self.node.release()
        else:
            self.node.lazy = True

    def die(self) -> None:
        """The process is no more; what it has ordered of the store is done."""
        for effect in self.node.held:
            if hasattr(effect, "writes"):
                for write in effect.writes:
                    self.node.store.write(write, self.node.world.now)
        self.node.held.clear()
        self.node.lazy = self.slow = False
        self.reads.clear()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 40), st.integers(0, 25))
def test_a_start_from_a_checkpoint_is_one_from_the_store(seed: int, before: int, after: int):
    history = History(seed)
    for _ in range(before):
        history.step()
    kept = checkpoint(history.node)
    for _ in range(after):
        history.step()
    history.die()
    node = history.node
    start(node, None)
    expected = contents(node.peer), answers(node)
    start(node, kept)
    assert contents(node.peer) == expected[0]
    assert answers(node) == expected[1]
    again = checkpoint(node)
    start(node, again)
    assert contents(node.peer) == expected[0]


def test_what_was_stored_just_after_is_not_lost():
    node, scribe = World().node("ada"), Scribe(1)
    heard_by(node, [scribe.says(rates("t:1"))])
    kept = checkpoint(node)
    heard_by(node, [scribe.says(rates("t:2"))])
    start(node, kept)
    assert set(node.edges(scribe.author)) == {"t:1", "t:2"}
    late = replace(kept, feeds=stored(node))  # as if it had been made one bundle later
    start(node, late)
    assert set(node.edges(scribe.author)) == {"t:1"}


def test_only_whoever_changed_is_read_again():
    node = World().node("ada")
    scribes = [Scribe(n) for n in range(5)]
    heard_by(node, [scribe.says(rates("t:1")) for scribe in scribes])
    kept = checkpoint(node)
    heard_by(node, [scribes[3].says(rates("t:2"))])
    given_back = saved(node, kept)
    asked: list[AuthorKey] = []

    def claims(authors: Any) -> Any:
        asked.extend(authors)
        return given_back.claims(authors)

    node.peer = build(
        node.config, node.store.remembered(), rng=Random(1), verify=MEMO.of("ada"),
        new_seed=node._new_seed, now=node.world.now, saved=replace(given_back, claims=claims),
    )  # fmt: skip
    assert asked == [node.author, scribes[3].author]
    assert all(node.edges(scribe.author) for scribe in scribes)


def test_what_only_the_moment_kept_is_gone_with_it():
    """Edges of bundles that a quota has cut, and an author who was about to be made anew."""
    node, cut, voided = World().node("ada"), Scribe(1), Scribe(2)
    for scribe in (cut, voided):
        heard_by(node, [scribe.says(rates(f"t:{n}")) for n in range(5)])
    [feed] = node.state.feeds.feeds_of(cut.author)
    node.orders(gossip.Accepted(0, (), (), node.state.feeds.set_quota(feed, 2)))
    node.perform = lambda _effect: None  # type: ignore[method-assign]
    node.log.clear()
    heard_by(node, [voided.says(Retract(5))])
    for effect in node.effects(StoreBundles):
        node.store.keep(effect, node.world.now)
    assert len(node.edges(cut.author)) == len(node.edges(voided.author)) == 5
    assert node.peer.unlike_store == [cut.author, voided.author]
    start(node, checkpoint(node))
    assert set(node.edges(cut.author)) == {"t:3", "t:4"}
    assert set(node.edges(voided.author)) == {"t:0", "t:1", "t:2", "t:3"}
    assert node.peer.unlike_store == []


def test_a_stranger_who_was_cut_is_whole_once_she_is_vouched_for():
    small = GraphConfig(bytes_max=4 * 2**20, edges_per_author_max=5)
    node, scribe = World().node("ada"), Scribe(1)
    node.config = replace(node.config, graph=small)
    start(node, None)
    heard_by(node, [scribe.says(*(rates(f"t:{n}") for n in range(9)))])
    assert len(node.edges(scribe.author)) == 5
    kept = checkpoint(node)
    node.ask("trust", peer=scribe.author.hex(), weight=1)
    start(node, kept)
    assert len(node.edges(scribe.author)) == 9


# ------------------------------------------------------------------------------ what does not fit
def refusal(node: Node, kept: Kept, config: PeerConfig | None = None) -> str:
    with pytest.raises(CheckpointError) as refused:
        start(node, kept, config)
    return str(refused.value)


@pytest.fixture
def told():
    """Ada's node and a checkpoint with something in every part."""
    history = History(1)
    scribe = history.scribes[0]
    for device in DEVICES:
        heard_by(history.node, [scribe.says(rates("t:1"), device=device) for _ in range(2)])
    for claim in (Vouch(history.scribes[1].author, 50), Click(("x",), "t:1", 0), Endpoint(("/a",))):
        heard_by(history.node, [scribe.says(claim, lane=type(claim).lane)])
    heard_by(history.node, [scribe.says(Retract(1), ItemInfo("t:1", "x", ("rock",)))])
    return history.node, checkpoint(history.node)


def test_other_networks_limits_and_layouts_are_refused(told, monkeypatch: pytest.MonkeyPatch):
    node, kept = told
    config = node.config
    assert "network" in refusal(node, kept, replace(config, network=b"other"))
    for size in (2, 8):
        graph = GraphConfig(bytes_max=size * 2**20)
        assert "limits" in refusal(node, kept, replace(config, graph=graph))
    monkeypatch.setattr(checkpoint_module, "LAYOUT", 99)
    assert "layout" in refusal(node, kept)


def test_a_part_that_is_missing_cut_or_of_another_kind_is_refused(told):
    node, kept = told
    assert all(len(part) for part in kept.parts.values())
    for name, part in kept.parts.items():
        for bad in (None, part[:-1], memoryview(b"\xc1" * 7)):
            parts = {n: p for n, p in kept.parts.items() if n != name}
            if bad is not None:
                parts[name] = bad
            assert refusal(node, replace(kept, parts=parts)), name


def test_rows_that_nobody_has_are_refused(told):
    node, kept = told
    order = memoryview(bytes(8))
    assert "place" in refusal(node, replace(kept, parts=kept.parts | {"vouch_order": order}))
    clicks = memoryview(b"\xff" * 12)
    assert "clicks" in refusal(node, replace(kept, parts=kept.parts | {"click_author": clicks}))
    about = msgspec.msgpack.decode(kept.parts["about"])
    about["byteorder"] = "middle"
    parts = kept.parts | {"about": memoryview(msgspec.msgpack.encode(about))}
    assert "byteorder" in refusal(node, replace(kept, parts=parts))
