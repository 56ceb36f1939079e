"""Compiled kernels of the click log: two sorted runs of rows, a long one and a short one.

A run is sorted by (term, author, item) and holds each of these once. The short run takes what is
new and is merged into the long one when full, so that a click costs a few microseconds among a
million. `tests/ranking/naive_clicks.py` holds a slow, obvious twin of each kernel.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
U16 = NDArray[np.uint16]
U32 = NDArray[np.uint32]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]

WAITING, KNOWN, ADDED, CROWDED = 0, 1, 2, 3
"""What became of a click: no room in the short run yet; there already; added; added, and its author
has more for this term now than she may."""


class ClickColumns(NamedTuple):
    """Clicks, column by column. position: where the item was shown, 0 the top; seen: a number that
    grows with each new click, so that the oldest are known."""

    author: I32
    term: I32
    item: I32
    position: U16
    seen: U32


@njit(nogil=True, cache=True)
def lower_bound(run: ClickColumns, size: int, term: int, author: int, item: int) -> int:
    """The first place among the first `size` that is not before (term, author, item)."""
    low, high = 0, size
    while low < high:
        middle = (low + high) >> 1
        t, a = run.term[middle], run.author[middle]
        if t < term or (t == term and (a < author or (a == author and run.item[middle] < item))):
            low = middle + 1
        else:
            high = middle
    return low


@njit(nogil=True, cache=True)
def _is_at(run: ClickColumns, size: int, at: int, term: int, author: int, item: int) -> bool:
    return at < size and run.term[at] == term and run.author[at] == author and run.item[at] == item


@njit(nogil=True, cache=True)
def _group(run: ClickColumns, size: int, term: int, author: int) -> int:
    """How many clicks of the author for the term are in the run."""
    first: int = lower_bound(run, size, term, author, 0)
    last: int = lower_bound(run, size, term, author + 1, 0)
    return last - first


@njit(nogil=True, cache=True)
def _put_at(run: ClickColumns, size: int, at: int, new: ClickColumns, k: int) -> None:
    for to in range(size, at, -1):
        run.author[to] = run.author[to - 1]
        run.term[to] = run.term[to - 1]
        run.item[to] = run.item[to - 1]
        run.position[to] = run.position[to - 1]
        run.seen[to] = run.seen[to - 1]
    run.author[at] = new.author[k]
    run.term[at] = new.term[k]
    run.item[at] = new.item[k]
    run.position[at] = new.position[k]
    run.seen[at] = new.seen[k]


@njit(nogil=True, cache=True)
def add_clicks(
    long: ClickColumns, short: ClickColumns, size: int, new: ClickColumns, outcome: U8, limit: int
) -> int:
    """Put those of `new` whose outcome is WAITING into the short run, of which `size` are used;
    returns how many are then. Stops where the run is full.

    outcome: written for each click, see above; CROWDED beyond `limit` clicks of one author for one
    term. Of a known click the smallest position stands, whichever came first. Cost: two binary
    searches and a shift of the short run each.
    """
    for k in range(len(new.term)):
        if outcome[k] != WAITING:
            continue
        author, term, item = new.author[k], new.term[k], new.item[k]
        at = lower_bound(long, len(long.term), term, author, item)
        if _is_at(long, len(long.term), at, term, author, item):
            long.position[at] = min(long.position[at], new.position[k])
            outcome[k] = KNOWN
            continue
        at = lower_bound(short, size, term, author, item)
        if _is_at(short, size, at, term, author, item):
            short.position[at] = min(short.position[at], new.position[k])
            outcome[k] = KNOWN
            continue
        if size == len(short.term):
            return size
        _put_at(short, size, at, new, k)
        size += 1
        held = _group(short, size, term, author) + _group(long, len(long.term), term, author)
        outcome[k] = CROWDED if held > limit else ADDED
    return size


@njit(nogil=True, cache=True)
def _copy(to: ClickColumns, at: int, run: ClickColumns, start: int, end: int) -> None:
    count = end - start
    to.author[at : at + count] = run.author[start:end]
    to.term[at : at + count] = run.term[start:end]
    to.item[at : at + count] = run.item[start:end]
    to.position[at : at + count] = run.position[start:end]
    to.seen[at : at + count] = run.seen[start:end]


@njit(nogil=True, cache=True)
def merge_runs(long: ClickColumns, short: ClickColumns, size: int, out: ClickColumns) -> None:
    """Both runs, which have no click in common, as one sorted run in `out`. O(clicks), copied in
    stretches."""
    at, start = 0, 0
    for k in range(size):
        end = lower_bound(long, len(long.term), short.term[k], short.author[k], short.item[k])
        _copy(out, at, long, start, end)
        at += end - start
        start = end
        _copy(out, at, short, k, k + 1)
        at += 1
    _copy(out, at, long, start, len(long.term))


@njit(nogil=True, cache=True)
def oldest_beyond(run: ClickColumns, keep: NDArray[np.bool_], limit: int, kept: int) -> None:
    """Unset `keep` for the oldest clicks of every (author, term) that has more than `limit`, so
    that `kept` are left. O(clicks + crowded groups' clicks log)."""
    start = 0
    while start < len(run.term):
        end = start + 1
        while (
            end < len(run.term)
            and run.term[end] == run.term[start]
            and run.author[end] == run.author[start]
        ):
            end += 1
        if end - start > limit:
            order = np.argsort(run.seen[start:end])
            for k in range(end - start - kept):
                keep[start + order[k]] = False
        start = end
