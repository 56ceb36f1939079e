"""The digest sees every event, its time, its peer and its bytes."""

import pytest

from node.core import events as ev
from protocol import events as gossip
from sim.virtual.trace import Trace

EVENTS = [
    gossip.Tick(),
    gossip.FrameReceived(1, b"x"),
    gossip.FrameReceived(1, b"y"),
    gossip.FrameReceived(2, b"x"),
    gossip.LinkUp(1, "a", True, ""),
    gossip.LinkUp(1, "b", True, ""),
    gossip.LinkDown(1),
    gossip.BundlesRead(1, ()),
    gossip.BundlesRead(1, (b"w",)),
    ev.Asked(1, "like", {"item": "a:b"}, ev.OWNER),
    ev.Asked(1, "like", {"item": "a:c"}, ev.OWNER),
    ev.Committed(1),
    ev.Computed(1, object()),
    ev.InfoFound(1, ()),
    ev.DialEnded("x"),
    ev.NetworkLost(),
]


def digest(*noted):
    trace = Trace()
    for now, host, event in noted:
        trace.note(now, host, event)
    assert trace.events == len(noted)
    return trace.hexdigest()


def test_each_event_gives_another_digest_and_the_same_one_the_same():
    found = [digest((1.0, 1, event)) for event in EVENTS]
    assert len(set(found)) == len(EVENTS)
    assert found == [digest((1.0, 1, event)) for event in EVENTS]


@pytest.mark.parametrize("event", EVENTS[:2])
def test_time_peer_and_order_count(event):
    one, other = (1.0, 1, event), (2.0, 2, gossip.LinkDown(7))
    assert digest((1.0, 1, event)) != digest((1.5, 1, event))
    assert digest((1.0, 1, event)) != digest((1.0, 2, event))
    assert digest(one, other) != digest(other, one)


def test_answers_count():
    one, other = Trace(), Trace()
    one.say(1.0, 1, "this")
    other.say(1.0, 1, "that")
    assert one.hexdigest() != other.hexdigest()
