"""Names that a scenario may use for what higher packages have. Tests hold them to what is there."""

from __future__ import annotations

DATA = ("planted", "hetrec", "movielens", "gowalla", "ciao")
"""Of `sim.population`."""

NETWORKS = ("random", "ring", "interest")
"""Topologies of links."""

REGIONS = ("chain", "star", "cycle", "clique", "tree")
"""Topologies of vouches, of `sim.attacks.regions`."""

STRATEGIES = ("own", "popular", "clone", "rare", "twin")
"""Disguises, of `sim.attacks.regions`."""

ENTRANCES = ("random", "friends")
"""Who is fooled, of `sim.attacks.regions`."""

METHODS = (
    "grapevine", "popularity", "random", "salsa", "p3alpha", "rp3beta", "graphjet",
    "web3recommend", "web3recommend-mended", "trust-ppr", "meritrank-ppr", "meritrank-pht",
    "concave", "concave-raw-degree", "concave+cap", "concave+kappa", "concave+beta",
    "concave+edge-flow", "concave+endpoint", "concave+evidence", "concave+budget",
)  # fmt: skip
"""Of `sim.methods.registry`."""

SPEAKING = (
    "equivocate", "fork", "flood", "replay", "spoof", "garbage", "slow", "whitewash", "future",
    "past", "talk", "flap", "clicks", "click-push", "slander", "promote", "sell", "hijack", "clone",
    "camouflage",
)  # fmt: skip
"""What hostile peers say and do, of `sim.adversaries`."""

METRICS = (
    "ndcg", "recall", "fakes", "fakes_high", "fakes_adjusted", "gain_per_edge", "honest_loss",
    "niche_recall", "newcomer_s", "coverage", "rounds_to_99", "bytes_per_peer_s",
    "bytes_per_new_byte", "redundancy", "cpu_s_per_peer", "bytes_of_memory_per_peer", "exchanges",
    "messages", "reputation_gain", "ranking_significance", "rbo", "sybil_gain", "bytes",
    "bytes_kept", "offences", "links_per_peer", "refused", "rounds_to_99_max",
    "rounds_to_heal", "heal_bytes_per_new_byte", "newcomers_seen", "fake_mass", "information_loss",
    "hostile_trust", "search_mrr", "search_fakes", "search_first_fake", "clicks_hostile",
    "news_bytes_share", "held",
    "hostile_bytes", "hostile_held", "hostile_edges", "hostile_earned", "hostile_links",
    "hostile_addresses", "held_bytes_per_peer", "held_ahead_per_peer", "edges_ahead_per_peer",
)  # fmt: skip
"""Figures that runs have in common; a fidelity may have more."""

PLAIN = "plain"
"""The label of plain SALSA without any attack, which every accuracy stands beside."""
