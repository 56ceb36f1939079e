"""People ask their nodes for lists, while time goes on and once more at the end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf, nan
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from node.core import events as ev
from ranking.discoveries import Discovery
from sim.evaluation.lists import list_of
from sim.population.people import item_name
from sim.scenario.schema import Questions
from sim.virtual.heap import Heap
from sim.virtual.host import Host

I32 = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Shown:
    """One list. items: rows, -1 where it has ended, -2 for what is no honest item or fake."""

    at: float
    person: int
    items: I32


class Inquiry:
    """Asks, and keeps every list. first_fake: rows from there on are fakes."""

    def __init__(self, questions: Questions, heap: Heap, n_items: int, n_fakes: int) -> None:
        self._questions, self._heap = questions, heap
        self.first_fake = n_items
        self._rows = {item_name(row): row for row in range(n_items + n_fakes)}
        self.lists: list[Shown] = []
        self.refused = 0
        self.places = self.fakes = 0
        self.heard: dict[str, float] = {}
        """Newcomer (hex) -> when a list of a friend of a friend first had something of hers, Unix
        seconds."""
        self._near: Mapping[str, frozenset[int]] = {}
        self._brought: Mapping[str, frozenset[str]] = {}

    def listen(
        self, near: Mapping[str, frozenset[int]], brought: Mapping[str, frozenset[str]]
    ) -> None:
        """Note when a newcomer (hex) is first in a list of one of these, by host number. brought:
        the items that each likes."""
        self._near, self._brought = near, brought

    def plan(self, asked: Sequence[Host], rng: Random) -> None:
        """Everybody every so often, each from a time of her own on."""
        every = self._questions.every_s
        for host in asked if every else ():
            self._heap.at(self._heap.now + every * rng.random(), self._again, host)

    def _again(self, host: Host) -> None:
        self.ask(host)
        self._heap.at(self._heap.now + self._questions.every_s, self._again, host)

    def ask(self, host: Host) -> None:
        """One list, if she is there."""
        if host.up:
            host.ask("recommend", lambda answer: self._told(host, answer), n=self._questions.k)

    def _told(self, host: Host, answer: ev.Answer | ev.Refuse) -> None:
        names: list[str] = []
        if isinstance(answer, ev.Refuse):
            self.refused += 1
        else:
            names = [entry["item"] for entry in answer.data["items"]]
            self._note_heard(host, answer.data["items"])
        items = list_of(names, self._rows, self._questions.k)
        self.places += min(len(names), self._questions.k)
        self.fakes += int(np.count_nonzero(items >= self.first_fake))
        self.lists.append(Shown(self._heap.now, host.number, items))

    def _note_heard(self, host: Host, entries: Iterable[Mapping[str, Any]]) -> None:
        if not self._near:
            return
        named = {path["heard_from"]["author"] for e in entries for path in e["reasons"]}
        strange = {e["item"] for e in entries if e["discovery"] == Discovery.NEWCOMER.value}
        for author, near in self._near.items():
            if host.number in near and (author in named or strange & self._brought[author]):
                self.heard.setdefault(author, self._heap.now)

    def seen_after(self, late: Sequence[Host]) -> list[float]:
        """For each of these, seconds from when she came until a friend of a friend had a list that
        named her as a reason for something in it, or had an item of hers at a newcomer's place;
        infinite if nobody had."""
        return [self.heard.get(h.author.hex(), inf) - h.started for h in late if h.lives]

    @property
    def exposure(self) -> float:
        """Share of fakes in all lists so far; NaN without any."""
        return self.fakes / self.places if self.places else nan
