"""Ours: trust walks, trust-weighted SALSA, evidence rule and budget, as a node runs them."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from ranking.config import RankConfig
from ranking.recommend import RecommendRequest, rank_items
from ranking.trust_vector import TrustVector
from sim.methods.method import Ranked, Ranker, World
from sim.methods.public import PUBLIC_SETS
from trust.config import TrustConfig
from trust.meritrank import trust_from


@dataclass(frozen=True, slots=True)
class Grapevine:
    """The node's own code with the given parameters, without discoveries unless they are asked for.

    A discovery is a labelled place outside the ranking; what it costs is measured by asking for it.
    """

    rank: RankConfig = field(default_factory=lambda: RankConfig(discovery_every=0))
    trust: TrustConfig = field(default_factory=TrustConfig)

    @classmethod
    def of(cls, **parameters: float | int | str) -> Grapevine:
        """With some fields of `RankConfig` and `TrustConfig` by name; `walks` is the trust's,
        `item_walks` the ranking's. `public` names one of `PUBLIC_SETS` to start from. Raises
        ValueError for a name that neither has."""
        named = str(parameters.pop("public", ""))
        if named and named not in PUBLIC_SETS:
            raise ValueError(f"no public set {named!r}: there are {', '.join(PUBLIC_SETS)}")
        start = PUBLIC_SETS[named].config if named else RankConfig(discovery_every=0)
        ranking, trust = _defaults(start), _defaults(TrustConfig())
        for name, value in parameters.items():
            there = trust if name in trust else ranking
            key = "walks" if name == "item_walks" else name
            if key not in there:
                names = ", ".join(sorted({*ranking, *trust, "item_walks"}))
                raise ValueError(f"grapevine has no parameter {name!r}; it has {names}")
            there[key] = _as_kind_of(there[key], value)
        return cls(RankConfig(**ranking), TrustConfig(**trust))

    def prepare(self, world: World) -> Ranker:
        """Nothing is the same for all people: each walks from where she stands."""
        return _GrapevineRanker(self, world)


def _defaults(config: RankConfig | TrustConfig) -> dict[str, Any]:
    return {field.name: getattr(config, field.name) for field in fields(config)}


def _as_kind_of(default: Any, value: float | int | str) -> Any:
    """The value in the type of the default; "none" switches a field off that can be."""
    if value == "none" and (default is None or isinstance(default, float)):
        return None
    return float(value) if default is None else type(default)(value)


@dataclass(frozen=True, slots=True)
class _GrapevineRanker:
    method: Grapevine
    world: World

    def trust_of(self, person: int, rng: np.random.Generator) -> TrustVector:
        """Her trust; everybody alike where the data know nothing of trust."""
        if self.world.vouches is None:
            return TrustVector.everyone_equal(self.world.snapshot.n_authors, person)
        return trust_from(self.world.vouches, person, self.method.trust, rng)

    def rank(self, person: int, n: int, rng: np.random.Generator) -> Ranked:
        """Her list as her node would show it."""
        return self.rank_by(self.trust_of(person, rng), n, rng)

    def rank_by(self, trust: TrustVector, n: int, rng: np.random.Generator) -> Ranked:
        """The list of whoever trusts like this."""
        found = rank_items(
            self.world.snapshot, trust, RecommendRequest(n=n, config=self.method.rank), rng
        )
        return Ranked(found.item, found.score.astype(np.float64))
