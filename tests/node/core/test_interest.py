"""Whom the node follows, how much of each, and whom it may ask strangers for."""

from node.core.interest import FINE_PEOPLE_MAX, WALKS_MIN, interest, interest_walks, may_ask_for
from node.core.state import OWN_CLAIMS_MAX
from protocol.claims import Vouch
from protocol.ids import Lane
from tests.node.core.peer_world import World, heard_by, sharing
from tests.node.core.scribe import Scribe
from trust.config import TrustConfig


def crowd():
    """Ada and Eve live on one node; Ada trusts 1 (and a little 2), Eve 2; 1 trusts 3."""
    node = World().node("ada")
    node.ask("add_person", name="eve")
    one, two, three = Scribe(1), Scribe(2), Scribe(3)
    node.ask("trust", peer=one.author.hex(), weight=0.5)
    node.ask("trust", peer=two.author.hex(), weight=0.9)
    node.ask("trust", person="eve", peer=two.author.hex(), weight=0.2)
    node.ask("trust", person="eve", peer="ada", weight=0.1)
    node.ask("trust", person="eve", peer=Scribe(4).author.hex(), weight=-1)
    heard_by(node, [one.says(Vouch(three.author, 80), lane=Lane.VOUCHES)])
    node.ask("trust_get")
    return node, one, two, three


def wanted(node):
    vectors = [vector for _, vector in node.state.vectors.values()]
    return interest(node.state, vectors).wanted


def test_own_people_first_then_the_vouched_then_the_trusted():
    node, one, two, three = crowd()
    found = wanted(node)
    eve = node.state.persons.named("eve").author
    assert found[node.author].priority == found[eve].priority == 1.0, "whoever vouches for her"
    assert found[node.author].quotas == (OWN_CLAIMS_MAX,) * 4
    assert (found[one.author].priority, found[one.author].vouched) == (0.5, True)
    assert found[two.author].priority == 0.9, "the most that anybody here trusts her"
    assert found[two.author].quotas[2] == node.config.claims_per_vouched_author
    assert 0 < found[three.author].priority < 1
    assert not found[three.author].vouched
    assert found[three.author].quotas[2] == node.config.claims_per_followed_author
    assert Scribe(4).author not in found, "distrusted"


def test_blocked_authors_are_not_followed_though_vouched_for():
    node, one, _, three = crowd()
    node.ask("block", target=one.author.hex())
    node.ask("block", target=three.author.hex())
    node.ask("trust_get")
    assert one.author not in wanted(node)
    assert three.author not in wanted(node)


def test_whoever_trusts_nobody_follows_herself_alone():
    node = World().node("ada")
    heard_by(node, [Scribe(1).says(Vouch(Scribe(2).author, 80), lane=Lane.VOUCHES)])
    node.ask("trust_get")
    assert list(wanted(node)) == [node.author]


def test_only_the_trusted_of_who_shares_vouches_are_asked_for():
    node, one, two, three = crowd()
    keys = [one.author, two.author, three.author]
    assert not any(may_ask_for(node.state, key) for key in keys)
    node.ask("share_set", people=["eve"], vouches=True)
    assert [may_ask_for(node.state, key) for key in keys] == [False, True, True]
    sharing(node, vouches=True)
    assert all(may_ask_for(node.state, key) for key in keys)


def test_a_node_of_many_people_shares_the_effort_of_walking_among_them():
    config = TrustConfig(walks=10_000)
    assert interest_walks(config, FINE_PEOPLE_MAX) is config
    assert interest_walks(config, 40).walks == 1_000
    assert interest_walks(config, 1_000).walks == WALKS_MIN
    assert interest_walks(config, 1_000).hits_min == 1


def test_somebody_is_wanted_no_less_once_it_is_known_whom_she_vouches_for():
    """Else following her would be what makes her followed no longer."""
    node = World().node("ada")
    friends, known, unknown = [Scribe(1), Scribe(2), Scribe(3)], Scribe(4), Scribe(5)
    for friend in friends:
        node.ask("trust", peer=friend.author.hex(), weight=1)
        both = [friend.says(Vouch(whom.author, 80), lane=Lane.VOUCHES) for whom in (known, unknown)]
        heard_by(node, both)
    others = [Scribe(number).author for number in range(10, 30)]
    heard_by(node, [known.says(Vouch(other, 80), lane=Lane.VOUCHES) for other in others])
    node.ask("trust_get")
    found = wanted(node)
    assert 0.8 < found[known.author].priority / found[unknown.author].priority < 1.25
    assert all(found[other].priority < found[known.author].priority / 5 for other in others)
