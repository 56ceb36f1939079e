"""The gossip machine: what a peer says to its partners, and what it makes of what they say.

Sans-io and deterministic: `handle(event, now=...)` returns effects, and the same events with the
same `rng` return the same effects. Nothing that a peer sends raises out of it: an offence becomes
`Penalise`, a fatal one `Disconnect` as well, and other links go on.

    session.py    HELLO and the authors a link speaks for      heads.py      naming and journal
    rounds.py     one exchange a round                         reconcile.py  range fingerprints
    fetch.py      what to ask whom for                         serve.py      answering wants
    intake.py     bundles into the feed table                  push.py       announcing the new
    interest.py   whom we follow                               partners.py   whom we ask
    forks.py      proofs of equivocation                       exchange.py   which addresses count
    reunion.py    partners who come back
"""

from collections.abc import Iterable
from random import Random

from protocol.bundle import Bundle, Verifier
from protocol.config import GossipConfig
from protocol.context import NO_LINK, Context, GossipStatistics
from protocol.errors import Offence, RemoteProtocolError, UnknownVersion
from protocol.events import (
    Accepted,
    BundlesRead,
    Disconnect,
    Effect,
    Event,
    FrameReceived,
    LinkDown,
    LinkUp,
    Published,
    Spoke,
    Tick,
    Unfollowed,
)
from protocol.feedtable import FeedTable
from protocol.fetch import Fetcher
from protocol.heads import HeadIndex, Journal
from protocol.ids import AuthorKey, DeviceId, FeedId, Lane
from protocol.intake import Intake
from protocol.interest import Following, Interest, Quotas, Wanted
from protocol.messages import (
    WANTS_PER_FRAME_MAX,
    Data,
    Evidence,
    Heads,
    Hello,
    Message,
    Peers,
    Proofs,
    Push,
    Ranges,
    Refused,
    Seek,
    UnknownMessage,
    Want,
    Wants,
    decode_frame,
)
from protocol.offers import Offers
from protocol.partners import expendable
from protocol.peerlink import PeerLink, open_link
from protocol.push import Pusher
from protocol.reunion import Reunions
from protocol.rounds import Rounds
from protocol.serve import Serving
from protocol.session import AUTHORS_PER_LINK_MAX, HelloSigner, Session

__all__ = ["Gossip", "GossipConfig", "GossipStatistics", "Interest", "Quotas", "Wanted"]

_FATAL = frozenset(
    {Offence.MALFORMED, Offence.OVERSIZE, Offence.BAD_SIGNATURE, Offence.WRONG_NETWORK}
)
_LANES = frozenset(int(lane) for lane in Lane)


