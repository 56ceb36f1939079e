"""The real command on real files: shape of the answer, and every way to be wrong."""

import gzip
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sim.measures.accuracy import METRICS
from tests.node.cli.terminal import Told, typed
from tests.sim.evaluation.towns import town

ROOT = Path(__file__).parents[3]
DATA = Path(os.environ.get("GRAPEVINE_DATA", ROOT.parent / "shared" / "data"))


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A town as files: train, test, valid, trust, and all with times."""
    data = town()
    rng = np.random.default_rng(4)
    assert data.train.day is not None
    assert data.trust is not None
    assert data.trust.day is not None
    parts: dict[str, list[str]] = {"train": [], "test": [], "valid": [], "all": []}
    columns = (data.train.user, data.train.item, data.train.weight, data.train.day)
    for user, item, weight, day in zip(*(c.tolist() for c in columns), strict=True):
        row = f"{user}\t{item}\t{weight}\n"
        part = rng.choice(["train", "test", "valid"], p=[0.7, 0.2, 0.1])
        parts[part].append(row)
        parts["all"].append(f"{user}\t{item}\t{weight}\t{day * 86400}\n")
    columns = (data.trust.source, data.trust.target, data.trust.day)
    vouches = [*zip(*(c.tolist() for c in columns), strict=True)]
    parts["trust"] = [f"{a}\t{b}\n" for a, b, _ in vouches]
    parts["trust_times"] = [f"{a}\t{b}\t1\t{day * 86400}\n" for a, b, day in vouches]
    for name, rows in parts.items():
        (tmp_path / name).write_text("".join(rows))
    return tmp_path


def lines_of(file: Path) -> int:
    return len(file.read_text().splitlines())


def told(files: Path, *arguments: str) -> Told:
    """`grapevine eval`; a word that is a file's name stands for the file."""
    words = [str(files / word) if (files / word).is_file() else word for word in arguments]
    return typed("eval", *words, "--workers", "1")


SPLIT = ("--train", "train", "--test", "test", "--method", "popularity,random", "--seeds", "2")


def test_json_has_one_shape(files: Path) -> None:
    plain = told(files, *SPLIT, "--json")
    assert (plain.code, plain.err) == (0, "")
    assert plain.envelope.keys() == {"schema", "data", "warnings"}
    assert plain.envelope["schema"] == "grapevine.eval/1"
    full = told(files, *SPLIT, "--trust", "trust", "--strata", "--rewired", "--json")
    assert full.code == 0
    assert full.data.keys() == plain.data.keys()
    for data in (plain.data, full.data):
        assert [*data["methods"]] == ["popularity", "random"]
        assert [*data["pairs"]] == ["random"]
        for row in (*data["methods"].values(), *data["pairs"].values()):
            assert tuple(row) == METRICS
            for one in row.values():
                assert one.keys() == {"mean", "low", "high"}
                assert one["low"] <= one["mean"] <= one["high"]
    assert plain.data["control"] == {}
    assert [*plain.data["strata"]] == []
    assert full.data["control"]["methods"] == full.data["methods"]
    assert [*full.data["strata"]] == ["profile", "friends", "component"]
    assert full.data["strata"]["friends"][">=3"]["people"] > 0


def test_the_table_fits_80_columns_and_says_what_json_says(files: Path) -> None:
    options = (*SPLIT, "--trust", "trust", "--strata", "--rewired")
    table, data = told(files, *options), told(files, *options, "--json").data
    assert table.code == 0
    lines = table.out.splitlines()
    assert max(map(len, lines)) <= 80
    (row, *_) = [line for line in lines if line.startswith("popularity")]
    assert row.split()[1:] == [f"{data['methods']['popularity'][m]['mean']:.4f}" for m in METRICS]
    for title in ("better than popularity by", "friends >=3", "trust rewired at equal degrees"):
        assert any(line.startswith(title) for line in lines)


def test_seeds_and_workers(files: Path) -> None:
    one = told(files, *SPLIT, "--json").data
    two = typed("eval", *(str(files / w) if w in ("train", "test") else w for w in SPLIT),
                "--workers", "2", "--json").data  # fmt: skip
    assert one == two
    assert told(files, *SPLIT, "--seed", "1", "--json").data["methods"] != one["methods"]


def test_without_a_test_file_splits_are_drawn(files: Path) -> None:
    drawn = told(files, "--train", "all", "--method", "popularity", "--json").data
    assert drawn["train_pairs"] + drawn["test_pairs"] == lines_of(files / "all")
    folds = told(files, "--train", "all", "--method", "popularity", "--folds", "5", "--json").data
    assert folds["seeds"] == 5


