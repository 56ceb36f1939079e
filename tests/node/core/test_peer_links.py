"""Who keeps a link when there are more than a node wants: the useful and those it has chosen."""

from dataclasses import replace
from random import Random

from protocol import events as gossip
from protocol import messages as m
from protocol.heads import tag_of
from protocol.session import Session
from tests.node.core.peer_world import CONFIG, NETWORK, Node, World
from tests.node.core.scribe import Scribe, rates

KEPT = 16


def crowded(kept: int = KEPT) -> tuple[World, Node]:
    world = World()
    return world, world.node("ada", replace(CONFIG, links_kept=kept))


def closed(effects: list) -> list[tuple[int, str]]:
    return [(e.link, e.reason) for e in effects if isinstance(e, gossip.Disconnect)]


def linked(node: Node, number: int, *, outbound: bool = False, greets: bool = True) -> list:
    """A peer of its own is linked; what its link and its Hello have led to."""
    peer_id = f"peer-{number}"
    address = f"/ip4/10.9.{number // 250}.{number % 250}/tcp/1/p2p/{peer_id}"
    effects = node.handle(gossip.LinkUp(number, peer_id, outbound, address))
    if greets:
        hello = Session(NETWORK, peer_id, node.peer_id, Random(number)).hello()
        effects += node.handle(gossip.FrameReceived(number, m.encode_frame(hello)))
    return effects


def proves_useful(node: Node, number: int, scribes: list[Scribe]) -> None:
    """The peer offers what the node follows."""
    named, heads = [], []
    for at, scribe in enumerate(scribes):
        bundle = scribe.says(rates(f"t:{number}"))
        named.append(m.Named(at, scribe.author, bundle.feed.device, int(bundle.feed.lane)))
        heads.append(m.Head(at, 1, bundle.seq, tag_of(bundle.id)))
    told = m.encode_frame(m.Heads(named, heads, False))
    assert closed(node.handle(gossip.FrameReceived(number, told))) == []


def follows(world: World, node: Node, count: int) -> list[Scribe]:
    scribes = [Scribe(n) for n in range(count)]
    for scribe in scribes:
        node.ask("trust", peer=scribe.author.hex())
    world.run(6)
    return scribes


def test_no_link_is_closed_before_there_are_too_many():
    _, node = crowded()
    for number in range(1, KEPT + 1):
        assert closed(linked(node, number)) == []
    node.handle(gossip.LinkDown(3))
    assert closed(linked(node, KEPT + 1)) == []
    assert len(closed(linked(node, KEPT + 2))) == 1


def test_a_flood_of_useless_links_keeps_nobody_out_and_displaces_no_useful_or_chosen_one():
    for greets in (True, False):
        world, node = crowded()
        scribes = follows(world, node, 3)
        chosen, useful = range(1, 5), range(5, 11)
        for number in range(1, KEPT + 1):
            assert closed(linked(node, number, outbound=number in chosen)) == []
        for number in useful:
            proves_useful(node, number, scribes)
        for number in range(101, 151):
            made = closed(linked(node, number, greets=greets))
            assert [reason for _, reason in made] == ["making room"]
            assert {*chosen, *useful, number} <= set(node.state.links)
            assert len(node.state.links) == KEPT
        assert closed(linked(node, 200)) != [], "a newcomer has taken a place"
        proves_useful(node, 200, scribes)
        for number in range(201, 251):
            linked(node, number, greets=greets)
        assert {*chosen, *useful, 200} <= set(node.state.links)


def test_a_link_closed_to_make_room_is_gone_everywhere():
    _, node = crowded(4)
    for number in range(1, 6):
        made = closed(linked(node, number))
    [(gone, _)] = made
    open_links = {1, 2, 3, 4, 5} - {gone}
    assert set(node.state.links) == set(node.state.gossip._context.links) == open_links
    assert set(node.state.addresses._links) == open_links
    assert node.handle(gossip.LinkDown(gone)) == []
    assert len(node.ask("peers")["links"]) == 4


def test_an_outbound_link_makes_room_for_nobody():
    world, node = crowded(2)
    scribes = follows(world, node, 2)
    linked(node, 1)
    proves_useful(node, 1, scribes)
    linked(node, 2, outbound=True)
    assert closed(linked(node, 3)) == [(3, "making room")], "rather turn the newcomer away"
    assert closed(linked(node, 4, outbound=True)) == []
    assert set(node.state.links) == {1, 2, 4}
