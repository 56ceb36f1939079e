"""Every collection of a gossip machine against its cap: what no partner may ever exceed."""

from protocol.gossip import Gossip
from protocol.heads import HandleBook
from protocol.intake import RETRACTED_MAX, SCOUTED_MAX
from protocol.limits import DEVICES_MAX, PARKED_MAX, VOID_MARKS_MAX
from protocol.messages import HANDLES_MAX
from protocol.peerlink import PeerLink
from protocol.session import AUTHORS_PER_LINK_MAX


def assert_caps(gossip: Gossip) -> None:
    """Walk all of the machine's state."""
    context, config = gossip._context, gossip._config
    following, feeds = context.following, context.feeds
    at_most(
        ("links", len(context.links), config.links_max),
        ("fetching links", len(context.fetcher._links), len(context.links)),
        ("proofs", len(context.proofs), config.proofs_max),
        ("journal", len(context.journal), config.journal_max),
        ("index", len(context.index), len(feeds)),
        ("reads", len(gossip._reads), config.links_max * config.link.reads_max),
        ("fork reads", len(gossip._intake._fork_reads), config.fork_reads_max),
        ("retracted feeds", len(gossip._intake._retracted), SCOUTED_MAX),
        ("searches for a Retract", len(gossip._intake._searches), SCOUTED_MAX),
        ("followed", len(following), config.following.followed_max),
        ("unserved", len(gossip._rounds._unserved), config.following.followed_max),
        (
            "strangers",
            len(following.strangers()) + len(following._burnt),
            following.probation_max,
        ),
        ("effects kept", len(context.effects), 0),
    )
    for known in gossip._intake._retracted.values():
        at_most(("retracted", len(known), RETRACTED_MAX))
    for link in context.links.values():
        assert_link_caps(gossip, link)
    assert_fetch_caps(gossip)
    assert_feed_caps(gossip)


def assert_link_caps(gossip: Gossip, link: PeerLink) -> None:
    caps = gossip._config.link
    at_most(
        ("serves", len(link.serves), gossip._config.following.followed_max * 2),
        ("welcomed", len(link.welcomed), gossip._config.following.followed_max * 2),
        ("sampled strangers", len(link.strangers), caps.strangers_max),
        ("outbox", len(link.outbox), caps.outbox_max),
        ("evidence", len(link.evidence), caps.evidence_told_max),
        ("evidence told", len(link.evidence_told), caps.evidence_told_max),
        ("equal", len(link.equal), caps.equal_ranges_max),
        ("names read", len(link.names._keys), HANDLES_MAX),
        ("served", len(link.server), caps.served_wants_max),
        ("reading", len(link.server._reading), caps.reads_max),
        ("authors", len(link.session.authors), AUTHORS_PER_LINK_MAX),
        ("told", len(link.session._told), AUTHORS_PER_LINK_MAX),
    )
    assert_book_caps(link.book)


def assert_book_caps(book: HandleBook) -> None:
    at_most(("names given", len(book._feeds), HANDLES_MAX), ("named", len(book), HANDLES_MAX))


def assert_fetch_caps(gossip: Gossip) -> None:
    fetcher, config = gossip._context.fetcher, gossip._config.fetch
    total = 0
    for state in fetcher._links.values():
        credits = sum(want.credit for want in state.wants.values())
        assert state.in_flight == credits
        total += credits
        at_most(
            ("offers", len(state.offers), config.offers_max),
            ("heap", len(state.heap), 2 * config.offers_max),
            ("urgent", len(state.urgent), config.link_wants_max),
            (
                "wants",
                len(state.wants) + len(state.late),
                config.link_wants_max + config.urgent_wants_max,
            ),
            (
                "bytes in flight",
                state.in_flight,
                config.link_in_flight_bytes_max + config.urgent_bytes_max,
            ),
        )
    assert fetcher.in_flight_bytes == total
    at_most(("busy feeds", len(fetcher._busy), fetcher.wants_in_flight()))


def assert_feed_caps(gossip: Gossip) -> None:
    feeds = gossip._context.feeds
    config = feeds._config
    at_most(
        ("replicas", len(feeds), config.replicas_max),
        ("dropped", len(feeds._dropped), config.dropped_marks_max),
        ("disowned", len(feeds._disowned), config.disowned_max),
        ("parked bytes", feeds._parking.nbytes, config.parked_bytes_max),
    )
    for marks in feeds._voids.values():
        at_most(("void marks", len(marks), VOID_MARKS_MAX))
    for waiting in feeds._parking._feeds.values():
        at_most(("parked", len(waiting), PARKED_MAX))
    devices: dict[bytes, dict[bytes, None]] = {}
    for row in feeds._arena.rows():
        replica = feeds._arena.get(row)
        devices.setdefault(replica.author, {})[replica.device] = None
        held = feeds._arena.held(row)
        assert sum(held[1::2]) == replica.claims
        if len(held) > 2:
            at_most(("claims", replica.claims, feeds._quota(replica)))
    for known in devices.values():
        at_most(("devices", len(known), DEVICES_MAX))


def at_most(*found: tuple[str, int, int]) -> None:
    for name, size, cap in found:
        assert size <= cap, f"{size} {name}, at most {cap}"
