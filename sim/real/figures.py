"""The figures of lists that daemons gave, in the names and units that all fidelities share."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from sim.adversaries.regions import HostileFeeds
from sim.evaluation.intervals import student
from sim.measures.accuracy import measure
from sim.measures.exposure import Stakes, adjusted, fake_share, fakes_in, gain_per_edge, niche_items
from sim.measures.published import ranking_significance
from sim.population.people import Population, item_name
from sim.scenario.schema import Questions

I32 = NDArray[np.int32]
F64 = NDArray[np.float64]

ASKED = 3
"""What a stream of random numbers is for: (seed, ASKED), as in the other fidelities."""


def asked(questions: Questions, population: Population, seed: int) -> I32:
    """Rows of who is asked, ascending: the same people as in the other fidelities."""
    able = np.flatnonzero(population.wanted.sizes)
    if not able.size:
        able = np.arange(population.n_people)
    if questions.people and questions.people < able.size:
        rng = np.random.default_rng((seed, ASKED))
        able = np.sort(rng.choice(able, questions.people, replace=False))
    return able.astype(np.int32)


def rows_of(shown: Sequence[Sequence[str]], items: int, k: int) -> I32:
    """int32[lists, k]: item rows of 0..items-1, -1 where a list has ended, -2 for other names."""
    row_of = {item_name(row): row for row in range(items)}
    lists = np.full((len(shown), k), -1, np.int32)
    for at, names in enumerate(shown):
        rows = [row_of.get(name, -2) for name in names[:k]]
        lists[at, : len(rows)] = rows
    return lists


def samples_of(population: Population, people: I32, lists: I32) -> dict[str, F64]:
    """One value for each person asked: fakes, and ndcg and recall, NaN if nobody wants anything."""
    wanted = population.wanted
    samples = {"fakes": fake_share(lists, wanted.n_items)}
    if not wanted.sizes[people].all():
        return samples | {name: np.full(people.size, math.nan) for name in ("ndcg", "recall")}
    honest = np.where((lists >= 0) & (lists < wanted.n_items), lists, -1).astype(np.int32)
    listeners = np.bincount(population.train.item, minlength=wanted.n_items)
    found = measure(people, honest, wanted, listeners)
    return samples | {name: found[name] for name in ("ndcg", "recall")}


def metrics_of(
    population: Population,
    said: Sequence[HostileFeeds],
    people: I32,
    lists: I32,
    samples: Mapping[str, F64],
) -> dict[str, float]:
    """Accuracy and exposure."""
    n_items, k = population.wanted.n_items, lists.shape[1]
    fakes = samples["fakes"]
    share = float(fakes.mean())
    spread = float(fakes.std(ddof=1)) if fakes.size > 1 else 0.0
    edges = sum(len(one.fooled) for one in said)
    stakes = Stakes(population.n_people, n_items, sum(one.n_fakes for one in said), edges)
    one_sided = student(max(fakes.size - 1, 1), 0.90)
    return {
        "ndcg": float(samples["ndcg"].mean()),
        "recall": float(samples["recall"].mean()),
        "niche_recall": _niche_recall(population, people, lists),
        "fakes": share,
        "fakes_high": share + one_sided * spread / math.sqrt(fakes.size),
        "fakes_adjusted": adjusted(share, stakes),
        "gain_per_edge": gain_per_edge(share, k, stakes),
        "ranking_significance": float(ranking_significance(fakes_in(lists, n_items)).mean()),
    }


def _niche_recall(population: Population, people: I32, lists: I32) -> float:
    """Recall of niche items, of those who want one. NaN where nobody does."""
    wanted = population.wanted
    niche = niche_items(np.bincount(population.train.item, minlength=wanted.n_items))
    found = []
    for row, person in enumerate(people.tolist()):
        items = wanted.of_person(person)
        rare = items[niche[items]]
        if rare.size:
            found.append(np.isin(rare, lists[row]).mean())
    return float(np.mean(found)) if found else math.nan
