"""Titles and tags from the files that lie beside a list of ratings."""

from pathlib import Path

import pytest

from node.importing import titles as titles_module
from node.importing.rows import ImportUnreadable, Reject
from node.importing.titles import Title, find_titles, read_titles

GENRES = "|".join("1" if n in (1, 5) else "0" for n in range(19))
FILES = {
    "movies.csv": b'movieId,title,genres\n1,"Star, Wars",Action|Comedy\n2,B,(no genres listed)\n',
    "movies.dat": b"1::Star, Wars::Action|Comedy\n2::B::\n",
    "u.item": f"1|Star, Wars|d|v|u|{GENRES}\n2|B|d|v|u|{'|'.join('0' * 19)}\n".encode("latin-1"),
    "ml.item": b"item_id:token\tmovie_title:token_seq\tclass:token_seq\n"
    b"1\tStar, Wars\tAction Comedy\n2\tB\t\n",
}


@pytest.mark.parametrize("name", FILES)
def test_each_form_says_the_same(tmp_path: Path, name: str):
    (tmp_path / name).write_bytes(FILES[name])
    rejects: list[Reject] = []
    assert read_titles(tmp_path / name, rejects.append) == {
        "1": Title("Star, Wars", ("Action", "Comedy")),
        "2": Title("B", ()),
    }
    assert rejects == []
    assert find_titles(tmp_path / "ml.inter") == tmp_path / name


def test_without_a_companion_there_are_no_titles(tmp_path: Path):
    assert find_titles(tmp_path / "ratings.csv") is None


def test_a_bad_line_costs_its_title(tmp_path: Path):
    path = tmp_path / "movies.dat"
    path.write_bytes(b"1::A::\nbroken\n3::C::\n")
    rejects: list[Reject] = []
    assert list(read_titles(path, rejects.append)) == ["1", "3"]
    assert [(reject.file, reject.line) for reject in rejects] == [("movies.dat", 2)]


def test_titles_beyond_the_cap_are_left_out(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(titles_module, "TITLES_MAX", 1)
    (tmp_path / "movies.dat").write_bytes(FILES["movies.dat"])
    assert list(read_titles(tmp_path / "movies.dat", lambda _reject: None)) == ["1"]


@pytest.mark.parametrize("name", ["titles.csv", "movies.csv"])
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str):
    with pytest.raises(ImportUnreadable, match=name):
        read_titles(tmp_path / name, lambda _reject: None)
