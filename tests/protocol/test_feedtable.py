"""The rules by which a bundle enters, one by one; test_feedtable_machine.py mixes them."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import limits
from protocol.bundle import Bundle
from protocol.claims import Retract
from protocol.feedtable import DroppedMark, FeedConfig, FeedRecord, FeedTable, Outcome
from protocol.ids import NO_BUNDLE, FeedId, Lane
from protocol.parking import Parking
from tests.protocol.chains import bundle_of, chain, feed_of, wild_chain
from tests.protocol.gossip_world import START, play
from tests.protocol.strategies import examples

NOW = START
FEED = feed_of()


def table(**config) -> FeedTable:
    return FeedTable(FeedConfig(**config))


def offer(feeds: FeedTable, *bundles: Bundle, now: float = NOW) -> list[Outcome]:
    return [feeds.offer(bundle, now=now).outcome for bundle in bundles]


def state(feeds: FeedTable, feed: FeedId = FEED) -> tuple:
    replica = feeds.replica(feed)
    assert replica is not None
    return feeds.head(feed), feeds.held(feed), feeds.voided(feed), replica.floor, replica.claims


@examples(60)
@given(st.integers(0, 30), st.integers(1, 40), st.integers(0, 2**32))
def test_order_and_repetition_change_nothing(seed: int, length: int, shuffle: int):
    bundles = wild_chain(seed, length)
    in_order, shuffled = table(), table()
    offer(in_order, *bundles)
    rng = Random(shuffle)
    again = [*bundles, *rng.choices(bundles, k=length)]
    rng.shuffle(again)
    offer(shuffled, *again)
    assert state(shuffled) == state(in_order)
    assert in_order.held(FEED)[-1] == bundles[-1].seq


def test_accepted_bundles_come_in_chain_order_with_those_that_waited():
    bundles = chain(4)
    feeds = table()
    assert offer(feeds, bundles[0]) == [Outcome.ACCEPTED]
    assert offer(feeds, bundles[3], bundles[2]) == [Outcome.PARKED] * 2
    assert feeds.parked(FEED) == 2
    offered = feeds.offer(bundles[1], now=NOW)
    assert [b.seq for b in offered.accepted] == [2, 3, 4]
    assert feeds.parked(FEED) == 0


def test_parking_is_bounded_and_the_farthest_goes():
    bundles = chain(limits.PARKED_MAX + 3)
    feeds = table()
    offer(feeds, bundles[0])
    assert offer(feeds, *bundles[2:]) == [Outcome.PARKED] * (limits.PARKED_MAX + 1)
    assert feeds.parked(FEED) == limits.PARKED_MAX
    offer(feeds, bundles[1])
    assert feeds.held(FEED)[-1] == bundles[-2].seq


def test_a_body_voided_before_it_comes_is_kept_as_a_header():
    late = bundle_of(FEED, 1, 2, [play(1), play(2)], prev=chain(1)[0].id)
    retraction = bundle_of(FEED, 1, 3, [Retract(2)], prev=late.id)
    feeds = table()
    offer(feeds, chain(1)[0], retraction)
    offered = feeds.offer(late, now=NOW)
    assert [b.seq for b in offered.accepted] == [2, 3]
    assert feeds.voided(FEED) == (2,)
    backwards = table()
    offer(backwards, retraction)
    bare = backwards.offer(late, now=NOW)
    assert [b.claims_bytes for b in bare.accepted] == [None]
    assert state(backwards)[2:4] == state(feeds)[2:4]


def test_a_retraction_voids_what_is_held_once():
    first = chain(1)[0]
    retraction = bundle_of(FEED, 1, 2, [Retract(1), Retract(1), Retract(2)], prev=first.id)
    feeds = table()
    offer(feeds, first)
    offered = feeds.offer(retraction, now=NOW)
    assert offered.voided == ((FEED, 1),)
    replica = feeds.replica(FEED)
    assert replica is not None
    assert replica.claims == 4  # its own three, and one for what is left of the voided one
    assert feeds.voided(FEED) == (1,)


def test_void_marks_are_bounded_whatever_an_author_says():
    feeds = table()
    prev, seq = NO_BUNDLE, 100_000
    for batch in range(4):
        marks = [Retract(batch * 300 + n + 1) for n in range(limits.CLAIMS_MAX)]
        bundle = bundle_of(FEED, 1, seq, [*marks], prev=prev)
        assert offer(feeds, bundle) == [Outcome.ACCEPTED]
        assert len(feeds.voided(FEED)) <= limits.VOID_MARKS_MAX
        prev, seq = bundle.id, seq + 1
    replica = feeds.replica(FEED)
    assert replica is not None
    assert replica.floor == 2 * 300 + limits.CLAIMS_MAX + 1  # what the forgotten marks voided
    assert feeds.voided(FEED) == tuple(range(901, 901 + limits.CLAIMS_MAX))


def test_a_floor_cuts_and_nothing_below_comes_back():
    bundles = chain(5)
    floor = bundle_of(FEED, 1, 6, [play(1)], prev=bundles[-1].id, floor=4)
    feeds = table()
    offer(feeds, *bundles)
    offered = feeds.offer(floor, now=NOW)
    assert offered.raised == ((FEED, 4),)
    assert feeds.held(FEED) == [4, 5, 6]
    assert offer(feeds, *bundles[:3]) == [Outcome.BELOW] * 3
    assert feeds.missing(FEED, 1, 6) == []


def test_a_quota_cuts_from_below_and_growing_opens_again():
    bundles = chain(10)
    feeds = table(quota=dict.fromkeys(Lane, 6))
    offer(feeds, *bundles)
    assert feeds.held(FEED) == [8, 9, 10]
    assert offer(feeds, bundles[6]) == [Outcome.BELOW]
    assert feeds.missing(FEED, 1, 12) == [(11, 12)]
    assert feeds.set_quota(FEED, 10) == ()
    # what stood below is found through the bundle at lo, which is asked for once more
    assert feeds.missing(FEED, 1, 10) == [(1, 8)]
    assert offer(feeds, bundles[6], bundles[7]) == [Outcome.PARKED, Outcome.HELD]
    assert feeds.missing(FEED, 1, 10) == [(1, 7)]
    assert offer(feeds, bundles[6], bundles[5], bundles[4]) == [
        Outcome.ACCEPTED, Outcome.ACCEPTED, Outcome.BELOW,
    ]  # fmt: skip
    assert feeds.set_quota(FEED, 4) == ((FEED, 9),)


def test_far_future_is_refused_and_may_come_again():
    ahead = NOW + limits.FUTURE_SECONDS_MAX
    fits = bundle_of(FEED, 1, 1, [play(1)], time=ahead)
    beyond = bundle_of(FEED, 1, 2, [play(2)], prev=fits.id, time=ahead + 1)
    feeds = table()
    assert offer(feeds, fits, beyond) == [Outcome.ACCEPTED, Outcome.FUTURE]
    assert feeds.held(FEED) == [1]
    assert feeds.missing(FEED, 1, 2) == [(2, 2)]
    assert offer(feeds, beyond, now=NOW + 1) == [Outcome.ACCEPTED]


def test_the_ninth_device_is_refused():
    feeds = table()
    firsts = [chain(1, device=device)[0] for device in range(1, limits.DEVICES_MAX + 2)]
    outcomes = offer(feeds, *firsts)
    assert outcomes == [Outcome.ACCEPTED] * limits.DEVICES_MAX + [Outcome.REFUSED]
    other_lane = feed_of(lane=Lane.CLICKS)
    assert offer(feeds, bundle_of(other_lane, 1, 1, [])) == [Outcome.ACCEPTED]
    assert len(feeds) == limits.DEVICES_MAX + 1


def test_the_table_is_bounded():
    feeds = table(replicas_max=3)
    outcomes = offer(feeds, *(chain(1, author=author)[0] for author in range(1, 6)))
    assert outcomes == [Outcome.ACCEPTED] * 3 + [Outcome.REFUSED] * 2
    feeds.drop_author(feed_of(1).author, now=NOW)
    assert offer(feeds, chain(1, author=5)[0]) == [Outcome.ACCEPTED]


def test_forks_are_pointed_at():
    bundles = chain(4)
    feeds = table()
    offer(feeds, *bundles)
    same_seq = bundle_of(FEED, 1, 3, [play(9)], prev=bundles[1].id)
    offered = feeds.offer(same_seq, now=NOW)
    assert (offered.outcome, offered.conflict) == (Outcome.HELD, (3, 3))
    gap = table()
    first, last = bundles[0], bundle_of(FEED, 1, 5, [], prev=bundles[0].id)
    offer(gap, first, last)
    offered = gap.offer(bundles[1], now=NOW)
    assert (offered.outcome, offered.conflict) == (Outcome.FORKED, (1, 5))
    assert offered.accepted == ()


def test_nothing_of_an_equivocator_is_taken():
    bundles = chain(3)
    feeds = table()
    offer(feeds, bundles[0], bundles[2])
    feeds.disown(FEED.author)
    assert feeds.disowned(FEED.author)
    assert offer(feeds, bundles[1], chain(1, device=5)[0]) == [Outcome.DISOWNED] * 2
    assert feeds.parked(FEED) == 0
    assert feeds.missing(FEED, 1, 9) == []
    assert offer(feeds, chain(1, author=2)[0]) == [Outcome.ACCEPTED]


def test_a_dropped_author_comes_back_only_above_its_marks():
    bundles = chain(8)
    feeds = table(dropped_for_s=100.0)
    offer(feeds, *bundles[:5])
    feeds.drop_author(FEED.author, now=NOW)
    assert feeds.replica(FEED) is None
    assert not feeds.may_ask(FEED.author, now=NOW + 99)
    assert feeds.may_ask(FEED.author, now=NOW + 100)
    assert feeds.missing(FEED, 1, 8) == [(6, 8)]
    assert feeds.missing(FEED, 1, 5) == []
    assert offer(feeds, *bundles[:5]) == [Outcome.BELOW] * 5
    # not from below either, once something newer is held
    assert offer(feeds, bundles[6], bundles[5], bundles[4], bundles[3]) == [
        Outcome.ACCEPTED, Outcome.ACCEPTED, Outcome.BELOW, Outcome.BELOW,
    ]  # fmt: skip
    assert feeds.missing(FEED, 1, 7) == []


def test_who_is_followed_again_comes_back_whole_but_for_her_floors():
    bundles = chain(4)
    floor = bundle_of(FEED, 1, 5, [play(1)], prev=bundles[-1].id, floor=3)
    feeds = table()
    offer(feeds, *bundles, floor)
    feeds.drop_author(FEED.author, now=NOW)
    assert feeds.missing(FEED, 1, 5) == []
    feeds.welcome_back(FEED.author)
    assert feeds.may_ask(FEED.author, now=NOW)
    assert feeds.missing(FEED, 1, 5) == [(3, 5)]
    assert offer(feeds, floor, *reversed(bundles)) == [
        Outcome.ACCEPTED, Outcome.ACCEPTED, Outcome.ACCEPTED, Outcome.BELOW, Outcome.BELOW,
    ]  # fmt: skip


def test_marks_of_dropped_authors_survive_a_restart():
    bundles = chain(5)
    feeds = table(dropped_for_s=100.0, dropped_marks_max=2)
    others = [DroppedMark(feed_of(author), 1, 0, NOW - 500) for author in (2, 3)]
    feeds.restore_dropped([*others, DroppedMark(FEED, 4, 2, NOW)])
    assert offer(feeds, bundles[3], bundles[4]) == [Outcome.BELOW, Outcome.ACCEPTED]
    asked = [feeds.may_ask(feed_of(author).author, now=NOW + 99) for author in (1, 3)]
    assert asked == [False, True]
    assert offer(feeds, chain(1, author=2)[0]) == [Outcome.ACCEPTED]  # the oldest mark has gone


def test_marks_of_dropped_authors_are_bounded():
    feeds = table(dropped_marks_max=2)
    for author in (1, 2, 3):
        offer(feeds, chain(1, author=author)[0])
        feeds.drop_author(feed_of(author).author, now=NOW)
    feeds.drop_author(feed_of(9).author, now=NOW)  # never heard of: leaves no mark
    answers = [feeds.may_ask(feed_of(author).author, now=NOW) for author in (1, 2, 3, 9)]
    assert answers == [True, False, False, True]
    assert offer(feeds, chain(1)[0], chain(1, author=2)[0]) == [Outcome.ACCEPTED, Outcome.BELOW]


def test_missing_asks_for_new_bundles_first():
    bundles = chain(9)
    feeds = table()
    assert feeds.missing(FEED, 2, 7) == [(2, 7)]
    offer(feeds, bundles[4], bundles[3])
    assert feeds.missing(FEED, 1, 9) == [(6, 9), (1, 3)]
    assert feeds.missing(FEED, 4, 5) == []
    assert feeds.missing(FEED, 3, 4) == [(3, 3)]


@pytest.mark.parametrize("seed", range(4))
def test_what_is_stored_is_what_is_restored(seed: int):
    bundles = wild_chain(seed, 30)
    feeds = table()
    offer(feeds, *bundles[:20])
    replica = feeds.replica(FEED)
    assert replica is not None
    counts = {b.seq: len(b.claims()) for b in bundles}
    voided = feeds.voided(FEED)
    held = tuple((s, 0 if s in voided else counts[s]) for s in feeds.held(FEED))
    record = FeedRecord(
        FEED, held, replica.head, replica.prev_lo, replica.floor, voided, replica.closed
    )
    again = table()
    again.restore([record, FeedRecord(feed_of(7), (), NO_BUNDLE, NO_BUNDLE, 0, ())])
    assert again.head(feed_of(7)) is None
    for each in (feeds, again):
        offer(each, *bundles)
    assert state(again)[:4] == state(feeds)[:4]
    assert [head.feed for head in again.heads()] == [FEED]


@pytest.mark.parametrize("seed", range(4))
def test_a_table_goes_on_from_its_dump(seed: int):
    bundles, other = wild_chain(seed, 30), chain(3, author=7)
    feeds = table()
    offer(feeds, *bundles[:20], *other)
    again = table()
    again.load(*feeds.dump())
    assert list(again.authors()) == list(feeds.authors()) == [FEED.author, other[0].feed.author]
    for each in (feeds, again):
        offer(each, *bundles)
    assert state(again)[:4] == state(feeds)[:4]
    again.forget(FEED.author)
    assert (len(again), again.voided(FEED), again.replica(FEED)) == (1, (), None)
    offer(again, *bundles)
    assert again.head(FEED) == feeds.head(FEED)


def test_memory_stays_below_its_budget():
    feeds = table()
    for author in range(1, 201):
        offer(feeds, chain(1, author=author)[0])
    assert feeds.nbytes / len(feeds) <= 300


def test_empty_bundles_use_the_quota_up_too():
    feeds = table()
    made, prev = [], NO_BUNDLE
    for seq in range(1, 11):
        made.append(bundle_of(FEED, 1, seq, [], prev=prev))
        prev = made[-1].id
    offer(feeds, made[0])
    feeds.set_quota(FEED, 4)
    offer(feeds, *made[1:])
    assert feeds.held(FEED) == [7, 8, 9, 10]


def test_parked_bundles_are_bounded_over_all_feeds():
    seven = Parking(10**6)
    for bundle in chain(9)[2:]:
        seven.add(bundle, hi=1)
    feeds = table(parked_bytes_max=seven.nbytes * 5 // 2)
    for author in (1, 2, 3):
        bundles = chain(9, author=author)
        offer(feeds, bundles[0], *bundles[2:])
    assert [feeds.parked(feed_of(author)) for author in (1, 2, 3)] == [0, 7, 7]
    assert offer(feeds, chain(9)[1]) == [Outcome.ACCEPTED]
    assert feeds.held(FEED) == [1, 2]  # what was forgotten is asked for again


def test_known_equivocators_are_bounded():
    feeds = table(disowned_max=2)
    authors = [feed_of(number).author for number in (1, 2, 3)]
    for author in authors:
        feeds.disown(author)
    assert [feeds.disowned(author) for author in authors] == [False, True, True]


def test_a_bundle_that_is_the_head_is_no_fork():
    feeds = table()
    bundles = chain(3)
    offer(feeds, *bundles)
    again = feeds.offer(bundles[2], now=NOW)
    assert (again.outcome, again.conflict) == (Outcome.HELD, None)


def test_a_fork_between_held_bundles_is_looked_for_from_the_next_one_down():
    feeds = table()
    bundles = [bundle_of(FEED, 1, 10, [])]
    for seq in (20, 30, 40):
        bundles.append(bundle_of(FEED, 1, seq, [], prev=bundles[-1].id))
    offer(feeds, *bundles)
    fork = bundle_of(FEED, 1, 25, [], prev=bundles[1].id)
    offered = feeds.offer(fork, now=NOW)
    assert (offered.outcome, offered.conflict) == (Outcome.FORKED, (10, 30))
