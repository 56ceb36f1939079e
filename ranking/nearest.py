"""The nearest vectors by inner product: hnswlib's graph, and the same by looking at all.

The only module that knows hnswlib (Malkov and Yashunin 2018). It is imported with the first index.
One thread adds, so that the same vectors in the same order make the same graph.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import hnswlib

F32 = NDArray[np.float32]
I64 = NDArray[np.int64]

LINKS = 16
"""M: links of a vector, twice as many on the lowest level."""

CANDIDATES_BUILD, CANDIDATES = 100, 100
"""ef: candidates looked at for each vector added, and at least for each question."""

GROWTH = 8
"""A full index grows by a part of so many."""

OVERHEAD_BYTES = 4 * (2 * LINKS + 1) + 8 + 8 + 56
"""Of a vector beside its floats: links below and above, label, and the table of labels."""


def vector_bytes(dimensions: int) -> int:
    """Memory of one vector in an index."""
    return 4 * dimensions + OVERHEAD_BYTES


def nearest_exact(vectors: F32, query: F32, n: int) -> tuple[I64, F32]:
    """(rows, products) of the n largest inner products, largest first, smaller rows before larger
    ones alike. O(vectors * dimensions)."""
    product = vectors @ query
    order = np.argsort(-product, kind="stable")[:n]
    return order, product[order]


class NearestIndex:
    """Labels to vectors. A label is used once and never again; deleted vectors make room."""

    def __init__(self, dimensions: int, capacity: int) -> None:
        self.dimensions = dimensions
        self._index = _new(dimensions)
        self._index.init_index(
            max_elements=max(1, capacity),
            ef_construction=CANDIDATES_BUILD,
            M=LINKS,
            random_seed=1,
            allow_replace_deleted=True,
        )
        self._deleted = 0

    def __len__(self) -> int:
        return int(self._index.get_current_count()) - self._deleted

    @property
    def nbytes(self) -> int:
        """Memory of all vectors there is room for."""
        return int(self._index.get_max_elements()) * vector_bytes(self.dimensions)

    def labels(self) -> I64:
        """Labels that can be found, ascending. O(vectors)."""
        state = self.state()
        size, count = int(state["size_data_per_element"]), int(state["cur_element_count"])
        level0 = state["data_level0"].reshape(count, size)
        labels = np.ascontiguousarray(level0[:, size - 8 :]).view(np.int64).reshape(-1)
        return np.sort(labels[(level0[:, 2] & 1) == 0])

    def add(self, labels: I64, vectors: F32) -> None:
        """New labels. 60 to 100 µs each among 100,000."""
        room = int(self._index.get_max_elements()) - int(self._index.get_current_count())
        replaced = min(self._deleted, len(labels))
        more = len(labels) - replaced - room
        if more > 0:
            most = int(self._index.get_max_elements())
            self._index.resize_index(most + max(more, most // GROWTH))
        if replaced:
            self._index.add_items(
                vectors[:replaced], labels[:replaced], num_threads=1, replace_deleted=True
            )
            self._deleted -= replaced
        if replaced < len(labels):
            self._index.add_items(vectors[replaced:], labels[replaced:], num_threads=1)

    def delete(self, labels: I64) -> None:
        """Labels in use; they are never found again."""
        for label in labels.tolist():
            self._index.mark_deleted(label)
        self._deleted += len(labels)

    def nearest(self, query: F32, n: int) -> tuple[I64, F32]:
        """(labels, products) of about the n largest inner products, the largest first; fewer where
        the index's graph, from where it begins, leads to fewer."""
        n = min(n, len(self))
        while n > 0:
            self._index.set_ef(max(CANDIDATES, 2 * n))
            try:
                labels, distances = self._index.knn_query(query[None], k=n, num_threads=1)
            except RuntimeError:  # it says so when it has found less than it was asked for
                n //= 2
                continue
            return labels[0].astype(np.int64), np.float32(1) - distances[0]
        return np.empty(0, np.int64), np.empty(0, np.float32)

    # ------------------------------------------------------------------------------- to a file
    def state(self) -> dict[str, Any]:
        """All there is: numbers, and arrays that are copies. O(bytes)."""
        made: dict[str, Any] = self._index.__getstate__()[0]
        return made

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> NearestIndex:
        """What gave this `state`, which must be it to the last bit: hnswlib follows whatever links
        it is given. ValueError where even the sizes cannot be."""
        _check(state)
        made = cls.__new__(cls)
        made.dimensions = int(state["dim"])
        made._index = _blank()
        made._index.__setstate__((state,))
        size = int(state["size_data_per_element"])
        made._deleted = int(np.count_nonzero(state["data_level0"][2::size] & 1))
        return made


