import gzip
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.data import formats
from sim.data.formats import DataError, Rows, read_rows


def written(tmp_path: Path, text: str, name: str = "file.txt") -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode())
    return path


def read(tmp_path: Path, text: str, **options) -> Rows:
    return read_rows(written(tmp_path, text), **options)


def pairs(rows: Rows) -> list[tuple[str, str]]:
    return [*zip(rows.user, rows.item, strict=True)]


def test_adjacency_text_is_told_by_its_lines(tmp_path) -> None:
    rows = read(tmp_path, "0 5 3 9\n1 3\n\n2 9 5\n")
    assert pairs(rows) == [("0", "5"), ("0", "3"), ("0", "9"), ("1", "3"), ("2", "9"), ("2", "5")]
    assert rows.line == [1, 1, 1, 2, 4, 4]
    assert (rows.weight, rows.time, rows.bare) == (None, None, [])


def test_users_who_stand_alone_are_told(tmp_path) -> None:
    rows = read(tmp_path, "0 5 3 9\n1\n2 9 5\n")
    assert rows.bare == [("1", 2)]


TABLES = {
    "triples": ("7 20 3.5\n7 21 4\n8 20 1\n", [3.5, 4.0, 1.0], None),
    "pairs": ("7 20\n7 21\n8 20\n", None, None),
    "plays": ("7\t20\t3.2466e+05\n7\t21\t4\n8\t20\t1\n", [324660.0, 4.0, 1.0], None),
    "with times": ("7\t20\t5\t9\n7\t21\t4\t864001\n8\t20\t1\t0\n", [5, 4, 1], [9, 864001, 0]),
    "HetRec": ("userID\tartistID\tweight\r\n7\t20\t5\r\n7\t21\t4\r\n8\t20\t1\r\n", [5, 4, 1], None),
    "named columns": (
        "user\titem\tcategory\trating\thelpfulness\tunixtime\n"
        "7\t20\tx\t5\t2\t86400\n7\t21\ty\t4\t2\t0\n8\t20\tz\t1\t1\t5\n",
        [5, 4, 1],
        [86400, 0, 5],
    ),
    "dates": ("user,item,date\n7,20,2011-04-12\n7,21,1970-01-02\n8,20,1970-01-01T00:00:05Z\n", None,
              [1302566400, 86400, 5]),
    "signed": ("7,20,-10,1289241911.5\n7,21,4,0\n8,20,1,1\n", [-10, 4, 1], [1289241911.5, 0, 1]),
    "unknown names": ("who\twhat\n7\t20\n7\t21\n8\t20\n", None, None),
}  # fmt: skip


@pytest.mark.parametrize(("text", "weight", "time"), TABLES.values(), ids=TABLES)
def test_tables(tmp_path, text: str, weight, time) -> None:
    rows = read(tmp_path, text)
    assert pairs(rows) == [("7", "20"), ("7", "21"), ("8", "20")]
    assert (rows.weight, rows.time) == (weight, time)
    heading = not text[0].isdigit()
    assert rows.line == [1 + heading, 2 + heading, 3 + heading]


def test_columns_may_be_named_by_the_caller(tmp_path) -> None:
    text = "x 20 7 5\nx 21 7 4\n"
    rows = read(tmp_path, text, columns=["-", "item", "user", "weight"])
    assert pairs(rows) == [("7", "20"), ("7", "21")]
    assert rows.weight == [5, 4]


def test_the_format_may_be_forced(tmp_path) -> None:
    text = "1 2 3\n4 5 6\n"
    assert len(read(tmp_path, text)) == 4
    assert read(tmp_path, text, form="table").weight == [3, 6]
    assert len(read(tmp_path, "1 2\n3 4\n", form="adjacency")) == 2


def test_gzip_is_unpacked(tmp_path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(b"1 2 3 4\n2 5\n"))
    assert len(read_rows(path)) == 4


