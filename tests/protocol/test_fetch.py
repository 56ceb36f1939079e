"""Wants under budgets: who is asked for what, when, and what becomes of those who do not answer."""

from random import Random

import pytest

from protocol.fetch import (
    BYTES_PER_SEQ,
    WANT_BYTES_MIN,
    FetchConfig,
    Fetcher,
    Purpose,
    Span,
)
from protocol.ids import AuthorKey, DeviceId, FeedId, Lane
from protocol.limits import BUNDLE_BYTES_MAX
from protocol.messages import WANTS_PER_FRAME_MAX, Want

NOW = 1_000.0
BIG = (1, 10_000)


def feed(number: int) -> FeedId:
    return FeedId(AuthorKey(number.to_bytes(32, "big")), DeviceId(bytes(8)), Lane.TASTE)


def rank(each: FeedId) -> tuple[int, float, int]:
    return (0, float(int.from_bytes(each.author, "big")), 0)


def upwards(_: FeedId, lo: int, hi: int) -> list[Span]:
    return [Span(lo, hi, False)]


def both_ways(_: FeedId, lo: int, hi: int) -> list[Span]:
    """The upper half is new, the lower one back-fill."""
    middle = (lo + hi) // 2
    return [Span(middle + 1, hi, False), Span(lo, middle, True)]


def nothing(_: FeedId, lo: int, hi: int) -> list[Span]:
    return []


def fetcher(links: int = 1, **config) -> Fetcher:
    made = Fetcher(FetchConfig(**config))
    for link in range(links):
        made.add_link(link, now=NOW)
    return made


def names(wants: list[Want]) -> list[int]:
    return [int.from_bytes(want.author, "big") for want in wants]


def finish(f: Fetcher, link: int, want: Want, *, size: int = 0, progressed: bool = True) -> None:
    open_want = f.find(link, want.want)
    assert open_want is not None
    if size:
        assert f.arrived(link, open_want, size, now=NOW)
    open_want.progressed = progressed
    f.done(link, open_want, rank)


def test_the_best_feeds_are_asked_for_first():
    f = fetcher()
    for number in (3, 1, 2):
        f.offer(0, feed(number), (1, 1), rank(feed(number)))
    assert names(f.ask(0, upwards, now=NOW)) == [1, 2, 3]
    assert f.ask(0, upwards, now=NOW) == []


def test_want_numbers_count_and_begin_anew():
    f = fetcher()
    f._links[0].next_want = 2**32 - 1
    for number in (1, 2):
        f.offer(0, feed(number), (1, 1), rank(feed(number)))
    assert [want.want for want in f.ask(0, upwards, now=NOW)] == [2**32 - 1, 0]


def test_one_want_is_bounded_by_its_span_its_quota_and_its_cap():
    f = fetcher(want_bytes_max=100_000)
    spans = {1: Span(1, 3, False), 2: Span(1, 3, False, 5_000), 3: Span(1, 10**6, False)}
    for number in spans:
        f.offer(0, feed(number), BIG, rank(feed(number)))
    wants = f.ask(0, lambda each, lo, hi: [spans[int.from_bytes(each.author, "big")]], now=NOW)
    assert [want.bytes_max for want in wants] == [3 * BYTES_PER_SEQ, 5_000, 100_000]


@pytest.mark.parametrize(
    "budget",
    [
        {"link_in_flight_bytes_max": 20_000},
        {"in_flight_bytes_max": 20_000, "link_reserve_bytes": 0},
        {"round_bytes_max": 20_000},
        {"link_wants_max": 5},
    ],
)
def test_each_budget_holds_and_comes_back(budget: dict):
    f = fetcher(want_bytes_max=4_096, **budget)
    for number in range(20):
        f.offer(0, feed(number), (1, 1), rank(feed(number)))
    wants = f.ask(0, upwards, now=NOW)
    assert 1 <= len(wants) <= 5
    assert f.ask(0, upwards, now=NOW) == []
    for want in wants:
        finish(f, 0, want, size=100, progressed=False)
    f.next_round()
    assert f.in_flight_bytes == 0
    assert len(f.ask(0, upwards, now=NOW)) == len(wants)


def test_the_budget_of_a_round_counts_what_has_come():
    f = fetcher(round_bytes_max=10_000, want_bytes_max=4_096)
    f.offer(0, feed(1), (1, 1), rank(feed(1)))
    (want,) = f.ask(0, upwards, now=NOW)
    finish(f, 0, want, size=4_000, progressed=False)
    for number in (2, 3):
        f.offer(0, feed(number), (1, 1), rank(feed(number)))
    assert names(f.ask(0, upwards, now=NOW)) == [2]
    f.next_round()
    assert names(f.ask(0, upwards, now=NOW)) == [3]


