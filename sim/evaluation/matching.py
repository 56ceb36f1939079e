"""How well a node's own full-text index answers queries, beside a plain BM25."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from node.store.rows import ItemInfoRow
from node.store.store import Store
from sim.data.text_collections import Collection
from sim.evaluation.intervals import Interval, of_draws
from sim.measures.places import ndcg
from sim.methods.method import F64

LENGTH = 10
"""Places that nDCG looks at."""

K1, B = 1.2, 0.75
"""BM25's usual parameters, which FTS5 has, too."""

_WORD = re.compile(r"\w+")


class PlainBM25:
    """Robertson's formula over lower-case words, neither stemmed nor stopped. O(postings) a query.

    sum over words of idf * f (K1 + 1) / (f + K1 (1 - B + B length / mean length)),
    idf = log(1 + (N - n + .5) / (n + .5))
    """

    def __init__(self, documents: Mapping[str, str]) -> None:
        self._names = list(documents)
        self._postings: dict[str, list[tuple[int, int]]] = defaultdict(list)
        length = np.zeros(len(documents))
        for row, text in enumerate(documents.values()):
            words = Counter(_WORD.findall(text.lower()))
            length[row] = words.total()
            for word, count in words.items():
                self._postings[word].append((row, count))
        self._norm: F64 = K1 * (1 - B + B * length / max(float(length.mean()), 1.0))

    def best(self, query: str, n: int) -> list[str]:
        """At most n names, best first; equal ones in the order of the documents."""
        score = np.zeros(len(self._names))
        for word, count in Counter(_WORD.findall(query.lower())).items():
            postings = self._postings.get(word, [])
            if not postings:
                continue
            row, times = np.array(postings).T
            idf = math.log(1 + (len(self._names) - row.size + 0.5) / (row.size + 0.5))
            score[row] += count * idf * times * (K1 + 1) / (times + self._norm[row])
        order = np.argsort(-score, kind="stable")[:n]
        return [self._names[row] for row in order.tolist() if score[row] > 0]


@dataclass(frozen=True, slots=True)
class Matched:
    """nDCG@10 over the queries: the index', plain BM25's, and the former less the latter."""

    queries: int
    index: Interval
    plain: Interval
    better: Interval


def matched(collection: Collection, path: Path) -> Matched:
    """Put the documents into a new store at `path` and ask it all queries, as a search does.

    Queries that nothing answers are left out. Seconds for ten thousand documents.
    """
    plain = PlainBM25(collection.documents)
    asked = [query for query in collection.queries if collection.gain.get(query)]
    found = np.zeros((2, len(asked)))
    with Store.open(path) as store:
        store.put_item_info(
            [ItemInfoRow(name, b"", text, ()) for name, text in collection.documents.items()]
        )
        for at, query in enumerate(asked):
            text, gain = collection.queries[query], collection.gain[query]
            full, partial = store.match_items(text.split(), LENGTH, enough=LENGTH)
            found[0, at] = ndcg([*full, *partial], gain, LENGTH)
            found[1, at] = ndcg(plain.best(text, LENGTH), gain, LENGTH)
    return Matched(
        len(asked), of_draws(found[0]), of_draws(found[1]), of_draws(found[0] - found[1])
    )
