"""What is asked of many runs: sweeps, comparisons, fidelities side by side, attacks, reports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from node.cli.command import command, new_app
from node.cli.session import Session, count, usage
from node.query.schema import EXIT_CODES
from sim.cli.choosing import words
from sim.cli.options import OneFidelity, OneScenario, Seed, Set
from sim.cli.simulated import live, loaded, outcomes_in, ran, refused

if TYPE_CHECKING:
    from sim.cli.telling import Live
    from sim.outcome import Outcome
    from sim.scenario.schema import Fidelity, Scenario
    from sim.studies.attack_search import Found
    from sim.studies.compare import Comparison
    from sim.studies.crosscheck import Crosscheck

app = new_app()

NOT_SO = EXIT_CODES["degraded"]
"""Fidelities that do not agree."""

PARTLY = EXIT_CODES["partial"]
"""Some runs of a sweep failed; the others are there."""

WORKERS_MAX = 1_024


@contextmanager
def extra() -> Iterator[None]:
    """What needs packages that a node does without says how to get them (exit 2)."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] in ("sim", "node"):
            raise
        raise usage(
            f"this needs {error.name}, which is not installed", "pip install 'grapevine-node[sim]'"
        ) from None


@command(app, "sweep", schema="sim-sweep")
def sweep(
    session: Session,
    file: Annotated[
        str, typer.Argument(help="A sweep file SWEEP.toml, or the name of a shipped one.")
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where its runs are kept.")],
    workers: Annotated[
        int, typer.Option(min=0, max=WORKERS_MAX, help="Processes; 0: one for each core.")
    ] = 0,
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Of a Dask cluster of several machines, instead."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and check only.")] = False,
) -> None:
    """Run a scenario with many settings.

    A grid, a list or a Latin hypercube of them, with as many seeds as the file says; the names that
    are shipped are in `sim list`. Every run is checked before the first begins (exit 2). Asked
    again, finished runs are skipped and failed ones tried again, so an interrupted sweep goes on. A
    run that fails stops no other and keeps its log (exit 12).
    """
    from sim.scenario.errors import ScenarioError
    from sim.scenario.reading import find_sweep

    with extra():
        from sim.studies.sweep import ClusterError, SweepError, read
        from sim.studies.sweep import sweep as do
    try:
        plan = read(find_sweep(file))
    except ScenarioError as error:
        raise refused(error) from None
    if dry_run:
        told = {"runs": len(plan.runs), "fidelity": str(plan.fidelity), "dry_run": True}
        session.show(told, f"{count(len(plan.runs), 'run')}, {plan.fidelity}: all could begin")
        return
    try:
        with live(session) as telling:
            telling.what = f"{plan.manifest.name}, {count(len(plan.runs), 'run')}"
            result = do(plan, out, scheduler=scheduler, workers=workers, progress=telling)
    except (SweepError, ClusterError) as error:
        raise usage(str(error)) from None
    except KeyboardInterrupt:
        session.say(f"interrupted; what is finished is kept in {out}: asked again, it goes on")
        raise
    except OSError as error:
        raise usage(f"--out {out}: {error.strerror or error}") from None
    told = {
        "directory": str(out), "runs": len(plan.runs), "finished": list(result.finished),
        "skipped": list(result.skipped), "failed": list(result.failed),
    }  # fmt: skip
    session.show(
        told,
        f"{count(len(result.finished), 'run')} finished, {len(result.skipped)} were there, "
        f"{len(result.failed)} failed",
        f"kept in {out}; next: grapevine sim report {out} --out report",
    )
    if result.failed:
        from sim.evaluation.manifest import FAILED, place_of

        session.exit_code = PARTLY
        session.say(f"the log of the first: {place_of(out, result.failed[0]) / FAILED}")


