"""The way out: what is never called, and what no answer can do to us."""

import socket
import ssl
import threading
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.notification.gateway import Gateway, reply, silent
from watchword.notification.senders.addresses import Forbidden, OutgoingRules, read_origin, read_url
from watchword.notification.senders.fetcher import Fetcher, FetchFailed, Request

_VECTORS = tomllib.loads(Path("tests/vectors/ssrf_urls.toml").read_text(encoding="utf-8"))["ssrf_urls"]
_LOCAL = (
    "127.0.0.1",
    "10.1.2.3",
    "::1",
    "fd12::1",
    "169.254.169.254",
    "100.64.0.1",
    "64:ff9b::a00:1",
    "::ffff:10.0.0.1",
)


def _fetch(fetcher: Fetcher, url: str, *, seconds: float = 5.0, trusted: bool = False) -> int:
    return fetcher.fetch(Request("GET", url, trusted=trusted), seconds=seconds).status


@pytest.fixture
def strict() -> Iterator[Fetcher]:
    """Make a fetcher as in production, for which every name of example.test leads to this machine."""
    with Fetcher(OutgoingRules(), resolve=lambda _host, _port: ["127.0.0.1"]) as fetcher:
        yield fetcher


@pytest.mark.parametrize("url", _VECTORS)
def test_a_dangerous_url_is_never_called(strict: Fetcher, url: str) -> None:
    with pytest.raises(Forbidden):
        _fetch(strict, url)


@pytest.mark.parametrize("url", _VECTORS)
def test_a_dangerous_url_is_not_even_worth_a_connection(url: str) -> None:
    """The same refusal stands when a URL is saved, without looking up a name."""
    with pytest.raises(Forbidden):
        OutgoingRules().check(read_url(url))


@pytest.mark.parametrize("address", _LOCAL)
def test_a_name_that_leads_inside_is_refused(address: str) -> None:
    with Fetcher(OutgoingRules(), resolve=lambda _host, _port: [address]) as fetcher, pytest.raises(Forbidden):
        _fetch(fetcher, "https://example.test/")


def test_one_bad_address_of_a_name_is_enough() -> None:
    rules = OutgoingRules()
    with (
        Fetcher(rules, resolve=lambda _host, _port: ["93.184.216.34", "10.0.0.1"]) as fetcher,
        pytest.raises(Forbidden),
    ):
        _fetch(fetcher, "https://example.test/")


def test_the_name_is_looked_up_once_and_the_connection_goes_to_what_was_checked(gateway: Gateway) -> None:
    answers = iter([["127.0.0.1"], ["127.0.0.2"]])
    with Fetcher(OutgoingRules(loopback_only=True), resolve=lambda _host, _port: next(answers)) as fetcher:
        assert _fetch(fetcher, f"http://example.test:{gateway.port}/") == 200
    assert gateway.asked[0].headers["host"] == f"example.test:{gateway.port}"
    assert next(answers) == ["127.0.0.2"]


def test_metadata_is_out_of_bounds_even_where_it_is_listed() -> None:
    url = "http://169.254.169.254/latest/meta-data/"
    rules = OutgoingRules(listed=frozenset({("http", "169.254.169.254", 80)}), private_allowed=True)
    with Fetcher(rules) as fetcher, pytest.raises(Forbidden):
        _fetch(fetcher, url, trusted=True)


@pytest.mark.parametrize("written", ["64:ff9b::a9fe:a9fe", "::ffff:169.254.169.254"])
def test_metadata_is_out_of_bounds_however_it_is_written(written: str) -> None:
    with pytest.raises(Forbidden, match="credentials"):
        OutgoingRules(private_allowed=True).check(read_url(f"https://[{written}]/"), trusted=True)


def test_only_https_leaves_the_house_unless_the_origin_is_listed() -> None:
    url = read_url("http://example.test/")
    with pytest.raises(Forbidden, match="only https"):
        OutgoingRules().check(url)
    OutgoingRules(listed=frozenset({("http", "example.test", 80)})).check(url)
    OutgoingRules().check(read_url("https://example.test:8443/"))


def test_a_listed_private_address_is_called(gateway: Gateway) -> None:
    with Fetcher(OutgoingRules(listed=frozenset({read_origin(gateway.url)}))) as fetcher:
        assert _fetch(fetcher, gateway.url + "/x?y=1") == 200
    assert gateway.asked[0].path == "/x?y=1"


def test_a_connection_of_a_trusted_url_is_not_lent_to_another(gateway: Gateway) -> None:
    with Fetcher(OutgoingRules()) as fetcher:
        assert _fetch(fetcher, gateway.url, trusted=True) == 200
        with pytest.raises(Forbidden):
            _fetch(fetcher, gateway.url)
    assert len(gateway.asked) == 1


