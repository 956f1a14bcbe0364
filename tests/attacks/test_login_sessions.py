"""What a browser is given, what other sites make it send, where it is led: SESS, CSRF, COOK, CLICK, REDIR.

A session changes neither a number nor a mailbox here: SESS-03 is played at what it can change, the password.
"""

import re
from base64 import b64encode
from collections.abc import Callable
from html import unescape
from http.cookies import SimpleCookie
from urllib.parse import quote, urlencode, urlsplit

import pytest

from tests.attacks.corpus import vectors_list
from tests.attacks.interface import page_addresses
from tests.attacks.stage import PASSWORD, Stage, wait_for
from tests.attacks.visitor import (
    BASIC,
    MANY_SENDS,
    SMS,
    Shop,
    Visitor,
    codes_of,
    open_shop,
    person,
    said_to_application,
    sessions_of,
)

case = pytest.mark.case
SESSION = "commonAuthId"
CHANGE = "/authenticationendpoint/change-password.do"
OTHER_PASSWORD = "another-Horse-battery-8"
BEHIND_TLS = '{"watchword": {"public_url": "https://localhost:9443"}}'
DENIED = {"content-security-policy": "frame-ancestors 'none'", "x-frame-options": "DENY"}
OURS = re.compile(r"(?:http://(?:localhost|127\.0\.0\.1):[0-9]+(?:/(?!/)|$)|/(?![/\\])|\?|#|\w[\w./-]*\.do(?:\?|$)|$)")
"""A link to us: absolute, a path, another query, or a page beside."""
LINKS = re.compile(rb'href="[^"]*"')
"""The choice of the language leads to the same address, whatever it says."""
CALL = "Call +94700000001"


def is_asked(visitor: Visitor, shop: Shop) -> bool:
    """Tell whether somebody has to log in again."""
    visitor.enter(shop)
    return visitor.page.endswith("/login.do")


@case("SESS-01")
def test_every_level_has_an_id_of_its_own(stage: Stage) -> None:
    shop, name = open_shop(stage, BASIC, SMS), person(stage)
    planted = {SESSION: "a" * 64, "watchword-device": "forged", "sessionNonceCookie-" + "b" * 48: "c" * 64}
    victim = Visitor(stage, dict(planted))
    assert is_asked(victim, shop)
    ids = [victim.cookies[SESSION]]
    victim.log_in(shop, name)
    ids.append(victim.cookies[SESSION])
    victim.enter(shop, ForceAuthn="true")
    before = len(codes_of(stage, name))
    victim.password(name)
    wait_for(lambda: len(codes_of(stage, name)) > before)
    assert victim.cookies[SESSION] == ids[-1], "a password alone is no level"
    victim.code(codes_of(stage, name)[-1])
    assert victim.is_in()
    ids.append(victim.cookies[SESSION])
    assert change_password(victim, PASSWORD, OTHER_PASSWORD)
    ids.append(victim.cookies[SESSION])
    assert len(set(ids)) == len(ids)
    assert not is_asked(victim.twin(), shop)
    for old in ids[:-1]:
        assert is_asked(Visitor(stage, {SESSION: old}), shop)
    stranger = Visitor(stage)
    for query in (f"{SESSION}={ids[-1]}", f"commonAuthLogout=false&{SESSION}={ids[-1]}"):
        stranger.get(f"/commonauth?{query}")
        assert is_asked(stranger, shop)
        stranger.submit({SESSION: ids[-1]})
        assert not stranger.is_in()
    victim.get("/commonauth?commonAuthLogout=true")
    assert is_asked(Visitor(stage, {SESSION: ids[-1]}), shop)


def change_password(visitor: Visitor, current: str, new: str) -> bool:
    """Change the password of whoever is logged in, by the page."""
    page = visitor.get(CHANGE)
    token = re.search(rb'name="form" value="([^"]*)"', page.body)
    if token is None:
        return False
    fields = {"form": token[1].decode(), "currentPassword": current, "newPassword": new, "newPasswordAgain": new}
    visitor.post(CHANGE, {each: value for each, value in fields.items() if value})
    return b'name="currentPassword"' not in visitor.get(visitor.location).body


