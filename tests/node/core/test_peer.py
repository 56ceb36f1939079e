"""One peer as a whole: it repeats itself exactly, and nobody else can make it fail."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.core import events as ev
from node.core.peer import HANDLERS, KEEP_LEDGER_S
from node.core.state import WAITING_MAX
from node.query.methods import METHODS
from node.query.schema import EXIT_CODES, READ_ONLY
from protocol import events as gossip
from protocol.claims import Click, Retract, Vouch
from protocol.forks import encode_proof
from protocol.ids import Lane
from tests.node.core.peer_world import CONFIG, DAY, Refused, World, heard_by, like_all, sharing
from tests.node.core.scribe import Scribe, rates

ROOT = Path(__file__).parents[3]


# ------------------------------------------------------------------------------------ determinism
def life_story() -> str:
    """Digest of every effect of three peers that share, trust, forget, search and restart."""
    world = World(seed=7)
    nodes = [world.node(name) for name in ("ada", "bob", "cyd")]
    ada, bob, cyd = nodes
    world.link(ada, bob)
    world.link(bob, cyd)
    for at, node in enumerate(nodes):
        sharing(node)
        like_all(node, [f"t:{n}" for n in range(at * 7, at * 7 + 15)], title="A film")
        node.ask("trust", peer=nodes[at - 1].author.hex(), weight=0.6)
        node.ask("click", item=f"t:{at}", words=["film", "night"])
    world.run(12)
    bob.ask("forget", item="t:9")
    ada.ask("block", target=cyd.author.hex())
    for node in nodes:
        node.ask("recommend", n=10)
        node.ask("why", item="t:12")
        node.ask("search", words=["film"])
    bob.restart()
    world.link(ada, bob)
    world.run(6)
    # A job is a function; what it gave shows in the answer.
    told = [repr(e) for node in nodes for e in node.log if not isinstance(e, ev.Compute)]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def test_the_same_events_and_seeds_give_the_same_effects():
    assert life_story() == life_story()


def test_the_same_effects_whatever_the_hash_seed():
    code = "from tests.node.core.test_peer import life_story; print(life_story())"
    told = set()
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        told.add(done.stdout)
    assert len(told) == 1


# --------------------------------------------------------------------------------- equivocation
def convicted(node, scribe):
    """The node has proof against the author, as gossip tells it."""
    one = scribe.says(rates("t:fork"))
    other = scribe.forks(one, rates("t:other"))
    proof = encode_proof(one, other)
    node.state.feeds.disown(scribe.author)
    node.orders(gossip.Equivocated(scribe.author, proof))


def test_an_equivocator_weighs_nothing_through_restart_drop_and_unblocking():
    node, scribe = World().node("ada"), Scribe(1)
    heard_by(node, [scribe.says(rates("t:1"), rates("t:2"))])
    node.ask("trust", peer=scribe.author.hex())
    node.ask("like", item="t:1")
    assert node.trust_in(scribe.author) > 0
    assert [i["item"] for i in node.ask("recommend")["items"]] == ["t:2"]
    convicted(node, scribe)
    for _ in range(2):
        assert node.trust_in(scribe.author) == 0
        assert node.ask("recommend")["items"] == []
        assert node.edges(scribe.author) == {}
        node.ask("block", target=scribe.author.hex())
        node.ask("unblock", target=scribe.author.hex())
        node.restart()
    node.orders(gossip.Unfollowed(scribe.author))
    node.restart()
    heard_by(node, [scribe.says(rates("t:3"))])
    assert node.trust_in(scribe.author) == 0
    assert node.edges(scribe.author) == {}


def test_an_equivocators_heads_are_told_no_more_after_a_restart():
    node, liar, other = World().node("ada"), Scribe(1), Scribe(2)
    heard_by(node, [liar.says(rates("t:1")), other.says(rates("t:1"))])
    convicted(node, liar)
    node.restart()
    assert node.state.gossip.statistics().feeds == 1


def test_proof_against_somebody_who_lives_here_leaves_her_private_taste_alone():
    node = World().node("ada")
    like_all(node, ["t:1", "t:2"])
    node.orders(gossip.Equivocated(node.author, b"proof"))
    assert set(node.edges(node.author)) == {"t:1", "t:2"}
    node.restart()
    assert set(node.edges(node.author)) == {"t:1", "t:2"}


# ------------------------------------------------------------------------------------- penalties
def linked(node, number=1, peer="peer-x", outbound=False):
    address = f"/ip4/10.9.9.9/tcp/1/p2p/{peer}"
    return node.handle(gossip.LinkUp(number, peer, outbound, address))


def test_garbage_ends_the_link_and_the_ban_outlasts_a_restart():
    world = World()
    node = world.node("ada")
    linked(node)
    effects = node.handle(gossip.FrameReceived(1, b"\xff garbage"))
    assert any(isinstance(e, gossip.Disconnect) for e in effects)
    assert node.store.ledger[0].peer == "peer-x", "written before the link is gone"
    assert node.state.links == {}
    for _ in range(2):
        assert linked(node, 2) == [gossip.Disconnect(2, "banned")]
        node.handle(gossip.LinkDown(2))
        assert node.ask("peers")["links"] == []
        node.restart()
    world.now += 13 * 3600
    assert not any(isinstance(e, gossip.Disconnect) for e in linked(node, 3))


def test_mild_charges_are_written_together_after_a_while():
    world = World()
    node = world.node("ada")
    linked(node)
    for _ in range(3):
        node.peer._on_penalised(1, "unsolicited", world.now)
    assert node.store.ledger == ()
    world.run(KEEP_LEDGER_S + 1)
    assert [row.peer for row in node.store.ledger] == ["peer-x"]
    assert len(node.effects(ev.StoreLedger)) == 1
    assert node.ask("peers")["links"][0]["points"] > 5


def test_a_banned_peer_is_not_dialled_and_blocks_no_dial():
    world = World()
    node = world.node("ada")
    address = "/ip4/10.0.0.77/tcp/1/p2p/peer-bad"
    node.handle(ev.AddressesFound("bootstrap", (address,)))
    node.handle(gossip.Tick())
    assert node.effects(ev.Dial) == [ev.Dial(address)]
    node.state.ledger.penalise("peer-bad", "malformed", now=world.now)
    node.handle(gossip.LinkUp(5, "peer-bad", True, address))
    assert node.state.addresses._dialling == {}
    world.run(60)
    assert node.effects(ev.Dial) == [ev.Dial(address)]


# ---------------------------------------------------------------------------------------- callers
def test_far_callers_need_leave_and_may_only_read():
    node, friend = World().node("ada"), Scribe(1)
    caller = ev.Caller(owner=False, authors=(friend.author,))
    with pytest.raises(Refused, match="not_allowed: the owner of this node has not allowed") as no:
        node.ask("recommend", caller)
    assert "grapevine allow" in no.value.hint
    node.ask("allow", author=friend.author.hex())
    node.restart()
    assert node.ask("status", caller) == {"peers": 0, "feeds": 0}, "the public part"
    for method in HANDLERS:
        if method in READ_ONLY:
            continue
        with pytest.raises(Refused, match=f"not_allowed: {method} is for the owner only"):
            node.ask(method, caller, item="t:1", name="x", peer=friend.author.hex())
    node.ask("disallow", author=friend.author.hex())
    with pytest.raises(Refused, match="not_allowed"):
        node.ask("status", caller)


def test_every_read_only_method_answers_an_allowed_caller():
    node, friend = World().node("ada"), Scribe(1)
    node.ask("like", item="t:1")
    node.ask("allow", author=friend.author.hex())
    caller = ev.Caller(owner=False, authors=(Scribe(2).author, friend.author))
    for method in sorted(READ_ONLY):
        assert node.ask(method, caller, item="t:1", words=["x"]) is not None


# -------------------------------------------------------------------------------------- bad input
ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(
        ["ada", "t:1", "*", "", "x" * 10_240, "\x00\x1b[2J", '" OR title:*', "\ud800"]
    )
    | st.text(st.characters(), max_size=40)
    | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)
NAMES = sorted({n.rstrip("?") for m in METHODS.values() for n in m.params} | {"person", "method"})


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(HANDLERS)), st.dictionaries(st.sampled_from(NAMES), ODD))
def test_no_question_however_odd_brings_a_peer_down(method, asked):
    node = World().node("ada")
    token = node.submit(method, ev.OWNER, **{})
    node.handle(ev.Asked(token + 1_000, method, asked, ev.OWNER))
    answer = node.answers[token + 1_000]
    if isinstance(answer, ev.Refuse):
        assert answer.code in EXIT_CODES
        assert answer.code != "internal"
        short = len(answer.message) < 500
        assert short, answer.message[:80]
    assert node.state.waiting == {}


@pytest.mark.parametrize(
    ("method", "asked"),
    [
        ("like", {"item": "t:\ud800"}),
        ("like", {"item": "t:1", "title": "\ud800"}),
        ("like", {"item": "t:1", "tags": ["\ud800"]}),
        ("search", {"words": ["\ud800"]}),
        ("click", {"item": "t:1", "words": "\ud800"}),
        ("block", {"target": "t:\ud800"}),
        ("why", {"item": "t:\ud800"}),
        ("forget", {"item": "t:\udfff"}),
        ("import_rows", {"rows": [[None, "t:\ud800", 1, 1, None, None]]}),
    ],
)
def test_halves_of_characters_are_refused_as_such(method, asked):
    with pytest.raises(Refused, match="half a character"):
        World().node("ada").ask(method, **asked)


def test_an_unknown_method_is_told_apart():
    with pytest.raises(Refused, match="usage: there is no method 'fly'"):
        World().node("ada").ask("fly")


def test_a_person_who_is_no_text_is_nobody():
    node = World().node("ada")
    with pytest.raises(Refused, match=r"not_found: nobody called '5'"):
        node.ask("status", person=5)


def test_too_many_open_questions_are_refused_and_leave_nothing_behind():
    node = World().node("ada")
    node.lazy = True
    tokens = [node.submit("like", ev.OWNER, item=f"t:{n}") for n in range(WAITING_MAX + 5)]
    refused = [node.answers[t] for t in tokens if t in node.answers]
    assert [r.code for r in refused] == ["busy"] * 5
    node.release()
    assert node.state.waiting == {}
    assert len(node.owner.facts) == WAITING_MAX


def test_when_the_worker_or_the_store_fails_the_asker_hears_of_it():
    node = World().node("ada")
    node.lazy = True
    for method, failure in [
        ("recommend", ev.ComputeFailed),
        ("trust_get", ev.ComputeFailed),
        ("like", ev.CommitFailed),
        ("trust", ev.CommitFailed),
        ("click", ev.CommitFailed),
        ("block", ev.CommitFailed),
        ("allow", ev.CommitFailed),
        ("share_set", ev.CommitFailed),
        ("add_person", ev.CommitFailed),
    ]:
        token = node.submit(
            method,
            ev.OWNER,
            item="t:1",
            peer=Scribe(1).author.hex(),
            author=Scribe(1).author.hex(),
            target="t:1",
            words=["w"],
            name="eve",
            taste=True,
        )
        node.handle(failure(node.held.pop().token, "it broke"))
        answer = node.answers[token]
        assert isinstance(answer, ev.Refuse), method
        assert "it broke" in answer.message
    assert node.state.waiting == {}
    assert node.state.moving_in == {}
    assert len(node.state.persons) == 1
    owner = node.owner
    assert (owner.facts, owner.vouches, owner.clicks) == ({}, {}, {})
    assert not owner.policy.any
    assert node.state.blocked_items == node.state.allowed == {}


def test_trust_is_walked_again_after_the_worker_failed():
    world = World()
    node, scribe = world.node("ada"), Scribe(1)
    node.ask("trust", peer=scribe.author.hex())
    node.lazy = True
    world.run(6)
    jobs = [e for e in node.held if isinstance(e, ev.Compute)]
    node.held.clear()
    node.handle(ev.ComputeFailed(jobs[0].token, "a bug"))
    node.lazy = False
    world.run(6)
    assert scribe.author in node.state.gossip._context.following


# ------------------------------------------------------------------------------------- lifecycles
def test_what_a_stranger_said_goes_when_her_time_is_over():
    node, stranger = World().node("ada"), Scribe(1)
    heard_by(node, [stranger.says(rates("t:1"))])
    heard_by(node, [stranger.says(Vouch(Scribe(2).author, 50), lane=Lane.VOUCHES)])
    node.orders(gossip.Unfollowed(stranger.author))
    assert node.edges(stranger.author) == {}
    assert node.vouches(stranger.author) == {}
    assert node.store.feeds == {}
    assert node.state.feeds.feeds_of(stranger.author) == []


def test_nothing_drops_what_somebody_who_lives_here_has_said():
    world = World()
    node = world.node("ada")
    sharing(node)
    node.ask("like", item="t:1")
    world.run(2)
    before = dict(node.store.feeds)
    assert before
    node.orders(gossip.Unfollowed(node.author))
    assert node.store.feeds == before
    assert set(node.edges(node.author)) == {"t:1"}
    assert set(node.state.feeds.feeds_of(node.author)) == set(before)


def test_whom_nobody_trusts_any_more_goes_after_a_day_and_over_a_restart():
    world = World()
    node, kept, left = world.node("ada"), Scribe(1), Scribe(2)
    for scribe in (kept, left):
        node.ask("trust", peer=scribe.author.hex())
    world.run(6)
    heard_by(node, [kept.says(rates("t:1")), left.says(rates("t:2"))])
    node.ask("trust", peer=left.author.hex(), weight=0)
    node.ask("trust", peer=kept.author.hex(), weight=0)
    world.run(6)
    node.restart()
    node.ask("trust", peer=kept.author.hex())
    world.run(6)
    world.now += CONFIG.gossip.following.lapsed_s - 20
    world.run(6)
    assert node.effects(ev.DropAuthor) == []
    world.run(30)
    assert node.effects(ev.DropAuthor) == [ev.DropAuthor(left.author)]
    assert node.edges(left.author) == {}
    assert {feed.author for feed in node.store.feeds} == {kept.author}
    assert set(node.edges(kept.author)) == {"t:1"}


def test_bodies_voided_on_her_other_device_leave_what_she_says_here():
    """Her laptop's feed is one more feed of the author who lives here."""
    world = World()
    node = world.node("ada")
    like_all(node, ["t:here"])
    node.ask("trust", peer=Scribe(2).author.hex(), weight=0.5)
    node.ask("click", item="t:here", words=["w"])
    laptop = Scribe(1)
    laptop.signer = node.owner.signer
    heard_by(node, [laptop.says(rates("t:laptop")), laptop.says(rates("t:gone"))])
    heard_by(node, [laptop.says(Retract(2))])
    assert set(node.edges(node.author)) == {"t:here", "t:laptop"}
    assert node.vouches(node.author) == {Scribe(2).author: 50}
    assert node.clicks() == {(node.author, "w", "t:here")}


def test_a_click_of_hers_elsewhere_counts_once():
    node, scribe = World().node("ada"), Scribe(1)
    click = Click(("Film", "film", "night"), "t:1", 3)
    heard_by(node, [scribe.says(click, lane=Lane.CLICKS), scribe.says(click, lane=Lane.CLICKS)])
    assert node.clicks() == {(scribe.author, w, "t:1") for w in ("film", "night")}


def test_addresses_go_to_the_book_by_who_named_them():
    node = World().node("ada")
    here = "/ip4/10.0.0.50/tcp/1/p2p/p1"
    node.handle(ev.AddressesFound("owner", (here,)))
    assert node.state.addresses._known[here].friend
    heard = "/ip4/10.0.0.51/tcp/1/p2p/p2"
    node.handle(ev.AddressesFound("mdns", (heard,)))
    assert node.state.addresses._known[heard].hearsay


def test_own_addresses_and_a_lost_network_pass_without_effect_on_people():
    node = World().node("ada")
    node.ask("like", item="t:1", weight=0.4)
    node.handle(ev.NetworkLost())
    node.handle(ev.OwnAddresses("peer-new", ()))
    assert node.ask("id")["peer_id"] == "peer-new"
    assert node.edges(node.author)["t:1"] == (40, DAY)
