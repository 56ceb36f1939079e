"""When the node's checkpoint is written, and what is read of it at a start.

It is written at an orderly stop, and now and then when so much has changed that reading it again
would be felt at the next start. While the Peer's state is copied, on a thread, it handles no event;
everything else, the event loop above all, goes on. The rest is done on a thread of its own.
"""

import logging
import secrets
from pathlib import Path

import trio

from node.core.checkpoint import Saved, captured
from node.core.peer import Peer
from node.errors import NodeError
from node.shell.remembering import claims_of
from node.shell.storage import Storage
from node.store.changes import TOKEN_BYTES, CheckpointMark
from node.store.checkpoint_file import UnusableCheckpoint, read_checkpoint, write_checkpoint
from node.store.store import Store

log = logging.getLogger(__name__)

LOOK_S = 600.0
"""How often one looks whether so much has changed."""

CHANGED_MIN = 256
CHANGED_PART = 20
"""It is written when so many authors have changed, and one in so many of those of whom anything is
held: at a hundred thousand that is a second of the next start, and not more than a few gigabytes of
writing a day."""


class Checkpointing:
    """The checkpoint of one node that runs. `told` says in words what became of the last one."""

    def __init__(self, path: Path, store: Store, storage: Storage) -> None:
        self.peer_rests = trio.Lock()
        """Whoever has it may look at the Peer: it handles no event."""
        self.told = "none"
        self.failures = 0
        """Checkpoints that could not be used or written; each is in the log."""
        self._path = path
        self._store = store
        self._storage = storage
        self._mark: CheckpointMark | None = None

    # ------------------------------------------------------------------------------- starting
    def saved(self) -> Saved | None:
        """The checkpoint, if there is one and it belongs to the store. Reads the file."""
        try:
            found = read_checkpoint(self._path)
        except UnusableCheckpoint as error:
            self.refused(error)
            return None
        if found is None:
            return None
        mark, parts = found
        changed = self._store.changed_since(mark)
        if changed is None:
            self.refused("it belongs to another state of the store")
            return None
        self._mark = mark
        self.told = f"used, {len(changed)} authors read again"
        return Saved(
            parts, changed, self._store.feed_records_of, lambda them: claims_of(self._store, them)
        )

    def refused(self, why: object) -> None:
        """The checkpoint cannot be used: the store has everything, so that is slow and no more."""
        self._mark = None
        self.failures += 1
        self.told = f"not used: {why}"
        log.warning("everything is read from the store again: the checkpoint is not used: %s", why)

    # -------------------------------------------------------------------------------- running
    async def run(self, peer: Peer) -> None:
        """Write a checkpoint whenever so much has changed; for ever."""
        while True:
            await trio.sleep(LOOK_S)
            feeds = len(peer.state.feeds)
            if await self._changes() >= max(CHANGED_MIN, feeds // CHANGED_PART):
                await self.write(peer)

    async def finish(self, peer: Peer) -> None:
        """Write one if anything has changed since the last."""
        if self._mark is None or await self._changes():
            await self.write(peer)

    async def write(self, peer: Peer) -> None:
        """Write one now. What goes wrong is logged: the store has everything."""
        try:
            await self._write(peer)
        except (NodeError, OSError) as error:
            self._failed(error)
        except Exception as error:
            log.critical("a bug of the checkpoint", exc_info=True)
            self._failed(error)

    def _failed(self, error: Exception) -> None:
        self.failures += 1
        self.told = f"not written: {error}"
        log.warning("the checkpoint was not written: %s", error)

    async def _changes(self) -> int:
        since = self._mark.change if self._mark is not None else 0
        return await self._storage.call(lambda store: store.changes_since(since))

    async def _write(self, peer: Peer) -> None:
        """The mark comes first: what the store hears after it is read again, copied or not."""
        token = secrets.token_bytes(TOKEN_BYTES)
        mark = await self._storage.call(lambda store: store.begin_checkpoint(token))
        async with self.peer_rests:
            parts = await trio.to_thread.run_sync(captured, peer.state, peer.unlike_store)
        # Behind everything that was ordered before the copy was made.
        await self._storage.call(lambda _store: None)
        if self._storage.failures:
            raise StoreBehind
        size = await trio.to_thread.run_sync(write_checkpoint, self._path, mark, parts)
        await self._storage.call(lambda store: store.finish_checkpoint(mark))
        self._mark = mark
        self.told = f"written, {size} bytes"
        log.info("checkpoint written: %d bytes", size)


class StoreBehind(NodeError):
    """The Peer knows what the store could not keep; a checkpoint would make that last."""

    code = "internal"
    exit_code = 1

    def __init__(self) -> None:
        super().__init__("the store has failed a write, so the memory is ahead of it")
