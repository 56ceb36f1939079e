"""Scenario files: what is read, and that what cannot be is told with its line."""

import copy
import pickle
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sim.scenario import schema
from sim.scenario.errors import ScenarioError
from sim.scenario.reading import (
    find,
    find_sweep,
    parsed,
    placed,
    read,
    shipped,
    shipped_sweeps,
)

WHOLE = """\
name = "whole"
title = "Everything that a file may say"
fidelities = ["graph", "virtual"]
off = ["beta"]

[peer]
trust.alpha = 0.2
"rank.kappa" = 1
earned = false

[world]
people = 60
held_out = 0.1
planted = { clusters = 4, items = 300 }

[network]
latency_s = 0.1   # a comment with [brackets] = and "quotes

[time]
duration_s = 120

[[partition]]
at = 10
until = 60

[[adversary]]
kind = "sybil"
edges = 3

[[adversary]]
kind = "speaking"
how = "flood"
rate_per_s = 50

[questions]
people = 20

[[compared]]
label = "no-defence"
method = "salsa"

[[claim]]
assert = '''fakes <= 0.01
  and ndcg >= 0.9 * plain.ndcg'''
why = "fakes stay out"

[[claim]]
assert = "fakes < no-defence.fakes"
"""


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    path = tmp_path / "whole.toml"
    path.write_text(WHOLE)
    return path


def test_a_file_is_read_whole(whole: Path) -> None:
    scenario = read(whole)
    assert scenario.fidelities == (schema.Fidelity.GRAPH, schema.Fidelity.VIRTUAL)
    assert scenario.peer == {"trust.alpha": 0.2, "rank.kappa": 1, "earned": False}
    assert scenario.world.people == 60
    assert scenario.world.planted.clusters == 4
    assert scenario.adversary[0] == schema.Sybil(edges=3)
    assert scenario.adversary[1] == schema.Speaking(how="flood", rate_per_s=50)
    assert [claim.why for claim in scenario.claim] == ["fakes stay out", ""]


def test_a_scenario_survives_being_written_as_json(whole: Path) -> None:
    scenario = read(whole)
    assert msgspec.json.decode(msgspec.json.encode(scenario), type=schema.Scenario) == scenario


@pytest.mark.parametrize(
    ("override", "value"),
    [
        ("world.people=70", lambda s: s.world.people == 70),
        ("world.held_out = 0.5", lambda s: s.world.held_out == 0.5),
        ("adversary.0.edges=7", lambda s: s.adversary[0].edges == 7),
        ("adversary.1.how=replay", lambda s: s.adversary[1].how == "replay"),
        ("adversary=[]", lambda s: s.adversary == ()),
        ("adversary.2={kind='eclipse'}", lambda s: s.adversary[2] == schema.Eclipse()),
        ("adversary.2.kind=eclipse", lambda s: s.adversary[2] == schema.Eclipse()),
        ("world.planted.items=99", lambda s: s.world.planted.items == 99),
        ("churn.up_s=1e3", lambda s: s.churn.up_s == 1000),
        ("peer.trust.alpha=0.4", lambda s: s.peer["trust.alpha"] == 0.4),
        ('peer."trust.walks"=7', lambda s: s.peer["trust.walks"] == 7),
        ("off=[]", lambda s: s.off == ()),
        ("compared.0.peer.trust.alpha=0.2", lambda s: s.compared[0].peer == {"trust.alpha": 0.2}),
        ("compared.0.set.alpha=2", lambda s: s.compared[0].set == {"alpha": 2}),
        ("fidelities=['real']", lambda s: s.fidelities == (schema.Fidelity.REAL,)),
        ("title='x = y'", lambda s: s.title == "x = y"),
    ],
)
def test_overrides_by_dotted_keys(whole: Path, override: str, value) -> None:
    assert value(read(whole, [override]))


def test_of_two_overrides_the_last_counts(whole: Path) -> None:
    assert read(whole, ["world.people=70", "world.people=80"]).world.people == 80


