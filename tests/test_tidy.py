"""House rules that no other tool checks: sizes, names, mirrored tests, order of iteration.

Each rule is a function from a parsed source to findings, so that the rules themselves are tested
here too, on snippets that break them.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = ("node", "protocol", "ranking", "sim", "trust")
CORE = ("protocol", "ranking", "trust", "node/core")
"""Packages whose results may depend on nothing but their input: no hash order in there."""

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 500
DUMPING_GROUNDS = {
    "base", "common", "helpers", "manager", "misc", "service", "types", "util", "utils",
}  # fmt: skip

TESTED_ELSEWHERE: dict[str, str] = {
    "node/core/author_rows.py": "tests/node/core/test_trusting.py, with the trust desk",
    "node/core/config.py": "defaults only; every setting reaches it in test_settings.py",
    "node/core/indexing.py": "tests/node/core/methods/test_similar.py: turns, builds, the file",
    "node/core/unplayed.py": "tests/node/core/methods/test_similar.py, with real peers",
    "node/core/events.py": "dataclasses only, in every test of the core",
    "node/core/methods/params.py": "tests/node/core/test_peer.py, odd questions to every method",
    "node/core/methods/people.py": "tests/node/query/test_methods.py and the tests of importing",
    "node/core/persons.py": "tests/node/core/test_publishing.py and test_building.py",
    "node/core/state.py": "a record of the parts; its continuations are in every test of the core",
    "node/errors.py": "the root of the errors that other tests expect",
    "node/importing/rows.py": "tests/node/importing/test_reader.py",
    "node/query/results.py": "types only; tests/node/query/test_methods.py holds answers to them",
    "node/shell/child/__main__.py": "started by every test with a real daemon",
    "node/shell/child/dialer.py": "tests/node/shell/child/test_finding.py and the contract",
    "node/shell/child/host.py": "tests/hostile and child/test_mending.py, its limits",
    "node/shell/child/links.py": "tests/node/shell/test_network_contract.py",
    "node/shell/child/serving.py": "tests/node/shell/test_network_contract.py",
    "node/shell/libp2p_network.py": "tests/node/shell/test_network_contract.py",
    "node/shell/memory_network.py": "tests/node/shell/test_network_contract.py",
    "node/store/database.py": "tests/node/store/test_store.py, its transactions and versions",
    "node/store/errors.py": "tests/node/store/test_store.py and test_daemon_process.py",
    "node/store/migrations.py": "tests/node/store/test_store.py",
    "node/store/rows.py": "tuples only",
    "protocol/config.py": "defaults only, compared with SPEC.md in test_vectors.py",
    "protocol/events.py": "dataclasses only, in every test of gossip",
    "sim/cli/choosing.py": "tests/sim/cli/test_evaluating.py and test_attacking.py, odd options",
    "sim/cli/options.py": "options only, in every test of `grapevine sim`",
    "sim/cli/simulated.py": "tests/sim/cli/test_simulating.py and test_studying.py",
    "sim/demo/__main__.py": "`make demo`",
    "sim/demo/acts.py": "`make demo`; its steps are in test_network.py",
    "sim/demo/fleet.py": "tests/sim/demo/test_network.py, with real daemons",
    "sim/population/sources.py": "tests/sim/population/test_drawing.py, with small and real files",
}
"""Module path -> which test covers it, and why it has none of its own name."""


@dataclass(frozen=True)
class Source:
    """One Python file: its path below the root, its text, its tree (parsed when first asked)."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)


def sources(*tops: str) -> list[Source]:
    files = (file for top in tops for file in sorted((ROOT / top).rglob("*.py")))
    return [Source(file.relative_to(ROOT).as_posix(), file.read_text("utf-8")) for file in files]


# --- the rules -----------------------------------------------------------------------------------


