"""One exchange a round: tell a partner what changed, hear what changed there.

    first contact (whoever dialled), every 100th round, too much changed:
        Ranges(opening) ──► Ranges(prints | lists) ──► ... until all ranges are equal or listed
    otherwise:
        Heads(changed, answer) ──► Heads(changed)

and beside either: Peers both ways, Seek to vouched partners for authors whom nobody serves.
"""

from collections.abc import Mapping, Sequence

from protocol.context import Context
from protocol.errors import Offence, RemoteProtocolError
from protocol.events import FindAuthor, HeardPeers
from protocol.exchange import worth_passing
from protocol.fetch import Purpose, Span
from protocol.heads import feed_key, tag_of
from protocol.ids import AuthorKey, FeedId
from protocol.intake import Intake
from protocol.limits import ADDRESSES_MAX
from protocol.messages import (
    SOUGHT_PER_FRAME_MAX,
    Head,
    Heads,
    Named,
    Peers,
    RangePrint,
    Ranges,
    Seek,
    Want,
)
from protocol.offers import Offers
from protocol.partners import Candidate, choose
from protocol.peerlink import UNSURE, PeerLink
from protocol.push import FRESH_MAX
from protocol.reconcile import Equal, Split, compare, in_order, opening, within
from protocol.steps import Slice, Steps
from protocol.telling import note, room_for_heads, tell_heads

HEADS_PER_LIST = 512
"""Heads in one list of a range; a longer one is cut into several ranges."""

ANNOUNCED_MAX = 8
"""So many heads in a frame that asks for nothing announce news; more are a catch-up."""

CONFIRMED_ROUNDS = 4
"""Each so many exchanges a partner is asked whether it has got what it was told."""

COVERS_AMONG = 8
"""A cover is one of so many strangers' feeds that the partner told last."""

FIND_BACKOFF = 4
"""An author whom nobody serves is looked for again after this many times the rounds so far."""