def test_a_frame_of_wants_is_not_exceeded():
    f = fetcher(link_wants_max=200, link_in_flight_bytes_max=2**30, in_flight_bytes_max=2**32)
    for number in range(150):
        f.offer(0, feed(number), (1, 1), rank(feed(number)))
    asked = [len(f.ask(0, upwards, now=NOW)) for _ in range(4)]
    assert asked == [WANTS_PER_FRAME_MAX, WANTS_PER_FRAME_MAX, 150 - 2 * WANTS_PER_FRAME_MAX, 0]


def test_those_who_do_not_answer_leave_something_to_the_others():
    links = 40
    f = fetcher(links)
    for link in range(links):
        for number in range(64):
            f.offer(link, feed(1_000 * link + number), BIG, rank(feed(number)))
        assert f.ask(link, upwards, now=NOW), f"nothing left for link {link}"
    config = FetchConfig()
    assert f.in_flight_bytes > config.in_flight_bytes_max
    assert f.in_flight_bytes <= config.in_flight_bytes_max + links * config.link_reserve_bytes


def test_a_feed_is_fetched_from_one_link_at_a_time_in_each_direction():
    f = fetcher(3)
    for link in range(3):
        f.offer(link, feed(1), (1, 10), rank(feed(1)))
    first = f.ask(0, both_ways, now=NOW)
    assert [want.newest_first for want in first] == [False, True]
    assert f.ask(1, both_ways, now=NOW) == f.ask(2, both_ways, now=NOW) == []
    finish(f, 0, first[1], progressed=False)
    assert [want.newest_first for want in f.ask(1, both_ways, now=NOW)] == [True]
    assert f.ask(2, both_ways, now=NOW) == []


def test_a_link_that_goes_leaves_its_feeds_to_others():
    f = fetcher(2)
    for link in range(2):
        f.offer(link, feed(1), (1, 10), rank(feed(1)))
    f.ask(0, upwards, now=NOW)
    assert f.ask(1, upwards, now=NOW) == []
    f.drop_link(0, rank)
    assert f.in_flight_bytes == 0
    assert names(f.ask(1, upwards, now=NOW)) == [1]
    f.drop_link(0, rank)  # a second time changes nothing


def test_an_offer_that_brought_nothing_is_dropped_and_one_that_did_goes_on():
    f = fetcher()
    for number in (1, 2):
        f.offer(0, feed(number), BIG, rank(feed(number)))
    for want, progressed in zip(f.ask(0, upwards, now=NOW), (False, True), strict=True):
        finish(f, 0, want, progressed=progressed)
    assert names(f.ask(0, upwards, now=NOW)) == [2]


def test_nothing_is_asked_for_that_is_not_missing_any_more():
    f = fetcher()
    f.offer(0, feed(1), BIG, rank(feed(1)))
    f.offer_urgent(0, feed(2), BIG, rank)
    assert f.ask(0, nothing, now=NOW) == []
    assert dict(f.offered()) == {0: 0}


def test_offers_of_one_feed_become_one():
    f = fetcher()
    f.offer(0, feed(1), (5, 6), rank(feed(1)))
    f.offer(0, feed(1), (1, 9), rank(feed(1)))
    (want,) = f.ask(0, upwards, now=NOW)
    assert (want.lo, want.hi) == (1, 9)


def test_offers_are_bounded_and_those_lost_are_asked_for_once_more():
    f = fetcher(offers_max=4)
    for number in range(6):
        f.offer(0, feed(number), (1, 1), rank(feed(number)))
    assert dict(f.offered()) == {0: 4}
    assert not f.offers_lost(0)  # there is no room yet
    for want in f.ask(0, upwards, now=NOW)[:3]:
        finish(f, 0, want, progressed=False)
    assert f.offers_lost(0)
    assert not f.offers_lost(0)


def test_a_forgotten_feed_is_not_asked_for():
    f = fetcher()
    f.offer(0, feed(1), BIG, rank(feed(1)))
    f.offer_urgent(0, feed(2), BIG, rank)
    f.forget(feed(1))
    f.forget(feed(2))
    assert f.ask(0, upwards, now=NOW) == []


# --- pushes --------------------------------------------------------------------------------------


