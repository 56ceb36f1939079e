"""A scenario that runs in a moment."""

from pathlib import Path

TOWN = """\
name = "small"
title = "A small town"
fidelities = ["graph"]
[world]
people = 30
planted = {{ clusters = 3, items = 120, likes = 12, friends = 4 }}
[[adversary]]
kind = "sybil"
edges = {edges}
[questions]
people = 10
"""

CLAIM = """\
[[claim]]
assert = "{claim}"
why = "lists are worth something"
"""


def town(edges: int, claim: str = "") -> str:
    """Its text."""
    return TOWN.format(edges=edges) + (CLAIM.format(claim=claim) if claim else "")


def written(directory: Path, edges: int, claim: str = "") -> str:
    """`small.toml` in a directory: its path."""
    path = directory / "small.toml"
    path.write_text(town(edges, claim))
    return str(path)
