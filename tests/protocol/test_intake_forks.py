"""Equivocation: suspected, proved by reading, kept, told on, and never taken on trust."""

from dataclasses import replace

import msgspec
import pytest

from protocol import messages as m
from protocol.bundle import Bundle
from protocol.config import LinkConfig
from protocol.errors import Offence
from protocol.events import BundlesRead, Equivocated, ReadBundles
from protocol.forks import encode_proof
from protocol.ids import NO_BUNDLE
from tests.protocol.chains import bundle_of, chain, feed_of, fork_of
from tests.protocol.gossip_world import QUIET, Node, play, signer_of
from tests.protocol.puppet import Puppet, scene

FEED = feed_of()
pack = msgspec.msgpack.encode


# --- equivocation --------------------------------------------------------------------------------


def convicted(node: Node) -> bool:
    return [e.author for e in node.effects(Equivocated)] == [FEED.author]


def tell_by_push(puppet: Puppet, fork: Bundle) -> None:
    puppet.push(fork)


def tell_by_head(puppet: Puppet, fork: Bundle) -> None:
    puppet.head(fork)
    probe = puppet.wants()[-1]
    assert (probe.lo, probe.hi) == (fork.seq, fork.seq)
    puppet.answer(probe, fork)


def tell_by_evidence(puppet: Puppet, fork: Bundle) -> None:
    puppet.say(m.Evidence([encode_proof(chain(3)[2], fork)]))


@pytest.mark.parametrize("tell", [tell_by_push, tell_by_head, tell_by_evidence])
def test_a_fork_is_proved_and_everybody_told(tell):
    world, node, puppet = scene()
    other = Puppet(world, node, "other")
    bundles = chain(3)
    puppet.offer(*bundles)
    fork = fork_of(bundles[2])
    tell(puppet, fork)
    world.run(1)
    assert convicted(node)
    proof = encode_proof(bundles[2], fork)
    assert node.effects(Equivocated)[0].proof_bytes == proof
    assert [e.proofs for e in other.got(m.Evidence)] == [[proof]]
    told_back = 0 if tell is tell_by_evidence else 1
    assert len(puppet.got(m.Evidence)) == told_back
    assert puppet.charged == other.charged == []
    # nothing of the author counts any more, on any device
    asked = len(puppet.wants())
    puppet.offer(*chain(2, device=2))
    assert len(puppet.wants()) == asked
    assert node.feeds.disowned(FEED.author)
    assert node.gossip.statistics().followed == 0


def test_a_fork_in_the_middle_is_proved_by_reading_our_own_headers():
    """The forked bundle has a seq that we do not hold: its `prev` gives it away."""
    _, node, puppet = scene()
    bundles = []
    for seq in (10, 20, 30):
        prev = bundles[-1].id if bundles else NO_BUNDLE
        bundles.append(bundle_of(FEED, 1, seq, [play(seq)], prev=prev))
    puppet.offer(*bundles)
    fork = bundle_of(FEED, 1, 25, [play(1)], prev=bundles[1].id)
    later = bundle_of(FEED, 1, 40, [play(2)], prev=fork.id)
    puppet.head(later)
    puppet.answer(puppet.wants()[-1], later)  # does not continue ours
    probe = puppet.wants()[-1]
    puppet.answer(probe, fork)
    (read,) = [e for e in node.effects(ReadBundles) if e.headers_only]
    assert (read.lo, read.hi, read.newest_first) == (10, 30, True)
    assert convicted(node)


def test_what_is_no_fork_convicts_nobody():
    _, node, puppet = scene()
    bundles = chain(3)
    puppet.offer(*bundles)
    puppet.head(bundle_of(FEED, 1, 3, [], prev=bundles[1].id))  # a lie about the tag
    probe = puppet.wants()[-1]
    puppet.answer(probe, bundles[2])
    assert node.effects(Equivocated) == []
    assert [e for e in node.effects(ReadBundles) if e.headers_only] == []
    assert puppet.charged == []


