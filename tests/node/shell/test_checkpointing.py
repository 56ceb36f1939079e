"""A node starts from its checkpoint when that fits its store, says so, and is right in any case."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from node.core import checkpoint as core_checkpoint
from node.shell import checkpointing as checkpointing_module
from node.store import checkpoint_file
from tests.node.shell.daemons import Node, World, eventually, world


async def filled(here: World) -> Node:
    """Bob has heard of Ada's likes, and both have stopped: Bob has a checkpoint."""
    ada, bob = await here.node("ada"), await here.node("bob")
    await ada.ask("share_set", taste=True)
    for n in range(5):
        await ada.ask("like", item=f"text:{n}")
    await bob.ask("trust", peer=ada.id)
    await bob.ask("like", item="text:0")
    await bob.until("status", lambda data: data["graph"]["edges"] == 6)
    await ada.stop()
    await bob.stop()
    return bob


async def told(here: World, node: Node) -> str:
    """What status says after a start; and everything is there in any case."""
    await node.start(here.nursery)
    data = await node.ask("status")
    assert data["graph"]["edges"] == 6
    listed = await node.ask("recommend", n=9)
    assert {entry["item"] for entry in listed["items"]} == {f"text:{n}" for n in range(1, 5)}
    return str(data["checkpoint"])


async def test_a_stop_writes_what_the_next_start_uses():
    async with world() as here:
        bob = await filled(here)
        assert bob.daemon._checkpoints.told.startswith("written, ")
        assert await told(here, bob) == "used, 0 authors read again"
        written = bob.paths.checkpoint.stat().st_ino
        await bob.stop()
        assert bob.paths.checkpoint.stat().st_ino == written, "nothing had changed"
        await bob.start(here.nursery)
        await bob.ask("share_set", taste=True)
        await bob.until("status", lambda data: data["feeds"] > 1)
        await bob.stop()
        assert bob.paths.checkpoint.stat().st_ino != written


async def test_a_first_start_has_none_and_says_so():
    async with world() as here:
        ada = await here.node("ada")
        assert (await ada.ask("status"))["checkpoint"] == "none"


def damaged(file: Path, store: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def cut(file: Path, store: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


def emptied(file: Path, store: Path) -> None:
    file.write_bytes(b"")


def replaced(file: Path, store: Path) -> None:
    shutil.copy(store, file)


def of_another_node(file: Path, store: Path) -> None:
    shutil.copy(file.parent.parent / "ada" / "checkpoint", file)


@pytest.mark.parametrize("harm", [damaged, cut, emptied, replaced, of_another_node])
async def test_what_does_not_fit_is_refused_and_told(harm: Callable[[Path, Path], None]):
    async with world() as here:
        bob = await filled(here)
        harm(bob.paths.checkpoint, bob.paths.store)
        assert (await told(here, bob)).startswith("not used: ")
        await bob.stop()
        assert await told(here, bob) == "used, 0 authors read again", "the stop wrote another"


async def test_one_of_another_layout_is_refused(monkeypatch: pytest.MonkeyPatch):
    async with world() as here:
        bob = await filled(here)
        monkeypatch.setattr(core_checkpoint, "LAYOUT", 99)
        assert await told(here, bob) == "not used: it was made with another layout"


async def test_an_earlier_copy_of_the_store_does_not_take_a_later_checkpoint():
    async with world() as here:
        bob = await filled(here)
        earlier = bob.paths.store.read_bytes()
        await bob.start(here.nursery)
        await bob.daemon._checkpoints.write(bob.daemon.peer)
        await bob.stop()
        bob.paths.store.write_bytes(earlier)
        assert await told(here, bob) == "not used: it belongs to another state of the store"


async def test_it_is_written_when_enough_has_changed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(checkpointing_module, "LOOK_S", 0.02)
    monkeypatch.setattr(checkpointing_module, "CHANGED_MIN", 1)
    async with world() as here:
        ada = await here.node("ada")
        await ada.ask("share_set", taste=True)
        await ada.ask("like", item="text:a")
        await ada.until("status", lambda data: data["checkpoint"].startswith("written"))
        written = ada.paths.checkpoint.stat().st_ino
        await ada.ask("like", item="text:b")

        async def anew() -> bool:
            return ada.paths.checkpoint.stat().st_ino != written

        await eventually(anew, "another checkpoint")


async def test_the_event_loop_goes_on_and_events_wait_while_the_peer_is_copied(
    monkeypatch: pytest.MonkeyPatch,
):
    copying, let_go = trio.Event(), trio.Event()
    async with world() as here:
        ada = await here.node("ada")
        token = trio.lowlevel.current_trio_token()

        def slow(*arguments: Any) -> Any:
            token.run_sync_soon(copying.set)
            trio.from_thread.run(let_go.wait)
            return core_checkpoint.captured(*arguments)

        monkeypatch.setattr(checkpointing_module, "captured", slow)
        answers: list[str] = []

        async def ask() -> None:
            await ada.ask("like", item="text:a")
            answers.append("liked")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(ada.daemon._checkpoints.write, ada.daemon.peer)
            await copying.wait()
            nursery.start_soon(ask)
            await trio.testing.wait_all_tasks_blocked(0.05)
            assert answers == []
            let_go.set()
        assert answers == ["liked"]
        assert ada.daemon._checkpoints.told.startswith("written")


async def test_none_is_written_when_the_store_has_failed(monkeypatch: pytest.MonkeyPatch):
    async with world() as here:
        bob = await filled(here)
        written = bob.paths.checkpoint.stat().st_ino
        await bob.start(here.nursery)
        bob.daemon._storage.failures = 1
        await bob.daemon._checkpoints.write(bob.daemon.peer)
        assert "failed a write" in (await bob.ask("status"))["checkpoint"]
        assert bob.paths.checkpoint.stat().st_ino == written


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), RuntimeError("a bug")])
async def test_a_failure_to_write_stops_nothing(error: Exception, monkeypatch: pytest.MonkeyPatch):
    def failing(*_: Any) -> int:
        raise error

    async with world() as here:
        bob = await filled(here)
        written = bob.paths.checkpoint.stat().st_ino
        await bob.start(here.nursery)
        monkeypatch.setattr(checkpointing_module, "write_checkpoint", failing)
        await bob.daemon._checkpoints.write(bob.daemon.peer)
        assert str(error) in (await bob.ask("status"))["checkpoint"]
        assert bob.paths.checkpoint.stat().st_ino == written
        await bob.stop()
        monkeypatch.setattr(
            checkpointing_module, "write_checkpoint", checkpoint_file.write_checkpoint
        )
        assert await told(here, bob) == "used, 0 authors read again"
