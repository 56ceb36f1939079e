"""What must hold on every honest node after every event, whoever else takes part.

    forged        every bundle that is stored was signed by its author
    caps          nothing grows beyond its cap
    chained       what is stored of a feed is one chain along `prev`, its head the one gossip tells
    retracted     what counts in the graph stands in a live bundle of the store
    equivocators  who is proved to equivocate has no edge, no vouch, no trust and no follower
    shares        the reasons of each place of a list add up to the whole

Cheap rules look at what an event has changed; after `WHOLE_EVERY` events a host and a time, and at
the end, one author after another is looked at as a whole. None of them uses what it checks: the
truth about signatures, bytes and marks is the store's and the memo's, not the peer's word.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING

from node.core import events as ev
from node.core.events import Effect, Event
from node.core.state import WAITING_MAX
from protocol import events as gossip
from protocol.bundle import Bundle
from protocol.claims import Interaction
from protocol.ids import AuthorKey, FeedId, Lane
from sim.virtual.shared import Memo

if TYPE_CHECKING:
    from sim.virtual.host import Host

WHOLE_EVERY = 1_024
"""Events of one host between two looks at the whole of it."""

AUTHORS_PER_LOOK = 16
"""Authors looked at each such time; the next ones are looked at the next time."""

SHARES_WITHIN = 1e-4
"""What the shares of a place may miss of 1, in float32 sums of some hundred paths."""


class Unsafe(AssertionError):
    """A rule was broken. `checker` names it; the text says by whom and when."""

    def __init__(self, checker: str, host: Host, what: str) -> None:
        super().__init__(f"{checker}: {what} (peer {host.name}, {host.now:.3f})")
        self.checker, self.host, self.what = checker, host.number, what


class Safety:
    """All rules, as a watcher of hosts. Adversaries are not looked at. 1 µs an event, 20 µs a
    bundle stored, and some ms for each whole look."""

    def __init__(self, memo: Memo) -> None:
        self._memo = memo
        self._events: dict[int, int] = {}
        self._next_author: dict[int, int] = {}
        self.checked = 0
        """Events looked at."""

    def after(self, host: Host, event: Event, effects: list[Effect]) -> None:
        """Raises Unsafe."""
        if host.hostile:
            return
        self.checked += 1
        for effect in effects:
            match effect:
                case ev.StoreBundles():
                    self._on_stored(host, effect)
                case ev.Commit(writes=writes):
                    own = [w.bundle for w in writes if isinstance(w, ev.PutOwnBundle)]
                    self._genuine(host, own)
                    self._chained(host, dict.fromkeys(bundle.feed for bundle in own))
                case ev.StoreProof(author=author):
                    equivocator_at_zero(host, author)
                case ev.Answer(data=data):
                    shares_add_up(host, data.get("items"))
        if isinstance(event, gossip.BundlesRead) and event.token < 0:
            # the graph of somebody who took something back has just been made anew
            self._look(host, 1)
        self._caps(host)
        seen = self._events[host.number] = self._events.get(host.number, 0) + 1
        if seen % WHOLE_EVERY == 0:
            self._look(host, AUTHORS_PER_LOOK)

    def whole(self, host: Host) -> None:
        """Every rule about everything that the host holds. Raises Unsafe."""
        if host.hostile or not host.up:
            return
        whole_caps(host)
        self._genuine(host, _bundles(host))
        self._chained(host, host.store.feeds)
        for author, feeds in _by_author(host).items():
            counts_what_stands(host, author, feeds)
        for author in host.store.proofs:
            equivocator_at_zero(host, author)

    # ------------------------------------------------------------------------------- each event
    def _on_stored(self, host: Host, effect: ev.StoreBundles) -> None:
        self._genuine(host, effect.bundles)
        touched = dict.fromkeys(bundle.feed for bundle in effect.bundles)
        touched |= dict.fromkeys(feed for feed, _ in effect.raised)
        self._chained(host, touched)
        for feed, seq in effect.voided:
            held = host.store.feeds[feed].blobs.get(seq)
            if held is not None and held.bundle.claims_bytes is not None:
                raise Unsafe("retracted", host, f"claims of {name(feed)} {seq} are still stored")

    def _genuine(self, host: Host, bundles: Iterable[Bundle]) -> None:
        for bundle in bundles:
            if not self._memo.genuine(bundle):
                raise Unsafe("forged", host, f"{name(bundle.feed)} {bundle.seq} is not signed")

    def _chained(self, host: Host, feeds: Iterable[FeedId]) -> None:
        for feed in feeds:
            stored = host.store.feeds.get(feed)
            if stored is None or not stored.blobs:
                continue
            held = [stored.blobs[seq].bundle for seq in sorted(stored.blobs)]
            for below, above in pairwise(held):
                if above.header.prev != below.id:
                    raise Unsafe(
                        "chained", host, f"{name(feed)} {above.seq} does not continue {below.seq}"
                    )
            head = host.peer.state.feeds.head(feed)
            if head is not None and head.id != held[-1].id and not _own(host, feed):
                raise Unsafe("chained", host, f"{name(feed)} has another head than is stored")

    @staticmethod
    def _caps(host: Host) -> None:
        state = host.peer.state
        if len(state.waiting) > WAITING_MAX:
            raise Unsafe("caps", host, f"{len(state.waiting)} continuations wait")
        if len(state.links) > state.config.gossip.links_max:
            raise Unsafe("caps", host, f"{len(state.links)} links")
        if len(state.addresses) > state.config.dial.addresses_max:
            raise Unsafe("caps", host, f"{len(state.addresses)} addresses")

    def _look(self, host: Host, authors: int) -> None:
        whole_caps(host)
        known = list(_by_author(host).items())
        start = self._next_author.get(host.number, 0)
        for step in range(min(authors, len(known))):
            counts_what_stands(host, *known[(start + step) % len(known)])
        self._next_author[host.number] = start + authors
        for author in host.store.proofs:
            equivocator_at_zero(host, author)


def whole_caps(host: Host) -> None:
    """The larger tables against their caps. Raises Unsafe."""
    state = host.peer.state
    config, figures = state.config, state.gossip.statistics()
    following = config.gossip.following
    caps = (
        ("bytes of the graph", state.graph.nbytes, config.graph.bytes_max),
        ("people followed", figures.followed, following.followed_max),
        (
            "strangers on probation",
            figures.on_probation,
            int(following.followed_max * following.probation_share),
        ),
        ("proofs", figures.proofs, config.gossip.proofs_max),
        ("people in the ledger", len(state.ledger), state.ledger.config.peers_max),
        ("facts", state.persons.facts_total(), config.facts_max),
    )
    for what, count, cap in caps:
        if count > cap:
            raise Unsafe("caps", host, f"{count} {what}, {cap} at most")
    for feed, held in host.store.feeds.items():
        wanted = config.claims_per_vouched_author
        if feed.lane is Lane.TASTE and len(held.blobs) > wanted and not _own(host, feed):
            raise Unsafe("caps", host, f"{len(held.blobs)} bundles of {name(feed)}")


def counts_what_stands(host: Host, author: AuthorKey, feeds: Iterable[FeedId]) -> None:
    """Each edge of an author in the graph is stated by a bundle of these feeds that the store holds
    and that is not void. Raises Unsafe.

    People who live there are left out (what they say there counts at once), and whoever is being
    read anew at this moment.
    """
    state = host.peer.state
    if author == host.author or author in host.peer.unlike_store:
        return
    row = state.graph.author_row(author, create=False)
    if row < 0:
        return
    items = state.graph.edges_of(row)[0]
    if not len(items):
        return
    stated = set[bytes]()
    for feed in feeds:
        held = host.store.feeds[feed]
        for seq, blob in held.blobs.items():
            if feed.lane is Lane.TASTE and seq not in held.voided and seq >= held.floor:
                claims = blob.bundle.undecoded().claims()
                stated |= {c.item.encode() for c in claims if type(c) is Interaction}
    for item in items.tolist():
        named = state.graph.items.name(item)
        if named not in stated:
            told = named.decode(errors="replace")
            raise Unsafe(
                "retracted", host, f"{told} counts for {author.hex()[:8]}, who does not say so"
            )


def equivocator_at_zero(host: Host, author: AuthorKey) -> None:
    """Nothing of hers counts. Raises Unsafe."""
    state = host.peer.state
    if not state.config.disown_equivocators:
        return
    who, row = author.hex()[:8], state.graph.author_row(author, create=False)
    if not state.trust.refuses(author):
        raise Unsafe("equivocators", host, f"{who} is proved to equivocate and not refused")
    if author != host.author and row >= 0 and len(state.graph.edges_of(row)[0]):
        raise Unsafe("equivocators", host, f"{who} is proved to equivocate and has edges")
    vector = state.vector(state.persons.owner.row)
    if row >= 0 and vector is not None and row < vector.n_authors and vector.t[row] > 0:
        raise Unsafe("equivocators", host, f"{who} is proved to equivocate and trusted")


def shares_add_up(host: Host, items: object) -> None:
    """The shares of the reasons of each place, and what is left, are 1. Raises Unsafe."""
    if not isinstance(items, list):
        return
    for entry in items:
        if not isinstance(entry, dict) or not entry.get("reasons"):
            continue
        total = sum(path["share"] for path in entry["reasons"]) + entry["other_share"]
        if abs(total - 1.0) > SHARES_WITHIN:
            raise Unsafe("shares", host, f"the reasons of {entry['item']} add up to {total:.6f}")


def name(feed: FeedId) -> str:
    """For messages."""
    return f"{feed.author.hex()[:8]}/{feed.lane.name.lower()}"


def _by_author(host: Host) -> dict[AuthorKey, list[FeedId]]:
    found: dict[AuthorKey, list[FeedId]] = {}
    for feed in host.store.feeds:
        found.setdefault(feed.author, []).append(feed)
    return found


def _own(host: Host, feed: FeedId) -> bool:
    return feed.author == host.author


def _bundles(host: Host) -> Iterable[Bundle]:
    return (blob.bundle for feed in host.store.feeds.values() for blob in feed.blobs.values())
