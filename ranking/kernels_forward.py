"""Compiled loops that copy the forward direction of a snapshot out of blocks. No validation.

They hold up the graph's writer, and an author with few edges costs as much as her edges do: so they
find the parts of a block (`ranking.kernels_blocks`) in views of the whole segment. Their twins are
dictionaries: `tests/ranking/segments.py`.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ranking.kernels_blocks import U16, Blocks
from ranking.kernels_storage import F32, I32, I64, U8


@njit(nogil=True, cache=True)
def _views(data: U8) -> tuple[I32, U16, NDArray[np.int8]]:
    """A segment as each type that a snapshot reads: cheaper than six slices a block."""
    whole = data[: len(data) // 4 * 4]
    return whole.view(np.int32), whole.view(np.uint16), whole.view(np.int8)


@njit(nogil=True, cache=True)
def _places(start: int, n: int, s: int) -> tuple[int, int, int]:
    """Where items, days and weights of a block begin in those views; see `block_parts`."""
    return start // 4, (start + 4 * n + 4 * s) // 2, start + 6 * n + 6 * s


@njit(nogil=True, cache=True)
def count_signs(authors: I64, blocks: Blocks, data: U8, liked: I64, disliked: I64) -> None:
    """Number of edges with positive and negative weight, for the authors of one segment."""
    _, _, weight = _views(data)
    for a in authors:
        n = blocks.edges[a]
        _, _, start = _places(blocks.offset[a], n, blocks.stamps[a])
        good = bad = np.int32(0)
        for k in range(start, start + n):
            good += weight[k] > 0
            bad += weight[k] < 0
        liked[a], disliked[a] = good, bad


@njit(nogil=True, cache=True)
def _bounded(x: int, low: int, high: int) -> int:
    return min(max(x, low), high)


@njit(nogil=True, cache=True)
def copy_edges(
    authors: I64,
    blocks: Blocks,
    data: U8,
    liked: tuple[I64, I32, U8],
    disliked: tuple[I64, I32],
    levels: tuple[F32, F32],
    today: int,
) -> tuple[int, int]:
    """Copy one segment's edges to compressed rows (ptr, item, affinity code) and (ptr, item).

    `levels` are where a weight in percent is on the scale of codes (`ranking.affinity`), and what
    an age in days adds to that; its last entry is that of anything older, days to come count as
    today. Returns the least and the greatest age among what is liked, bounded by neither.
    """
    of_weight, of_age = levels
    oldest = len(of_age) - 1
    least, greatest = 1 << 30, -(1 << 30)
    item, day, weight = _views(data)
    for a in authors:
        at, bad_at = liked[0][a], disliked[0][a]
        n = blocks.edges[a]
        i, d, w = _places(blocks.offset[a], n, blocks.stamps[a])
        for e in range(n):
            percent = weight[w + e]
            if percent > 0:
                age: int = today - np.int64(day[d + e])  # type: ignore[assignment]
                least, greatest = min(least, age), max(greatest, age)
                level = of_weight[percent] + of_age[_bounded(age, 0, oldest)]
                liked[1][at] = item[i + e]
                liked[2][at] = _bounded(int(level + 0.5), 1, 255)
                at += 1
            elif percent < 0:
                disliked[1][bad_at] = item[i + e]
                bad_at += 1
    return least, greatest
