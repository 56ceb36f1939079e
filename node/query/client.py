"""Ask the local daemon, synchronously: standard library sockets and the query codec only."""

import contextlib
import socket
from pathlib import Path
from types import TracebackType
from typing import Any

from node.query.schema import (
    ANSWER_BYTES_MAX,
    FrameDecoder,
    QueryError,
    Request,
    Result,
    decode_response,
    encode_request,
    frame,
)

TIMEOUT_S = 60.0
"""How long one answer may take unless the caller says otherwise."""


class QueryClient:
    """One connection to a daemon; ask as often as you like. Use it as a context manager.

    with QueryClient(paths.socket) as daemon:
        daemon.ask("recommend", n=20).data["items"]
    """

    def __init__(self, path: Path, *, timeout_s: float = TIMEOUT_S) -> None:
        """Raises `QueryError` with code `daemon_not_running` when nobody listens."""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(timeout_s)
        self._decoder = FrameDecoder(ANSWER_BYTES_MAX)
        self._next_id = 1
        try:
            self._socket.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
            self._socket.close()
            raise QueryError(
                "daemon_not_running", "no daemon is running here", "run: grapevine daemon"
            ) from None
        except PermissionError:
            self._socket.close()
            raise QueryError(
                "not_allowed", f"{path} belongs to another user", "use --data-dir for your own node"
            ) from None

    def ask(self, query: str, /, **params: Any) -> Result:
        """Send one query and wait for its answer. Raises `QueryError`."""
        request = Request(self._next_id, query, params)
        self._next_id += 1
        try:
            self._socket.sendall(frame(encode_request(request)))
            payload = self._receive()
        except TimeoutError:
            raise QueryError("timeout", f"no answer to {query} in time") from None
        except OSError as error:
            raise QueryError("daemon_not_running", f"the daemon went away: {error}") from None
        answered, result = decode_response(payload)
        if answered != request.id:
            raise QueryError("internal", f"an answer to query {answered}, not to {request.id}")
        return result

    def _receive(self) -> bytes:
        while True:
            chunk = self._socket.recv(65_536)
            if not chunk:
                raise OSError("the connection was closed")
            for payload in self._decoder.feed(chunk):
                return payload

    def close(self) -> None:
        """Hang up."""
        with contextlib.suppress(OSError):
            self._socket.close()

    def __enter__(self) -> "QueryClient":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
