"""The pages of logging in: what they show, what they refuse to say, and where they lead (platform.md 9)."""

import base64
import html
import re
from datetime import timedelta
from pathlib import Path

import pytest

from tests.conftest import WorldMaker
from tests.login.staged import BACKUP, CODE_PAGE, MAIL, NUMBER, RIGHT, SMS, Staged
from tests.login.visitor import BASIC, Visitor, add_application, with_protocol
from tests.pages.visitor import PASSWORD as SIGN_UP_PASSWORD
from tests.pages.visitor import Fields, setting
from tests.pages.visitor import Visitor as SignUp
from tests.world import OTHER_TENANT, PASSWORD, World
from watchword.accounts.backup_codes import make_backup_codes
from watchword.accounts.claims import EMAIL_ADDRESS, MOBILE
from watchword.applications.model import Option
from watchword.login.model import CODE_PAGES, FAILED_PAGES, PHONE_PAGES
from watchword.login.told import TEXT_OF_MESSAGE

LOGIN = "/authenticationendpoint/login.do"
RETRY = "/authenticationendpoint/retry.do"
LOGOUT = "/authenticationendpoint/logout.do"
CHANGE = "/authenticationendpoint/change-password.do"
CLAIMS = "/authenticationendpoint/claims.do"
ACCESS_URL = "https://shop.example/in"
IDENTIFIER = Option("LOCAL", "IdentifierExecutor")
CODE_ADDRESS = {SMS.authenticator: f"/{CODE_PAGES[1]}", MAIL.authenticator: f"/{CODE_PAGES[2]}"}
ADDRESSES = (
    LOGIN, RETRY, LOGOUT, CHANGE, CLAIMS, *(f"/{page}" for page in (*CODE_PAGES, *FAILED_PAGES, *PHONE_PAGES)),
)  # fmt: skip


@pytest.fixture
def staged() -> Staged:
    return Staged()


@pytest.fixture
def world(worlds: WorldMaker, staged: Staged) -> World:
    others = (
        Staged(name=MAIL.authenticator),
        Staged(name=BACKUP.authenticator, page="authenticationendpoint/backupCode.jsp"),
    )
    world = worlds(additions=with_protocol(staged, *others))
    staged.notifier = world.installation.notifier
    world.add_person("alice")
    return world


@pytest.fixture
def shop(world: World) -> str:
    return add_application(world, "Shop", access_url=ACCESS_URL)


@pytest.fixture
def bank(world: World) -> str:
    return add_application(world, "Bank", (BASIC,), (SMS,), access_url=ACCESS_URL)


@pytest.fixture
def visitor(world: World) -> Visitor:
    return Visitor(world)


def look(visitor: Visitor, address: str = "") -> Fields:
    """Return the page at an address, or where the visitor was sent."""
    reply = visitor.get(address or visitor.location)
    assert reply.status == 200, reply.text
    fields = Fields()
    fields.feed(reply.text)
    return fields


def at_code_page(visitor: Visitor, application: str) -> Visitor:
    visitor.begin(application)
    visitor.password("alice")
    return visitor


# --- name and password


def test_the_page_asks_for_name_and_password_and_names_the_application(visitor: Visitor, shop: str) -> None:
    visitor.begin(shop)
    page = look(visitor)
    assert page.hidden == {"sessionDataKey": visitor.key_of_page, "tocommonauth": "true"}
    assert set(page.values) == {"username", "password", "chkRemember"}
    assert "to Shop" in page.text
    assert "Cancel and go back to Shop" in page.text
    assert visitor.forms == {"/commonauth"}


def test_a_tenant_has_its_own_page(world: World, visitor: Visitor) -> None:
    world.add_person("zoe", tenant=OTHER_TENANT)
    there = add_application(world, "Shop", tenant=OTHER_TENANT)
    visitor.begin(there, OTHER_TENANT)
    look(visitor)
    assert visitor.forms == {f"/t/{OTHER_TENANT}/commonauth"}
    visitor.answer({"username": "zoe", "password": PASSWORD}, key=visitor.key_of_page, tenant=OTHER_TENANT)
    assert visitor.page == "/test-return"


