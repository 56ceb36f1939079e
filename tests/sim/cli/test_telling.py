"""What is told of a run, to people and to scripts."""

import csv
import io
import json
import math
from pathlib import Path

from msgspec.structs import replace

from sim.cli.telling import (
    Live,
    claim_lines,
    figure,
    kinds_of_claims,
    outcome_data,
    outcome_lines,
    plain,
    progress_line,
    scenario_lines,
    write_series,
)
from sim.outcome import Held, Outcome, Progress
from sim.scenario.schema import Claim, Fidelity, Scenario, Sybil, World

SCENARIO = Scenario(
    name="one", title="One attack", about="What it is for.\nIn two lines.",
    world=World(people=60), peer={"trust.alpha": 0.2}, off=("beta",),
    adversary=(Sybil(edges=3), Sybil(shared=True)),
    claim=(Claim(assert_="fakes\n <= 0.1", why="few"),),
)  # fmt: skip
OUTCOME = Outcome(
    scenario=SCENARIO, seed=7, fidelity=Fidelity.VIRTUAL,
    metrics={"fakes": 0.25, "rbo": math.nan, "messages": 12345.0},
    series={"coverage": [(0.0, 0.5), (1.5, math.inf)]}, samples={"ndcg": [0.1]},
    claims=(Held("fakes <= 0.1", False, 0.25, "0.25 <= 0.1 is not so (few)"), Held("1 < 2", True)),
    digest="abcdef0123456789ffff", wall_s=1.5, peak_bytes=2**20,
)  # fmt: skip


def test_progress_says_what_is_known() -> None:
    whole = Progress(0.125, 1000, 34567, 0.98, 0.002, 40.2)
    assert progress_line(whole) == (
        "12 %, 1,000 peers, 34,567 messages, 98.0 % heard, 0.20 % fakes, 40 s left"
    )
    assert progress_line(Progress(0.5)) == "50 %"


def test_a_terminal_sees_one_line_that_is_cleared_and_others_nothing() -> None:
    stream = io.StringIO()
    with Live(stream, "one, seed 7") as live:
        live(Progress(0.5))
        live(Progress(0.5))
        live(Progress(0.75, peers=10**9, messages=10**15, coverage=1.0, exposure=1.0, left_s=1e9))
    shown = stream.getvalue().split("\r\033[K")
    assert shown[1] == "one, seed 7: 50 %"
    assert shown[3:] == [""], "what did not change is not written again"
    assert all(len(line) < 80 for line in shown)
    with Live(None) as live:
        live(Progress(0.5))


def test_json_holds_no_nan() -> None:
    told = json.loads(json.dumps(outcome_data(OUTCOME), allow_nan=False))
    assert told["metrics"] == {"fakes": 0.25, "rbo": None, "messages": 12345}
    assert told["ok"] is False
    assert told["claims"][0]["value"] == 0.25
    assert told["scenario"]["claim"][0]["assert"] == "fakes\n <= 0.1"
    assert not {"series", "samples"} & told.keys()
    assert plain({1: (math.inf, 2)}) == {"1": [None, 2]}


def test_people_see_figures_claims_and_the_digest() -> None:
    lines = [*outcome_lines(OUTCOME)]
    assert lines[0] == "One attack: virtual run of one, seed 7"
    assert "  rbo       -" in lines
    assert "  messages  12,345" in lines
    assert "  FAILS  fakes <= 0.1  (it is 0.25)" in lines
    assert "  holds  1 < 2" in lines
    assert lines[-1] == "digest abcdef0123456789"
    assert not [one for one in lines if "beside it" in one]
    assert [*claim_lines(())] == []
    assert kinds_of_claims(OUTCOME.claims) == "1 of 2 claims fails"
    assert kinds_of_claims(OUTCOME.claims[1:]) == "1 claim holds"


def test_a_scenario_is_told_by_what_it_changes() -> None:
    lines = [*scenario_lines(SCENARIO)]
    assert lines[:2] == ["one: One attack", "fidelities: virtual"]
    assert lines[2:4] == ["  What it is for.", "  In two lines."]
    assert "world.people: 60" in lines
    assert "off: beta" in lines
    assert "peer: trust.alpha 0.2" in lines
    assert any(line.startswith("adversary.0: kind sybil, ") for line in lines)
    assert lines[-2:] == ["claims fakes <= 0.1", "       few"]
    assert not any(line.startswith(("network", "churn")) for line in lines)


def test_figures_are_short() -> None:
    assert [figure(x) for x in (0.0, 5.0, 12345.0, 12345.678, 0.123456, 1e-7, math.nan)] == [
        "0", "5", "12,345", "12,345.7", "0.1235", "1e-07", "-",
    ]  # fmt: skip
    assert figure(math.inf) == "inf"


def test_series_are_a_table(tmp_path: Path) -> None:
    file = write_series(OUTCOME, tmp_path)
    with file.open(newline="") as rows:
        assert list(csv.reader(rows)) == [
            ["series", "x", "y"], ["coverage", "0.0", "0.5"], ["coverage", "1.5", "inf"],
        ]  # fmt: skip


def test_what_is_compared_stands_beside_it_in_lines_that_fit() -> None:
    metrics = OUTCOME.metrics | {
        "web3recommend.fakes": 0.5, "web3recommend.ndcg": 0.125, "plain.ndcg": 0.25,
        "web3recommend.reputation_gain": 0.1, "web3recommend.rbo": 0.1,
    }  # fmt: skip
    lines = [*outcome_lines(replace(OUTCOME, metrics=metrics))]
    at = next(n for n, one in enumerate(lines) if one.startswith("  beside it"))
    assert lines[at].split()[2:] == ["ndcg", "fakes", "reputation_gain"]
    assert lines[at + 1].split() == ["this", "-", "0.25", "-"]
    assert lines[at + 2].split() == ["web3recommend", "0.125", "0.5", "0.1"]
    assert lines[at + 3].split() == ["plain", "0.25", "-", "-"]
    assert not [one for one in lines if "web3recommend.fakes" in one]
    assert max(map(len, lines)) <= 80
