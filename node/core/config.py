"""Numbers of one peer that are not gossip's, ranking's or trust's own."""

from dataclasses import dataclass, field

from protocol.config import GossipConfig
from ranking.config import RankConfig
from ranking.graph import GraphConfig
from trust.config import TrustConfig


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

    claims_per_followed_author: int = 20_000
    """Stored quota of one followed author in the taste lane, claims."""

    gossip: GossipConfig = field(default_factory=GossipConfig)
    graph: GraphConfig = field(default_factory=GraphConfig)
    rank: RankConfig = field(default_factory=RankConfig)
    trust: TrustConfig = field(default_factory=TrustConfig)
