"""Ten thousand hostile frames from authenticated peers, in each state of each protocol."""

import pytest

from tests.hostile.frames import STATES
from tests.hostile.victim import seed, victim
from tests.interop import sayings

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

FRAMES = 10_000


async def test_hostile_frames_in_every_state():
    seeds = [seed(f"hostile {number}") for number in range(9)]
    async with victim() as node:
        for author_seed in seeds:
            await node.befriend(author_seed)
        await node.daemon.ask("allow", author=sayings.public_key(seeds[0]).hex())
        before = (await node.daemon.ask("status"))["network"]["frames_in"]
        told = await node.attack(
            "frames",
            frames=FRAMES,
            authors=[author_seed.hex() for author_seed in seeds],
            allowed=seeds[0].hex(),
        )
        assert sum(told["sent"].values()) >= FRAMES
        assert min(told["sent"].values()) > FRAMES // len(STATES) // 2, told
        status = await node.daemon.ask("status")
        assert status["network"]["frames_in"] - before > FRAMES * 0.95
        await node.unharmed()
