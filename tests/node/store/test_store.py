"""The file is whole, ours and private, or it is refused by name; a failed write leaves no trace."""

import stat
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from node.identity import author_key
from node.store import migrations
from node.store.errors import SchemaTooNew, StoreDamaged, StoreError, StoreFull
from node.store.migrations import schema_version
from node.store.rows import FactRow, PersonRow
from node.store.store import Store
from protocol.bundle import Bundle
from protocol.ids import DeviceId

NOW = 1_760_000_000
ADA = PersonRow("ada", author_key(bytes([1]) * 32), DeviceId(b"device-a"))
MakeFeed = Callable[..., list[Bundle]]


def filled(path: Path, bundles: list[Bundle]) -> None:
    with Store.open(path) as store:
        store.add_person(ADA)
        store.add_bundles(bundles, seen=NOW)


def test_the_files_are_private(store: Store, path: Path, make_feed: MakeFeed):
    store.add_bundles(make_feed(3), seen=NOW)
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert store.bytes_on_disk() >= path.stat().st_size


def test_closing_leaves_one_file_and_may_be_repeated(store: Store, path: Path):
    store.close()
    store.close()
    assert list(path.parent.iterdir()) == [path]


def test_a_transaction_is_all_or_nothing(store: Store, make_feed: MakeFeed):
    store.add_person(ADA)
    feed = make_feed(2)

    def fail_half_way() -> None:
        with store.transaction(durable=True):
            store.add_own_bundles(feed, seen=NOW)
            store.upsert_facts("ada", [FactRow("x:1", "LIKE", 1, 1)])
            raise KeyError

    with pytest.raises(KeyError):
        fail_half_way()
    assert not list(store.feed_records())
    assert store.facts("ada") == []
    with store.transaction(durable=True):
        store.add_own_bundles(feed, seen=NOW)
        store.void_bundles(feed[0].feed, [1])
    assert next(store.feed_records()).voided == (1,)


def test_a_durable_write_cannot_hide_in_a_relaxed_transaction(store: Store, make_feed: MakeFeed):
    with pytest.raises(ValueError, match="durable"), store.transaction(durable=False):
        store.add_own_bundles(make_feed(1), seen=NOW)
    assert not list(store.feed_records())


# ---------------------------------------------------------------------------------------- damage

DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda whole: b"",
    "short": lambda whole: whole[:50],
    "garbage": lambda whole: b"\xa5" * len(whole),
    "another program's": lambda whole: b"SQLite format 3\0" + bytes(len(whole)),
    "cut in the middle": lambda whole: whole[: len(whole) // 2],
    "cut by one byte": lambda whole: whole[:-1],
    "overwritten inside": lambda whole: whole[:8192] + b"\xff" * (len(whole) - 8192),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_store_is_refused_and_left_alone(
    path: Path, make_feed: MakeFeed, damage: Callable[[bytes], bytes]
):
    filled(path, make_feed(200))
    damaged = damage(path.read_bytes())
    path.write_bytes(damaged)
    with pytest.raises(StoreDamaged, match=r"store\.sqlite") as raised:
        Store.open(path)
    assert raised.value.exit_code == 13
    assert "grapevine backup restore" in raised.value.hint
    assert path.read_bytes() == damaged


def test_a_foreign_database_is_refused(path: Path):
    apsw.Connection(str(path)).execute("CREATE TABLE theirs (x)")
    with pytest.raises(StoreDamaged, match="not written by Grapevine"):
        Store.open(path)


def test_after_an_unclean_end_the_whole_file_is_checked(path: Path, make_feed: MakeFeed):
    filled(path, make_feed(200))
    raw = apsw.Connection(str(path))
    raw.execute("UPDATE settings SET value = x'30' WHERE key = 'clean_shutdown'")
    root = raw.execute(
        "SELECT rootpage FROM sqlite_schema WHERE name = 'bundles_by_seq'"
    ).fetchall()
    raw.close()
    content = bytearray(path.read_bytes())
    place = (root[0][0] - 1) * 8192
    content[place + 8 : place + 40] = b"\xff" * 32
    path.write_bytes(content)
    with pytest.raises(StoreDamaged):
        Store.open(path)


def test_a_missing_directory_is_named(tmp_path: Path):
    with pytest.raises(StoreError, match="nowhere"):
        Store.open(tmp_path / "nowhere" / "store.sqlite")


# ------------------------------------------------------------------------------------- migrations

NEXT = schema_version()
STEPS = {
    **migrations.STEPS,
    NEXT: "ALTER TABLE persons ADD COLUMN note TEXT NOT NULL DEFAULT ''",
    NEXT + 1: "CREATE TABLE n (x)",
}


def test_an_older_store_is_brought_up_to_date_with_a_way_back(path: Path, make_feed: MakeFeed):
    feed = make_feed(3)
    filled(path, feed)
    with Store.open(path, steps=STEPS) as store:
        assert store.persons() == [ADA]
        assert len(next(store.feed_records()).held) == 3
    old = path.with_name(f"store.sqlite.v{NEXT}.backup")
    assert stat.S_IMODE(old.stat().st_mode) == 0o600
    old.replace(path)
    with Store.open(path) as store:
        assert store.persons() == [ADA]


def test_a_failing_step_leaves_the_old_store(path: Path, make_feed: MakeFeed):
    filled(path, make_feed(1))
    with pytest.raises(apsw.SQLError):
        Store.open(path, steps={**STEPS, NEXT + 1: "NONSENSE"})
    with Store.open(path) as store:
        assert store.persons() == [ADA]


def test_a_newer_store_is_refused_and_left_alone(path: Path, make_feed: MakeFeed):
    filled(path, make_feed(1))
    Store.open(path, steps=STEPS).close()
    before = path.read_bytes()
    with pytest.raises(SchemaTooNew, match=f"schema {NEXT + 2}") as raised:
        Store.open(path)
    assert raised.value.exit_code == 9
    assert path.read_bytes() == before


# -------------------------------------------------------------------------------------- disk full


def test_a_full_disk_is_said_and_loses_nothing(store: Store, path: Path, make_feed: MakeFeed):
    feed = make_feed(600, claims=8)
    store.add_own_bundles(feed[:100], seen=NOW)
    pages = store._connection.pragma("page_count")
    store._connection.pragma("max_page_count", pages + 4)
    with pytest.raises(StoreFull) as raised:
        store.add_own_bundles(feed[100:], seen=NOW)
    assert "go" in raised.value.hint
    assert len(next(store.feed_records()).held) == 100
    store._connection.pragma("max_page_count", 2**30)
    store.add_own_bundles(feed[100:], seen=NOW)
    store.close()
    with Store.open(path) as again:
        assert len(next(again.feed_records()).held) == 600


class _FailingFile(apsw.VFSFile):
    """Fails the n-th write to any file, and every one after it, as a full disk does."""

    left = 0

    def __init__(self, inherit: str, name: object, flags: list[int]) -> None:
        super().__init__(inherit, name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:
        if _FailingFile.left <= 0:
            raise apsw.FullError("no room")
        _FailingFile.left -= 1
        super().xWrite(data, offset)


class _FailingDisk(apsw.VFS):
    def __init__(self) -> None:
        super().__init__("failing", "")
        self._default = apsw.vfs_names()[0]

    def xOpen(self, name: object, flags: list[int]) -> _FailingFile:
        return _FailingFile("", name, flags)


def test_no_room_at_any_write_loses_nothing(
    path: Path, make_feed: MakeFeed, monkeypatch: pytest.MonkeyPatch
):
    """Let the disk be full from the 0th, 1st, 2nd... write on; what was acknowledged is there."""
    disk = _FailingDisk()
    feed = make_feed(400)
    original = apsw.Connection
    monkeypatch.setattr(apsw, "Connection", lambda *a, **k: original(*a, **{**k, "vfs": "failing"}))
    _FailingFile.left = 10**9
    Store.open(path).close()
    acknowledged = 0
    for room in range(60):
        _FailingFile.left = room
        try:
            with Store.open(path) as store:
                while acknowledged < len(feed):
                    store.add_own_bundles(feed[acknowledged : acknowledged + 1], seen=NOW)
                    acknowledged += 1
        except StoreError:
            pass
        _FailingFile.left = 10**9
        with Store.open(path) as store:
            held = [seq for record in store.feed_records() for seq, _ in record.held]
            # A write whose acknowledgement failed may be there: never fewer, at most one more.
            assert held[:acknowledged] == list(range(1, acknowledged + 1))
            assert len(held) <= acknowledged + 1
            acknowledged = len(held)
    assert acknowledged > 20
    del disk