BROKEN = {
    "a column is missing": ("1\t2\t3\n1\t3\n", "file.txt:2: 2 columns where there are 3"),
    "a column too many": ("1\t2\t3\n1\t3\t4\t5\n", "file.txt:2: 4 columns where there are 3"),
    "no number": ("1\t2\t3\n1\t3\tx\n", "file.txt:2: weight 'x' is not a number"),
    "nan": ("1\t2\t3\n1\t3\tNaN\n", "file.txt:2: weight 'NaN' is not a finite number"),
    "inf": ("1\t2\t3\n1\t3\t-inf\n", "file.txt:2: weight '-inf' is not a finite number"),
    "a name is missing": ("1\t2\t3\n\t3\t4\n", "file.txt:2: a name is missing"),
    "no time": ("1\t2\t3\t5\n1\t3\t4\t\n", "file.txt:2: time '' is neither seconds nor a date"),
    "milliseconds": ("1\t2\t3\t5\n1\t3\t4\t1289241911000\n", "not in seconds since 1970"),
    "adjacency with a word": ("0 5 3 9\n1 3 x\n", "file.txt:2: 'x' is not the number"),
    "adjacency with a fraction": ("0 5 3 9\n1 -3\n", "file.txt:2: '-3' is not the number"),
    "empty": ("\n \n", "is empty"),
    "only a header": ("user\titem\n", "a header and no rows"),
    "many columns": ("1\t2\t3\t4\t5\t6\n1\t2\t3\t4\t5\t7\n", "file.txt:1: 6 columns without names"),
    "a long name": ("1\t2\t3\n1\t" + "x" * 300 + "\t1\n", "file.txt:2: a name of 300 characters"),
    "two of a role": ("user\titem\trating\tplays\n1\t2\t3\t4\n", "more than one column is weight"),
    "zero byte": ("1\t2\n1\t\0\n", "file.txt:2: a zero byte"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "told"), BROKEN.values(), ids=BROKEN)
def test_what_cannot_be_read_is_told_by_line(tmp_path, text: str, told: str) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, text)
    assert told in caught.value.message
    assert str(tmp_path / "file.txt") in caught.value.message
    assert caught.value.exit_code == 2


def test_a_user_with_two_lines_is_told(tmp_path) -> None:
    with pytest.raises(DataError, match=r"file.txt:3: user 0 has a line already: line 1"):
        read(tmp_path, "0 5 3 9\n1 3\n0 4\n", form="adjacency")


@pytest.mark.parametrize("text", ["bob\tx\nann\t10\nann\t9\n", "bob\tx\nann\ty\nbob\ty\n"])
def test_a_first_row_is_no_header_without_reason(tmp_path, text: str) -> None:
    assert pairs(read(tmp_path, text))[0] == ("bob", "x")
    with pytest.raises(DataError, match=r"file.txt:1: weight 'no' is not a number"):
        read(tmp_path, "bob\tx\tno\nann\ty\t5\n")


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        (["user", "item"], "3 columns, and --columns names 2"),
        (["user", "thing", "item"], "a column cannot be 'thing'"),
        (["user", "-", "weight"], "no columns for user and item"),
        (["user", "item", "item"], "more than one column is item"),
    ],
)
def test_wrong_columns_are_told(tmp_path, columns, told: str) -> None:
    with pytest.raises(DataError, match=told):
        read(tmp_path, "1\t2\t3\n", columns=columns)


def test_files_that_cannot_be_opened_are_told(tmp_path) -> None:
    with pytest.raises(DataError, match="there is no file"):
        read_rows(tmp_path / "none")
    with pytest.raises(DataError, match="cannot be read"):
        read_rows(tmp_path)
    broken = tmp_path / "broken.gz"
    broken.write_bytes(gzip.compress(b"1 2 3\n" * 100)[:-12])
    with pytest.raises(DataError, match="cannot be read"):
        read_rows(broken)
    latin = tmp_path / "latin.txt"
    latin.write_bytes(b"a\tb\nc\t\xe9\n")
    with pytest.raises(DataError, match=r"latin.txt:2: not UTF-8"):
        read_rows(latin)
    with pytest.raises(DataError, match="there is no format 'csv'"):
        read_rows(latin, form="csv")


def test_no_file_is_read_without_end(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(formats, "ROWS_MAX", 3)
    with pytest.raises(DataError, match="more than 3 pairs"):
        read(tmp_path, "1 2 3 4 5\n2 1\n")
    with pytest.raises(DataError, match="more than 3 pairs"):
        read(tmp_path, "1 2\n1 3\n1 4\n1 5\n")


@given(st.text(max_size=60) | st.text("0123456789 \t\n,.-enaif", max_size=60))
def test_any_text_is_read_or_refused(tmp_path_factory, text: str) -> None:
    path = tmp_path_factory.mktemp("any") / "file"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        rows = read_rows(path)
    except DataError:
        return
    assert len(rows.user) == len(rows.item) == len(rows.line)
    for column in (rows.weight, rows.time):
        assert column is None or (len(column) == len(rows) and all(map(math.isfinite, column)))
