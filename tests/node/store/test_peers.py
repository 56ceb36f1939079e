"""Addresses, scores, lists and settings survive, within their caps."""

from pathlib import Path

import pytest

from node.store import peers as peers_module
from node.store.rows import LedgerRow, PeerRow
from node.store.store import Store
from protocol.ids import AuthorKey

EVE = AuthorKey(bytes([5]) * 32)


def test_addresses_are_replaced_as_a_whole(store: Store):
    rows = [PeerRow("/ip4/1.2.3.4/tcp/1", "12D3", 7, 2, -1.5, True), PeerRow("/dns4/b/tcp/2")]
    store.replace_peers([PeerRow("/dns4/old/tcp/1")])
    store.replace_peers(rows)
    assert store.peers() == rows
    with pytest.raises(ValueError, match="4096"):
        store.replace_peers([PeerRow(f"/dns4/h{n}/tcp/1") for n in range(4097)])
    assert store.peers() == rows


def test_the_ledger_keeps_the_latest(store: Store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(peers_module, "LEDGER_MAX", 2)
    store.put_ledger([LedgerRow("a", -1.0, 10), LedgerRow("b", -2.0, 20)])
    store.put_ledger([LedgerRow("a", -3.0, 30), LedgerRow("c", -4.0, 25)])
    assert sorted(store.ledger()) == [LedgerRow("a", -3.0, 30), LedgerRow("c", -4.0, 25)]


def test_lists_survive_a_restart(store: Store, path: Path):
    for _ in range(2):
        store.set_author_blocked(EVE, True)
        store.set_item_blocked("ml:movie:1", True)
        store.set_author_allowed(EVE, True)
    store.close()
    with Store.open(path) as again:
        assert again.blocked_authors() == again.allowed_authors() == [EVE]
        assert again.blocked_items() == ["ml:movie:1"]
        again.set_author_blocked(EVE, False)
        again.set_item_blocked("ml:movie:1", False)
        again.set_author_allowed(EVE, False)
        assert again.blocked_authors() == again.allowed_authors() == again.blocked_items() == []


def test_lists_are_bounded(store: Store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(peers_module, "POLICY_MAX", 1)
    store.set_item_blocked("a", True)
    with pytest.raises(ValueError, match="full"):
        store.set_item_blocked("b", True)
    assert store.blocked_items() == ["a"]


def test_settings(store: Store):
    assert store.setting("key") is None
    store.set_setting("key", b"value")
    assert store.setting("key") == b"value"
    store.set_setting("key", None)
    assert store.setting("key") is None
