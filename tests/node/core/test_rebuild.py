"""Voided bodies bring older words back, and nothing comes back that has gone meanwhile."""

from node.core import events as ev
from node.core.rebuild import READ_BYTES_MAX
from protocol import events as gossip
from protocol.claims import ItemInfo, Retract, Vouch
from protocol.ids import Lane
from tests.node.core.peer_world import DAY, World, heard_by
from tests.node.core.scribe import Scribe, rates


def paused(node):
    """Reads of the rebuild are left waiting, as while the disk is busy."""
    waiting, perform = [], node.perform

    def hold(effect):
        if isinstance(effect, gossip.ReadBundles) and effect.token < 0:
            waiting.append(effect)
        else:
            perform(effect)

    node.perform = hold

    def answer():
        while waiting:
            effect = waiting.pop(0)
            node.handle(gossip.BundlesRead(effect.token, node.store.read(effect)))

    return waiting, answer


def test_an_older_word_comes_back_when_the_newer_one_is_voided():
    node, scribe = World().node("ada"), Scribe(1)
    heard_by(node, [scribe.says(rates("t:1", 20)), scribe.says(rates("t:1", 80), rates("t:2"))])
    vouch = [Vouch(Scribe(2).author, 40)], [Vouch(Scribe(2).author, -40)]
    heard_by(node, [scribe.says(*v, lane=Lane.VOUCHES) for v in vouch])
    heard_by(node, [scribe.says(Retract(2)), scribe.says(Retract(2), lane=Lane.VOUCHES)])
    assert node.edges(scribe.author) == {"t:1": (20, DAY)}
    assert node.vouches(scribe.author) == {Scribe(2).author: 40}


def test_what_is_below_a_floor_that_rises_counts_no_more():
    """Whoever missed the Retracts learns of them by the floor alone."""
    node, scribe = World().node("ada"), Scribe(1)
    said = [scribe.says(rates(f"t:{n}"), ItemInfo(f"t:{n}", "A film")) for n in range(6)]
    heard_by(node, said)
    for seq in (1, 2, 3):
        scribe.writer().void(seq)
    assert scribe.writer().raise_floor() == 3
    heard_by(node, [scribe.says(rates("t:new"))])
    assert set(node.edges(scribe.author)) == {"t:2", "t:3", "t:4", "t:5", "t:new"}
    assert set(titles(node, scribe)) == {"t:2", "t:3", "t:4", "t:5"}


def test_what_the_quota_cuts_is_no_reason_to_read_an_author_again():
    node, scribe = World().node("ada"), Scribe(1)
    heard_by(node, [scribe.says(rates(f"t:{n}")) for n in range(6)])
    for seq in (1, 2):
        scribe.writer().void(seq)
    scribe.writer().raise_floor()
    heard_by(node, [scribe.says(rates("t:new"))])
    before = len(node.effects(gossip.ReadBundles))
    [feed] = node.state.feeds.feeds_of(scribe.author)
    assert node.state.feeds.set_quota(feed, 4)
    for n in range(10):
        heard_by(node, [scribe.says(rates(f"t:more{n}"))])
    assert node.effects(ev.StoreBundles)[-1].raised
    assert len(node.effects(gossip.ReadBundles)) == before


def titles(node, scribe):
    """Item -> title as the store has them of one author."""
    return {
        item: info.title for (item, source), info in node.store.infos.items()
        if source == scribe.author
    }  # fmt: skip


def test_an_older_title_comes_back_when_the_newer_one_is_voided():
    node, scribe = World().node("ada"), Scribe(1)
    heard_by(node, [scribe.says(ItemInfo("t:1", "Old")),
                    scribe.says(ItemInfo("t:1", "New"), ItemInfo("t:2", "Other"))])  # fmt: skip
    assert titles(node, scribe) == {"t:1": "New", "t:2": "Other"}
    heard_by(node, [scribe.says(Retract(2))])
    assert titles(node, scribe) == {"t:1": "Old"}