def test_sign_up_is_offered_where_there_is_any(worlds: WorldMaker) -> None:
    offered = {}
    for enabled in ("true", "false"):
        world = worlds(additions=with_protocol(), **{"SelfRegistration.Enable": enabled})
        visitor = Visitor(world)
        visitor.begin(add_application(world, "Shop"))
        offered[enabled] = "Sign up" in look(visitor).text
    assert offered == {"true": True, "false": False}


@pytest.mark.parametrize("pattern", ["", r"https://shop\.example/.*"])
def test_whoever_signs_up_on_the_way_comes_back_to_the_login(worlds: WorldMaker, pattern: str) -> None:
    patterns = setting("identity_mgt.user_self_registration.callback_url", pattern)
    world = worlds(additions=with_protocol(), **setting("watchword.public_url", "http://localhost:9443"), **patterns)
    visitor = Visitor(world)
    visitor.begin(add_application(world, "Shop"))
    look(visitor)
    [register] = re.findall(r'<a href="\.\.(/accountrecoveryendpoint/register\.do\?[^"]+)"', visitor.shown)
    person = SignUp(world, cookies=dict(visitor.cookies))
    person.open(html.unescape(register)).sign_up("kim")
    person.send("confirm.do", code=world.last_code())
    assert person.reply is not None
    assert "Go on to log in" in person.text
    [back] = re.findall(r'href="(http://localhost:9443/authenticationendpoint/login\.do\?[^"]+)"', person.reply.text)
    assert "to Shop" in look(visitor, back).text
    visitor.answer({"username": "kim", "password": SIGN_UP_PASSWORD}, key=visitor.key_of_page)
    assert visitor.finish()["user"] == "kim"


def test_a_wrong_password_is_told_beside_the_form(visitor: Visitor, shop: str) -> None:
    visitor.begin(shop)
    visitor.password("alice", "wrong")
    page = look(visitor)
    assert "The user name or the password is wrong" in page.text
    assert 'role="alert" id="failed-msg"' in visitor.shown
    assert page.values["username"] == "alice"
    assert re.search(
        r'<input id="password"[^>]* aria-invalid="true" aria-describedby="failed-msg"[^>]* autofocus', visitor.shown
    )


def test_an_account_that_waits_for_its_code_is_led_to_it(world: World, shop: str, visitor: Visitor) -> None:
    world.register("kim")
    visitor.begin(shop)
    visitor.password("kim", "wrong")
    assert "confirm.do" not in visitor.get(visitor.location).text
    visitor.answer({"username": "kim", "password": PASSWORD}, key=visitor.key_of_page)
    assert "This account is not confirmed yet" in look(visitor).text
    assert 'href="../accountrecoveryendpoint/confirm.do"' in visitor.shown


def test_XSS_what_was_typed_comes_back_as_text(visitor: Visitor, shop: str) -> None:
    typed = '"><script>alert(1)</script>{{7*7}}'
    visitor.begin(shop)
    visitor.password(typed, "wrong")
    page = look(visitor)
    assert "<script>alert" not in visitor.shown
    assert page.values["username"] == typed
    assert "wrong" not in page.values["password"]


def test_ENUM_03_the_page_is_the_same_whoever_was_named(world: World, shop: str) -> None:
    world.add_person("closed", disabled=True)
    pages = set()
    for name in ("alice", "closed", "nobody"):
        visitor = Visitor(world)
        visitor.begin(shop)
        visitor.password(name, "wrong")
        look(visitor)
        pages.add(visitor.shown.replace(visitor.key_of_page, "KEY").replace(name, "NAME"))
    assert len(pages) == 1


@pytest.mark.parametrize(
    "query",
    [
        "authFailure=true&authFailureMsg=Call+%2B94700000001", "errorMsg=%3Cb%3Ecall",
        "authFailureMsg=user.account.locked",
        "authFailureInfo=Y2FsbCArOTQ3MDAwMDAwMDE=&authFailure=true", "screenvalue=%3Cb%3Ecall", "sp=call&username=call",
        "unlockTime=call&relyingParty=call", "ui_locales=call", "authenticators=call:LOCAL",
    ],
)  # fmt: skip
def test_REDIR_02_an_address_makes_a_page_say_nothing(visitor: Visitor, bank: str, query: str) -> None:
    visitor.begin(bank)
    plain = look(visitor, f"{LOGIN}?sessionDataKey={visitor.key}")
    key = visitor.key_of_page
    assert look(visitor, f"{LOGIN}?sessionDataKey={key}&{query}").text == plain.text
    assert "call" not in visitor.shown.lower().replace("?callback=", "")
    for page in ADDRESSES:
        visitor.get(f"{page}?{query}")
        assert visitor.last is not None
        assert "call" not in visitor.last.text.lower()
        assert "locked" not in visitor.last.text


