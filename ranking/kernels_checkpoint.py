"""Compiled checks of what a checkpoint holds: nothing in a file is taken on trust.

`tests/ranking/test_kernels_checkpoint.py` breaks each rule on its own.
"""

import numpy as np
from numba import njit

from ranking.kernels_blocks import (
    STAMPS_MAX,
    Blocks,
    block_bytes,
    block_parts,
    load_block,
    new_draft,
)
from ranking.kernels_storage import FREE, I32, I64, U8


@njit(nogil=True, cache=True)
def is_free_list(head: int, starts: I32, lengths: U8) -> bool:
    """Whether the list from `head` on has each row without a name once, and then ends. O(rows)."""
    free = 0
    for row in range(len(lengths)):
        free += lengths[row] == 0
    row = head
    for _ in range(free):
        if not 0 <= row < len(lengths) or lengths[row] != 0:
            return False
        row = starts[row]
    return bool(row == FREE)


@njit(nogil=True, cache=True)
def _is_block(data: U8, start: int, n: int, s: int, n_items: int) -> bool:
    item, _, _, _, weight, _ = block_parts(data, start, n, s)
    for k in range(n):
        if not (item[k - 1] if k else -1) < item[k] < n_items or not -100 <= weight[k] <= 100:
            return False
    if n == s:
        return True
    draft = new_draft(n, s)
    load_block(data, start, n, s, draft)
    used = np.zeros(s, np.bool_)
    for k in range(n):
        if draft.ref[k] >= s:
            return False
        used[draft.ref[k]] = True
    right = s < n
    for j in range(s):
        right = right and used[j] and (j == 0 or draft.stamp[j - 1] < draft.stamp[j])
    return right


@njit(nogil=True, cache=True)
def are_blocks(authors: I64, blocks: Blocks, data: U8, size: int, n_items: int) -> bool:
    """Whether these blocks, by offset, are whole, lie apart within `size` bytes and are such as
    are made here. O(edges)."""
    end = np.int64(0)
    for a in authors:
        n, s = np.int64(blocks.edges[a]), np.int64(blocks.stamps[a])
        start, capacity = np.int64(blocks.offset[a]), np.int64(blocks.capacity[a])
        if start < end or start % 4 or capacity < 4 or capacity % 4 or start + capacity > size:
            return False
        if not 0 < s <= n or n > capacity or (s > STAMPS_MAX and s < n):
            return False
        if block_bytes(n, s) > capacity or not _is_block(data, start, n, s, n_items):
            return False
        end = start + capacity
    return True