@command(app, "compare", schema="sim-compare")
def compare(
    session: Session,
    a: Annotated[str, typer.Argument(help="A scenario, or a directory with kept runs.")],
    b: Annotated[str, typer.Argument(help="What is compared with it, in the same world.")],
    seeds: Annotated[
        int, typer.Option(min=1, max=10_000, help="Scenarios are run with so many seeds.")
    ] = 5,
    seed: Seed = 0,
    set: Set = None,
    fidelity: OneFidelity = "",
) -> None:
    """Compare two scenarios seed by seed.

    What changes, with 95 % intervals. -D changes B alone: `sim compare flood flood -D
    'off=["push-bucket"]'` tells what that defence is worth. Directories are those of `run --out`,
    of several of them, or of a sweep. People are paired as well where both runs ask the same.
    """
    from sim.studies.compare import ComparisonError, check_worlds
    from sim.studies.compare import compare as do

    sides = [_side(a, None, fidelity), _side(b, set, fidelity)]
    try:
        check_worlds(sides[0].scenario, sides[1].scenario)  # rather now than after all runs
        wanted = range(seed, seed + seeds)
        with live(session) as telling:
            told = do(*(one.outcomes(wanted, telling) for one in sides))
    except ComparisonError as error:
        raise usage(str(error)) from None
    session.show(told.as_data(), *_comparison_lines(told))


@dataclass(frozen=True, slots=True)
class _Side:
    """Kept runs of a scenario, or one that is to be run."""

    scenario: Scenario
    fidelity: Fidelity
    kept: Sequence[Outcome] = ()

    def outcomes(self, seeds: Sequence[int], telling: Live) -> Sequence[Outcome]:
        """What is kept, or a run with each seed."""
        return self.kept or [ran(self.scenario, one, self.fidelity, telling) for one in seeds]


def _side(word: str, overrides: list[str] | None, fidelity: str) -> _Side:
    if Path(word).is_dir():
        if overrides:
            raise usage(f"-D changes scenarios; {word} holds finished runs")
        kept = outcomes_in(Path(word))
        return _Side(kept[0].scenario, kept[0].fidelity, kept)
    return _Side(*loaded(word, overrides, fidelity))


def _comparison_lines(told: Comparison) -> Iterator[str]:
    from sim.cli.telling import figure

    yield f"{told.b} against {told.a}: {count(len(told.seeds), 'seed')} in common"
    for key, (one, other) in told.settings.items():
        yield f"  {key}: {one} and {other}"
    wide = max((len(name) for name in told.metrics), default=0)
    yield f"  {''.ljust(wide)}  {'a':>10}  {'b':>10}  b - a, 95 %"
    for name, pair in told.metrics.items():
        best, off = pair.best, "-"
        if best is not None:
            off = f"{best.mean:+.4g}"
            if best.low is not None and best.high is not None:
                off += f"  ({best.low:+.4g} to {best.high:+.4g}){' *' if pair.sure else ''}"
        yield f"  {name.ljust(wide)}  {figure(pair.a):>10}  {figure(pair.b):>10}  {off}"
    yield "* 0 is outside of the interval"


@command(app, "crosscheck", schema="sim-crosscheck")
def crosscheck(
    session: Session,
    scenario: OneScenario,
    seed: Seed = 0,
    set: Set = None,
    fidelities: Annotated[
        str, typer.Option(metavar="NAME,NAME", help="Which; the scenario's own otherwise.")
    ] = "",
) -> None:
    """Do fidelities agree on a scenario?

    It is run in each of them (exit 10 if they do not agree): nDCG within .01, share of fakes within
    .3 points where as much of what Sybils claim is held, rounds to 99 % and bytes a peer within
    20 %.
    """
    from sim.scenario.errors import ScenarioError
    from sim.studies.crosscheck import crosscheck as do

    kinds = [_fidelity(word) for word in words(fidelities)]
    made, _ = loaded(scenario, set, str(kinds[0]) if kinds else "")
    try:
        with live(session) as telling:
            telling.what = f"{made.name}, seed {seed}"
            told = do(made, seed, kinds, telling)
    except ScenarioError as error:
        raise refused(error) from None
    session.show(told.as_data(), *_crosscheck_lines(told))
    if not told.ok:
        session.exit_code = NOT_SO