def test_what_was_pushed_overtakes_a_full_link():
    f = fetcher()
    for number in range(10):
        f.offer(0, feed(number), BIG, rank(feed(number)))
    bulk = f.ask(0, upwards, now=NOW)
    assert sum(want.bytes_max for want in bulk) == FetchConfig().link_in_flight_bytes_max
    f.offer_urgent(0, feed(99), (1, 1), rank)
    assert names(f.ask(0, upwards, now=NOW)) == [99]


def test_the_urgent_reserve_is_bounded():
    config = FetchConfig()
    f = fetcher()
    asked = []
    for number in range(400):
        f.offer_urgent(0, feed(number), (1, 1), rank)
        asked += f.ask(0, upwards, now=NOW)
    assert len(asked) == config.link_wants_max + config.urgent_wants_max
    limit = config.link_in_flight_bytes_max + config.urgent_bytes_max
    assert f.in_flight_bytes <= limit
    f = fetcher(link_wants_max=10**6)
    for number in range(40):
        f.offer_urgent(0, feed(number), BIG, rank)
        f.ask(0, upwards, now=NOW)
    assert f.in_flight_bytes <= limit
    assert f.in_flight_bytes > limit - WANT_BYTES_MIN


def test_what_is_no_longer_urgent_is_still_asked_for():
    f = fetcher(link_wants_max=2)
    for number in (1, 2, 3):
        f.offer_urgent(0, feed(number), (1, 1), rank)
    wants = f.ask(0, upwards, now=NOW)
    for want in wants:
        finish(f, 0, want, progressed=False)
    assert sorted(names(wants + f.ask(0, upwards, now=NOW))) == [1, 2, 3]


def test_a_push_is_taken_over_from_a_link_that_brings_nothing():
    f = fetcher(2)
    f.offer(0, feed(1), (1, 1), rank(feed(1)))
    (slow,) = f.ask(0, upwards, now=NOW)
    f.offer_urgent(1, feed(1), (1, 1), rank)
    soon = NOW + FetchConfig().takeover_s
    assert f.ask(1, upwards, now=soon - 0.01) == []
    assert names(f.ask(1, upwards, now=soon)) == [1]
    # the first answer is still welcome, and its end leaves the second one alone
    finish(f, 0, slow, size=10)
    assert f.find(1, 0) is not None
    assert f.ask(0, upwards, now=soon) == []


# --- answers -------------------------------------------------------------------------------------


def test_an_answer_may_have_one_bundle_more_than_was_asked_for_and_no_two():
    f = fetcher()
    f.offer(0, feed(1), (1, 1), rank(feed(1)))
    (want,) = f.ask(0, upwards, now=NOW)
    open_want = f.find(0, want.want)
    assert open_want is not None
    assert f.arrived(0, open_want, want.bytes_max - 1, now=NOW)
    assert f.arrived(0, open_want, BUNDLE_BYTES_MAX, now=NOW)
    assert f.arrived(0, open_want, 1, now=NOW)
    assert not f.arrived(0, open_want, 1, now=NOW)
    assert f.in_flight_bytes == 0


def test_numbers_that_were_used_are_known():
    f = fetcher()
    f.offer(0, feed(1), (1, 1), rank(feed(1)))
    assert not f.issued(0, 0)
    f.ask(0, upwards, now=NOW)
    assert f.issued(0, 0)
    assert not f.issued(0, 1)


def test_stalled_wants_are_cancelled_and_left_to_others():
    f = fetcher(2)
    for link in range(2):
        f.offer(link, feed(1), BIG, rank(feed(1)))
    (want,) = f.ask(0, upwards, now=NOW)
    stalled = NOW + FetchConfig().stalled_s
    assert f.expire(rank, now=stalled - 0.01) == []
    ((link, cancelled),) = f.expire(rank, now=stalled)
    assert (link, cancelled.want) == (0, want.want)
    assert f.find(0, want.want) is None
    assert f.issued(0, want.want)
    assert names(f.ask(1, upwards, now=stalled)) == [1]
    assert f.ask(0, upwards, now=stalled) == []


def test_data_on_the_link_keeps_wants_and_empty_parts_do_not():
    f = fetcher()
    f.offer(0, feed(1), BIG, rank(feed(1)))
    (want,) = f.ask(0, upwards, now=NOW)
    open_want = f.find(0, want.want)
    assert open_want is not None
    f.arrived(0, open_want, 10, now=NOW + 6)
    assert f.expire(rank, now=NOW + 12) == []
    f.arrived(0, open_want, 0, now=NOW + 15)
    assert len(f.expire(rank, now=NOW + 16)) == 1


