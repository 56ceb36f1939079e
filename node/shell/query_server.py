"""Queries over the Unix socket: the owner's own shell and apps.

Who can open the socket is the owner (0600 in a 0700 directory), so no further proof is asked.
"""

import contextlib
import os
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import trio

from node.query.schema import (
    FrameDecoder,
    QueryError,
    Request,
    decode_request,
    encode_error,
    encode_result,
    frame,
)

if TYPE_CHECKING:
    from trio_typing import TaskStatus

CONNECTIONS_MAX = 64
"""Open local connections; one more is closed at once."""

CHUNK_BYTES = 64 * 1024

Ask = Callable[[str, dict[str, Any]], Awaitable[tuple[dict[str, Any], tuple[str, ...]]]]
"""Answer one query or raise `QueryError`."""


async def serve_queries(
    path: Path, ask: Ask, *, task_status: "TaskStatus[None]" = trio.TASK_STATUS_IGNORED
) -> None:
    """Listen on the socket until cancelled. A stale socket file of a dead daemon is replaced.

    The data directory's lock is held by the caller, so nobody else listens here.
    """
    _remove_stale(path)
    listener = trio.socket.socket(trio.socket.AF_UNIX, trio.socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        await listener.bind(str(path))
    finally:
        os.umask(before)
    listener.listen(32)
    gate = trio.Semaphore(CONNECTIONS_MAX)
    try:
        async with trio.open_nursery() as nursery:
            task_status.started()
            while True:
                connection, _ = await listener.accept()
                stream = trio.SocketStream(connection)
                try:
                    gate.acquire_nowait()
                except trio.WouldBlock:
                    await stream.aclose()
                    continue
                nursery.start_soon(_serve_one, stream, ask, gate)
    finally:
        listener.close()
        _remove_stale(path)


def _remove_stale(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISSOCK(path.stat().st_mode):
            path.unlink()


async def _serve_one(stream: trio.SocketStream, ask: Ask, gate: trio.Semaphore) -> None:
    decoder = FrameDecoder()
    try:
        async with stream:
            while chunk := await stream.receive_some(CHUNK_BYTES):
                for payload in decoder.feed(chunk):
                    await stream.send_all(frame(await answer_payload(payload, ask)))
    except (trio.BrokenResourceError, trio.ClosedResourceError, QueryError):
        pass  # the client is gone, or does not speak the protocol; nothing of ours is lost
    finally:
        gate.release()


async def answer_payload(payload: bytes, ask: Ask) -> bytes:
    """One request to one response; every failure is told to the one who asked."""
    request: Request = decode_request(payload)
    try:
        data, warnings = await ask(request.method, dict(request.params))
    except QueryError as error:
        return encode_error(request.id, error)
    return encode_result(request.id, data, warnings)
