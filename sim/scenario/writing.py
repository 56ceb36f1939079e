"""A scenario as the text of a file: what differs from a quiet world, and reads back as the same."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec.structs import FieldInfo

from sim.scenario.schema import Scenario, Table

FREE = ("peer", "set")
"""Tables of a comparison whose keys are names of settings."""

BARE = re.compile(r"[A-Za-z0-9_-]+")
PLAIN_LINES = re.compile(r'[^\x00-\x09\x0b-\x1f\x7f\\"]*')
"""Text of several lines that may stand as it is."""


def toml_of(scenario: Scenario) -> str:
    """The file. `sim.scenario.reading.parsed` of it is equal to the scenario."""
    return "\n".join(_lines(_told(scenario), "")) + "\n"


def literal(value: Any) -> str:
    """A number, word, truth value, list or flat table in one line of TOML. Raises TypeError for
    anything else."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
        case list() | tuple():
            return f"[{', '.join(literal(one) for one in value)}]"
        case dict():
            inner = ", ".join(f"{_key(name)} = {literal(one)}" for name, one in value.items())
            return f"{{ {inner} }}"
    raise TypeError(f"{type(value).__name__} has no form in TOML")


def _told(table: Table) -> dict[str, Any]:
    """Fields that are not as usual, tables inside as dicts."""
    kind = table.__struct_config__.tag
    told: dict[str, Any] = {} if kind is None else {"kind": kind}
    for field in msgspec.structs.fields(table):
        value = getattr(table, field.name)
        if value == _usual(field):
            continue
        if isinstance(value, Table):
            value = _told(value)
        elif isinstance(value, tuple):
            value = [_told(one) if isinstance(one, Table) else one for one in value]
        told[field.encode_name] = value
    return told


def _usual(field: FieldInfo) -> Any:
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return field.default


def _lines(table: dict[str, Any], path: str) -> Iterator[str]:
    """Values first: what follows a header belongs to it."""
    tables = {}
    for name, value in table.items():
        if _is_table(value) or (isinstance(value, list) and value and _is_table(value[0])):
            tables[name] = value
        else:
            yield f"{_key(name)} = {_text(value)}"
    for name, value in tables.items():
        inner = f"{path}.{_key(name)}" if path else _key(name)
        if path and name in FREE:  # a table in one line stands better inside a list
            yield f"{_key(name)} = {literal(value)}"
        elif isinstance(value, list):
            for one in value:
                yield from ("", f"[[{inner}]]", *_lines(one, inner))
        else:
            yield from ("", f"[{inner}]", *_lines(value, inner))


def _is_table(value: Any) -> bool:
    return isinstance(value, dict)


def _text(value: Any) -> str:
    if isinstance(value, str) and "\n" in value and PLAIN_LINES.fullmatch(value):
        return f'"""\n{value}"""'
    return literal(value)


def _key(name: str) -> str:
    return name if BARE.fullmatch(name) else literal(name)
