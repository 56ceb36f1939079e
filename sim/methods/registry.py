"""Every recommender by name, so that a comparison is one flag."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType

from ranking.config import RankConfig
from sim.methods.concave import Concave, RawConcave
from sim.methods.counting import Chance, Popularity
from sim.methods.grapevine import Grapevine
from sim.methods.graphjet import GraphJet
from sim.methods.meritrank import meritrank_pht, meritrank_ppr, trust_ppr
from sim.methods.method import Method
from sim.methods.salsa import PlainSalsa
from sim.methods.three_steps import p3alpha, rp3beta
from sim.methods.web3recommend import web3recommend, web3recommend_mended
from trust.config import Credit, TrustConfig

Value = float | int | str
Grid = Mapping[str, tuple[Value, ...]]
NO_VALUES: Mapping[str, Value] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Entry:
    """One recommender.

    make: called with parameters by name. summary: one line. source: where its rules stand.
    grid: the values that tuning may try, by parameter; empty where there is nothing to tune.
    """

    make: Callable[..., Method]
    summary: str
    source: str
    grid: Grid = field(default_factory=dict)

    @property
    def parameters(self) -> dict[str, Value]:
        """Every parameter with its default, but for those that `make` takes as keywords at large
        and answers for itself."""
        found = inspect.signature(self.make).parameters.values()
        return {one.name: one.default for one in found if one.kind is not one.VAR_KEYWORD}

    @property
    def takes_others(self) -> bool:
        """Whether `make` looks at the names of parameters itself."""
        found = inspect.signature(self.make).parameters.values()
        return any(one.kind is one.VAR_KEYWORD for one in found)


CONCAVE_GRID: Grid = {
    "exponent": (0.4, 0.5, 0.7, 1.0),
    "source_gain": (0.0, 0.25, 0.5),
    "item_penalty": (0.0, 0.1, 0.3, 0.5),
}


def _with_defence(field_name: str, value: Value, what: str) -> Entry:
    """The concave sum with one of the node's defences, at the node's own setting."""
    make = partial(Concave, **{field_name: value})  # type: ignore[arg-type]
    return Entry(make, f"the concave sum with one defence: {what}", "ranking/ALGORITHM.md")


_RANKING, _TRUST = RankConfig(), TrustConfig()

METHODS: Mapping[str, Entry] = MappingProxyType(
    {
        "grapevine": Entry(
            Grapevine.of,
            "ours: trust walks, trust-weighted SALSA, evidence rule and budget",
            "ranking/ALGORITHM.md, trust/THREATS.md; the node's own code",
            {
                "exponent": (0.4, 0.5, 0.7, 1.0),
                "source_gain": (0.0, 0.25),
                "item_penalty": (0.0, 0.1, 0.3),
            },
        ),
        "popularity": Entry(Popularity, "what most people have", "count of listeners"),
        "random": Entry(Chance, "a random list: the floor", "uniform over items"),
        "salsa": Entry(
            PlainSalsa,
            "plain personalised SALSA, exact, everybody equal: the reference",
            "design §6; RankConfig.undefended with TrustVector.everyone_equal",
        ),
        "p3alpha": Entry(
            p3alpha,
            "three exact steps, to the power alpha",
            "Cooper et al., WWW 2014 companion; recsys-2019 evaluation code P3alphaRecommender",
            {"alpha": (0.6, 0.8, 1.0, 1.2), "neighbours": (0, 100, 800), "normalise": (0, 1)},
        ),
        "rp3beta": Entry(
            rp3beta,
            "three exact steps, divided by popularity to the power beta",
            "Paudel et al., TiiS 2017 §4; sisinflab/Graph-RSs-Reproducibility RP3beta",
            {
                "alpha": (0.6, 0.8, 1.0, 1.2),
                "beta": (0.0, 0.1, 0.3, 0.5),
                "neighbours": (0, 100, 800),
                "normalise": (0, 1),
            },
        ),
        "graphjet": Entry(
            GraphJet,
            "sampled SALSA from the person and her circle of trust, with resets to her",
            "Sharma et al., VLDB 2016; twitter/GraphJet SalsaIterations, fullgraph",
            {"length": (3, 5, 13), "reset": (0.0, 0.3), "query_fraction": (0.5, 0.9)},
        ),
        "web3recommend": Entry(
            web3recommend,
            "SALSA that may go back only to whom the last person trusts, as published",
            "Web3Recommend, final form of the shipped code: trust PageRank, hybrid walk, decay",
            {"alpha": (0.05, 0.1, 0.2), "beta": (0.0, 0.8)},
        ),
        "web3recommend-mended": Entry(
            web3recommend_mended,
            "the same with a smooth rule, relative decay and no trust for likeness",
            "Web3Recommend with B2, B4, B6, B7 of reference/algorithms.md 1.1.8 mended; 1.7",
            {"alpha": (0.05, 0.1, 0.2), "beta": (0.0, 0.8), "eta": (0.0001, 0.001, 0.01)},
        ),
        "trust-ppr": Entry(
            trust_ppr,
            "what the people like whom walks over vouches reach; no content walk",
            "personalised PageRank; items by sum_v ppr(v) a(v, i) / sum_k a(v, k)",
            {"reset": (0.1, 0.15, 0.3)},
        ),
        "meritrank-ppr": Entry(
            meritrank_ppr,
            "MeritRank as published on visits, extended to items by its people's shares",
            "Nasrulin et al. 2022; code random_walks.py, pagerank.py, reputation_cut",
            {"reset": (0.15, 0.33), "beta": (0.0, 0.4, 0.8, 1.0)},
        ),
        "meritrank-pht": Entry(
            meritrank_pht,
            "MeritRank as published on hitting times, extended to items by its people's shares",
            "Nasrulin et al. 2022; code random_walks.py, hitting_time.py, reputation_cut",
            {"reset": (0.15, 0.33), "beta": (0.0, 0.4, 0.8, 1.0)},
        ),
        "concave": Entry(
            Concave, "our concave sum with every defence off", "design §6", CONCAVE_GRID
        ),
        "concave-raw-degree": Entry(
            RawConcave,
            "the same with degrees that strangers can move",
            "design §6, with everybody's degree instead of the trusted",
            CONCAVE_GRID,
        ),
        "concave+cap": _with_defence("cap", _TRUST.author_cap, "a cap on each author's trust"),
        "concave+kappa": _with_defence("kappa", _RANKING.kappa, "a floor on an item's mass"),
        "concave+beta": _with_defence("beta", _TRUST.beta, "connectivity decay of authors"),
        "concave+edge-flow": _with_defence(
            "edge_flow", _TRUST.edge_flow_max, "a bound on the walks over an edge"
        ),
        "concave+endpoint": _with_defence(
            "credit", Credit.ENDPOINT.value, "credit where walks end, not for each visit"
        ),
        "concave+evidence": _with_defence(
            "excess_weight", _RANKING.excess_weight, "the evidence rule"
        ),
        "concave+budget": _with_defence(
            "budget", _RANKING.dependents_max, "at most so many of 20 rest on one person"
        ),
    }
)


def method(name: str, parameters: Mapping[str, Value] = NO_VALUES) -> Method:
    """The recommender of that name, with parameters other than its defaults if named.

    Numbers may be given as text, as they come from a command line. Raises ValueError, saying what
    there is, for an unknown name or parameter and for a value of the wrong kind or range.
    """
    entry = METHODS.get(name)
    if entry is None:
        raise ValueError(f"there is no method {name!r}; there are {', '.join(METHODS)}")
    defaults = entry.parameters
    given: dict[str, Value] = {}
    for key, value in parameters.items():
        if key not in defaults and entry.takes_others:
            given[key] = value
            continue
        if key not in defaults:
            there_is = ", ".join(defaults) or "none"
            raise ValueError(f"{name} has no parameter {key!r}; it has {there_is}")
        given[key] = _as_kind_of(defaults[key], value, f"{name}: {key}")
    return entry.make(**given)


def _as_kind_of(default: Value, value: Value, what: str) -> Value:
    """The value as a number where the default is one. bool is nobody's kind."""
    if isinstance(default, str):
        return str(value)
    kind = type(default)
    try:
        number = float(value)
        if kind is int and number != int(number):
            raise ValueError
        return kind(number)
    except (ValueError, OverflowError):
        wanted = "a whole number" if kind is int else "a number"
        raise ValueError(f"{what} must be {wanted}, not {value!r}") from None
