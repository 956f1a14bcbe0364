"""What is no request, or too much of one: PARSE."""

import contextlib
import json
import socket
import threading
import time

import psutil
import pytest

from tests.attacks.interface import operations, with_each_text
from tests.attacks.stage import ADMIN_A, API, CLAIM, TENANT_B, TRUSTED, Answer, Stage, registration
from watchword.accounts.claims import KNOWN_CLAIMS

case = pytest.mark.case
MEGABYTE = 1 << 20
SLOW_BODY = (
    f"POST {API}/me HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\nContent-Type: application/json\r\n\r\n".encode()
)
CLOSED_SECONDS = 13.0
"""Ten, and what a busy machine adds."""


def status_of(received: bytes) -> int:
    """Return the status of a raw answer; 0 if the connection was closed without one."""
    return int(received.split(b" ", 2)[1]) if received.startswith(b"HTTP/1.") else 0


def post(stage: Stage, octets: bytes, **headers: str) -> Answer:
    """Send octets to /me with the credentials of somebody who may register."""
    return stage.ask(
        "POST", f"{API}/me", octets, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


def body_with(old: str, new: bytes) -> bytes:
    return json.dumps(registration("somebody")).encode().replace(old.encode(), new)


@case("PARSE-01")
def test_nested_and_strange_json_is_refused(stage: Stage) -> None:
    """Row 33 of security-reliability.md 1.4: parser bombs and depth."""
    bombs = [b"[" * 60_000, b'{"a":' * 10_000 + b"1" + b"}" * 10_000, b'{"user":' * 17 + b"{}" + b"}" * 17,
             b'{"user":1e999999}', b'{"user":NaN}', b'{"user":Infinity}', b'{"user":{}} {}', b"'", b"", b"null", b"[]",
             b'"x"',
             b'{"user":' + b"9" * 60_000 + b"}"]  # fmt: skip
    with stage.no_effect():
        answers = {octets[:20]: post(stage, octets).status for octets in bombs}
    assert set(answers.values()) <= {400, 415}, answers


@case("PARSE-02")
def test_what_is_too_large_or_too_slow_is_closed(stage: Stage) -> None:
    head = f"POST {API}/me HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n".encode()
    large = {
        "10 GiB announced": head + b"Content-Length: 10737418240\r\n\r\n{",
        "1 MiB of chunks": head + b"Transfer-Encoding: chunked\r\n\r\n" + (b"10000\r\n" + b" " * 65536 + b"\r\n") * 16,
        "a header of 1 MiB": head + b"X: " + b"x" * MEGABYTE + b"\r\n\r\n",
        "10 000 headers": head + b"".join(b"X-%d: x\r\n" % number for number in range(10_000)) + b"\r\n",
        "a URL of 1 MiB": b"GET /" + b"x" * MEGABYTE + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        "a packed body": head + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\n\x1f\x8b\x08\x00\x00",
    }
    process = psutil.Process(stage.nodes[-1].pid)
    before, answers = process.memory_info().rss, dict[str, int]()
    lock = threading.Lock()

    def attack(kind: str) -> None:
        status = status_of(stage.raw(large[kind], seconds=2.0))
        with lock:
            answers[kind] = status

    for _ in range(2):
        threads = [threading.Thread(target=attack, args=(kind,)) for kind in [*large] * 8]
        for thread in threads:
            thread.start()
        begun = time.monotonic()
        assert stage.ask("GET", "/health/live", by=None).status == 200
        assert time.monotonic() - begun < 2
        for thread in threads:
            thread.join()
    assert set(answers.values()) <= {0, 400, 413, 414, 415, 431}, answers
    assert process.memory_info().rss - before < 64 * MEGABYTE


@case()
@pytest.mark.parametrize("sent", [b"G", b"POST /x HTTP/1.1\r\n", SLOW_BODY], ids=["line", "head", "body"])
def test_who_sends_an_octet_a_second_is_shown_out(stage: Stage, sent: bytes) -> None:
    begun, status = time.monotonic(), 0
    with socket.create_connection(("127.0.0.1", stage.nodes[-1].port), timeout=1.0) as connection:
        connection.sendall(sent)
        while time.monotonic() - begun < CLOSED_SECONDS:
            with contextlib.suppress(TimeoutError):
                connection.sendall(b"x")
                status = status_of(connection.recv(4096))
                break
    assert status in {400, 408}
    assert time.monotonic() - begun < CLOSED_SECONDS


@case("PARSE-03")
def test_octets_that_are_no_utf_8_are_refused(stage: Stage) -> None:
    texts = [b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xff", b"\xe2\x82", b"\\ud800", b"\xe9"]
    bodies = [body_with('"somebody"', b'"' + text + b'"') for text in texts]
    whole = json.dumps(registration("somebody"))
    bodies += [whole.encode("utf-16"), whole.encode("utf-16-le"), b"\xef\xbb\xbf" + whole.encode()]
    with stage.no_effect():
        answers = [post(stage, octets) for octets in bodies]
    assert [answer.status for answer in answers] == [400] * len(bodies)
    assert all(answer.code == "USR-10003" for answer in answers)


@case("PARSE-04")
def test_a_nul_is_refused_in_every_text(stage: Stage) -> None:
    """Generated: every text of every body, in the order start, middle, end."""
    asked = 0
    with stage.no_effect():
        for operation in operations(stage):
            for nul in ("\0text", "te\0xt", "text\0"):
                for body in with_each_text(operation.sample, nul):
                    answer = stage.ask(operation.method, operation.address, body, by=ADMIN_A)
                    assert answer.status == 400, (operation, body, answer)
                    asked += 1
        for address in (f"{API}/pi-info/%00", f"/t/%00{API}/me", f"{API}/me?x=%00"):
            assert stage.ask("GET", address, by=ADMIN_A).status < 500, address
    assert asked > 50


@case("PARSE-05")
def test_a_member_twice_is_refused(stage: Stage) -> None:
    bodies = [
        body_with('"username": "somebody"', b'"username": "kim", "username": "admin"'),
        body_with('"claims": [', b'"claims": [], "claims": ['),
        body_with('{"user": {', b'{"user": {"username": "x"}, "user": {'),
        body_with('"uri": "', b'"uri": "x", "uri": "'),
    ]
    with stage.no_effect():
        assert [post(stage, octets).status for octets in bodies] == [400] * len(bodies)


@case("PARSE-07", costly_hashes=True)
def test_too_many_and_too_long_claims_are_refused_before_they_cost(stage: Stage) -> None:
    own = {f"{CLAIM}{name}" for name in ("givenname", "lastname", "emailaddress", "mobile")}
    many = [(uri, "x") for uri in sorted(KNOWN_CLAIMS - own) if "/identity/" not in uri]
    long_password = "".join(chr(0x4E00 + number * 7 % 251) for number in range(257))
    big = {
        "65 claims": registration("big1", claims=many[:61]),
        "a claim of 4097 octets": registration("big2", claims={f"{CLAIM}country": "x" * 4097}),
        "a claim of 10 MiB": registration("big3", claims={f"{CLAIM}country": "x" * 10 * MEGABYTE}),
        "65 properties": {
            **registration("big4"), "properties": [{"key": f"k{number}", "value": "x"} for number in range(65)]
        },
        "a password of 1 MiB": registration("big5", password="x" * MEGABYTE),
        "a password of 257 characters": registration("big6", password=long_password),
    }  # fmt: skip
    with stage.no_effect():
        for kind, body in big.items():
            assert refused_or_closed(stage, body), kind
    assert stage.register(stage.new_name(), claims=many[:60]).status == 201
    name, password = stage.new_name(), "".join(chr(0x1F400 + number * 7 % 251) for number in range(255)) + "!"
    assert stage.confirm(stage.pending(name, password=password)).status == 202
    assert stage.ask("GET", f"{API}/me", by=(name, password)).status == 200
    assert stage.ask("GET", f"{API}/me", by=(name, password[:-1] + "?")).status == 401


def refused_or_closed(stage: Stage, body: object) -> bool:
    """Tell whether a body is refused, or the connection closed before all of it was sent."""
    try:
        return stage.ask("POST", f"{API}/me", body).status in {400, 413}
    except ConnectionError:
        return True


@case("PARSE-08")
def test_only_json_is_taken_as_json(stage: Stage) -> None:
    octets = json.dumps(registration("somebody")).encode()
    types = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
             "application/json;charset=utf-7", "application/xml", "", "application/json-patch+json",
             "application/json, text/plain"]  # fmt: skip
    head = f"POST {API}/me HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {len(octets)}\r\n".encode()
    twice = b"Content-Type: application/json\r\nContent-Type: text/plain\r\n"
    with stage.no_effect():
        answers = [post(stage, octets, Content_Type=each) for each in types]
        received = [stage.raw(head + more + b"\r\n" + octets) for more in (b"", twice)]
    assert {answer.status for answer in answers} <= {400, 415}
    assert {status_of(each) for each in received} <= {400, 415}
    for text in [answer.body.decode() for answer in answers] + [each.decode() for each in received]:
        assert not any(word in text for word in ("msgspec", "starlette", "uvicorn", "Traceback", ".py", "/src"))


@case("PARSE-09")
def test_no_spelling_of_an_address_passes_the_gate(stage: Stage) -> None:
    spelled = [f"{API}/./me", f"/{API}/me", API.replace("/api", "/api;x=y", 1) + "/me", f"/%2e{API}/me",
               API.replace("/api", "/API", 1) + "/me", f"{API}/me/", f"{API}/me%2f", f"{API}/%6de", f"{API}/me%00",
               f"{API}/me%252e", f"{API}/x/../me", f"/t/carbon.super/../{TENANT_B}{API}/me", f"/t/{API}/me",
               f"/t//{API.strip('/')}/me", API.replace("/", "\\") + "\\me", f"{API}/me;x=y", f"{API}/me?x",
               f"{API}/me#x",
               f"/t/{TENANT_B}%2f..{API}/me", f"/t/{TENANT_B}/..{API}/me", "/o/x" + API + "/me"]  # fmt: skip
    body = json.dumps(registration("somebody")).encode()
    with stage.no_effect():
        for path in spelled:
            for method, octets in (("GET", b""), ("POST", body)):
                head = f"{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\n"
                received = stage.raw(f"{head}Content-Length: {len(octets)}\r\n\r\n".encode() + octets)
                assert status_of(received) in {0, 400, 401, 404, 405}, (method, path, received)


@case("PARSE-10")
def test_only_the_methods_of_a_route_are_known(stage: Stage) -> None:
    """Generated: every address of the interface."""
    served = operations(stage)
    tricks = {"X-HTTP-Method-Override": "DELETE", "X-HTTP-Method": "DELETE", "X-Method-Override": "PUT"}
    with stage.no_effect():
        for address in {operation.address for operation in served}:
            known = {operation.method for operation in served if operation.takes(address)}
            for method in {"TRACE", "PROPFIND", "OPTIONS", "HEAD", "DELETE", "PUT", "PATCH", "POST", "GET"} - known:
                answer = stage.ask(method, f"{address}?_method=POST", by=TRUSTED, headers=tricks)
                assert answer.status in {404, 405}, (method, address, answer)
                assert "TRACE" not in answer.headers.get("allow", "")
    assert len(served) > 10


@case("PARSE-11")
def test_a_second_request_cannot_hide_in_the_first(stage: Stage) -> None:
    hidden = b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n"
    begin = f"POST {API}/me HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n".encode()
    hostile = {
        "CL.TE": begin + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden,
        "TE.TE": begin + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + hidden,
        "TE twice": begin + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + hidden,
        "TE and a tab": begin + b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n" + hidden,
        "space before the colon": begin + b"Content-Length : 0\r\n\r\n" + hidden,
        "two lengths": begin + b"Content-Length: 0\r\nContent-Length: 41\r\n\r\n" + hidden,
        "negative length": begin + b"Content-Length: -1\r\n\r\n" + hidden,
        "length with a sign": begin + b"Content-Length: +41\r\n\r\n" + hidden,
        "folded header": begin + b"X: a\r\n b\r\nContent-Length: 0\r\n\r\n" + hidden,
        "HTTP/0.9": b"GET /health/live\r\n\r\n",
    }
    with stage.no_effect():
        answers = {kind: stage.raw(octets, seconds=2.0) for kind, octets in hostile.items()}
    smuggled = [kind for kind, received in answers.items() if b"alive" in received]
    assert smuggled == []
