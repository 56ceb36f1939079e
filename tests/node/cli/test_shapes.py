"""What scripts read from `--json` changes only when somebody means it to."""

import json

import pytest

from node.cli.main import MODULES
from tests.node.cli.make_shapes import SHAPES, shape, story
from tests.node.cli.terminal import Terminal
from tests.node.shell.daemon_process import DaemonProcess

TOLD_ELSEWHERE = {"daemon"}
"""The daemon prints a log, no envelope."""


@pytest.mark.slow
def test_every_answer_has_the_shape_it_had(daemon: DaemonProcess, tmp_path) -> None:
    told = story(Terminal(daemon.root), tmp_path)
    kept = json.loads(SHAPES.read_text())
    del kept["stop"]  # its daemon ends with it: test_life looks
    for name, known in kept.items():
        assert told[name] == known, f"{name}: python -m tests.node.cli.make_shapes, and CHANGELOG"
    assert told.keys() == kept.keys()


def test_every_command_has_its_shape_kept() -> None:
    kept = {name.split()[0] for name in json.loads(SHAPES.read_text())}
    assert kept - {"grapevine", "version", "error"} == MODULES.keys() - TOLD_ELSEWHERE


def test_one_schema_names_one_shape() -> None:
    kept = json.loads(SHAPES.read_text())
    del kept["error"]
    kept["why --without"]["data"].pop("without")  # there only when asked for
    shapes: dict[str, set[frozenset[str]]] = {}
    for told in kept.values():
        shapes.setdefault(told["schema"], set()).add(frozenset(told["data"]))
    assert {schema for schema, keys in shapes.items() if len(keys) > 1} == set()


def test_shapes_tell_types_apart() -> None:
    value = {"a": [1, 2.5, "x"], "b": {"c": None, "d": True}}
    assert shape(value) == {"a": ["number", "str"], "b": {"c": "null", "d": "bool"}}
    assert shape([{"a": 1}, {"a": 2}, {"b": 1}]) == [{"a": "number"}, {"b": "number"}]
