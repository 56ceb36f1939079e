"""Each kernel against sorting: places, merging, who is crowded and what is oldest."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ranking.click_log import clicks_at, no_clicks
from ranking.kernels_clicks import (
    ADDED,
    CROWDED,
    KNOWN,
    WAITING,
    ClickColumns,
    add_clicks,
    lower_bound,
    merge_runs,
    oldest_beyond,
)

KEYS = st.sets(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 9)), max_size=40)


def run(keys, seen=0):
    """A run of these (term, author, item)."""
    keys = sorted(keys)
    made = no_clicks(len(keys))
    made.term[:], made.author[:], made.item[:] = zip(*keys, strict=True) if keys else ((), (), ())
    made.position[:] = 7
    made.seen[:] = np.arange(seen, seen + len(keys))
    return made


def keys_of(clicks):
    return list(
        zip(clicks.term.tolist(), clicks.author.tolist(), clicks.item.tolist(), strict=True)
    )


@given(KEYS, st.tuples(st.integers(-1, 4), st.integers(-1, 4), st.integers(-1, 10)))
@settings(deadline=None)
def test_the_first_place_that_is_not_before(keys, wanted):
    clicks = run(keys)
    before = sum(key < wanted for key in keys)
    assert lower_bound(clicks, len(keys), *wanted) == before


@given(KEYS, KEYS)
@settings(deadline=None)
def test_two_runs_become_one(first, second):
    late = second - first
    out = no_clicks(len(first | late))
    merge_runs(run(first), run(late, 1000), len(late), out)
    assert keys_of(out) == sorted(first | late)
    seen = dict(zip(keys_of(out), out.seen.tolist(), strict=True))
    assert {key for key in seen if seen[key] >= 1000} == late


@given(KEYS, st.lists(st.tuples(*[st.integers(0, 3)] * 2, st.integers(0, 9)), max_size=30))
@settings(deadline=None)
def test_clicks_are_put_where_they_belong_until_there_is_no_room(held, said):
    long, short, limit = run(held), no_clicks(12), 5
    new = ClickColumns(
        *(np.array([s[k] for s in said], np.int32) for k in (1, 0, 2)),
        np.arange(len(said), dtype=np.uint16),
        np.arange(len(said), dtype=np.uint32),
    )
    outcome = np.zeros(len(said), np.uint8)
    size = add_clicks(long, short, 0, new, outcome, limit)
    known, expected, waiting = set(held), [], False
    for key in said:
        if waiting or (key not in known and len(known) - len(held) == 12):
            expected.append(WAITING)
            waiting = True
            continue
        group = sum(k[:2] == key[:2] for k in known)
        expected.append(KNOWN if key in known else CROWDED if group >= limit else ADDED)
        known.add(key)
    assert outcome.tolist() == expected
    assert keys_of(clicks_at(short, slice(size))) == sorted(known - held)
    told = {}
    for place, (key, became) in enumerate(zip(said, expected, strict=True)):
        if became == KNOWN:
            told.setdefault(key, place)
    expected = [min(7, told.get(key, 7)) for key in keys_of(long)]
    assert long.position.tolist() == expected, "the smallest position stands"


@given(KEYS, st.integers(1, 5), st.randoms())
@settings(deadline=None)
def test_the_oldest_of_crowded_groups_go(keys, limit, random):
    clicks = run(keys)
    seen = list(range(len(keys)))
    random.shuffle(seen)
    clicks.seen[:] = seen
    keep, kept = np.ones(len(keys), np.bool_), max(1, limit - 1)
    oldest_beyond(clicks, keep, limit, kept)
    for pair in {key[:2] for key in keys}:
        hers = [k for k, key in enumerate(sorted(keys)) if key[:2] == pair]
        newest = sorted(hers, key=lambda k: seen[k])[-kept:] if len(hers) > limit else hers
        assert [k for k in hers if keep[k]] == sorted(newest)
