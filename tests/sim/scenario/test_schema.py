"""What holds of every table of a scenario file."""

from typing import get_args

import msgspec
import pytest

from sim.scenario import schema

TABLES = [
    one
    for one in vars(schema).values()
    if isinstance(one, type) and issubclass(one, schema.Table) and one is not schema.Table
]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__)
def test_unknown_keys_are_refused_and_nothing_changes_later(table: type[schema.Table]) -> None:
    assert table.__struct_config__.forbid_unknown_fields
    assert table.__struct_config__.frozen
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"nosuch": 1}, table)


def test_only_name_and_title_are_needed() -> None:
    scenario = msgspec.convert({"name": "a", "title": "A"}, schema.Scenario)
    assert scenario == schema.Scenario(name="a", title="A")
    assert scenario.fidelities == (schema.Fidelity.VIRTUAL,)


def test_adversaries_are_told_apart_by_their_kind() -> None:
    tags = [str(kind.__struct_config__.tag) for kind in get_args(schema.Hostile)]
    assert tags == ["sybil", "followers", "speaking", "eclipse"]
    for kind, tag in zip(get_args(schema.Hostile), tags, strict=True):
        given = {"kind": tag} | ({"how": "flood"} if kind is schema.Speaking else {})
        assert type(msgspec.convert(given, schema.Hostile)) is kind
