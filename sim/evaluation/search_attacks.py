"""What hostile clicks win in a search: places that a pushed item gains, for rankers side by side.

The world is that of `searching`. Somebody searches for a word; identities who may be vouched for
click the item at place `PLACE` of what she gets. Both lists are made with the same walks, in which
the identities stand already, so that the difference is what their clicks win.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ranking.click_table import ClickTable
from ranking.published_similarity import published_similarity
from ranking.search import SearchConfig, click_scores, interest
from ranking.trust_vector import TrustVector
from ranking.votes import trusted_voices
from sim.data.interactions import I32, I64
from sim.evaluation.clustered import of_clusters
from sim.evaluation.intervals import Interval
from sim.evaluation.searching import ClickWorld, Query, liked_mass
from sim.methods.grank_coded import coded_scores, coded_similarity
from sim.methods.method import F64
from trust.config import TrustConfig
from trust.meritrank import trust_from
from trust.vouches import CompiledVouches

PLACE = 100
"""From where an item is pushed."""

ITEMS_MIN, CLICKERS_MIN = 150, 20
"""A word is attacked if so many items were clicked for it, by so many people."""

DRAWS = 150
"""Pairs of a person who searches and a word."""

PEOPLE = 120
"""Whose queries tell what the lists are worth without an attack."""

SHORT = 10
BUCKETS = 5
NEIGHBOURS = 32
"""For how many others of its region an identity vouches."""

BOMBED = 39
"""Words for which a query bomb claims clicks: G-Rank's number of tags."""


@dataclass(frozen=True, slots=True)
class Attack:
    """share: of the word's clickers, hostile ones included; else so many `identities`. edges:
    honest people's vouches for the first `entries` identities (all for 0), who vouch for each other
    where there are any. rows: times that each says it. clone: each claims the searcher's own
    clicks, too. bomb: each claims and likes the item whatever the word."""

    what: str
    share: float = 0.0
    identities: int = 0
    edges: int = 0
    entries: int = 0
    rows: int = 1
    clone: bool = False
    bomb: bool = False

    def count(self, clickers: int) -> int:
        """How many identities there are."""
        if self.share:
            return max(1, round(clickers * self.share / (1 - self.share)))
        return self.identities


ATTACKS = {
    "collusion": Attack("30 % of the clickers, 20 edges spread over them", share=0.3, edges=20),
    "collusion, 5 entries": Attack(
        "the same, the edges lead to five", share=0.3, edges=20, entries=5
    ),
    "collusion, 1 entry": Attack("the same, all lead to one", share=0.3, edges=20, entries=1),
    "no vouches": Attack("30 % of the clickers, strangers", share=0.3),
    "targeted": Attack("G-Rank's: 10 strangers, 100 rows each", identities=10, rows=100),
    "inflation": Attack("G-Rank's: 10 strangers, 1,000 rows each", identities=10, rows=1_000),
    "epic": Attack("G-Rank's: 300 strangers, 100 rows each", identities=300, rows=100),
    "push": Attack(
        "G-Rank's: 20 strangers' 100 rows arrive, twice those of a pull", identities=20, rows=100
    ),
    "clones": Attack("10 strangers with the searcher's own clicks", identities=10, clone=True),
    "click farm": Attack("300 identities behind one edge", identities=300, edges=1),
    "query bomb": Attack(
        "as collusion; they like it and click it for 39 other words", share=0.3, edges=20, bomb=True
    ),
}


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One search. clicks: distinct clicks of whoever has clicked for the term, as columns; times:
    how often each was said; mass: `liked_mass`; liked: the searcher's own."""

    term: int
    trust: TrustVector
    clicks: ClickTable
    times: I64
    mass: F64
    liked: I32


Ranker = Callable[[Scene], F64]


@dataclass(frozen=True, slots=True)
class Column:
    """A ranker. score: float64[items], higher first, equal ones by row, 0 is not found."""

    what: str
    score: Ranker


def _for_term(scene: Scene, weight: F64) -> F64:
    window = scene.clicks.of_term(scene.term)
    author, item = scene.clicks.author[window], scene.clicks.item[window]
    return np.bincount(item, weights=weight[author], minlength=scene.mass.size).astype(np.float64)


def _coded(scene: Scene) -> F64:
    clicks, window = scene.clicks, scene.clicks.of_term(scene.term)
    n = scene.trust.n_authors
    similarity = coded_similarity(clicks.author, clicks.term, clicks.item, scene.trust.owner, n)
    return coded_scores(
        clicks.author[window], clicks.item[window], scene.times[window], similarity, scene.mass.size
    )


