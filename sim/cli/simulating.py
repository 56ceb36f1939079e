"""Run thousands of peers from one seed, some hostile, and see what holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from node.cli.command import command, new_app
from node.cli.session import Session, usage
from node.query.schema import EXIT_CODES
from sim.cli.options import OneFidelity, OneScenario, Seed, Set
from sim.cli.simulated import kept, live, loaded, outcome_at, ran, read_and_checked
from sim.cli.studying import app as studies

if TYPE_CHECKING:
    from sim.outcome import Outcome
    from sim.scenario.schema import Scenario

app = new_app()
app.add_typer(studies)

NOT_SO = EXIT_CODES["degraded"]
"""A claim that does not hold, a digest that differs: the run was in order, its result is not."""


@app.callback()
def _group() -> None:
    """Simulate: many peers, one seed. `grapevine sim list` names the scenarios that are shipped."""


@command(app, "run", schema="sim-run")
def run(
    session: Session,
    scenario: OneScenario,
    seed: Seed = 0,
    set: Set = None,
    fidelity: OneFidelity = "",
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Keep outcome.json and series.csv there; else no file."),
    ] = None,
) -> None:
    """Run a scenario once, and check its claims.

    Prints its figures, and whether its claims hold (exit 10 if not). A scenario that cannot be run
    is refused with its line before anything runs (exit 2). Equal scenario, seed and fidelity give
    the same digest on every machine.
    """
    from sim.cli.telling import kinds_of_claims, outcome_data, outcome_lines

    made, kind = loaded(scenario, set, fidelity)
    _warn(session, made)
    if out is not None:
        _is_free(out)
    with live(session) as telling:
        outcome = ran(made, seed, kind, telling)
    told = outcome_data(outcome)
    lines = [*outcome_lines(outcome)]
    if out is not None:
        told["files"] = [str(file) for file in kept(outcome, out)]
        lines.append(f"kept in {out}")
    session.show(told, *lines)
    if not outcome.ok:
        session.exit_code = NOT_SO
        session.say(kinds_of_claims(outcome.claims))


@command(app, "validate", schema="sim-validate")
def validate(
    session: Session,
    scenarios: Annotated[list[str], typer.Argument(help="Files, or names of shipped ones.")],
    set: Set = None,
    fidelity: OneFidelity = "",
) -> None:
    """Say whether scenarios could run.

    They are read and checked; nothing runs (exit 2 if one could not).
    """
    from sim.scenario.errors import ScenarioError

    good: list[str] = []
    refused_ones: list[dict[str, str]] = []
    for word in scenarios:
        try:
            made, _ = read_and_checked(word, set, fidelity)
        except ScenarioError as error:
            refused_ones.append({"scenario": word, "error": str(error)})
            session.exit_code = EXIT_CODES["usage"]
        else:
            good.append(word)
            _warn(session, made)
    lines = [f"good     {word}" for word in good]
    lines += [f"refused  {one['error']}" for one in refused_ones]
    session.show({"good": good, "refused": refused_ones}, *lines)


@command(app, "list", schema="sim-list")
def list_(session: Session) -> None:
    """The scenarios and the sweeps that are shipped."""
    from sim.scenario.reading import read, shipped, shipped_sweeps

    rows = []
    for name, path in shipped().items():
        made = read(path)
        kinds = [str(one) for one in made.fidelities]
        rows.append({"name": name, "title": made.title, "fidelities": kinds, "file": str(path)})
    sweeps = [{"name": name, "file": str(path)} for name, path in shipped_sweeps().items()]
    wide = max((len(str(row["name"])) for row in rows), default=0)
    session.show(
        {"scenarios": rows, "sweeps": sweeps},
        *(f"{str(row['name']).ljust(wide)}  {row['title']}" for row in rows),
        *(
            f"{row['name'].ljust(wide)}  a sweep: grapevine sim sweep {row['name']}"
            for row in sweeps
        ),
    )


@command(app, "show", schema="sim-show")
def show(session: Session, scenario: OneScenario, set: Set = None) -> None:
    """What a scenario is about.

    Whatever differs from a quiet world, and its claims. Also takes a directory that `sim run --out`
    wrote, and shows that run again.
    """
    from sim.cli.telling import outcome_data, outcome_lines, plain, scenario_lines

    place = Path(scenario)
    if place.is_dir() or place.suffix == ".json":
        outcome = outcome_at(place)
        session.show(outcome_data(outcome), *outcome_lines(outcome), schema="sim-run")
        return
    made, _ = loaded(scenario, set, "")
    session.show(plain(made), *scenario_lines(made))


@command(app, "replay", schema="sim-replay")
def replay(
    session: Session,
    outcome: Annotated[Path, typer.Argument(help="What `sim run --out` wrote.")],
) -> None:
    """Run an outcome again: the same digest?

    Its scenario is run with its seed; where the digest is another, figures that differ are shown
    (exit 10).
    """
    before = outcome_at(outcome)
    with live(session) as telling:
        again = ran(before.scenario, before.seed, before.fidelity, telling)
    equal = before.digest == again.digest
    told = {
        "scenario": before.scenario.name, "seed": before.seed, "fidelity": str(before.fidelity),
        "equal": equal, "before": before.digest, "again": again.digest,
        "differing": differing(before, again),
    }  # fmt: skip
    session.show(told, *_replay_lines(before, again))
    if not equal:
        session.exit_code = NOT_SO


def _replay_lines(before: Outcome, again: Outcome) -> Iterator[str]:
    from sim.cli.telling import figure

    name = f"{before.fidelity} run of {before.scenario.name}, seed {before.seed}"
    if before.digest == again.digest:
        yield f"the same: {name}, digest {again.digest[:16]}"
        return
    yield f"DIFFERENT: {name}: {before.digest[:16]} before, {again.digest[:16]} again"
    for metric in differing(before, again):
        old, new = before.metrics.get(metric), again.metrics.get(metric)
        shown = ["-" if one is None else figure(one) for one in (old, new)]
        yield f"  {metric}: {shown[0]} before, {shown[1]} again"


MACHINE = ("cpu_s_per_peer", "bytes_of_memory_per_peer")
"""Figures of the machine: never twice the same."""


def differing(before: Outcome, again: Outcome) -> list[str]:
    """Figures that are not the same, but for those of the machine."""
    names = dict.fromkeys((*before.metrics, *again.metrics))
    return [
        name
        for name in names
        if name.rpartition(".")[2] not in MACHINE
        and repr(before.metrics.get(name)) != repr(again.metrics.get(name))
    ]


def _is_free(out: Path) -> None:
    """Rather now than after a long run."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise usage(f"--out {out}: {error.strerror or error}") from None


def _warn(session: Session, scenario: Scenario) -> None:
    from sim.scenario.claims import unusual

    session.warnings += unusual(scenario)
