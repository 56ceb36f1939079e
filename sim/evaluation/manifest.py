"""What a sweep leaves beside its runs: which directory holds which settings.

DIRECTORY/sweep.json              the manifest
DIRECTORY/runs/KEY/outcome.json   a finished run
DIRECTORY/runs/KEY/failed.log     why the last attempt failed
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field

from sim import records
from sim.scenario.schema import Fidelity, Scenario

FILE = "sweep.json"
RUNS = "runs"
FAILED = "failed.log"
VERSION = 1


class ManifestError(ValueError):
    """A file is no manifest; the text says which and why."""


class Planned(Struct, frozen=True):
    """One run. values: parameter -> value, of those that the sweep varies."""

    key: str
    seed: int
    values: dict[str, Any] = field(default_factory=dict)


class Manifest(Struct, frozen=True, kw_only=True):
    """A sweep. design: grid, list, hypercube or seeds. text: the whole file that asked for it."""

    name: str
    title: str
    question: str = ""
    scenario: str
    fidelity: Fidelity
    design: str
    parameters: tuple[str, ...] = ()
    runs: tuple[Planned, ...] = ()
    text: str = ""
    version: int = VERSION


def key_of(scenario: Scenario, seed: int, fidelity: Fidelity) -> str:
    """Names a run by all that decides what comes out. 24 hexadecimal digits."""
    told = msgspec.json.encode((scenario, seed, fidelity), order="sorted")
    return hashlib.blake2b(told, digest_size=12).hexdigest()


def place_of(directory: Path, key: str) -> Path:
    """The directory of a run."""
    return directory / RUNS / key


def write(manifest: Manifest, directory: Path) -> Path:
    """`sweep.json`, whole or not at all; the file written."""
    return records.write(manifest, directory / FILE)


def read(directory: Path) -> Manifest:
    """The manifest in a directory. Raises ManifestError."""
    file = directory / FILE
    manifest = records.read(file, Manifest, "manifest of a sweep", VERSION, ManifestError)
    for planned in manifest.runs:
        # A key becomes part of a path.
        if not (planned.key.isalnum() and planned.key.isascii()):
            raise ManifestError(f"{file}: {planned.key[:64]!r} is no name of a run")
    return manifest
