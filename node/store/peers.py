"""Whom to dial, whom to let in, whom to keep out, and the node's own small settings."""

from collections.abc import Sequence

from node.store.database import Database
from node.store.rows import LedgerRow, PeerRow
from protocol.ids import AuthorKey

ADDRESSES_MAX = 4096
"""Peer addresses kept; the caller decides which, more than this is a bug of its own."""

LEDGER_MAX = 4096
"""Penalty scores kept; the most recently updated ones stay."""

POLICY_MAX = 65_536
"""Entries in each of the block and allow lists; one more is refused with `ValueError`."""


class PeerTables(Database):
    """Tables `peers`, `ledger`, `blocked_*`, `allowed_authors`, `settings`."""

    def replace_peers(self, peers: Sequence[PeerRow]) -> None:
        """Remember exactly these addresses (relaxed: they can be learnt again)."""
        if len(peers) > ADDRESSES_MAX:
            raise ValueError(f"{len(peers)} peer addresses, at most {ADDRESSES_MAX} are kept")
        with self.transaction(durable=False):
            self._execute("DELETE FROM peers")
            self._executemany("INSERT INTO peers VALUES (?, ?, ?, ?, ?, ?)", peers)

    def peers(self) -> list[PeerRow]:
        """The remembered addresses, anchors first, then by last answer."""
        rows = self._rows(
            "SELECT address, peer_id, last_ok, failures, score, anchor FROM peers"
            " ORDER BY anchor DESC, last_ok DESC, address"
        )
        return [
            PeerRow(address, peer_id, last_ok, failures, score, bool(anchor))
            for address, peer_id, last_ok, failures, score, anchor in rows
        ]

    def put_ledger(self, rows: Sequence[LedgerRow]) -> None:
        """Keep or replace peers' penalty scores (relaxed)."""
        with self.transaction(durable=False):
            self._executemany("INSERT OR REPLACE INTO ledger VALUES (?, ?, ?, ?)", rows)
            self._execute(
                "DELETE FROM ledger WHERE peer_id NOT IN"
                " (SELECT peer_id FROM ledger ORDER BY updated DESC LIMIT ?)",
                (LEDGER_MAX,),
            )

    def ledger(self) -> list[LedgerRow]:
        """All penalty scores kept."""
        sql = "SELECT peer_id, points, updated, banned_until FROM ledger"
        return [LedgerRow(*row) for row in self._rows(sql)]

    def set_author_blocked(self, author: AuthorKey, blocked: bool) -> None:
        """Block or unblock an author (durable)."""
        self._set_listed("blocked_authors", "author", author, blocked)

    def set_item_blocked(self, item: str, blocked: bool) -> None:
        """Block or unblock an item (durable)."""
        self._set_listed("blocked_items", "item", item, blocked)

    def set_author_allowed(self, author: AuthorKey, allowed: bool) -> None:
        """Let an author query this node over the network, or no longer (durable)."""
        self._set_listed("allowed_authors", "author", author, allowed)

    def blocked_authors(self) -> list[AuthorKey]:
        """Authors that the owner wants to hear nothing of."""
        return [AuthorKey(row[0]) for row in self._rows("SELECT author FROM blocked_authors")]

    def blocked_items(self) -> list[str]:
        """Items never to be recommended."""
        return [row[0] for row in self._rows("SELECT item FROM blocked_items")]

    def allowed_authors(self) -> list[AuthorKey]:
        """Authors who may query this node."""
        return [AuthorKey(row[0]) for row in self._rows("SELECT author FROM allowed_authors")]

    def _set_listed(self, table: str, column: str, value: str | bytes, listed: bool) -> None:
        with self.transaction(durable=True):
            if not listed:
                self._execute(f"DELETE FROM {table} WHERE {column} = ?", (value,))
                return
            count = self._row(f"SELECT count(*) FROM {table}")
            if count is not None and count[0] >= POLICY_MAX:
                raise ValueError(f"{table} is full ({POLICY_MAX} entries)")
            self._execute(f"INSERT OR IGNORE INTO {table} VALUES (?)", (value,))

    def set_setting(self, key: str, value: bytes | None) -> None:
        """Keep a small value under a name; None removes it (durable)."""
        with self.transaction(durable=True):
            if value is None:
                self._execute("DELETE FROM settings WHERE key = ?", (key,))
            else:
                self._execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (key, value))

    def setting(self, key: str) -> bytes | None:
        """The value kept under a name."""
        row = self._row("SELECT value FROM settings WHERE key = ?", (key,))
        return row[0] if row else None
