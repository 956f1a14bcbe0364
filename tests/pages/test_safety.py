"""What a page must refuse, and what it must not say."""

import re
from urllib.parse import quote

import pytest

from tests.conftest import WorldMaker
from tests.pages.visitor import CONFIRM, FOLDER, MAILBOX, NUMBER, REGISTER, Visitor, setting
from tests.world import LONG_PASSWORD, World
from watchword.accounts.claims import EMAIL_VERIFIED, MOBILE, Channel

MOST_OF_A_COOKIE = 4000
OWN = {"host": "localhost:9443"}
PAGES = (
    "/", "/register", REGISTER, CONFIRM, f"{FOLDER}/done.do", f"{FOLDER}/confirmregistration.do", f"{FOLDER}/resend.do",
    "/authenticationendpoint/register.do", f"{FOLDER}/nothing.do",
)  # fmt: skip


@pytest.fixture
def visitor(world: World) -> Visitor:
    return Visitor(world).open(REGISTER)


# --- forms of other sites


def test_a_form_without_the_cookie_is_stale(world: World, visitor: Visitor) -> None:
    visitor.cookies.clear()
    visitor.sign_up()
    assert visitor.status == 403
    assert "Start again" in visitor.text
    assert world.user() is None


def test_a_form_with_another_browsers_token_is_stale(world: World, visitor: Visitor) -> None:
    stranger = Visitor(world).open(REGISTER)
    visitor.cookies = stranger.cookies
    assert visitor.sign_up().status == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.test"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "origin": "https://other.localhost:9443"},
    ],
)
def test_a_form_that_another_site_sends_is_refused(world: World, visitor: Visitor, headers: dict[str, str]) -> None:
    visitor.headers = OWN | headers
    assert visitor.sign_up().status == 403
    assert world.user() is None


def test_a_form_of_our_own_is_taken(visitor: Visitor) -> None:
    visitor.headers = OWN | {"origin": "http://localhost:9443", "sec-fetch-site": "same-origin"}
    assert "Enter your code" in visitor.sign_up().text


def test_somebody_elses_code_is_refused_in_this_browser(world: World, visitor: Visitor) -> None:
    Visitor(world).sign_up("attacker", mobile="+94770000001")
    code = world.last_code()
    visitor.sign_up()
    assert "tries left" in visitor.send("confirm.do", code=code).text
    assert world.known("attacker").locked


def test_a_name_in_a_link_spends_nobodys_tries(world: World, visitor: Visitor) -> None:
    visitor.sign_up()
    stranger = Visitor(world)
    for _ in range(6):
        stranger.open(f"{FOLDER}/confirmregistration.do?confirmation=WRONG&username=kim").send()
    assert "You are in" in visitor.send("confirm.do", code=world.last_code()).text


def test_unknown_codes_from_one_client_are_limited_and_then_the_right_one_does_not_help(
    worlds: WorldMaker,
) -> None:
    world = worlds(**setting("watchword.limits.unknown_codes_per_client", "3/10m"))
    visitor = Visitor(world).sign_up()
    stranger = Visitor(world)
    for _ in range(3):
        stranger.open(f"{FOLDER}/confirmregistration.do?confirmation=guess").send()
    assert "Try again in 10 minutes" in visitor.send("confirm.do", code=world.last_code()).text
    assert world.known().locked


# --- the cookie


def test_the_cookie_is_out_of_reach(visitor: Visitor, worlds: WorldMaker) -> None:
    assert visitor.reply is not None
    plain = visitor.reply.headers["set-cookie"]
    assert "; HttpOnly; SameSite=Lax" in plain
    secret = worlds(**setting("watchword.public_url", "https://id.example"))
    reply = Visitor(secret).open(REGISTER).reply
    assert reply is not None
    sealed = reply.headers["set-cookie"]
    assert sealed.startswith("__Host-")
    assert sealed.endswith("; Secure")
    assert "Domain" not in sealed


def test_a_cookie_that_was_changed_is_none(visitor: Visitor) -> None:
    visitor.sign_up()
    [(name, value)] = visitor.cookies.items()
    visitor.cookies = {name: value[:-6] + ("A" if value[-6] != "A" else "B") + value[-5:]}
    assert "There is nothing to confirm" in visitor.open(CONFIRM).text


def test_the_cookie_of_one_tenant_means_nothing_in_another(world: World, visitor: Visitor) -> None:
    visitor.sign_up().send("confirm.do", code=world.last_code())
    [value] = visitor.cookies.values()
    there = Visitor(world, {"watchword-visit-acme.example": value})
    assert "There is nothing to confirm" in there.open(f"/t/acme.example{FOLDER}/done.do").text
    assert "You are in" in visitor.open(f"{FOLDER}/done.do").text


