"""A writer never uses a number twice, whatever happens in between."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import limits
from protocol.author import FeedWriter
from protocol.claims import Interaction, Retract, UnknownClaim
from protocol.errors import LocalProtocolError
from protocol.feedtable import FeedConfig, FeedTable, Outcome
from protocol.ids import NO_BUNDLE, DeviceId, Lane
from tests.protocol.gossip_world import play, signer_of
from tests.protocol.strategies import examples


def writer() -> FeedWriter:
    return FeedWriter(signer_of(1), b"test", DeviceId(bytes(8)), Lane.TASTE)


def test_bundles_form_a_chain():
    made = writer()
    bundles = [made.write([play(n)], time=n) for n in range(5)]
    assert [b.seq for b in bundles] == [1, 2, 3, 4, 5]
    assert [b.header.prev for b in bundles] == [NO_BUNDLE, *(b.id for b in bundles[:-1])]
    assert made.head == (5, bundles[-1].id)


@examples(60)
@given(st.lists(st.sampled_from(["write", "lost", "resume", "too much"]), max_size=30))
def test_no_number_and_no_predecessor_is_used_twice(steps: list[str]):
    made = writer()
    table = FeedTable()
    stored = NO_BUNDLE
    used: list[int] = []
    for step in steps:
        match step:
            case "write":
                bundle = made.write([play(len(used))], time=1)
                used.append(bundle.seq)
                assert table.offer(bundle, now=1.0).outcome is Outcome.ACCEPTED
                stored = bundle.id
            case "lost":  # signed, but not stored: nobody has seen it
                used.append(made.write([play(0)], time=1).seq)
                made.rewind(stored)
            case "resume":  # a restart: what was given out is known from the store at least
                made = writer()
                made.resume(max(used, default=0), stored, 0)
            case _:
                with pytest.raises(LocalProtocolError):
                    made.write([Interaction("no namespace", 0, 1, 1)], time=1)
    assert used == sorted(dict.fromkeys(used))


def test_resume_never_goes_back():
    made = writer()
    made.write([play(1)], time=1)
    made.write([play(2)], time=1)
    with pytest.raises(LocalProtocolError):
        made.resume(1, NO_BUNDLE, 0)


def test_a_bundle_over_a_limit_uses_no_number():
    made = writer()
    for claims in ([play(1)] * (limits.CLAIMS_MAX + 1), [UnknownClaim(9, b"\xc1")]):
        with pytest.raises(LocalProtocolError):
            made.write(claims, time=1)
    assert made.write([play(1)], time=1).seq == 1


def test_the_numbers_end():
    made = writer()
    made.resume(limits.SEQ_MAX, NO_BUNDLE, 0)
    with pytest.raises(LocalProtocolError):
        made.write([play(1)], time=1)


def test_marks_stay_within_what_receivers_keep():
    """However often the author retracts, receivers and writer agree on what is void."""
    made = writer()
    table = FeedTable(FeedConfig())
    live = 0
    for round_ in range(2 * limits.VOID_MARKS_MAX):
        bundle = made.write([play(round_)], time=1)
        made.void(bundle.seq)
        made.void(bundle.seq)  # twice is once
        if made.voids_full:
            live = made.raise_floor()
        retraction = made.write([Retract(bundle.seq)], time=1)
        for each in (bundle, retraction):
            assert table.offer(each, now=1.0).outcome is Outcome.ACCEPTED
        assert len(table.voided(made.feed)) < limits.VOID_MARKS_MAX
    replica = table.replica(made.feed)
    assert replica is not None
    assert replica.floor == live > 0
    assert replica.lo >= live
