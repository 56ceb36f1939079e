"""The embedding from its formula, with dense matrices and Python's integers."""

import numpy as np

_ALL = 2**64 - 1


def mixed(word):
    word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & _ALL
    word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & _ALL
    return word ^ (word >> 31)


def signs(identity, dimensions):
    """The random direction of an identity: three bits an entry, 21 entries a word."""
    entries, identity = [], int(identity)
    while len(entries) < dimensions:
        identity = (identity + 0x9E3779B97F4A7C15) & _ALL
        word = mixed(identity)
        entries += [{0: 1, 1: -1}.get(word >> 3 * k & 7, 0) for k in range(21)]
    return np.array(entries[:dimensions], np.float64)


def dense(side, n_rows, n_columns):
    """One direction as a matrix of affinities."""
    made = np.zeros((n_rows, n_columns))
    for row in range(len(side.ptr) - 1):
        for e in range(side.ptr[row], side.ptr[row + 1]):
            made[row, side.row[e]] += side.affinity[side.code[e]]
    return made


def vectors(around, config):
    """float64[items, dimensions] of S (w1 M R + w2 M S M R)."""
    likes = [dense(kind.items_of, len(kind.scale), around.n_items) for kind in around.kinds]
    scale = [kind.scale for kind in around.kinds]
    a, t = np.concatenate(likes), np.concatenate(scale).astype(np.float64)
    a = a * (t > 0)[:, None]
    weighted = a.T * t
    mass = weighted.sum(axis=1)
    heard = mass > 0
    gain = np.zeros(around.n_items)
    degree = mass[heard] + around.floor
    gain[heard] = (degree / degree.mean()) ** config.popularity
    s = weighted / np.where(heard, mass, 1)[:, None]
    size = a.sum(axis=1)
    m = a * gain / np.where(size > 0, size, 1)[:, None] ** config.size_exponent
    items = np.array([signs(i, config.dimensions) for i in around.item_identity])
    w1, w2 = config.weights
    return s @ (w1 * m @ items + w2 * m @ s @ m @ items)