def test_every_cookie_is_of_one_length_and_what_was_typed_never_costs_the_visit(visitor: Visitor) -> None:
    empty = [len(cookie) for cookie in visitor.cookies.values()]
    long = {"mobile": "9" * 255, "email": "😀" * 255, "givenname": "😀" * 255}
    visitor.sign_up("😀" * 255, **long)
    assert [len(cookie) for cookie in visitor.cookies.values()] == empty
    assert max(empty) < MOST_OF_A_COOKIE
    assert "Enter your code" in visitor.open(REGISTER).sign_up().text
    assert [len(cookie) for cookie in visitor.cookies.values()] == empty


# --- what a form may say


def test_fields_that_the_page_does_not_have_are_dropped(world: World, visitor: Visitor) -> None:
    extra = {
        f"claims[{EMAIL_VERIFIED}]": "true", "emailVerified": "true", "phoneVerified": "on", "accountLocked": "false",
        "user.claims[0].uri": EMAIL_VERIFIED, "user.claims[0].value": "true", "realm": "OTHER",
    }  # fmt: skip
    visitor.sign_up(email=MAILBOX, **extra)
    kim = world.known()
    assert kim.locked
    assert not kim.is_verified(Channel.SMS)
    assert not kim.is_verified(Channel.EMAIL)


def test_a_page_takes_no_json(world: World) -> None:
    reply = world.request("POST", REGISTER, {"username": "kim"}, by=None)
    assert reply.status == 415
    assert reply.headers["content-type"].startswith("text/html")


def test_what_was_typed_comes_back_as_text(visitor: Visitor) -> None:
    visitor.sign_up('"><script>alert(1)</script>', mobile="'\"><img src=x onerror=alert(1)>")
    assert visitor.reply is not None
    assert "<script>alert" not in visitor.reply.text
    assert "<img" not in visitor.reply.text
    assert visitor.page.values["username"] == '"><script>alert(1)</script>'


@pytest.mark.parametrize("query", ["errorMsg=%3Cb%3EEVIL", "authFailureMsg=Call+EVIL", "said=EVIL", "ui_locales=EVIL"])
def test_a_page_says_nothing_that_its_address_says(visitor: Visitor, query: str) -> None:
    assert "EVIL" not in visitor.open(f"{REGISTER}?{query}").text
    assert "EVIL" not in visitor.open(f"/EVIL?{query}").text


# --- where a page may lead


@pytest.mark.parametrize(
    "callback",
    [
        "https://evil.test", "//evil.test", "/\\evil.test", "/\t/evil.test", "https:evil.test", "javascript:alert(1)",
        "http://localhost:9443@evil.test", "http://localhost:9443.evil.test/", "data:text/html,x", " https://evil.test",
        "http://evil.test/?http://localhost:9443/", "http://localhost:9443%23@evil.test/",
        "http://localhost:9443%2F.evil.test/", "http://localhost:9443\r\nx: y",
    ],
)  # fmt: skip
def test_a_foreign_callback_is_forgotten(worlds: WorldMaker, callback: str) -> None:
    world = worlds(**setting("watchword.public_url", "http://localhost:9443"))
    visitor = Visitor(world).open(f"{REGISTER}?callback={quote(callback, safe='')}")
    assert visitor.page.hidden["callback"] == ""
    visitor.sign_up(callback=callback).send("confirm.do", code=world.last_code())
    assert visitor.reply is not None
    assert "You are in" in visitor.text
    assert "evil" not in visitor.reply.text
    assert "Go on to" not in visitor.text


def test_an_own_callback_is_offered_in_the_end(worlds: WorldMaker) -> None:
    world = worlds(**setting("watchword.public_url", "http://localhost:9443"))
    visitor = Visitor(world).open(f"{REGISTER}?callback={quote('http://localhost:9443/shop?x=1', safe='')}")
    visitor.sign_up().send("confirm.do", code=world.last_code())
    assert visitor.reply is not None
    assert 'href="http://localhost:9443/shop?x=1"' in visitor.reply.text


# --- who has an account


def test_a_taken_name_is_told(world: World, visitor: Visitor) -> None:
    world.register("kim")
    assert "The user name kim is taken" in visitor.sign_up().text
    assert '"taken"' in world.request("GET", f"{FOLDER}/name.do?name=kim", by=None).text


def test_a_taken_name_is_not_told_where_the_tenant_says_so(worlds: WorldMaker) -> None:
    world = worlds(**setting("SelfRegistration.ShowUsernameUnavailability", "false"))
    world.register("kim")
    assert "taken" not in Visitor(world).sign_up().text
    assert "untold" in world.request("GET", f"{FOLDER}/name.do?name=kim", by=None).text


