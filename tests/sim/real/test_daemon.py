"""Daemons of a run: they begin together, one of them is hostile, each tells what it has seen."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import trio

from node.config import Config
from node.identity import new_device
from node.paths import data_paths, prepare
from node.shell.clock import Clock
from node.shell.memory_network import MemoryNetwork, MemorySwitch
from node.store.rows import PersonRow
from node.store.store import Store
from protocol.signing import Signer
from sim.cast.people import Sayings, Speakers, keys_of
from sim.real.daemon import Player
from sim.real.part import Play
from tests.node.shell.daemons import directory, eventually
from tests.sim.real.plays import small


class Acted:
    """One player over an in-memory network."""

    def __init__(self, play: Play, number: int, root: Path, switch: MemorySwitch) -> None:
        self.number = number
        paths = data_paths(root / str(number), environ={})
        prepare(paths)
        self.store = Store.open(paths.store)
        secret = play.secret(number)
        self.store.add_person(PersonRow("me", Signer(secret).public_key, new_device()))
        network = MemoryNetwork(play.transport(), play.transport_secret(number), switch)
        self.address = network.address
        parts = (Config(), paths, self.store, secret, network, Clock())
        self.player = Player(play, number, *parts)

    async def ask(self, method: str, /, **params: Any) -> Mapping[str, Any]:
        with trio.fail_after(60):
            data, _ = await self.player.ask(method, params)
        return data


class Told:
    """What a person would ask of her node before second 0."""

    now = 86_400 * 20_000.0

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def answer(self, method: str, /, **params: Any) -> Mapping[str, Any]:
        self.asked.append((method, params))
        return {}


async def test_players_link_at_second_0_and_tell_when_news_came_and_what_sybils_said() -> None:
    play = small()
    sayings = Sayings(play.population, keys_of(1, 3), Speakers((), ()), play.said, 1)
    with directory() as root:
        switch = MemorySwitch()
        cast = [Acted(play, number, root, switch) for number in range(play.peers)]
        async with trio.open_nursery() as nursery:
            for one in cast:
                await nursery.start(one.player.run)
            for one in cast[:3]:
                told = Told()
                sayings.tell(told, one.number)
                for method, params in told.asked:
                    await one.ask(method, **params)
            assert (await cast[0].ask("sim_report"))["links"] == 0
            await begin(cast, nursery)
            await cast[0].ask("like", item="sim:news:0")
            said = (await cast[0].ask("sim_report"))["said"]["sim:news:0"]

            async def arrived() -> bool:
                reports = [await one.ask("sim_report") for one in cast[:3]]
                known = [report["known"].get("sim:news:0", 0.0) for report in reports[1:]]
                return all(report["held"] == 1 for report in reports) and min(known) > said

            await eventually(arrived, "the Sybils' claims and the news")
            report = await cast[2].ask("sim_report")
            assert report["links"] == 3
            assert report["bytes"] > 1_000
            assert report["frames"] > 10
            assert report["offences"] == 0
            nursery.cancel_scope.cancel()
        for one in cast:
            one.store.close()


async def begin(cast: list[Acted], nursery: trio.Nursery) -> None:
    """Everybody links to those behind her."""
    addresses = [one.address for one in cast]
    start = cast[0].player.clock.now() + 0.2
    async with trio.open_nursery() as starting:
        for one in cast:
            links = list(range(one.number))

            async def go(one: Acted = one, links: list[int] = links) -> None:
                await one.ask("sim_begin", start=start, links=links, addresses=addresses)

            starting.start_soon(go)