DISABLED = "http://wso2.org/claims/identity/accountDisabled=true"
ENDINGS: dict[str, Callable[[str, Visitor], object]] = {
    "logout": lambda _, own: own.get("/commonauth?commonAuthLogout=true"),
    "another password by the page": lambda _, own: change_password(own, PASSWORD, OTHER_PASSWORD),
    "another password": lambda name, own: own.stage.command("user", "password", name, "--password", OTHER_PASSWORD),
    "a lock": lambda name, own: own.stage.command("user", "lock", name),
    "switched off": lambda name, own: own.stage.command("user", "set", name, "--claim", DISABLED),
    "deleted": lambda name, own: own.stage.command("user", "delete", name),
}


@case("SESS-02")
def test_a_session_ends_with_what_it_stands_on(stage: Stage) -> None:
    """How it ends by its age is played with a clock that is moved, in tests/login."""
    shop = open_shop(stage, BASIC, SMS)
    for ending, end in ENDINGS.items():
        name, own, other = person(stage), Visitor(stage), Visitor(stage)
        own.log_in(shop, name)
        other.log_in(shop, name)
        stolen = own.twin() if ending == "logout" else other
        end(name, own)
        assert is_asked(stolen, shop), ending
        stolen.get(CHANGE)
        assert b'name="currentPassword"' not in (stolen.last.body if stolen.last else b""), ending


@case("SESS-03")
def test_a_stolen_session_changes_no_password(stage: Stage) -> None:
    shop, name = open_shop(stage, BASIC, SMS), person(stage)
    visitor = Visitor(stage)
    visitor.log_in(shop, name)
    before = (stage.user(name) or {})["password_hash"]
    for current in ("", "wrong-Horse-battery-7", OTHER_PASSWORD):
        assert not change_password(visitor, current, OTHER_PASSWORD)
    assert (stage.user(name) or {})["password_hash"] == before
    assert change_password(visitor, PASSWORD, OTHER_PASSWORD)


FOREIGN = (
    {"Origin": "https://evil.test"}, {"Origin": "null"}, {"Sec_Fetch_Site": "cross-site"},
    {"Sec_Fetch_Site": "cross-site", "Origin": "https://evil.test"},
)  # fmt: skip


@case("CSRF-02")
def test_nobody_is_logged_in_by_another_site(stage: Stage) -> None:
    """The attacker's own login, code and result, in the victim's browser; and a form of another site in a login."""
    shop, own, name = open_shop(stage, BASIC, SMS), person(stage, "evil"), person(stage)
    attacker, victim = Visitor(stage), Visitor(stage)
    victim.enter(shop)
    code = attacker.first_step(shop, own)
    key = attacker.key
    for headers in ({}, *FOREIGN):
        victim.submit({"OTPcode": code}, key=key, **headers)
        assert not victim.is_in()
        victim.submit({"username": own, "password": PASSWORD}, key=key, **headers)
        assert not victim.is_in()
    attacker.code(code)
    for address in (f"/samlsso?sessionDataKey={key}", f"/commonauth?sessionDataKey={key}"):
        victim.get(address, Sec_Fetch_Site="cross-site")
        assert not victim.is_in()
    assert SESSION not in victim.cookies
    victim.enter(shop)
    for headers in FOREIGN:
        victim.submit({"username": own, "password": PASSWORD}, **headers)
        assert victim.last is not None
        assert victim.last.status == 403
        assert not victim.given or SESSION not in victim.cookies
    victim.log_in(shop, name)
    for headers in FOREIGN:
        victim.post("/commonauth", {"commonAuthLogout": "true"}, **headers)
        victim.post(CHANGE, {"currentPassword": PASSWORD, "newPassword": OTHER_PASSWORD}, **headers)
    assert len(sessions_of(stage, name)) == 1
    assert attacker.is_in()


@case("COOK-01", toml=BEHIND_TLS)
def test_no_cookie_can_be_read_by_scripts_sent_in_clear_or_told_by_its_value(stage: Stage) -> None:
    shop, name = open_shop(stage, BASIC, SMS), person(stage)
    visitor = Visitor(stage)
    visitor.enter(shop)
    visitor.get(visitor.location)
    visitor.password(name)
    visitor.get(visitor.location)
    visitor.log_in(shop, name)
    visitor.get(CHANGE)
    secret = visitor.cookies[SESSION]
    given = {cookie.key: cookie for value in visitor.given for cookie in SimpleCookie(value).values()}
    families = {each.partition("-")[0] for each in given}
    assert {SESSION, "sessionNonceCookie", "watchword"} <= families
    for cookie in given.values():
        assert cookie["httponly"], cookie.key
        assert cookie["secure"], cookie.key
        assert cookie["samesite"] in {"None", "Lax", "Strict"}, cookie.key
        assert cookie["path"] == "/", cookie.key
        assert not cookie["domain"], cookie.key
        assert name not in cookie.value, cookie.key
        assert len(cookie.value) >= 32, cookie.key
        assert cookie.key == SESSION or int(cookie["max-age"]) <= 90 * 86400, cookie.key
    stored = str({table: stage.evidence.rows(table) for table in ("sessions", "logins", "challenges")})
    assert secret not in stored
    assert visitor.key not in stored


