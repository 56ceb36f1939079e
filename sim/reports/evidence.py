"""What directories hold: runs of one setting with several seeds, and sweeps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sim.evaluation import manifest
from sim.evaluation.manifest import Manifest, ManifestError, Planned, key_of, place_of
from sim.outcome import FILE, Outcome, OutcomeError, read
from sim.scenario.schema import Fidelity, Scenario


class ReportError(ValueError):
    """There is nothing to report, or a file is not what it should be; the text says which."""


@dataclass(slots=True)
class Group:
    """Runs of one scenario in one fidelity; outcomes and their places by seed."""

    scenario: Scenario
    fidelity: Fidelity
    outcomes: list[Outcome] = field(default_factory=list)
    places: list[Path] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Swept:
    """A sweep: (planned, outcome) of those that are finished, and how many are not."""

    manifest: Manifest
    place: Path
    runs: tuple[tuple[Planned, Outcome], ...]
    failed: int
    open: int


@dataclass(slots=True)
class Evidence:
    """All of it, in the order in which it was given."""

    groups: list[Group] = field(default_factory=list)
    sweeps: list[Swept] = field(default_factory=list)


def gather(directories: Sequence[Path]) -> Evidence:
    """Runs and sweeps in directories, and in those below them. Raises ReportError."""
    found, groups, seen = Evidence(), dict[str, Group](), set[str]()
    for directory in directories:
        before = len(found.sweeps) + len(seen)
        sweeps = _below(directory, manifest.FILE)
        try:
            found.sweeps += [_swept(one) for one in sweeps]
            for place in _below(directory, FILE):
                if not any(one in place.parents for one in sweeps):
                    _add(groups, seen, read(place), place)
        except (OutcomeError, ManifestError) as error:
            raise ReportError(str(error)) from None
        if len(found.sweeps) + len(seen) == before and not _below(directory, FILE):
            raise ReportError(f"{directory}: no {FILE} and no {manifest.FILE} in there")
    found.groups = list(groups.values())
    return found


def _below(directory: Path, name: str) -> list[Path]:
    return sorted(file.parent for file in directory.rglob(name))


def _add(groups: dict[str, Group], seen: set[str], outcome: Outcome, place: Path) -> None:
    """The same run from two directories counts once."""
    if (key := key_of(outcome.scenario, outcome.seed, outcome.fidelity)) in seen:
        return
    seen.add(key)
    setting = key_of(outcome.scenario, 0, outcome.fidelity)
    group = groups.setdefault(setting, Group(outcome.scenario, outcome.fidelity))
    at = sum(one.seed < outcome.seed for one in group.outcomes)
    group.outcomes.insert(at, outcome)
    group.places.insert(at, place)


def _swept(directory: Path) -> Swept:
    plan = manifest.read(directory)
    runs, failed = list(_finished(directory, plan)), 0
    for planned in plan.runs:
        place = place_of(directory, planned.key)
        failed += (place / manifest.FAILED).exists() and not (place / FILE).exists()
    return Swept(plan, directory, tuple(runs), failed, len(plan.runs) - len(runs) - failed)


def _finished(directory: Path, plan: Manifest) -> Iterator[tuple[Planned, Outcome]]:
    for planned in plan.runs:
        place = place_of(directory, planned.key)
        if (place / FILE).exists():
            yield planned, read(place)
