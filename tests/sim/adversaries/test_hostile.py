"""Around a peer that does nothing hostile, nothing changes; what it does is paced."""

from random import Random

from protocol import events as gossip
from sim.adversaries.hostile import Role, Wrapped
from sim.scenario.schema import Speaking
from tests.node.core.peer_world import like_all
from tests.sim.adversaries.arena import Arena, Scene, scene


def trace(wrapped: bool) -> list[tuple[str, str]]:
    """Everything that two peers order while they talk."""
    world = Arena()
    ada, bob = world.node("ada"), world.node("bob")
    if wrapped:
        stage = scene(Speaking(how="promote"), friends=2, link=False).stage
        bob.peer = Wrapped(Role(bob.peer, Random(1), stage))
    world.befriend(ada, bob)
    like_all(ada, ["t:1", "t:2"])
    like_all(bob, ["t:3"])
    world.run(12)
    assert "t:1" in bob.edges(ada.author)
    return [(n.name, repr(e)) for n in (ada, bob) for e in n.log
            if isinstance(e, gossip.Send | gossip.Disconnect)]  # fmt: skip


def test_by_itself_it_changes_nothing():
    assert trace(wrapped=True) == trace(wrapped=False)


class Counting(Wrapped):
    spoken = acted = begun = 0

    def begin(self, now):
        self.begun += 1
        return []

    def speak(self, now):
        self.spoken += 1
        return []

    def act(self, link, now):
        self.acted += 1
        return []


def counting(rate: float, from_s: float) -> tuple[Scene, Counting]:
    made = scene(Speaking(how="promote"), friends=2, link=False)
    inside = made.mallory.inside
    peer = Counting(Role(inside, Random(1), made.stage, from_s=from_s, rate_per_s=rate))
    made.mallory.peer = peer
    for friend in made.friends:
        made.world.link(made.mallory, friend)
    return made, peer


def test_it_acts_at_its_rate_on_every_link_from_its_time_on():
    made, peer = counting(3.0, 5.0)
    made.world.run(4)
    assert (peer.begun, peer.spoken, peer.acted) == (0, 0, 0)
    made.world.run(11)
    assert peer.begun == 1
    assert 29 <= peer.spoken <= 31
    assert peer.acted == 2 * peer.spoken
    made.world.unlink(made.mallory, made.ada)
    before = peer.acted
    made.world.run(2)  # before anybody dials again
    assert peer.acted - before in range(5, 8), "one link is left"


def test_a_rate_beyond_reason_is_cut():
    made, peer = counting(10.0**9, 0.0)
    made.world.run(0.5)
    assert peer.spoken <= 2 * 1_024


def told(seed_of: str) -> list[bytes]:
    made = scene(Speaking(how=seed_of, rate_per_s=2), friends=2)
    made.world.run(6)
    return [frame for _, frame in made.ada.frames]


def test_the_same_seed_says_the_same():
    for how in ("garbage", "replay", "flood"):
        assert told(how) == told(how)


def test_own_feeds_are_served_without_a_store():
    made = scene(Speaking(how="promote"), friends=2, fooled=(0,))
    made.world.run(10)
    assert made.ada.stored(made.identity())
    assert made.identity() not in {feed.author for feed in made.mallory.store.feeds}


def test_forgetting_a_link_is_safe_at_any_time():
    made, peer = counting(1.0, 0.0)
    for link in list(peer.links):
        peer.handle(gossip.LinkDown(link), now=made.world.now)
        peer.handle(gossip.LinkDown(link), now=made.world.now)
    assert peer.links == {}
