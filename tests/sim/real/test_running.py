"""Six daemons over loopback, two of them hostile, by the same clock as a virtual run."""

import tempfile
from pathlib import Path

import pytest

from sim.outcome import Progress
from sim.real import able
from sim.real.running import run as run_real
from sim.running import load, run
from sim.scenario.errors import ScenarioError
from sim.scenario.reading import shipped
from sim.scenario.schema import Fidelity, Scenario
from sim.studies.crosscheck import agreements_of
from tests.sim.real.processes import living

SIX = [
    "world.people=4", "world.planted.friends=3", "time.duration_s=20", "time.round_s=1",
    "network.latency_s=0.2", "network.jitter_s=0.05", "adversary.0.peers=2", "adversary.0.edges=2",
    "adversary.0.identities=5", "world.planted.items=60", "questions.k=10",
    "news.items=4", "news.from_s=12", "news.until_s=16",
]  # fmt: skip


def six(*more: str) -> Scenario:
    return load(shipped()["loopback"], [*SIX, *more], Fidelity.REAL)


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.mark.slow
def test_six_daemons_keep_the_claims_as_virtual_peers_do(scratch: Path) -> None:
    told: list[Progress] = []
    real = run(six(), 1, Fidelity.REAL, told.append)
    virtual = run(six(), 1, Fidelity.VIRTUAL)
    for outcome in (real, virtual):
        assert outcome.ok, [one for one in outcome.claims if not one.held]
    assert max(far.peers for far in told) == 6
    assert told[-1].done == 1
    assert real.metrics["links_per_peer"] == virtual.metrics["links_per_peer"]
    assert real.metrics["exchanges"] > 0
    # How fast news are depends on what else the machine does; what is sent and shown does not.
    held = {one.bound.metric: one.held for one in agreements_of([virtual, real])}
    del held["rounds_to_99"]
    assert held == dict.fromkeys(held, True)
    assert not living(scratch)
    assert not list(scratch.iterdir())


@pytest.mark.parametrize("fidelity", [Fidelity.GRAPH, Fidelity.VIRTUAL])
def test_the_same_town_without_a_defence_shows_fakes(fidelity: Fidelity) -> None:
    """So the claims of the real run hold because of the defence, which its daemons share."""
    without = run(six("off=['beta']", "news.items=0"), 1, fidelity)
    assert without.metrics["held"] > 0.99
    assert without.metrics["fakes"] > 0.5


def test_without_memory_nothing_starts(scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(able, "memory_free", lambda: 10**9)
    with pytest.raises(ScenarioError, match=r"6 daemons need 1\.6 GB"):
        run_real(six(), 1)
    assert not list(scratch.iterdir())
