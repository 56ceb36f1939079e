"""What answers hold: the type of `data` for every method, as apps read it and `--json` prints it.

Plain dictionaries with fixed keys, so that JSON, MessagePack and Python show the same thing. Within
one major version keys are only added; `checked` lets keys it does not know fall away, refuses an
answer that lacks one or has the wrong type, and so lets nothing strange from a remote node through.

Weights are -1..1 (dislike..like, distrust..trust), shares 0..1, days are counted from 1970-01-01,
authors are 64 hex digits, items are `namespace:name`. Every text that peers wrote (titles, tags,
names, addresses) is hostile until shown through `node.cli.text`.
"""

from collections.abc import Mapping
from typing import Annotated, Any, NotRequired, TypedDict, TypeVar

import msgspec

from node.query.schema import QueryError

Real = Annotated[float, msgspec.Meta(ge=-1e300, le=1e300)]
"""A finite number; JSON has no others."""

Data = TypeVar("Data")


def checked(kind: type[Data], data: Mapping[str, Any]) -> Data:
    """`data` as `kind`, one of the types below. `QueryError` when it is something else.

    Costs one pass over the data.
    """
    try:
        return msgspec.convert(data, kind)
    except (msgspec.ValidationError, RecursionError) as error:
        raise QueryError(
            "bad_answer",
            f"the node's answer makes no sense: {error}",
            "the two sides may be of different versions",
        ) from None


# ------------------------------------------------------------------------------- people and items
class Named(TypedDict):
    """Somebody: `name` is "" unless she lives on the answering node."""

    author: str
    name: str


class Titled(TypedDict):
    """An item as a person reads it.

    title_by: whose words these are: `own`, `trusted` (the trust-weighted majority), `stranger`
    (nobody trusted named it), `none`.
    """

    item: str
    title: str
    tags: list[str]
    title_by: str


class Source(TypedDict):
    """The asker's own item that a path starts from; "" when it starts from trust alone."""

    item: str
    title: NotRequired[str]
    tags: NotRequired[list[str]]
    title_by: NotRequired[str]


# ------------------------------------------------------------------------------------- explaining
class Reason(TypedDict):
    """One path: own item -> person -> the item.

    share: part of the item's score that takes this path. trail: the shortest walk of trust from the
    asker to the person, both ends included; empty in an unprotected list. earned: there, and true,
    when its first step is trust that was earned; told to the node's own people only.
    """

    because: Source
    heard_from: Named
    share: Real
    trail: list[Named]
    earned: NotRequired[bool]


class Dependence(Named):
    """The person on whom the evidence rests most. excess: 0..1, beyond her part of all trust."""

    excess: Real


class Explained(TypedDict):
    """A score with its reasons: the shares of `reasons` and `other_share` add up to 1.

    paths: how many paths there are in all; the heaviest are listed.
    """

    score: Real
    standard_error: Real
    depends_on: Dependence | None
    reasons: list[Reason]
    other_share: Real
    paths: int


class Recommended(Titled, Explained):
    """One place of a list. discovery: None for an ordinary place, `rare` (few trusted people have
    it) or `newcomer` (nobody trusted has it yet) or `unplayed` (nobody trusted has
    played it; tags that they say of it fit) for a labelled discovery."""

    discovery: str | None


class RecommendResult(TypedDict):
    """recommend. unprotected: the person trusts nobody, so fake identities count like everybody.

    answered_by: `exact` or `sampled` (by random walks; then standard errors are above 0).
    people_heard: authors with trust > 0. edges: size of the local graph.
    """

    items: list[Recommended]
    unprotected: bool
    answered_by: str
    people_heard: int
    edges: int


class Ranked(Explained):
    """An item's score and its rank from 1 (None: known, blocked, without score or far below)."""

    rank: int | None
    answered_by: str


class Without(Ranked):
    """The same item as if `person` had never been heard."""

    person: Named