def long_functions(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            lines = node.end_lineno - node.lineno + 1
            if lines > FUNCTION_LINES_MAX:
                yield f"{source.path}:{node.lineno}: {node.name} has {lines} lines"


def long_file(source: Source) -> Iterator[str]:
    lines = source.text.count("\n")
    if lines > FILE_LINES_MAX:
        yield f"{source.path}: {lines} lines"


def dumping_ground(source: Source) -> Iterator[str]:
    parts = Path(source.path).with_suffix("").parts
    yield from (f"{source.path}: '{part}'" for part in parts if part.strip("_") in DUMPING_GROUNDS)


MARKS = re.compile(r"#.*\b(" + "|".join(("FIX" + "ME", "TO" + "DO", "X" * 3)) + r")\b")


def leftover_marks(source: Source) -> Iterator[str]:
    for number, line in enumerate(source.text.splitlines(), 1):
        if MARKS.search(line):
            yield f"{source.path}:{number}: {line.strip()}"


def missing_docstring(source: Source) -> Iterator[str]:
    if source.text.strip() and ast.get_docstring(source.tree) is None:
        yield f"{source.path}: no module docstring"


def _is_set(node: ast.expr | None, known: set[str]) -> bool:
    """Whether an expression is a set as far as its own text and `known` names tell."""
    match node:
        case ast.Set() | ast.SetComp():
            return True
        case ast.Call(func=ast.Name(id="set" | "frozenset")):
            return True
        case ast.Name() | ast.Attribute():
            return ast.unparse(node) in known
        case ast.BinOp(left=left, op=ast.BitOr() | ast.BitAnd() | ast.Sub(), right=right):
            return _is_set(left, known) or _is_set(right, known)
    return False


def _set_names(scope: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(scope):
        match node:
            case ast.Assign(targets=[ast.Name() | ast.Attribute() as target], value=value):
                if _is_set(value, set()):
                    names.add(ast.unparse(target))
            case ast.AnnAssign(target=target, annotation=annotation):
                if ast.unparse(annotation).startswith(("set[", "frozenset[")):
                    names.add(ast.unparse(target))
            case ast.arg(arg=name, annotation=annotation) if annotation is not None:
                if ast.unparse(annotation).startswith(("set[", "frozenset[")):
                    names.add(name)
    return names


def set_iteration(source: Source) -> Iterator[str]:
    """Loops over a set, and lists made of one: their order changes from process to process.

    Sets that feed another set, `sorted`, `len`, `min`, `max`, `sum`, `any` or `all` are fine: the
    order does not show. Names are followed within a function, attributes within the module.
    """
    attributes = {name for name in _set_names(source.tree) if "." in name}
    orderless = {"sorted", "set", "frozenset", "len", "min", "max", "sum", "any", "all"}
    excused: set[int] = set()
    for scope in ast.walk(source.tree):
        if not isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        known = attributes | _set_names(scope)
        for node in ast.walk(scope):
            match node:
                case ast.Call(func=ast.Name(id=name), args=[argument, *_]) if name in orderless:
                    excused.add(id(argument))
            found: list[ast.expr] = []
            match node:
                case ast.For(iter=iterable):
                    found = [iterable]
                case ast.ListComp() | ast.DictComp() | ast.GeneratorExp() if (
                    id(node) not in excused
                ):
                    found = [generator.iter for generator in node.generators]
                case ast.Call(func=ast.Name(id="list" | "tuple" | "iter"), args=[argument]):
                    found = [argument]
            for iterable in found:
                if _is_set(iterable, known):
                    yield f"{source.path}:{iterable.lineno}: iterates {ast.unparse(iterable)}"


def untested(module: str, tests: set[str]) -> bool:
    """Whether `a/b/c.py` has neither tests/a/b/test_c.py nor tests/a/b/test_c_*.py."""
    path = Path(module)
    wanted = f"tests/{path.parent.as_posix()}/test_{path.stem.lstrip('_')}"
    return not any(test == f"{wanted}.py" or test.startswith(f"{wanted}_") for test in tests)


# --- the rules, applied --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "where"),
    [
        (long_functions, PRODUCT),
        (long_file, (*PRODUCT, "tests")),
        (dumping_ground, (*PRODUCT, "tests")),
        (leftover_marks, (*PRODUCT, "tests")),
        (missing_docstring, PRODUCT),
        (set_iteration, CORE),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_house_rule(rule, where) -> None:
    findings = [finding for source in sources(*where) for finding in rule(source)]
    assert not findings, "\n" + "\n".join(findings)


def test_every_module_has_its_test() -> None:
    tests = {source.path for source in sources("tests")}
    missing = [
        source.path
        for source in sources(*PRODUCT)
        if not source.path.endswith("__init__.py")
        and source.path not in TESTED_ELSEWHERE
        and untested(source.path, tests)
    ]
    assert not missing, "no test, and no reason given in TESTED_ELSEWHERE:\n" + "\n".join(missing)


def test_excuses_are_needed() -> None:
    tests = {source.path for source in sources("tests")}
    for module in TESTED_ELSEWHERE:
        assert (ROOT / module).is_file(), f"{module} is gone; so should its excuse be"
        assert untested(module, tests), f"{module} has a test of its own now"


# --- the rules, tested ---------------------------------------------------------------------------


def test_rules_find_what_they_are_for() -> None:
    long = Source("a.py", "def f():\n" + "    pass\n" * FUNCTION_LINES_MAX)
    assert [*long_functions(long)] == ["a.py:1: f has 71 lines"]
    assert [*long_file(Source("a.py", "\n" * (FILE_LINES_MAX + 1)))]
    assert [*dumping_ground(Source("node/utils.py", ""))]
    assert not [*dumping_ground(Source("node/store/database.py", ""))]
    assert [*leftover_marks(Source("a.py", "x = 1  # " + "TO" + "DO: more"))]
    assert [*missing_docstring(Source("a.py", "x = 1"))]
    assert untested("node/a.py", {"tests/node/test_ab.py"})
    assert not untested("node/a.py", {"tests/node/test_a_properties.py"})


@pytest.mark.parametrize(
    ("body", "broken"),
    [
        ("for x in {1, 2}: pass", True),
        ("s = set(a)\n    return [x for x in s]", True),
        ("s: set[int] = a\n    return list(s)", True),
        ("return list(self.seen | a)", True),
        ("for x in sorted(self.seen): pass", False),
        ("return sorted(x for x in self.seen)", False),
        ("return any(x for x in self.seen)", False),
        ("return {x for x in self.seen}", False),
        ("for x in dict.fromkeys(a): pass", False),
    ],
)
def test_set_iteration_is_found(body: str, broken: bool) -> None:
    init = "class C:\n def __init__(self): self.seen: set[int] = set()\n"
    source = Source("protocol/a.py", f"{init} def f(self, a):\n    {body}\n")
    assert bool([*set_iteration(source)]) is broken
