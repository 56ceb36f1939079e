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

CANDIDATES_BUILD, CANDIDATES = 100, 60
"""ef: candidates looked at for each vector added, and at least for each question."""

GROWTH = 8
"""A full part grows by one of so many pieces."""

PART_MAX = 20_000
"""Vectors in one of hnswlib's indexes."""

OVERHEAD_BYTES = 4 * (2 * LINKS + 1) + 8 + 8 + 56 + 12
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
    """Labels to vectors, in parts of at most `part_max`. A label is used once and never again, each
    larger than those before; deleted vectors make room.

    hnswlib gives nobody else the interpreter while it copies what is to be written to a file, so
    what one call copies is bounded: 13 MB, some 5 ms, at 128 dimensions.
    """

    def __init__(self, dimensions: int, *, part_max: int = PART_MAX) -> None:
        self.dimensions = dimensions
        self._part_max = part_max
        self._parts: list[hnswlib.Index] = []
        self._deleted: list[int] = []
        self._label = np.empty(0, np.int64)
        self._part = np.empty(0, np.int32)
        """Part of each label that can be found, ascending."""

    def __len__(self) -> int:
        return len(self._label)

    @property
    def nbytes(self) -> int:
        """Memory of all vectors there is room for."""
        room = sum(int(part.get_max_elements()) for part in self._parts)
        return room * vector_bytes(self.dimensions) + self._label.nbytes + self._part.nbytes

    @property
    def labels(self) -> I64:
        """Labels that can be found, ascending."""
        return self._label

    def add(self, labels: I64, vectors: F32) -> None:
        """New labels, ascending. 60 to 100 µs each among 100,000."""
        part, at = 0, 0
        while at < len(labels):
            if part == len(self._parts):
                self._parts.append(_new(self.dimensions, min(self._part_max, len(labels) - at)))
                self._deleted.append(0)
            end = at + self._free(part)
            self._add(part, labels[at:end], vectors[at:end])
            at, part = end, part + 1

    def _free(self, part: int) -> int:
        return self._part_max - int(self._parts[part].get_current_count()) + self._deleted[part]

    def _add(self, part: int, labels: I64, vectors: F32) -> None:
        index, replaced = self._parts[part], min(self._deleted[part], len(labels))
        if replaced:
            index.add_items(
                vectors[:replaced], labels[:replaced], num_threads=1, replace_deleted=True
            )
            self._deleted[part] -= replaced
        if replaced < len(labels):
            most, count = int(index.get_max_elements()), int(index.get_current_count())
            wanted = count + len(labels) - replaced
            if wanted > most:
                index.resize_index(min(self._part_max, max(wanted, most + most // GROWTH)))
            index.add_items(vectors[replaced:], labels[replaced:], num_threads=1)
        self._label = np.concatenate((self._label, labels))
        self._part = np.concatenate((self._part, np.full(len(labels), part, np.int32)))

    def delete(self, labels: I64) -> None:
        """Labels in use; they are never found again."""
        at = np.searchsorted(self._label, labels)
        for label, part in zip(labels.tolist(), self._part[at].tolist(), strict=True):
            self._parts[part].mark_deleted(label)
            self._deleted[part] += 1
        kept = np.ones(len(self._label), np.bool_)
        kept[at] = False
        self._label, self._part = self._label[kept], self._part[kept]

    def nearest(self, query: F32, n: int) -> tuple[I64, F32]:
        """(labels, products) of about the n largest inner products, the largest first; fewer where
        the index's graph, from where it begins, leads to fewer."""
        found = [_nearest(part, query, n) for part in self._parts]
        if not found:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        labels = np.concatenate([label for label, _ in found])
        products = np.concatenate([product for _, product in found])
        order = np.lexsort((labels, -products))[:n]
        return labels[order], products[order]

    # ------------------------------------------------------------------------------- to a file
    def state(self) -> list[dict[str, Any]]:
        """All there is, part by part: numbers, and arrays that are copies. O(bytes)."""
        return [part.__getstate__()[0] for part in self._parts]

    @classmethod
    def from_state(
        cls, dimensions: int, state: list[dict[str, Any]], *, part_max: int = PART_MAX
    ) -> NearestIndex:
        """What gave this `state`, which must be it to the last bit: hnswlib follows whatever links
        it is given. ValueError where even the sizes cannot be."""
        made, labels, parts = cls(dimensions, part_max=part_max), [], []
        for number, part in enumerate(state):
            _check(part, dimensions, part_max)
            index = _blank()
            index.__setstate__((part,))
            made._parts.append(index)
            count, size = int(part["cur_element_count"]), int(part["size_data_per_element"])
            level0 = part["data_level0"].reshape(count, size)
            deleted = level0[:, 2] & 1
            made._deleted.append(int(deleted.sum()))
            label = np.ascontiguousarray(level0[deleted == 0, size - 8 :]).view(np.int64)
            labels.append(label.reshape(-1))
            parts.append(np.full(len(label), number, np.int32))
        if labels:
            order = np.argsort(np.concatenate(labels))
            made._label = np.concatenate(labels)[order]
            made._part = np.concatenate(parts)[order]
        if (np.diff(made._label) <= 0).any():
            raise ValueError("an index that cannot be: a label stands in it twice")
        return made


def _nearest(index: hnswlib.Index, query: F32, n: int) -> tuple[I64, F32]:
    n = min(n, int(index.get_current_count()))
    while n > 0:
        index.set_ef(max(CANDIDATES, 2 * n))
        try:
            labels, distances = index.knn_query(query[None], k=n, num_threads=1)
        except RuntimeError:  # it says so when it has found less than it was asked for
            n //= 2
            continue
        return labels[0].astype(np.int64), np.float32(1) - distances[0]
    return np.empty(0, np.int64), np.empty(0, np.float32)


def _new(dimensions: int, capacity: int) -> hnswlib.Index:
    import hnswlib

    made = hnswlib.Index(space="ip", dim=dimensions)
    made.init_index(
        max_elements=max(1, capacity),
        ef_construction=CANDIDATES_BUILD,
        M=LINKS,
        random_seed=1,
        allow_replace_deleted=True,
    )
    return made


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


def _check(state: dict[str, Any], dimensions: int, part_max: int) -> None:
    """ValueError unless the arrays have the sizes, and the links lead where, the numbers say."""
    try:
        fits = state["dim"] == dimensions and state["max_elements"] <= part_max and _fits(state)
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
