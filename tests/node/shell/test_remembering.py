"""What a peer is rebuilt from is what its store holds, each row in its place."""

from pathlib import Path

from node.core.dialing import KnownAddress
from node.core.persons import ClickFact, Fact, SharePolicy, VouchFact
from node.identity import author_key
from node.shell.remembering import remembered
from node.store.rows import (
    ClickRow,
    FactRow,
    PeerRow,
    PersonRow,
    ShownRow,
    VouchRow,
)
from node.store.rows import (
    LedgerRow as LedgerStored,
)
from node.store.store import Store
from protocol.bundle import Bundle, sign_bundle
from protocol.claims import Interaction, InteractionKind, decode_claims
from protocol.ids import NO_BUNDLE, AuthorKey, DeviceId, FeedId, Lane
from protocol.signing import Signer
from trust.earned import Showing
from trust.ledger import LedgerRow

NOW = 1_760_000_000
OWNER, GUEST = b"o" * 32, b"g" * 32
OLD, NEW = DeviceId(b"device-1"), DeviceId(b"device-2")
SOMEBODY = AuthorKey(b"s" * 32)


def chain(seed: bytes, device: DeviceId, first: int, count: int) -> list[Bundle]:
    signer = Signer(seed)
    feed = FeedId(signer.public_key, device, Lane.TASTE)
    bundles: list[Bundle] = []
    prev = NO_BUNDLE
    for seq in range(first, first + count):
        said = [Interaction(f"text:{seq}", InteractionKind.LIKE, 60, 20_000)]
        bundle = sign_bundle(signer, feed, said, network=b"n", seq=seq, time=NOW, prev=prev)
        bundles.append(bundle)
        prev = bundle.id
    return bundles


def test_people_with_everything_they_have_said(tmp_path: Path):
    with Store.open(tmp_path / "store") as store:
        store.add_person(PersonRow("me", author_key(OWNER), OLD, taste=True, clicks=True))
        store.add_person(PersonRow("guest", author_key(GUEST), NEW, GUEST, vouches=True))
        store.upsert_facts("me", [FactRow("x:1", "RATE", -40, 9, "One", ("a", "b"), 3)])
        store.put_vouch("guest", VouchRow(SOMEBODY, -20, None))
        store.put_click("me", ClickRow(("two", "words"), "x:1", 4, 5))
        store.keep_shown(
            "guest", [ShownRow("x:2", 7, ((SOMEBODY, 60),), 100), ShownRow("x:1", 8, ())]
        )
        me, guest = remembered(store, OWNER).persons
    assert (me.name, me.seed, me.device) == ("me", OWNER, OLD)
    assert (guest.name, guest.seed, guest.device) == ("guest", GUEST, NEW)
    assert me.policy == SharePolicy(taste=True, clicks=True)
    assert guest.policy == SharePolicy(vouches=True)
    assert me.facts == {"x:1": Fact("RATE", -40, 9, "One", ("a", "b"), 3)}
    assert me.clicks == {(("two", "words"), "x:1"): ClickFact(4, 5)}
    assert guest.vouches == {SOMEBODY: VouchFact(-20, None)}
    assert guest.shown == (
        ("x:2", Showing(7, ((SOMEBODY, 60),), 100)),
        ("x:1", Showing(8, (), None)),
    )
    assert me.shown == ()
    assert (me.vouches, guest.facts, guest.clicks) == ({}, {}, {})


def test_writers_go_on_behind_their_heads_and_a_new_device_above_all_old_ones(tmp_path: Path):
    bundles = chain(OWNER, OLD, 1, 5)
    with Store.open(tmp_path / "store") as store:
        store.add_person(PersonRow("me", author_key(OWNER), OLD))
        store.add_own_bundles(bundles, seen=NOW)
        store.void_bundles(bundles[0].feed, [2])
        taste = next(w for w in remembered(store, OWNER).persons[0].writers if w.lane is Lane.TASTE)
        assert (taste.seq, taste.prev, taste.voids) == (5, bundles[-1].id, (2,))
        store._execute("UPDATE persons SET device = ?", (NEW,))  # as a restored backup does
        writers = {w.lane: w for w in remembered(store, OWNER).persons[0].writers}
    assert (writers[Lane.TASTE].seq, writers[Lane.TASTE].prev) == (5, NO_BUNDLE)
    assert writers.keys() == set(Lane)
    assert {w.seq for lane, w in writers.items() if lane is not Lane.TASTE} == {0}


def test_feeds_and_claims_in_the_order_in_which_they_came(tmp_path: Path):
    mine, theirs = chain(OWNER, OLD, 1, 3), chain(GUEST, OLD, 1, 3)
    with Store.open(tmp_path / "store") as store:
        store.add_person(PersonRow("me", author_key(OWNER), OLD))
        for pair in zip(mine, theirs, strict=True):
            store.add_bundles(pair, seen=NOW)
        known = remembered(store, OWNER)
        claims = list(known.claims)
        assert {record.feed for record in known.feeds} == {mine[0].feed, theirs[0].feed}
    came = [bundle for pair in zip(mine, theirs, strict=True) for bundle in pair]
    assert [row[:2] for row in claims] == [(bundle.feed, bundle.seq) for bundle in came]
    assert [decode_claims(row[2], Lane.TASTE) for row in claims] == [b.claims() for b in came]
    assert {row[3] for row in claims} == {NOW}


def test_policy_peers_and_proofs(tmp_path: Path):
    with Store.open(tmp_path / "store") as store:
        store.add_person(PersonRow("me", author_key(OWNER), OLD))
        store.put_equivocation(SOMEBODY, b"proof", seen=NOW)
        store.set_author_blocked(AuthorKey(b"b" * 32), True)
        store.set_item_blocked("x:9", True)
        store.set_author_allowed(AuthorKey(b"a" * 32), True)
        store.put_ledger([LedgerStored("peer", 3.5, 7.0, 9.0)])
        store.replace_peers([PeerRow("/ip4/1.2.3.4/tcp/5/p2p/x", "x", 11, 2, 0.0, True)])
        known = remembered(store, OWNER)
    assert known.proofs == ((SOMEBODY, b"proof"),)
    assert known.blocked_authors == (b"b" * 32,)
    assert known.blocked_items == ("x:9",)
    assert known.allowed == (b"a" * 32,)
    assert known.ledger == (LedgerRow("peer", 3.5, 7.0, 9.0),)
    assert known.addresses == (KnownAddress("/ip4/1.2.3.4/tcp/5/p2p/x", "x", 11, 2, True),)