def test_temporal(files: Path) -> None:
    way = ("--method", "popularity", "--temporal", "--json")
    made = told(files, "--train", "all", "--trust", "trust_times", "--cut", "1970-03-12", *way)
    assert made.code == 0
    assert "cut on 1970-03-12" in made.envelope["warnings"][0]
    timeless = told(files, "--train", "all", "--trust", "trust", *way)
    assert (timeless.code, timeless.error["code"]) == (2, "bad_data")
    assert f"{files}/trust:1: no times in this file" in timeless.error["message"]


def test_tuning_says_what_it_chose_and_where(files: Path) -> None:
    way = ("--train", "train", "--test", "test", "--method", "popularity,rp3beta", "--seeds", "1")
    given = ("--set", "rp3beta.neighbours=0", "--set", "rp3beta.alpha=1")
    fair = told(files, *way, *given, "--tune", "valid", "--allow", "cold-items")
    assert fair.code == 0
    assert "rp3beta (tuned): neighbours 0, alpha 1, " in fair.out
    assert "not comparable" not in fair.out
    seen = told(files, *way, *given, "--tune", "test")
    before, _, apart = seen.out.partition("parameters chosen on the test part: not comparable\n")
    assert "rp3beta" not in before
    assert apart.splitlines()[1].startswith("rp3beta")
    data = told(files, *way, *given, "--tune", "test", "--json").envelope
    assert data["data"]["seen_on_test"] == ["rp3beta"]
    assert "parameters of rp3beta were chosen on the test part" in data["warnings"]
    held_out = told(files, *way, *given, "--tune", "holdout", "--json").data
    assert held_out["parameters"]["rp3beta"]["chosen"] == "tuned"


def test_given_parameters_are_shown(files: Path) -> None:
    way = (*SPLIT[:4], "--method", "rp3beta", "--set", "rp3beta.beta=0.3", "--seeds", "1")
    assert "rp3beta (given): beta 0.3" in told(files, *way).out


def test_one_method_may_be_compared_with_itself(files: Path) -> None:
    way = (*SPLIT[:4], "--method", "rp3beta,wider=rp3beta,same=rp3beta", "--seeds", "1", "--json")
    data = told(files, *way, "--set", "wider.beta=0", "--set", "same.beta=0").data
    assert [*data["methods"]] == ["rp3beta", "wider", "same"]
    assert data["methods"]["wider"] == data["methods"]["same"] != data["methods"]["rp3beta"]
    assert data["parameters"]["wider"]["values"] == [{"beta": "0"}]


WRONG = {
    "no such method": (["--method", "x"], "no method 'x'; there are grapevine, popularity"),
    "no such parameter": (["--set", "random.x=1"], "random has no parameter 'x'"),
    "a method not asked for": (["--set", "salsa.x=1"], "'salsa' is not in --method"),
    "half a setting": (["--set", "random.x"], "it should read METHOD.PARAM=VALUE"),
    "no method": (["--method", ","], "--method names nothing"),
    "no such rule": (["--affinity", "square"], "there is no affinity rule 'square'"),
    "no such format": (["--format", "csv"], "there is no format 'csv'"),
    "no such allowance": (["--allow", "bugs"], "nothing called 'bugs' can be allowed"),
    "no trust": (["--rewired"], "--rewired needs --trust"),
    "no time": (["--cut", "2000-01-01"], "--cut needs --temporal"),
    "no date": (["--temporal", "--cut", "soon"], "it should read YYYY-MM-DD"),
    "folds of a split": (["--folds", "3"], "leave out --test"),
    "a k of nothing": (["-k", "0"], "'-k'"),
    "no file": (["--trust", "/none"], "there is no file /none"),
    "popular without a hold-out": (["--popular", "0.04"], "--popular is about --tune holdout"),
    "a file for time": (["--temporal", "--tune", "valid"], "says nothing about time"),
}


@pytest.mark.parametrize(("options", "message"), WRONG.values(), ids=WRONG)
def test_wrong_options_are_told_with_exit_2(files: Path, options, message: str) -> None:
    wrong = told(files, *SPLIT, *options)
    assert (wrong.code, wrong.out) == (2, "")
    assert message in wrong.err
    as_json = told(files, *SPLIT, *options, "--json")
    assert (as_json.code, as_json.err) == (2, "")
    assert message in as_json.error["message"]


LINES = {
    "train": ("0\t1\t2\n0\t2\n", "train:2: 2 columns where there are 3"),
    "test": ("0\t1\tNaN\n", "test:1: weight 'NaN' is not a finite number"),
    "valid": ("0\t1\t-3\n", "valid:1: weight -3 is negative"),
    "trust": ("0\t1\tx\n", "trust:1: weight 'x' is not a number"),
}


