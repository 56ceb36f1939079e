"""Numbers of a node by name: `trust.alpha` is the field `alpha` of the part `trust`.

Whatever a `PeerConfig` holds can be named, however deep (`gossip.link.pushes_per_s`); `transport`
is the network process, which only daemons have.
"""

from __future__ import annotations

import math
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from enum import Enum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from node.core.config import PeerConfig
from node.shell.network import NetworkConfig
from sim.scenario.errors import ScenarioError, nearest
from sim.scenario.schema import Parameter

NOTHING = "none"
"""Stands for None, which TOML has not."""

TRANSPORT = "transport."
"""Begins the names of the network process."""

WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """All numbers of one node of a simulation."""

    peer: PeerConfig = field(default_factory=PeerConfig)
    transport: NetworkConfig = field(default_factory=NetworkConfig)


def set_all(config: NodeConfig, values: Mapping[str, Parameter]) -> NodeConfig:
    """With other values, all at once. Raises ScenarioError for unknown names, and for values of
    the wrong kind or out of range."""
    tree: dict[str, Any] = {}
    for name, value in values.items():
        way = _way(name)
        at = tree
        for part in way[:-1]:
            at = at.setdefault(part, {})
            if not isinstance(at, dict):
                raise _twice(name, at[0])
        if isinstance(at.get(way[-1]), dict):
            raise _twice(name, f"{name}.{next(iter(at[way[-1]]))}")
        at[way[-1]] = name, value
    made: NodeConfig = _with(config, tree)
    return made


def _twice(name: str, other: str) -> ScenarioError:
    return ScenarioError(f"{name} and {other} exclude each other", ("peer", name))


@cache
def known() -> tuple[str, ...]:
    """Every name, in the order of the parts."""
    return (*_names(PeerConfig, ""), *_names(NetworkConfig, TRANSPORT))


def default(name: str) -> Any:
    """What a node has unless told otherwise. Raises ScenarioError for an unknown name."""
    at: Any = NodeConfig()
    for part in _way(name):
        at = getattr(at, part)
    return at


def _way(name: str) -> list[str]:
    """Fields from `NodeConfig` down to the one that is meant."""
    if name not in known():
        raise ScenarioError(
            f"a node has no setting {name[:128]!r}", ("peer", name), hint=nearest(name, known())
        )
    way = name.split(".")
    return way if name.startswith(TRANSPORT) else ["peer", *way]


def _names(kind: Any, prefix: str) -> Iterator[str]:
    hints = get_type_hints(kind)
    for one in fields(kind):
        inner = _part(hints[one.name])
        if inner is None or type(None) in get_args(hints[one.name]):
            yield prefix + one.name
        if inner is not None:
            yield from _names(inner, f"{prefix}{one.name}.")


def _part(hint: Any) -> Any:
    """The dataclass that a field holds, if any."""
    found = [one for one in (hint, *get_args(hint)) if isinstance(one, type) and is_dataclass(one)]
    return found[0] if found else None


def _with(config: Any, tree: Mapping[str, Any]) -> Any:
    hints = get_type_hints(type(config))
    changes: dict[str, Any] = {}
    names: list[str] = []
    for part, given in tree.items():
        inner = _part(hints[part])
        if isinstance(given, dict):
            changes[part] = _with(getattr(config, part) or inner(), given)
            continue
        name, value = given
        names.append(name)
        changes[part] = _converted(hints[part], value, name)
    try:
        return replace(config, **changes)
    except ValueError as error:
        raise ScenarioError(str(error), ("peer", names[0] if names else "")) from None


def _converted(hint: Any, value: Parameter, name: str) -> Any:
    """The value as the field's kind. A part that may be absent takes true and false."""
    if (inner := _part(hint)) is not None:
        if not isinstance(value, bool):
            raise _wrong(name, value, "true or false")
        return inner() if value else None
    kinds = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    if value == NOTHING and type(None) in kinds:
        return None
    kind = next(one for one in kinds if one is not type(None))
    if get_origin(kind) is tuple:
        return _several(kind, value, name)
    if issubclass(kind, Enum):
        if value not in [one.value for one in kind]:
            choices = [str(one.value) for one in kind]
            raise ScenarioError(
                f"{name} is {value!r}", ("peer", name), hint=f"it is one of {', '.join(choices)}"
            )
        return kind(value)
    if kind is bytes and isinstance(value, str):
        return value.encode()
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value) if abs(value) < 1e300 else math.inf
    if type(value) is not kind:
        raise _wrong(name, value, WORDS.get(kind, "something else"))
    if isinstance(value, int | float):
        _check_number(value, name)
    return value


def _check_number(value: float, name: str) -> None:
    """Only what is below zero by itself may be below zero."""
    least = -math.inf if (default(name) or 0) < 0 else 0
    if not (math.isfinite(value) and value >= least):
        hint = "it is a finite number" if least else "it is 0 or more"
        raise ScenarioError(f"{name} is {value}", ("peer", name), hint=hint)


def _several(kind: Any, value: Parameter, name: str) -> tuple[Any, ...]:
    """`16, 64, 512, 64` for a field that holds several values."""
    kinds = get_args(kind)
    words = [word.strip() for word in str(value).split(",") if word.strip()]
    if kinds[-1] is ...:
        kinds = (kinds[0],) * len(words)
    if len(words) != len(kinds):
        raise _wrong(name, value, f"{len(kinds)} values with commas between them")
    try:
        made = tuple(one(word) for one, word in zip(kinds, words, strict=True))
    except ValueError:
        raise _wrong(name, value, "numbers with commas between them") from None
    if any(isinstance(one, int) and one < 0 for one in made):
        raise ScenarioError(f"{name} is {value}", ("peer", name), hint="they are 0 or more")
    return made


def _wrong(name: str, value: Parameter, wanted: str) -> ScenarioError:
    return ScenarioError(
        f"{name} is {str(value)[:64]!r}", ("peer", name), hint=f"it should be {wanted}"
    )