class WhyResult(Titled, Ranked):
    """why. known: the person has the item already, or blocked it, so it is never recommended."""

    known: bool
    without: NotRequired[Without]


class Similar(Titled):
    """One neighbour. likeness: 0..1, comparable within one answer only. shared_tags: what trusted
    people say of both items. reasons: people who like both, `because` is the one asked about;
    shares and `other_share` add up to 1, unless nobody likes both (paths: 0): then it is tags, or
    others' tastes, that bring the two together."""

    likeness: Real
    shared_tags: list[str]
    reasons: list[Reason]
    other_share: Real
    paths: int


class SimilarResult(TypedDict):
    """similar. asked: the item itself. unprotected: the person trusts nobody, so fake identities
    count like everybody. answered_by: `exact`, or `index` (approximate, for large graphs)."""

    asked: Titled
    items: list[Similar]
    unprotected: bool
    answered_by: str


# --------------------------------------------------------------------------------- taste and search
class Carrier(Named):
    """Somebody who opened an item for these words. share: her part of the item's score."""

    share: Real


class Clickers(TypedDict):
    """Whose clicks carry a result: the first of the `count` people, the most first."""

    people: list[Carrier]
    count: int


class Found(Titled):
    """One answer to a search. matched: `text`, `clicks` when only people's clicks lead there,
    `partial` when some of the words match, or `popular` when nothing does. score: what those
    who opened it for these words and the person's own interest in it make, 0 without a click for
    them. clicked_by: there when it was
    asked for."""

    score: Real
    matched: str
    clicked_by: NotRequired[Clickers]


class SearchResult(TypedDict):
    """search. matched_by: `text`, `clicks`, `partial`, `popular` or `nothing`, as the first item
    was found; terms: the words as clicks know them."""

    items: list[Found]
    matched_by: str
    terms: list[str]


class ClickResult(TypedDict):
    """click. position: where the item stood, 0 the top. shared: whether the person shares clicks,
    so that this one leaves with the next."""

    item: str
    terms: list[str]
    position: int
    shared: bool


class LikeResult(TypedDict):
    """like. shared: whether the person shares her taste. clicked: the words for which it was noted
    as a click, too, when it was among what her last search showed; else none."""

    item: str
    weight: Real
    shared: bool
    clicked: list[str]


class ForgetResult(TypedDict):
    """forget. retracted: it had been shared, and a retraction was published."""

    item: str
    retracted: bool


class ImportResult(TypedDict):
    """import_rows: rows that were new, rows already held, names of the people made for them."""

    imported: int
    duplicate: int
    people: list[str]


# ----------------------------------------------------------------------------------- whom to trust
class TrustResult(TypedDict):
    """trust: the vouch as it stands now (0: taken back), and whether it leaves this node."""

    author: str
    weight: Real
    shared: bool


class Trusted(Named):
    """t: her part of all trust, 0..1."""

    t: Real


class EarnedBy(Named):
    """Whom the person has not vouched for, but heard good things from. part: of all that her walks
    start with, 0..1. good, bad: items she was shown because of her, by their shares, that turned
    out well or not; older ones fade."""

    part: Real
    good: Real
    bad: Real


class TrustedResult(TypedDict):
    """trust_get: the most trusted first, at most 200; earned: who earned trust, the most first, for
    the node's own people only."""

    trusted: list[Trusted]
    unprotected: bool
    earned: NotRequired[list[EarnedBy]]


class BlockResult(TypedDict):
    """block, unblock. kind: `author` or `item`; blocked: how it is now."""

    target: str
    kind: str
    blocked: bool


class AllowResult(TypedDict):
    """allow, disallow: whether the author may query this node from now on."""

    author: str
    allowed: bool


# --------------------------------------------------------------------------------- what leaves here
class Policy(TypedDict):
    """The four switches of sharing; all are off until the person says otherwise."""

    taste: bool
    vouches: bool
    negative_vouches: bool
    clicks: bool


