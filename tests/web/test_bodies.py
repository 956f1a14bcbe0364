"""What may stand in a request; the rest is 400 USR-10003 at any endpoint, and the text ends with what is wrong."""

import pytest

from tests.world import ADMIN, API, MOBILE_NUMBER, PASSWORD, Reply, World, basic
from watchword.accounts.claims import MOBILE

GOOD = (
    b'{"user": {"username": "kim", "password": "Sample-Pass-1", '
    b'"claims": [{"uri": "http://wso2.org/claims/mobile", "value": "+94771234567"}]}}'
)
ODD_CLAIM = b'{"user": {"username": "kim", "password": "Sample-Pass-1", "claims": [{"uri": "a", "value": true}]}}'


def put(world: World, octets: bytes, *, path: str = "/me", **headers: str) -> Reply:
    said = {"content-type": "application/json", "authorization": basic(*ADMIN)}
    said |= {name.replace("_", "-"): value for name, value in headers.items()}
    return world.send("POST", API + path, octets, [(name, value) for name, value in said.items() if value])


def test_a_good_body_is_taken(world: World) -> None:
    assert put(world, GOOD).status == 201


@pytest.mark.parametrize(
    ("octets", "ending"),
    [
        (b"", "Invalid data for self-registration."),
        (b"{}", "Invalid data for self-registration."),
        (b'{"user": {', "at line 1, column 11."),
        (b'{"user":\n nothing}', "at line 2, column 2."),
        (b'{"user": {}} trailing', "at line 1, column 14."),
        (b"[]", "got `array`."),
        (b"null", "got `null`."),
        (b'{"user": 7}', "at `$.user`."),
        (b'{"user": {"username": 7}}', "at `$.user.username`."),
        (ODD_CLAIM, "at `$.user.claims[0].value`."),
        (b'{"user": {"username": "kim"}}', "user.password is missing."),
        (b'{"user": {"password": "x"}}', "user.username is missing."),
        (b'{"user": {"username": " ", "password": "x"}}', "must not be empty."),
        (b'{"user": {}, "user": {}}', "The member 'user' stands twice."),
        (b'{"user": {"username": "kim", "username": "admin"}}', "The member 'username' stands twice."),
        (b'{"x": NaN}', "NaN is no JSON number."),
        (b'{"x": -Infinity}', "-Infinity is no JSON number."),
        (b'{"x": "\xff"}', "Invalid UTF-8 at byte 7."),
        (b'{"x": "\xc0\x80"}', "Invalid UTF-8 at byte 7."),
        (b'{"x": "\xed\xa0\x80"}', "Invalid UTF-8 at byte 7."),
        (b'{"x": "\xe2\x82"}', "Invalid UTF-8 at byte 7."),
        (b"\xef\xbb\xbf{}", "at line 1, column 1."),
        ('{"x": "y"}'.encode("utf-16"), "Invalid UTF-8 at byte 0."),
        (b'{"x": "\\ud800"}', "Half of a surrogate pair at $.x."),
        (b'{"\\udfff": 1}', "Half of a surrogate pair at a name in $."),
        (b'{"x": ["y", "a\\u0000b"]}', "A NUL character at $.x[1]."),
        (b'{"\\u0000": 1}', "A NUL character at a name in $."),
        (b'{"x": ' + b"[" * 16 + b"]" * 16 + b"}", f"More than 16 levels at $.x{'[0]' * 15}."),
        (b"[" * 60000, "More than 16 levels."),
        (b'{"x": ' + b"9" * 5000 + b"}", "A number of too many digits."),
    ],
)
def test_a_bad_body_is_refused_and_the_text_ends_with_what_is_wrong(world: World, octets: bytes, ending: str) -> None:
    reply = put(world, octets)
    assert (reply.status, reply.code) == (400, "USR-10003"), reply.text
    assert reply.json["message"] == "Bad Request"
    assert reply.json["description"].startswith("Invalid data for self-registration.")
    assert reply.json["description"].endswith(ending)
    assert world.user() is None


@pytest.mark.parametrize("path", ["/validate-code", "/introspect-code", "/resend-code", "/validate-username", "/lite"])
def test_every_endpoint_refuses_a_malformed_body_alike(world: World, path: str) -> None:
    reply = put(world, b"{", path=path)
    assert (reply.status, reply.code) == (400, "USR-10003")
    assert reply.json["description"].endswith("at line 1, column 2.")


def test_members_that_nobody_knows_are_ignored(world: World) -> None:
    user: dict[str, object] = {"username": "kim", "password": PASSWORD, "shoeSize": 43}
    user["claims"] = [{"uri": MOBILE, "value": MOBILE_NUMBER, "since": None}]
    assert world.request("POST", f"{API}/me", {"user": user, "more": {"deep": [1.5, -2]}}).status == 201


def test_sixteen_levels_are_taken(world: World) -> None:
    assert put(world, b'{"x": ' + b"[" * 15 + b"]" * 15 + b", " + GOOD[1:]).status == 201


def test_a_body_above_64_kib_is_refused(world: World) -> None:
    filled = GOOD[:-1] + b', "x": "' + b"y" * (65536 - len(GOOD) - 10) + b'"}'
    assert put(world, filled).status == 201
    reply = put(world, filled + b" " * 1000)
    assert (reply.status, reply.code) == (413, "413-0")


def test_a_stated_length_above_the_limit_is_refused_unread(world: World) -> None:
    assert put(world, b"", content_length="10737418240").status == 413


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", "",
        "application/json; charset=utf-7", "application/json; charset=latin-1", "application/jsonp",
        "application/json; charset=utf-8; charset=utf-7",
    ],
)  # fmt: skip
def test_another_content_type_is_refused(world: World, kind: str) -> None:
    reply = put(world, GOOD, content_type=kind)
    assert (reply.status, reply.code) == (415, "415-0")
    assert reply.json["description"] == "The body must be sent as application/json."


@pytest.mark.parametrize("kind", ["application/json; charset=UTF-8", 'Application/JSON;charset="utf-8"'])
def test_utf_8_may_be_stated(world: World, kind: str) -> None:
    assert put(world, GOOD, content_type=kind).status == 201


def test_two_content_types_are_refused(world: World) -> None:
    headers = [("content-type", "application/json"), ("content-type", "text/plain"), ("authorization", basic(*ADMIN))]
    assert world.send("POST", f"{API}/me", GOOD, headers).status == 415


def test_a_packed_body_is_refused(world: World) -> None:
    assert put(world, GOOD, content_encoding="gzip").status == 415
