"""The defences of a node, as data: what each is, how it is switched off, which test misses it.

Switched off means: the settings that stand here, on every honest node; nothing else changes. The
test named is red when the whole suite runs with them (`pytest --without NAME`), which
`tests/sim/scenario/test_defences.py` shows for each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from sim.scenario.errors import ScenarioError, nearest
from sim.scenario.parts import NodeConfig, set_all
from sim.scenario.schema import Fidelity, Parameter

ENDLESS = 10**9
"""A cap that nothing reaches."""

LISTS = (Fidelity.GRAPH, Fidelity.VIRTUAL, Fidelity.REAL)
WIRE = (Fidelity.VIRTUAL, Fidelity.REAL)
SOCKETS: tuple[Fidelity, ...] = (Fidelity.REAL,)
"""Where there are sockets there are daemons. No hostile peer of a scenario attacks below its links,
so that only the test named shows what such a defence is worth."""


@dataclass(frozen=True, slots=True)
class Defence:
    """One of them.

    off: setting -> value that switches it off. test: the one that is red without it, as pytest
    names it. fidelities: where it can be switched off.
    """

    what: str
    off: Mapping[str, Parameter]
    test: str
    fidelities: tuple[Fidelity, ...] = LISTS
    name: str = field(default="")


_NAMED = {
    "alpha": Defence(
        "walks over vouches stop with a chance at each step, so that far away is little trusted",
        {"trust.alpha": 1e-6},
        "tests/trust/test_defences.py::"
        "test_somebody_nine_vouches_away_has_less_trust_than_a_friend",
    ),
    "beta": Defence(
        "an author, and an item, whose evidence hangs on one other person loses weight",
        {
            "trust.connectivity": "none",
            "trust.beta": 0.0,
            "rank.excess_weight": 0.0,
            "rank.dependent_excess": 1.0,
        },
        "tests/trust/test_defences.py::test_a_crowd_behind_one_friend_weighs_less_than_one_author",
    ),
    "kappa": Defence(
        "an item with hardly any trusted listener hands nothing on to them",
        {"rank.kappa": 0.0},
        "tests/ranking/test_defences.py::test_the_only_listener_of_a_rare_item_inherits_little_of_it",
    ),
    "edge-cap": Defence(
        "only so many walks cross one edge between others, whatever is behind it",
        {"trust.edge_flow_max": 1.0},
        "tests/trust/test_defences.py::test_one_edge_between_others_carries_a_tenth_of_all_walks",
    ),
    "click-votes": Defence(
        "in a search each of the owner's walks votes once, so that a region shares what enters it",
        {"search.similarity": "trust"},
        "tests/ranking/test_defences.py::"
        "test_identities_behind_one_vouch_share_the_walks_that_cross_it_in_a_search",
        WIRE,
    ),
    "author-quota": Defence(
        "an author keeps so many edges in the graph and so many claims in the store",
        {
            "graph.edges_per_author_max": 10**8,
            "graph.edges_per_protected_max": 10**8,
            "claims_per_followed_author": ENDLESS,
            "claims_per_vouched_author": ENDLESS,
        },
        "tests/ranking/test_defences.py::test_a_prolific_author_keeps_her_quota_and_no_more",
        WIRE,
    ),
    "probation-cap": Defence(
        "strangers get a twentieth of the followed places, and little room each",
        {
            "gossip.following.probation_share": 1.0,
            "gossip.probation_per_round_max": 4_096,
            "gossip.following.probation_quotas": "1000000, 1000000, 1000000, 1000000",
        },
        "tests/protocol/test_defences.py::"
        "test_strangers_get_a_twentieth_of_the_followed_places_and_little_room",
        WIRE,
    ),
    "first-seen": Defence(
        "whoever states an item after it was shown earns nothing by it",
        {"earned.first_seen": False},
        "tests/node/core/test_earning.py::test_who_copies_what_was_shown_earns_nothing",
        WIRE,
    ),
    "equivocation-zero": Defence(
        "who said two things at one place of a feed weighs nothing, for ever",
        {"disown_equivocators": False},
        "tests/node/core/test_peer.py::"
        "test_an_equivocator_weighs_nothing_through_restart_drop_and_unblocking",
        WIRE,
    ),
    "future-refusal": Defence(
        "what is dated ten minutes or more ahead of our clock is not taken",
        {"future_s": 2**41},
        "tests/node/core/test_defences.py::test_what_is_dated_an_hour_ahead_is_not_taken",
        WIRE,
    ),
    "push-bucket": Defence(
        "a partner may push so many headers a second",
        {"gossip.link.pushes_per_s": ENDLESS, "gossip.link.pushes_burst": ENDLESS},
        "tests/protocol/test_defences.py::test_a_partner_that_pushes_without_end_is_charged",
        WIRE,
    ),
    "peer-exchange-filter": Defence(
        "a stranger's word fills half of the address table at most, and names no private address",
        {"dial.private": True, "dial.hearsay_max": ENDLESS},
        "tests/node/core/test_defences.py::"
        "test_strangers_fill_half_of_the_address_table_at_most_and_name_nothing_private",
        WIRE,
    ),
    "handshake-bucket": Defence(
        "so many inbound connections may be in their handshake, in all and from one address",
        {"transport.pending_max": ENDLESS, "transport.pending_per_address_max": ENDLESS},
        "tests/node/shell/child/test_defences.py::test_silent_sockets_hold_few_places",
        SOCKETS,
    ),
}

DEFENCES: Mapping[str, Defence] = MappingProxyType(
    {name: Defence(d.what, d.off, d.test, d.fidelities, name) for name, d in _NAMED.items()}
)
"""By name."""


def switched_off(names: Iterable[str]) -> dict[str, Parameter]:
    """Setting -> value without these. Raises ScenarioError for a name that is none."""
    off: dict[str, Parameter] = {}
    for number, name in enumerate(names):
        if name not in DEFENCES:
            raise ScenarioError(
                f"there is no defence {name!r}", ("off", number), hint=nearest(name, DEFENCES)
            )
        off |= DEFENCES[name].off
    return off


def without(config: NodeConfig, names: Iterable[str]) -> NodeConfig:
    """The same node without these defences. Raises ScenarioError for a name that is none."""
    return set_all(config, switched_off(names))
