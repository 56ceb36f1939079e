"""Room for newcomers in the table of authors: whose row may stand for somebody else.

Every author heard of takes a row, those merely named in a vouch, too, so strangers could fill the
table with names. When it is nearly full, rows go of which nothing is lost: of authors whom nobody
here trusts, who are not named by anyone trusted, and of whom no feed is held.
"""

import numpy as np
from numpy.typing import NDArray

from node.core.state import PeerState
from protocol.ids import AuthorKey

FULL = 0.9
"""Part of the rows in use from which on some are freed."""

FREED = 0.25
"""Part of the rows looked at at once, the stalest first."""


def free_author_rows(state: PeerState, trusted: NDArray[np.bool_]) -> int:
    """Free rows when the table is nearly full; how many. `trusted`: mask of trusted rows.

    O(vouches + clicks + tags) when it does anything.
    """
    graph = state.graph
    rows_max = graph.config.authors_max
    if len(graph.authors) < FULL * rows_max:
        return 0
    kept = trusted.copy()
    hosted = [person.row for person in state.persons]
    kept[hosted] = True
    kept[state.trust.targets_of(kept)] = True
    gone = np.zeros(len(kept), np.bool_)
    for row in graph.stalest_authors(int(FREED * rows_max) + 1).tolist():
        key = AuthorKey(graph.authors.name(row))
        if row < len(kept) and not kept[row] and not state.feeds.feeds_of(key):
            gone[row] = True
    rows = np.flatnonzero(gone).tolist()
    if rows:
        state.trust.forget_rows(gone)
        state.clicks.forget_rows(gone)
        state.tags.forget_rows(gone)
        state.vectors.clear()
        state.walks.clear()
        for row in rows:
            graph.release_author(row)
    return len(rows)
