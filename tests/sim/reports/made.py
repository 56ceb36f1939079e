"""Directories as runs and sweeps leave them, with figures of real lists in a small town."""

from pathlib import Path

from msgspec.structs import replace

from sim.evaluation import manifest
from sim.evaluation.manifest import FAILED, place_of
from sim.outcome import Outcome, write
from sim.scenario.claims import check
from sim.scenario.schema import Claim, Compared, Fidelity, Questions, Scenario, Sybil
from sim.studies.plan import read
from tests.sim.studies.engines import run

CLONES = Scenario(
    name="clones",
    title="Clones in a town",
    about="Does the defence hold?",
    fidelities=(Fidelity.GRAPH,),
    method="salsa",
    questions=Questions(people=0, k=10),
    adversary=(Sybil(edges=4, identities=20),),
    compared=(Compared(label="popular", method="popularity"),),
    claim=(Claim(assert_="fakes <= 0.01", why="few"), Claim(assert_="ndcg >= 0.1")),
)


COMPARED = """
[[compared]]
label = "popular"
method = "popularity"
[[compared]]
label = "chance"
method = "random"
[[claim]]
assert = "fakes <= 1"
why = "of course"
"""
"""More of a scenario."""


def outcome(scenario: Scenario, seed: int) -> Outcome:
    """Its own method beside those that are compared."""
    own = run(scenario, seed)
    metrics, samples = dict(own.metrics), dict(own.samples)
    for one in scenario.compared:
        other = run(replace(scenario, method=one.method), seed)
        metrics |= {f"{one.label}.{name}": value for name, value in other.metrics.items()}
        samples |= {f"{one.label}.{name}": values for name, values in other.samples.items()}
    return replace(own, metrics=metrics, samples=samples, claims=check(scenario, metrics))


def runs(directory: Path, scenario: Scenario = CLONES, seeds: int = 3) -> list[Outcome]:
    """In directories 0, 1, ..."""
    made = [outcome(scenario, seed) for seed in range(seeds)]
    for one in made:
        write(one, directory / str(one.seed))
    return made


def sweep(directory: Path, text: str, *, failed: int = 0, more: str = "") -> None:
    """All runs of a sweep but the last `failed`, which have a log. more: of its scenario."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "town.toml").write_text(
        'name = "town"\ntitle = "A town"\nfidelities = ["graph"]\nmethod = "salsa"\n'
        f'questions.k = 10\n[[adversary]]\nkind = "sybil"\nedges = 2\n{more}'
    )
    file = directory / "edges.toml"
    file.write_text(f'scenario = "town.toml"\n{text}')
    plan = read(file)
    manifest.write(plan.manifest, directory)
    for number, one in enumerate(plan.runs):
        place = place_of(directory, one.key)
        if number < len(plan.runs) - failed:
            write(outcome(one.scenario, one.seed), place)
        else:
            place.mkdir(parents=True)
            (place / FAILED).write_text("Traceback")
