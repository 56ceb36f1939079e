"""The Unix socket: private, replaced when stale, and nobody's failure is anybody else's."""

import socket
import stat
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from node.errors import NodeError
from node.query.client import QueryClient
from node.query.schema import (
    REQUEST_BYTES_MAX,
    QueryError,
    Request,
    decode_response,
    encode_request,
    frame,
)
from node.shell import query_server
from node.shell.query_server import Ask, serve_queries
from tests.node.shell.daemons import directory


class OutOfPaper(NodeError):
    code = "out_of_paper"
    exit_code = 9


async def ask(method: str, params: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Answers by the name of the method."""
    match method:
        case "echo":
            return dict(params), ("mind the gap",)
        case "refuse":
            raise QueryError("not_found", "nothing there", "look elsewhere")
        case "fail":
            raise OutOfPaper("no paper", hint="buy some")
        case "bug":
            raise ZeroDivisionError
        case "unspeakable":
            return {"object": object()}, ()
        case "huge":
            return {"text": "x" * 300_000}, ()
    await trio.sleep_forever()
    raise AssertionError


@asynccontextmanager
async def serving(answer: Ask = ask) -> AsyncIterator[Path]:
    with directory() as root:
        path = root / "node.sock"
        async with trio.open_nursery() as nursery:
            await nursery.start(serve_queries, path, answer)
            yield path
            nursery.cancel_scope.cancel()
        assert not path.exists()


async def asked(path: Path, method: str, **params: Any) -> Any:
    """Through the client that the command line uses, on a thread."""

    def run() -> Any:
        with QueryClient(path, timeout_s=20) as client:
            return client.ask(method, **params)

    return await trio.to_thread.run_sync(run)


async def test_an_answer_with_its_warnings():
    async with serving() as path:
        result = await asked(path, "echo", a=1, b=["x", None])
        assert result.data == {"a": 1, "b": ["x", None]}
        assert result.warnings == ("mind the gap",)


@pytest.mark.parametrize(
    ("method", "code", "exit_code"),
    [
        ("refuse", "not_found", 4),
        ("fail", "out_of_paper", 9),
        ("bug", "internal", 1),
        ("unspeakable", "internal", 1),
        ("huge", "usage", 2),
    ],
)
async def test_every_failure_is_told_to_the_one_who_asked_and_serving_goes_on(
    method: str, code: str, exit_code: int
):
    async with serving() as path:
        with pytest.raises(QueryError) as raised:
            await asked(path, method)
        assert (raised.value.code, raised.value.exit) == (code, exit_code)
        assert (await asked(path, "echo", after=method)).data == {"after": method}


async def test_the_socket_is_its_owners_alone():
    async with serving() as path:
        assert stat.S_IMODE(path.stat().st_mode) & 0o177 == 0


async def test_the_socket_of_a_dead_daemon_is_replaced():
    with directory() as root:
        path = root / "node.sock"
        dead = socket.socket(socket.AF_UNIX)
        dead.bind(str(path))
        dead.close()
        async with trio.open_nursery() as nursery:
            await nursery.start(serve_queries, path, ask)
            assert (await asked(path, "echo", a=1)).data == {"a": 1}
            nursery.cancel_scope.cancel()


async def test_a_file_in_the_sockets_place_is_left_alone():
    with directory() as root:
        path = root / "node.sock"
        path.write_text("precious")
        with pytest.raises(OSError, match="in use"):
            await serve_queries(path, ask)
        assert path.read_text() == "precious"


NOT_QUERIES = {
    "garbage": b"\xff" * 64,
    "too long": (REQUEST_BYTES_MAX + 1).to_bytes(4, "big"),
    "empty": bytes(4),
    "not a map": frame(b"\xc0"),
    "no method": frame(b"\x81\xa2id\x01"),
    "cut off": frame(encode_request(Request(1, "echo")))[:-1],
}


@pytest.mark.parametrize("data", NOT_QUERIES.values(), ids=NOT_QUERIES.keys())
async def test_who_does_not_speak_the_protocol_is_hung_up_on(data: bytes):
    async with serving() as path:
        stream = await trio.open_unix_socket(path)
        async with stream:
            await stream.send_all(data)
            with trio.fail_after(20):
                stream.socket.shutdown(socket.SHUT_WR)
                assert await stream.receive_some(1) == b""
        assert (await asked(path, "echo", a=1)).data == {"a": 1}


async def test_queries_sent_together_are_answered_in_order():
    async with serving() as path:
        stream = await trio.open_unix_socket(path)
        async with stream:
            requests = [Request(number, "echo", {"n": number}) for number in range(5)]
            await stream.send_all(b"".join(frame(encode_request(r)) for r in requests))
            received = b""
            with trio.fail_after(20):
                while received.count(b"mind the gap") < 5:
                    received += await stream.receive_some(4096)
            size = int.from_bytes(received[:4], "big")
            assert decode_response(received[4 : 4 + size])[0] == 0


async def test_one_connection_too_many_is_closed_and_a_place_is_free_again_afterwards(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(query_server, "CONNECTIONS_MAX", 3)
    async with serving() as path:
        held = [await trio.open_unix_socket(path) for _ in range(3)]
        for stream in held:  # each is served before the next one is tried
            await stream.send_all(frame(encode_request(Request(1, "echo"))))
            assert await stream.receive_some(4096)
        with pytest.raises(QueryError, match="went away"):
            await asked(path, "echo")
        await held[0].aclose()
        with trio.fail_after(20):
            while True:
                try:
                    await asked(path, "echo")
                    break
                except QueryError:
                    await trio.lowlevel.checkpoint()
        for stream in held[1:]:
            await stream.aclose()


async def test_a_client_that_hangs_up_in_the_middle_disturbs_nobody():
    async with serving() as path:
        for _ in range(20):
            stream = await trio.open_unix_socket(path)
            await stream.send_all(frame(encode_request(Request(1, "huge"))))
            await stream.aclose()
        assert (await asked(path, "echo", a=1)).data == {"a": 1}


async def test_a_slow_query_holds_up_no_other_client():
    async with serving() as path:
        stream = await trio.open_unix_socket(path)
        async with stream:
            await stream.send_all(frame(encode_request(Request(1, "never"))))
            assert (await asked(path, "echo", a=1)).data == {"a": 1}
