"""Who is there when: those who join late, and those who come and go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from sim.scenario.schema import Churn
from sim.virtual.heap import Heap
from sim.virtual.host import Host


class Presence:
    """Starts and stops hosts; `came(host)` is called when one has just started."""

    def __init__(self, churn: Churn, heap: Heap, seed: int, came: Callable[[Host], None]) -> None:
        self._churn, self._heap, self._seed, self._came = churn, heap, seed, came
        self._rng: dict[int, Random] = {}
        self._late: list[Host] = []

    def late(self, people: Sequence[Host], rng: Random) -> list[Host]:
        """Draw the people who join late, in the order in which they come; once, before `plan`."""
        chosen = rng.sample(range(len(people)), round(self._churn.joining * len(people)))
        self._late = [people[number] for number in chosen]
        return self._late

    def plan(self, people: Sequence[Host], others: Sequence[Host]) -> None:
        """Have everybody come: `others` at once and for good, people as the scenario says."""
        start, late = self._heap.now, {host.number for host in self._late}
        for host in people:
            if host.number not in late:
                self._heap.at(start, self._come, host, False)
        for host in others:
            self._heap.at(start, self._come, host, True)
        for place, host in enumerate(self._late, 1):
            at = start + self._churn.joined_by_s * place / len(late)
            self._heap.at(at, self._come, host, False)

    def _come(self, host: Host, stays: bool) -> None:
        host.start()
        self._came(host)
        if self._churn.up_s and not stays:
            self._heap.at(self._heap.now + self._draw(host, self._churn.up_s), self._go, host)

    def _go(self, host: Host) -> None:
        host.stop()
        away = self._draw(host, self._churn.down_s) if self._churn.down_s else 0.0
        self._heap.at(self._heap.now + away, self._come, host, False)

    def _draw(self, host: Host, mean_s: float) -> float:
        """Of this host's own stream, so that one more host changes nobody else's times."""
        rng = self._rng.get(host.number)
        if rng is None:
            rng = self._rng[host.number] = Random(f"{self._seed}/presence/{host.number}")
        return rng.expovariate(1.0 / mean_s)
