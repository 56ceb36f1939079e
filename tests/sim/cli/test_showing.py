import io

from sim.cli.showing import Waiting, table
from sim.evaluation.experiment import Chosen, Plan, Report
from sim.evaluation.intervals import Interval
from sim.measures.accuracy import METRICS

ROW = {metric: Interval(0.25, 0.2, 0.3) for metric in METRICS}


def report(**more) -> Report:
    chosen = {"a": Chosen("default", ({},)), "b": Chosen("tuned", ({"p": 1}, {"p": 1}, {"p": 2}))}
    found = Report(7, 1_000, 200, {"a": ROW, "b": ROW}, {"b": ROW}, chosen, [])
    for name, value in more.items():
        setattr(found, name, value)
    return found


def test_rows_show_means_and_half_widths() -> None:
    lines = [*table(report(), Plan({"a": {}, "b": {}}))]
    assert lines[0] == "7 people, 200 pairs to find, 1,000 known, 3 seeds, k = 20"
    assert lines[2].split() == ["a", *["0.2500"] * len(METRICS)]
    assert lines[3].split() == ["±0.0500"] * len(METRICS)
    assert lines[-2:] == ["b (tuned): p 1", "b (tuned): p 2"]


def test_what_is_not_known_is_a_dash() -> None:
    bare = ROW | {"coverage": Interval(0.5, None, None)}
    lines = [*table(report(methods={"a": bare}, pairs={}), Plan({"a": {}}))]
    assert lines[2].split()[1:] == ["0.2500"] * 4 + ["0.5000", "0.2500"]
    assert lines[3].split() == ["±0.0500"] * 4 + ["-", "±0.0500"]


def test_rows_whose_parameters_were_seen_on_the_test_part_stand_apart() -> None:
    lines = [*table(report(seen_on_test=["b"]), Plan({"a": {}, "b": {}}))]
    title = lines.index("parameters chosen on the test part: not comparable")
    assert not any(line.startswith("b") for line in lines[1:title])
    assert lines[title + 2].startswith("b ")
    assert lines[-1] == "b (chosen on the test part): p 2"


def test_who_waits_is_told_once_a_percent() -> None:
    stream = io.StringIO()
    with Waiting(stream) as waiting:
        waiting.talk.stage("a", 1_000)
        for _ in range(1_000):
            waiting.talk.progress(1)
    shown = stream.getvalue().split("\r\033[K")
    assert shown[1:3] == ["a: 0 % of 1,000 lists", "a: 1 % of 1,000 lists"]
    assert shown[-2:] == ["a: 100 % of 1,000 lists", ""]
    assert len(shown) == 1 + 101 + 1


def test_without_a_terminal_nothing_is_told() -> None:
    with Waiting(None) as waiting:
        waiting.talk.stage("a", 3)
        waiting.talk.progress(3)
