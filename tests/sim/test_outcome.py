"""What a run leaves comes back as it was, and what is no outcome is told."""

import math
from pathlib import Path

import pytest

from sim.outcome import FILE, Held, Outcome, OutcomeError, read, write
from sim.scenario.schema import Claim, Fidelity, Scenario, Sybil

MADE = Outcome(
    scenario=Scenario(
        name="one",
        title="One",
        adversary=(Sybil(edges=3),),
        claim=(Claim(assert_="fakes <= 0.1", why="few"),),
    ),
    seed=7,
    fidelity=Fidelity.VIRTUAL,
    metrics={"fakes": 0.25, "ndcg": 1.0},
    series={"coverage": [(0.0, 0.5), (1.0, 1.0)]},
    samples={"ndcg": [0.0, 1.0]},
    claims=(Held("fakes <= 0.1", False, 0.25, "few"),),
    digest="ab",
    wall_s=1.5,
    peak_bytes=10,
)


def test_a_run_comes_back_from_its_directory_or_file(tmp_path: Path) -> None:
    file = write(MADE, tmp_path / "a" / "b")
    assert file == tmp_path / "a" / "b" / FILE
    assert read(file) == read(file.parent) == MADE
    assert not MADE.ok
    assert [p.name for p in file.parent.iterdir()] == [FILE], "nothing half written is left"


def test_what_is_not_known_stays_unknown(tmp_path: Path) -> None:
    known = {"metrics": {"rbo": math.nan}, "samples": {"ndcg": [math.nan, 0.5]}}
    got = read(
        write(Outcome(scenario=MADE.scenario, seed=0, fidelity=Fidelity.GRAPH, **known), tmp_path)
    )
    assert math.isnan(got.metrics["rbo"])
    assert math.isnan(got.samples["ndcg"][0])
    assert got.samples["ndcg"][1] == 0.5


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[1]", b"null", b"\xff", b'{"seed": "x"}', b"[" * 9999]
)
def test_what_is_no_outcome_is_told_with_its_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(OutcomeError, match=FILE):
        read(tmp_path)


def test_a_missing_file_and_a_newer_one_are_told(tmp_path: Path) -> None:
    with pytest.raises(OutcomeError, match="No such file"):
        read(tmp_path / "nowhere")
    file = write(MADE, tmp_path)
    file.write_text(file.read_text().replace('"version": 1', '"version": 9'))
    with pytest.raises(OutcomeError, match="version 9"):
        read(file)
