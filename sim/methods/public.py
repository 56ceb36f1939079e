"""Parameters for the field's public tables: everybody trusted alike, no enemies, no training.

Each set was chosen before its test part was opened, once, on the data named in `chosen_on`. They
are for comparison with recommenders that have no enemies; a node keeps its own, which have.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType

from ranking.config import Method, RankConfig


@dataclass(frozen=True, slots=True)
class PublicSet:
    """Parameters of the ranking for one public table.

    k: length of its lists. chosen_on: the data the parameters were chosen on, with the seeds of
    hold-outs. recall, ndcg: mean of the chosen parameters there, exact, at k.
    """

    config: RankConfig
    k: int
    chosen_on: str
    recall: float
    ndcg: float

    @property
    def parameters(self) -> dict[str, float | int | str | None]:
        """The fields that differ from a node's, by name, as `--set` takes them."""
        node = RankConfig()
        return {
            field.name: getattr(self.config, field.name)
            for field in fields(RankConfig)
            if getattr(self.config, field.name) != getattr(node, field.name)
        }


PUBLIC_SETS: Mapping[str, PublicSet] = MappingProxyType(
    {
        "gowalla": PublicSet(
            RankConfig(
                exponent=1.0,
                source_gain=0.4,
                item_penalty=0.05,
                degree_scale=29_858.0,
                taste_exponent=0.5,
                echo=0.8,
                kappa=0.0,
                excess_weight=0.0,
                dependent_excess=1.0,
                method=Method.SAMPLED,
                walks=50_000,
                separation=None,
                discovery_every=0,
            ),
            20,
            "train.txt: 20 % of each person's items held out, seeds 0 and 1, with bias .18 (then "
            "the most popular items have their published recall), 2,000 people each",
            0.2437,
            0.1677,
        ),
        "lastfm": PublicSet(
            RankConfig(
                exponent=0.4,
                source_gain=0.3,
                item_penalty=0.2,
                degree_scale=1_885.0,
                echo=0.4,
                kappa=0.0,
                excess_weight=0.0,
                dependent_excess=1.0,
                discovery_every=0,
            ),
            10,
            "valid.txt, all 1,854 people",
            0.1831,
            0.1634,
        ),
    }
)
"""Name -> parameters. The degrees count people: degree_scale is their number."""
