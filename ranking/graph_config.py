"""Caps of the bounded graph: one number of bytes, shared out once and for all."""

from dataclasses import dataclass

from ranking.eviction import STANDING_BYTES
from ranking.interner import ROW_BYTES_MAX
from ranking.item_rows import ITEM_BYTES
from ranking.segment import BLOCK_BYTES

KEY_BYTES = 32
KEY_ROOM = KEY_BYTES + KEY_BYTES // 8
"""Bytes for each author's name, with what of released ones may lie uncollected."""

SNAPSHOT_EDGE_BYTES = 10
"""Item, author and both codes of an edge in a snapshot."""

_POINTER_BYTES = 8

AUTHOR_BYTES = KEY_ROOM + ROW_BYTES_MAX + BLOCK_BYTES + STANDING_BYTES + 2 * _POINTER_BYTES
"""Of an author: key, interner row, block, standing, and where her edges are in a snapshot."""

BYTES_MIN = 512 * 1024

SHARES = {"blocks": 51, "snapshot": 48, "items": 7, "names": 12, "authors": 9}
"""Hundred-and-twenty-eighths of `bytes_max`; one is left for what the arrays begin with.

Ten million edges of 200,000 authors to 500,000 items fit the default, if names have 41 bytes, as a
scheme with a UUID does. An eighth of item rows and names is kept back (`ranking.item_rows`)."""


@dataclass(frozen=True, slots=True)
class GraphConfig:
    """Caps of the graph, and how fast taste ages."""

    bytes_max: int = 256 * 1024 * 1024
    """All arrays together with one snapshot, at least `BYTES_MIN`. While a reader goes on with an
    older snapshot, that one comes on top. The default holds 10 million edges, 611,000 items with
    names of 41 bytes, 205,000 authors."""
    edges_per_author_max: int = 20_000
    """An author's own quota, edges; her oldest by (day, seq) go first."""
    edges_per_protected_max: int = 100_000
    """The quota of `PROTECTED` authors, whose data are to stay complete."""
    half_life_days: float | None = 730.0
    """Age at which an edge counts half, days; None: edges do not age."""

    def __post_init__(self) -> None:
        if self.bytes_max < BYTES_MIN:
            raise ValueError(f"bytes_max must be at least {BYTES_MIN}, not {self.bytes_max}")
        if not 1 <= self.edges_per_author_max <= self.edges_per_protected_max:
            raise ValueError("need 1 <= edges_per_author_max <= edges_per_protected_max")
        if self.half_life_days is not None and not 0 < self.half_life_days <= 36_500:
            raise ValueError("half_life_days must be in (0, 36500], or None")

    @property
    def edges_max(self) -> int:
        """Edges that a snapshot has room for."""
        return self._share("snapshot") // SNAPSHOT_EDGE_BYTES

    @property
    def blocks_bytes_max(self) -> int:
        """Bytes of blocks: 8 to 13 an edge, slack and holes."""
        return self._share("blocks") // 4 * 4

    @property
    def segment_bytes(self) -> int:
        """Bytes of a segment: about a thirty-second of all, at most a MiB."""
        return min(1 << 20, 1 << (self.blocks_bytes_max.bit_length() - 6))

    @property
    def items_max(self) -> int:
        """Item rows."""
        return self._share("items") // (ITEM_BYTES + _POINTER_BYTES)

    @property
    def item_names_bytes_max(self) -> int:
        """Bytes of item names."""
        return min(self._share("names"), 2**31 - 1)

    @property
    def authors_max(self) -> int:
        """Author rows."""
        return min(self._share("authors") // AUTHOR_BYTES, 2**31 // KEY_ROOM - 1)

    def _share(self, part: str) -> int:
        return self.bytes_max // 128 * SHARES[part]


@dataclass(frozen=True, slots=True)
class GraphStatistics:
    """Counts for status and the simulator."""

    edges: int
    authors: int
    items: int
    nbytes: int
    names_nbytes: int
    """Of `nbytes`, the names in use themselves."""
    snapshot_nbytes: int
    """Of `nbytes`, the snapshot kept for the next reader."""
    evicted: int
    """Edges that gave way to others since the start."""
    refused: int
    """Edges that found no room since the start."""
