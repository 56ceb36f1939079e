"""The attacker's authors are real ones: keys, chains and devices of their own."""

from protocol.bundle import verify
from protocol.claims import Interaction
from protocol.feedtable import FeedTable, Outcome
from protocol.ids import Lane
from sim.adversaries.stage import CLAIMS_PER_BUNDLE, Identity, likes, names
from tests.protocol.gossip_world import NETWORK, START, signer_of


def test_what_an_identity_says_is_signed_and_chained():
    identity, feeds = Identity(signer_of(3), NETWORK), FeedTable()
    items = names(range(2 * CLAIMS_PER_BUNDLE + 1))
    bundles = identity.says(likes(items, START), Lane.TASTE, now=START)
    assert [bundle.seq for bundle in bundles] == [1, 2, 3]
    assert all(verify(bundle) for bundle in bundles)
    outcomes = [feeds.offer(bundle, now=START).outcome for bundle in bundles]
    assert outcomes == [Outcome.ACCEPTED] * 3
    said = [claim for bundle in bundles for claim in bundle.claims()]
    assert [claim.item for claim in said if isinstance(claim, Interaction)] == items
    assert identity.says([], Lane.VOUCHES, now=START) == []


def test_another_identity_has_another_key_and_the_same_for_the_same_number():
    identity = Identity(signer_of(3), NETWORK)
    others = [identity.another(number).author for number in (1, 2, 1)]
    assert others[0] == others[2]
    assert len({identity.author, *others}) == 3
    device = identity.on_device(b"\x07" * 8)
    assert device.author == identity.author
    assert device.feed(Lane.TASTE) != identity.feed(Lane.TASTE)