def _new(dimensions: int) -> hnswlib.Index:
    import hnswlib

    return hnswlib.Index(space="ip", dim=dimensions)


def _blank() -> hnswlib.Index:
    import hnswlib

    return hnswlib.Index.__new__(hnswlib.Index)


_ARRAYS = {
    "label_lookup_external": np.uint64,
    "label_lookup_internal": np.uint32,
    "element_levels": np.int32,
    "data_level0": np.int8,
    "link_lists": np.int8,
}

_LEVELS_MAX = 32


def _check(state: dict[str, Any]) -> None:
    """ValueError unless the arrays have the sizes, and the links lead where, the numbers say."""
    try:
        fits = _fits(state)
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError):
        fits = False
    if not fits:
        raise ValueError("an index that cannot be")


def _fits(state: dict[str, Any]) -> bool:
    count, most, dimensions = (state[n] for n in ("cur_element_count", "max_elements", "dim"))
    lowest, upper = 4 * (2 * LINKS + 1), 4 * (LINKS + 1)
    each = lowest + 4 * dimensions + 8
    numbers = {
        "ser_version": 1, "space": "ip", "M": LINKS, "max_M": LINKS, "max_M0": 2 * LINKS,
        "size_data_per_element": each, "offset_level0": 0, "offset_data": lowest,
        "label_offset": each - 8, "size_links_per_element": upper, "normalize": False,
        "index_inited": True, "allow_replace_deleted": True, "ep_added": count > 0,
    }  # fmt: skip
    if any(state[name] != value for name, value in numbers.items()):
        return False
    if any(state[name].dtype != dtype for name, dtype in _ARRAYS.items()):
        return False
    levels = state["element_levels"]
    sizes = {
        "label_lookup_external": count, "label_lookup_internal": count, "element_levels": most,
        "data_level0": count * each, "link_lists": upper * int(levels[:count].sum()),
    }  # fmt: skip
    if not 0 <= count <= most < 2**31 or dimensions < 1:
        return False
    if any(state[name].shape != (size,) for name, size in sizes.items()):
        return False
    if count == 0:
        return True
    if levels.min() < 0 or levels.max() > _LEVELS_MAX or state["max_level"] != levels.max():
        return False
    if not 0 <= state["enterpoint_node"] < count or levels[state["enterpoint_node"]] < levels.max():
        return False
    if not np.array_equal(np.sort(state["label_lookup_internal"]), np.arange(count)):
        return False
    words = state["data_level0"].reshape(count, each).view(np.uint32)
    links = state["link_lists"].view(np.uint32).reshape(-1, LINKS + 1)
    return _lead(words[:, : 2 * LINKS + 1], count) and _lead(links, count)


def _lead(lists: NDArray[np.uint32], count: int) -> bool:
    """Whether each list, which begins with its length, has room for it and leads to vectors."""
    length = (lists[:, :1] & 0xFFFF).astype(np.int64)
    used = np.arange(lists.shape[1] - 1) < length
    return bool((length < lists.shape[1]).all() and (lists[:, 1:][used] < count).all())
