"""What each defence of the gossip machine is worth at the node's own settings; red without it."""

from protocol.config import GossipConfig
from protocol.errors import Offence
from protocol.ids import AuthorKey, Lane
from protocol.interest import Following
from tests.protocol.chains import chain
from tests.protocol.puppet import scene


def test_strangers_get_a_twentieth_of_the_followed_places_and_little_room():
    following = Following(GossipConfig().following)
    crowd = [AuthorKey(number.to_bytes(32, "big")) for number in range(5_000)]
    taken = [stranger for stranger in crowd if following.admit(stranger, now=0)]
    assert len(taken) == 4_096 // 20
    wanted = following.wanted(taken[0])
    assert wanted is not None
    assert wanted.quotas[Lane.TASTE] <= 512


def test_a_partner_that_pushes_without_end_is_charged():
    _, _, puppet = scene()
    header = chain(1, author=2)[0]
    for _ in range(512 // 64):
        puppet.push(*[header] * 64)
    assert puppet.charged == [], "so many at once are welcome"
    puppet.push(*[header] * 64)
    assert Offence.FLOOD in puppet.charged
