"""What each defence of the peer is worth at the node's own settings; red without it."""

from random import Random

from node.core.dialing import AddressBook, DialConfig
from tests.node.core.peer_world import World, heard_by
from tests.node.core.scribe import Scribe, rates
from tests.protocol.gossip_world import START


def test_what_is_dated_an_hour_ahead_is_not_taken():
    node, fair, liar = World().node("ada"), Scribe(1), Scribe(2)
    heard_by(node, [fair.says(rates("t:1"), time=START + 300)])
    heard_by(node, [liar.says(rates("t:1"), time=START + 3_600)])
    assert set(node.edges(fair.author)) == {"t:1"}
    assert node.edges(liar.author) == {}


def test_strangers_fill_half_of_the_address_table_at_most_and_name_nothing_private():
    book = AddressBook(DialConfig(), Random(1))
    book.heard(["/ip4/192.168.1.1/tcp/4001/p2p/inside"], own_word=False)
    assert len(book) == 0
    for n in range(4_000):
        high, low = divmod(n, 250)
        book.heard([f"/ip4/{20 + high}.{low}.1.1/tcp/4001/p2p/p{n}"], own_word=False)
    assert len(book) == 2_048