@case("CLICK-01")
def test_no_page_of_a_login_can_be_framed(stage: Stage) -> None:
    """Every address of the tables of routes, in the middle of a login and after it; tests/pages tries frames."""
    shop, name = open_shop(stage, BASIC, SMS), person(stage)
    visitor = Visitor(stage)
    visitor.enter(shop)
    seen: dict[str, int] = {}

    def look(address: str) -> None:
        answer = visitor.get(address)
        seen[urlsplit(address).path] = answer.status
        for header, wanted in DENIED.items():
            assert wanted in answer.headers.get(header, ""), address

    look(visitor.location)
    visitor.password(name)
    look(visitor.location)
    for address in page_addresses():
        look(address)
        look(f"{address}?{urlencode({'sessionDataKey': visitor.key})}")
    visitor.log_in(shop, name)
    for address in page_addresses():
        look(address)
    assert list(seen.values()).count(200) >= 6, seen


def hostile_fields(target: str) -> dict[str, str]:
    names = (
        "commonAuthCallerPath", "multiOptionURI", "callback", "redirect", "returnTo", "RelayState", "sp", "acs",
        "AssertionConsumerServiceURL", "authFailureMsg", "screenvalue", "authFailureInfo", "relyingParty",
    )  # fmt: skip
    return dict.fromkeys(names, target)


@case("REDIR-01", toml=MANY_SENDS)
def test_nothing_that_a_request_says_leads_elsewhere(stage: Stage) -> None:
    shop, name = open_shop(stage, BASIC, SMS), person(stage)
    for target in vectors_list("redirects"):
        fields, visitor = hostile_fields(target), Visitor(stage)
        code = visitor.first_step(shop, name)
        key = visitor.key
        stays(visitor, target)
        query = urlencode({"sessionDataKey": key, **fields})
        for address in page_addresses():
            visitor.get(f"{address}?{query}")
            stays(visitor, target)
        visitor.get(f"/samlsso?{urlencode({'slo': 'true', 'spEntityID': shop.issuer, 'returnTo': target})}")
        stays(visitor, target)
        visitor.submit({"OTPcode": "x", **fields}, key=key)
        stays(visitor, target)
        visitor.submit({**fields, "OTPcode": code}, key=key)
        stays(visitor, target)
        assert visitor.is_in(), target
        assert visitor.last is not None
        action = re.search(rb'action="([^"]*)"', visitor.last.body)
        assert action is not None
        assert action[1].decode() == shop.acs


def stays(visitor: Visitor, target: str) -> None:
    """Fail unless the browser is led to us, and shown no link elsewhere."""
    answer = visitor.last
    assert answer is not None
    assert answer.status < 500, target
    links = [unescape(link.decode()) for link in re.findall(rb'(?:href|action|src)="([^"]*)"', answer.body)]
    if said_to_application(answer):
        links = []  # the form is looked at by the caller
    for link in (answer.headers.get("location", ""), *links):
        assert OURS.match(link), (target, link)


@case("REDIR-02")
def test_no_page_says_what_an_address_says(stage: Stage) -> None:
    shop, name = open_shop(stage, BASIC, SMS), person(stage)
    for text in (CALL, "<b>Call</b>", b64encode(CALL.encode()).decode()):
        visitor = Visitor(stage)
        visitor.enter(shop)
        said = {"authFailure": "true", **hostile_fields(text), "errorMsg": text, "username": text, "unlockTime": text}
        query = urlencode({"sessionDataKey": visitor.key, **said}, quote_via=quote)
        pages = [visitor.get(f"{address}?{query}") for address in page_addresses()]
        visitor.password(name)
        pages += [visitor.get(f"{address}?{query}") for address in page_addresses()]
        pages.append(visitor.get(f"{visitor.location or '/authenticationendpoint/smsOtp.jsp'}?{query}"))
        shown = [
            LINKS.sub(b"", answer.body) for answer in pages if answer.status == 200 and not said_to_application(answer)
        ]
        assert len(shown) >= 6
        assert [body for body in shown if b"94700000001" in body or b"Call" in body] == [], text
