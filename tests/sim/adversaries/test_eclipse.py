"""Who joins among liars finds the others, if she knows one honest address."""

from dataclasses import replace

import pytest

from node.core import events as ev
from node.core.dialing import DialConfig, peer_of
from protocol.messages import Data, Heads, Peers, Ranges, Wants
from sim.adversaries.eclipse import filler
from sim.scenario.schema import Eclipse
from tests.node.core.peer_world import CONFIG, sharing
from tests.sim.adversaries.arena import Member, Scene, scene

TIGHT = replace(CONFIG, links_kept=8, dial=DialConfig(outbound_target=4))
"""More liars than links."""


def eclipsed() -> tuple[Scene, Member]:
    """Twelve liars around whoever joins; one of the honest knows them, too."""
    where = "/ip4/30.17.0.1/tcp/4001/p2p/peer-joiner"
    made = scene(Eclipse(peers=12, fillers=300), victim=where, link=False)
    joiner = made.world.node("joiner", TIGHT)
    assert joiner.address == where
    for one in made.hostile:
        made.world.link(one, made.friends[3])
    made.world.run(6)
    return made, joiner


def test_they_are_all_that_she_sees_and_bring_nothing():
    made, joiner = eclipsed()
    links = [info.peer_id for info in joiner.state.links.values()]
    assert len(links) == 8
    assert all(peer.startswith("peer-mallory") for peer in links), "all her links are theirs"
    sharing(joiner)
    joiner.ask("trust", peer=made.ada.author.hex())
    made.world.run(15)
    told: set[str] = set()
    for liar in made.hostile:
        assert not any(p.bundles for d in joiner.got(Data, by=liar.name) for p in d.parts)
        told |= {a for p in joiner.got(Peers, by=liar.name) for a in p.addresses}
    linked = [liar for liar in made.hostile if liar.name in joiner.links]
    assert all(joiner.got(Heads, Ranges, by=liar.name) for liar in linked), "all is offered"
    assert any("filler" in address for address in told)
    assert not any("peer-friend" in address for address in told)
    asked = [w for liar in made.hostile for f in liar.got(Wants, by="joiner") for w in f.wants]
    assert any(want.author == made.ada.author for want in asked)
    assert joiner.edges(made.ada.author) == {}


@pytest.mark.slow
def test_one_honest_address_is_enough():
    made, joiner = eclipsed()
    sharing(joiner)
    joiner.ask("trust", peer=made.ada.author.hex())
    made.world.run(20)
    assert joiner.edges(made.ada.author) == {}
    joiner.handle(ev.AddressesFound("bootstrap", (made.friends[1].address,)))
    made.world.run_until(lambda: len(joiner.edges(made.ada.author)) >= 10, within=60)
    assert made.friends[1].name in joiner.links
    made.world.run(60)
    assert made.friends[1].name in joiner.links, "they do not push it out again"
    made.ada.ask("like", item="sim:item:399")
    made.world.run_until(lambda: "sim:item:399" in joiner.edges(made.ada.author), within=60)
    joiner.ask("like", item="sim:item:398")
    made.friends[1].ask("trust", peer=joiner.author.hex())
    known = made.friends[1]
    made.world.run_until(lambda: "sim:item:398" in known.edges(joiner.author), within=60)


def test_invented_addresses_take_half_of_the_table_at_most():
    made, joiner = eclipsed()
    joiner.handle(ev.AddressesFound("bootstrap", (made.friends[1].address,)))
    made.world.run(30)
    told = {a for liar in made.hostile for p in joiner.got(Peers, by=liar.name)
            for a in p.addresses}  # fmt: skip
    assert len([a for a in told if "filler" in a]) > 100
    dialled = [d.address for d in joiner.effects(ev.Dial)]
    assert any("filler" in address for address in dialled), "they waste her dials"
    assert len(dialled) <= made.world.now, "one a second"
    assert made.friends[1].name in joiner.links


def test_invented_peers_stand_in_groups_of_their_own():
    addresses = [filler(n) for n in range(1_000)]
    assert len({peer_of(address) for address in addresses}) == 1_000
    assert len({address.split(".7.7")[0] for address in addresses}) == 1_000
