"""A real browser at a server of a test, on a port that the server knows beforehand: its redirections are absolute."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import uvicorn

from tests.world import PATIENCE_SECONDS, World


def free_port() -> int:
    """Return a port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def listening(world: World, port: int) -> Iterator[str]:
    """Serve a world on a port of this machine."""
    server = uvicorn.Server(uvicorn.Config(world.application, port=port, log_level="error", lifespan="off"))
    thread = Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
    try:
        yield f"http://localhost:{port}"
    finally:
        server.should_exit = True
        thread.join(PATIENCE_SECONDS)
