"""Every number of the trust walk, in one place."""

from dataclasses import dataclass
from enum import StrEnum


class ConnectivityDecay(StrEnum):
    """What a walk score loses for hanging on one other person (MeritRank's beta).

    NONE: nothing; the ranking's evidence rule asks it of each item instead.
    EXCESS: continuous and relative to the dominator's own share of trust:
        x (1 - beta * excess ** beta_power).
    WEB3RECOMMEND: x (1 - beta) when one person precedes more than `beta_threshold` of the visits.
    MERITRANK: x (1 - beta) * share when one person precedes at least `beta_threshold` of them;
    the others share what was taken.
    """

    NONE = "none"
    EXCESS = "excess"
    WEB3RECOMMEND = "web3recommend"
    MERITRANK = "meritrank"


class Distrust(StrEnum):
    """What negative vouches do.

    BOUNDED: the owner's keep walks out, others' take away what their caster has at most.
    MERITRANK: the owner's cost everybody on a walk up to the distrusted; others' do nothing.
    """

    BOUNDED = "bounded"
    MERITRANK = "meritrank"


class Credit(StrEnum):
    """What a walk gives to the authors it visits; their mass is the mean over walks.

    ENDPOINT: to each visit the probability of ending there, alpha, or 1 where there is nobody to
    go on to. What flows into a region is what its members share, whatever their shape and number.
    HITS: 1 to each author visited at all (MeritRank's hitting time): a chain collects flow / alpha.
    VISITS: 1 to each visit (the papers' personalised PageRank): so does a chain, and a cycle.
    """

    ENDPOINT = "endpoint"
    HITS = "hits"
    VISITS = "visits"


@dataclass(frozen=True, slots=True)
class TrustConfig:
    """Parameters of `trust.meritrank`. Masses and probabilities are in [0, 1]."""

    alpha: float = 0.08
    """Probability that a walk stops at a step (transitivity decay)."""
    walks: int = 10_000
    """Walks from the owner; the standard error of a mass m is at most sqrt(m / walks)."""
    credit: Credit = Credit.ENDPOINT
    distrust: Distrust = Distrust.BOUNDED
    keep_walks: bool = True
    """Whether a node mends its people's walks when vouches change, or draws them all anew."""
    steps_max: int = 50
    """Steps after which a walk is cut: at alpha .08 that happens to 1.5 % of them."""
    hits_min: int = 3
    """Authors reached by fewer walks count as strangers: their share would be noise."""
    author_cap: float = 0.003
    """No author gets more than this part of all trust ..."""
    cap_slack: float = 2.0
    """... or than `cap_slack` times the even share, where few authors are trusted (>= 1)."""
    edge_flow_max: float = 0.1
    """Part of all walks that may cross any one edge not leaving the owner; 1 switches it off. At
    .01 it cuts what friends of people with few friends have to say (THREATS.md)."""
    connectivity: ConnectivityDecay = ConnectivityDecay.EXCESS
    beta: float = 0.9999
    """Not 1: somebody with one friend is told what her friends' friends like, if nothing else is
    known. A thousand identities behind one edge together weigh as a tenth of one author."""
    beta_power: float = 4.0
    """How late EXCESS sets in: x (1 - beta * excess ** beta_power)."""
    beta_threshold: float = 0.99
    """For the published forms of beta. 1.0 is MeritRank's own."""
    gamma: float | None = None
    """Epoch decay: part of the earlier epochs' score lost at each epoch; None = no memory."""
    share_min: float = 0.05
    """Shares of an author's walks below this are not kept; bounds them to steps_max / share_min."""

    def __post_init__(self) -> None:
        for name in ("alpha", "author_cap", "edge_flow_max", "beta_threshold", "share_min"):
            if not 0 < getattr(self, name) <= 1:
                raise ValueError(f"{name} must be in (0, 1], not {getattr(self, name)}")
        if not 0 <= self.beta <= 1 or (self.gamma is not None and not 0 <= self.gamma <= 1):
            raise ValueError("beta and gamma must be in [0, 1]")
        if self.alpha == 1 or self.walks < 1 or self.steps_max < 2 or self.hits_min < 1:
            raise ValueError("need alpha < 1, walks >= 1, steps_max >= 2, hits_min >= 1")
        if self.cap_slack < 1:
            raise ValueError(f"cap_slack must be >= 1, not {self.cap_slack}")


@dataclass(frozen=True, slots=True)
class VouchConfig:
    """Limits of the vouch graph; 21 bytes a statement: a vouch, or a withdrawal remembered."""

    vouches_per_author_max: int = 256
    """Of a caster with more the weakest count as taken back."""
    statements_per_author_max: int = 512
    """Of a caster with more the oldest withdrawals are forgotten."""
    statements_max: int = 262_144
    """At the cap nothing about further targets is heard; `drop_untrusted` makes room."""

    def __post_init__(self) -> None:
        if not 1 <= self.vouches_per_author_max <= self.statements_per_author_max:
            raise ValueError("need 1 <= vouches_per_author_max <= statements_per_author_max")
