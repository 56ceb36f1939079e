"""Known formats give exactly these rows; anything else gives rows and rejects, never a crash."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from node.core.methods.people import is_name
from node.importing import collapse as collapse_module
from node.importing.reader import PROGRESS_LINES, ImportOptions, ImportResult, read_import
from node.importing.rows import ImportRow, ImportUnreadable, Reject
from protocol.claims import check_item

TODAY = 20_700
ImportText = Callable[..., tuple[ImportResult, list[Reject]]]


def rows_of(result: ImportResult) -> list[tuple[object, ...]]:
    return [tuple(row) for row in result.rows]


# ------------------------------------------------------------------------- golden files by format


def test_movielens_u_data_with_titles(import_text: ImportText, tmp_path: Path):
    flags = "|".join("1" if n in (1, 5) else "0" for n in range(19))
    title = f"50|Caf\u00e9 Wars (1977)|01-Jan-1977||http://x|{flags}\n"
    (tmp_path / "u.item").write_bytes(title.encode("latin-1"))
    result, rejects = import_text("u.data", "196\t50\t5\t881250949\n22\t242\t1\t878887116\n")
    assert rejects == []
    assert result.layout.name == "movielens"
    assert rows_of(result) == [
        ("196", "ml:movie:50", 1.0, 10199, "Caf\u00e9 Wars (1977)", ("Action", "Comedy")),
        ("22", "ml:movie:242", -0.6, 10172, None, ()),
    ]


def test_movielens_ratings_csv_with_titles(import_text: ImportText, tmp_path: Path):
    (tmp_path / "movies.csv").write_text(
        'movieId,title,genres\n11,"American President, The (1995)",Comedy|Drama\n'
        "12,Nothing (1996),(no genres listed)\n"
    )
    result, _ = import_text(
        "ratings.csv",
        "userId,movieId,rating,timestamp\r\n1,11,4.5,1260759144\r\n1,12,0.5,1260759144\r\n",
    )
    assert rows_of(result) == [
        ("1", "ml:movie:11", 0.8, 14592, "American President, The (1995)", ("Comedy", "Drama")),
        ("1", "ml:movie:12", -0.8, 14592, "Nothing (1996)", ()),
    ]


def test_movielens_dat(import_text: ImportText, tmp_path: Path):
    (tmp_path / "movies.dat").write_text("1193::One Flew: Over (1975)::Drama\n")
    result, _ = import_text("ratings.dat", "1::1193::3::978300760\n")
    assert rows_of(result) == [
        ("1", "ml:movie:1193", 0.2, 11322, "One Flew: Over (1975)", ("Drama",))
    ]


def test_recbole_inter_with_its_item_file(import_text: ImportText, tmp_path: Path):
    (tmp_path / "ml-100k.item").write_text(
        "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n"
        "242\tKolya\t1996\tComedy War\n"
    )
    header = "user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
    result, _ = import_text("ml-100k.inter", header + "196\t242\t3\t881250949\n")
    assert result.layout.name == "recbole"
    assert rows_of(result) == [("196", "ml:movie:242", 0.2, 10199, "Kolya", ("Comedy", "War"))]
    other, _ = import_text("books.inter", header + "196\t242\t3.0\t881250949.0\n")
    assert other.rows[0].item == "item:242"


def test_listening_history_in_json_lines(import_text: ImportText):
    mbid = "0f1b4d8e-0c5e-4a5e-8a4f-1b2c3d4e5f60"
    result, rejects = import_text(
        "listens.jsonl",
        f'{{"listened_at": 1600000000, "track_metadata": {{"artist_name": "Bj\u00f6rk", '
        f'"track_name": "J\u00f3ga", "mbid_mapping": {{"recording_mbid": "{mbid.upper()}"}}}}}}\n'
        '{"listened_at": 1600000000.5, "track_metadata": {"artist_name": "Bj\u00f6rk", '
        '"track_name": "Hunter", "mbid_mapping": null}}\n'
        '{"listened_at": 1600086400, "track_metadata": {"artist_name": "BJORK", '
        '"track_name": "hunter!"}}\n'
        "[1]\n{broken\n",
    )
    assert result.rows[0].item == f"mbid:{mbid}"
    assert result.rows[1].item.startswith("text:")
    assert [(row.weight, row.day) for row in result.rows] == [(0.2, 18518), (0.333333, 18519)]
    assert result.rows[0].title == "Bj\u00f6rk - J\u00f3ga"
    assert [(r.line, r.reason.split(":")[0]) for r in rejects] == [
        (4, "not a JSON object"),
        (5, "not JSON"),
    ]


def test_mapped_csv_with_semicolons_and_quotes(import_text: ImportText):
    result, rejects = import_text(
        "books.csv",
        'wer;was;wann;Note;T\n"anna";42;2024-05-01;8;"A ""big""; book"\n'
        'anna;isbn:978;05 Apr 2010, 11:59;10;"two\nlines"\nanna;43;1.5.2024;11;x\n',
        columns={"user": "wer", "item": "was", "time": "wann", "rating": "Note", "title": "5"},
        rating_scale=10.0,
        namespace="book:",
    )
    assert rows_of(result) == [
        ("anna", "book:42", 0.6, 19844, 'A "big"; book', ()),
        ("anna", "isbn:978", 1.0, 14704, "two lines", ()),
    ]
    assert [(r.line, r.reason) for r in rejects] == [(5, "rating '11' is not between 0 and 10")]


def test_plays_are_counted_and_lines_are_plays(import_text: ImportText):
    counted, _ = import_text("plays.tsv", "artist\tname\tplays\nA\tx\t64\nA\ty\t1\n")
    assert [row.weight for row in counted.rows] == [1.0, 0.2]
    lines, _ = import_text("history.csv", "artist,track\n" + "A,x\n" * 8 + "A,y\n")
    assert [(row.weight, row.day) for row in lines.rows] == [(0.6, TODAY), (0.2, TODAY)]
    assert (lines.repeated, lines.dated) == (7, False)


def test_weight_may_point_at_a_rating(import_text: ImportText):
    columns = {"item": "movie", "weight": "stars"}
    result, _ = import_text("x.csv", "movie,stars\nm,5\n", columns=columns)
    assert result.rows[0].weight == 1.0
    result, rejects = import_text("y.csv", "item,weight\nm,-0.5\nn,5\n")
    assert [row.weight for row in result.rows] == [-0.5]
    assert "between -1 and 1" in rejects[0].reason


def test_headerless_columns_by_number(import_text: ImportText):
    result, _ = import_text("x.csv", "7,foo,0.5\n8,bar,1\n", columns={"item": "2", "weight": "3"})
    assert [(row.item, row.weight) for row in result.rows] == [("item:foo", 0.5), ("item:bar", 1.0)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_encodings_are_told_apart(import_text: ImportText, encoding: str):
    text = "item,title\r\n1,Am\u00e9lie\r\n2,\u00dcber\r\n"
    result, rejects = import_text("x.csv", text.encode(encoding))
    assert [row.title for row in result.rows] == ["Am\u00e9lie", "\u00dcber"]
    assert rejects == []


# ------------------------------------------------------------------------------------ bad rows


def test_every_bad_row_is_named_and_the_rest_is_taken(import_text: ImportText):
    bad = [
        ("1,2,nan,100", "not a number"),
        ("1,2,inf,100", "not a number"),
        ("1,2,1e999,100", "too large"),
        ("1,2,-1,100", "between 0 and 5"),
        ("1,2,6,100", "between 0 and 5"),
        ("1,2,,100", "not a number"),
        ("1,2,3,-5", "before 1970"),
        ("1,2,3,99999999999", "in the future"),
        ("1,2,3,yesterday", "not understood"),
        ("1,,3,100", "no item"),
        (",2,3,100", "user"),
        ("1,2,3", "3 columns instead of 4"),
        (f"1,{'x' * 200},3,100", "longer than 128 bytes"),
        ("1,a\x1bb,3,100", "unprintable"),
        ('1,"open,3,100', "quote"),
        ("1,2,\u0663,100", "not a number"),
    ]
    lines = ["userId,movieId,rating,timestamp", "1,first,3,100"]
    lines += [line for line, _ in bad] + ["1,last,3,100"]
    result, rejects = import_text("ratings.csv", "\n".join(lines))
    assert [row.item for row in result.rows] == ["ml:movie:first", "ml:movie:last"]
    assert [r.line for r in rejects] == list(range(3, 3 + len(bad)))
    for reject, (line, reason) in zip(rejects, bad, strict=True):
        assert reason in reject.reason
        assert reject.text == line


def test_bytes_that_are_no_text_cost_their_line(import_text: ImportText):
    head = b"item,title\n" + b"a,b\n" * 30_000  # beyond the sample that tells the encoding
    result, rejects = import_text("x.csv", head + b"c,\xff\xfe\nd,e\n")
    assert [row.item for row in result.rows] == ["item:a", "item:d"]
    assert [(r.line, r.reason) for r in rejects] == [(30_002, "not valid utf-8")]


def test_a_line_above_the_cap_costs_its_line(
    import_text: ImportText, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("node.importing.lines.LINE_CHARS_MAX", 100)
    content = f"item,title\na,{'x' * 94}\nb,{'x' * 98}\nc,{'x' * 1000}\nd,y\n"
    result, rejects = import_text("x.csv", content)
    assert [row.item for row in result.rows] == ["item:a", "item:b", "item:d"]
    assert [(r.line, len(r.text)) for r in rejects] == [(4, 80)]


def test_too_many_items_are_rejected_not_forgotten(
    import_text: ImportText, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(collapse_module.Collapse.__init__, "__defaults__", (2,))
    result, rejects = import_text("x.csv", "item\na\nb\nc\na\n")
    assert [row.item for row in result.rows] == ["item:a", "item:b"]
    assert [(r.line, r.text) for r in rejects] == [(4, "c")]


@pytest.mark.parametrize(
    ("name", "content", "hint"),
    [
        ("empty.csv", b"", "--encoding"),
        ("blank.csv", b"\n\n  \n", "--encoding"),
        ("x.csv.gz", b"\x1f\x8b\x08\x00rest", "unpack"),
        ("x.csv", b"foo,bar\n1,2\n", "--map item=COLUMN"),
        ("x.jsonl", b'{"foo": 1}\n', "--map item=COLUMN"),
    ],
)
def test_files_of_which_nothing_can_be_made(
    import_text: ImportText, name: str, content: bytes, hint: str
):
    with pytest.raises(ImportUnreadable, match=name) as raised:
        import_text(name, content)
    assert hint in raised.value.hint
    assert raised.value.exit_code == 2


def test_missing_files_columns_and_encodings_are_named(import_text: ImportText, tmp_path: Path):
    with pytest.raises(ImportUnreadable, match="nowhere"):
        read_import(tmp_path / "nowhere", ImportOptions(today=TODAY), reject=print)
    with pytest.raises(ImportUnreadable, match="cannot read"):
        read_import(tmp_path, ImportOptions(today=TODAY), reject=print)
    with pytest.raises(ImportUnreadable, match="'movie'") as raised:
        import_text("x.csv", "movies,b\n1,2\n", columns={"item": "movie"})
    assert "'movies'" in raised.value.hint
    with pytest.raises(ImportUnreadable, match="encoding"):
        import_text("x.csv", "item\n1\n", encoding="rot13")
    with pytest.raises(ImportUnreadable, match="list of titles"):
        import_text("x.csv", "item\n1\n", titles=tmp_path / "x.csv")


# -------------------------------------------------------------------------------- whole imports


def test_repeated_statements_become_the_latest(import_text: ImportText):
    content = "item,rating,time\na,1,1000000\na,5,90000000\na,2,2000000\nb,4,5\nb,3,5\n"
    result, _ = import_text("x.csv", content)
    assert rows_of(result) == [
        (None, "item:a", 1.0, 1041, None, ()),
        (None, "item:b", 0.2, 0, None, ()),
    ]
    assert result.repeated == 3


def test_importing_again_gives_the_same_rows(import_text: ImportText):
    content = "user,item,time\n" + "".join(f"u{n % 3},i{n % 7},{n * 1000}\n" for n in range(99))
    assert import_text("x.csv", content)[0].rows == import_text("x.csv", content)[0].rows


def test_progress_is_told(tmp_path: Path):
    path = tmp_path / "x.csv"
    path.write_text("item\n" + "a\n" * (2 * PROGRESS_LINES + 1))
    told: list[int] = []
    read_import(path, ImportOptions(today=TODAY), reject=print, progress=told.append)
    assert told == [PROGRESS_LINES, 2 * PROGRESS_LINES]


def check_rows(rows: list[ImportRow]) -> None:
    for row in rows:
        assert -1 <= row.weight <= 1
        assert 0 <= row.day <= TODAY + 1
        assert 0 < len(row.item.encode()) <= 128
        assert row.item.isprintable()
        assert row.title is None or 0 < len(row.title.encode()) <= 200
        assert len(row.tags) <= 16
        assert all(0 < len(tag.encode()) <= 32 for tag in row.tags)


HEADERS = st.sampled_from(
    [
        b"",
        b"userId,movieId,rating,timestamp\n",
        b"user_id:token\titem_id:token\trating:float\ttimestamp:float\n",
        b"196\t242\t3\t881250949\n",
        b"1::2::3::978300760\n",
        b"item;title;tags;plays;time\n",
        b'{"artist_name": "a", "track_name": "b", "listened_at": 1}\n',
        b"\xff\xfei\x00t\x00e\x00m\x00\n\x00",
    ]
)
ROWS = st.lists(
    st.one_of(
        st.binary(max_size=60),
        st.text(max_size=40).map(str.encode),
        st.lists(
            st.sampled_from(["1", "5", "1e5", "9" * 30, '"', "", "2024-01-01", "a|b"]), max_size=6
        )
        .map(",".join)
        .map(str.encode),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
            lambda inner: st.dictionaries(st.sampled_from(["item", "time", "x"]), inner),
            max_leaves=5,
        )
        .map(json.dumps)
        .map(str.encode),
    ),
    max_size=12,
).map(b"\n".join)


@settings(deadline=None)
@given(HEADERS, ROWS)
@example(b'{"item": "a"}\n', b'{"item": ' + b"[" * 100_000)
@example(b'{"item": "a", "plays": 1}\n', b'{"item": "b", "plays": ' + b"9" * 5000 + b"}")
def test_arbitrary_bytes_give_rows_and_rejects(
    tmp_path_factory: pytest.TempPathFactory, header: bytes, body: bytes
):
    path = tmp_path_factory.mktemp("import") / "x.csv"
    path.write_bytes(header + body)
    rejects: list[Reject] = []
    try:
        result = read_import(path, ImportOptions(today=TODAY), reject=rejects.append)
    except ImportUnreadable:
        return
    check_rows(result.rows)
    assert result.read == len(result.rows) + result.repeated + len(rejects)


def test_one_users_rows_are_taken_alone(import_text):
    content = "user,item,rating\n1,a,5\n2,b,4\n1,c,9\n2,c,9\n1,d,3\n"
    result, rejects = import_text("x.csv", content, user="1")
    assert [(row.user, row.item) for row in result.rows] == [("1", "item:a"), ("1", "item:d")]
    assert result.others == 1
    assert [reject.line for reject in rejects] == [4, 5], "whoever's they are, they are shown"


def test_asking_for_a_user_needs_a_column_of_users(import_text):
    with pytest.raises(ImportUnreadable, match="no column of users") as raised:
        import_text("x.csv", "item,rating\na,5\n", user="1")
    assert "--map user=COLUMN" in raised.value.hint


@given(
    st.lists(
        st.tuples(st.text(max_size=80), st.text(max_size=140), st.text(max_size=12), st.text()),
        max_size=20,
    )
)
@settings(max_examples=100, deadline=None)
def test_every_row_that_is_taken_is_one_that_a_node_takes(lines):
    """Otherwise a single row would make the node refuse all that travel with it."""
    content = json_file(lines)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "x.jsonl"
        path.write_text(content, "utf-8", "surrogatepass")
        options = ImportOptions(today=20_700)
        result = read_import(path, options, reject=lambda _reject: None)
    for row in result.rows:
        check_item(row.item)
        assert row.user is None or is_name(row.user)
        assert -1 <= row.weight <= 1
        assert 0 <= row.day <= 65_535


def json_file(lines) -> str:
    first = {"user": "u", "item": "i", "plays": "1", "title": "t"}
    rows = [first, *(dict(zip(first, line, strict=True)) for line in lines)]
    return "".join(json.dumps(row) + "\n" for row in rows)
