"""Range fingerprints find exactly the heads in which two peers differ."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.heads import HeadIndex, feed_key
from protocol.ids import AuthorKey, BundleId, DeviceId, FeedId, Lane
from protocol.messages import RangeList, RangePrint
from protocol.reconcile import FANOUT, LIST_MAX, Equal, Listing, Split, compare, in_order, opening
from tests.protocol.strategies import examples

Heads = dict[FeedId, tuple[int, BundleId]]


def head(number: int, version: int = 1) -> tuple[FeedId, tuple[int, BundleId]]:
    author = AuthorKey(Random(number).randbytes(32))
    feed = FeedId(author, DeviceId(bytes(8)), Lane(number % 4))
    return feed, (version, BundleId(Random(f"{number}/{version}").randbytes(32)))


def index_of(heads: Heads) -> HeadIndex:
    index = HeadIndex()
    index.load((feed, hi, head) for feed, (hi, head) in heads.items())
    return index


def reconcile(ours: Heads, theirs: Heads) -> tuple[Heads, Heads, int]:
    """What either side was told; and how many steps it took. The left side opens."""
    indexes, heads = (index_of(ours), index_of(theirs)), (ours, theirs)
    told: tuple[Heads, Heads] = ({}, {})
    prints, side, steps = list(opening(indexes[0])), 1, 0
    while prints:
        steps += 1
        answer: list[RangePrint] = []
        for part in prints:
            step = compare(indexes[side], part)
            if isinstance(step, Split):
                answer += step.prints
            elif isinstance(step, Listing):
                listed = [*indexes[side].feeds(step.start, step.stop)]
                told[1 - side].update({feed: heads[side][feed] for feed in listed})
                if step.answer:
                    inside = indexes[1 - side].span(step.lower, step.upper)
                    for feed in indexes[1 - side].feeds(*inside):
                        if feed not in listed or heads[side][feed] != heads[1 - side][feed]:
                            told[side][feed] = heads[1 - side][feed]
        assert in_order(sorted(answer, key=lambda part: part.lower))
        prints, side = answer, 1 - side
    return told[0], told[1], steps


@examples(80)
@given(
    st.integers(0, 120), st.integers(0, 60), st.integers(0, 60), st.integers(0, 30), st.integers()
)
def test_differences_are_found(common: int, left: int, right: int, changed: int, seed: int):
    rng = Random(seed)
    both = dict(head(n) for n in range(common))
    ours = both | dict(head(1_000 + n) for n in range(left))
    theirs = both | dict(head(2_000 + n) for n in range(right))
    for n in rng.sample(range(common), min(changed, common)):
        theirs |= dict([head(n, version=2)])
    to_us, to_them, _ = reconcile(ours, theirs)
    for told, known, wanted in ((to_us, ours, theirs), (to_them, theirs, ours)):
        missing = {feed: value for feed, value in wanted.items() if known.get(feed) != value}
        assert {feed: told.get(feed) for feed in missing} == missing


def test_equal_tables_take_one_step_and_tell_nothing():
    heads = dict(head(n) for n in range(500))
    assert reconcile(heads, heads) == ({}, {}, 1)
    assert reconcile({}, {}) == ({}, {}, 1)


def test_few_differences_of_many_heads_take_few_steps_and_few_heads():
    ours = dict(head(n) for n in range(20_000))
    theirs = ours | dict([head(7, version=2), head(30_000)])
    to_us, to_them, steps = reconcile(ours, theirs)
    assert steps <= 6
    assert len(to_us) + len(to_them) <= 4 * LIST_MAX


def test_prints_of_an_opening_cover_everything_once():
    for count in (0, 1, 5, 1_000):
        parts = opening(index_of(dict(head(n) for n in range(count))))
        assert len(parts) <= FANOUT
        assert (parts[0].lower, parts[-1].upper) == (b"", b"")
        assert [p.upper for p in parts[:-1]] == [p.lower for p in parts[1:]]
        assert sum(p.count for p in parts) == count
        assert in_order(parts)


def test_small_ranges_are_listed_and_large_ones_split():
    small, large = (index_of(dict(head(n) for n in range(c))) for c in (LIST_MAX, LIST_MAX + 1))
    other = RangePrint(b"", b"", 7, bytes(8))
    assert compare(small, other) == Listing(b"", b"", 0, LIST_MAX, True)
    assert isinstance(compare(large, other), Split)
    nothing = RangePrint(b"", b"", 0, bytes(8))
    assert compare(large, nothing) == Listing(b"", b"", 0, LIST_MAX + 1, False)
    assert compare(index_of({}), nothing) == Equal()


def test_a_print_with_the_same_count_but_another_digest_differs():
    index = index_of(dict(head(n) for n in range(3)))
    assert compare(index, RangePrint(b"", b"", 3, index.fingerprint(0, 3))) == Equal()
    assert isinstance(compare(index, RangePrint(b"", b"", 3, bytes(8))), Listing)


@pytest.mark.parametrize(
    ("bounds", "fine"),
    [
        ([], True),
        ([(b"", b"")], True),
        ([(b"", b"a"), (b"a", b"b"), (b"c", b"")], True),
        ([(b"a", b"a")], False),
        ([(b"b", b"a")], False),
        ([(b"", b"b"), (b"a", b"c")], False),
        ([(b"a", b""), (b"b", b"c")], False),
        ([(b"", b""), (b"", b"")], False),
        ([(b"b", b"c"), (b"a", b"b")], False),
    ],
)
def test_ranges_ascend_and_are_disjoint(bounds, fine: bool):
    assert in_order([RangePrint(a, b, 0, bytes(8)) for a, b in bounds]) is fine
    assert in_order([RangeList(a, b, [], True) for a, b in bounds]) is fine


def test_keys_sort_as_feeds_do():
    made = [head(n)[0] for n in range(50)]
    assert sorted(made, key=feed_key) == sorted(made)
