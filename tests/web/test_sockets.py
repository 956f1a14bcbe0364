"""What a listener bears before a request is whole, on real sockets."""

import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn
from starlette.applications import Starlette

from watchword.web import listener
from watchword.web.listener import MAX_HEADER_BYTES, MAX_MESSAGE_BYTES, Listener

PATIENCE_SECONDS = 10.0


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Serve an application that knows no address, and give a head a tenth of a second to come."""
    monkeypatch.setattr(listener, "HEADER_SECONDS", 0.1)
    wanted = Listener(Starlette(), "127.0.0.1", 0)
    taken, server = wanted.bind(), wanted.server()
    taken.listen()
    thread = threading.Thread(target=_run, args=(server, taken))
    thread.start()
    try:
        yield taken.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()
        taken.close()


def _run(server: uvicorn.Server, taken: socket.socket) -> None:
    server.run([taken])


def _answer(port: int, *parts: bytes) -> bytes:
    """Send *parts*, and return everything until the server closes."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS) as client:
        received = b""
        try:
            for part in parts:
                client.sendall(part)
            while octets := client.recv(4096):
                received += octets
        except (ConnectionResetError, BrokenPipeError):  # closed while we were still sending
            pass
        return received


def test_a_client_that_says_nothing_is_let_go(port: int) -> None:
    assert _answer(port) == b""


def test_a_head_that_never_ends_is_let_go(port: int) -> None:
    assert _answer(port, b"GET / HTTP/1.1\r\n").startswith(b"HTTP/1.1 408")


def test_a_head_that_is_too_large_is_refused(port: int) -> None:
    fields = b"".join(b"X-%d: %s\r\n" % (number, b"a" * 1000) for number in range(MAX_HEADER_BYTES // 1000 + 2))
    assert b"431" in _answer(port, b"GET / HTTP/1.1\r\n" + fields)[:40]


def test_trailers_without_end_are_refused(port: int) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"
    trailers = [b"X-%d: %s\r\n" % (number, b"a" * 8000) for number in range(2 * MAX_MESSAGE_BYTES // 8000)]
    received = _answer(port, head, *trailers)
    assert b"X-" not in received  # whatever of an answer still came, the connection is closed
