"""Two histories and floods: they reach honest peers, and are worth nothing there."""

import pytest

from protocol.bundle import verify
from protocol.forks import read_proof
from protocol.messages import Push
from sim.adversaries.stage import names
from sim.scenario.schema import Speaking
from tests.node.core.peer_world import NETWORK
from tests.sim.adversaries.arena import scene


@pytest.mark.parametrize(("how", "skipped"), [("equivocate", False), ("fork", True)])
def test_two_histories_are_proved_and_weigh_nothing_for_ever(how: str, skipped: bool):
    made = scene(Speaking(how=how, rate_per_s=0.5), fooled=(0, 1, 2, 3))
    liar = made.identity()
    made.world.run(30)
    told = [b for f in made.friends for b in f.heard_of(liar, by="mallory-0")]
    by_seq = {seq: {b.id for b in told if b.seq == seq} for seq in {b.seq for b in told}}
    by_prev = {p: {b.id for b in told if b.header.prev == p} for p in {b.header.prev for b in told}}
    assert any(len(ids) == 2 for ids in by_prev.values())
    assert any(len(ids) == 2 for ids in by_seq.values()) is not skipped
    for friend in made.friends:
        proof = friend.store.proofs[liar]
        assert read_proof(proof, network=NETWORK, verify=verify) == liar
        assert friend.edges(liar) == {}
        assert friend.trust_in(liar) == 0
        assert friend.state.feeds.disowned(liar)
        assert friend.points("mallory-0") == 0, "whoever relays a fork is charged with nothing"
    made.news_arrives()
    made.honest_links_hold()


def test_a_flood_of_strangers_fills_no_more_than_probation_and_stops_nobody():
    made = scene(Speaking(how="flood", rate_per_s=40), fooled=(0,))
    before = made.ada.trust_in(made.friends[1].author)
    made.world.run(10)
    pushed = [h for p in made.ada.got(Push, by="mallory-0") for h in p.headers]
    assert len(pushed) >= 350
    known = {*made.stage.people, made.identity()}  # she is trusted, if not much
    for friend in made.friends:
        strangers = [a for a in friend.state.feeds.authors() if a not in known]
        assert strangers
        for author in strangers:
            held = sum(len(b.claims()) for b in friend.stored(author))
            assert 0 < held <= 512, "a stranger's quota"
    assert made.ada.edges(made.identity()), "who was fooled does listen"
    made.news_arrives()
    made.honest_links_hold()
    assert made.ada.trust_in(made.friends[1].author) == pytest.approx(before, abs=0.1)


def test_who_talks_under_one_name_keeps_it():
    made = scene(Speaking(how="talk", rate_per_s=20), fooled=(0, 1))
    made.world.run(8)
    for friend in made.friends:
        strangers = set(friend.state.feeds.authors()) - {*made.stage.people, made.identity()}
        assert strangers == set(), "no other name"
    for friend in made.friends[:2]:
        held = friend.stored(made.identity())
        assert len(held) > 64, "more than a flood says under a name"
        assert len(friend.edges(made.identity())) == sum(len(b.claims()) for b in held)
    made.news_arrives()


def test_an_equivocator_is_believed_until_it_speaks_a_second_time():
    made = scene(Speaking(how="equivocate", rate_per_s=0.1, from_s=5), fooled=(0, 1, 2, 3))
    liar = made.identity()
    made.world.run(14)
    for friend in made.friends:
        liked = set(friend.edges(liar))
        assert set(names(made.feeds.fakes[0].tolist())) < liked, "all fakes, and a disguise"
        assert friend.store.proofs == {}
    made.world.run(20)
    for friend in made.friends:
        assert liar in friend.store.proofs
        assert friend.edges(liar) == {}


def test_a_faster_flood_is_charged_and_cut_off():
    made = scene(Speaking(how="flood", rate_per_s=400))
    made.world.run(8)
    for friend in made.friends:
        assert len([h for p in friend.got(Push, by="mallory-0") for h in p.headers]) > 512
        assert friend.points("mallory-0") >= 10
        assert friend.closed("mallory-0")
    made.news_arrives()
    made.honest_links_hold()