class Gossip:
    """Sans-io gossip. All growth is bounded by `GossipConfig`."""

    def __init__(
        self,
        config: GossipConfig,
        *,
        network: bytes,
        feeds: FeedTable,
        verify: Verifier,
        rng: Random,
        my_peer_id: str = "",
        signers: Iterable[HelloSigner] = (),
    ) -> None:
        """`feeds` is shared with the peer around us, which drops authors through `drop_author`."""
        self._config = config
        self.following = Following(config.following)
        self._context = Context(
            config,
            network,
            feeds,
            verify,
            rng,
            self.following,
            HeadIndex(),
            Journal(config.journal_max),
            Fetcher(config.fetch),
            Reunions(config.reunions_max),
        )
        self._pusher = Pusher(self._context)
        self._offers = Offers(self._context)
        self._intake = Intake(self._context, self._pusher, self._offers)
        self._rounds = Rounds(self._context, self._intake, self._offers)
        self._reads: dict[int, int] = {}
        self._round_at: float | None = None
        self._found: tuple[AuthorKey, ...] = ()
        """Authors held at the last reload, until it is known who of them is followed."""
        self._signers: tuple[HelloSigner, ...] = ()
        self.my_peer_id = my_peer_id
        """Our PeerID as the transport proves it; must be set before the first `LinkUp`."""
        self.speak_for(signers)
        self.reload()

    # ---------------------------------------------------------------- what the peer tells us
    def handle(self, event: Event, *, now: float) -> list[Effect]:
        """Take in one event. Never raises for what a peer made."""
        match event:
            case FrameReceived():
                self._on_frame(event, now)
            case BundlesRead():
                self._on_read(event, now)
            case Tick():
                self._on_tick(now)
            case Published():
                self._on_published(event, now)
            case LinkUp():
                self._on_link_up(event, now)
            case LinkDown():
                self._context.lose_link(event.link)
        return self._drain()

    def follow(self, interest: Interest, *, now: float) -> list[Effect]:
        """Replace whom we follow. O(n log n) of the wanted, O(1) for each one that changed."""
        context = self._context
        changed = context.following.follow(interest, now=now)
        context.following.lapse(self._found, now=now)
        self._found = ()
        raised: list[tuple[FeedId, int]] = []
        for author in changed:
            context.feeds.welcome_back(author)
            quotas = interest.wanted[author].quotas
            for feed in context.feeds.feeds_of(author):
                raised += context.feeds.set_quota(feed, quotas[feed.lane])
        self._offers.welcome(changed, now=now)
        for link in context.links.values():
            link.serves = {a: None for a in link.serves if a in context.following}
            link.welcomed = {a: None for a in link.welcomed if a in context.following}
            self._rounds.recall(link, changed, now=now)
        if raised:
            context.emit(Accepted(NO_LINK, (), (), tuple(raised)))
        return self._drain()

    def drop_author(self, author: AuthorKey, *, now: float) -> None:
        """Forget the author's feeds, here and in the feed table (which keeps its marks)."""
        for feed in self._context.feeds.feeds_of(author):
            self._context.forget_feed(feed)
        self._context.feeds.drop_author(author, now=now)

    @property
    def nbytes(self) -> int:
        """Memory that grows with the authors held, about; the feed table aside."""
        context = self._context
        remembered = context.following.nbytes + context.reunions.nbytes
        return context.index.nbytes + remembered + 88 * len(self._found)

    def reload(self) -> None:
        """Read all heads anew, after the feed table was restored. O(n log n)."""
        feeds = self._context.feeds
        self._context.index.load((head.feed, head.hi, head.id) for head in feeds.heads())
        self._found = tuple(feeds.authors())

    def dump_heads(self) -> tuple[bytes, bytes]:
        """What `reload_from` begins with."""
        return self._context.index.dump()

    def reload_from(self, heads: tuple[bytes, bytes], changed: Iterable[AuthorKey]) -> None:
        """`reload` from a `dump_heads`, but for the heads of authors that have changed since.

        ValueError if it is none. .1 µs a feed and some 20 µs a feed that has changed.
        """
        index, feeds = self._context.index, self._context.feeds
        index.undump(*heads)
        for author in changed:
            index.drop_author(author)
            for feed in feeds.feeds_of(author):
                head = feeds.head(feed)
                if head is not None:
                    index.put(feed, head.hi, head.id)
        self._found = tuple(feeds.authors())

    def restore_proofs(self, proofs: Iterable[tuple[AuthorKey, bytes]]) -> None:
        """Proofs of equivocation from the store; their authors count for nothing from the start."""
        for author, proof in proofs:
            for feed in self._context.feeds.feeds_of(author):
                self._context.forget_feed(feed)
            self._context.feeds.disown(author)
            self._context.keep_proof(author, proof)

    def speak_for(self, signers: Iterable[HelloSigner]) -> None:
        """The hosted people (at most 256 count); open links hear of new ones in the next round."""
        self._signers = tuple(signers)[:AUTHORS_PER_LINK_MAX]
        self._rounds.own_authors = {signer.public_key: None for signer in self._signers}

    def advertise(self, addresses: Iterable[str]) -> None:
        """What partners may be told: own addresses first, then good peers'."""
        self._rounds.addresses = tuple(addresses)[: self._config.addresses_known_max]

    def expendable_link(self, newcomer: int) -> int | None:
        """Which link to give up for a new one; None when there is none to spare.

        Those that have not said Hello may go as well, or whoever says none would never have to.
        """
        others = (link for link in self._context.links.values() if link.link != newcomer)
        return expendable([self._rounds.candidate(link) for link in others], self._context.rng)

    def next_tick(self, *, now: float) -> float:
        """When a `Tick` has something to do, if nothing else happens before: at the latest when the
        next round is due. `now` while anything waits. O(links + wants in flight)."""
        context = self._context
        if self._round_at is None or context.fetcher.waits():
            return now
        at = min(self._round_at, context.following.next_leaving(now=now))
        at = min(at, context.fetcher.next_expiry())
        for link in context.links.values():
            if not link.session.open:
                at = min(at, link.up_at + self._config.link.hello_timeout_s)
            elif link.busy:
                return now
        return max(at, now)

    def statistics(self) -> GossipStatistics:
        """Figures for status, logs and tests. O(links)."""
        context = self._context
        return GossipStatistics(
            len(context.links),
            sum(link.open for link in context.links.values()),
            len(context.index),
            len(context.following),
            len(context.following.strangers()),
            context.fetcher.wants_in_flight(),
            context.fetcher.in_flight_bytes,
            len(self._reads),
            len(context.proofs),
            context.counters.as_dict(),
        )

    def _drain(self) -> list[Effect]:
        effects = self._context.effects
        self._context.effects = []
        return effects

    # ---------------------------------------------------------------------------------- links
    def _on_link_up(self, event: LinkUp, now: float) -> None:
        context = self._context
        if len(context.links) >= self._config.links_max:
            context.emit(Disconnect(event.link, "too many links"))
            return
        if event.peer_id == self.my_peer_id:
            context.emit(Disconnect(event.link, "this is ourselves"))
            return
        session = Session(context.network, self.my_peer_id, event.peer_id, context.rng)
        link = open_link(event, session, self._config, now=now)
        context.links[event.link] = link
        context.fetcher.add_link(event.link, now=now)
        context.send(link, session.hello())

    def _on_frame(self, event: FrameReceived, now: float) -> None:
        context = self._context
        link = context.links.get(event.link)
        if link is None:
            return
        context.counters.frames_in += 1
        context.counters.bytes_in += len(event.frame)
        try:
            self._on_message(link, event.frame, now)
        except UnknownVersion as unknown:
            context.send(link, Refused(f"{unknown} is not spoken here"))
            context.close(link, str(unknown))
        except RemoteProtocolError as error:
            context.penalise(link, error.offence)
            if error.offence in _FATAL or not link.open:
                context.close(link, str(error))
        if link.link in context.links:
            self._ask(link, now)

    def _on_message(self, link: PeerLink, frame: bytes, now: float) -> None:
        try:
            message = decode_frame(frame)
        except UnknownMessage:
            # a message of the future costs nothing but its place in the bucket
            self._context.counters.frames_ignored += 1
            self._meter(link, now)
            return
        if not link.open:
            self._greet(link, message, now)
            return
        if not self._pays_for_itself(link, message):
            self._meter(link, now)
        self._dispatch(link, message, now)

    @staticmethod
    def _meter(link: PeerLink, now: float) -> None:
        if not link.frames_in.take(1, now=now):
            raise RemoteProtocolError(Offence.FLOOD, "too many frames")

    def _pays_for_itself(self, link: PeerLink, message: Message) -> bool:
        """Whether something else bounds such frames: pushes their bucket, answers our wants."""
        match message:
            case Data():
                return self._intake.awaits(link, message)
            case Push():
                return bool(message.headers)
        return False

    def _dispatch(self, link: PeerLink, message: Message, now: float) -> None:
        match message:
            case Data():
                self._intake.on_data(link, message, now=now)
            case Push():
                self._intake.on_push(link, message, now=now)
            case Wants():
                self._on_wants(link, message)
            case Heads():
                self._rounds.on_heads(link, message, now=now)
            case Ranges():
                self._rounds.on_ranges(link, message, now=now)
            case Proofs():
                self._on_proofs(link, message)
            case Evidence():
                self._intake.on_evidence(link, message, now=now)
            case Seek():
                self._rounds.on_seek(link, message, now=now)
            case Peers():
                self._rounds.on_peers(link, message, now=now)
            case Refused():
                self._context.close(link, f"refused: {message.reason}")
            case Hello():
                raise RemoteProtocolError(Offence.WRONG_SCHEMA, "a second Hello")

    def _greet(self, link: PeerLink, message: Message, now: float) -> None:
        if not isinstance(message, Hello):
            if isinstance(message, Refused):
                self._context.close(link, f"refused: {message.reason}")
                return
            raise RemoteProtocolError(Offence.WRONG_SCHEMA, "something before Hello")
        reason = link.session.refusal(message)
        if reason is not None:
            self._context.send(link, Refused(reason))
            self._context.close(link, reason)
            return
        link.session.accept(message)
        self._prove(link)
        self._rounds.open(link, now=now)

    def _prove(self, link: PeerLink) -> None:
        for proofs in link.session.prove(self._signers):
            self._context.send(link, proofs)

    def _on_proofs(self, link: PeerLink, message: Proofs) -> None:
        session = link.session
        for proof in message.proofs:
            author = AuthorKey(proof.author)
            if author in session.authors:
                continue
            if len(session.authors) >= AUTHORS_PER_LINK_MAX:
                raise RemoteProtocolError(Offence.FLOOD, "too many authors on one link")
            if not session.check(proof):
                raise RemoteProtocolError(Offence.BAD_SIGNATURE, "a forged author")
            session.authors[author] = None
            self._context.emit(Spoke(link.link, author))

    # --------------------------------------------------------------------------------- serving
    def _on_wants(self, link: PeerLink, message: Wants) -> None:
        overrun = False
        for want in message.wants:
            serving = self._serving(link, want)
            if serving is None or not link.server.add(serving):
                overrun = overrun or serving is not None
                for frame in link.server.refuse(want.want):
                    self._context.send(link, frame)
        self._read_more(link)
        for frame in link.server.flush_if_idle():
            self._context.send(link, frame)
        if overrun:
            raise RemoteProtocolError(Offence.FLOOD, "too many wants")

    def _serving(self, link: PeerLink, want: Want) -> Serving | None:
        """The want cut to what we hold; None when we hold nothing of it."""
        context = self._context
        author = AuthorKey(want.author)
        if context.feeds.disowned(author):
            context.tell_proof(link, author)
            return None
        if author in context.following:
            link.serves[author] = None
        if want.lane not in _LANES:
            return None
        feed = FeedId(author, DeviceId(want.device), Lane(want.lane))
        head = context.feeds.head(feed)
        if head is None or max(want.lo, head.lo) > min(want.hi, head.hi):
            return None
        return Serving(
            want.want,
            feed,
            max(want.lo, head.lo),
            min(want.hi, head.hi),
            min(want.bytes_max, self._config.link.served_bytes_max),
            want.newest_first,
        )

    def _read_more(self, link: PeerLink) -> None:
        while (read := link.server.next_read(self._context.next_token + 1)) is not None:
            self._reads[self._context.new_token()] = link.link
            self._context.emit(read)

    def _on_read(self, event: BundlesRead, now: float) -> None:
        if self._intake.on_read(event.token, event.bundles):
            self._pusher.flush(now=now)
            return
        link = self._context.links.get(self._reads.pop(event.token, NO_LINK))
        if link is None:
            return
        last = self._context.stored(event.bundles[-1]) if event.bundles else None
        bundles = event.bundles if last is not None else ()
        for frame in link.server.on_read(event.token, bundles, last.seq if last else None):
            self._context.send(link, frame)
        self._read_more(link)

    # ------------------------------------------------------------------------- time and asking
    def _on_published(self, event: Published, now: float) -> None:
        newest: dict[FeedId, Bundle] = {}
        for bundle in event.bundles:
            known = newest.get(bundle.feed)
            if known is None or bundle.seq > known.seq:
                newest[bundle.feed] = bundle
        for bundle in newest.values():
            self._context.head_changed(bundle, source=NO_LINK)
            self._pusher.announce(bundle, widely=True)
        self._pusher.flush(now=now)

    def _on_tick(self, now: float) -> None:
        context = self._context
        config = self._config
        for link in list(context.links.values()):
            if not link.open and now - link.up_at >= config.link.hello_timeout_s:
                context.close(link, "no Hello")
        for author in context.following.leaving(now=now):
            context.emit(Unfollowed(author))
        self._rounds.look_back(now=now)
        self._intake.expire(now=now)
        if self._round_at is None:
            self._round_at = now + context.rng.random() * config.round_s
        elif now >= self._round_at:
            self._round_at = max(self._round_at + config.round_s, now)
            self._start_round(now)
        self._pusher.flush(now=now)
        for link in list(context.links.values()):
            self._ask(link, now)

    def _start_round(self, now: float) -> None:
        for link in self._context.links.values():
            self._prove(link)
        self._rounds.start(now=now)

    def _ask(self, link: PeerLink, now: float) -> None:
        """Ask the partner for as much as the budgets allow."""
        context = self._context
        if not context.fetcher.waits_to_ask(link.link):
            return
        if not link.open or link.frames_out.level(now) < 1:
            return
        wants = context.fetcher.ask(link.link, context.spans_at(now), now=now)
        if not wants:
            return
        link.frames_out.take(1, now=now)
        for cover in self._rounds.cover(link, wants, now=now):
            wants.insert(context.rng.randrange(len(wants) + 1), cover)
        for at in range(0, len(wants), WANTS_PER_FRAME_MAX):
            context.send(link, Wants(wants[at : at + WANTS_PER_FRAME_MAX]))