def test_an_unknown_refusal_is_told_in_words_of_ours(visitor: Visitor, bank: str, staged: Staged) -> None:
    staged.query = {"authFailure": "true", "authFailureMsg": "<b>anything</b>"}
    page = look(at_code_page(visitor, bank))
    assert "That did not work. Try again." in page.text
    assert "anything" not in visitor.shown


def test_whoever_cancels_goes_back_with_nothing_proven(visitor: Visitor, shop: str) -> None:
    visitor.begin(shop)
    visitor.answer({"deny": "true"})
    assert visitor.finish()["failure"] == "cancelled"


def test_the_name_alone_comes_first_and_is_kept(world: World, visitor: Visitor) -> None:
    visitor.begin(add_application(world, "Shop", (IDENTIFIER,), (BASIC,)))
    page = look(visitor)
    assert set(page.values) == {"username"}
    visitor.answer({"username": "alice"}, key=visitor.key_of_page)
    page = look(visitor)
    assert page.values["username"] == "alice"
    assert re.search(r'<input id="username"[^>]* readonly', visitor.shown)
    visitor.answer({"username": "alice", "password": PASSWORD}, key=visitor.key_of_page)
    assert visitor.finish()["user"] == "alice"


def test_options_are_forms_and_choosing_one_works(world: World, visitor: Visitor) -> None:
    alice = world.known("alice")
    world.change(lambda work: make_backup_codes(work, alice))
    visitor.begin(add_application(world, "Shop", (BASIC, IDENTIFIER), (SMS, MAIL, BACKUP)))
    page = look(visitor)
    assert "Begin with the user name" in page.text
    visitor.answer({"username": "alice", "password": PASSWORD, "authenticator": BASIC.authenticator, "idp": "LOCAL"},
                   key=visitor.key_of_page)  # fmt: skip
    assert visitor.page == LOGIN
    page = look(visitor)
    for words in ("How will you prove", "Get a code by text message", "Get a code by e-mail", "Use a backup code"):
        assert words in page.text
    assert visitor.chosen("Use a backup code") == {"authenticator": BACKUP.authenticator, "idp": "LOCAL"}
    visitor.answer(visitor.chosen("Use a backup code"), key=visitor.key_of_page)
    page = look(visitor)
    assert "Each backup code works once" in page.text
    assert set(page.values) == {"BackupCode"}
    assert "Get a code by text message" in page.text
    assert look(visitor, f"{LOGIN}?sessionDataKey={visitor.key_of_page}").text.count("backup code")
    visitor.answer({"BackupCode": RIGHT}, key=visitor.key_of_page)
    assert visitor.finish()["user"] == "alice"


# --- a login that is over, another's, or none


def test_PLAT_AUTH_05_another_browser_cannot_look_at_a_login(world: World, visitor: Visitor, shop: str) -> None:
    visitor.begin(shop)
    stranger = Visitor(world)
    page = look(stranger, visitor.location)
    assert "This login is over" in page.text
    assert "Shop" not in page.text
    assert visitor.key not in stranger.shown
    assert "Log in" in look(visitor).text


@pytest.mark.parametrize("key", ["", "invented", "%00", "'--", "x" * 5000, "%3Cscript%3E"])
def test_an_invented_key_leads_nowhere(visitor: Visitor, key: str) -> None:
    for page in ADDRESSES:
        reply = visitor.get(f"{page}?sessionDataKey={key}")
        assert reply.status == 200, page
        assert "<form" not in reply.text, page


