"""Lists that people got, in whatever fidelity, as figures: who is asked, what lists are worth."""

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
from sim.population.people import Population
from sim.scenario.schema import Questions

I32 = NDArray[np.int32]
F64 = NDArray[np.float64]

ASKED = 3
"""What a stream of random numbers is for: (seed, ASKED)."""

NO_ITEM = -2
"""In a list, a name that is neither an honest item nor a fake; -1 is where the list has ended."""


def asked(questions: Questions, population: Population, seed: int) -> I32:
    """Rows of who is asked, ascending: people who want something, drawn at random; all for 0."""
    able = np.flatnonzero(population.wanted.sizes).astype(np.int32)
    if not able.size:
        able = np.arange(population.n_people, dtype=np.int32)
    if questions.people and questions.people < able.size:
        rng = np.random.default_rng((seed, ASKED))
        able = np.sort(rng.choice(able, questions.people, replace=False))
    return able


def list_of(names: Sequence[str], row_of: Mapping[str, int], k: int) -> I32:
    """int32[k]: the rows of the first k names."""
    items = np.full(k, -1, np.int32)
    rows = [row_of.get(name, NO_ITEM) for name in names[:k]]
    items[: len(rows)] = rows
    return items


def stakes_of(population: Population, said: Sequence[HostileFeeds]) -> Stakes:
    """What there is to win; being fooled twice for one identity is one attack edge."""
    edges = sum(np.unique(np.stack([one.fooled, one.entered]), axis=1).shape[1] for one in said)
    n_fakes = sum(one.n_fakes for one in said)
    return Stakes(population.n_people, population.train.n_items, n_fakes, edges)


def accuracy_by_person(population: Population, people: I32, lists: I32) -> dict[str, F64]:
    """ndcg and recall of each list, NaN if somebody wants nothing. Fakes are nobody's test item."""
    wanted = population.wanted
    if not wanted.sizes[people].all():
        return {name: np.full(people.size, math.nan) for name in ("ndcg", "recall")}
    honest = np.where((lists >= 0) & (lists < wanted.n_items), lists, -1).astype(np.int32)
    listeners = np.bincount(population.train.item, minlength=wanted.n_items)
    found = measure(people, honest, wanted, listeners)
    return {name: found[name] for name in ("ndcg", "recall")}


def niche_recall(population: Population, people: I32, lists: I32) -> float:
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


def exposure_of(lists: I32, stakes: Stakes) -> dict[str, float]:
    """What the hostile have got; fakes_high: upper bound of a one-sided 95 % interval."""
    fakes = fake_share(lists, stakes.n_items)
    share = float(fakes.mean())
    spread = float(fakes.std(ddof=1)) if fakes.size > 1 else 0.0
    one_sided = student(max(fakes.size - 1, 1), 0.90)
    return {
        "fakes": share,
        "fakes_high": share + one_sided * spread / math.sqrt(fakes.size),
        "fakes_adjusted": adjusted(share, stakes),
        "gain_per_edge": gain_per_edge(share, lists.shape[1], stakes),
        "ranking_significance": float(ranking_significance(fakes_in(lists, stakes.n_items)).mean()),
    }


def samples_of(population: Population, people: I32, lists: I32) -> dict[str, F64]:
    """One value for each person asked: ndcg, recall, fakes."""
    found = accuracy_by_person(population, people, lists)
    return found | {"fakes": fake_share(lists, population.train.n_items)}


def metrics_of(population: Population, people: I32, lists: I32, stakes: Stakes) -> dict[str, float]:
    """Accuracy and exposure of these lists."""
    by_person = accuracy_by_person(population, people, lists)
    found = {name: float(values.mean()) for name, values in by_person.items()}
    found["niche_recall"] = niche_recall(population, people, lists)
    return found | exposure_of(lists, stakes)
