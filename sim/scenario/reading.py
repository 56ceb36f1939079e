"""Reads scenario files, and refuses what cannot be run with the line that says so.

    file ── tomllib ──► tables ── overrides ──► tables ── msgspec ──► Scenario ── checks ──► it

Whatever is wrong is a `ScenarioError` that names file and line, or the override, and the nearest
name where there is one. Nothing is run, and no data file is opened.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args, get_origin

import msgspec

from sim.scenario.checks import check
from sim.scenario.errors import Key, ScenarioError, nearest, spelt
from sim.scenario.lines import lines_of
from sim.scenario.schema import Fidelity, Hostile, Scenario, Table

FILE_BYTES_MAX = 1024 * 1024
DEPTH_MAX = 32
"""Tables within tables."""

SHIPPED = Path(__file__).parent / "shipped"
SWEEPS = Path(__file__).parent / "sweeps"
SUFFIX = ".toml"

KINDS: dict[str, type[Table]] = {
    str(kind.__struct_config__.tag): kind for kind in get_args(Hostile)
}
"""Kinds of adversaries by their tag."""

FREE = ("peer", "set")
"""Tables whose keys are names of settings: `peer.trust.alpha` is one key in `peer`."""

NUMBER_MAX = 2**63
"""Of a setting, either way."""

BARE_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.+-]*")
MESSAGE = re.compile(r"(?P<problem>.*?)(?: - at `\$(?P<path>[^`]*)`)?", re.DOTALL)
STEP = re.compile(r"\[(\d+)\]|\.([A-Za-z_][A-Za-z_0-9]*)")


def shipped() -> dict[str, Path]:
    """The scenarios that come with the simulator, by name."""
    return {path.stem: path for path in sorted(SHIPPED.glob(f"*{SUFFIX}"))}


def shipped_sweeps() -> dict[str, Path]:
    """The sweep files that come with the simulator, by name."""
    return {path.stem: path for path in sorted(SWEEPS.glob(f"*{SUFFIX}"))}


def find(word: str) -> Path:
    """The file that is meant: a path, or the name of one that is shipped. Raises ScenarioError."""
    return _found(word, shipped(), "scenario")


def find_sweep(word: str) -> Path:
    """The same of a sweep file."""
    return _found(word, shipped_sweeps(), "sweep")


def _found(word: str, known: Mapping[str, Path], what: str) -> Path:
    path = Path(word)
    if path.suffix == SUFFIX or len(path.parts) > 1:
        return path
    if word not in known:
        raise ScenarioError(
            f"no {what} {word[:128]!r} is shipped, and no file is called so",
            hint=nearest(word, known),
        )
    return known[word]


def read(path: Path, overrides: Sequence[str] = ()) -> Scenario:
    """The scenario in a file, with other values where overrides say so (`world.people=50`,
    `adversary.0.edges=3`; values as in TOML, plain words may stand without quotes).

    Raises ScenarioError.
    """
    text = text_of(path)
    try:
        return parsed(text, overrides)
    except ScenarioError as error:
        raise placed(error, text, str(path), overrides) from None


def text_of(path: Path) -> str:
    """What a scenario file holds. Raises ScenarioError."""
    try:
        with path.open("rb") as file:
            content = file.read(FILE_BYTES_MAX + 1)
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ScenarioError("this is no UTF-8 text", place=f"{path}:{line}") from None
    except (OSError, ValueError) as error:  # the second: a name with a NUL
        told = getattr(error, "strerror", None) or str(error)
        raise ScenarioError(f"cannot be read: {told}", place=str(path)) from None
    if len(content) > FILE_BYTES_MAX:
        raise ScenarioError(f"is longer than {FILE_BYTES_MAX} bytes", place=str(path))
    return text


def parsed(text: str, overrides: Sequence[str] = ()) -> Scenario:
    """`read` of a text. The ScenarioError it raises has a key and no place yet, see `placed`."""
    try:
        tables = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise _no_toml(error, text) from None
    tables = _flattened(tables)
    for override in overrides:
        _put(tables, override)
    tables = _flattened(tables)
    for oddity in _oddities(Scenario, tables, ()):
        raise oddity
    try:
        scenario = msgspec.convert(tables, Scenario)
    except msgspec.ValidationError as error:
        raise _refused(str(error)) from None
    check(scenario)
    return scenario


def placed(
    error: ScenarioError, text: str, name: str, overrides: Sequence[str] = ()
) -> ScenarioError:
    """The error with its place: the override that is to blame, else file and line."""
    if error.place:
        return error
    if error.key and isinstance(error.key[0], int):  # a line, see `_no_toml`
        return ScenarioError(error.problem, hint=error.hint, place=f"{name}:{error.key[0]}")
    blamed = [one for one in overrides if _concerns(one, error.key)]
    if error.key[:1] == ("peer",):  # of several settings that go together, one may be to blame
        blamed = blamed or [one for one in overrides if _concerns(one, ("peer",))]
    place = f"-D {blamed[-1][:128]}" if blamed else f"{name}:{_line(error.key, text)}"
    return ScenarioError(error.problem, error.key, hint=error.hint, place=place)


def _concerns(override: str, key: Key) -> bool:
    """Whether the override set what the key names, or something in or around it."""
    try:
        own = _override(override)[0]
    except ScenarioError:
        return False
    same = min(len(own), len(key))
    return same > 0 and spelt(own[:same]) == spelt(key[:same])


def _line(key: Key, text: str) -> int:
    """Of the key, else of the nearest table around it."""
    lines = {_one_key(found): line for found, line in reversed(lines_of(text).items())}
    return next((lines[key[:end]] for end in range(len(key), 0, -1) if key[:end] in lines), 1)


def _no_toml(error: Exception, text: str) -> ScenarioError:
    """What `tomllib` says. Its key is the number of a line: no table can be named like that."""
    match = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", str(error))
    line = (match and match[1]) or text.count("\n") + 1
    problem = str(error).removesuffix(match[0]) if match else str(error)
    return ScenarioError(f"is no TOML: {problem}", (int(line),))


# ----------------------------------------------------------------------------------- overrides
def _override(override: str) -> tuple[Key, Any]:
    """(key, value) of `world.people=50`."""
    written, equals, value = override.partition("=")
    place = f"-D {override[:128]}"
    if not (equals and written.strip() and value.strip()) or not override.isprintable():
        raise ScenarioError("it should read KEY=VALUE", place=place, hint="such as world.people=50")
    parts = [part.strip(" \t\"'") for part in written.split(".")]
    key = tuple(int(part) if part.isdecimal() and part.isascii() else part for part in parts)
    value = value.strip()
    try:
        read = tomllib.loads(f"value = {value}")
    except (ValueError, RecursionError):
        if BARE_WORD.fullmatch(value):
            return _one_key(key), value
        raise ScenarioError(
            f"{value[:64]!r} is no value of TOML", place=place, hint="quote texts"
        ) from None
    return _one_key(key), read["value"]


def _put(tables: dict[str, Any], override: str) -> None:
    key, value = _override(override)
    at: Any = tables
    for depth, (part, following) in enumerate(pairwise((*key, None))):
        inside = value if following is None else [] if isinstance(following, int) else {}
        if isinstance(at, dict):
            part = str(part)
            at[part] = value if following is None else at.get(part, inside)
        elif isinstance(at, list) and isinstance(part, int) and part <= len(at):
            at[part : part + 1] = [value if following is None else [*at, inside][part]]
        else:
            raise ScenarioError(
                f"there is no {spelt(key[: depth + 1])} to set", place=f"-D {override[:128]}"
            )
        at = at[part]


# ------------------------------------------------------------------- settings with dots in them
def _one_key(key: Key) -> Key:
    """With the name of a setting in one piece: (peer, trust, alpha) is (peer, trust.alpha)."""
    for end, part in enumerate(key[:3], 1):
        if part in FREE and end in (1, 3) and len(key) > end:
            return (*key[:end], spelt(key[end:]))
    return key


def _flattened(tables: dict[str, Any]) -> dict[str, Any]:
    """With the settings of `peer`, and of each comparison's `peer` and `set`, as one table without
    tables."""
    made = dict(tables)
    if isinstance(made.get("peer"), dict):
        made["peer"] = dict(_flat(made["peer"], ""))
    if isinstance(made.get("compared"), list):
        made["compared"] = [
            one
            | {k: dict(_flat(v, "")) for k, v in one.items() if k in FREE and isinstance(v, dict)}
            if isinstance(one, dict)
            else one
            for one in made["compared"]
        ]
    return made


def _flat(table: Mapping[str, Any], prefix: str, depth: int = 0) -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, dict) and depth < DEPTH_MAX:
            yield from _flat(value, f"{prefix}{key}.", depth + 1)
        else:
            yield f"{prefix}{key}", value


# ------------------------------------------------------------------------------ shapes and types
def _oddities(kind: Any, value: Any, key: Key) -> Iterator[ScenarioError]:
    """Unknown keys and kinds, and numbers that are none, down from a table."""
    if isinstance(value, float) and not math.isfinite(value):
        yield ScenarioError(f"{spelt(key)} is {value}, which is no number", key)
    elif isinstance(value, list):
        inner = get_args(kind)[0] if get_origin(kind) is tuple else None
        for number, one in enumerate(value):
            yield from _oddities(inner, one, (*key, number))
    elif isinstance(value, dict):
        yield from _odd_keys(kind, value, key)


def _odd_keys(kind: Any, table: Mapping[str, Any], key: Key) -> Iterator[ScenarioError]:
    if kind == Hostile:
        tag = table.get("kind")
        if not isinstance(tag, str) or tag not in KINDS:
            problem = "an adversary says its kind" if tag is None else f"there is no kind {tag!r}"
            yield ScenarioError(problem, (*key, "kind"), hint=nearest(str(tag), KINDS))
            return
        table = {name: value for name, value in table.items() if name != "kind"}
        kind = KINDS[tag]
    if get_origin(kind) is dict:
        for name, value in table.items():
            yield from _odd_parameter(name, value, (*key, name))
        return
    if not (isinstance(kind, type) and issubclass(kind, Table)):
        return
    known = {one.encode_name: one.type for one in msgspec.structs.fields(kind)}
    for name, value in table.items():
        if name not in known:
            where = f"[{spelt(key)}]" if key else "a scenario"
            hint = _home_of(name) if not key else ""
            yield ScenarioError(
                f"{where} has no key {name[:128]!r}",
                (*key, name),
                hint=hint or nearest(name, known),
            )
        yield from _oddities(known[name], value, (*key, name))


def _home_of(name: str) -> str:
    """For a key of a table that stands outside of it."""
    for table in msgspec.structs.fields(Scenario):
        inner = table.type
        if not (isinstance(inner, type) and issubclass(inner, Table)):
            continue
        if name in [one.encode_name for one in msgspec.structs.fields(inner)]:
            return f"it belongs below [{table.encode_name}]"
    return ""


def _odd_parameter(name: str, value: Any, key: Key) -> Iterator[ScenarioError]:
    if not isinstance(value, bool | int | float | str):
        yield ScenarioError(f"{name} is no number, word, true or false", key)
    elif isinstance(value, int | float) and not abs(value) < NUMBER_MAX:
        yield ScenarioError(f"{name} is {str(value)[:32]}, which is too large", key)


def _refused(message: str) -> ScenarioError:
    """What msgspec says of a value, with its key."""
    match = MESSAGE.fullmatch(message)
    assert match is not None
    steps = STEP.findall(match["path"] or "")
    key: Key = tuple(int(number) if number else name for number, name in steps)
    problem = match["problem"].replace("Object missing required", "is without the").replace("`", "")
    word = problem.rpartition(" ")[2].strip("'")
    hint = nearest(word, list(Fidelity)) if key[:1] == ("fidelities",) else ""
    return ScenarioError(
        f"{spelt(key) or 'it'}: {problem[:1].lower()}{problem[1:]}", key, hint=hint
    )
