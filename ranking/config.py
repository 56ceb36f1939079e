"""Every number of the ranking, in one place. `ALGORITHM.md` has the formulas they stand in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Method(StrEnum):
    """How the first two steps, owner -> item -> author, are done. The last is always exact."""

    AUTO = "auto"
    EXACT = "exact"
    SAMPLED = "sampled"


@dataclass(frozen=True, slots=True)
class RankConfig:
    """Parameters of `salsa`, `evidence` and `recommend`. Affinities are in (0, 1]."""

    exponent: float = 0.5
    """p of the concave sum over the owner's items, in (0, 1]; 1 is plain SALSA."""
    source_gain: float = 0.25
    """d_t(j) ** source_gain: what an owner's item with many trusted listeners counts more."""
    item_penalty: float = 0.3
    """d_t(i) ** -item_penalty: what popularity costs a candidate."""
    degree_scale: float = 1000.0
    """d_t(i) = 1 + degree_scale * sum_v t(v) a(v, i)."""
    taste_exponent: float = 1.0
    """P(v -> i) = a(v, i) / taste(v) ** taste_exponent, in (0, 1]: below 1 those who like much hand
    on more. At 1 nobody gains weight by liking more."""
    echo: float = 0.3
    """What is taken off for an item that the walk still finds two steps later, see `echo`."""
    kappa: float = 4.0
    """Floor on an item's trusted mass, in effective authors at the owner's mean affinity: with
    1,000 of them, 4 is a mass of .004. The mass it takes returns to the owner, so that nobody
    inherits a niche item whose listeners are hardly trusted; below 1, copies of a person's rare
    items behind a friend of hers did. Above 5 it costs accuracy."""
    excess_weight: float = 0.9999
    """Part of the score an item loses when its evidence hangs on one person entirely. Not all of
    it: who trusts two people still gets a list, and such an item outranks nothing else."""
    excess_power: float = 4.0
    """How late that sets in: (1 - excess_weight * excess ** excess_power)."""
    dependent_excess: float = 0.4
    """From this excess on an item counts as resting on that person ..."""
    dependents_max: int = 2
    """... and a list holds at most so many items resting on the same one (per 20 places). Where it
    cannot be filled like that she carries no larger part of the places than of all trust, but one:
    else whoever was vouched for once would have all her places in every short list."""
    method: Method = Method.AUTO
    edges_max: int = 2_000_000
    """AUTO is exact up to so many edge visits, 5 to 15 ms, and samples above."""
    walks: int = 2_500
    """Budget of the sampled method in walkers, shared out over the owner's items; the echo has a
    fourth of it beside them. In a graph of 20,000 people who like 250 items each a list keeps .995
    of exact's score mass."""
    separation: float | None = 2.0
    """Walkers beyond an eighth of the budget are added only until the last place of the list and
    the first outside are so many standard errors of their difference apart. None: all walk."""
    owner_items_max: int = 1_000
    """The owner's strongest items are used: bounds walks and memory. At least 1."""
    candidates_max: int = 2_000
    """Candidates whose evidence may be examined for one list; the best by s(i) come first."""
    candidates_step: int = 32
    """So many are examined first, then twice as many each time, until no other could enter the
    list."""
    people_kept: int = 16
    """Persons remembered for each candidate as those it depends on."""
    items_max: int = 1_000
    """Longest list that may be asked for."""
    discovery_every: int = 10
    """One place in so many is a labelled discovery (2 of 20); 0 gives none."""
    newcomer_chance: float = 0.25
    """Every second discovery is, with this chance, somebody's whom nobody trusts yet, else a rare
    item. Where all strangers are hostile that is what they get: .25 of one place in 20 (1.25 %)."""
    paths_max: int = 5
    """Paths named as reasons; the others are summed up."""

    def __post_init__(self) -> None:
        if not 0 < self.exponent <= 1:
            raise ValueError(f"exponent must be in (0, 1], not {self.exponent}")
        if not 0 < self.taste_exponent <= 1 or self.echo < 0:
            raise ValueError("need taste_exponent in (0, 1] and echo >= 0")
        if self.kappa < 0 or not 0 <= self.excess_weight <= 1 or not 0 <= self.newcomer_chance <= 1:
            raise ValueError("need kappa >= 0, excess_weight and newcomer_chance in [0, 1]")
        if self.separation is not None and not self.separation > 0:
            raise ValueError(f"separation must be above 0, or None, not {self.separation}")
        at_least_one = ("walks", "owner_items_max", "candidates_step", "people_kept", "items_max")
        for name in at_least_one:
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        if self.candidates_max < self.items_max:
            raise ValueError("candidates_max must be at least items_max")

    @classmethod
    def undefended(cls) -> RankConfig:
        """For comparison: plain SALSA, no kappa, no evidence rule, no budget, no discoveries.

        Give it `TrustVector.everyone_equal`.
        """
        return cls(
            exponent=1.0,
            source_gain=0.0,
            item_penalty=0.0,
            echo=0.0,
            kappa=0.0,
            excess_weight=0.0,
            dependent_excess=1.0,
            discovery_every=0,
        )