def _written(isolation: float) -> Ranker:
    def score(scene: Scene) -> F64:
        owner, n = scene.trust.owner, scene.trust.n_authors
        weight = published_similarity(scene.clicks, owner, n, SearchConfig().top_terms)
        weight[owner] = 1.0
        return _for_term(scene, weight + isolation)

    return score


def _trust(scene: Scene) -> F64:
    weight = scene.trust.t / (scene.trust.t.max() or 1)
    weight[scene.trust.owner] = 1.0
    return _for_term(scene, weight.astype(np.float64))


def _median(scene: Scene) -> F64:
    """Identities are dealt to buckets of equal trust; behind the median the sum decides."""
    weight = scene.trust.t.astype(np.float64)
    order = np.random.default_rng(0).permutation(weight.size)
    filled = np.cumsum(weight[order])
    bucket = np.empty(weight.size, np.int64)
    bucket[order] = np.minimum(filled * BUCKETS / (filled[-1] or 1), BUCKETS - 1).astype(np.int64)
    parts = [_for_term(scene, np.where(bucket == one, weight, 0)) for one in range(BUCKETS)]
    score: F64 = np.median(parts, axis=0) + 1e-6 * np.sum(parts, axis=0)
    return score


def _ours(config: SearchConfig) -> Ranker:
    def score(scene: Scene) -> F64:
        told = interest(scene.mass, scene.liked, config)
        terms = np.array([scene.term], np.int32)
        items, scores = click_scores(scene.clicks, terms, scene.trust, config, told)
        found: F64 = told / (1 + told.max())  # what is popular fills the list behind the clicked
        found[items] = 1 + scores
        return found

    return score


