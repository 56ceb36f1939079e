"""A shelf answers as a store does, within what was asked for."""

from protocol.events import ReadBundles
from protocol.feedtable import FeedTable
from protocol.limits import FRAME_BYTES_MAX
from protocol.messages import Data, Want, encode_frame
from sim.adversaries.shelf import Shelf
from tests.protocol.chains import bundle_of, chain, feed_of
from tests.protocol.gossip_world import START, play


def want(lo: int, hi: int, *, bytes_max: int = 2**20, newest_first: bool = False, lane: int = 2):
    feed = feed_of()
    return Want(7, feed.author, feed.device, lane, lo, hi, bytes_max, newest_first)


def filled(length: int = 10, claims: int = 2) -> Shelf:
    shelf = Shelf()
    for bundle in chain(length, claims=claims):
        shelf.put(bundle)
    return shelf


def wires(frames: list[Data]) -> list[bytes]:
    return [wire for frame in frames for part in frame.parts for wire in part.bundles]


def test_a_want_is_answered_in_its_order_and_said_to_be_done_once():
    bundles = chain(10)
    for backwards in (False, True):
        frames = filled().answer(want(3, 6, newest_first=backwards))
        expected = [bundle.wire() for bundle in bundles[2:6]]
        assert wires(frames) == (expected[::-1] if backwards else expected)
        done = [part.done for frame in frames for part in frame.parts]
        assert done == [False] * (len(done) - 1) + [True]


def test_a_long_answer_spans_frames_that_fit_and_stays_within_its_bytes():
    shelf = filled(60, claims=60)
    frames = shelf.answer(want(1, 60))
    assert len(frames) > 1
    assert all(len(encode_frame(frame)) <= FRAME_BYTES_MAX for frame in frames)
    assert len(wires(frames)) == 60
    few = wires(shelf.answer(want(1, 60, bytes_max=10_000)))
    assert 1 <= len(few) < 60
    assert sum(map(len, few)) <= 10_000
    assert len(wires(shelf.answer(want(1, 60, bytes_max=1)))) == 1


def test_only_what_is_there_is_sold_and_nothing_of_lanes_to_come():
    shelf = filled()
    assert shelf.has(want(1, 2))
    assert not shelf.has(want(1, 2, lane=3))
    assert not shelf.has(want(1, 2, lane=200))
    shelf.forget(feed_of())
    assert not shelf.has(want(1, 2))


def test_it_reads_as_a_store_and_voids_and_drops_what_the_feed_table_does():
    shelf, feeds, bundles = Shelf(), FeedTable(), chain(3)
    for bundle in bundles:
        shelf.keep(feeds.offer(bundle, now=START))
    order = ReadBundles(1, feed_of(), 1, 3, 2**20)
    assert shelf.read(order) == tuple(bundle.wire() for bundle in bundles)
    bare = ReadBundles(1, feed_of(), 2, 3, 2**20, headers_only=True)
    assert shelf.read(bare) == tuple(bundle.bare().wire() for bundle in bundles[1:])
    last = bundle_of(feed_of(), 1, 4, [play(9)], prev=bundles[2].id, floor=3)
    shelf.keep(feeds.offer(last, now=START))
    kept = shelf.read(ReadBundles(1, feed_of(), 1, 4, 2**20))
    assert kept[-1] == last.wire()
    assert bundles[0].wire() not in kept


def test_of_one_feed_the_lowest_go_first():
    shelf = Shelf(feed_max=4)
    for bundle in chain(10):
        shelf.put(bundle)
    assert len(shelf) == 4
    assert wires(shelf.answer(want(1, 10))) == [bundle.wire() for bundle in chain(10)[6:]]