def test_PLAT_AUTH_06_a_login_that_took_too_long_leads_to_its_application(
    world: World, visitor: Visitor, shop: str
) -> None:
    visitor.begin(shop)
    address, key = visitor.location, visitor.key
    world.clock.tick(minutes=60)
    page = look(visitor, address)
    assert "This login is over" in page.text
    assert f'href="{ACCESS_URL}"' in visitor.shown
    visitor.answer({"username": "alice", "password": PASSWORD}, key=key)
    assert visitor.page == RETRY
    look(visitor)
    assert f'href="{ACCESS_URL}"' in visitor.shown


def test_going_back_after_the_end_leads_to_the_application_and_shows_nobody(visitor: Visitor, shop: str) -> None:
    visitor.begin(shop)
    address = visitor.location
    visitor.password("alice")
    visitor.finish()
    page = look(visitor, address)
    assert f'href="{ACCESS_URL}"' in visitor.shown
    assert "alice" not in page.text


def test_a_protocol_to_which_somebody_goes_back_leads_out_as_well(visitor: Visitor, shop: str) -> None:
    visitor.begin(shop)
    visitor.password("alice")
    key = visitor.key
    visitor.finish()
    for _ in range(2):
        visitor.get(f"/samlsso?sessionDataKey={key}")
        assert visitor.page == RETRY
        look(visitor)
        assert f'href="{ACCESS_URL}"' in visitor.shown


def test_an_address_that_is_of_no_web_page_is_no_link(world: World, visitor: Visitor) -> None:
    visitor.begin(add_application(world, "Odd", access_url="javascript:alert(1)"))
    address = visitor.location
    world.clock.tick(minutes=60)
    look(visitor, address)
    assert "javascript" not in visitor.shown


def test_a_page_at_which_the_login_does_not_stand_leads_to_where_it_does(visitor: Visitor, bank: str) -> None:
    visitor.begin(bank)
    first = visitor.location
    visitor.password("alice")
    second = visitor.location
    for page in (first, f"{RETRY}?sessionDataKey={visitor.key}", f"{CHANGE}?sessionDataKey={visitor.key}"):
        visitor.get(page)
        assert visitor.location == second
    assert "Enter the code" in look(visitor, second).text
    assert "Enter the code" in look(visitor, second).text


def test_two_tabs_are_of_one_login_and_a_second_login_is_another(visitor: Visitor, bank: str, shop: str) -> None:
    at_code_page(visitor, bank)
    code_page, first = visitor.location, visitor.key
    visitor.begin(shop)
    second = visitor.key
    assert first != second
    assert "Enter the code" in look(visitor, code_page).text
    visitor.answer({"OTPcode": RIGHT}, key=first)
    assert visitor.finish()["user"] == "alice"
    visitor.answer({"username": "alice", "password": PASSWORD}, key=second)
    assert visitor.finish()["user"] == "alice"


def test_a_login_that_has_failed_says_why_and_leads_back(visitor: Visitor, world: World) -> None:
    gone = add_application(world, "Gone", (BASIC,), (Option("LOCAL", "nothing"),), access_url=ACCESS_URL)
    visitor.begin(gone)
    visitor.password("alice")
    assert visitor.page == RETRY
    page = look(visitor)
    assert "This way to log in cannot be used at present" in page.text
    assert "Back to Gone" in page.text
    visitor.answer({"deny": "true"}, key=visitor.key_of_page)
    assert visitor.finish()["failure"] == "AuthnFailed"


# --- the code


def test_the_code_page_says_where_the_code_went_and_what_became_of_it(
    world: World, visitor: Visitor, bank: str, staged: Staged
) -> None:
    staged.to, staged.notes = NUMBER, {"length": 6}
    page = look(at_code_page(visitor, bank))
    assert "Your code is on its way to •••••567." in page.text or "+94•••••567" in page.text
    assert "4771234" not in visitor.shown
    assert "works for 5 minutes" in page.text
    assert page.hidden["resendCode"] == "false"
    assert 'autocomplete="one-time-code" inputmode="numeric"' in visitor.shown
    world.deliver()
    assert "We sent a code to" in look(visitor, f"/{CODE_PAGE}?sessionDataKey={visitor.key_of_page}").text
    world.clock.tick(minutes=6)
    assert "has expired" in look(visitor, f"/{CODE_PAGE}?sessionDataKey={visitor.key_of_page}").text