@pytest.mark.parametrize(
    ("written", "instead", "line", "told"),
    [
        ("people = 60", "peple = 60", 12, "did you mean 'people'?"),
        ("[world]", "[word]", 11, "did you mean 'world'?"),
        ("title =", "people = 3\ntitle =", 2, "it belongs below [world]"),
        ("people = 60", "people = -60", 12, "world.people"),
        ("people = 60", 'people = "many"', 12, "expected int, got str"),
        ("people = 60", "people = 60.5", 12, "world.people"),
        ("people = 60", "people = 1970-01-01", 12, "world.people"),
        ("people = 60", "people = [1]", 12, "world.people"),
        ("held_out = 0.1", "held_out = 1.1", 13, "world.held_out"),
        ("held_out = 0.1", "held_out = nan", 13, "no number"),
        ("held_out = 0.1", 'data = "moviel"', 13, "did you mean 'movielens'?"),
        ("clusters = 4", "cluster = 4", 14, "did you mean 'clusters'?"),
        ("clusters = 4", "clusters = 400", 14, "more clusters"),
        ("clusters = 4", "friends = 60", 14, "60 friends among 60 people"),
        ("latency_s = 0.1", 'topology = "rnig"', 17, "did you mean 'ring'?"),
        ("duration_s = 120", "duration_s = inf", 20, "no number"),
        ("until = 60", "until = 5", 24, "ends at 5 s and begins at 10 s"),
        ('kind = "sybil"', 'kind = "sybl"', 27, "did you mean 'sybil'?"),
        ('kind = "sybil"\n', "", 26, "says its kind"),
        ("edges = 3", "edgs = 3", 28, "did you mean 'edges'?"),
        ("edges = 3", "edges = -1", 28, "adversary.0.edges"),
        ("rate_per_s = 50", "vouched = 61", 33, "60 people cannot give 61 edges"),
        ("edges = 3", 'strategy = "clown"', 28, "did you mean 'clone'?"),
        ('how = "flood"', 'how = "floot"', 32, "did you mean 'flood'?"),
        ('how = "flood"\n', "", 30, "how"),
        ("rate_per_s = 50", "rate_per_s = 0", 33, "adversary.1.rate_per_s"),
        ("people = 20", "people = 61", 36, "61 of 60 people"),
        ('label = "no-defence"', 'label = "plain"', 39, "its meaning"),
        ('method = "salsa"', 'method = "salza"', 40, "did you mean 'salsa'?"),
        ("fakes < no-defence.fakes", "fakes < ", 48, "is no claim"),
        ("fakes <= 0.01", "open('/etc') < 1", 43, "numbers, figures"),
        ('off = ["beta"]', 'off = ["beta", "gamma"]', 4, "there is no 'gamma'"),
        ('off = ["beta"]', 'off = ["beta", "beta"]', 4, "twice"),
        ('"graph", "virtual"', '"grap"', 3, "did you mean 'graph'?"),
        ('"graph", "virtual"', "", 3, "one fidelity at least"),
        ("trust.alpha = 0.2", "trust.alfa = 0.2", 7, "did you mean 'trust.alpha'?"),
        ("trust.alpha = 0.2", "trust.alpha = 2.0", 7, "alpha must be in (0, 1]"),
        ("trust.alpha = 0.2", "trust.alpha = [1]", 7, "no number, word"),
        ('"rank.kappa" = 1', '"rank.kappa" = "much"', 8, "rank.kappa is 'much'"),
        ('"rank.kappa" = 1', '"rank.kappa" = 99999999999999999999', 8, "too large"),
        ("earned = false", "earned = false\nearned.par = 0.2", 10, ""),
        ("[network]", "[network", 16, ""),
        ('name = "whole"\n', "", 1, "name"),
        ('name = "whole"', 'name = "A b"', 1, "name"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_line(
    whole: Path, written: str, instead: str, line: int, told: str
) -> None:
    assert written in WHOLE
    whole.write_text(WHOLE.replace(written, instead, 1))
    with pytest.raises(ScenarioError) as raised:
        read(whole)
    assert str(raised.value).startswith(f"{whole}:{line}: "), raised.value
    assert told in str(raised.value)


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("world.peple=50", "did you mean 'people'?"),
        ("world.people=-1", "world.people"),
        ("world.people=a b", "no value of TOML"),
        ("world.people", "KEY=VALUE"),
        ("=3", "KEY=VALUE"),
        ("world.people=", "KEY=VALUE"),
        ("adversary.5.edges=3", "no adversary.5 to set"),
        ("name.x=3", "no name.x to set"),
        ("partition.0.until=2", "ends at 2 s"),
        ("peer.trust.beta=7", "beta"),
        ("peer.rank.kapa=1", "did you mean 'rank.kappa'?"),
        ("x=1\ny=2", "KEY=VALUE"),
    ],
)
def test_an_override_that_cannot_be_is_blamed_itself(whole: Path, override: str, told: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        read(whole, ["time.round_s=1", override])
    assert str(raised.value).startswith(f"-D {override}: "), raised.value
    assert told in str(raised.value)


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    for name, content in (("gone", None), ("latin", b'name = "a"\n\xff'), ("long", b"#" * 2**21)):
        path = tmp_path / f"{name}.toml"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(ScenarioError, match=f"{name}.toml"):
            read(path)
    with pytest.raises(ScenarioError):
        read(Path("a\0b.toml"))
    with pytest.raises(ScenarioError):
        read(tmp_path)


def test_shipped_ones_are_found_by_name_and_files_by_path(tmp_path: Path) -> None:
    for name, path in shipped().items():
        assert find(name) == path
    assert find("some/where.toml") == Path("some/where.toml")
    with pytest.raises(ScenarioError, match="churn"):
        find("chrn")


def test_an_error_crosses_processes_whole() -> None:
    error = ScenarioError("odd", ("world", 0), hint="even", place="a.toml:3")
    for made in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert str(made) == str(error) == "a.toml:3: odd; even"
        assert made.key == ("world", 0)


# ------------------------------------------------------------------------------ whatever is said
def refused_or_read(text: str, overrides: list[str]) -> None:
    try:
        scenario = parsed(text, overrides)
    except ScenarioError as error:
        placed(error, text, "a.toml", overrides)
        return
    assert msgspec.json.decode(msgspec.json.encode(scenario), type=schema.Scenario) == scenario


PIECES = st.lists(st.sampled_from(WHOLE.splitlines(keepends=True)), max_size=30).map("".join)


@given(st.one_of(st.text(max_size=200), PIECES))
@example("[" * 5_000)
@example("a = " + "[" * 5_000)
@example("a = " + "9" * 5_000)
@example("a.b.c.d = 1\n" * 2)
def test_no_text_raises_anything_else(text: str) -> None:
    refused_or_read(text, [])


KEYS = sorted(
    {
        one.encode_name
        for kind in (schema.Scenario, schema.World, schema.Planted, *get_args(schema.Hostile))
        for one in msgspec.structs.fields(kind)
    }
)
SCALARS = st.one_of(
    st.integers(), st.floats(), st.booleans(), st.text(max_size=8),
    st.sampled_from(["nan", "inf", "1e999", "1979-05-27T07:32:00Z", "[]", "{}", "[[1]]", "'"]),
    st.sampled_from(["{a={}}", "[{}]", "[{kind='sybil'}]", "word", "0x1f", "-0.0"]),
).map(str)  # fmt: skip
PARTS = st.one_of(st.sampled_from([*KEYS, "0", "1", "9"]), st.text(max_size=4))
OVERRIDES = st.tuples(st.lists(PARTS, min_size=1, max_size=4).map(".".join), SCALARS).map("=".join)


@given(st.lists(st.one_of(OVERRIDES, st.text(max_size=20)), max_size=3))
def test_no_override_raises_anything_else(overrides: list[str]) -> None:
    refused_or_read(WHOLE, overrides)


def test_shipped_sweeps_are_found_by_name() -> None:
    assert "comparison" in shipped_sweeps()
    for name, path in shipped_sweeps().items():
        assert find_sweep(name) == path
    with pytest.raises(ScenarioError, match="no sweep 'comparsion' is shipped") as caught:
        find_sweep("comparsion")
    assert "comparison" in str(caught.value)