def test_titles_that_are_cut_off_or_voided_while_the_author_is_read_stay_away():
    node, scribe = World().node("ada"), Scribe(1)
    heard_by(node, [scribe.says(ItemInfo(f"t:{n}", "A film"), rates(f"t:{n}")) for n in range(5)])
    waiting, answer = paused(node)
    heard_by(node, [scribe.says(Retract(1))])
    stale = gossip.BundlesRead(waiting[0].token, node.store.read(waiting.pop(0)))
    heard_by(node, [scribe.says(Retract(2))])
    [feed] = node.state.feeds.feeds_of(scribe.author)
    raised = node.state.feeds.set_quota(feed, 6)
    assert raised == ((feed, 4),)
    node.orders(gossip.Accepted(0, (), (), raised))
    node.peer._rebuilder._queue.clear()  # a second turn would hide what this one missed
    node.handle(stale)
    answer()
    assert titles(node, scribe) == {"t:3": "A film", "t:4": "A film"}


def test_what_arrives_or_goes_between_reading_and_replacing_counts():
    node, scribe = World().node("ada"), Scribe(1)
    heard_by(node, [scribe.says(rates(f"t:{n}")) for n in range(1, 5)])
    waiting, answer = paused(node)
    heard_by(node, [scribe.says(Retract(1))])
    assert len(waiting) == 1
    # Read before, told after: what the store answers knows neither of the two.
    slices = []
    while waiting:
        effect = waiting.pop()
        slices.append(gossip.BundlesRead(effect.token, node.store.read(effect)))
        if slices[-1].bundles:
            node.handle(slices[-1])
    heard_by(node, [scribe.says(rates("t:new"))])
    heard_by(node, [scribe.says(Retract(2))])
    # The second Retract's own turn would hide what the first one missed.
    node.peer._rebuilder._queue.clear()
    assert not slices[-1].bundles
    node.handle(slices[-1])
    answer()
    assert set(node.edges(scribe.author)) == {"t:3", "t:4", "t:new"}


def test_an_author_who_is_dropped_meanwhile_does_not_come_back():
    for end in (gossip.Unfollowed, lambda author: gossip.Equivocated(author, b"proof")):
        node, scribe, other = World().node("ada"), Scribe(1), Scribe(2)
        heard_by(node, [scribe.says(rates("t:1")), scribe.says(rates("t:2"))])
        heard_by(node, [other.says(rates("t:3")), other.says(rates("t:4"))])
        waiting, answer = paused(node)
        heard_by(node, [scribe.says(Retract(1)), other.says(Retract(1))])
        stale = gossip.BundlesRead(waiting[0].token, node.store.read(waiting.pop(0)))
        node.orders(end(scribe.author))
        node.handle(stale)
        answer()
        assert node.edges(scribe.author) == {}
        assert set(node.edges(other.author)) == {"t:4"}, "the next in the queue had her turn"


def test_large_feeds_are_read_a_slice_at_a_time():
    node, scribe = World().node("ada"), Scribe(1)
    said = [scribe.says(*(rates(f"t:{'x' * 90}{n}-{k}") for k in range(100))) for n in range(60)]
    heard_by(node, said)
    before = len(node.effects(gossip.ReadBundles))
    heard_by(node, [scribe.says(Retract(7))])
    reads = node.effects(gossip.ReadBundles)[before:]
    assert all(read.bytes_max == READ_BYTES_MAX for read in reads)
    assert len(reads) >= 3
    assert len(node.edges(scribe.author)) == 59 * 100


def test_a_bundle_damaged_on_disk_loses_its_own_claims_only():
    node, scribe = World().node("ada"), Scribe(1)
    heard_by(node, [scribe.says(rates(f"t:{n}")) for n in range(1, 5)])
    waiting, answer = paused(node)
    heard_by(node, [scribe.says(Retract(1))])
    effect = waiting.pop()
    wires = list(node.store.read(effect))
    wires[2] = b"\xc1" + wires[2][1:]
    node.handle(gossip.BundlesRead(effect.token, tuple(wires)))
    answer()
    assert set(node.edges(scribe.author)) == {"t:2", "t:4"}


def test_an_answer_that_nobody_waits_for_is_ignored():
    node = World().node("ada")
    assert node.handle(gossip.BundlesRead(-99, (b"x",))) == []
    assert not node.effects(ev.DropAuthor)
