"""What real runs can be asked for, and how many daemons this machine holds."""

from __future__ import annotations

from collections.abc import Iterator

from sim.scenario.errors import ScenarioError
from sim.scenario.schema import Churn, Network, Scenario, Speaking

BYTES_PER_DAEMON = 262 * 10**6
"""Memory of a daemon and its network process, as measured."""

AT_HOME = ("listen", "bootstrap", "mdns", "autonat", "relay_service", "relay_client", "dcutr")
"""Of a network process: what keeps a run on this machine, and is no scenario's to say."""

RENAMED = ("whitewash",)
"""What takes a new transport identity, which a network process keeps for life."""


def problems(scenario: Scenario) -> Iterator[ScenarioError]:
    """What the scenario asks for that daemons over loopback do not do."""
    network, usual = scenario.network, Network()
    for name in ("loss", "duplicate", "reorder", "bytes_per_s"):
        if getattr(network, name) != getattr(usual, name):
            yield _cannot(f"has sockets, which know no {name}", "network", name)
    if scenario.partition:
        yield _cannot("has sockets, which nothing parts", "partition", 0)
    if scenario.churn != Churn():
        yield _cannot("lets nobody come and go", "churn")
    if scenario.questions.every_s:
        yield _cannot("asks at the end only", "questions", "every_s")
    for name in AT_HOME:
        if f"transport.{name}" in scenario.peer:
            yield _cannot(f"stays on this machine: transport.{name}", "peer", f"transport.{name}")
    for number, hostile in enumerate(scenario.adversary):
        if isinstance(hostile, Speaking) and hostile.how in RENAMED:
            yield _cannot("has daemons, whose peer id stays", "adversary", number, "how")


def room(daemons: int, memory: int) -> None:
    """Raises ScenarioError unless so many fit into `memory` bytes."""
    if daemons * BYTES_PER_DAEMON > memory:
        raise ScenarioError(
            f"{daemons} daemons need {daemons * BYTES_PER_DAEMON / 1e9:.1f} GB of memory, and "
            f"{memory / 1e9:.1f} GB are free",
            hint="take fewer people or hostile peers",
        )


def memory_free() -> int:
    """Bytes of memory that new processes may have here, as Linux tells."""
    with open("/proc/meminfo", encoding="ascii") as file:
        told = dict(line.split(":", 1) for line in file)
    return int(told["MemAvailable"].split()[0]) * 1024


def _cannot(what: str, *key: str | int) -> ScenarioError:
    return ScenarioError(f"a real run {what}", key)
