"""Feeds: signed bundles as they were received, in the order in which they were first seen."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter

import msgspec

from node.store.database import Database, Row
from node.store.errors import translated
from node.store.rows import StoredClaims, WriterState
from protocol.bundle import VERSION, Bundle
from protocol.claims import ItemInfo
from protocol.feedtable import DroppedMark, FeedRecord
from protocol.ids import NO_BUNDLE, AuthorKey, BundleId, DeviceId, FeedId, Lane
from protocol.limits import VOID_MARKS_MAX

REPLAY_BATCH = 512
"""Bundles handed out at a time by `replay`: about 1.3 MB."""

FEEDS_BATCH = 512
"""Feeds read at a time by `feed_records`."""

DROPPED_MAX = 65_536
"""Marks of dropped feeds; at the cap the oldest go, and such a feed may be offered anew."""

EQUIVOCATIONS_MAX = 65_536
"""Proofs kept; at the cap the oldest of an author we hold nothing of goes, else the oldest."""

_UPSERT_FEED = """
INSERT INTO feeds (author, device, lane, lo, hi, head, floor) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (author, device, lane) DO UPDATE SET
    closed = iif(?4 < lo, 0, closed), lo = min(lo, ?4),
    head = iif(?5 > hi, ?6, head), hi = max(hi, ?5), floor = max(floor, ?7)
RETURNING feed
"""

# A place already taken keeps its bytes, except that claims may arrive after their header. A body
# that a Retract or a floor has voided is never stored, whichever of the two came first.
_INSERT_BUNDLE = """
INSERT INTO bundles (feed, seq, seen, claim_count, prev, signature, header, claims)
SELECT ?1, ?2, ?3, iif(void, 0, ?4), ?5, ?6, ?7, iif(void, NULL, ?8) FROM (
    SELECT EXISTS (SELECT 1 FROM voids WHERE feed = ?1 AND seq = ?2)
        OR ?2 < (SELECT floor FROM feeds WHERE feed = ?1) AS void)
