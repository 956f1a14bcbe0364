"""A provider of the benchmark's own: takes messages over HTTP, reads the code in each, and may be slow or silent.

As a program, ``python bench/sink.py PORT FILE``, it appends ``recipient<TAB>code`` lines to the file.
"""

import asyncio
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import cast

CODE = re.compile(r"\b[A-Z0-9]{6,8}\b")
REPLY = b'{"sid": "SM1"}'
TAKEN = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(REPLY), REPLY)


class Sink:
    """An HTTP server on the running event loop."""

    def __init__(self, note: Callable[[str, str], None] | None = None) -> None:
        self.codes: dict[str, str] = {}
        self.taken = 0
        self.delay_seconds = 0.0
        self.hangs = False
        self._note = note
        self._server: asyncio.Server | None = None

    async def listen(self, port: int = 0) -> int:
        """Take a port of the loopback, and return it."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Exchange(self), "127.0.0.1", port, backlog=1024)
        taken: int = self._server.sockets[0].getsockname()[1]
        return taken

    def close(self) -> None:
        """Take nothing more."""
        if self._server is not None:
            self._server.close()

    def keep(self, body: bytes) -> None:
        """Keep the code of a message."""
        message = json.loads(body)
        found = CODE.search(message["text"])
        self.taken += 1
        self.codes[message["to"]] = found[0] if found else ""
        if self._note is not None:
            self._note(message["to"], self.codes[message["to"]])


class _Exchange(asyncio.Protocol):
    """One kept connection of a sender."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, blank, body = self._received.partition(b"\r\n\r\n")
        if not blank:
            return
        at = head.lower().find(b"content-length:")
        length = int(head[at + 15 : at + 30].split(b"\r", 1)[0])
        if len(body) < length or self._sink.hangs:
            return
        self._received = body[length:]
        if self._sink.delay_seconds:
            asyncio.get_running_loop().call_later(self._sink.delay_seconds, self._answer, body[:length])
        else:
            self._answer(body[:length])

    def _answer(self, body: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._sink.keep(body)
            self._transport.write(TAKEN)


async def _write_lines(port: int, file: Path) -> None:
    with file.open("a", buffering=1, encoding="utf-8") as lines:
        sink = Sink(lambda to, code: print(f"{to}\t{code}", file=lines))
        await sink.listen(port)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_write_lines(int(sys.argv[1]), Path(sys.argv[2])))