class Rounds:
    """Heads, ranges, peer exchange and the search for authors. Holds no table but `unserved`."""

    def __init__(self, context: Context, intake: Intake, offers: Offers) -> None:
        self._context = context
        self._offers = offers
        self._intake = intake
        self._by_overlap = False
        self._unserved: dict[AuthorKey, tuple[int, int]] = {}
        self.own_authors: dict[AuthorKey, None] = {}
        self.addresses: tuple[str, ...] = ()
        """What partners may be told, own addresses first."""

    # --------------------------------------------------------------------------------- rounds
    def start(self, *, now: float) -> None:
        """Start this round's exchange, and look after authors whom nobody serves."""
        context = self._context
        context.counters.rounds += 1
        context.fetcher.next_round()
        candidates = self.candidates()
        self._by_overlap = not self._by_overlap
        chosen = choose(candidates, by_overlap=self._by_overlap, rng=context.rng)
        if chosen is not None:
            self._exchange(context.links[chosen], now)
        self._admit_strangers(now)
        self._search()

    def open(self, link: PeerLink, *, now: float) -> None:
        """A link is open. Whoever has dialled begins, with what has changed if both have met."""
        if self._context.reunions.meet(link):
            for feed, lo, hi in link.names.told():
                self._offer(link, feed, lo, hi, now)
            link.equal = list(link.alike)
        if not link.outbound:
            return
        if link.met:
            self._tell_changed(link, answer=True, now=now)
        else:
            self.reconcile(link)

    def recall(self, link: PeerLink, authors: Sequence[AuthorKey], *, now: float) -> None:
        """These are followed from now on, or more is wanted of them: use what the partner has told
        of them before, or have it told anew."""
        if not authors:
            return
        if not link.whole or len(authors) > self._context.config.recalled_max:
            link.reconcile_due = True
            return
        new = dict.fromkeys(authors)
        for feed, lo, hi in link.names.told_of(new):
            self._offer(link, feed, lo, hi, now)
        # of what both held alike nothing was told: the partner holds what we hold
        alike = sorted(link.alike)
        for feed in [feed for author in new for feed in self._context.feeds.feeds_of(author)]:
            head = self._context.feeds.head(feed)
            if head is not None and within(alike, feed_key(feed)):
                self._offer(link, feed, 1, head.hi, now)

    def _offer(self, link: PeerLink, feed: FeedId, lo: int, hi: int, now: float) -> None:
        if self._offers.notice(link, feed, lo, hi):
            self._offers.want(link, feed, lo, hi, now)

    def candidates(self) -> list[Candidate]:
        """The open links, as partner choice sees them. O(links)."""
        return [self.candidate(link) for link in self._context.links.values() if link.open]

    def candidate(self, link: PeerLink) -> Candidate:
        """The link as partner choice sees it."""
        return Candidate(link.link, len(link.serves), self.vouched(link), link.outbound)

    def vouched(self, link: PeerLink) -> bool:
        """Whether the partner has proved an author for whom the owner vouches."""
        return any(map(self._context.following.vouched, link.session.authors))

    def _exchange(self, link: PeerLink, now: float) -> None:
        context = self._context
        link.rounds += 1
        due = link.rounds % context.config.reconcile_rounds == 0
        if due or link.reconcile_due or context.fetcher.offers_lost(link.link):
            self.reconcile(link)
        else:
            self._tell_changed(link, answer=True, now=now)
            link.asked = link.told
        unsure = link.sure == UNSURE or link.rounds % CONFIRMED_ROUNDS == 0
        confirms = unsure and link.asked > link.sure
        self._introduce(link, answer=True, anew=due, always=confirms)

    def _introduce(
        self, link: PeerLink, *, answer: bool, anew: bool = False, always: bool = True
    ) -> None:
        """Tell addresses that the partner was not told yet, or all of them `anew`; without any,
        `always` sends none rather than nothing, for the sake of the answer or as one.

        The first, which is our own, goes with any others: who dialled us learns where we listen.
        """
        known, told = worth_passing(self.addresses, partner=link.address), link.addresses_told
        if anew or len(told) > self._context.config.addresses_known_max:
            told.clear()
        new = [address for address in known if address not in told]
        told |= dict.fromkeys(new)
        if new and new[0] != known[0]:
            new = [known[0], *new[: ADDRESSES_MAX - 1]]
        if not (new or always):
            return
        link.unanswered += answer
        self._context.send(link, Peers(new, answer))

    def _tell_changed(self, link: PeerLink, *, answer: bool, now: float) -> None:
        """Heads changed since the partner was last told, or a reconciliation when too many."""
        context = self._context
        changed = context.journal.since(link.told, link=link.link)
        if changed is None or len(changed) > context.config.changed_heads_max:
            self.reconcile(link)
            return
        changed = self._not_said_alike(link, changed)
        if room_for_heads(link, now) < len(changed):
            changed = []  # the next exchange tells them
        else:
            link.told = context.journal.version
        if changed or answer:
            tell_heads(context, link, changed, answer=answer, now=now)

    def _not_said_alike(self, link: PeerLink, feeds: list[FeedId]) -> list[FeedId]:
        """Without those of which the partner has told the very head that we have, or we it."""
        if not feeds:
            return []
        held = (self._context.feeds.head(feed) for feed in feeds)
        heads = {feed_key(head.feed): head for head in held if head is not None}
        theirs = link.names.tags_of(heads)
        return [
            head.feed
            for key, head in heads.items()
            if theirs.get(key) != (tag := tag_of(head.id)) and link.said.get(tag) != head.lo
        ]

    # ---------------------------------------------------------------------------------- heads
    def on_heads(self, link: PeerLink, message: Heads, *, now: float) -> None:
        """The partner's changed heads; its question for ours."""
        self._admit(link, message.named, len(message.heads), now)
        fresh = not message.answer and len(message.heads) <= ANNOUNCED_MAX
        self._hear(link, message.heads, now, fresh=fresh)
        if message.answer:
            self._answer(link, now)

    def _answer(self, link: PeerLink, now: float) -> None:
        """Our heads in return, and a question whose answer says that they have arrived."""
        if not link.met:
            self.reconcile(link)  # it remembers us, and we do not remember it
            return
        self._tell_changed(link, answer=False, now=now)
        if link.sure == UNSURE:
            link.asked = link.told
            self._introduce(link, answer=True)

    def on_seek(self, link: PeerLink, message: Seek, *, now: float) -> None:
        """Tell what we hold of these authors, as far as there is room."""
        context = self._context
        room, feeds = room_for_heads(link, now), list[FeedId]()
        for author in dict.fromkeys(message.authors):
            if len(feeds) < room:
                feeds += self._held(link, AuthorKey(author))
        if feeds:
            tell_heads(context, link, feeds[:room], answer=False, now=now)

    def _held(self, link: PeerLink, author: AuthorKey) -> list[FeedId]:
        if self._context.feeds.disowned(author):
            self._context.tell_proof(link, author)
            return []
        return self._context.feeds.feeds_of(author)

    def _admit(self, link: PeerLink, named: Sequence[Named], told: int, now: float) -> None:
        """Learn the names of a frame; what the bucket has no room for is not looked at.

        `told`: heads and fingerprints of the frame.
        """
        for name in named:
            link.names.learn(name)
        told = max(told, len(named))
        if link.heads_in.take(told, now=now) < told:
            raise RemoteProtocolError(Offence.FLOOD, "too many heads")

    def _hear(
        self, link: PeerLink, heads: Sequence[Head], now: float, *, fresh: bool = False
    ) -> dict[FeedId, Head]:
        """Note a partner's heads; returns them by feed. `fresh`: ask for them before all others."""
        heard: dict[FeedId, Head] = {}
        for head in heads:
            if head.lo > head.hi:
                raise RemoteProtocolError(Offence.WRONG_SCHEMA, "a head below its tail")
            feed = link.names.feed(head.handle)
            if feed is not None:
                heard[feed] = head
                link.names.hear(head)
                note(link.heard, head.tag, head.lo, at_most=self._context.config.link.heard_max)
                self._note(link, feed, head, now, fresh=fresh)
        return heard

    def _note(self, link: PeerLink, feed: FeedId, head: Head, now: float, *, fresh: bool) -> None:
        context = self._context
        if not self._offers.notice(link, feed, head.lo, head.hi):
            return
        replica = context.feeds.replica(feed)
        if replica is not None and replica.hi == head.hi and tag_of(replica.head) != head.tag:
            self._intake.probe(link, feed, head.hi, head.hi, now=now)
        above = replica.hi if replica is not None and replica.hi else head.lo - 1
        news = fresh and head.hi - above <= FRESH_MAX
        want = self._offers.want_now if news else self._offers.want
        want(link, feed, head.lo, head.hi, now)

    # --------------------------------------------------------------------------------- ranges
    def reconcile(self, link: PeerLink) -> None:
        """Open a reconciliation with the partner."""
        context = self._context
        context.counters.reconciliations += 1
        link.reconcile_due, link.met = False, True
        link.told, link.asked = context.journal.version, UNSURE
        link.alike = []
        link.sought.clear()
        steps = Steps(context, link, bytes_max=context.config.reconcile_bytes)
        for part in opening(context.index):
            steps.print(part)
        steps.flush(opening=True)

    def on_ranges(self, link: PeerLink, message: Ranges, *, now: float) -> None:
        """One step of a reconciliation."""
        if not (in_order(message.prints) and in_order(message.lists)):
            raise RemoteProtocolError(Offence.WRONG_SCHEMA, "ranges out of order")
        context = self._context
        if message.opening:
            link.told, link.met = context.journal.version, True
            link.alike = []
        heads = sum(len(part.heads) for part in message.lists)
        self._admit(link, message.named, heads + len(message.prints), now)
        heard = [(part, self._hear(link, part.heads, now)) for part in message.lists]
        budget = min(int(link.heads_out.level(now)), context.config.reconcile_step_bytes)
        steps = Steps(context, link, bytes_max=budget)
        jobs: list[RangePrint | Slice] = list(message.prints)
        for part, known in heard:
            if part.answer:
                span = context.index.span(part.lower, part.upper)
                jobs += self._cut(part.lower, part.upper, span, False, known)
        # in random order, so that what finds no room differs from one attempt to the next
        context.rng.shuffle(jobs)
        while jobs and not steps.full:
            job = jobs.pop()
            if isinstance(job, Slice):
                self._list(steps, job)
            else:
                jobs += self._answer_print(steps, link, job)
        steps.flush()
        link.heads_out.take(steps.total, now=now)
        link.reconcile_due = link.reconcile_due or steps.full

    def _answer_print(self, steps: Steps, link: PeerLink, theirs: RangePrint) -> list[Slice]:
        """Tell fingerprints, or return what is to be listed."""
        step = compare(self._context.index, theirs)
        if isinstance(step, Equal):
            if theirs.count:
                room = self._context.config.link.equal_ranges_max
                link.names.whole = link.names.whole and len(link.alike) < room
                for ranges in (link.alike, link.equal):
                    ranges.append((theirs.lower, theirs.upper))
                    del ranges[:-room]
        elif isinstance(step, Split):
            for part in step.prints:
                steps.print(part)
        else:
            slices = self._cut(step.lower, step.upper, (step.start, step.stop), step.answer, {})
            self._context.rng.shuffle(slices)
            return slices
        return []

    def _cut(
        self,
        lower: bytes,
        upper: bytes,
        span: tuple[int, int],
        answer: bool,
        known: Mapping[FeedId, Head],
    ) -> list[Slice]:
        """A range in slices that each make one list: nobody shall pay for all of a large one."""
        index, (start, stop) = self._context.index, span
        slices = []
        for at in range(start, max(stop, start + 1), HEADS_PER_LIST):
            end = min(at + HEADS_PER_LIST, stop)
            low = lower if at == start else index.key_at(at)
            high = upper if end == stop else index.key_at(end)
            slices.append(Slice(low, high, at, end, answer, known))
        return slices

    def _list(self, steps: Steps, part: Slice) -> None:
        """Tell those of our heads in the slice that the partner lacks or has otherwise."""
        feeds = self._context.index.feeds(part.start, part.stop)
        heads = [h for feed in feeds if (h := self._context.feeds.head(feed)) is not None]
        differing = [
            head
            for head in heads
            if (known := part.known.get(head.feed)) is None
            or (known.hi, known.tag, known.lo) != (head.hi, tag_of(head.id), head.lo)
        ]
        if differing or part.answer:
            steps.list(part.lower, part.upper, differing, answer=part.answer)

    def look_back(self, *, now: float) -> None:
        """Ask for what came before what we hold: of authors of whom we want more by now, and of
        what both hold alike, for a partner serves it, too, and perhaps further back than we do.

        A part of it each tick: a large table would take longer than the loop may stall.
        """
        context = self._context
        waiting = [link for link in context.links.values() if link.equal or link.welcomed]
        for link in waiting:
            share = max(1, context.config.feeds_looked_back_per_tick // len(waiting))
            room = self._offers.look_back(link, room=share, now=now)
            while link.equal and room > 0:
                lower, upper = link.equal.pop()
                start, stop = context.index.span(lower, upper)
                end = min(stop, start + room)
                if end < stop:
                    link.equal.append((context.index.key_at(end), upper))
                room -= max(1, end - start)
                for feed in context.index.feeds(start, end):
                    head = context.feeds.head(feed)
                    if head is not None and self._offers.notice(link, feed, 1, head.hi):
                        self._offers.want(link, feed, 1, head.hi, now)

    # -------------------------------------------------------------------------------- peers
    def on_peers(self, link: PeerLink, message: Peers, *, now: float) -> None:
        """Addresses for the dial policy; ours in return."""
        room = link.addresses_in.take(len(message.addresses), now=now)
        heard = worth_passing(message.addresses[:room], partner=link.address)
        if heard:
            self._context.emit(HeardPeers(link.link, heard))
        if message.answer:
            self._introduce(link, answer=False)
            return
        link.unanswered = max(0, link.unanswered - 1)
        if not link.unanswered and link.asked != UNSURE:
            link.sure = link.asked

    # ------------------------------------------------------------------ strangers and searching
    def _admit_strangers(self, now: float) -> None:
        """Give free places on probation to strangers, one from each link in random order."""
        context = self._context
        if context.following.probation_full:
            return
        links = [link for link in context.links.values() if link.strangers]
        context.rng.shuffle(links)
        for link in links[: context.config.probation_per_round_max]:
            feeds = list(link.strangers)
            if not feeds:  # those whom it offered were taken from others' offers just now
                continue
            author = feeds[context.rng.randrange(len(feeds))].author
            if context.feeds.disowned(author) or not context.feeds.may_ask(author, now=now):
                continue
            if context.following.admit(author, now=now):
                self._offers.welcome([author], now=now)

    def _search(self) -> None:
        """Ask vouched partners for wanted authors whom nobody serves, then the wide world."""
        context = self._context
        config = context.config
        served: dict[AuthorKey, None] = dict(self.own_authors)
        for link in context.links.values():
            served.update(link.serves)
        unserved: dict[AuthorKey, tuple[int, int]] = {}
        for author in context.following.authors():
            if author in served:
                continue
            wanted = context.following.wanted(author)
            if wanted is not None and wanted.hosted:
                continue
            rounds, due = self._unserved.get(author, (0, config.find_after_rounds))
            unserved[author] = (rounds + 1, due)
        self._unserved = unserved
        self._seek(list(unserved))
        late = [author for author, (rounds, due) in unserved.items() if rounds >= due]
        for author in late[: config.find_per_round_max]:
            rounds, _ = unserved[author]
            unserved[author] = (rounds, rounds * FIND_BACKOFF)
            context.emit(FindAuthor(author))

    def _seek(self, authors: list[AuthorKey]) -> None:
        """Only vouched partners learn whom we look for; one of them each round.

        Each is asked once: what it holds later it tells by itself, as news.
        """
        vouched = [link for link in self._context.links.values() if self.vouched(link)]
        if not (authors and vouched):
            return
        link = vouched[self._context.rng.randrange(len(vouched))]
        new = [author for author in authors if author not in link.sought][:SOUGHT_PER_FRAME_MAX]
        if not new:
            return
        link.sought.update(dict.fromkeys(new))
        while len(link.sought) > self._context.config.link.sought_max:
            del link.sought[next(iter(link.sought))]
        self._context.send(link, Seek(list[bytes](new)))

    def cover(self, link: PeerLink, wants: Sequence[Want], *, now: float) -> list[Want]:
        """Wants for feeds that nobody here wants, among these that we mean.

        A cover looks like what it hides: for a feed told lately, and for as many of its bundles.
        """
        context = self._context
        if not link.strangers or self.vouched(link):
            return []
        lately = list(link.strangers)[-COVERS_AMONG:]
        covers = []
        for hidden in wants:
            if context.rng.random() >= context.config.cover_rate:
                continue
            feed = lately[context.rng.randrange(len(lately))]
            lo, hi = link.strangers[feed]
            size = min(hidden.bytes_max, context.config.cover_bytes)
            span = Span(max(lo, hi - (hidden.hi - hidden.lo)), hi, True, size)
            want = context.fetcher.ask_for(link.link, feed, span, Purpose.COVER, now=now)
            if want is not None:
                covers.append(want)
        return covers