def test_overdue_wants_are_cancelled_though_data_trickles():
    config = FetchConfig()
    f = fetcher()
    f.offer(0, feed(1), BIG, rank(feed(1)))
    (want,) = f.ask(0, upwards, now=NOW)
    at = NOW
    while (open_want := f.find(0, want.want)) is not None:
        at += config.stalled_s / 2
        f.arrived(0, open_want, 1, now=at)
        f.expire(rank, now=at)
        assert at <= NOW + config.want_s
    assert at == NOW + config.want_s


def test_cancelled_wants_count_until_they_are_answered():
    """The partner has them in its queue still: more of them would be a flood."""
    config = FetchConfig()
    f = fetcher()
    at, asked = NOW, []
    for turn in range(5):
        for number in range(100):
            f.offer(0, feed(100 * turn + number), (1, 1), rank(feed(number)))
        asked += f.ask(0, upwards, now=at)
        at += config.stalled_s
        f.expire(rank, now=at)
    assert len(asked) == config.link_wants_max
    f.late(0, asked[0].want, done=False)
    f.offer(0, feed(1_000), (1, 1), rank(feed(1)))
    assert f.ask(0, upwards, now=at) == []
    f.late(0, asked[0].want, done=True)
    assert len(f.ask(0, upwards, now=at)) == 1


def test_other_purposes_keep_no_feed_busy_and_use_the_budget():
    f = fetcher(2)
    want = f.ask_for(0, feed(1), Span(1, 9, False), Purpose.PROBE, now=NOW)
    assert want is not None
    assert f.wants_in_flight() == 1
    f.offer(1, feed(1), (1, 9), rank(feed(1)))
    assert names(f.ask(1, upwards, now=NOW)) == [1]
    f = fetcher(link_wants_max=1)
    assert f.ask_for(0, feed(1), Span(1, 1, True), Purpose.COVER, now=NOW) is not None
    assert f.ask_for(0, feed(1), Span(1, 1, True), Purpose.COVER, now=NOW) is None


# --- everything at once --------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_sums_hold_and_everything_is_bounded_whatever_happens(seed: int):
    rng = Random(seed)
    config = FetchConfig(
        in_flight_bytes_max=60_000,
        link_in_flight_bytes_max=30_000,
        urgent_bytes_max=8_192,
        want_bytes_max=12_000,
        link_wants_max=6,
        urgent_wants_max=2,
        offers_max=12,
    )
    f, at = Fetcher(config), NOW
    links: list[int] = []
    for step in range(1_500):
        at += rng.random() / 4
        if not links or rng.random() < 0.02:
            links.append(step)
            f.add_link(step, now=at)
        link, each = rng.choice(links), feed(rng.randrange(30))
        lo = rng.randrange(1, 20)
        open_wants = [*f._links[link].wants.values()]
        match rng.randrange(9):
            case 0 | 1:
                f.offer(link, each, (lo, lo + rng.randrange(5)), rank(each))
            case 2 | 3:
                f.offer_urgent(link, each, (lo, lo), rank)
            case 4 | 5:
                f.ask(link, rng.choice((upwards, both_ways, both_ways, nothing)), now=at)
            case 6 if open_wants:
                want = rng.choice(open_wants)
                f.arrived(link, want, rng.randrange(9_000), now=at)
                want.progressed = want.progressed or rng.random() < 0.5
                if rng.random() < 0.7:
                    f.done(link, want, rank)
            case 7:
                f.expire(rank, now=at)
                f.next_round()
            case 8 if rng.random() < 0.1:
                links.remove(link)
                f.drop_link(link, rank)
            case 8:
                f.forget(each)
        check(f, config)


def check(f: Fetcher, config: FetchConfig) -> None:
    wants = {(link, w.want): w for link, s in f._links.items() for w in s.wants.values()}
    assert f.in_flight_bytes == sum(want.credit for want in wants.values())
    for (each, newest_first), holder in f._busy.items():
        assert wants[holder].feed == each
        assert wants[holder].span.newest_first is newest_first
    for state in f._links.values():
        assert state.in_flight == sum(want.credit for want in state.wants.values())
        assert state.in_flight <= config.link_in_flight_bytes_max + config.urgent_bytes_max
        queued = len(state.wants) + len(state.late)
        assert queued <= config.link_wants_max + config.urgent_wants_max
        assert len(state.offers) <= config.offers_max
        assert len(state.urgent) <= config.link_wants_max
        assert len(state.heap) <= 2 * config.offers_max