class ShareResult(Policy):
    """share_get, in records: `shared` have left, `pending` are about to, `private` stay."""

    person: str
    shared: int
    pending: int
    private: int


class NamedPolicy(Policy):
    """One person's switches."""

    name: str


class ShareSetResult(TypedDict):
    """share_set: how many people were changed, and the first hundred of them as they are now."""

    people: list[NamedPolicy]
    changed: int


class PreviewResult(TypedDict):
    """share_preview: claims exactly as they would travel (`lane`, `kind` and the claim's fields).

    total: how many there are. would: these are switches tried out, not what is set; with nothing
    shared and nothing tried it is everything that could leave.
    """

    records: list[dict[str, Any]]
    total: int
    would: bool
    author: str


# ----------------------------------------------------------------------------------------- the node
class Graph(TypedDict):
    """The local graph against its cap; evicted and refused count edges since the start. What is
    kept for the last askers, `views_bytes`, and embeddings and indexes of similar items,
    `similar_bytes`, come on top of `bytes`."""

    edges: int
    authors: int
    items: int
    bytes: int
    bytes_max: int
    names_bytes: int
    views_bytes: int
    similar_bytes: NotRequired[int]
    evicted: int
    refused: int


class Gossip(TypedDict):
    """The exchange of feeds. last_received_s: seconds since the last new claim, None: none yet."""

    followed: int
    on_probation: int
    wants_in_flight: int
    claims_received: int
    last_received_s: Real | None
    totals: Any


class PublicStatus(TypedDict):
    """status as an allowed author sees it from elsewhere."""

    peers: int
    feeds: int


class StatusResult(PublicStatus):
    """status for the node's own people; counts of items and vouches are the person's own. earned:
    how many people have earned trust of hers."""

    person: str
    author: str
    people: int
    items: int
    vouches: int
    earned: int
    sharing: ShareResult
    sharing_any: bool
    graph: Graph
    gossip: Gossip
    vouches_heard: int
    clicks_heard: int
    peer_id: str
    addresses: list[str]
    faults: list[str]
    state: NotRequired[str]
    pid: NotRequired[int]
    version: NotRequired[str]
    uptime_s: NotRequired[Real]
    network: NotRequired[dict[str, Any]]
    store: NotRequired[dict[str, Any]]
    bugs: NotRequired[int]
    checkpoint: NotRequired[str]
    similar: NotRequired[str]


class StopResult(TypedDict):
    """stop: the daemon with this process id is on its way out."""

    stopping: bool
    pid: int


class Link(TypedDict):
    """One open link. authors: the first of those it proved to speak for; points: its penalties."""

    link: int
    peer_id: str
    direction: str
    address: str
    age_s: Real
    authors: list[str]
    authors_total: int
    points: Real


class PeersResult(TypedDict):
    """peers: links that are open now."""

    links: list[Link]


class IdResult(TypedDict):
    """id: who the person is and where her node listens."""

    name: str
    author: str
    peer_id: str
    addresses: list[str]


class Hosted(TypedDict):
    """One person who lives here; owner: it is her node."""

    name: str
    author: str
    items: int
    vouches: int
    owner: bool


class PeopleResult(TypedDict):
    """people: everybody hosted here, the owner first."""

    people: list[Hosted]


class AddPersonResult(TypedDict):
    """add_person: the new person and the author key drawn for her."""

    name: str
    author: str


class Check(TypedDict):
    """One line of netcheck. status: yes, no or unknown; remedy: what to do when it is not yes."""

    name: str
    status: str
    detail: str
    remedy: str


class NetcheckResult(TypedDict):
    """netcheck. reachable: yes, no or unknown (not the same as no)."""

    reachable: str
    checks: list[Check]
    listen_addresses: NotRequired[list[str]]
    observed_addresses: NotRequired[list[str]]
    relay_addresses: NotRequired[list[str]]


class BackupResult(TypedDict):
    """backup_create: the file written and its size."""

    path: str
    bytes: int