def test_development_calls_nobody_but_this_machine() -> None:
    rules = OutgoingRules(loopback_only=True)
    with Fetcher(rules, resolve=lambda _host, _port: ["93.184.216.34"]) as fetcher, pytest.raises(Forbidden):
        _fetch(fetcher, "https://example.test/", trusted=True)


def test_connections_are_kept_and_used_again(gateway: Gateway, fetcher: Fetcher) -> None:
    for _ in range(3):
        assert _fetch(fetcher, gateway.url) == 200
    assert gateway.connections == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_nothing_is_followed(gateway: Gateway, fetcher: Fetcher, status: int) -> None:
    with Gateway() as canary:
        gateway.answers = [reply(status, Location=canary.url)]
        assert _fetch(fetcher, gateway.url) == status
        assert not canary.asked


def test_an_answer_larger_than_64_kib_is_not_read(gateway: Gateway, fetcher: Fetcher) -> None:
    poured: list[int] = []

    def pour(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 67108864\r\n\r\n")
        while sum(poured) < 67108864:
            poured.append(connection.send(bytes(65536)))

    gateway.answers = [pour]
    with pytest.raises(FetchFailed) as failed:
        _fetch(fetcher, gateway.url)
    assert failed.value.ambiguous
    assert sum(poured) < 67108864


def test_an_answer_of_a_byte_at_a_time_ends_with_the_time(gateway: Gateway, fetcher: Fetcher) -> None:
    stopped = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not stopped.wait(0.02):
            connection.sendall(b"x")

    gateway.answers = [drip]
    began = time.monotonic()
    with pytest.raises(FetchFailed) as failed:
        _fetch(fetcher, gateway.url, seconds=0.3)
    stopped.set()
    assert time.monotonic() - began < 1.0
    assert failed.value.ambiguous


def test_a_hundred_thousand_headers_are_refused(gateway: Gateway, fetcher: Fetcher) -> None:
    gateway.answers = [b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000 + b"\r\n"]
    with pytest.raises(FetchFailed):
        _fetch(fetcher, gateway.url)


def test_a_packed_answer_stays_packed(gateway: Gateway, fetcher: Fetcher) -> None:
    gateway.answers = [reply(200, "not really gzip", Content_Encoding="gzip")]
    assert fetcher.fetch(Request("GET", gateway.url), seconds=5.0).body == b"not really gzip"
    assert gateway.asked[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\0b"])
def test_a_line_break_in_a_header_is_refused(gateway: Gateway, fetcher: Fetcher, value: str) -> None:
    with pytest.raises(Forbidden):
        fetcher.fetch(Request("GET", gateway.url, (("X-To", value),)), seconds=5.0)
    assert not gateway.asked


def test_a_refused_connection_says_that_nothing_arrived(fetcher: Fetcher) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(FetchFailed) as failed:
        _fetch(fetcher, f"http://127.0.0.1:{port}/")
    assert not failed.value.ambiguous


def test_silence_after_the_request_may_mean_that_it_arrived(gateway: Gateway, fetcher: Fetcher) -> None:
    silence = threading.Event()
    gateway.answers = [silent(silence)]
    with pytest.raises(FetchFailed) as failed:
        _fetch(fetcher, gateway.url, seconds=0.2)
    silence.set()
    assert failed.value.ambiguous


def test_a_server_that_is_not_verified_gets_no_request(certificate: Path, fetcher: Fetcher) -> None:
    with Gateway(tls=_server_context(certificate)) as gateway:
        with pytest.raises(FetchFailed) as failed:
            _fetch(fetcher, f"https://localhost:{gateway.port}/")
        assert not gateway.asked
    assert not failed.value.ambiguous


def test_an_authority_of_the_operator_is_trusted_for_its_names_only(certificate: Path) -> None:
    rules = OutgoingRules(loopback_only=True)
    with Gateway(tls=_server_context(certificate)) as gateway, Fetcher(rules, extra_authorities=certificate) as fetcher:
        assert _fetch(fetcher, f"https://localhost:{gateway.port}/") == 200
        with pytest.raises(FetchFailed):
            _fetch(fetcher, f"https://127.0.0.1:{gateway.port}/")


def _server_context(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_a_secret_in_a_broken_request_does_not_reach_the_reason(fetcher: Fetcher) -> None:
    with pytest.raises(Forbidden) as forbidden:
        fetcher.fetch(Request("GET", "https://localhost/", (("X-Key", "hunter2\x7f"),)), seconds=5.0)
    assert "hunter2" not in str(forbidden.value)