def test_a_message_that_failed_is_told(world: World, visitor: Visitor, bank: str, staged: Staged) -> None:
    staged.to = NUMBER
    world.post_office.refuses = "no credit"
    at_code_page(visitor, bank)
    world.deliver()
    page = look(visitor, visitor.location)
    assert "could not be sent" in page.text
    assert "credit" not in visitor.shown


def test_what_the_operator_wants_shown_is_shown(visitor: Visitor, bank: str, staged: Staged) -> None:
    staged.to, staged.query = NUMBER, {"screenvalue": "*******4567", "remainingNumberOfSMSOtpAttempts": "3"}
    page = look(at_code_page(visitor, bank))
    assert "to *******4567." in page.text
    assert "You have 3 tries left." in page.text


def test_ENUM_03_nothing_is_said_of_an_account_before_anything_is_proven(
    world: World, visitor: Visitor, staged: Staged
) -> None:
    staged.to, staged.query = NUMBER, {"screenvalue": "*******4567", "remainingNumberOfSMSOtpAttempts": "3"}
    staged.notes = {"backup": True}
    visitor.begin(add_application(world, "Shop", (IDENTIFIER,), (SMS,)))
    visitor.answer({"username": "alice"})
    page = look(visitor)
    assert "If there is an account of that name, we sent it a code." in page.text
    for words in ("567", "tries", "backup", "on its way"):
        assert words not in page.text


def test_a_new_code_can_be_asked_for_without_scripts_and_the_wait_is_told(
    world: World, visitor: Visitor, bank: str, staged: Staged
) -> None:
    staged.notes = {"resend_at": (world.clock.now() + timedelta(seconds=30)).timestamp()}
    page = look(at_code_page(visitor, bank))
    assert re.search(r'<button class="button quiet" name="resendCode" value="true" data-wait="(29|30)"', visitor.shown)
    assert "You can ask for a new code in" in page.text
    world.clock.tick(seconds=30)
    assert (
        "You can ask for a new code in" not in look(visitor, f"/{CODE_PAGE}?sessionDataKey={visitor.key_of_page}").text
    )


def test_no_new_code_is_offered_where_none_may_be_had(visitor: Visitor, bank: str, staged: Staged) -> None:
    staged.query = {"resendCode": "false"}
    assert "Send a new code" not in look(at_code_page(visitor, bank)).text


def test_a_wrong_code_is_told_and_the_field_has_the_focus(visitor: Visitor, bank: str) -> None:
    at_code_page(visitor, bank)
    visitor.answer({"OTPcode": "999999", "resendCode": "false"})
    assert "This code is not right" in look(visitor).text
    assert re.search(
        r'<input class="code"[^>]* aria-invalid="true" aria-describedby="failed-msg otp-hint"[^>]* autofocus',
        visitor.shown,
    )


def test_backup_codes_are_mentioned_to_whoever_has_some(visitor: Visitor, bank: str, staged: Staged) -> None:
    staged.notes = {"backup": True, "length": 6}
    assert "backup codes" not in look(at_code_page(Visitor(visitor.world), bank)).text
    alice = visitor.world.known("alice")
    visitor.world.change(lambda work: make_backup_codes(work, alice))
    assert "One of your backup codes will do as well" in look(at_code_page(visitor, bank)).text
    assert "data-length" not in visitor.shown  # an eight-digit one is not sent on after six


def test_the_page_after_a_failed_code_says_what_is_left(visitor: Visitor, bank: str, staged: Staged) -> None:
    staged.page = FAILED_PAGES[0]
    detail = base64.b64encode(b"<b>quota</b> of +94*****").decode()
    staged.query = {
        "authFailure": "true", "authFailureMsg": "SMSOTP-65003", "resendCode": "true", "authFailureInfo": detail,
    }  # fmt: skip
    page = look(at_code_page(visitor, bank))
    assert "We could not send you a code." in page.text
    assert "&lt;b&gt;quota&lt;/b&gt; of +94*****" in visitor.shown
    assert "Send a new code" in page.text
    assert "give this number" in page.text
    staged.query = {"authFailure": "true", "authFailureMsg": "user.account.locked", "unlockTime": "5"}
    page = look(at_code_page(Visitor(visitor.world), bank))
    assert "Try again in 5 minutes" in page.text
    assert "Send a new code" not in page.text
    staged.query = {"authFailure": "true", "authFailureMsg": "code.mismatch"}
    visitor = at_code_page(Visitor(visitor.world), bank)
    assert "Type the code again" in look(visitor).text
    assert "Enter the code" in look(visitor, f"/{CODE_PAGE}?sessionDataKey={visitor.key_of_page}").text


