"""Who vouches for whom. MovieLens knows no friends, so they are made up, and the demo says so.

Each person vouches for those whose shared ratings overlap most with hers. Only shared rows are
looked at: the held-out ones must not leak into who is trusted. For comparison there is the same
number of vouches given and received by everybody, but to random people.
"""

import numpy as np
from numpy.typing import NDArray

Pairs = NDArray[np.int32]
"""int32[n, 2]: (who vouches, for whom), sorted, no pair twice, nobody for herself."""

SWAPS_PER_PAIR = 20
"""Tries to exchange targets for each vouch; the degrees' randomness has levelled off by then."""


def most_similar(
    person: NDArray[np.int32], film: NDArray[np.int32], n_people: int, n_films: int, each: int
) -> Pairs:
    """Everybody vouches for the `each` people with the largest cosine overlap of films liked.

    Ties go to the lower row; people without overlap are not vouched for. O(people^2 films) in one
    matrix product: .1 s for MovieLens-100K, and not meant for more.
    """
    liked = np.zeros((n_people, n_films), np.float32)
    liked[person, film] = 1.0
    size = np.maximum(np.sqrt(liked.sum(axis=1)), 1.0)
    overlap = liked @ liked.T / size[:, None] / size[None, :]
    np.fill_diagonal(overlap, 0.0)
    best: NDArray[np.int64] = np.argsort(-overlap, axis=1, kind="stable")[
        :, : min(each, n_people - 1)
    ]
    who = np.repeat(np.arange(n_people), best.shape[1])
    whom = best.ravel()
    pairs: NDArray[np.int64] = np.stack([who, whom], axis=1)[overlap[who, whom] > 0]
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))].astype(np.int32)


def same_degrees_at_random(pairs: Pairs, rng: np.random.Generator) -> Pairs:
    """Exchange targets between random vouches: everybody gives and gets as many as before.

    A swap that would make somebody vouch for herself, or twice for the same person, is left out.
    """
    who, whom = pairs[:, 0].tolist(), pairs[:, 1].tolist()
    taken = set(zip(who, whom, strict=True))
    if len(who) < 2:
        return pairs.copy()
    for a, b in rng.integers(0, len(who), (SWAPS_PER_PAIR * len(who), 2)).tolist():
        new_a, new_b = (who[a], whom[b]), (who[b], whom[a])
        loops = new_a[0] == new_a[1] or new_b[0] == new_b[1]
        if loops or new_a in taken or new_b in taken:
            continue
        taken -= {(who[a], whom[a]), (who[b], whom[b])}
        taken |= {new_a, new_b}
        whom[a], whom[b] = whom[b], whom[a]
    mixed = np.array([who, whom], np.int32).T
    return mixed[np.lexsort((mixed[:, 1], mixed[:, 0]))]
