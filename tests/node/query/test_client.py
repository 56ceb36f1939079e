"""The client against a real Unix socket: it asks, waits, and says what went wrong."""

import socket
import threading
from pathlib import Path

import pytest

from node.query.client import QueryClient
from node.query.schema import (
    FrameDecoder,
    QueryError,
    decode_request,
    encode_error,
    encode_result,
    frame,
)


@pytest.fixture
def serve(tmp_path):
    """serve(reply): a socket where each request is answered with the bytes that `reply` makes;
    None hangs up. The thread ends with the connection."""
    threads = []

    def start(reply) -> Path:
        path = tmp_path / "node.sock"
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen(1)

        def run():
            with listener, listener.accept()[0] as link:
                decoder = FrameDecoder()
                while data := link.recv(65_536):
                    for payload in decoder.feed(data):
                        answer = reply(decode_request(payload))
                        if answer is None:
                            return
                        for piece in answer:
                            link.sendall(piece)

        threads.append(threading.Thread(target=run))
        threads[-1].start()
        return path

    yield start
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


def test_it_asks_and_gets_the_answer_in_whatever_pieces(serve):
    def reply(request):
        whole = frame(encode_result(request.id, {"echo": request.params}, ("mind",)))
        return [whole[:3], whole[3:9], whole[9:]]

    with QueryClient(serve(reply)) as daemon:
        for n in range(3):
            result = daemon.ask("recommend", n=n, method="undefended")
            assert result.data == {"echo": {"n": n, "method": "undefended"}}
            assert result.warnings == ("mind",)


def test_a_refusal_is_raised_as_it_was_sent(serve):
    def reply(request):
        return [frame(encode_error(request.id, QueryError("not_found", "no such", "look")))]

    with QueryClient(serve(reply)) as daemon, pytest.raises(QueryError, match="no such") as error:
        daemon.ask("why", item="t:1")
    assert (error.value.exit, error.value.hint) == (4, "look")


@pytest.mark.parametrize(
    ("reply", "code", "words"),
    [
        (lambda _: None, "daemon_not_running", "went away"),
        (lambda r: [frame(encode_result(r.id + 1, {}, ()))], "internal", "an answer to query 2"),
        (lambda _: [frame(b"\xc1")], "internal", "not an answer"),
        (lambda _: [b"\xff\xff\xff\xff"], "usage", "a frame of 4294967295 bytes"),
    ],
)
def test_what_goes_wrong_is_told(serve, reply, code, words):
    with QueryClient(serve(reply)) as daemon, pytest.raises(QueryError, match=words) as error:
        daemon.ask("status")
    assert error.value.code == code


def test_silence_times_out(serve):
    with (
        QueryClient(serve(lambda _: []), timeout_s=0.1) as daemon,
        pytest.raises(QueryError, match="no answer to status in time") as error,
    ):
        daemon.ask("status")
    assert error.value.exit == 5


def test_where_nobody_listens_the_command_that_starts_one_is_named(tmp_path):
    bound = tmp_path / "left behind"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(bound))
    for path in (tmp_path / "nothing", bound, bound / "under"):
        with pytest.raises(QueryError, match="no daemon is running") as error:
            QueryClient(path)
        assert error.value.exit == 3
        assert "grapevine daemon" in error.value.hint