def test_a_login_without_tries_left_can_be_begun_again(visitor: Visitor, bank: str, staged: Staged) -> None:
    staged.page, staged.notes = FAILED_PAGES[0], {"is_spent": True}
    staged.query = {"authFailure": "true", "authFailureMsg": "authentication.fail.message", "resendCode": "false"}
    page = look(at_code_page(visitor, bank))
    assert "No code is accepted here any more" in page.text
    assert f'<a class="button" href="{ACCESS_URL}">' in visitor.shown
    assert "Type the code again" not in page.text
    assert "resendCode" not in visitor.shown


def test_what_somebody_was_told_who_asks_for_help_is_found_by_the_number_on_the_page(
    visitor: Visitor, bank: str, staged: Staged, caplog: pytest.LogCaptureFixture
) -> None:
    staged.page, staged.query = FAILED_PAGES[0], {"authFailure": "true", "authFailureMsg": "token.expired"}
    at_code_page(visitor, bank)
    with caplog.at_level("INFO", "watchword.login.pages"):
        look(visitor)
    [record] = caplog.records
    assert vars(record)["told"] == "told.expired"
    assert vars(record)["user"] == visitor.world.known("alice").id
    assert visitor.last is not None
    assert visitor.last.headers["x-trace-id"] in visitor.shown


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("token.expired", "has expired"), ("resent.count.exceeded", "Too many codes were sent"),
        ("unable.send.code", "could not send"), ("404 : Not Found", "could not send"),
        ("SMSOTP-10002", "could not send"),
        ("smsotp.disable", "switched off"), ("directly.send.otp.disable", "no mobile number"),
        ("user.mobile.not.found", "no mobile number"), ("sms.quota.exceeded", "Too many messages"),
        ("user.tenant.domain.mismatch.message", "cannot be used here"),
        ("error.user.not.found.smsotp", "no such account"),
        ("user.account.locked", "is locked"), ("authentication.fail.message", "No code is accepted"),
        ("code.mismatch", "not right"),
        ("anything", "did not work"),
    ],
)  # fmt: skip
def test_every_refusal_of_a_code_has_its_words(
    visitor: Visitor, bank: str, staged: Staged, message: str, words: str
) -> None:
    staged.page, staged.query = FAILED_PAGES[1], {"authFailure": "true", "authFailureMsg": message}
    assert words in look(at_code_page(visitor, bank)).text


def test_a_number_is_asked_for_where_there_is_none(visitor: Visitor, bank: str, staged: Staged) -> None:
    staged.page = PHONE_PAGES[0]
    page = look(at_code_page(visitor, bank))
    assert set(page.values) == {"MOBILE_NUMBER"}
    why = base64.b64encode(b"Only Sri Lanka <i>please</i>").decode()
    staged.query = {
        "authFailure": "true", "authFailureMsg": "authentication.fail.message",
        "mobileNumberPatternPolicyFailureErrorMessage": why,
    }  # fmt: skip
    visitor.answer({"MOBILE_NUMBER": "1"}, key=visitor.key_of_page)
    page = look(visitor)
    assert "This number cannot be used" in page.text
    assert "Only Sri Lanka &lt;i&gt;please" in visitor.shown


# --- logging out


def test_whoever_is_sent_by_another_site_is_asked_before_logging_out(visitor: Visitor, shop: str) -> None:
    visitor.begin(shop)
    visitor.password("alice")
    visitor.finish()
    visitor.headers = {"sec-fetch-site": "cross-site"}
    visitor.get("/commonauth?commonAuthLogout=true")
    assert visitor.page == LOGOUT
    assert "You are logged in as alice" in look(visitor).text
    visitor.headers = {"sec-fetch-site": "same-origin"}
    visitor.post("/commonauth", {"commonAuthLogout": "true"})
    assert "Nobody is logged in" in look(visitor, LOGOUT).text


