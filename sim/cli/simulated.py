"""What every command of `grapevine sim` does with scenarios, runs and their files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from node.cli.session import Session, usage
from node.query.schema import QueryError

if TYPE_CHECKING:
    from sim.cli.telling import Live
    from sim.outcome import Outcome
    from sim.scenario.errors import ScenarioError
    from sim.scenario.schema import Fidelity, Scenario


def refused(error: ScenarioError) -> QueryError:
    """A scenario that cannot be run: exit 2."""
    where = f"{error.place}: " if error.place else ""
    return usage(f"{where}{error.problem}", error.hint)


def loaded(word: str, overrides: list[str] | None, fidelity: str) -> tuple[Scenario, Fidelity]:
    """The scenario and the fidelity that are meant. A usage error (exit 2) if it cannot be run."""
    from sim.scenario.errors import ScenarioError

    try:
        return read_and_checked(word, overrides, fidelity)
    except ScenarioError as error:
        raise refused(error) from None


def read_and_checked(
    word: str, overrides: list[str] | None, fidelity: str
) -> tuple[Scenario, Fidelity]:
    """The same, with the ScenarioError itself."""
    from sim.running import check, load
    from sim.scenario.errors import nearest
    from sim.scenario.reading import find
    from sim.scenario.schema import Fidelity

    kinds = [str(one) for one in Fidelity]
    if fidelity and fidelity not in kinds:
        raise usage(f"there is no fidelity {fidelity!r}", nearest(fidelity, kinds))
    kind = Fidelity(fidelity) if fidelity else None
    made = load(find(word), overrides or (), kind)
    return made, check(made, kind)


def ran(scenario: Scenario, seed: int, fidelity: Fidelity, telling: Live) -> Outcome:
    """One run. A usage error (exit 2) if the scenario cannot be run after all."""
    from sim.running import run
    from sim.scenario.errors import ScenarioError

    telling.what = f"{scenario.name}, seed {seed}"
    try:
        return run(scenario, seed, fidelity, telling)
    except ScenarioError as error:
        raise refused(error) from None


def live(session: Session) -> Live:
    """Progress on stderr: where a person looks at it, and not with --json."""
    from sim.cli.telling import Live

    return Live(sys.stderr if sys.stderr.isatty() and not session.json else None)


def outcome_at(place: Path) -> Outcome:
    """The outcome in a file or directory. "Not found" (exit 4), or a usage error (exit 2)."""
    from sim.outcome import FILE, OutcomeError, read

    if not (place / FILE if place.is_dir() else place).exists():
        raise QueryError(
            "not_found", f"{place}: no {FILE} there", "grapevine sim run ... --out DIR"
        )
    try:
        return read(place)
    except OutcomeError as error:
        raise usage(str(error)) from None


def kept(outcome: Outcome, directory: Path) -> list[Path]:
    """outcome.json and series.csv in the directory."""
    from sim.cli.telling import write_series
    from sim.outcome import write

    try:
        return [write(outcome, directory), write_series(outcome, directory)]
    except OSError as error:
        raise usage(f"--out {directory}: {error.strerror or error}") from None


def outcomes_in(directory: Path) -> list[Outcome]:
    """All outcomes in a directory and below, in the order of their paths. As `outcome_at`."""
    from sim.outcome import FILE

    found = sorted(directory.rglob(FILE))
    if not found:
        raise QueryError("not_found", f"{directory}: no {FILE} there, nor below")
    return [outcome_at(file) for file in found]
