"""Steps of a reconciliation on their way into frames."""

from protocol import messages as m
from protocol.steps import Steps
from tests.protocol.gossip_world import quiet_node, stock
from tests.protocol.puppet import Puppet


def sent(count: int, *, bytes_max: int) -> tuple[Steps, list[m.Ranges]]:
    """A list of one head each for so many feeds, and as many fingerprints."""
    world, node = quiet_node()
    feeds = stock(node, count)
    puppet = Puppet(world, node)
    steps = Steps(
        node.gossip._context, node.gossip._context.links[puppet.link], bytes_max=bytes_max
    )
    for number in reversed(range(count)):
        low, high = (n.to_bytes(4, "big") for n in (number, number + 1))
        steps.print(m.RangePrint(low, high, 1, bytes(8)))
        steps.list(low, high, [node.feeds.head(feeds[number])], answer=True)
    steps.flush()
    world._perform(node, node.gossip._drain())
    return steps, puppet.got(m.Ranges)


def test_steps_go_out_in_order_within_the_limits_of_a_frame():
    steps, frames = sent(600, bytes_max=10**6)
    assert not steps.full
    assert len(frames) > 1
    for frame in frames:
        assert len(m.encode_frame(frame)) < 64 * 1024
        for parts in (frame.prints, frame.lists):
            assert [part.lower for part in parts] == sorted(part.lower for part in parts)
    assert sum(len(frame.lists) for frame in frames) == 600
    assert sum(len(frame.named) for frame in frames) == 600


def test_what_finds_no_room_is_left_out_and_said_so():
    steps, frames = sent(100, bytes_max=5_000)
    assert steps.full
    assert steps.total <= 5_000
    assert 10 < sum(len(frame.lists) for frame in frames) < 100
