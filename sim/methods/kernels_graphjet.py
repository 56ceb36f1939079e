"""The compiled kernel of GraphJet's full SALSA."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

I32 = NDArray[np.int32]
I64 = NDArray[np.int64]


@njit(nogil=True, cache=True)
def salsa_visits(
    start: I32,
    query: int,
    likes: tuple[I64, I32],
    listeners: tuple[I64, I32],
    length: int,
    reset: float,
    rng: np.random.Generator,
) -> I64:
    """int64[items]: how often walkers from `start` visit each item in `length` half steps.

    All advance together. Before a step to an item a walker is reset with probability `reset`: it
    is put on the query node, skips this step and the step back, and goes on from there. Edges are
    drawn uniformly with replacement; walkers on people without items vanish. O(walkers * length).
    """
    visits = np.zeros(listeners[0].shape[0] - 1, np.int64)
    at = start.copy()
    item = np.empty(start.shape[0], np.int32)
    for step in range(length):
        for k in range(at.shape[0]):
            if at[k] < 0:
                continue
            if step % 2 == 1:
                if item[k] >= 0:
                    low, high = listeners[0][item[k]], listeners[0][item[k] + 1]
                    at[k] = listeners[1][low + int(rng.random() * (high - low))]
                continue
            item[k] = -1
            if rng.random() < reset:
                at[k] = query
                continue
            low, high = likes[0][at[k]], likes[0][at[k] + 1]
            if low == high:
                at[k] = -1
                continue
            item[k] = likes[1][low + int(rng.random() * (high - low))]
            visits[item[k]] += 1
    return visits
