"""The index of heads, the journal of their changes, and naming on a link."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import Offence, RemoteProtocolError
from protocol.heads import (
    HEADS_PER_CHUNK,
    HandleBook,
    HandleReader,
    HeadIndex,
    Journal,
    feed_key,
    feed_of,
    head_print,
    tag_of,
)
from protocol.ids import AuthorKey, BundleId, DeviceId, FeedId, Lane
from protocol.messages import HANDLES_MAX, Named
from tests.protocol.strategies import examples, feeds, keys

heads = st.dictionaries(feeds, st.tuples(st.integers(1, 9), keys.map(BundleId)), max_size=12)


def feed(number: int) -> FeedId:
    return FeedId(AuthorKey(number.to_bytes(32, "big")), DeviceId(bytes(8)), Lane.TASTE)


@given(feeds)
@examples(50)
def test_a_key_names_its_feed(drawn: FeedId):
    assert len(feed_key(drawn)) == 41
    assert feed_of(feed_key(drawn)) == drawn


@given(heads, heads, st.lists(feeds, max_size=3))
@examples(100)
def test_the_index_is_the_same_however_it_was_filled(first, later, strangers):
    index = HeadIndex()
    for each, (hi, head) in [*first.items(), *later.items()]:
        index.put(each, hi, head)
    gone = [each for number, each in enumerate(first) if number % 3 == 0]
    for each in [*gone, *strangers]:
        index.remove(each)
    kept = {f: v for f, v in (first | later).items() if f not in gone and f not in strangers}
    again = HeadIndex()
    again.load((each, hi, head) for each, (hi, head) in kept.items())
    assert len(index) == len(again) == len(kept)
    assert [*index.feeds(0, len(index))] == sorted(kept, key=feed_key)
    assert index.fingerprint(0, len(index)) == again.fingerprint(0, len(again))
    total = sum(head_print(feed_key(f), hi, tag_of(head)) for f, (hi, head) in kept.items())
    assert index.fingerprint(0, len(index)) == (total % 2**64).to_bytes(8, "big")


@given(heads, st.binary(max_size=41), st.binary(max_size=41))
@examples(100)
def test_a_span_is_what_lies_between_its_bounds(held, lower: bytes, upper: bytes):
    index = HeadIndex()
    index.load((each, hi, head) for each, (hi, head) in held.items())
    found = [feed_key(each) for each in index.feeds(*index.span(lower, upper))]
    inside = [k for k in sorted(map(feed_key, held)) if lower <= k and (not upper or k < upper)]
    assert found == inside


def test_a_fingerprint_changes_with_each_part_of_a_head():
    one = head_print(feed_key(feed(1)), 5, bytes(8))
    others = [
        head_print(feed_key(feed(2)), 5, bytes(8)),
        head_print(feed_key(feed(1)), 6, bytes(8)),
        head_print(feed_key(feed(1)), 5, b"x" * 8),
    ]
    assert len(dict.fromkeys([one, *others])) == 4


def test_the_journal_tells_each_change_once_and_not_to_its_source():
    journal = Journal(100)
    for number in (1, 2, 1, 3):
        journal.mark(feed(number), source=number)
    assert journal.since(0, link=99) == [feed(2), feed(1), feed(3)]
    assert journal.since(0, link=3) == [feed(2), feed(1)]
    assert journal.since(3, link=99) == [feed(3)]
    assert journal.since(journal.version, link=99) == []
    journal.forget(feed(1))
    assert journal.since(0, link=99) == [feed(2), feed(3)]


def test_who_missed_a_forgotten_change_must_reconcile():
    journal = Journal(2)
    for number in (1, 2, 3):
        journal.mark(feed(number), source=0)
    assert len(journal) == 2
    assert journal.since(0, link=9) is None
    assert journal.since(1, link=9) == [feed(2), feed(3)]


@given(st.lists(st.integers(0, 20), max_size=80), st.integers(1, 6))
@examples(100)
def test_both_ends_of_a_link_mean_the_same_feed(numbers: list[int], room: int):
    book, reader = HandleBook(room), HandleReader()
    for number in numbers:
        handle, named = book.name(feed(number))
        assert handle < room
        if named is not None:
            reader.learn(named)
        assert reader.feed(handle) == feed(number)
        assert len(book) <= room


def test_a_feed_is_named_once():
    book = HandleBook()
    assert book.name(feed(1))[1] is not None
    assert book.name(feed(1)) == (0, None)
    assert book.name(feed(2))[0] == 1


def test_an_unnamed_handle_is_an_offence_and_a_later_lane_is_not():
    reader = HandleReader()
    reader.learn(Named(5, bytes(32), bytes(8), 200))
    assert reader.feed(5) is None
    for handle in (0, 4, 6, HANDLES_MAX - 1):
        with pytest.raises(RemoteProtocolError) as caught:
            reader.feed(handle)
        assert caught.value.offence is Offence.WRONG_SCHEMA


def test_a_handle_told_in_a_frame_is_not_named_anew_in_it():
    book = HandleBook()
    for number in range(HANDLES_MAX):
        book.name(feed(number))
    reader = HandleReader()
    for number in range(HANDLES_MAX):
        reader.learn(Named(number, feed(number).author, feed(number).device, int(Lane.TASTE)))
    # one frame: heads of old feeds, and so many new ones that the book begins anew
    frame = [*range(5), *range(HANDLES_MAX, HANDLES_MAX + HEADS_PER_CHUNK - 5)]
    told = [(each, *book.name(feed(each))) for each in frame]
    for _, _, named in told:
        if named is not None:
            reader.learn(named)
    assert [reader.feed(handle) for _, handle, _ in told] == [feed(each) for each in frame]
    assert len(book) <= HANDLES_MAX


def test_an_author_leaves_with_all_her_heads():
    authors = {n: AuthorKey(bytes([n]) * 32) for n in (0, 7, 255)}
    devices = [DeviceId(bytes([d]) * 8) for d in (0, 255)]
    heads = [FeedId(a, d, lane) for a in authors.values() for d in devices for lane in Lane]
    index = HeadIndex()
    index.load((each, 1, BundleId(bytes(32))) for each in heads)
    for author in (7, 255, 0):
        index.drop_author(authors[author])
        heads = [each for each in heads if each.author != authors[author]]
        assert list(index.feeds(0, len(index))) == heads


def test_a_dump_that_is_none_is_refused():
    index = HeadIndex()
    index.load([(feed(1), 1, BundleId(bytes(32)))])
    keys, prints = index.dump()
    with pytest.raises(ValueError, match="one fingerprint"):
        HeadIndex().undump(keys, prints + bytes(8))


def test_an_index_of_many_blocks_is_the_same_however_it_was_filled():
    rng = Random(3)
    rows = [
        (feed(rng.randrange(10**9)), rng.randrange(9), BundleId(bytes(32))) for _ in range(5_000)
    ]
    loaded, grown = HeadIndex(), HeadIndex()
    loaded.load(rows)
    rng.shuffle(rows)
    for row in rows:
        grown.put(*row)
    assert 49 <= loaded.nbytes / len(loaded) < 55
    assert 49 <= grown.nbytes / len(grown) < 65
    dumped = HeadIndex()
    dumped.undump(*grown.dump())
    gone = [each for each, _, _ in rows[:3_000]]
    for index in (loaded, grown, dumped):
        for each in gone:
            index.remove(each)
    kept = {each: (hi, head) for each, hi, head in rows[3_000:]}
    order = sorted(kept, key=feed_key)
    prints = [head_print(feed_key(f), kept[f][0], tag_of(kept[f][1])) for f in order]
    for index in (loaded, grown, dumped):
        assert len(index) == len(order)
        for _ in range(200):
            start, stop = sorted(rng.choices(range(len(order) + 1), k=2))
            assert [*index.feeds(start, stop)] == order[start:stop]
            total = sum(prints[start:stop]) % 2**64
            assert index.fingerprint(start, stop) == total.to_bytes(8, "big")
            if stop < len(order):
                assert index.key_at(stop) == feed_key(order[stop])
                assert index.span(feed_key(order[start]), feed_key(order[stop])) == (start, stop)
    for each in order:
        grown.remove(each)
    assert len(grown) == 0
    assert grown.span(b"", b"") == (0, 0)
    assert grown.fingerprint(0, 0) == bytes(8)