RANKERS = {
    "coded": Column("G-Rank as its notebook computes it", _coded),
    "written F=0": Column("as written, S published", _written(0.0)),
    "written F=1": Column("the same, everybody counts", _written(1.0)),
    "trust sum": Column("S = t, the sum", _trust),
    "bucket median": Column("the median over five buckets of equal trust", _median),
    "grapevine": Column("as a node answers", _ours(SearchConfig())),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """Places won over all draws: the mean, and the 90th percentile."""

    attack: str
    ranker: str
    mean: float
    high: float


@dataclass(frozen=True, slots=True)
class Table:
    """ndcg: nDCG@10 of each ranker without an attack, over some people's queries."""

    cells: list[Cell]
    ndcg: dict[str, Interval]
    draws: int
    place: int = PLACE


def attack_table(world: ClickWorld, seed: int, draws: int = DRAWS, people: int = PEOPLE) -> Table:
    """All attacks on all rankers. About half a second a draw."""
    won: dict[tuple[str, str], list[int]] = {(a, r): [] for a in ATTACKS for r in RANKERS}
    terms = _attackable(world.table)
    able = np.flatnonzero(np.diff(world.vouches.ptr) > 0)
    for draw in range(draws if terms.size else 0):
        rng = np.random.default_rng((seed, 1, draw))
        person, term = int(rng.choice(able)), int(rng.choice(terms))
        for name, attack in ATTACKS.items():
            for ranker, places in places_won(world, attack, person, term, rng).items():
                won[name, ranker].append(places)
    cells = [
        Cell(attack, ranker, float(np.mean(one)), float(np.percentile(one, 90)))
        for (attack, ranker), one in won.items()
        if one
    ]
    return Table(cells, _worth(world, people, np.random.default_rng((seed, 2))), draws)


def _attackable(table: ClickTable) -> I64:
    n_terms = int(table.term.max(initial=-1)) + 1
    kept = []
    for term in np.flatnonzero(np.bincount(table.term, minlength=n_terms) >= ITEMS_MIN).tolist():
        window = table.of_term(term)
        items, clickers = (np.unique(c[window]).size for c in (table.item, table.author))
        if items >= ITEMS_MIN and clickers >= CLICKERS_MIN:
            kept.append(term)
    return np.array(kept, np.int64)


def places_won(
    world: ClickWorld, attack: Attack, person: int, term: int, rng: np.random.Generator
) -> dict[str, int]:
    """Ranker -> places that the item at `PLACE` wins in the person's list."""
    n = attack.count(np.unique(world.table.author[world.table.of_term(term)]).size)
    vouches = with_region(world.vouches, attack, n, rng)
    trust = trust_from(vouches, person, TrustConfig(), np.random.default_rng((0, person)))
    calm = scene_of(world, person, term, trust)
    found = {}
    for name, column in RANKERS.items():
        order = np.argsort(-column.score(calm), kind="stable")
        item = int(order[PLACE - 1])
        score = column.score(attacked(calm, attack, n, item, rng))
        above = (score > score[item]) | ((score == score[item]) & (np.arange(score.size) < item))
        found[name] = PLACE - 1 - int(above.sum())
    return found


def with_region(
    vouches: CompiledVouches, attack: Attack, n: int, rng: np.random.Generator
) -> CompiledVouches:
    """n identities after the people's rows; honest people drawn at random vouch for them."""
    people = vouches.n_authors
    caster = np.repeat(np.arange(people, dtype=np.int64), np.diff(vouches.ptr))
    source, target = [caster], [vouches.target.astype(np.int64)]
    if attack.edges:
        fooled = rng.choice(people, attack.edges, replace=attack.edges > people)
        source.append(fooled)
        target.append(people + np.arange(attack.edges) % min(attack.entries or n, n))
        for step in range(1, min(n, NEIGHBOURS + 1)):
            source.append(people + np.arange(n))
            target.append(people + (np.arange(n) + step) % n)
    pair, first = np.unique(
        np.concatenate(source) << 32 | np.concatenate(target), return_index=True
    )
    weight = np.ones(pair.size, np.float32)
    weight[first < caster.size] = vouches.weight[first[first < caster.size]]
    columns = (pair >> 32).astype(np.int32), (pair & 0xFFFFFFFF).astype(np.int32)
    return CompiledVouches.from_triples(people + n, *columns, weight)


def scene_of(world: ClickWorld, person: int, term: int, trust: TrustVector) -> Scene:
    """What the person's node knows that matters for the term."""
    table, likes = world.table, world.likes
    clickers = np.append(table.author[table.of_term(term)], person)
    which = np.isin(table.author, clickers)
    columns = table.author[which], table.term[which], table.item[which]
    clicks = ClickTable(*columns, table.position[which])
    mass = liked_mass(world, trust, SearchConfig())
    times = np.ones(clicks.author.size, np.int64)
    return Scene(term, trust, clicks, times, mass, likes.liked(person))


def attacked(calm: Scene, attack: Attack, n: int, item: int, rng: np.random.Generator) -> Scene:
    """The same search after n identities, the last rows, have clicked the item."""
    clicks, owner = calm.clicks, calm.trust.owner
    rows = np.arange(calm.trust.n_authors - n, calm.trust.n_authors)
    terms = np.array([calm.term])
    mass = calm.mass.copy()
    if attack.bomb:
        others = np.unique(clicks.term)
        others = others[others != calm.term]
        bombed = rng.choice(others, min(BOMBED, others.size), replace=False)
        terms = np.append(terms, bombed)
        mass[item] += trusted_voices(calm.trust, SearchConfig().vote_power)[rows].sum()
    said = [(np.repeat(rows, terms.size), np.tile(terms, n), np.full(n * terms.size, item))]
    if attack.clone:
        mine = clicks.author == owner
        size = int(mine.sum())
        copied = np.tile(clicks.term[mine], n), np.tile(clicks.item[mine], n)
        said.append((np.repeat(rows, size), *copied))
    columns = [
        np.concatenate((old, *new)).astype(np.int32)
        for old, *new in zip((clicks.author, clicks.term, clicks.item), *said, strict=True)
    ]
    author, of_term, items = columns
    more = ClickTable.of(author, of_term, items)
    hostile = (more.author >= rows[0]) & (more.term == calm.term) & (more.item == item)
    return replace(calm, clicks=more, times=np.where(hostile, attack.rows, 1), mass=mass)


def _worth(world: ClickWorld, people: int, rng: np.random.Generator) -> dict[str, Interval]:
    """nDCG@10 of every ranker over the queries of some people."""
    everybody = np.unique([query.person for query in world.queries])
    asked = set(rng.choice(everybody, min(people, everybody.size), replace=False).tolist())
    queries = [query for query in world.queries if query.person in asked]
    gains: dict[str, list[float]] = {name: [] for name in RANKERS}
    before, trust = -1, TrustVector.everyone_equal(world.n_people, 0)
    for query in queries:
        if query.person != before:
            before = query.person
            seed = np.random.default_rng((0, before))
            trust = trust_from(world.vouches, before, TrustConfig(), seed)
        scene = scene_of(world, query.person, query.term, trust)
        for name, column in RANKERS.items():
            gains[name].append(_gain(column.score(scene), query))
    person = np.array([query.person for query in queries])
    return {name: of_clusters(np.array(one), person) for name, one in gains.items()}


def _gain(score: F64, query: Query) -> float:
    score = score.copy()
    score[query.known] = 0.0
    best = np.argsort(-score, kind="stable")[:SHORT]
    hit = np.isin(best[score[best] > 0], query.wanted)
    worth = 1 / np.log2(np.arange(2, SHORT + 2))
    return float(hit @ worth[: hit.size] / worth[: min(query.wanted.size, SHORT)].sum())
