"""Defects in the reading of requests."""

import json
from typing import Any

import msgspec

from tests.mutants.planting import plant
from watchword.accounts.usecases import passwords
from watchword.registration.usecases import admission
from watchword.web import decoding, endpoint, listener

WITHOUT_END = 1 << 34


def _decoding(errors: str) -> Any:  # noqa: ANN401  # a function as it stands
    def decode_json(octets: bytes, shape: Any) -> Any:  # noqa: ANN401  # of the route's own type
        return msgspec.convert(json.loads(octets.decode("utf-8", errors)), shape)

    return lambda _: decode_json


def parse_01() -> None:
    """Let a document be as deep as it likes, and the reader break on it."""
    plant(endpoint, "decode_json", _decoding("strict"))


def parse_02() -> None:
    """Read the body whole, whatever it is."""
    hoard: list[bytes] = []

    async def read(request: Any) -> bytes:  # noqa: ANN401  # a request
        async for chunk in request.stream():
            hoard.extend(bytes(bytearray(chunk)) for _ in range(16))
        return hoard[-1]

    plant(endpoint, "_read_octets", lambda _: read)


def parse_03() -> None:
    """Let half characters pass."""
    plant(endpoint, "decode_json", _decoding("surrogatepass"))


def parse_04() -> None:
    """Check nothing for NUL."""
    plant(decoding, "_check_text", lambda _: lambda text, place: None)


def parse_05() -> None:
    """Let the last member win."""
    plant(decoding, "_object", lambda _: dict)


def parse_07() -> None:
    """Know no limits on claims, and run argon2 over the raw megabyte."""
    for owner, name in ((admission, "MAX_CLAIM_BYTES"), (admission, "MAX_CLAIMS")):
        plant(owner, name, lambda _: WITHOUT_END)
    plant(endpoint, "_read_octets", lambda read: lambda request, _: read(request, WITHOUT_END))
    plant(passwords, "broken_rules", lambda _: lambda password, rules: [])


def parse_08() -> None:
    """Look into the body to find out what it is."""
    plant(endpoint, "_is_type", lambda _: lambda given, expected: True)


def parse_09() -> None:
    """Let the gate decide by the address as it was written."""

    def opening(do_work: Any) -> Any:  # noqa: ANN401  # a function as it stands
        def work(self: Any, route: Any, tenant: str, origin: Any, request: Any, body: Any) -> Any:  # noqa: ANN401  # passed on
            raw = request.scope["raw_path"]
            if b"%" in raw or b";" in raw or b".." in raw:
                return route.handler(None, None)
            return do_work(self, route, tenant, origin, request, body)

        return work

    plant(endpoint.Endpoint, "_work", opening)


def parse_10() -> None:
    """Believe a field that says another method."""

    def overriding(application: Any) -> Any:  # noqa: ANN401  # a function as it stands
        def overridden(self: Any, routes: Any) -> Any:  # noqa: ANN401  # an application
            inner = application(self, routes)

            async def outer(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401  # ASGI
                if scope["type"] == "http" and b"_method=POST" in scope["query_string"]:
                    scope = {**scope, "method": "POST"}
                await inner(scope, receive, send)

            return outer

        return overridden

    plant(endpoint.Endpoint, "application", overriding)


def parse_11() -> None:
    """Let the parser be lenient."""

    def lenient(received: Any) -> Any:  # noqa: ANN401  # a function as it stands
        return lambda self, octets: received(self, octets.replace(b"Length : 0", b"Length: 0").replace(b"\r\n b", b""))

    plant(listener.BoundedProtocol, "data_received", lenient)