def test_reads_for_forks_are_bounded():
    _, node, puppet = scene(config=replace(QUIET, fork_reads_max=3))
    bundles = chain(3)
    puppet.offer(*bundles)
    node.reading = False
    for _ in range(10):
        puppet.push(fork_of(bundles[2]))
    assert len([e for e in node.effects(ReadBundles) if e.headers_only]) == 3


@pytest.mark.parametrize("how", ["dropped", "held"])
def test_proofs_about_authors_who_matter_are_kept_and_answered_to_their_heads(how: str):
    world, node, puppet = scene()
    bundles = chain(3)
    puppet.offer(*bundles)
    if how == "dropped":
        node.gossip.drop_author(FEED.author, now=world.now)
    node.interest.clear()
    world.follow(node, signer_of(9).public_key)
    tell_by_evidence(puppet, fork_of(bundles[2]))
    assert convicted(node)
    for number, ask in enumerate(
        (
            lambda p: p.head(bundles[2]),
            lambda p: p.push(bundles[2]),
            lambda p: p.say(m.Seek([FEED.author])),
            lambda p: p.say(m.Wants([m.Want(0, *FEED[:2], 2, 1, 9, 999, True)])),
        )
    ):
        asker = Puppet(world, node, f"asker-{number}")
        for _ in range(3):
            ask(asker)
            world.run(1)
        assert [e.proofs for e in asker.got(m.Evidence)] == [
            [encode_proof(bundles[2], fork_of(bundles[2]))]
        ]


def test_proofs_about_strangers_are_checked_and_not_kept():
    _, node, puppet = scene()
    one, other = (bundle_of(feed_of(2), 2, 1, [play(n)]) for n in (1, 2))
    puppet.say(m.Evidence([encode_proof(one, other)]))
    assert node.gossip.statistics().proofs == 0
    assert puppet.charged == []


@pytest.mark.parametrize(
    ("proof", "offence", "fatal"),
    [
        (b"\x90", Offence.MALFORMED, True),
        (encode_proof(chain(2)[0], chain(2)[1]), Offence.WRONG_SCHEMA, False),
        (
            pack((chain(1)[0].bare().wire(),
                  pack((1, fork_of(chain(1)[0]).header_bytes, bytes(64), None)))),
            Offence.BAD_SIGNATURE,
            True,
        ),
    ],
)  # fmt: skip
def test_proofs_that_prove_nothing_are_charged(proof: bytes, offence: Offence, fatal: bool):
    _, node, puppet = scene()
    puppet.say(m.Evidence([proof]))
    assert puppet.charged == [offence]
    assert (puppet.closed is not None) is fatal
    assert not node.feeds.disowned(FEED.author)


def test_proofs_beyond_the_bucket_are_ignored_and_charged():
    config = replace(QUIET, link=LinkConfig(evidence_per_s=1, evidence_burst=2))
    world, node, puppet = scene(config=config)
    proofs = []
    for author in (2, 3, 4):
        world.follow(node, signer_of(author).public_key)
        one, other = (bundle_of(feed_of(author), author, 1, [play(n)]) for n in (1, 2))
        proofs.append(encode_proof(one, other))
    puppet.say(m.Evidence(proofs))
    assert puppet.charged == [Offence.FLOOD]
    assert node.gossip.statistics().proofs == 2
    assert puppet.closed is None


def test_reads_that_have_lost_their_meaning_hurt_nobody():
    world, node, puppet = scene()
    puppet.offer(*chain(2))
    node.reading = False
    puppet.push(fork_of(chain(2)[1]))
    puppet.say(m.Wants([m.Want(0, *FEED[:2], 2, 1, 2, 9_999, False)]))
    for order in node.effects(ReadBundles):
        world.deliver(node, BundlesRead(order.token, (b"damaged",)))
    assert node.effects(Equivocated) == []
    assert [part for data in puppet.got(m.Data) for part in data.parts] == [m.Part(0, [], True)]
    assert node.gossip.statistics().totals["reads_damaged"] == 2
