"""What a scenario file may say: world, network, time, adversaries, questions, claims.

One table of the file is one class here, one key one field; defaults are those of a quiet world.
Times are in simulated seconds from the start, shares in [0, 1], ratios positive. Fidelities differ
in what they can do: a *graph* run has no network and no time, a *real* one has no virtual clock;
`sim.running` refuses what a fidelity cannot do before anything runs.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, TypeAlias

from msgspec import Meta, Struct, field

Share: TypeAlias = Annotated[float, Meta(ge=0, le=1)]
Seconds: TypeAlias = Annotated[float, Meta(ge=0, le=10**8)]
Positive: TypeAlias = Annotated[float, Meta(gt=0, le=10**9)]
Count: TypeAlias = Annotated[int, Meta(ge=0, le=10**7)]
Some: TypeAlias = Annotated[int, Meta(ge=1, le=10**7)]
Name: TypeAlias = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
Parameter: TypeAlias = bool | int | float | str


class Fidelity(StrEnum):
    """How much of a node takes part."""

    GRAPH = "graph"
    """Arrays alone: everybody has heard everything. 10^5 identities and more."""
    VIRTUAL = "virtual"
    """Real `Peer`s on a virtual clock with seeded links. 10^2 to 10^4 peers."""
    REAL = "real"
    """Daemons over loopback libp2p."""


class Table(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Every table: an unknown key is refused."""


# ------------------------------------------------------------------------------- who is there
class Planted(Table, frozen=True):
    """Taste clusters with ground truth, for worlds without a data file.

    Everybody belongs to one cluster and draws `likes` items: a part `taste` of them from her
    cluster's items, the rest from all, popular ones first (Zipf). She vouches for `friends` people,
    a part `homophily` of them from her own cluster.
    """

    clusters: Some = 10
    items: Some = 2_000
    likes: Some = 40
    taste: Share = 0.8
    zipf: Annotated[float, Meta(ge=0, le=3)] = 0.8
    friends: Count = 8
    homophily: Share = 0.8


class World(Table, frozen=True):
    """People, their items, and who vouches for whom.

    data: "planted", or one of the files that `sim.population` knows (hetrec, movielens, gowalla,
    ciao). people: so many are drawn, people and their acquaintances together (a
    snowball sample); 0 takes all that there are. held_out: part of each person's
    items that is what she is asked to find, and nobody is told.
    """

    data: Name = "planted"
    people: Count = 100
    held_out: Share = 0.2
    planted: Planted = field(default_factory=Planted)


# ----------------------------------------------------------------------------------- the wire
class Network(Table, frozen=True):
    """Links between peers. Every peer opens `degree` / 2 of them to peers drawn at random, so that
    she has `degree` on average; loss, duplicates and reordering are chances for each frame.

    topology: random, ring (neighbours only), or interest (half of a peer's links to peers who like
    what she likes). bytes_per_s: of each peer's uplink; 0 is without limit.
    """

    topology: Name = "random"
    degree: Annotated[int, Meta(ge=0, le=512)] = 8
    latency_s: Seconds = 0.05
    jitter_s: Seconds = 0.02
    loss: Share = 0.0
    duplicate: Share = 0.0
    reorder: Share = 0.0
    bytes_per_s: Count = 0


class Partition(Table, frozen=True):
    """From `at` until `until` no frame passes between the first `share` of all people and the
    rest; links break and are opened anew when it heals."""

    at: Seconds
    until: Seconds
    share: Share = 0.5


class Churn(Table, frozen=True):
    """Peers come and go: each stays for an exponential time of mean `up_s`, is away for one of mean
    `down_s`, and comes back with what it had stored. 0: nobody leaves. joining: part of all peers
    that are not there at the start and come at even distances until `joined_by_s`. vouched: people
    who vouch for each who joins, from when she is there, and nobody else does; 0 leaves it to the
    world who vouches for whom."""

    up_s: Seconds = 0.0
    down_s: Seconds = 60.0
    joining: Share = 0.0
    joined_by_s: Seconds = 0.0
    vouched: Count = 0


class Time(Table, frozen=True):
    """How long the world lasts. round_s: between two exchanges that a peer starts."""

    duration_s: Seconds = 600.0
    round_s: Positive = 2.0


# -------------------------------------------------------------------------------- adversaries
class Adversary(Table, frozen=True, tag_field="kind"):
    """Hostile peers; each speaks for some identities. from_s: they behave until then.

    peers: how many there are; in a graph run each is as many identities as it speaks for.
    """

    peers: Count = 1
    from_s: Seconds = 0.0


class Sybil(Adversary, frozen=True, tag="sybil"):
    """Regions of identities that push fakes, as in the attack grid (`sim.attacks.regions`).

    Their feeds are served by the adversary's peers, shared out evenly. When `until_s` is set, the
    identities like honest items only until then (camouflage). entrance: who is fooled, anybody
    (random) or the people around one (friends). profile: honest items that an identity pretends to
    like at most, drawn from those of its disguise; 0 is without limit.
    """

    edges: Count = 20
    identities: Some = 10
    entries: Some = 1
    topology: Name = "star"
    strategy: Name = "clone"
    shared: bool = False
    fakes: Count = 20
    slander: bool = False
    until_s: Seconds = 0.0
    entrance: Name = "random"
    profile: Count = 0