def test_names_are_told_to_one_client_so_often_and_no_oftener(worlds: WorldMaker) -> None:
    world = worlds(**setting("watchword.limits.name_checks_per_client", "3/1h"))
    answers = [world.request("GET", f"{FOLDER}/name.do?name=kim{turn}", by=None).status for turn in range(4)]
    assert answers == [200, 200, 200, 429]


def test_taken_names_are_told_in_the_form_so_often_and_no_oftener(worlds: WorldMaker) -> None:
    world = worlds(**setting("watchword.limits.name_checks_per_client", "3/1h"))
    world.register("kim")
    told = ["is taken" in Visitor(world).sign_up().text for _ in range(4)]
    assert told == [True, True, True, False]


def test_a_mailbox_is_no_name_and_whose_it_is_is_not_told(world: World, visitor: Visitor) -> None:
    world.register("pat", email=MAILBOX)
    for name in (MAILBOX, "nobody@example.com"):
        assert "taken" not in visitor.sign_up(name).text
        assert '"refused"' in world.request("GET", f"{FOLDER}/name.do?name={name}", by=None).text


def test_an_address_that_has_an_account_looks_like_any_other_and_its_owner_is_told(worlds: WorldMaker) -> None:
    world = worlds(**setting("watchword.claims.unique", MOBILE))
    world.register("pat", mobile=NUMBER)
    known, unknown = Visitor(world).sign_up("kim"), Visitor(world).sign_up("lee", mobile="+94779999567")
    assert known.text == unknown.text
    assert [len(cookie) for cookie in known.cookies.values()] == [len(cookie) for cookie in unknown.cookies.values()]
    assert world.user("kim") is None
    assert [letter.template for letter in world.letters] == [
        "accountconfirmation", "accountExistsNotice", "accountconfirmation",
    ]  # fmt: skip
    assert known.open(CONFIRM).text == unknown.open(CONFIRM).text
    for visitor, name in ((known, "kim"), (unknown, "lee")):
        assert f"The sign-up of {name} is waiting" in visitor.open(REGISTER).text
        assert visitor.page.values["username"] == name
        assert '"own"' in visitor.open(f"{FOLDER}/name.do?name={name}").text
        assert "again in 30 seconds" in visitor.open(REGISTER).sign_up(name, mobile=visitor.page.values["mobile"]).text
        visitor.open(CONFIRM)
    for visitor in (known, unknown):
        assert "4 tries left" in visitor.send("confirm.do", code="WRONG1").text
        assert "in 30 seconds" in visitor.send("resend.do", way="again").text
        for _ in range(5):
            visitor.open(CONFIRM).send("confirm.do", code="WRONG1")
        assert "works no more" in visitor.open(CONFIRM).text


# --- headers


@pytest.mark.parametrize("address", PAGES)
def test_every_page_keeps_to_itself(world: World, address: str) -> None:
    reply = world.request("GET", address, by=None, headers={"accept": "text/html"})
    policy = reply.headers["content-security-policy"]
    for rule in ("default-src 'none'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert rule in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert reply.headers["x-frame-options"] == "DENY"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["cross-origin-opener-policy"] == "same-origin"
    assert "no-store" in reply.headers["cache-control"]


def test_a_page_with_everything_weighs_less_than_30_kib_and_asks_nobody_else(world: World, visitor: Visitor) -> None:
    page = visitor.sign_up("!").reply
    assert page is not None
    own = re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text)
    assert len(own) == 3
    files = [world.request("GET", address, by=None) for address in own]
    assert all("immutable" in file.headers["cache-control"] for file in files)
    assert len(page.octets) + sum(len(file.octets) for file in files) < 30 * 1024
    assert not re.findall(r'(?:src|href|action)="(?:https?:)?//', page.text)
    assert not re.findall(r"<style|style=|\son\w+=|<script(?! src=)", page.text)


def test_a_file_that_is_not_on_the_list_cannot_be_had(world: World) -> None:
    for name in ("nothing.css", "..%2Fpages.py", "%2e%2e%2fpages.py"):
        assert world.request("GET", f"/static/{name}", by=None).status == 404
    assert world.request("GET", "/static/pages.css?v=old", by=None).headers["cache-control"] == "no-cache"


def test_under_recommended_a_short_password_is_told_in_words(worlds: WorldMaker) -> None:
    world = worlds(profile="recommended")
    visitor = Visitor(world)
    assert "needs at least 15 characters" in visitor.sign_up().text
    assert "Enter your code" in visitor.sign_up(password=LONG_PASSWORD).text
