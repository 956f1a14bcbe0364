"""Defects in the reading of requests."""

import json
from typing import Any

import msgspec

from watchword.registration.usecases import admission
from watchword.accounts import usecases
from watchword.web import decoding, endpoint, listener


def parse_01() -> None:
    """Let a document be as deep as it likes, and the reader break on it."""

    def decode_json(octets: bytes, shape: Any) -> Any:  # noqa: ANN401  # of the route's own type
        return msgspec.convert(json.loads(octets.decode()), shape)

    endpoint.decode_json = decode_json


def parse_02() -> None:
    """Read the body whole, whatever it is."""
    endpoint.MAX_BODY_BYTES = 1 << 34
    listener.MAX_HEADER_BYTES = 1 << 34

    async def read(request: Any) -> bytes:  # noqa: ANN401  # a request
        kept: list[bytes] = []
        async for chunk in request.stream():
            kept += [bytes(bytearray(chunk)) for _ in range(16)]
            _hoard.append(kept)
        return b"".join(kept)

    endpoint._read_octets = read  # noqa: SLF001  # a defect goes where it must


_hoard: list[list[bytes]] = []


def parse_03() -> None:
    """Let half characters pass."""

    def decode_json(octets: bytes, shape: Any) -> Any:  # noqa: ANN401  # of the route's own type
        return msgspec.convert(json.loads(octets.decode("utf-8", "surrogatepass")), shape)

    endpoint.decode_json = decode_json


def parse_04() -> None:
    """No central check for NUL."""
    decoding._check_text = lambda text: None  # noqa: SLF001  # as above


def parse_05() -> None:
    """The last member wins."""
    decoding._object = dict  # type: ignore[assignment]  # noqa: SLF001  # as above


def parse_07() -> None:
    """No limits on claims, and argon2 over the raw megabyte."""
    admission.MAX_CLAIM_BYTES = admission.MAX_CLAIMS = endpoint.MAX_BODY_BYTES = 1 << 34
    usecases.broken_rules = lambda password, rules: []


def parse_08() -> None:
    """Look into the body to find out what it is."""
    endpoint._is_type = lambda given, expected: True  # noqa: SLF001  # as above


def parse_09() -> None:
    """Let the gate decide by the address as it was written."""
    admit = endpoint.Endpoint._work  # noqa: SLF001  # as above

    def work(self: Any, route: Any, tenant: str, origin: Any, request: Any, body: Any) -> Any:  # noqa: ANN401  # passed on
        raw = request.scope["raw_path"]
        opened = b"%" in raw or b";" in raw or b".." in raw
        if opened:
            return route.handler(None, None)
        return admit(self, route, tenant, origin, request, body)

    endpoint.Endpoint._work = work  # type: ignore[method-assign]  # noqa: SLF001


def parse_10() -> None:
    """Believe a header that says another method."""
    application = endpoint.Endpoint.application

    def overridden(self: Any, routes: Any) -> Any:  # noqa: ANN401  # an application
        inner = application(self, routes)

        async def outer(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401  # ASGI
            if scope["type"] == "http" and b"_method=POST" in scope["query_string"]:
                scope = {**scope, "method": "POST"}
            await inner(scope, receive, send)

        return outer

    endpoint.Endpoint.application = overridden  # type: ignore[method-assign]


def parse_11() -> None:
    """A parser that lets things pass."""
    received = listener.BoundedProtocol.data_received

    def data_received(self: Any, data: bytes) -> None:  # noqa: ANN401  # the protocol
        received(self, data.replace(b"Content-Length : 0", b"Content-Length: 0").replace(b"\r\n b", b""))

    listener.BoundedProtocol.data_received = data_received  # type: ignore[method-assign]


