"""What figures are called, in which unit they are shown, and in which order."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from sim.evaluation.intervals import Interval
from sim.scenario.names import METRICS

SHOWN_MAX = 60
"""Characters of a name from a file, in a plot."""


@dataclass(frozen=True, slots=True)
class Word:
    """what: in a few words. scale: by which a value is multiplied. unit: behind it."""

    what: str
    scale: float = 1.0
    unit: str = ""


PART = (100.0, "%")
WORDS = {
    "ndcg": Word("nDCG of honest people's lists"),
    "recall": Word("part of what is wanted that is found"),
    "fakes": Word("places of the lists that fakes hold", *PART),
    "fakes_high": Word("upper 95 % bound of that", *PART),
    "fakes_adjusted": Word("places held by fakes, adjusted for how many items are fakes", *PART),
    "exposure": Word("places held by fakes, of lists so far", *PART),
    "gain_per_edge": Word("places won for each attack edge"),
    "honest_loss": Word("nDCG lost against the undefended, unattacked run"),
    "niche_recall": Word("recall of rarely liked items"),
    "newcomer_s": Word("until a newcomer is shown", unit="s"),
    "coverage": Word("news that reached those interested", *PART),
    "rounds_to_99": Word("rounds until 99 % know an item"),
    "rounds_to_99_max": Word("the same, of the slowest item"),
    "rounds_to_heal": Word("rounds after a partition until 99 % know what was said"),
    "heal_bytes_per_new_byte": Word("bytes sent then for each byte that was missing"),
    "newcomers_seen": Word("newcomers who were shown in time", *PART),
    "links_per_peer": Word("open links of a peer"),
    "offences": Word("faults charged to partners"),
    "refused": Word("questions that a node could not answer"),
    "bytes": Word("sent by all", 1e-6, "MB"),
    "bytes_kept": Word("new data kept by all", 1e-6, "MB"),
    "bytes_per_peer_s": Word("sent by a peer in a second", unit="B/s"),
    "bytes_per_new_byte": Word("bytes sent for each new byte kept"),
    "redundancy": Word("times that data arrive"),
    "cpu_s_per_peer": Word("processor time of a peer", unit="s"),
    "bytes_of_memory_per_peer": Word("memory of a peer", 1e-6, "MB"),
    "exchanges": Word("that peers began"),
    "messages": Word("frames that arrived"),
    "reputation_gain": Word("score mass on fakes", *PART),
    "ranking_significance": Word("how high fakes rank (Web3Recommend)"),
    "rbo": Word("likeness of lists with and without the attack (RBO)"),
    "sybil_gain": Word("trust won by splitting (MeritRank)"),
}

HEADLINES = (
    "ndcg", "fakes", "reputation_gain", "coverage", "rounds_to_99", "rounds_to_heal",
    "bytes_per_peer_s", "bytes_per_new_byte", "newcomer_s", "niche_recall", "sybil_gain",
)  # fmt: skip
"""Figures that are plotted where runs have them, most telling first."""


def word(metric: str) -> Word:
    """Of a metric, or of its part behind the label."""
    return WORDS.get(metric.rpartition(".")[2], Word(""))


def in_order(metrics: Iterable[str]) -> list[str]:
    """Usual ones first, in their usual order."""
    place = {name: number for number, name in enumerate(METRICS)}
    return sorted(dict.fromkeys(metrics), key=lambda name: (place.get(name, len(place)), name))


def number(value: float | None, metric: str = "") -> str:
    """Four digits, in the unit of the metric; a dash where it is not known."""
    if value is None or math.isnan(value):
        return "–"
    shown = value * word(metric).scale
    if abs(shown) >= 10_000 and math.isfinite(shown):
        return f"{shown:,.0f}"
    return f"{shown:.4g}"


def bounds(interval: Interval | None, metric: str = "") -> str:
    """`low … high`, empty where one draw tells none."""
    if interval is None or interval.low is None or interval.high is None:
        return ""
    return f"{number(interval.low, metric)} … {number(interval.high, metric)}"


def label(text: str) -> str:
    """Text from a file as a plot can hold it: short and printable."""
    kept = "".join(sign if sign.isprintable() else "?" for sign in text)
    return kept if len(kept) <= SHOWN_MAX else f"{kept[: SHOWN_MAX - 1]}…"


def axis(metric: str) -> str:
    """The name of a metric with its unit."""
    unit = word(metric).unit
    return label(f"{metric} ({unit})" if unit else metric)
