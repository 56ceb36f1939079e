"""Everything that a file says of one item becomes one row."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.importing.collapse import Collapse
from node.importing.rows import BadRow, Entry, ImportRow
from node.importing.values import DAY_SECONDS, plays_weight

TODAY = 20_700


def entry(item: str, **given: object) -> Entry:
    fields = {"user": None, "weight": None, "plays": 1, "time": None, "title": None, "tags": ()}
    return Entry(**(fields | {"item": item} | given))  # type: ignore[arg-type]


def rows(*entries: Entry) -> list[ImportRow]:
    collapse = Collapse()
    for one in entries:
        collapse.add(one)
    return list(collapse.rows(TODAY))


def test_plays_add_up_and_the_last_day_counts():
    first, last = 100 * DAY_SECONDS, 200 * DAY_SECONDS
    assert rows(entry("a", plays=3, time=last), entry("a", plays=5, time=first)) == [
        ImportRow(None, "a", plays_weight(8), 200, None, ())
    ]


def test_the_latest_weight_counts_and_of_one_time_the_later_line():
    assert rows(entry("a", weight=1.0, time=9.0), entry("a", weight=-1.0, time=8.0))[0].weight == 1
    assert rows(entry("a", weight=1.0, time=9.0), entry("a", weight=0.5, time=9.0))[0].weight == 0.5
    assert rows(entry("a", weight=1.0), entry("a", weight=0.5))[0].weight == 0.5


def test_what_a_later_line_leaves_out_is_kept():
    told = rows(entry("a", title="A", tags=("x",), time=1.0), entry("a", time=2.0))
    assert (told[0].title, told[0].tags) == ("A", ("x",))


def test_pairs_beyond_the_cap_are_refused_and_known_ones_are_not():
    collapse = Collapse(pairs_max=2)
    collapse.add(entry("a"))
    collapse.add(entry("a", user="u"))
    with pytest.raises(BadRow, match="more than 2"):
        collapse.add(entry("b"))
    collapse.add(entry("a"))
    assert (len(collapse), collapse.repeated) == (2, 1)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([None, "u", "v"]))))
def test_every_entry_is_a_row_or_repeated(pairs):
    collapse = Collapse()
    for item, user in pairs:
        collapse.add(entry(item, user=user))
    told = [(row.item, row.user) for row in collapse.rows(TODAY)]
    assert told == list(dict.fromkeys(pairs))
    assert len(told) + collapse.repeated == len(pairs)
