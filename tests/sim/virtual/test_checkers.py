"""Canaries: for each rule a peer with a planted bug, which the rule must notice."""

import pytest

from node.core import events as ev
from sim.scenario.schema import Speaking
from sim.virtual.checkers import Safety, Unsafe, shares_add_up
from tests.sim.virtual.small import items_of, people, ring_of_friends, world


class Planted:
    """A peer with a bug: `effects` edits what it orders."""

    def __init__(self, peer, effects):
        self.peer, self._effects = peer, effects

    def handle(self, event, *, now):
        return self._effects(self.peer.handle(event, now=now))


def whole(made):
    """Every rule, everywhere."""
    safety = Safety(made.memo)
    for host in made.hosts:
        safety.whole(host)


def caught(made, seconds=20):
    """The checker that notices."""
    try:
        made.run(seconds)
        whole(made)
    except Unsafe as unsafe:
        return unsafe.checker
    return "nothing"


def test_a_sound_world_breaks_no_rule():
    made = world()
    made.run(10)
    made.ask_everybody()
    whole(made)


def attacked(how, **more):
    return world(
        ring_of_friends(8, each=3),
        adversary=(Speaking(how=how, peers=2, rate_per_s=2.0, vouched=4),),
        **more,
    )


def test_forged_bundles_are_noticed_where_signatures_are_not_checked():
    sound = attacked("spoof")
    sound.run(20)
    whole(sound)
    made = attacked("spoof")
    made.shell.verify = lambda bundle: True
    assert caught(made, 60) == "forged"


def test_a_table_that_grows_beyond_its_cap_is_noticed():
    addresses = tuple(f"/ip4/30.{n}.1.1/tcp/1/p2p/x{n}" for n in range(60))
    for broken in (False, True):
        made = world(peer={"dial.addresses_max": 50})
        made.run(1)
        host = made.hosts[0]
        if broken:
            host.peer.state.addresses._shrink = lambda: None
            with pytest.raises(Unsafe, match=r"caps: .*addresses"):
                host.handle(ev.AddressesFound("owner", addresses))
        else:
            host.handle(ev.AddressesFound("owner", addresses))
            assert len(host.peer.state.addresses) == 50


def test_a_hole_in_a_stored_feed_is_noticed():
    def lossy(effects):
        """Loses every second bundle of a feed on its way to the store."""
        return [
            ev.StoreBundles(tuple(b for b in e.bundles if b.seq != 2), e.voided, e.raised, e.infos)
            if isinstance(e, ev.StoreBundles)
            else e
            for e in effects
        ]

    made = world()
    made.hosts[0].wrap = lambda peer: Planted(peer, lossy)
    made.run(5)
    for item in ("a:1", "a:2"):
        made.hosts[1].answer("like", item=item)
        if item == "a:1":
            made.run(8)
    assert caught(made) == "chained"


@pytest.mark.parametrize("broken", [False, True])
def test_what_was_retracted_and_counts_still_is_noticed(broken):
    made = world()
    made.run(5)
    host, friend = made.hosts[0], made.hosts[1]
    if broken:
        host.peer._rebuilder.request = lambda author: []
    friend.answer("forget", item="sim:item:3")
    if broken:
        assert caught(made) == "retracted"
    else:
        made.run(20)
        whole(made)
        assert items_of(host, friend.author) == {"sim:item:4", "sim:item:5"}


@pytest.mark.parametrize("broken", [False, True])
def test_an_equivocator_who_still_counts_is_noticed(broken):
    made = attacked("equivocate")
    made.run(0.1)
    if broken:
        for host in made.hosts[: made.people]:
            host.peer.state.trust.disown = lambda author: None
        assert caught(made, 60) == "equivocators"
    else:
        made.run(60)
        whole(made)
        assert any(host.store.proofs for host in made.hosts[: made.people])


def test_shares_that_do_not_add_up_are_noticed():
    def generous(effects):
        for effect in effects:
            if isinstance(effect, ev.Answer) and "items" in effect.data:
                for entry in effect.data["items"]:
                    entry["other_share"] += 0.01
        return effects

    likes = [[0, 1 + p, 2 + p] for p in range(8)]
    vouches = [(p, (p + step) % 8) for p in range(8) for step in (1, 2, 3)]
    made = world(people(likes, vouches))
    made.hosts[0].wrap = lambda peer: Planted(peer, generous)
    made.run(10)
    made.inquiry.ask(made.hosts[1])
    with pytest.raises(Unsafe, match="shares"):
        made.inquiry.ask(made.hosts[0])


def test_a_place_without_reasons_has_nothing_to_add_up():
    made = world(safe=False)
    made.run(1)
    host = made.hosts[0]
    shares_add_up(host, [{"item": "a:b", "reasons": [], "other_share": 0.0}])
    shares_add_up(host, None)
    wrong = {"item": "a:b", "reasons": [{"share": 0.5}], "other_share": 0.4}
    with pytest.raises(Unsafe, match=r"add up to 0\.9"):
        shares_add_up(host, [wrong])


def test_hostile_peers_may_do_as_they_like():
    made = attacked("spoof")
    made.run(5)
    whole(made)
    assert made.hosts[-1].hostile
