"""Queries over the Unix socket: the owner's own shell and apps.

Who can open the socket is the owner (0600 in a 0700 directory), so no further proof is asked.
"""

import contextlib
import logging
import os
import stat
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import trio

from node.errors import NodeError
from node.query.schema import (
    FrameDecoder,
    QueryError,
    Request,
    decode_request,
    encode_error,
    encode_result,
    frame,
)

log = logging.getLogger(__name__)

CONNECTIONS_MAX = 64
"""Open local connections; one more is closed at once."""

CHUNK_BYTES = 64 * 1024

Ask = Callable[[str, Mapping[str, Any]], Awaitable[tuple[dict[str, Any], tuple[str, ...]]]]
"""Answer one query or raise `QueryError`."""


async def serve_queries(
    path: Path, ask: Ask, *, task_status: Any = trio.TASK_STATUS_IGNORED
) -> None:
    """Listen on the socket until cancelled. A stale socket file of a dead daemon is replaced.

    The data directory's lock is held by the caller, so nobody else listens here.
    """
    _remove_stale(path)
    connections = 0

    async def serve(stream: trio.SocketStream) -> None:
        nonlocal connections
        if connections < CONNECTIONS_MAX:
            connections += 1
            try:
                await _serve_one(stream, ask)
            finally:
                connections -= 1

    with trio.socket.socket(trio.socket.AF_UNIX, trio.socket.SOCK_STREAM) as listener:
        before = os.umask(0o177)
        try:
            await listener.bind(str(path))
        finally:
            os.umask(before)
        listener.listen(32)
        listeners = [trio.SocketListener(listener)]
        try:
            # Goes on when the process is out of file descriptors for a while.
            await trio.serve_listeners(serve, listeners, task_status=task_status)
        finally:
            _remove_stale(path)


def _remove_stale(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISSOCK(path.stat().st_mode):
            path.unlink()


async def _serve_one(stream: trio.SocketStream, ask: Ask) -> None:
    decoder = FrameDecoder()
    # The client is gone, or does not speak the protocol: nothing of ours is lost.
    with contextlib.suppress(trio.BrokenResourceError, QueryError):
        while chunk := await stream.receive_some(CHUNK_BYTES):
            for payload in decoder.feed(chunk):
                await stream.send_all(frame(await answer(decode_request(payload), ask)))


async def answer(request: Request, ask: Ask) -> bytes:
    """One request to one response; every failure is told to the one who asked, and only to her."""
    try:
        data, warnings = await ask(request.method, request.params)
        return encode_result(request.id, data, warnings)
    except QueryError as error:
        return encode_error(request.id, error)
    except NodeError as error:
        told = QueryError(error.code, error.message, error.hint, exit=error.exit_code)
        return encode_error(request.id, told)
    except Exception:
        log.critical("a bug in answering %s", request.method[:64], exc_info=True)
        bug = QueryError("internal", "a bug: the daemon's log says more")
        return encode_error(request.id, bug)
