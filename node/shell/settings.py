"""From what the user set to what the parts are built with."""

from dataclasses import replace

from node.config import Config
from node.core.config import PeerConfig
from node.core.dialing import DialConfig, is_private
from node.shell.network import NetworkConfig
from protocol.config import GossipConfig
from protocol.interest import FollowingConfig
from ranking.config import RankConfig
from ranking.graph import GraphConfig
from ranking.search import SearchConfig
from ranking.similar import SimilarConfig
from trust.earned import EarnedConfig

PLACES = 20
"""The list length that `rank.discoveries` speaks of."""


def peer_config(config: Config) -> PeerConfig:
    """Numbers of the Peer and its machines."""
    gossip = GossipConfig()
    strangers = list(gossip.following.probation_quotas)
    strangers[2] = config.gossip.claims_per_stranger
    following = FollowingConfig(
        followed_max=config.gossip.followed_max,
        probation_quotas=(strangers[0], strangers[1], strangers[2], strangers[3]),
    )
    discoveries = config.rank.discoveries
    return PeerConfig(
        network=config.network.network_id.encode(),
        facts_max=config.node.facts_max,
        clicks_max=config.search.clicks_max,
        links_kept=max(8, 3 * min(config.network.connections_max, gossip.links_max) // 4),
        claims_per_followed_author=config.gossip.claims_per_followed,
        dial=DialConfig(
            outbound_target=config.network.outbound_min,
            private=config.network.dial_private_addresses or _closed(config.network.listen),
        ),
        gossip=replace(gossip, round_s=config.gossip.round_s, following=following),
        graph=GraphConfig(
            bytes_max=config.graph.bytes_max,
            edges_per_author_max=config.graph.edges_per_author_max,
            edges_per_protected_max=max(
                GraphConfig().edges_per_protected_max, config.graph.edges_per_author_max
            ),
            half_life_days=config.graph.half_life_days,
        ),
        rank=RankConfig(
            walks=config.rank.walks,
            discovery_every=PLACES // discoveries if discoveries else 0,
        ),
        search=SearchConfig(swaps=config.search.swaps),
        similar=SimilarConfig(bytes_max=config.similar.bytes_max),
        earned=EarnedConfig() if config.trust.earned else None,
    )


def _closed(listen: tuple[str, ...]) -> bool:
    """Whether the node listens on private addresses alone: there every name is private."""
    return bool(listen) and all(
        is_private(address) and "/0.0.0.0/" not in address and "/::/" not in address
        for address in listen
    )


def network_config(config: Config) -> NetworkConfig:
    """Numbers of the network child."""
    section = config.network
    return NetworkConfig(
        listen=section.listen,
        bootstrap=section.bootstrap,
        mdns=section.mdns,
        kademlia=section.kademlia,
        autonat=section.autonat,
        relay_service=section.relay,
        relay_client=section.relay,
        dcutr=section.dcutr,
        connections_max=section.connections_max,
        pending_per_address_max=max(4, section.inbound_per_address_max),
    )
