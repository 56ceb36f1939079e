"""Every recommender by name, so that a comparison is one flag."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from sim.methods.counting import Chance, Popularity
from sim.methods.method import Method
from sim.methods.salsa import PlainSalsa

Value = float | int | str
Grid = Mapping[str, tuple[Value, ...]]
NO_VALUES: Mapping[str, Value] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Entry:
    """One recommender.

    make: called with parameters by name. summary: one line. source: where its rules stand.
    grid: the values that tuning may try, by parameter; empty where there is nothing to tune.
    """

    make: Callable[..., Method]
    summary: str
    source: str
    grid: Grid = field(default_factory=dict)

    @property
    def parameters(self) -> dict[str, Value]:
        """Every parameter with its default."""
        found = inspect.signature(self.make).parameters
        return {name: parameter.default for name, parameter in found.items()}


METHODS: Mapping[str, Entry] = MappingProxyType(
    {
        "popularity": Entry(Popularity, "what most people have", "count of listeners"),
        "random": Entry(Chance, "a random list: the floor", "uniform over items"),
        "salsa": Entry(
            PlainSalsa,
            "plain personalised SALSA, exact, everybody equal: the reference",
            "design §6; RankConfig.undefended with TrustVector.everyone_equal",
        ),
    }
)


def method(name: str, parameters: Mapping[str, Value] = NO_VALUES) -> Method:
    """The recommender of that name, with parameters other than its defaults if named.

    Numbers may be given as text, as they come from a command line. Raises ValueError, saying what
    there is, for an unknown name or parameter and for a value of the wrong kind or range.
    """
    entry = METHODS.get(name)
    if entry is None:
        raise ValueError(f"there is no method {name!r}; there are {', '.join(METHODS)}")
    defaults = entry.parameters
    given: dict[str, Value] = {}
    for key, value in parameters.items():
        if key not in defaults:
            there_is = ", ".join(defaults) or "none"
            raise ValueError(f"{name} has no parameter {key!r}; it has {there_is}")
        given[key] = _as_kind_of(defaults[key], value, f"{name}: {key}")
    return entry.make(**given)


def _as_kind_of(default: Value, value: Value, what: str) -> Value:
    """The value as a number where the default is one. bool is nobody's kind."""
    if isinstance(default, str):
        return str(value)
    kind = type(default)
    try:
        number = float(value)
        if kind is int and number != int(number):
            raise ValueError
        return kind(number)
    except (ValueError, OverflowError):
        wanted = "a whole number" if kind is int else "a number"
        raise ValueError(f"{what} must be {wanted}, not {value!r}") from None
