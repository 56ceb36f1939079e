"""What no honest peer sends costs whoever sends it, and nobody else."""

import pytest

from protocol.ids import Lane
from protocol.messages import Data, Proofs, Push, Wants
from sim.adversaries.frames import FORGED_SEQ
from sim.adversaries.stage import names
from sim.scenario.schema import Speaking
from tests.node.core.peer_world import like_all, sharing
from tests.sim.adversaries.arena import Member, Scene, read, scene
from trust.ledger import Verdict

KINDS = ("noise", "truncated", "oversize", "deep", "mistyped")


def assert_others_are_served(made: Scene) -> None:
    made.news_arrives()
    made.honest_links_hold()


@pytest.mark.parametrize("kind", KINDS)
def test_garbage_ends_the_link_and_bans_the_peer(kind: str):
    made = scene(Speaking(how="garbage", rate_per_s=1), friends=2, link=False)
    made.mallory.peer._sent = ("noise", "truncated", "oversize", "deep", "mistyped").index(kind)
    made.world.link(made.mallory, made.ada)
    made.world.run(2)
    links = made.world.met[made.ada.name, "mallory-0"]
    broken = [frame for link, frame in made.ada.frames if link in links and read(frame) is None]
    assert len(broken) == 1
    assert made.ada.points("mallory-0") > 90
    assert made.ada.closed("mallory-0")
    assert made.ada.state.ledger.verdict("peer-mallory-0", now=made.world.now) == Verdict.BAN
    made.world.link(made.mallory, made.ada)
    assert made.ada.closed("mallory-0")[-1] == "banned"
    assert_others_are_served(made)


def test_a_message_of_the_future_is_nobodys_offence():
    made = scene(Speaking(how="garbage", rate_per_s=1), friends=2, link=False)
    made.mallory.peer._sent = len(KINDS)
    made.world.link(made.mallory, made.ada)
    made.world.run(1.3)
    links = made.world.met[made.ada.name, "mallory-0"]
    assert any(read(frame) is None for link, frame in made.ada.frames if link in links)
    assert made.ada.points("mallory-0") == 0
    assert made.ada.closed("mallory-0") == []


def test_nobody_speaks_in_anothers_name():
    made = scene(Speaking(how="spoof", rate_per_s=2))
    made.world.run(10)
    fakes = set(names(made.feeds.fakes[0].tolist()))
    for friend in made.friends:
        forged = [b for person in made.stage.people for b in friend.heard_of(person, by="mallory-0")
                  if b.seq >= FORGED_SEQ]  # fmt: skip
        assert any(b.claims_bytes for b in forged), "delivered, body and all"
        for other in made.friends:
            assert all(b.seq < FORGED_SEQ for b in friend.stored(other.author))
            assert fakes.isdisjoint(friend.edges(other.author))
        assert friend.points("mallory-0") > 90
        assert friend.closed("mallory-0")
    assert_others_are_served(made)


def test_a_forged_proof_of_authorship_is_an_offence():
    made = scene(Speaking(how="spoof", rate_per_s=1), friends=2, link=False)
    mallory = made.mallory.peer
    mallory.put_out = lambda *_: None  # heads alone: nothing forged is delivered
    made.world.link(made.mallory, made.ada)
    made.world.run(8)
    assert made.ada.got(Proofs, by="mallory-0")
    assert "a forged author" in made.ada.closed("mallory-0")
    speaks = [info.authors for info in made.ada.state.links.values()]
    assert all(made.friends[1].author in authors for authors in speaks)


def replaying() -> tuple[Scene, str]:
    """Ada forgets an item that mallory has heard of; then mallory begins."""
    made = scene(Speaking(how="replay", rate_per_s=1, from_s=12))
    like_all(made.ada, ["sim:item:300"])
    made.world.run(8)
    assert "sim:item:300" in made.friends[1].edges(made.ada.author)
    said = [c.item for b in made.mallory.peer.heard.values() if b.header.author == made.ada.author
            for c in b.claims() if b.header.lane is Lane.TASTE]  # fmt: skip
    assert "sim:item:300" in said, "mallory has it in signed form"
    made.ada.ask("forget", item="sim:item:300")
    made.world.run(3)
    assert "sim:item:300" not in made.friends[1].edges(made.ada.author)
    return made, "sim:item:300"


def test_what_was_said_once_cannot_be_said_again_by_another():
    made, forgotten = replaying()
    made.world.run(12)
    for friend in made.friends:
        replayed = [h for p in friend.got(Push, by="mallory-0") for h in p.headers]
        bodies = [part for d in friend.got(Data, by="mallory-0") for part in d.parts]
        assert replayed
        assert any(part.bundles for part in bodies)
        assert friend.points("mallory-0") > 0
        assert forgotten not in friend.edges(made.ada.author) or friend is made.ada
        assert friend.got(Proofs, by="mallory-0"), "somebody else's proofs"
        assert "a forged author" in friend.closed("mallory-0")
    assert_others_are_served(made)


def newcomer(made: Scene, *, after: float) -> Member:
    """Somebody who vouches for ada, and meets mallory before anybody honest."""
    made.world.run(after)
    late = made.world.node("late", made.ada.config)
    sharing(late)
    late.ask("trust", peer=made.ada.author.hex())
    made.world.link(late, made.mallory)
    made.world.run(2)
    made.world.link(late, made.friends[1])
    return late


def test_who_comes_later_learns_what_was_taken_back_from_anybody_honest():
    made, forgotten = replaying()
    late = newcomer(made, after=3)
    assert [b for b in late.heard_of(made.ada.author, by="mallory-0") if b.claims_bytes]
    made.world.run(20)
    assert set(made.likes["friend-0"]) <= set(late.edges(made.ada.author))
    assert forgotten not in late.edges(made.ada.author)


def test_a_slow_reader_delays_whoever_asks_it_by_one_patience():
    made = scene(Speaking(how="slow", rate_per_s=0.02))
    late = newcomer(made, after=20)
    made.world.run_until(lambda: len(late.edges(made.ada.author)) >= 10, within=60)
    asked = [w for frame in made.mallory.got(Wants, by="late") for w in frame.wants]
    assert any(want.author == made.ada.author for want in asked), "mallory was asked, too"
    assert not any(b.claims_bytes for b in late.heard_of(made.ada.author, by="mallory-0"))
    assert_others_are_served(made)


def test_a_greedy_reader_is_served_within_its_caps_and_holds_up_nobody():
    made = scene(Speaking(how="slow", rate_per_s=40))
    made.world.run(20)
    for friend in made.friends:
        assert sum(len(w.wants) for w in friend.got(Wants, by="mallory-0")) > 1_000
        assert friend.state.gossip.statistics().reads_outstanding <= 4
    assert_others_are_served(made)


def test_a_new_name_brings_no_trust_and_is_lost_like_the_first():
    made = scene(Speaking(how="whitewash", rate_per_s=0.5), fooled=(0, 1, 2, 3))
    made.world.run(1)
    first = made.identity()
    made.world.run(30)
    lives = made.mallory.peer.renamed
    assert lives >= 3
    for friend in made.friends:
        met = made.world.met[friend.name, "mallory-0"]
        assert len(met) > lives, "it came back each time"
        banned = {row.peer for row in friend.state.ledger.rows() if row.banned_until}
        assert len(banned) >= lives
        second = made.mallory.peer.own.author
        assert second != first
        assert friend.trust_in(second) == 0, "the vouch was for the first name"
    assert_others_are_served(made)
