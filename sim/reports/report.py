"""One page that holds everything, with its pictures and tables beside it.

OUT/report.html      no network, no script; equal directories give equal bytes
OUT/plots/*.png      its pictures
OUT/metrics.*        figures of every run, CSV and Parquet
OUT/series.*         courses over time
OUT/scenarios/*.toml what the commands in the page run, where it is not shipped
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from sim.evaluation.manifest import key_of
from sim.reports import tables
from sim.reports.evidence import Evidence, Group, gather
from sim.reports.evidence import ReportError as ReportError
from sim.reports.sections import GroupPart, SweepPart, group_part, summary_of, sweep_part
from sim.scenario.errors import ScenarioError
from sim.scenario.reading import read, shipped
from sim.scenario.writing import toml_of

PAGE = "report.html"
SCENARIOS, PLOTS = "scenarios", "plots"


def write(
    directories: Sequence[Path], out: Path, title: str = "", question: str = ""
) -> list[Path]:
    """The report of all runs and sweeps in the directories; the files written, the page first.

    Raises ReportError if there are none or one cannot be read; then nothing is written.
    """
    evidence = gather(directories)
    for place in (out, out / PLOTS, out / SCENARIOS):
        place.mkdir(parents=True, exist_ok=True)
    files: list[Path] = []
    groups = []
    for number, group in enumerate(evidence.groups, 1):
        word, file = _source(group, out)
        files += file
        groups.append(group_part(group, f"{number}-{group.scenario.name}", word))
    sweeps = [
        sweep_part(swept, f"sweep-{number}-{_file_name(swept.manifest.name)}")
        for number, swept in enumerate(evidence.sweeps, 1)
    ]
    for pictures in [*(one.pictures for one in groups), *(one.pictures for one in sweeps)]:
        for one in pictures:
            files.append(out / PLOTS / f"{one.name}.png")
            files[-1].write_bytes(one.png)
    page = out / PAGE
    page.write_text(_page(evidence, groups, sweeps, title, question), "utf-8")
    return [page, *tables.write(evidence, out), *files]


def _source(group: Group, out: Path) -> tuple[str, list[Path]]:
    """What names the scenario on a command line: a shipped one, or a file that is written."""
    known = shipped().get(group.scenario.name)
    try:
        if known is not None and read(known) == group.scenario:
            return group.scenario.name, []
    except ScenarioError:
        pass  # this version reads another language; then the file says what was run
    file = (
        out
        / SCENARIOS
        / f"{group.scenario.name}-{key_of(group.scenario, 0, group.fidelity)[:8]}.toml"
    )
    file.write_text(toml_of(group.scenario), "utf-8")
    return shlex.quote(f"{SCENARIOS}/{file.name}"), [file]


def _file_name(text: str) -> str:
    return "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in text)[:64]


def _page(
    evidence: Evidence,
    groups: Sequence[GroupPart],
    sweeps: Sequence[SweepPart],
    title: str,
    question: str,
) -> str:
    parts: list[GroupPart | SweepPart] = [*groups, *sweeps]
    runs = sum(len(one.outcomes) for one in evidence.groups)
    runs += sum(len(one.runs) for one in evidence.sweeps)
    if not title:
        title = parts[0].title if len(parts) == 1 else f"{len(parts)} experiments of Grapevine"
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template("report.html.j2").render(
        title=title,
        question=question,
        scope=f"{runs} {'run' if runs == 1 else 'runs'}.",
        summary=summary_of(evidence.groups, groups),
        groups=groups,
        sweeps=sweeps,
    )
