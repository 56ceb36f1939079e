"""What one link costs in memory when its partner fills every table."""

import tracemalloc
from random import Random

import pytest

from protocol import messages as m
from protocol.config import GossipConfig, LinkConfig
from protocol.events import LinkUp
from protocol.ids import AuthorKey, DeviceId, FeedId, Lane
from protocol.messages import HANDLES_MAX
from protocol.peerlink import LINK_BYTES_MAX, PeerLink, open_link
from protocol.session import Session
from tests.protocol.gossip_caps import assert_caps
from tests.protocol.gossip_world import NETWORK, QUIET, START, signer_of
from tests.protocol.puppet import Puppet, scene


def new_link(config: GossipConfig = QUIET) -> PeerLink:
    session = Session(NETWORK, "me", "them", Random(1))
    return open_link(LinkUp(7, "them", True, "/ip4/8.8.8.8/tcp/1"), session, config, now=START)


def test_a_link_is_open_when_both_have_said_hello():
    link = new_link()
    assert not link.open
    link.session.accept(m.Hello(1, NETWORK, bytes(32)))
    assert link.open
    assert (link.link, link.peer_id, link.outbound) == (7, "them", True)


@pytest.mark.parametrize(
    ("ours", "theirs", "cap"),
    [
        ("pushes_out", "pushes_in", "pushes_burst"),
        ("frames_out", "frames_in", "frames_burst"),
        ("evidence_out", "evidence_in", "evidence_burst"),
    ],
)
def test_we_allow_ourselves_half_of_what_we_allow_partners(ours: str, theirs: str, cap: str):
    link, burst = new_link(), getattr(LinkConfig(), cap)
    for name, size in ((theirs, burst), (ours, burst / 2)):
        bucket = getattr(link, name)
        assert bucket.level(START) == size
        bucket.take(burst, now=START)
        assert bucket.level(START + 1) == getattr(LinkConfig(), cap.replace("burst", "per_s")) * (
            size / burst
        )


def feeds(count: int, number: int) -> list[FeedId]:
    author = AuthorKey(signer_of(number).public_key)
    return [FeedId(author, DeviceId(n.to_bytes(8, "big")), Lane.TASTE) for n in range(count)]


def test_a_partner_that_fills_every_table_costs_what_is_said():
    world, node, puppet = scene(follow=1)
    Puppet(world, node, "other").say(m.Peers([], True))  # what is made once is not counted
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in (1, 2):  # of a followed author, then of a stranger
            known = feeds(HANDLES_MAX, number)
            for at in range(0, HANDLES_MAX, m.NAMED_PER_FRAME_MAX // 2):
                handles = range(at, at + m.NAMED_PER_FRAME_MAX // 2)
                named = [m.Named(h, known[h].author, known[h].device, 2) for h in handles]
                puppet.say(m.Heads(named, [m.Head(h, 1, 9, bytes(8)) for h in handles], False))
        link = node.gossip._context.links[puppet.link]
        for feed in feeds(HANDLES_MAX, 3):
            link.book.name(feed)
        for feed in feeds(LinkConfig().outbox_max, 4):
            link.outbox[feed] = bytes(250)
        node.log.clear()
        cost = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert puppet.charged == []
    assert_caps(node.gossip)
    assert dict(node.gossip._context.fetcher.offered())[puppet.link] == QUIET.fetch.offers_max
    assert LINK_BYTES_MAX / 2 < cost < LINK_BYTES_MAX