WHERE true
ON CONFLICT (feed, seq) DO UPDATE SET claims = excluded.claims, claim_count = excluded.claim_count
WHERE claims IS NULL AND excluded.claims IS NOT NULL AND header = excluded.header
"""

_VOID = "UPDATE bundles SET claims = NULL, claim_count = 0 WHERE claims IS NOT NULL AND "

# Titles go with the bundle that states them, or a forgotten item would keep its name.
_FORGET_INFO = f"""
DELETE FROM item_info WHERE (item, source) IN (
    SELECT item, source FROM feeds JOIN item_info
    ON source = author AND item_info.device = feeds.device
    WHERE feed = ? AND lane = {int(ItemInfo.lane)} AND """

_FEEDS = "SELECT feed, author, device, lane, head, floor, closed FROM feeds"
_CLAIMS = "author, device, lane, seq, seen, claims"

_LANES = tuple(Lane)

_FIXARRAY = 0x90
_ARRAY16 = 0xDC

_encode = msgspec.msgpack.Encoder().encode


class BundleTables(Database):
    """Tables `feeds`, `bundles`, `voids`, `dropped`, `equivocations`."""

    def add_bundles(self, bundles: Sequence[Bundle], *, seen: int) -> None:
        """Keep others' bundles, all in one relaxed transaction. Places already held stay.

        `seen` is now, Unix seconds. Hand in tens to hundreds at a time: a commit costs more than
        a bundle.
        """
        with self.transaction(durable=False):
            self._add(bundles, seen)

    def add_own_bundles(self, bundles: Sequence[Bundle], *, seen: int) -> None:
        """Keep bundles that we signed; they are on the disk when this returns (one fsync)."""
        with self.transaction(durable=True):
            self._add(bundles, seen)

    def _add(self, bundles: Sequence[Bundle], seen: int) -> None:
        by_feed: dict[FeedId, list[Bundle]] = {}
        for bundle in bundles:
            by_feed.setdefault(bundle.feed, []).append(bundle)
        rows: dict[FeedId, int] = {}
        for feed, own in by_feed.items():
            head = max(own, key=_seq)
            floor = max(bundle.header.floor for bundle in own)
            row = self._upsert_feed(feed, min(map(_seq, own)), head, floor)
            rows[feed] = row
        # Inserted in the order given, whatever the feed: that is the first-seen order.
        self._executemany(_INSERT_BUNDLE, (_bundle_row(rows[b.feed], seen, b) for b in bundles))

    def _upsert_feed(self, feed: FeedId, lo: int, head: Bundle, floor: int) -> int:
        bindings = (*feed, lo, head.seq, head.id, floor)
        returned: list[Row] = self._connection.execute(_UPSERT_FEED, bindings).fetchall()
        row: int = returned[0][0]
        if floor:
            self._void_below(row, floor)
        return row

    def _void_below(self, row: int, floor: int) -> None:
        self._execute(_VOID + "feed = ? AND seq < ?", (row, floor))
        self._execute(_FORGET_INFO + "item_info.seq < ?)", (row, floor))
        self._execute("DELETE FROM voids WHERE feed = ? AND seq < ?", (row, floor))

    def _feed_row(self, feed: FeedId) -> int | None:
        sql = "SELECT feed FROM feeds WHERE author = ? AND device = ? AND lane = ?"
        row = self._row(sql, feed)
        return row[0] if row else None

    def read_bundles(
        self,
        feed: FeedId,
        lo: int,
        hi: int,
        bytes_max: int,
        *,
        headers_only: bool = False,
        newest_first: bool = False,
    ) -> list[bytes]:
        """Wire forms of the held bundles with lo <= seq <= hi, ascending or from the top down.

        Stops before their sum exceeds `bytes_max`; the first is returned whatever its size, so a
        reader always gets on. Void bodies, and all with `headers_only`, come without claims.
        """
        claims = "NULL" if headers_only else "claims"
        order = "DESC" if newest_first else "ASC"
        sql = (
            f"SELECT header, signature, {claims} FROM bundles"
            f" WHERE feed = ? AND seq BETWEEN ? AND ? ORDER BY seq {order}"
        )
        row = self._feed_row(feed)
        wires: list[bytes] = []
        total = 0
        with translated(self.path):
            for header, signature, body in self._connection.execute(sql, (row, lo, hi)):
                wire = _encode((VERSION, header, signature, body))
                total += len(wire)
                if wires and total > bytes_max:
                    break
                wires.append(wire)
        return wires

    def void_bundles(self, feed: FeedId, seqs: Iterable[int]) -> None:
        """Delete the claims at these places and the titles that they state, keep their headers, and
        never take claims there again.

        Relaxed, so call it in the transaction that adds the Retract. Of a feed we hold nothing of
        nothing is marked: its marks come with its Retract.
        """
        with self.transaction(durable=False):
            row = self._feed_row(feed)
            if row is None:
                return
            places = [(row, seq) for seq in seqs]
            self._executemany("INSERT OR IGNORE INTO voids (feed, seq) VALUES (?, ?)", places)
            self._executemany(_VOID + "feed = ? AND seq = ?", places)
            self._executemany(_FORGET_INFO + "item_info.seq = ?)", places)
            self._merge_marks(row)

    def _merge_marks(self, row: int) -> None:
        """Beyond the cap of marks the floor rises over the lowest, as the feed table does it."""
        marks = self._rows("SELECT seq FROM voids WHERE feed = ? ORDER BY seq DESC", (row,))
        if len(marks) > VOID_MARKS_MAX:
            floor = marks[VOID_MARKS_MAX][0] + 1
            self._execute("UPDATE feeds SET floor = max(floor, ?) WHERE feed = ?", (floor, row))
            self._void_below(row, floor)

    def drop_below(self, feed: FeedId, lo: int) -> None:
        """Forget the feed's bundles below `lo` and the titles that they state; its head and marks
        stay. Relaxed."""
        with self.transaction(durable=False):
            row = self._feed_row(feed)
            if row is None:
                return
            self._execute("DELETE FROM bundles WHERE feed = ? AND seq < ?", (row, lo))
            self._execute(_FORGET_INFO + "item_info.seq < ?)", (row, lo))
            self._execute("UPDATE feeds SET lo = max(lo, ?), closed = 1 WHERE feed = ?", (lo, row))

    def drop_author(self, author: AuthorKey, *, now: int) -> None:
        """Forget everything by the author except the marks that keep it from coming back.

        Relaxed. Proof of equivocation stays as well.
        """
        with self.transaction(durable=False):
            self._execute(
                "INSERT OR REPLACE INTO dropped (author, device, lane, hi, floor, since)"
                " SELECT author, device, lane, hi, floor, ? FROM feeds WHERE author = ?",
                (now, author),
            )
            of_author = "WHERE feed IN (SELECT feed FROM feeds WHERE author = ?)"
            self._execute(f"DELETE FROM bundles {of_author}", (author,))
            self._execute(f"DELETE FROM voids {of_author}", (author,))
            self._execute("DELETE FROM feeds WHERE author = ?", (author,))
            self._execute("DELETE FROM item_info WHERE source = ?", (author,))
            self._execute(
                "DELETE FROM dropped WHERE (author, device, lane) IN (SELECT author, device, lane"
                " FROM dropped ORDER BY since LIMIT max(0, (SELECT count(*) FROM dropped) - ?))",
                (DROPPED_MAX,),
            )

    def feed_records(self) -> Iterator[FeedRecord]:
        """Every replica held, by order of first contact, for `FeedTable.restore`.

        Read as they are asked for, in parts of about 300 bytes a feed and 150 a bundle.
        """
        last = 0
        while True:
            feeds = self._rows(
                f"{_FEEDS} WHERE feed > ? ORDER BY feed LIMIT ?", (last, FEEDS_BATCH)
            )
            if not feeds:
                return
            last = feeds[-1][0]
            yield from self._records(feeds, (feeds[0][0], last))

    def feed_records_of(self, authors: Iterable[AuthorKey]) -> Iterator[FeedRecord]:
        """The replicas of these authors, each one's by order of first contact."""
        for author in authors:
            for feed in self._rows(f"{_FEEDS} WHERE author = ? ORDER BY feed", (author,)):
                yield from self._records([feed], (feed[0], feed[0]))

    def _records(self, feeds: list[Row], part: tuple[int, int]) -> Iterator[FeedRecord]:
        """Those of the feeds that hold anything; `part` has the first and the last."""
        held = self._by_feed("SELECT feed, seq, claim_count, prev FROM bundles", part)
        voids = self._by_feed("SELECT feed, seq FROM voids", part)
        for row, author, device, lane, head, floor, closed in feeds:
            if row in held:
                yield FeedRecord(
                    _feed(author, device, lane),
                    held=tuple((seq, count) for _, seq, count, _ in held[row]),
                    head=BundleId(head),
                    prev_lo=BundleId(held[row][0][3]),
                    floor=floor,
                    voided=tuple(seq for _, seq in voids.get(row, ())),
                    closed=bool(closed),
                )

    def _by_feed(self, select: str, part: tuple[int, int]) -> dict[int, list[Row]]:
        """Rows of the feeds in `part`, both ends included, ascending by seq."""
        rows = self._rows(f"{select} WHERE feed BETWEEN ? AND ? ORDER BY feed, seq", part)
        return {feed: list(group) for feed, group in groupby(rows, key=itemgetter(0))}

    def writer_state(self, feed: FeedId) -> WriterState:
        """Where the writer of an own feed goes on. A new device starts above all older ones.

        Last writer wins by seq first, so what is said from now on must have the highest.
        """
        highest = self._row(
            "SELECT coalesce(max(hi), 0) FROM (SELECT author, lane, hi FROM feeds"
            " UNION ALL SELECT author, lane, hi FROM dropped) WHERE author = ? AND lane = ?",
            (feed.author, feed.lane),
        )
        seq: int = highest[0] if highest else 0
        row = self._feed_row(feed)
        if row is None:
            return WriterState(seq, NO_BUNDLE, 0, ())
        [(head, floor)] = self._rows("SELECT head, floor FROM feeds WHERE feed = ?", (row,))
        voids = self._rows("SELECT seq FROM voids WHERE feed = ? ORDER BY seq", (row,))
        return WriterState(seq, BundleId(head), floor, tuple(seq for (seq,) in voids))

    def dropped_feeds(self) -> list[DroppedMark]:
        """Marks of dropped feeds, oldest first; at most `DROPPED_MAX`."""
        rows = self._rows(
            "SELECT author, device, lane, hi, floor, since FROM dropped ORDER BY since"
        )
        return [DroppedMark(_feed(*row[:3]), *row[3:]) for row in rows]

    def replay(self) -> Iterator[list[StoredClaims]]:
        """All claims held, in first-seen order, in batches. Costs 1.3 MB of memory at a time.

        The store may be written between two batches; what arrives meanwhile comes at the end.
        """
        last = 0
        while True:
            rows = self._rows(
                f"SELECT arrival, {_CLAIMS}"
                " FROM bundles CROSS JOIN feeds USING (feed)"  # CROSS: bundles are read in order
                " WHERE arrival > ? AND claims IS NOT NULL ORDER BY arrival LIMIT ?",
                (last, REPLAY_BATCH),
            )
            if not rows:
                return
            last = rows[-1][0]
            yield [_claims(row[1:]) for row in rows]

    def replay_of(self, authors: Iterable[AuthorKey]) -> Iterator[list[StoredClaims]]:
        """The claims held of these authors, one after the other, each one's at once."""
        for author in authors:
            rows = self._rows(
                f"SELECT {_CLAIMS} FROM feeds CROSS JOIN bundles USING (feed)"
                " WHERE author = ? AND claims IS NOT NULL ORDER BY arrival",
                (author,),
            )
            yield [_claims(row) for row in rows]

    def put_equivocation(self, author: AuthorKey, proof: bytes, *, seen: int) -> None:
        """Keep the first proof against an author, for ever (durable)."""
        with self.transaction(durable=True):
            self._execute(
                "INSERT OR IGNORE INTO equivocations (author, proof, seen) VALUES (?, ?, ?)",
                (author, proof, seen),
            )
            self._execute(
                "DELETE FROM equivocations WHERE author IN (SELECT author FROM equivocations"
                " ORDER BY author IN (SELECT author FROM feeds), seen"
                " LIMIT max(0, (SELECT count(*) FROM equivocations) - ?))",
                (EQUIVOCATIONS_MAX,),
            )

    def equivocation(self, author: AuthorKey) -> bytes | None:
        """The proof that the author equivocated, if one is held."""
        row = self._row("SELECT proof FROM equivocations WHERE author = ?", (author,))
        return row[0] if row else None

    def equivocators(self) -> list[AuthorKey]:
        """Authors with a proof against them; at most `EQUIVOCATIONS_MAX`."""
        return [AuthorKey(row[0]) for row in self._rows("SELECT author FROM equivocations")]


def _seq(bundle: Bundle) -> int:
    return bundle.header.seq


def _bundle_row(feed: int, seen: int, bundle: Bundle) -> Row:
    header = bundle.header
    return (
        feed,
        header.seq,
        seen,
        _claim_count(bundle.claims_bytes),
        header.prev,
        bundle.signature,
        bundle.header_bytes,
        bundle.claims_bytes,
    )


def _feed(author: bytes, device: bytes, lane: int) -> FeedId:
    return FeedId(AuthorKey(author), DeviceId(device), _LANES[lane])


def _claims(row: Row) -> StoredClaims:
    return StoredClaims(_feed(*row[:3]), *row[3:])


def _claim_count(claims: bytes | None) -> int:
    """Length of the MessagePack array, from its first bytes; the rest was checked on arrival."""
    if claims is None:
        return 0
    first = claims[0]
    if first == _ARRAY16:
        return int.from_bytes(claims[1:3], "big")
    return first & 0x0F if first & 0xF0 == _FIXARRAY else int.from_bytes(claims[1:5], "big")
