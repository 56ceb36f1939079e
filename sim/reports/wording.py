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
    """what: in a few words. scale: by which a value is multiplied. unit: behind it. better: which
    side of it is, "higher" or "lower", where that can be said."""

    what: str
    scale: float = 1.0
    unit: str = ""
    better: str = ""


SIGNED = ("fakes_adjusted", "honest_loss", "gain_per_edge")
"""Figures that may be below 0; no other of those explained here can."""

PART = (100.0, "%")
LOW, HIGH = "lower", "higher"
WORDS = {
    "ndcg": Word("nDCG of honest people's lists", better=HIGH),
    "recall": Word("part of what is wanted that is found", better=HIGH),
    "fakes": Word("places of the lists that fakes hold", *PART, better=LOW),
    "fakes_high": Word("upper 95 % bound of that", *PART, better=LOW),
    "fakes_adjusted": Word(
        "places held by fakes, adjusted for how many items are fakes", *PART, better=LOW
    ),
    "exposure": Word("places held by fakes, of lists so far", *PART, better=LOW),
    "gain_per_edge": Word("places won for each attack edge", better=LOW),
    "honest_loss": Word("nDCG lost against the undefended, unattacked run", better=LOW),
    "niche_recall": Word("recall of rarely liked items", better=HIGH),
    "newcomer_s": Word("until a newcomer is shown", unit="s", better=LOW),
    "coverage": Word("news that reached those interested", *PART, better=HIGH),
    "rounds_to_99": Word("rounds until 99 % know an item", better=LOW),
    "rounds_to_99_max": Word("the same, of the slowest item", better=LOW),
    "rounds_to_heal": Word("rounds after a partition until 99 % know what was said", better=LOW),
    "heal_bytes_per_new_byte": Word("bytes sent then for each byte that was missing", better=LOW),
    "news_bytes_share": Word("bytes of news for each byte that they may cost", better=LOW),
    "newcomers_seen": Word("newcomers who were shown in time", *PART, better=HIGH),
    "links_per_peer": Word("open links of a peer"),
    "offences": Word("faults charged to partners"),
    "refused": Word("questions that a node could not answer"),
    "bytes": Word("sent by all", 1e-6, "MB"),
    "bytes_kept": Word("new data kept by all", 1e-6, "MB"),
    "bytes_per_peer_s": Word("sent by a peer in a second", unit="B/s", better=LOW),
    "bytes_per_new_byte": Word("bytes sent for each new byte kept", better=LOW),
    "redundancy": Word("times that data arrive", better=LOW),
    "cpu_s_per_peer": Word("processor time of a peer", unit="s", better=LOW),
    "bytes_of_memory_per_peer": Word("memory of a peer", 1e-6, "MB", better=LOW),
    "held_bytes_per_peer": Word("of others' bundles that a peer holds", 1e-3, "kB", better=LOW),
    "held_ahead_per_peer": Word("bundles held that are dated ahead", better=LOW),
    "edges_ahead_per_peer": Word("edges of a day that has not come", better=LOW),
    "hostile_bytes": Word("bytes sent that hostile peers send", *PART, better=LOW),
    "held": Word("claims of Sybils that honest people hold", *PART),
    "hostile_held": Word("held bytes that the hostile said", *PART, better=LOW),
    "hostile_edges": Word("edges in graphs that the hostile stated", *PART, better=LOW),
    "hostile_earned": Word("out-weight that the hostile have earned", *PART, better=LOW),
    "hostile_links": Word("links to hostile peers, of those who joined late", *PART, better=LOW),
    "hostile_addresses": Word("known addresses where nobody honest is", *PART, better=LOW),
    "exchanges": Word("that peers began"),
    "messages": Word("frames that arrived"),
    "reputation_gain": Word("score mass on fakes", *PART, better=LOW),
    "fake_mass": Word("scores of fakes, whatever is left of all (Web3Recommend)", better=LOW),
    "ranking_significance": Word("how high fakes rank (Web3Recommend)", better=LOW),
    "rbo": Word("likeness of lists with and without the attack (RBO)", better=HIGH),
    "sybil_gain": Word("trust won by splitting (MeritRank)", better=LOW),
    "hostile_trust": Word("trust that hostile identities have", *PART, better=LOW),
    "information_loss": Word("deviation of reputations (MeritRank)", better=LOW),
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
    """Three digits that count, in the unit of the metric; a dash where it is not known."""
    if value is None or math.isnan(value):
        return "–"
    shown = value * word(metric).scale
    if abs(shown) >= 1_000 and math.isfinite(shown):
        return f"{shown:,.0f}"
    return f"{shown:.3g}"


def estimate(interval: Interval | None, metric: str = "") -> tuple[str, str]:
    """(mean, `low … high`), no finer than two digits of half the width; a dash where nothing is
    known, no bounds where one draw tells none."""
    if interval is None or interval.low is None or interval.high is None:
        return number(interval.mean if interval else None, metric), ""
    interval, scale = possible(interval, metric), word(metric).scale
    half = ((interval.high or 0.0) - (interval.low or 0.0)) / 2 * scale
    if not half or not math.isfinite(half):
        bounds = [number(one, metric) for one in (interval.low, interval.high)]
        return number(interval.mean, metric), " … ".join(bounds)
    decimals = max(0, 1 - math.floor(math.log10(half)))
    ends = (interval.mean, interval.low or 0.0, interval.high or 0.0)
    mean, low, high = (f"{one * scale + 0.0:,.{decimals}f}" for one in ends)
    return mean, f"{low} … {high}"


def possible(interval: Interval, metric: str) -> Interval:
    """Without the part of its bounds that the metric cannot have: below 0, if it is not signed."""
    name = metric.rpartition(".")[2]
    if interval.low is None or name in SIGNED or name not in WORDS or interval.mean < 0:
        return interval
    return Interval(interval.mean, max(0.0, interval.low), interval.high)


def label(text: str) -> str:
    """Text from a file as a plot can hold it: short and printable."""
    kept = "".join(sign if sign.isprintable() else "?" for sign in text)
    return kept if len(kept) <= SHOWN_MAX else f"{kept[: SHOWN_MAX - 1]}…"


def axis(metric: str) -> str:
    """The name of a metric with its unit."""
    unit = word(metric).unit
    return label(f"{metric} ({unit})" if unit else metric)


def titled(metric: str) -> str:
    """`axis`, and which side of it is better."""
    better = word(metric).better
    return f"{axis(metric)}: {better} is better" if better else axis(metric)


PARAMETERS = {
    "edges": "attack edges",
    "identities": "identities of a region",
    "entries": "attack edges into a region",
    "fakes": "fakes",
    "attackers": "attackers",
    "followers": "followers of an attacker",
    "sybils": "Sybils of an attacker",
    "people": "people",
    "degree": "links of a peer",
    "loss": "frames lost",
    "latency_s": "latency in seconds",
}
"""What the last part of a parameter means, in words."""


def parameter(name: str) -> str:
    """A parameter as an axis names it: in words, and as scenario files spell it."""
    meaning = PARAMETERS.get(name.rpartition(".")[2])
    return label(f"{meaning} ({name})" if meaning else name)


def advice(metrics: Iterable[str]) -> str:
    """Which side of each is better, as a sentence; empty where it cannot be said."""
    sides = {side: [one for one in metrics if word(one).better == side] for side in (HIGH, LOW)}
    told = [f"{side} is better for {' and '.join(names)}" for side, names in sides.items() if names]
    return f"{'; '.join(told).capitalize()}." if told else ""
