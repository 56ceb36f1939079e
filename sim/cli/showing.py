"""The report for people, within 80 columns, and a line of progress for those who wait."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

from sim.evaluation.experiment import Plan, Report, Table, Talk
from sim.evaluation.intervals import Interval
from sim.measures.accuracy import METRICS

HEADS = {"recall": "recall", "ndcg": "nDCG", "mrr": "MRR", "hit_rate": "hits"}
"""Metric -> head of its column, where that is not its name."""

SHORT = ("recall", "ndcg", "mrr", "hit_rate")
"""What strata and control show."""

WIDTH = 10
PERCENT_DONE = 100


class Waiting:
    """One line that is written over; silent without a terminal. A context manager."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self._stage, self._of, self._done, self._shown = "", 0, 0, -1
        self.talk = Talk(self._begin, self._more)

    def __enter__(self) -> Waiting:
        return self

    def __exit__(self, *_: object) -> None:
        self._write("")

    def _begin(self, stage: str, of: int) -> None:
        self._stage, self._of, self._done, self._shown = stage, of, 0, -1
        self._more(0)

    def _more(self, made: int) -> None:
        self._done += made
        percent = PERCENT_DONE * self._done // max(self._of, 1)
        if percent != self._shown:
            self._shown = percent
            self._write(f"{self._stage}: {percent} % of {self._of:,} lists")

    def _write(self, text: str) -> None:
        if self._stream is not None:
            self._stream.write(f"\r\033[K{text}")
            self._stream.flush()


def table(report: Report, plan: Plan) -> Iterator[str]:
    """Lines: methods, differences, strata, control, parameters."""
    apart = report.seen_on_test
    fair = {name: row for name, row in report.methods.items() if name not in apart}
    seeds = plan.seeds if plan.folds is None else plan.folds
    yield (
        f"{report.people:,} people, {report.pairs_test:,} pairs to find, "
        f"{report.pairs_train:,} known, {_times(seeds)}, k = {plan.k}"
    )
    if fair:
        yield from _rows("", fair, METRICS)
    if apart:
        seen = {name: report.methods[name] for name in apart}
        yield ""
        yield from _rows("parameters chosen on the test part: not comparable", seen, METRICS)
    if report.pairs:
        yield ""
        first = next(iter(report.methods))
        yield from _rows(f"better than {first} by (same people, same seeds)", report.pairs, METRICS)
    for kind, groups in report.strata.items():
        for group, (size, rows) in groups.items():
            yield ""
            yield from _rows(f"{kind} {group}: {size:,} people", rows, SHORT)
    if report.control:
        yield ""
        yield from _rows("trust rewired at equal degrees", report.control, SHORT)
        yield ""
        yield from _rows("real trust better than rewired by", report.control_pairs, SHORT)
    yield from _parameters(report)


def _times(seeds: int) -> str:
    return "1 seed" if seeds == 1 else f"{seeds} seeds"


def _rows(title: str, rows: Table, metrics: tuple[str, ...]) -> Iterator[str]:
    """A head, and two lines for each method: means, and half the intervals' widths."""
    if title:
        yield title
    wide = max(12, *(len(name) for name in rows)) + 1
    yield " " * wide + "".join(HEADS.get(metric, metric).rjust(WIDTH) for metric in metrics)
    for name, row in rows.items():
        shown = [row.get(metric) for metric in metrics]
        yield name.ljust(wide) + "".join(_mean(one) for one in shown)
        yield " " * wide + "".join(_half(one) for one in shown)


def _mean(one: Interval | None) -> str:
    return ("-" if one is None else f"{one.mean:.4f}").rjust(WIDTH)


def _half(one: Interval | None) -> str:
    if one is None or one.low is None or one.high is None:
        return "-".rjust(WIDTH)
    return f"±{(one.high - one.low) / 2:.4f}".rjust(WIDTH)


def _parameters(report: Report) -> Iterator[str]:
    """What was not left at its default. A method tuned for each split has a line for each."""
    for name, one in report.chosen.items():
        if one.how == "default":
            continue
        how = "chosen on the test part" if name in report.seen_on_test else one.how
        distinct = list(dict.fromkeys(tuple(values.items()) for values in one.values))
        for values in distinct:
            told = ", ".join(f"{key} {value}" for key, value in values)
            yield f"{name} ({how}): {told}"
