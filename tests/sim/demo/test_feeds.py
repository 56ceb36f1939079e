import csv

import numpy as np

from sim.demo.dataset import parse
from sim.demo.feeds import COLUMNS, Feed, honest_feeds, sybil_feeds, titles, write_table
from sim.demo.split import Split
from sim.demo.sybil import attack

DAY = 86_400
DATA = parse(
    "u\ti\tr\tt\n" + f"1\t10\t5\t{100 * DAY}\n1\t11\t3\t{90 * DAY + 5}\n2\t10\t1\t{99 * DAY}\n",
    "i\tt\ty\tc\n10\tAlpha\t1990\t\n11\tBeta, the second\t1991\t\n",
)


def test_days_are_moved_so_that_the_newest_is_today() -> None:
    split = Split(np.arange(3), (frozenset(), frozenset()))
    feeds = honest_feeds(DATA, split, today=20_000)
    assert feeds["user-1"] == Feed(["ml:movie:10", "ml:movie:11"], [100, 20], [20_000, 19_990])
    assert feeds["user-2"] == Feed(["ml:movie:10"], [-100], [19_999])


def test_held_out_rows_are_in_no_feed() -> None:
    split = Split(np.array([0]), (frozenset({1}), frozenset()))
    feeds = honest_feeds(DATA, split, today=20_000)
    assert feeds["user-1"].items == ["ml:movie:10"]
    assert feeds["user-2"].items == []


def test_identities_like_all_fakes_and_their_camouflage() -> None:
    region = attack(2, np.array([0, 1]), np.random.default_rng(1), edges=1, each=2)
    feeds = sybil_feeds(DATA, region, 3, today=7)
    assert list(feeds) == ["sybil-1", "sybil-2"]
    for feed in feeds.values():
        assert feed.items[:2] == ["ml:movie:10", "ml:movie:11"]
        assert feed.items[2:] == [f"ml:movie:fake-{k}" for k in (1, 2, 3)]
        assert set(feed.percents) == {100}


def test_table_reads_back_with_each_title_once(tmp_path) -> None:
    split = Split(np.arange(3), (frozenset(), frozenset()))
    feeds = honest_feeds(DATA, split, today=20_000)
    path = tmp_path / "taste.csv"
    assert write_table(path, feeds, ["user-1", "user-2"], titles(DATA, 0)) == 3
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert [row["user"] for row in rows] == ["user-1", "user-1", "user-2"]
    assert [row["weight"] for row in rows] == ["1.0", "0.2", "-1.0"]
    assert [row["title"] for row in rows] == ["Alpha (1990)", "Beta, the second (1991)", ""]
    assert rows[0]["day"] == "2024-10-04"
