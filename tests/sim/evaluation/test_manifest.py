"""Manifests come back as they were, and a run is named by what decides it."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from sim.evaluation.manifest import FILE, Manifest, ManifestError, Planned, key_of, read, write
from sim.scenario.schema import Fidelity, Scenario, World

ONE = Scenario(name="one", title="One", peer={"a": 1, "b": 2})


def test_a_manifest_comes_back(tmp_path: Path) -> None:
    made = Manifest(
        name="s", title="S", scenario="one", fidelity=Fidelity.GRAPH, design="grid",
        parameters=("world.people",), runs=(Planned("ab12", 3, {"world.people": 50}),), text="#",
    )  # fmt: skip
    write(made, tmp_path)
    assert read(tmp_path) == made
    assert [p.name for p in tmp_path.iterdir()] == [FILE]


def test_a_key_names_all_that_decides_and_nothing_else() -> None:
    key = key_of(ONE, 1, Fidelity.GRAPH)
    assert key == key_of(replace(ONE, peer={"b": 2, "a": 1}), 1, Fidelity.GRAPH)
    others = {
        key_of(ONE, 2, Fidelity.GRAPH),
        key_of(ONE, 1, Fidelity.VIRTUAL),
        key_of(replace(ONE, world=World(people=7)), 1, Fidelity.GRAPH),
    }
    assert len(others | {key}) == 4


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff"])
def test_what_is_no_manifest_is_told_with_its_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(ManifestError, match=FILE):
        read(tmp_path)


def test_a_key_cannot_leave_the_directory(tmp_path: Path) -> None:
    made = Manifest(
        name="s", title="S", scenario="one", fidelity=Fidelity.GRAPH, design="grid",
        runs=(Planned("../../etc", 3),),
    )  # fmt: skip
    write(made, tmp_path)
    with pytest.raises(ManifestError, match="no name of a run"):
        read(tmp_path)
