"""A backup is whole and private, and who comes back from one never contradicts herself."""

import stat
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.identity import author_key, create_seed, new_device, read_seed
from node.paths import DataPaths, data_paths, prepare
from node.store.backup import (
    BackupDamaged,
    BackupMissing,
    BackupRefused,
    BackupSummary,
    restore,
    verify,
)
from node.store.checkpoint_file import write_checkpoint
from node.store.errors import SchemaTooNew
from node.store.lock import DirectoryLock, LockedError
from node.store.migrations import STEPS, schema_version
from node.store.rows import ClickRow, FactRow, PersonRow, VouchRow
from node.store.store import Store
from protocol.author import FeedWriter
from protocol.bundle import Bundle
from protocol.claims import Interaction, InteractionKind
from protocol.ids import AuthorKey, FeedId, Lane
from protocol.signing import Signer

NOW = 1_760_000_000
GUEST_SEED = bytes([7]) * 32


def make_node(root: Path) -> DataPaths:
    """A node with an owner, a guest, and a shared fact of each kind."""
    paths = data_paths(root, environ={})
    prepare(paths)
    owner = create_seed(paths.author_key)
    with Store.open(paths.store) as store:
        store.add_person(PersonRow("owner", author_key(owner), new_device(), taste=True))
        store.add_person(PersonRow("guest", author_key(GUEST_SEED), new_device(), GUEST_SEED))
        store.upsert_facts("owner", [FactRow("ml:movie:1", "LIKE", 80, 20_000, "Film", (), 1)])
        store.put_vouch("owner", VouchRow(author_key(GUEST_SEED), 50, 1))
        store.put_click("guest", ClickRow(("film",), "ml:movie:1", 0, 1))
    return paths


def back_up(paths: DataPaths, destination: Path) -> None:
    with Store.open(paths.store) as store:
        store.backup(destination, read_seed(paths.author_key))


@pytest.fixture
def node(tmp_path: Path) -> DataPaths:
    return make_node(tmp_path / "node")


@pytest.fixture
def backup(node: DataPaths, tmp_path: Path) -> Path:
    destination = tmp_path / "backup.grapevine"
    back_up(node, destination)
    return destination


def test_a_backup_is_one_private_file_that_verifies(backup: Path):
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert verify(backup) == BackupSummary(schema_version(), ("owner", "guest"), facts=1, bundles=0)
    assert sorted(f.name for f in backup.parent.iterdir()) == ["backup.grapevine", "node"]


def test_the_live_store_holds_no_owner_key(node: DataPaths, backup: Path):
    seed = read_seed(node.author_key)
    assert seed not in node.store.read_bytes()
    assert seed in backup.read_bytes()


def test_a_backup_never_overwrites(node: DataPaths, backup: Path):
    before = backup.read_bytes()
    with pytest.raises(BackupRefused, match="exists"):
        back_up(node, backup)
    assert backup.read_bytes() == before


def test_a_backup_that_cannot_be_written_says_where(node: DataPaths, tmp_path: Path):
    with pytest.raises(BackupRefused, match="nowhere") as raised:
        back_up(node, tmp_path / "nowhere" / "backup")
    assert "another directory" in raised.value.hint
    back_up(node, tmp_path / "backup")


def test_only_the_owners_key_goes_in(node: DataPaths, tmp_path: Path):
    with Store.open(node.store) as store, pytest.raises(BackupRefused, match="not the key"):
        store.backup(tmp_path / "other", GUEST_SEED)
    assert not (tmp_path / "other").exists()


def test_a_restored_node_is_the_same_people_on_new_devices(
    node: DataPaths, backup: Path, tmp_path: Path
):
    paths = data_paths(tmp_path / "again", environ={})
    assert restore(backup, paths, now=NOW).persons == ("owner", "guest")
    assert read_seed(paths.author_key) == read_seed(node.author_key)
    with Store.open(node.store) as old, Store.open(paths.store) as new:
        for before, after in zip(old.persons(), new.persons(), strict=True):
            assert after == before._replace(device=after.device)
            assert after.device != before.device
        assert new.facts("owner") == [f._replace(seq=None) for f in old.facts("owner")]
        assert new.vouches("owner") == [v._replace(seq=None) for v in old.vouches("owner")]
        assert new.clicks("guest") == [c._replace(seq=None) for c in old.clicks("guest")]
        assert new.setting("restored_at") == str(NOW).encode()
    assert read_seed(node.author_key) not in paths.store.read_bytes()


def test_restore_refuses_a_directory_in_use(node: DataPaths, backup: Path, tmp_path: Path):
    with pytest.raises(BackupRefused, match="holds a node"):
        restore(backup, node, now=NOW)
    other = data_paths(tmp_path / "other", environ={})
    prepare(other)
    create_seed(other.author_key)
    with pytest.raises(BackupRefused, match="somebody else"):
        restore(backup, other, now=NOW)
    with DirectoryLock(other.lock, now=NOW), pytest.raises(LockedError):
        restore(backup, other, now=NOW)
    assert not other.store.exists()