def _fidelity(word: str) -> Fidelity:
    from sim.scenario.errors import nearest
    from sim.scenario.schema import Fidelity

    kinds = [str(one) for one in Fidelity]
    if word not in kinds:
        raise usage(f"there is no fidelity {word!r}", nearest(word, kinds))
    return Fidelity(word)


AGREE = {True: "agree", False: "DIFFER", None: "-"}


def _crosscheck_lines(told: Crosscheck) -> Iterator[str]:
    from sim.cli.telling import figure

    for one in told.agreements:
        most, apart = one.bound.most, one.apart
        within = f"{apart:.1%} of {most:.0%}" if one.bound.relative else f"{apart:.4f} of {most:g}"
        yield (
            f"{AGREE[one.held].ljust(6)}  {one.bound.metric.ljust(16)}  "
            f"{one.near} {figure(one.near_value)}, {one.real} {figure(one.real_value)}  "
            f"({one.incomparable or within})"
        )
    yield "they agree" if told.ok else "they do not agree on all that they measure"


@command(app, "attack-search", schema="sim-attack-search")
def attack_search(
    session: Session,
    scenario: OneScenario,
    edges: Annotated[
        int, typer.Option(min=1, max=100_000, help="Honest people's vouches that he has.")
    ] = 20,
    seconds: Annotated[float, typer.Option(min=1, max=10**7, help="How long to look.")] = 3_600,
    seed: Seed = 0,
    set: Set = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keep the worst as a scenario there.")
    ] = None,
) -> None:
    """Look for the worst Sybil attack.

    In the scenario's world, in graph runs, knowing the defence, for as long as --seconds says. What
    is found is measured once more in worlds that the search has not seen.
    """
    from sim.scenario.errors import ScenarioError
    from sim.studies.attack_search import search

    made, _ = loaded(scenario, set, "graph")
    try:
        with live(session) as telling:
            telling.what = f"worst of {count(edges, 'edge')}"
            found = search(made, edges=edges, seconds=seconds, seed=seed, progress=telling)
    except ScenarioError as error:
        raise refused(error) from None
    told, lines = found.as_data(), [*_found_lines(found)]
    if out is not None:
        try:
            out.write_text(found.toml, "utf-8")
        except OSError as error:
            raise usage(f"--out {out}: {error.strerror or error}") from None
        lines.append(f"kept in {out}; next: grapevine sim run {out} --seed {found.seed}")
    session.show(told, *lines)


def _found_lines(found: Found) -> Iterator[str]:
    data = found.as_data()
    yield f"the worst of {count(data['attacks'], 'attack')} in {count(found.runs, 'run')}:"
    yield "  " + ", ".join(f"{name} {value}" for name, value in data["cell"].items())
    best = found.confirmed
    bounds = "" if best.low is None else f" ({100 * best.low:.3f} to {100 * (best.high or 0):.3f})"
    yield f"fakes in worlds it had not seen: {100 * best.mean:.3f} %{bounds}"
    yield f"the worst of those is seed {found.seed}: {100 * found.fakes:.3f} %"


@command(app, "report", schema="sim-report")
def report(
    session: Session,
    directories: Annotated[list[Path], typer.Argument(help="Of runs, or of sweeps.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the report goes.")],
    title: Annotated[str, typer.Option(metavar="TEXT", help="Heads the page.")] = "",
    question: Annotated[
        str, typer.Option(metavar="TEXT", help="What the runs were made to find out.")
    ] = "",
) -> None:
    """One page of finished runs, with plots.

    OUT/report.html is a single file that needs nothing beside it; plots as PNG, all figures as CSV
    and Parquet lie beside it.
    """
    with extra():
        from sim.reports.report import ReportError, write

    try:
        files = write(directories, out, title, question)
    except ReportError as error:
        raise usage(str(error)) from None
    except OSError as error:
        raise usage(f"--out {out}: {error.strerror or error}") from None
    told = [str(file) for file in files]
    session.show({"files": told}, *told)