class Followers(Adversary, frozen=True, tag="followers"):
    """Web3Recommend's attackers: `attackers` identities to each of which `followers` honest people
    give trust; every attacker has `sybils` identities behind her, in parallel or in a line, that
    like her own items (`clone` = false) or copy her followers as well."""

    attackers: Some = 1
    followers: Some = 5
    sybils: Count = 10
    linear: bool = False
    clone: bool = False
    fakes: Count = 20


class Speaking(Adversary, frozen=True, kw_only=True, tag="speaking"):
    """What a peer can say or do on the wire. how: one of `sim.adversaries.SPEAKING`, such as
    equivocate, replay, spoof, future, past, flood, talk, garbage, slow, whitewash, flap, clicks.

    rate_per_s: of what it does, on each link. vouched: honest people who vouch for each. words: of
    `searches`, for how many of which hostile clicks are said; 0 is all.
    """

    how: Name
    rate_per_s: Positive = 1.0
    vouched: Count = 0
    words: Count = 0


class Eclipse(Adversary, frozen=True, tag="eclipse"):
    """Peers that try to be all the links of one joining peer: they dial her as soon as she is
    there, tell her of each other only, and withhold everybody else's feeds. fillers: addresses that
    they invent."""

    fillers: Count = 256


Hostile: TypeAlias = Sybil | Followers | Speaking | Eclipse


# ------------------------------------------------------------------------- what is asked, told
class Questions(Table, frozen=True):
    """Lists that people ask their nodes for. At the end everybody of `people` is asked once more,
    which is what accuracy and exposure are measured on.

    people: asked, drawn at random; 0 asks all. every_s: between two questions of one person while
    time goes on; 0 asks at the end only. k: places of a list.
    """

    people: Count = 50
    every_s: Seconds = 0.0
    k: Annotated[int, Meta(ge=1, le=1_000)] = 20


class Searches(Table, frozen=True):
    """People click what they like for words, and search (virtual runs).

    Item `row` is found by word `row % words`; no title says so, clicks alone do. On her first day
    everybody clicks `clicks` of the items that she likes, and at the end whoever is asked for a
    list searches for every word as well. words = 0: nobody searches. k: results of a search.
    """

    words: Annotated[int, Meta(ge=0, le=1_000)] = 0
    clicks: Annotated[int, Meta(ge=0, le=10_000)] = 20
    k: Annotated[int, Meta(ge=1, le=200)] = 10


class News(Table, frozen=True):
    """New likes while time goes on, whose way is followed: `items` of them, one after another at
    even distances between `from_s` and `until_s`, each by somebody drawn at random. interest: part
    of all peers who follow whoever says it."""

    items: Count = 0
    from_s: Seconds = 0.0
    until_s: Seconds = 0.0
    interest: Share = 1.0


class Claim(Table, frozen=True):
    """What must hold of the figures: an expression over metrics, such as `fakes <= 0.005` or
    `ndcg >= 0.95 * plain.ndcg`. See `sim.scenario.claims`."""

    assert_: str = field(name="assert")
    why: str = ""


class Compared(Table, frozen=True):
    """The same world and seed once more, but for what is said here: `label.METRIC`.

    off, peer: as in the scenario, on top of what stands there. attacked: false leaves every
    adversary out. method, set: another method and its parameters, from its own defaults on; graph
    runs only, for a peer knows no other. reference: what people think of each other by this one is
    what the `information_loss` of all others is taken against; at most one is, in graph runs only.
    """

    label: Name
    method: Name = "grapevine"
    attacked: bool = True
    off: tuple[Name, ...] = ()
    peer: dict[str, Parameter] = field(default_factory=dict)
    set: dict[str, Parameter] = field(default_factory=dict)
    reference: bool = False


class Scenario(Table, frozen=True):
    """One experiment. The first of `fidelities` is the usual one.

    method: what ranks, one of `sim.methods.registry`; only graph runs know others than the node's
    own. peer: settings of every honest node, `part.field` (trust.alpha, rank.kappa,
    gossip.round_s, graph.bytes_max, earned = false ...). off: defences switched off, by name, see
    `sim.scenario.defences`.
    """

    name: Name
    title: str
    about: str = ""
    fidelities: tuple[Fidelity, ...] = (Fidelity.VIRTUAL,)
    method: Name = "grapevine"
    peer: dict[str, Parameter] = field(default_factory=dict)
    off: tuple[Name, ...] = ()
    world: World = field(default_factory=World)
    network: Network = field(default_factory=Network)
    time: Time = field(default_factory=Time)
    churn: Churn = field(default_factory=Churn)
    partition: tuple[Partition, ...] = ()
    adversary: tuple[Hostile, ...] = ()
    questions: Questions = field(default_factory=Questions)
    searches: Searches = field(default_factory=Searches)
    news: News = field(default_factory=News)
    compared: tuple[Compared, ...] = ()
    claim: tuple[Claim, ...] = ()
