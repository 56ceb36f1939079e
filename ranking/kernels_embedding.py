"""Compiled kernels of the embedding: sparse random signs, and means over neighbours.

An item's neighbours are *contexts*: people who like it, and tags said of it. `Side` (see
`ranking.affinity`) holds one direction of that graph; `scale` says how much a context counts, and
those with 0 are not there at all.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ranking.affinity import Side
from ranking.kernels_storage import siphash, wrapping

I32 = NDArray[np.int32]
F32 = NDArray[np.float32]
I64 = NDArray[np.int64]
U64 = NDArray[np.uint64]
U8 = NDArray[np.uint8]

_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_30, _27, _31 = np.uint64(30), np.uint64(27), np.uint64(31)
_ONE, _THREE = np.uint64(1), np.uint64(3)

FIELDS = 21
"""Entries drawn from one word, three bits each."""


class Contexts(NamedTuple):
    """One kind of context, both ways. scale: float32[contexts], 0 for what is not heard.
    place: int32[contexts], the row of a context in a matrix of profiles, -1 if it has none."""

    of_items: Side
    items_of: Side
    scale: F32
    place: I32


@wrapping
@njit(nogil=True, cache=True)
def mixed(word: np.uint64) -> np.uint64:
    """SplitMix64's finaliser: every bit depends on every bit."""
    word = (word ^ (word >> _30)) * _MIX_1
    word = (word ^ (word >> _27)) * _MIX_2
    return word ^ (word >> _31)


@wrapping
@njit(nogil=True, cache=True)
def add_signs(identity: np.uint64, weight: float, out: F32) -> None:
    """Add `weight` times the random direction of an identity: of its entries a quarter is +1 or -1,
    the rest 0 (Achlioptas 2003, with sparsity 4). Equal identities have equal directions."""
    bits = np.uint64(0)
    for k in range(out.shape[0]):
        if k % FIELDS == 0:
            identity = identity + _STEP
            bits = mixed(identity)
        field = bits & np.uint64(7)
        bits = bits >> _THREE
        if field == np.uint64(0):
            out[k] += weight
        elif field == _ONE:
            out[k] -= weight


@njit(nogil=True, cache=True)
def _size(side: Side, row: int, exponent: float) -> float:
    """What a context's sum is divided by: its affinities' sum to a power."""
    total = 0.0
    for e in range(side.ptr[row], side.ptr[row + 1]):
        total += side.affinity[side.code[e]]
    return float(total**exponent)


@njit(nogil=True, cache=True)
def mean_signs(
    contexts: Contexts, identity: U64, gain: F32, exponent: float, profiles: F32
) -> None:
    """Add to each profile the mean, by a(c, j) gain[j], of its items' random directions; `exponent`
    as in `_size`. O(edges of heard contexts * dimensions)."""
    side = contexts.items_of
    for c in range(contexts.scale.shape[0]):
        if contexts.scale[c] <= 0.0 or contexts.place[c] < 0:
            continue
        size = _size(side, c, exponent)
        for e in range(side.ptr[c], side.ptr[c + 1]):
            j = side.row[e]
            share = side.affinity[side.code[e]] * gain[j] / size
            add_signs(identity[j], share, profiles[contexts.place[c]])


@njit(nogil=True, cache=True)
def mean_vectors(
    contexts: Contexts, vectors: F32, row_of: I32, gain: F32, exponent: float, profiles: F32
) -> None:
    """Add to each profile the mean, by a(c, j) gain[j], of its items' `vectors[row_of[j]]`; items
    whose row is -1 are left out. O(edges of heard contexts * dimensions)."""
    side = contexts.items_of
    for c in range(contexts.scale.shape[0]):
        if contexts.scale[c] <= 0.0 or contexts.place[c] < 0:
            continue
        size = _size(side, c, exponent)
        profile = profiles[contexts.place[c]]
        for e in range(side.ptr[c], side.ptr[c + 1]):
            j = side.row[e]
            if row_of[j] < 0:
                continue
            share = np.float32(side.affinity[side.code[e]] * gain[j] / size)
            vector = vectors[row_of[j]]
            for k in range(profile.shape[0]):
                profile[k] += share * vector[k]


@njit(nogil=True, cache=True)
def add_profiles(contexts: Contexts, rows: I32, profiles: F32, vectors: F32, mass: F32) -> None:
    """Add to `vectors[n]` the profiles of item `rows[n]`'s contexts, each times scale(c) a(c, i),
    and to `mass[n]` those factors. A context without a profile adds to the mass alone."""
    side = contexts.of_items
    for n in range(rows.shape[0]):
        i = rows[n]
        if i >= side.ptr.shape[0] - 1:
            continue
        vector = vectors[n]
        for e in range(side.ptr[i], side.ptr[i + 1]):
            c = side.row[e]
            share = np.float32(contexts.scale[c] * side.affinity[side.code[e]])
            if share <= 0.0:
                continue
            mass[n] += share
            if contexts.place[c] < 0:
                continue
            profile = profiles[contexts.place[c]]
            for k in range(vector.shape[0]):
                vector[k] += share * profile[k]


@njit(nogil=True, cache=True)
def divide_rows(vectors: F32, mass: F32) -> None:
    """Each row by its mass; rows without mass become 0."""
    for n in range(vectors.shape[0]):
        part = np.float32(1.0 / mass[n]) if mass[n] > 0.0 else np.float32(0.0)
        for k in range(vectors.shape[1]):
            vectors[n, k] *= part


@wrapping
@njit(nogil=True, cache=True)
def fingerprints(contexts: Contexts, identity: U64, rows: I32, out: U64, degree: I64) -> None:
    """Add to `out[n]` what tells item `rows[n]`'s heard contexts from any others, in any order, and
    to `degree[n]` how many they are."""
    side = contexts.of_items
    for n in range(rows.shape[0]):
        i = rows[n]
        if i >= side.ptr.shape[0] - 1:
            continue
        for e in range(side.ptr[i], side.ptr[i + 1]):
            c = side.row[e]
            if contexts.scale[c] > 0.0:
                out[n] += mixed(identity[c] + _STEP)
                degree[n] += 1


@wrapping
@njit(nogil=True, cache=True)
def hash_rows(arena: U8, starts: I32, lengths: U8, key: U64) -> U64:
    """Identities of the names of rows in an interner's arena (see `Interner.arrays`); 0 for rows
    that are free. About 30 ns a name."""
    hashes = np.zeros(len(starts), np.uint64)
    for row in range(len(starts)):
        if lengths[row] > 0:
            hashes[row] = siphash(arena, int(starts[row]), int(lengths[row]), key)
    return hashes