# --- what all of them share


@pytest.mark.parametrize("address", ADDRESSES)
def test_CLICK_01_HDR_01_no_page_can_be_framed_and_none_runs_anything_inline(visitor: Visitor, address: str) -> None:
    for prefix in ("", f"/t/{OTHER_TENANT}"):
        reply = visitor.get(f"{prefix}{address}")
        policy = reply.headers["content-security-policy"]
        for rule in ("default-src 'none'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
            assert rule in policy
        assert "unsafe" not in policy
        assert reply.headers["x-frame-options"] == "DENY"
        assert "no-store" in reply.headers["cache-control"]
        assert not re.findall(r"<style|style=|\son\w+=|<script(?! src=)", reply.text)


def test_every_page_with_everything_weighs_less_than_30_kib(world: World, bank: str, staged: Staged) -> None:
    staged.to, staged.notes = NUMBER, {"backup": True, "length": 6}
    for page in (CODE_PAGE, FAILED_PAGES[0], PHONE_PAGES[0]):
        staged.page = page
        for language in ("en", "de"):
            visitor = Visitor(world, headers={"accept-language": language})
            visitor.begin(bank)
            weights = [weight(visitor)]
            visitor.answer({"username": "alice", "password": PASSWORD}, key=visitor.key_of_page)
            weights.append(weight(visitor))
            assert max(weights) < 30 * 1024


def weight(visitor: Visitor) -> int:
    """Return how many bytes a page makes a browser load, and see that they are all ours."""
    look(visitor)
    own = re.findall(r'(?:src|href)="(/static/[^"]+)"', visitor.shown)
    assert len(own) == 3
    assert not re.findall(r'(?:src|href|action)="(?:https?:)?//', visitor.shown)
    return len(visitor.shown.encode()) + sum(len(visitor.world.send("GET", each, b"", []).octets) for each in own)


def test_the_language_that_was_chosen_stays(visitor: Visitor, bank: str) -> None:
    visitor.begin(bank)
    key = visitor.key
    assert "Anmelden" in look(visitor, f"{LOGIN}?sessionDataKey={key}&ui_locales=de").text
    visitor.answer({"username": "alice", "password": PASSWORD}, key=key)
    assert "Geben Sie den Code" in look(visitor).text


@pytest.mark.parametrize("authenticator", CODE_ADDRESS)
def test_ENUM_03_where_a_code_comes_first_the_pages_are_the_same_for_everybody(
    worlds: WorldMaker, authenticator: str
) -> None:
    world = worlds(additions=with_protocol())
    world.add_person("alice", claims={MOBILE: NUMBER, EMAIL_ADDRESS: "alice@example.com"})
    world.add_person("bare")
    world.add_person("shut", locked=True, claims={MOBILE: NUMBER})
    shop = add_application(world, "Shop", (Option("LOCAL", authenticator),))
    told = set()
    for name in ("alice", "bare", "shut", "nobody"):
        visitor = Visitor(world)
        visitor.begin(shop)
        page = look(visitor)
        assert set(page.values) == {"username"}
        visitor.answer({"username": name}, key=visitor.key_of_page)
        first = look(visitor).text
        visitor.answer({"OTPcode": "wrong1", "resendCode": "false"}, key=visitor.key_of_page)
        second = look(visitor).text
        world.clock.tick(seconds=40)
        world.deliver()
        world.clock.tick(seconds=40)
        third = look(visitor, f"{CODE_ADDRESS[authenticator]}?sessionDataKey={visitor.key_of_page}").text
        told.add((first, second, third))
        world.clock.tick(days=1)
    assert len(told) == 1
    assert all("If there is an account of that name, we sent it a code." in text for text in told.pop())
    assert len(world.letters) == 1


def test_the_reference_names_every_page_and_every_message() -> None:
    told = (Path(__file__).parent.parent.parent / "docs/reference/login-pages.md").read_text()
    assert [page for page in ADDRESSES if f"`{page}`" not in told] == []
    assert [message for message in TEXT_OF_MESSAGE if f"`{message}`" not in told] == []