def test_an_interrupted_restore_is_run_again(backup: Path, tmp_path: Path):
    paths = data_paths(tmp_path / "again", environ={})

    def failing(count: int) -> bytes:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        restore(backup, paths, now=NOW, entropy=failing)
    assert not paths.store.exists()
    restore(backup, paths, now=NOW)
    assert sorted(f.name for f in paths.root.iterdir()) == [
        "author.key",
        "lock",
        "logs",
        "rejects",
        "run",
        "store.sqlite",
    ]


def test_what_is_no_backup_is_refused(node: DataPaths, backup: Path, tmp_path: Path):
    whole = backup.read_bytes()
    cases = {
        "empty": b"",
        "text": b"no backup at all" * 100,
        "half": whole[: len(whole) // 2],
        "live": node.store.read_bytes(),
        "scribbled": whole[:8192] + b"\xff" * 8192 + whole[16384:],
    }
    paths = data_paths(tmp_path / "again", environ={})
    for name, content in cases.items():
        file = tmp_path / name
        file.write_bytes(content)
        with pytest.raises(BackupDamaged, match=name) as raised:
            restore(file, paths, now=NOW)
        assert raised.value.exit_code == 13
    with pytest.raises(BackupMissing, match="missing") as raised_too:
        verify(tmp_path / "missing")
    assert raised_too.value.exit_code == 4
    assert not paths.store.exists()


def test_an_older_backup_is_migrated_and_a_newer_one_refused(backup: Path, tmp_path: Path):
    added = "ALTER TABLE persons ADD COLUMN note TEXT NOT NULL DEFAULT ''"
    steps = {**STEPS, schema_version(): added}
    paths = data_paths(tmp_path / "newer", environ={})
    restore(backup, paths, now=NOW, steps=steps)
    newer = tmp_path / "newer.grapevine"
    with Store.open(paths.store, steps=steps) as store:
        store.backup(newer, read_seed(paths.author_key))
    with pytest.raises(SchemaTooNew):
        verify(newer)


def test_no_checkpoint_is_in_a_backup_or_fits_what_comes_of_it(tmp_path: Path):
    paths, file = data_paths(tmp_path / "node", environ={}), tmp_path / "a.grapevine"
    prepare(paths)
    seed = create_seed(paths.author_key)
    with Store.open(paths.store) as store:
        store.add_person(PersonRow("owner", author_key(seed), new_device()))
        mark = store.begin_checkpoint(b"t" * 16)
        store.finish_checkpoint(mark)
        store.backup(file, seed)
        assert store.changed_since(mark) == []
    write_checkpoint(paths.checkpoint, mark, {"canary": [b"canary of the checkpoint"]})
    assert b"canary" not in file.read_bytes()
    paths.store.unlink()
    restore(file, paths, now=NOW)
    assert not paths.checkpoint.exists()
    with Store.open(paths.store) as store:
        assert store.changed_since(mark) is None


def publish(paths: DataPaths, rng: Random) -> list[Bundle]:
    """What a node does between two starts: resume every writer, sign a few bundles, store them."""
    published: list[Bundle] = []
    with Store.open(paths.store) as store:
        for person in store.persons():
            signer = Signer(person.seed or read_seed(paths.author_key))
            for lane in (Lane.TASTE, Lane.CLICKS):
                writer = FeedWriter(signer, b"test", person.device, lane)
                feed = FeedId(AuthorKey(signer.public_key), person.device, lane)
                writer.resume(*store.writer_state(feed))
                claim = Interaction("text:x", InteractionKind.LIKE, 60, 20_000)
                said = [claim] if lane is Lane.TASTE else []
                bundles = [writer.write(said, time=NOW) for _ in range(rng.randint(0, 3))]
                store.add_own_bundles(bundles, seen=NOW)
                published += bundles
    return published


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32))
def test_no_restore_point_ever_equivocates(tmp_path_factory: pytest.TempPathFactory, seed: int):
    """Copies restored at random moments all go on publishing beside the original."""
    rng = Random(seed)
    base = tmp_path_factory.mktemp("restores")
    nodes = [make_node(base / "0")]
    published: list[Bundle] = []
    for turn in range(8):
        speaker = rng.choice(nodes)
        published += publish(speaker, rng)
        if rng.random() < 0.5:
            copy = base / f"backup-{turn}"
            back_up(rng.choice(nodes), copy)
            nodes.append(data_paths(base / f"{turn + 1}", environ={}))
            restore(copy, nodes[-1], now=NOW)
    for paths in nodes:
        published += publish(paths, rng)
    places = Counter((bundle.feed, bundle.seq) for bundle in published)
    chains = Counter((bundle.feed, bundle.header.prev) for bundle in published)
    assert max(places.values(), default=1) == 1
    assert max(chains.values(), default=1) == 1


@pytest.mark.parametrize("place", ["nowhere/x.backup", "node/store.sqlite/x.backup"])
def test_a_place_that_cannot_be_written_is_refused_by_name(
    node: DataPaths, tmp_path: Path, place: str
):
    with pytest.raises(BackupRefused, match="cannot write"):
        back_up(node, tmp_path / place)
    with Store.open(node.store) as store:
        assert len(store.persons()) == 2
