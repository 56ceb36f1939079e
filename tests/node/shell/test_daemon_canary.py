"""A node that shares nothing says nothing: its canaries are in no frame and no order it gives."""

from random import Random
from typing import Any

import pytest

from node.paths import data_paths
from node.shell.memory_network import MemoryNetwork
from node.shell.network import LinkProtocol
from protocol.signing import Signer
from tests.node.shell.daemons import Node, World, eventually, world

RNG = Random(1)
WORD = "".join(RNG.choices("bcdfghjklmnpqrstvwxz", k=12))
"""In every item, title, tag and query of the silent node, and nowhere else."""
FRIEND, ENEMY, FORMER = (Signer(RNG.randbytes(32)).public_key for _ in range(3))
ROUNDS = 30


class Tapped(MemoryNetwork):
    """Keeps everything it is told to send, ask or do."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.frames: list[bytes] = []
        self.orders: list[bytes] = []

    async def send(self, link: int, frame: bytes) -> None:
        self.frames.append(frame)
        await super().send(link, frame)

    async def dial(self, address: str, protocol: LinkProtocol = "gossip") -> None:
        self.orders.append(address.encode())
        await super().dial(address, protocol)

    async def close_link(self, link: int, reason: str) -> None:
        self.orders.append(reason.encode())
        await super().close_link(link, reason)

    async def provide(self, key: bytes) -> None:
        self.orders.append(key)
        await super().provide(key)

    async def find(self, key: bytes) -> None:
        self.orders.append(b"find " + key)
        await super().find(key)

    def hits(self, secret: bytes) -> list[bytes]:
        """Frames and orders that hold the secret, also in hex and spelt for base 64."""
        forms = (secret, secret.hex().encode())
        return [said for said in self.frames + self.orders if any(f in said for f in forms)]


async def silent(here: World) -> tuple[Node, Tapped]:
    paths = data_paths(here.root / "silent", environ={})
    node = Node(paths, here.switch, network_kind=Tapped)
    await node.start(here.nursery)
    assert isinstance(node.network, Tapped)
    return node, node.network


async def live_privately(node: Node) -> None:
    """Everything a person can say and ask, each with a canary in it."""
    for number in range(20):
        item = f"text:{WORD}-{number}"
        await node.ask("like", item=item, title=f"{WORD} the film", tags=[WORD])
    rows = [[None, f"text:{WORD}-row-{n}", 0.5, 20_000, f"{WORD} {n}", [WORD]] for n in range(200)]
    await node.ask("import_rows", rows=rows)
    await node.ask("trust", peer=FRIEND.hex(), weight=0.8)
    await node.ask("trust", peer=ENEMY.hex(), weight=-1)
    await node.ask("trust", peer=FORMER.hex(), weight=1)
    await node.ask("trust", peer=FORMER.hex(), weight=0)
    await node.ask("search", words=[WORD, "film"])
    await node.ask("click", item=f"text:{WORD}-1", words=[WORD], position=1)
    await node.ask("forget", item=f"text:{WORD}-2")
    await node.ask("block", target=f"text:{WORD}-blocked")
    await node.ask("recommend", n=20)
    await node.ask("why", item=f"text:{WORD}-1")
    await node.ask("share_preview")


@pytest.mark.slow
@pytest.mark.parametrize("partner_is_a_friend", [False, True])
async def test_a_node_that_shares_nothing_gives_nothing_away(partner_is_a_friend: bool):
    async with world() as here:
        ada = await here.node("ada")
        for number in range(30):
            await ada.ask("like", item=f"text:public-{number}")
        await ada.ask("share_set", taste=True, vouches=True)
        node, tap = await silent(here)
        await live_privately(node)
        if partner_is_a_friend:
            await node.friend_of(ada)
        else:
            await ada.ask("trust", peer=node.id, weight=1)
            await node.until("peers", lambda data: data["links"])
        await live_privately(node)
        await node.until("status", lambda data: data["gossip"]["claims_received"] >= 30)
        rounds = (await node.ask("status"))["gossip"]["totals"]["rounds"]
        await node.until(
            "status", lambda data: data["gossip"]["totals"]["rounds"] >= rounds + ROUNDS
        )
        node.network.kill()  # what is said at a reconnection counts too
        await node.until("peers", lambda data: not data["links"])
        await node.until("peers", lambda data: data["links"])
        assert len(tap.frames) > ROUNDS
        for secret in (WORD.encode(), node.author, ENEMY, FORMER):
            assert tap.hits(secret) == []
        if not partner_is_a_friend:
            # Whoever looks for a friend has to name her: in the table for that, to no stranger.
            assert all(said.startswith(b"find ") for said in tap.hits(FRIEND))


async def test_the_tap_would_notice():
    """The same node, sharing: the canaries are there to be found."""
    async with world() as here:
        ada = await here.node("ada")
        node, tap = await silent(here)
        await live_privately(node)
        await ada.ask("trust", peer=node.id, weight=1)
        await node.until("peers", lambda data: data["links"])
        assert tap.hits(WORD.encode()) == []
        await node.ask("share_set", taste=True, vouches=True, negative_vouches=True, clicks=True)

        async def noticed() -> bool:
            return all(tap.hits(s) for s in (WORD.encode(), node.author, ENEMY, FRIEND))

        await eventually(noticed, "canaries in frames")
