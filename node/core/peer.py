"""One peer: gossip, admission, graph, trust, ranking and the people who live here, composed.

Synchronous and deterministic: `handle(event, now=...)` returns effects and touches nothing else.
The daemon drives it with trio, SQLite and libp2p; a simulator drives the same class with a heap.
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from node.core import events as ev
from node.core.admission import Heard
from node.core.author_rows import free_author_rows
from node.core.dialing import is_private, peer_of
from node.core.events import Asked, Effect, Event, Refuse
from node.core.interest import interest, interest_walks, may_ask_for
from node.core.methods import (
    about,
    clicking,
    params,
    people,
    recommending,
    searching,
    sharing,
    similar,
    taste,
    trust,
)
from node.core.publishing import (
    BUNDLES_PER_TICK,
    Publication,
    publish,
    publish_endpoints,
    rewind,
)
from node.core.rebuild import Rebuilder
from node.core.state import WAITING_MAX, LinkInfo, PeerState, refuse
from node.core.trusting import Walked, highest_trust, set_priorities
from node.query.schema import READ_ONLY
from protocol import events as gossip
from protocol.ids import AuthorKey
from protocol.limits import ADDRESSES_MAX
from ranking.priorities import priorities
from ranking.snapshot import GraphSnapshot
from ranking.trust_vector import TrustVector
from trust.ledger import Verdict

KEEP_ADDRESSES_S = 30.0
"""Between two writes of the known addresses."""

KEEP_LEDGER_S = 10.0
"""Between two writes of mild charges; one that ends a link is written at once."""

OWN_SOURCES = ("bootstrap", "owner")
"""Addresses from there were set by the owner."""

TRUST_REST = 9.0
"""Between two recomputations of trust, times what the last one took: a tenth of one core."""

FULL = 3 / 4
"""Part of the edges from which on the graph is read to see whose are worth keeping."""

TURNED_OVER = 1 / 16
"""Part of the edges that has to make way before those who came instead are judged."""

Handler: TypeAlias = Callable[[PeerState, Asked, float], list[Effect]]

HANDLERS: dict[str, Handler] = {
    "status": about.on_status,
    "id": about.on_id,
    "people": people.on_people,
    "add_person": people.on_add_person,
    "like": taste.on_like,
    "import_rows": taste.on_import_rows,
    "forget": taste.on_forget,
    "trust": trust.on_trust,
    "trust_get": trust.on_trust_get,
    "peers": trust.on_peers,
    "block": trust.on_block,
    "unblock": trust.on_block,
    "allow": trust.on_allow,
    "disallow": trust.on_allow,
    "recommend": recommending.on_recommend,
    "why": recommending.on_why,
    "similar": similar.on_similar,
    "search": searching.on_search,
    "click": clicking.on_click,
    "share_get": sharing.on_share_get,
    "share_set": sharing.on_share_set,
    "share_preview": sharing.on_share_preview,
}


class Peer:
    """See the module. Build one with `node.core.building`, or from a store with its `restore`."""

    def __init__(self, state: PeerState) -> None:
        self.state = state
        state.tell_gossip = self._gossip
        self._rebuilder = Rebuilder(state.feeds, state.admission, state.restate)
        self._publish_at = 0.0
        self._trust_at = 0.0
        self._keep_addresses_at = 0.0
        self._keep_ledger_at = 0.0
        self._charged = False
        self._endpoints_at = 0.0
        self._walking = False
        self._walked_version = -1
        self._people_walked = 0
        self._evicted_judged = 0

    @property
    def unlike_store(self) -> list[AuthorKey]:
        """Whose part of the graph is not what her stored bundles say just now."""
        return self._rebuilder.unlike

    def next_tick(self, *, now: float) -> float:
        """When a `Tick` has something to do at the earliest, if nothing else happens before.

        Ticks before that change nothing, so that whoever has very many peers may leave them out.
        `now` while anything waits for the next one. O(links).
        """
        state, at = self.state, self.state.gossip.next_tick(now=now)
        if at <= now:
            return now
        if any(person.dirty and not person.publishing for person in state.persons):
            at = min(at, self._publish_at)
        if state.peer_id:
            at = min(at, max(self._endpoints_at, self._publish_at))
            at = min(at, state.addresses.next_dial(now=now))
        if state.addresses.changed:
            at = min(at, self._keep_addresses_at)
        if self._charged:
            at = min(at, self._keep_ledger_at)
        if not self._walking and (self._vouches_changed or self._turned_over(state.graph.evicted)):
            at = min(at, self._trust_at)
        return max(at, now)

    @property
    def _vouches_changed(self) -> bool:
        state = self.state
        return (self._walked_version, self._people_walked) != (
            state.trust.version,
            len(state.persons),
        )

    def _turned_over(self, evicted: int) -> bool:
        room = self.state.graph.config.edges_max
        return evicted - self._evicted_judged >= TURNED_OVER * room

    def handle(self, event: Event, *, now: float) -> list[Effect]:
        """Take in one event. Never raises for what a peer or a query made."""
        match event:
            case Asked():
                return self._on_asked(event, now)
            case gossip.Tick():
                return self._on_tick(now)
            case gossip.BundlesRead(token=token) if token < 0:
                return self._rebuilder.on_read(event)
            case gossip.LinkUp():
                return self._on_link_up(event, now)
            case gossip.LinkDown():
                return self._on_link_down(event, now)
            case gossip.FrameReceived() | gossip.BundlesRead() | gossip.Published():
                return self._gossip(event, now)
            case ev.OwnAddresses():
                return self._on_own_addresses(event, now)
            case ev.AddressesFound(addresses=addresses, author=author, source=source):
                friend = author is not None or source in OWN_SOURCES
                told = source != "kademlia"
                self.state.addresses.heard(addresses, friend=friend, own_word=told)
                return []
            case ev.DialEnded(address=address):
                self.state.addresses.failed(address, now=now)
                return []
            case ev.NetworkLost():
                self.state.addresses.network_lost()
                return []
            case _:
                continuation = self.state.waiting.pop(event.token, None)
                return continuation(event, now) if continuation is not None else []

    # --------------------------------------------------------------------------------- queries
    def _on_asked(self, asked: Asked, now: float) -> list[Effect]:
        handler = HANDLERS.get(asked.method)
        if handler is None:
            return refuse(asked, "usage", f"there is no method {asked.method[:64]!r}")
        if not asked.caller.owner:
            refusal = self._remote_refusal(asked)
            if refusal is not None:
                return [refusal]
        if len(self.state.waiting) >= WAITING_MAX:
            return refuse(asked, "busy", "too many queries at once", "try again in a second")
        try:
            return handler(self.state, asked, now)
        except params.BadParameter as error:
            return refuse(asked, "usage", str(error))

    def _remote_refusal(self, asked: Asked) -> Refuse | None:
        if not any(author in self.state.allowed for author in asked.caller.authors):
            return Refuse(
                asked.token,
                "not_allowed",
                "the owner of this node has not allowed your author key to query it",
                "ask her to run: grapevine allow YOUR-AUTHOR-KEY",
            )
        if asked.method not in READ_ONLY:
            return Refuse(asked.token, "not_allowed", f"{asked.method} is for the owner only")
        return None

    # ---------------------------------------------------------------------------------- gossip
    def _on_link_up(self, event: gossip.LinkUp, now: float) -> list[Effect]:
        verdict = self.state.ledger.verdict(event.peer_id, now=now)
        if verdict >= Verdict.BAN:
            self.state.addresses.failed(event.address, now=now)
            return [gossip.Disconnect(event.link, "banned")]
        self.state.links[event.link] = LinkInfo(event.peer_id, event.outbound, event.address, now)
        self.state.addresses.linked(
            event.link, event.peer_id, event.address, outbound=event.outbound, now=now
        )
        self._advertise()
        return self._gossip(event, now) + self._make_room(event, now)

    def _make_room(self, newcomer: gossip.LinkUp, now: float) -> list[Effect]:
        """Close an expendable link when there are too many; none that we have opened ourselves."""
        state = self.state
        if state.gossip.statistics().links <= state.config.links_kept:
            return []
        link = state.gossip.expendable_link(newcomer.link)
        if link is None or state.links[link].outbound:
            if newcomer.outbound:
                return []
            link = newcomer.link
        return self._close(link, "making room", now)

    def _close(self, link: int, reason: str, now: float) -> list[Effect]:
        """Close a link; it is gone for us, even if the network needs a moment more."""
        down = self._on_link_down(gossip.LinkDown(link), now)
        return [gossip.Disconnect(link, reason), *down]

    def _on_link_down(self, event: gossip.LinkDown, now: float) -> list[Effect]:
        if self.state.links.pop(event.link, None) is not None:
            self.state.addresses.closed(event.link, now=now)
        return self._gossip(event, now)

    def _on_own_addresses(self, event: ev.OwnAddresses, now: float) -> list[Effect]:
        state = self.state
        self._endpoints_at = max(self._endpoints_at, now + state.config.endpoints_delay_s)
        state.peer_id, state.own_addresses = event.peer_id, event.addresses
        state.gossip.my_peer_id = state.addresses.my_peer_id = event.peer_id
        self._advertise()
        return state.speak()

    def _advertise(self) -> None:
        """Partners may be told where we are, and who has answered us."""
        state = self.state
        known = state.addresses.good_addresses(state.config.gossip.addresses_known_max)
        state.gossip.advertise(state.own_addresses + known)

    def _gossip(self, event: gossip.Event, now: float) -> list[Effect]:
        return self._translate(self.state.gossip.handle(event, now=now), now)

    def _translate(self, effects: list[gossip.Effect], now: float) -> list[Effect]:
        """Gossip's effects: some are ours to act on, the rest are the shell's."""
        out: list[Effect] = []
        for effect in effects:
            match effect:
                case gossip.Accepted():
                    out += self._on_accepted(effect, now)
                case gossip.Equivocated(author=author, proof_bytes=proof):
                    out += self._on_equivocated(author, proof)
                case gossip.Penalise(link=link, offence=offence):
                    out += self._on_penalised(link, offence, now)
                case gossip.Spoke(link=link, author=author):
                    if link in self.state.links:
                        self.state.links[link].authors.append(author)
                case gossip.HeardPeers(link=link, addresses=addresses):
                    self._on_heard_peers(link, addresses)
                case gossip.FindAuthor(author=author):
                    known = self.state.admission.addresses_of(author)
                    self.state.addresses.heard(known, friend=True, own_word=False)
                    if may_ask_for(self.state, author):
                        out.append(ev.FindAuthor(author))
                case gossip.Unfollowed(author=author):
                    out += self._drop(author, now)
                case _:
                    out.append(effect)
        return out

    def _on_heard_peers(self, link: int, addresses: tuple[str, ...]) -> None:
        book, info = self.state.addresses, self.state.links.get(link)
        book.heard(addresses, own_word=False)
        if info is not None and not info.outbound:
            book.introduced(link, addresses)
            self._advertise()

    def _on_accepted(self, effect: gossip.Accepted, now: float) -> list[Effect]:
        state = self.state
        heard = [Heard(b.feed, b.seq, b.claims(), now) for b in effect.bundles]
        state.received_claims += sum(len(h.claims) for h in heard)
        admitted = state.admission.admit(heard)
        self._rebuilder.heard(heard)
        if heard:
            state.last_received = now
        infos = tuple(admitted.infos)
        out: list[Effect] = [ev.StoreBundles(effect.bundles, effect.voided, effect.raised, infos)]
        voided = dict.fromkeys(feed.author for feed, _ in effect.voided)
        for author in voided | dict.fromkeys(admitted.reordered):
            out += self._rebuilder.request(author)
        return out + self._rebuilder.cut(feed for feed, _ in effect.raised)

    def _on_equivocated(self, author: AuthorKey, proof: bytes) -> list[Effect]:
        kept = ev.StoreProof(author, proof)
        if not self.state.config.disown_equivocators:
            return [kept]
        self.state.trust.disown(author)
        return [*self._forget(author), kept]

    def _forget(self, author: AuthorKey) -> list[Effect]:
        """What her feeds said counts no more; what she says here herself, if she does, stays."""
        self.state.admission.forget(author)
        self.state.restate(author)
        return self._rebuilder.cancel(author)

    def _on_penalised(self, link: int, offence: str, now: float) -> list[Effect]:
        info = self.state.links.get(link)
        if info is None:
            return []
        verdict = self.state.ledger.penalise(info.peer_id, offence, now=now)
        self._charged = True
        if verdict < Verdict.DISCONNECT:
            return []
        return self._keep_ledger(now) + self._close(link, f"charged with {offence}", now)

    def _keep_ledger(self, now: float) -> list[Effect]:
        self._charged, self._keep_ledger_at = False, now + KEEP_LEDGER_S
        return [ev.StoreLedger(tuple(self.state.ledger.rows()))]

    def _drop(self, author: AuthorKey, now: float) -> list[Effect]:
        if self.state.persons.with_key(author) is not None:
            return []  # her own data are nobody's to drop, however long the list of the followed
        self.state.gossip.drop_author(author, now=now)
        return [*self._forget(author), ev.DropAuthor(author)]

    # ----------------------------------------------------------------------------------- ticks
    def _on_tick(self, now: float) -> list[Effect]:
        out: list[Effect] = []
        if now >= self._publish_at:
            self._publish_at = now + self.state.config.publish_interval_s
            out += self._publish(now)
            if self.state.peer_id and now >= self._endpoints_at:
                out += self._publish_endpoints(now)
        if self._charged and now >= self._keep_ledger_at:
            out += self._keep_ledger(now)
        out += self._refresh_trust(now)
        return out + self._dial(now) + self._gossip(gossip.Tick(), now)

    def _dial(self, now: float) -> list[Effect]:
        book, out = self.state.addresses, list[Effect]()
        address = book.due(now=now) if self.state.peer_id else None
        if address is not None:
            if self.state.ledger.verdict(peer_of(address) or "", now=now) >= Verdict.BAN:
                book.failed(address, now=now)
            else:
                out.append(ev.Dial(address))
        if book.changed and now >= self._keep_addresses_at:
            self._keep_addresses_at = now + KEEP_ADDRESSES_S
            out.append(ev.StoreAddresses(tuple(book.rows())))
        return out

    def _publish(self, now: float) -> list[Effect]:
        """Sign what is pending, whoever it is by, within what one tick may cost."""
        out: list[Effect] = []
        left = BUNDLES_PER_TICK
        for person in self.state.persons:
            if not person.dirty or person.publishing:
                continue
            if left <= 0:
                break
            publication = publish(person, now=now, bundles_max=left)
            if publication is None:
                person.dirty = False
                continue
            left -= len(publication.bundles)
            out += self._make_public(publication)
        return out

    def _publish_endpoints(self, now: float) -> list[Effect]:
        """Those who share anything say where they are, if that has changed since they last did."""
        state = self.state
        self._endpoints_at = now + state.config.endpoints_interval_s
        own = (a for a in state.own_addresses if state.config.dial.private or not is_private(a))
        addresses = tuple(own)[:ADDRESSES_MAX]
        out: list[Effect] = []
        for person in state.persons:
            news = addresses != person.said.addresses
            if person.policy.any and not person.publishing and news:
                out += self._make_public(publish_endpoints(person, addresses, now=now))
        return out

    def _make_public(self, publication: Publication) -> list[Effect]:
        """Commit the bundles, then announce them."""
        person = publication.person
        person.publishing = True

        def on_done(event: Event, then: float) -> list[Effect]:
            person.publishing = False
            if isinstance(event, ev.CommitFailed):
                rewind(publication)
                return []
            return taste.announce(self.state, publication, then)

        return [self.state.commit(publication.writes, on_done)]

    def _refresh_trust(self, now: float) -> list[Effect]:
        """Walk again for everybody here when vouches have changed; then say whom to follow.

        A graph that is full, or soon will be, is read, too, to see whose edges are worth keeping;
        again when so many have made way that those who came instead are to be judged.
        """
        state = self.state
        if self._walking or now < self._trust_at:
            return []
        evicted = state.graph.evicted
        if not self._vouches_changed and not self._turned_over(evicted):
            return []
        edges, room = state.graph.statistics().edges, state.graph.config.edges_max
        full = evicted > 0 or edges > FULL * room
        self._walking = True
        self._trust_at = now + state.config.trust_interval_s
        version, people = state.trust.version, list(state.persons)
        config = interest_walks(state.trust.config, len(people))
        jobs = [state.walk_job(person, config) for person in people]

        def work(snapshot: GraphSnapshot | None = None) -> tuple[list[Walked], NDArray[np.float32]]:
            walks = [job.run() for job in jobs]
            return walks, priorities([walked.vector for walked in walks], snapshot)

        def on_walked(event: Event, then: float) -> list[Effect]:
            self._walking = False
            if not isinstance(event, ev.Computed):
                return []
            self._walked_version, self._people_walked = version, len(people)
            self._evicted_judged = evicted
            self._trust_at = max(self._trust_at, then + TRUST_REST * (then - now))
            walks, worth = event.result
            if config is state.trust.config:
                for walked in walks:
                    state.keep_walked(version, walked)
            return self._follow([walked.vector for walked in walks], worth, then)

        if full:
            return state.compute_on_snapshot(work, on_walked, now)
        return [state.compute(work, on_walked)]

    def _follow(
        self, vectors: list[TrustVector], worth: NDArray[np.float32], now: float
    ) -> list[Effect]:
        state = self.state
        highest = highest_trust(state.graph, vectors)
        trusted = highest > 0
        state.trust.make_room(trusted)
        state.clicks.make_room(highest)
        state.tags.make_room(trusted)
        kept = [person.row for person in state.persons]
        for person in state.persons:
            kept += [r for r, w in state.trust.vouched_by(person.row).items() if w > 0]
        set_priorities(state.graph, worth, kept)
        free_author_rows(state, trusted)
        followed = state.gossip.follow(interest(state, vectors), now=now)
        return self._translate(followed, now)
