"""Numbers of one peer that are not gossip's, ranking's or trust's own."""

from dataclasses import dataclass, field

from node.core.dialing import DialConfig
from protocol.config import GossipConfig
from protocol.limits import FUTURE_SECONDS_MAX
from ranking.config import RankConfig
from ranking.graph import GraphConfig
from ranking.search import SearchConfig
from ranking.similar import SimilarConfig
from trust.config import TrustConfig
from trust.earned import EarnedConfig

SECONDS_PER_DAY = 86_400


@dataclass(frozen=True, slots=True)
class PeerConfig:
    """What a peer is built from; every part has its own frozen config."""

    network: bytes = b"grapevine"
    """Network id, in every signature: bundles of another network are refused. 1..32 bytes."""

    publish_interval_s: float = 0.25
    """Private facts that may leave are signed and published this often."""

    trust_interval_s: float = 5.0
    """Least time between two recomputations of trust for gossip's interest. A person's own query
    always uses trust that has seen every vouch."""

    endpoints_delay_s: float = 30.0
    """New own addresses are left to settle for so long before they are signed and published."""

    endpoints_interval_s: float = 600.0
    """Least time between two publications of own addresses."""

    claims_per_followed_author: int = 20_000
    """Stored quota of one followed author in the taste lane, claims."""

    claims_per_vouched_author: int = 200_000
    """The same of whom somebody here vouches for, whose data are to stay complete."""

    facts_max: int = 500_000
    """Private facts of all hosted people together; more are refused, none is dropped silently."""

    future_s: float = FUTURE_SECONDS_MAX
    """How far ahead of our clock a bundle may be dated; later ones are refused, and may come again.
    Endless switches the rule off, for comparison only."""

    disown_equivocators: bool = True
    """Whoever is proved to equivocate weighs nothing from then on. False is for comparison only."""

    clicks_max: int = 1_200_000
    """Clicks held of everybody, 18 bytes each: a million, and a tenth for the people here."""

    links_kept: int = 48
    """Gossip links at once; for each further one an expendable one is closed, so that whoever holds
    the places must be useful to keep them. The transport refuses some above it."""

    dial: DialConfig = field(default_factory=DialConfig)
    gossip: GossipConfig = field(default_factory=GossipConfig)
    graph: GraphConfig = field(default_factory=GraphConfig)
    rank: RankConfig = field(default_factory=RankConfig)
    search: SearchConfig = field(default_factory=SearchConfig)
    similar: SimilarConfig = field(default_factory=SimilarConfig)
    trust: TrustConfig = field(default_factory=TrustConfig)
    earned: EarnedConfig | None = field(default_factory=EarnedConfig)
    """None: nobody earns trust, and nothing is remembered of what was shown."""
