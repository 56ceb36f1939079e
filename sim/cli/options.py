"""Options that several commands of `grapevine sim` take."""

from typing import Annotated

import typer

SEED_MAX = 2**63 - 1

OneScenario = Annotated[
    str,
    typer.Argument(help="A file SCENARIO.toml, or the name of a shipped one."),
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "-D",
        metavar="KEY=VALUE",
        help="Another value: world.people=50, adversary.0.edges=3.",
    ),
]
Seed = Annotated[int, typer.Option(min=0, max=SEED_MAX, help="The root of all chance.")]
OneFidelity = Annotated[
    str,
    typer.Option(metavar="NAME", help="graph, virtual or real; the scenario's first otherwise."),
]