@pytest.mark.parametrize(("name", "text", "message"), [(n, *v) for n, v in LINES.items()])
def test_bad_lines_of_every_file_are_told(files: Path, name: str, text: str, message: str) -> None:
    (files / name).write_text(text)
    wrong = told(files, *SPLIT, "--trust", "trust", "--tune", "valid")
    assert (wrong.code, wrong.out) == (2, "")
    assert wrong.err.startswith(f"grapevine: {files}/{message}")


def test_a_person_without_training_data_is_told_with_the_way_out(files: Path) -> None:
    with (files / "test").open("a") as test:
        test.write("999\t1\t5\n")
    line = lines_of(files / "test")
    wrong = told(files, *SPLIT)
    assert wrong.code == 2
    assert wrong.err == (
        f"grapevine: {files}/test:{line}: user 999 has no training data in train\n"
        "  to go on all the same: --allow cold-users\n"
    )
    right = told(files, *SPLIT, "--allow", "cold-users")
    assert right.code == 0
    assert "note: test: 1 people without training data" in right.err


def test_help_and_completion_import_nothing_heavy() -> None:
    script = (
        "import sys; from node.cli.main import main; main(sys.argv[1:]);"
        "print(*[m for m in ('numpy', 'numba', 'libp2p') if m in sys.modules], file=sys.stderr)"
    )
    for words in (["--help"], ["eval", "--help"]):
        done = subprocess.run(
            [sys.executable, "-c", script, *words],
            capture_output=True, text=True, cwd=ROOT, timeout=60, check=True,
        )  # fmt: skip
        assert done.stderr.split() == []
    assert any(
        line.startswith("  eval ") and "recommenders" in line
        for line in typed("--help").out.splitlines()
    )


@pytest.mark.data
@pytest.mark.slow
def test_popularity_on_gowalla_is_what_everybody_measures() -> None:
    """Open-CF-Benchmark's log: 0.04163097892995584 / 0.03168992927421666."""
    folder = DATA / "gowalla"
    found = typed(
        "eval", "--train", str(folder / "train.txt.gz"), "--test", str(folder / "test.txt.gz"),
        "--method", "popularity", "--seeds", "1", "--json",
    ).data  # fmt: skip
    row = found["methods"]["popularity"]
    assert row["recall"]["mean"] == pytest.approx(0.04163097892995585, abs=1e-9)
    assert row["ndcg"]["mean"] == pytest.approx(0.03168992927421666, abs=1e-9)
    assert found["people"] == 29_858


@pytest.mark.data
@pytest.mark.slow
def test_published_files_are_read_as_they_are(tmp_path: Path) -> None:
    lastfm, hetrec = DATA / "lastfm-splits", DATA / "hetrec-lastfm-2k"
    way = ("--method", "popularity", "--seeds", "1", "--json")
    plain = ("--allow", "cold-items")
    one = typed(
        "eval", "--train", str(lastfm / "lightgcnpp/train.txt.gz"), "--test",
        str(lastfm / "lightgcnpp/test.txt.gz"), "-k", "10", *plain, *way,
    )  # fmt: skip
    assert one.data["test_pairs"] == 18_321
    assert one.data["methods"]["popularity"]["recall"]["mean"] == pytest.approx(0.0718, abs=2e-4)
    two = typed(
        "eval", "--train", str(lastfm / "lightgcn/data1.txt.gz"), "--test",
        str(lastfm / "lightgcn/test1.txt.gz"), "--trust",
        str(lastfm / "lightgcn/trustnetwork.txt.gz"), "--allow", "cold-items,cold-users", *way,
    )  # fmt: skip
    assert two.data["people"] == 1_858
    assert two.data["methods"]["popularity"]["recall"]["mean"] == pytest.approx(0.0369, abs=3e-4)
    three = typed(
        "eval", "--train", str(hetrec / "user_artists.dat.gz"), "--trust",
        str(hetrec / "user_friends.dat.gz"), *way,
    )  # fmt: skip
    assert (three.data["known_people"], three.data["known_items"]) == (1_892, 17_632)
    assert three.data["vouches"] == 25_434


@pytest.mark.data
def test_the_data_are_those_that_were_measured() -> None:
    test = (DATA / "gowalla" / "test.txt.gz").read_bytes()
    known = "9db4414306dbc518d3b81b0239515497908ecd6de09df99c6a92ba171e75b902"
    assert hashlib.sha256(test).hexdigest() == known
    assert len(gzip.decompress(test).splitlines()) == 29_858
