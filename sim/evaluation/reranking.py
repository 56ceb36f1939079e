"""The shown results of a search engine put in another order by earlier sessions' clicks.

Every session is somebody who trusts nobody: each click counts the same. A page is measured if its
query was clicked in an earlier session, by the new places of what was clicked. Clicks favour what
stood on top, so the mean weighs each by one over the chance that its place is looked at: estimated
from results that were shown at several places, whose clicks differ by the place alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ranking.click_table import ClickTable
from ranking.search import SearchConfig, Similarity, click_scores, search
from ranking.trust_vector import TrustVector
from sim.data.click_logs import SHOWN, Page
from sim.evaluation.clustered import of_clusters
from sim.evaluation.intervals import Interval
from sim.methods.method import F64

I64 = NDArray[np.int64]

LOOKS_MIN = 0.05
"""No place is taken to be looked at less often than so: bounds the weight of one page."""

TINY = 1e-12

ROUNDS = 200
"""Of the estimate; it stands still long before."""


def looks(pages: Sequence[Page]) -> F64:
    """float64[SHOWN]: the chance that a place is looked at, that of the top being 1.

    For each pair of places the clicks of results shown at both, at equal weight, are as p_k to p_l;
    all pairs are fitted at once (Agarwal et al., WSDM 2019). O(pages).
    """
    shown: dict[tuple[str, str], F64] = defaultdict(lambda: np.zeros((SHOWN, 2)))
    for page in pages:
        for place, url in enumerate(page.shown):
            shown[page.query, url][place] += 1, place in page.clicked
    clicks = np.zeros((SHOWN, SHOWN))
    for counts in shown.values():
        places = np.flatnonzero(counts[:, 0])
        for k in places.tolist():
            rate = counts[k, 1] / counts[k, 0]
            clicks[k, places] += np.minimum(counts[k, 0], counts[places, 0]) * rate
    np.fill_diagonal(clicks, 0.0)
    chance = np.ones(SHOWN)
    for _ in range(ROUNDS):
        worth = (clicks + clicks.T) / np.maximum(chance[:, None] + chance, TINY)
        np.fill_diagonal(worth, 0.0)
        chance = clicks.sum(axis=1) / np.maximum(worth.sum(axis=1), TINY)
        if not chance[0]:  # nothing tells of the top: no place is taken to differ from it
            return np.ones(SHOWN)
        chance /= chance[0]
    return np.clip(chance, LOOKS_MIN, 1.0)


Order = Callable[[I64, I64, int], I64]
"""(item, place) of the query's earlier clicks, items 0..SHOWN-1 being those on the page, and how
many different ones there are -> places of the page in their new order."""


def _engine(_item: I64, _place: I64, _n: int) -> I64:
    return np.arange(SHOWN)


def _count(item: I64, _place: I64, _n: int) -> I64:
    return np.argsort(-np.bincount(item, minlength=SHOWN)[:SHOWN], kind="stable")


def as_a_node(config: SearchConfig) -> Order:
    """The order of `search`, the engine's being the text's."""

    def order(item: I64, place: I64, _n: int) -> I64:
        author = np.arange(1, item.size + 1, dtype=np.int32)
        table = ClickTable.of(
            author, np.zeros(item.size, np.int32), item.astype(np.int32), place.astype(np.uint16)
        )
        trust = TrustVector.everyone_equal(item.size + 1, 0)
        scored = click_scores(table, np.array([0], np.int32), trust, config)
        text = np.arange(SHOWN, dtype=np.int32), np.ones(SHOWN, np.float32)
        found = search(text, scored, np.empty(0, np.int32), SHOWN, config)
        return np.array([one.item for one in found])

    return order


ORDERS: dict[str, Order] = {
    "engine": _engine,
    "clicks": _count,
    "written": as_a_node(SearchConfig.published(similarity=Similarity.TRUST)),
    "grapevine": as_a_node(SearchConfig()),
}


OTHERS = ("engine", "clicks")
"""What others are compared with."""


@dataclass(frozen=True, slots=True)
class Reordered:
    """One order's. weighted: mean of 1 / place over all clicks, by weight; raw: of each page's
    first one, without weights; than: the weighted one less that of another order; moved: part of
    the pages in a new order."""

    weighted: Interval
    raw: Interval
    than: dict[str, Interval]
    moved: float


@dataclass(frozen=True, slots=True, eq=False)
class Rerun:
    """All orders; pages with an earlier click, and with a click themselves; chances used."""

    orders: dict[str, Reordered]
    pages: int
    clicked: int
    looks: F64


def rerun(pages: Sequence[Page], first: int) -> Rerun:
    """Replay all pages and measure those from number `first` on; places are judged by the chances
    that the pages before tell. Bounds are over sessions. O(pages x clicks of a query). Raises
    ValueError where nothing can be measured."""
    chance = looks(pages[:first])
    log: dict[str, list[tuple[str, int]]] = defaultdict(list)
    said: list[tuple[str, str, int]] = []
    moved = dict.fromkeys(ORDERS, 0)
    hits: list[_Hit] = []
    seen, number, before = 0, 0, ""
    for at, page in enumerate(pages):
        if page.session != before:
            for query, url, where in dict.fromkeys(said):
                log[query].append((url, where))
            said, before, number = [], page.session, number + 1
        earlier = log.get(page.query, [])
        if at >= first and earlier:
            seen += 1
            orders = _orders(page, earlier)
            for name, order in orders.items():
                moved[name] += int((order != np.arange(SHOWN)).any())
            for nth, place in enumerate(dict.fromkeys(page.clicked)):
                new = tuple(int(np.flatnonzero(o == place)[0]) for o in orders.values())
                hits.append(_Hit(number, place, nth == 0, new))
        said += [(page.query, page.shown[where], where) for where in page.clicked]
    if not hits:
        raise ValueError("no page is clicked whose query was clicked before")
    shares = {name: count / seen for name, count in moved.items()}
    return Rerun(_compared(hits, chance, shares), seen, sum(hit.first for hit in hits), chance)


class _Hit(NamedTuple):
    """One click: its place, whether it was the page's first, its place in each order."""

    session: int
    place: int
    first: bool
    new: tuple[int, ...]


def _compared(hits: list[_Hit], chance: F64, moved: dict[str, float]) -> dict[str, Reordered]:
    weight = 1 / chance[[hit.place for hit in hits]]
    session = np.array([hit.session for hit in hits])
    first = np.array([hit.first for hit in hits])
    worth = 1 / (1 + np.array([hit.new for hit in hits], np.float64))
    values = dict(zip(ORDERS, worth.T, strict=True))
    return {
        name: Reordered(
            of_clusters(one, session, weight),
            of_clusters(one[first], session[first]),
            {other: of_clusters(one - values[other], session, weight) for other in OTHERS},
            moved[name],
        )
        for name, one in values.items()
    }


def _orders(page: Page, earlier: list[tuple[str, int]]) -> dict[str, I64]:
    """Every order of the page."""
    index = {url: at for at, url in enumerate(page.shown)}
    item = np.array([index.setdefault(url, len(index)) for url, _ in earlier])
    place = np.array([where for _, where in earlier])
    return {name: order(item, place, len(index)) for name, order in ORDERS.items()}
