"""Claims of a scenario: comparisons of figures, read as a language of their own and never run.

    claim      = comparison { "and" comparison }
    comparison = sum { ("<" | "<=" | ">" | ">=" | "==" | "!=") sum }
    sum        = numbers and figures with + - * / and parentheses

A figure is a name of `Outcome.metrics`, `ndcg` or `plain.ndcg`. One that is unknown, or not a
number in this run, leaves its claim unheld, and so does a division by zero.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct

from sim.scenario.errors import ScenarioError, nearest
from sim.scenario.names import METRICS, PLAIN
from sim.scenario.schema import Scenario

TEXT_MAX = 500
"""Characters of a claim."""


class Held(Struct, frozen=True):
    """One claim of the scenario, and whether it held. value: of its left side, None if unknown."""

    claim: str
    held: bool
    value: float | None = None
    why: str = ""


class NotHeld(Exception):
    """A figure is missing or no number, so nothing can be said."""


SUMS: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
COMPARISONS: Mapping[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


def check(scenario: Scenario, metrics: Mapping[str, float]) -> tuple[Held, ...]:
    """Whether each claim holds of the figures. Raises ScenarioError for a text that is no claim."""
    labels = labels_of(scenario)
    return tuple(_held(one.assert_, one.why, labels, metrics) for one in scenario.claim)


def parsed(text: str, labels: Iterable[str]) -> list[ast.Compare]:
    """The comparisons of a claim. Raises ScenarioError where it is none.

    labels: those that a figure may begin with; they may hold what is no name in Python.
    """
    if len(text) > TEXT_MAX:
        raise ScenarioError(f"a claim has {TEXT_MAX} characters at most")
    shown = text if len(text) <= 80 else f"{text[:77]}..."
    try:
        tree = ast.parse(_as_names(" ".join(text.split()), labels), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise ScenarioError(f"{shown!r} is no claim", hint=EXAMPLE) from None
    parts = tree.values if isinstance(tree, ast.BoolOp) else [tree]
    if isinstance(tree, ast.BoolOp) and not isinstance(tree.op, ast.And):
        raise ScenarioError(f"{shown!r}: claims are joined by 'and' only", hint=EXAMPLE)
    comparisons = [one for one in parts if isinstance(one, ast.Compare)]
    if len(comparisons) < len(parts):
        raise ScenarioError(f"{shown!r} compares nothing", hint=EXAMPLE)
    for one in comparisons:
        if not all(type(sign) in COMPARISONS for sign in one.ops):
            raise ScenarioError(f"{shown!r}: compare with < <= > >= == !=", hint=EXAMPLE)
        for side in (one.left, *one.comparators):
            _check_sum(side, shown)
    return comparisons


EXAMPLE = "write it like 'fakes <= 0.005' or 'ndcg >= 0.95 * plain.ndcg'"


def figures(text: str, labels: Iterable[str]) -> list[str]:
    """Names of the figures in a claim, in order."""
    labels = list(labels)
    found = []
    for one in parsed(text, labels):
        for node in ast.walk(one):
            if isinstance(node, ast.Attribute) or (
                isinstance(node, ast.Name) and not node.id.startswith(STAND_IN)
            ):
                found.append(_figure(node, labels))
    owners = {name.partition(".")[0] for name in found if "." in name}
    return [name for name in dict.fromkeys(found) if name not in owners]


def unusual(scenario: Scenario) -> list[str]:
    """A line for each figure of the claims that no run is known to leave: a slip, or a special."""
    labels = labels_of(scenario)
    lines = []
    for claim in scenario.claim:
        for name in figures(claim.assert_, labels):
            label, dot, metric = name.rpartition(".")
            if metric not in METRICS:
                lines.append(f"no usual figure: {name}; {nearest(metric, METRICS)}")
            elif dot and label not in labels:
                lines.append(f"nothing is compared under {label!r}; {nearest(label, labels)}")
    return lines


def labels_of(scenario: Scenario) -> tuple[str, ...]:
    """What a figure of another method may begin with."""
    return (PLAIN, *(one.label for one in scenario.compared))


STAND_IN = "label_"


def _as_names(text: str, labels: Iterable[str]) -> str:
    """With each label, which may hold a dash or begin with a digit, as a name of Python."""
    for number, label in enumerate(labels):
        text = re.sub(
            rf"(?<![\w.-]){re.escape(label)}\.(?=[A-Za-z_])", f"{STAND_IN}{number}.", text
        )
    return text


def _check_sum(node: ast.expr, shown: str) -> None:
    match node:
        case ast.Constant(value=int() | float() as value) if _is_number(value):
            return
        case ast.Name() | ast.Attribute(value=ast.Name()):
            return
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            return _check_sum(operand, shown)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in SUMS:
            _check_sum(left, shown)
            return _check_sum(right, shown)
    raise ScenarioError(f"{shown!r}: numbers, figures, + - * / only", hint=EXAMPLE)


def _is_number(value: float) -> bool:
    return not isinstance(value, bool) and abs(value) < 1e300


def _held(text: str, why: str, labels: tuple[str, ...], metrics: Mapping[str, float]) -> Held:
    value: float | None = None
    for one in parsed(text, labels):
        try:
            left = _value(one.left, labels, metrics)
            value = left if value is None else value
            for sign, side in zip(one.ops, one.comparators, strict=True):
                right = _value(side, labels, metrics)
                if not COMPARISONS[type(sign)](left, right):
                    what = f"{left:.6g} {SIGNS[type(sign)]} {right:.6g} is not so"
                    return Held(text, False, value, _told(what, why))
                left = right
        except NotHeld as error:
            return Held(text, False, value, _told(str(error), why))
    return Held(text, True, value, why)


SIGNS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}


def _told(what: str, why: str) -> str:
    return f"{what} ({why})" if why else what


def _value(node: ast.expr, labels: tuple[str, ...], metrics: Mapping[str, float]) -> float:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name() | ast.Attribute():
            return _looked_up(_figure(node, labels), metrics)
        case ast.UnaryOp(op=sign, operand=operand):
            number = _value(operand, labels, metrics)
            return -number if isinstance(sign, ast.USub) else number
        case ast.BinOp(left=left, op=op, right=right):
            sides = _value(left, labels, metrics), _value(right, labels, metrics)
            try:
                return SUMS[type(op)](*sides)
            except (ZeroDivisionError, OverflowError) as error:
                raise NotHeld(str(error)) from None
    raise AssertionError(f"{ast.dump(node)} was let through")


def _figure(node: ast.expr, labels: Iterable[str]) -> str:
    name = ast.unparse(node)
    head, dot, metric = name.partition(".")
    stands_for = {f"{STAND_IN}{number}": label for number, label in enumerate(labels)}
    return f"{stands_for.get(head, head)}{dot}{metric}"


def _looked_up(name: str, metrics: Mapping[str, float]) -> float:
    if name not in metrics:
        raise NotHeld(f"this run has no figure {name!r}; {nearest(name, metrics)}")
    if math.isnan(metrics[name]):
        raise NotHeld(f"{name} is not known in this run")
    return metrics[name]
