"""What daemons can be asked for: their documented settings, and attacks that feeds alone make."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import MappingProxyType

from sim.scenario.errors import ScenarioError
from sim.scenario.schema import Churn, Followers, Network, Parameter, Scenario, Sybil

DAEMONS_HONEST_MAX = 16
"""Unless a scenario says otherwise, honest people live on so many daemons at most, one each as long
as there are no more people."""

PEOPLE_PER_DAEMON_MAX = 1_024
BYTES_PER_DAEMON = 262 * 10**6
"""Memory of a daemon and its network process, as measured."""

VARIABLES = MappingProxyType(
    {
        "gossip.round_s": "GRAPEVINE_GOSSIP_ROUND_S",
        "claims_per_followed_author": "GRAPEVINE_GOSSIP_CLAIMS_PER_FOLLOWED",
        "graph.bytes_max": "GRAPEVINE_GRAPH_BYTES_MAX",
        "graph.edges_per_author_max": "GRAPEVINE_GRAPH_EDGES_PER_AUTHOR_MAX",
        "graph.half_life_days": "GRAPEVINE_GRAPH_HALF_LIFE_DAYS",
        "rank.walks": "GRAPEVINE_RANK_WALKS",
        "earned": "GRAPEVINE_TRUST_EARNED",
        "transport.kademlia": "GRAPEVINE_NETWORK_KADEMLIA",
        "transport.connections_max": "GRAPEVINE_NETWORK_CONNECTIONS_MAX",
    }
)
"""Names of `peer` that a daemon has a setting for."""


def honest_daemons(scenario: Scenario, people: int) -> int:
    """How many daemons host so many honest people."""
    return min(people, scenario.network.daemons or DAEMONS_HONEST_MAX)


def variables(scenario: Scenario) -> dict[str, str]:
    """Settings of every daemon. Discoveries are left out, as in the other fidelities."""
    found = {
        "GRAPEVINE_GOSSIP_ROUND_S": str(scenario.time.round_s),
        "GRAPEVINE_RANK_DISCOVERIES": "0",
    }
    return found | {VARIABLES[name]: _text(value) for name, value in scenario.peer.items()}


def problems(scenario: Scenario) -> Iterator[ScenarioError]:
    """What the scenario asks for that daemons over loopback do not do. Latency, degree and duration
    are what sockets and daemons make of them, and stand for the other fidelities only."""
    network, usual = scenario.network, Network()
    for name in ("loss", "duplicate", "reorder", "bytes_per_s"):
        if getattr(network, name) != getattr(usual, name):
            yield _cannot(f"uses sockets as they are: {name}", "network", name)
    if scenario.partition:
        yield _cannot("uses sockets as they are", "partition", 0)
    if scenario.churn != Churn():
        yield _cannot("lets nobody come and go", "churn")
    for name in scenario.peer:
        if name not in VARIABLES:
            yield _cannot(f"has daemons, which have no setting for {name}", "peer", name)
    if scenario.questions.every_s:
        yield _cannot("asks at the end only", "questions", "every_s")
    for number, hostile in enumerate(scenario.adversary):
        if not isinstance(hostile, Sybil | Followers):
            yield _cannot("has hostile feeds, not frames", "adversary", number)
        elif hostile.from_s or (isinstance(hostile, Sybil) and hostile.until_s):
            yield _cannot("has no clock to change sides by", "adversary", number)


def room(hosts: Sequence[tuple[int, int]], memory: int) -> None:
    """Raises ScenarioError unless people and daemons fit into `memory` bytes.

    hosts: (daemons, people or identities on them) of the honest and of each adversary.
    """
    total = sum(daemons for daemons, _ in hosts)
    for daemons, hosted in hosts:
        if hosted > daemons * PEOPLE_PER_DAEMON_MAX:
            raise ScenarioError(
                f"{hosted} people do not fit on {daemons} daemons",
                hint=f"one hosts {PEOPLE_PER_DAEMON_MAX} at most",
            )
    if total * BYTES_PER_DAEMON > memory:
        raise ScenarioError(
            f"{total} daemons need {total * BYTES_PER_DAEMON / 1e9:.1f} GB of memory, and "
            f"{memory / 1e9:.1f} GB are free",
            hint="take fewer people or hostile peers",
        )


def memory_free() -> int:
    """Bytes of memory that new processes may have here, as Linux tells."""
    with open("/proc/meminfo", encoding="ascii") as file:
        told = dict(line.split(":", 1) for line in file)
    return int(told["MemAvailable"].split()[0]) * 1024


def _text(value: Parameter) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _cannot(what: str, *key: str | int) -> ScenarioError:
    return ScenarioError(f"a real run {what}", key)
