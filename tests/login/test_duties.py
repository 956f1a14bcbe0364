"""What a person must do before the application is told: give what it must know, change a password (platform.md 2.1)."""

import re

import pytest

from tests.conftest import WorldMaker
from tests.login.visitor import Visitor, add_application, with_protocol
from tests.pages.visitor import Fields, setting
from tests.world import OTHER_TENANT, PASSWORD, World
from watchword.accounts.claims import DIALECT, EMAIL_ADDRESS, GIVEN_NAME, MOBILE, PHONE_VERIFIED
from watchword.accounts.store.users import Users
from watchword.applications.model import Advanced, ClaimConfiguration, RequestedClaim

CHANGE = "/authenticationendpoint/change-password.do"
CLAIMS = "/authenticationendpoint/claims.do"
NEW = "Another-Pass-2"
NUMBER = "+94771234567"


@pytest.fixture
def world(worlds: WorldMaker) -> World:
    world = worlds(additions=with_protocol())
    world.add_person("carol")
    return world


def wanting(world: World, *names: str) -> str:
    """Make an application that must know these claims."""
    return add_application(
        world,
        "Shop",
        claims=ClaimConfiguration(requested=tuple(RequestedClaim(name, mandatory=True) for name in names)),
    )


def text_of(visitor: Visitor, address: str = "") -> str:
    page = Fields()
    page.feed(visitor.get(address or visitor.location).text)
    return page.text


def must_change(world: World, name: str = "carol") -> None:
    user_id = world.known(name).id
    world.change(lambda work: Users(work).require_password_change(user_id, required=True))


def new_password(visitor: Visitor, new: str = NEW, *, current: str = PASSWORD, again: str | None = None) -> None:
    fields = {"currentPassword": current, "newPassword": new, "newPasswordAgain": new if again is None else again}
    visitor.answer(fields, key=visitor.key_of_page)


# --- claims


def test_PLAT_SAML_30_what_the_application_must_know_is_asked_for_kept_and_told(world: World) -> None:
    visitor, shop = Visitor(world), wanting(world, MOBILE, GIVEN_NAME)
    visitor.begin(shop)
    visitor.password("carol")
    assert visitor.page == CLAIMS
    assert "Shop must know this of you" in text_of(visitor)
    assert set(re.findall(r'name="(claim-\w+)"', visitor.shown)) == {"claim-mobile", "claim-givenname"}
    visitor.answer({"claim-mobile": NUMBER, "claim-givenname": " Carol "}, key=visitor.key_of_page)
    told = visitor.finish()
    assert told["claims"][MOBILE] == NUMBER
    assert told["claims"][GIVEN_NAME] == "Carol"
    assert PHONE_VERIFIED not in world.known("carol").claims
    assert [event.reason for event in world.audit("give_claims")] == ["mobile, givenname"]
    visitor.begin(shop)
    assert visitor.page == "/test-return"


def test_of_an_incomplete_form_nothing_is_kept_and_every_fault_is_named(world: World) -> None:
    visitor = Visitor(world)
    visitor.begin(wanting(world, MOBILE, EMAIL_ADDRESS, GIVEN_NAME, DIALECT + "country"))
    visitor.password("carol")
    visitor.get(visitor.location)
    typed = {"claim-mobile": "12", "claim-emailaddress": "carol@", "claim-country": "<b>Sri Lanka"}
    visitor.answer(typed, key=visitor.key_of_page)
    text = text_of(visitor)
    for words in ("Enter a mobile number with its country code", "Enter an e-mail address", "Fill in: First name"):
        assert words in text
    assert 'value="&lt;b&gt;Sri Lanka"' in visitor.shown
    assert world.known("carol").claims == {}


def test_a_claim_that_nobody_may_say_of_themselves_is_not_asked_for(world: World) -> None:
    visitor = Visitor(world)
    visitor.begin(wanting(world, DIALECT + "department", DIALECT + "identity/phoneVerified"))
    visitor.password("carol")
    assert visitor.page == "/test-return"


def test_fields_that_were_not_asked_for_are_dropped(world: World) -> None:
    visitor = Visitor(world)
    visitor.begin(wanting(world, GIVEN_NAME))
    visitor.password("carol")
    visitor.answer({"claim-givenname": "Carol", "claim-mobile": NUMBER, "claim-phoneVerified": "true"})
    assert world.known("carol").claims == {GIVEN_NAME: "Carol"}


def test_a_value_that_somebody_else_has_is_refused_without_saying_so(worlds: WorldMaker) -> None:
    world = worlds(additions=with_protocol(), **setting("watchword.claims.unique", MOBILE))
    world.add_person("carol")
    world.register("kim", mobile=NUMBER)
    visitor = Visitor(world)
    visitor.begin(wanting(world, MOBILE))
    visitor.password("carol")
    visitor.answer({"claim-mobile": NUMBER})
    assert "This cannot be used: Mobile number" in text_of(visitor)
    visitor.answer({"claim-mobile": "+94770000001"}, key=visitor.key_of_page)
    assert visitor.finish()["claims"][MOBILE] == "+94770000001"


def test_OTP_20_a_password_alone_binds_no_address(worlds: WorldMaker) -> None:
    world = worlds(profile="recommended", additions=with_protocol())
    world.add_person("carol")
    visitor = Visitor(world)
    visitor.begin(wanting(world, MOBILE, EMAIL_ADDRESS, GIVEN_NAME))
    visitor.password("carol")
    visitor.get(visitor.location)
    assert set(re.findall(r'name="(claim-\w+)"', visitor.shown)) == {"claim-givenname"}
    visitor.answer({"claim-givenname": "Carol", "claim-mobile": NUMBER}, key=visitor.key_of_page)
    assert MOBILE not in visitor.finish()["claims"]


def test_nothing_is_asked_of_whoever_must_not_be_disturbed(world: World) -> None:
    visitor = Visitor(world)
    visitor.begin(add_application(world, "Plain"))
    visitor.password("carol")
    visitor.finish()
    visitor.begin(wanting(world, GIVEN_NAME), passive="yes")
    assert visitor.finish()["failure"] == "NoPassive"


# --- a password that must change


def test_a_password_that_must_change_is_changed_before_the_application_is_told(world: World) -> None:
    must_change(world)
    visitor = Visitor(world)
    visitor.begin(add_application(world, "Shop"))
    visitor.password("carol")
    assert visitor.page == CHANGE
    assert "your password must be changed" in text_of(visitor)
    new_password(visitor)
    assert visitor.finish()["user"] == "carol"
    fresh = Visitor(world)
    fresh.begin(add_application(world, "Other"))
    fresh.password("carol")
    assert fresh.query["authFailureMsg"] == "login.fail.message"
    fresh.password("carol", NEW)
    assert fresh.finish()["user"] == "carol"


def test_a_password_that_has_grown_too_old_is_changed(worlds: WorldMaker) -> None:
    policy = {"passwordExpiry.enablePasswordExpiry": "true", "passwordExpiry.passwordExpiryInDays": "30"}
    world = worlds(additions=with_protocol(), **policy)
    world.add_person("carol")
    shop = add_application(world, "Shop")
    world.clock.tick(days=31)
    visitor = Visitor(world)
    visitor.begin(shop)
    visitor.password("carol")
    assert "your password is too old" in text_of(visitor)
    new_password(visitor)
    assert visitor.finish()["user"] == "carol"
    visitor.begin(shop, force="yes")
    visitor.password("carol", NEW)
    assert visitor.page == "/test-return"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"current": "wrong"}, ["This is not your password"]),
        ({"current": ""}, ["Enter the password that you have used until now"]),
        ({"new": ""}, ["Choose a password"]),
        ({"new": "ab c"}, ["The new password needs 5 to 30 characters, without blanks"]),
        ({"new": NEW, "again": "something else"}, ["The two passwords are not the same"]),
        ({"new": PASSWORD}, ["The new password is the one that you have now"]),
    ],
)
def test_what_is_wrong_with_a_new_password_is_named(world: World, fields: dict[str, str], words: list[str]) -> None:
    must_change(world)
    visitor = Visitor(world)
    visitor.begin(add_application(world, "Shop"))
    visitor.password("carol")
    visitor.get(visitor.location)
    new_password(visitor, **fields)
    assert visitor.page == CHANGE
    text = text_of(visitor)
    assert all(each in text for each in words)
    assert world.known("carol").must_change_password


def test_every_broken_rule_is_named_at_once(worlds: WorldMaker) -> None:
    policy = {"passwordPolicy.enable": "true", "passwordPolicy.min.length": "20", "passwordPolicy.max.length": "30"}
    world = worlds(profile="recommended", additions=with_protocol(), **policy)
    world.add_person("carol")
    must_change(world)
    visitor = Visitor(world)
    visitor.begin(add_application(world, "Shop"))
    visitor.password("carol")
    page = text_of(visitor)
    assert "At least 20 characters" in page
    new_password(visitor, "password")
    text = text_of(visitor)
    for words in ("needs at least 20 characters", "lacks a digit, a capital", "one of those that are guessed first"):
        assert words in text
    new_password(visitor, "a long Sample#Pass 1 for me")
    assert visitor.page == "/test-return"


def test_the_session_of_this_browser_goes_on_and_all_others_end(world: World) -> None:
    shop = add_application(world, "Shop")
    here, there = Visitor(world), Visitor(world)
    for visitor in (here, there):
        visitor.begin(shop)
        visitor.password("carol")
        visitor.finish()
    must_change(world)
    world.clock.tick(minutes=1)
    here.begin(shop)
    assert here.page == CHANGE
    here.get(here.location)
    new_password(here)
    here.finish()
    here.begin(shop)
    assert here.page == "/test-return"
    there.begin(shop)
    assert there.page == "/authenticationendpoint/login.do"


def test_somebody_of_another_tenant_has_the_same_duties(world: World) -> None:
    zoe = world.add_person("zoe", tenant=OTHER_TENANT)
    world.change(lambda work: Users(work).require_password_change(zoe.id, required=True), OTHER_TENANT)
    wanted = ClaimConfiguration(requested=(RequestedClaim(GIVEN_NAME, mandatory=True),))
    shop = add_application(world, "Shop", claims=wanted, advanced=Advanced(saas=True))
    visitor = Visitor(world)
    visitor.begin(shop)
    visitor.password(f"zoe@{OTHER_TENANT}")
    assert visitor.page == CLAIMS
    visitor.answer({"claim-givenname": "Zoe"})
    assert visitor.page == CHANGE
    visitor.get(visitor.location)
    new_password(visitor)
    assert visitor.finish()["claims"][GIVEN_NAME] == "Zoe"
    assert not world.known("zoe", OTHER_TENANT).must_change_password
    assert "You are logged in as zoe" in text_of(visitor, CHANGE)
    wish(visitor, current=NEW, new="Third-Pass-3")
    assert "Your password is changed" in led(visitor)
    assert "You are logged in as zoe" in text_of(visitor, CHANGE)


def test_a_password_that_must_change_does_not_disturb_a_passive_login(world: World) -> None:
    visitor = Visitor(world)
    visitor.begin(add_application(world, "Shop"))
    visitor.password("carol")
    visitor.finish()
    must_change(world)
    visitor.begin(add_application(world, "Other"), passive="yes")
    assert visitor.finish()["failure"] == "NoPassive"


# --- a password that somebody wishes to change


def logged_in(world: World, application: str = "Shop") -> Visitor:
    visitor = Visitor(world)
    visitor.begin(add_application(world, application))
    visitor.password("carol")
    visitor.finish()
    return visitor


def wish(visitor: Visitor, *, current: str = PASSWORD, new: str = NEW, tenant: str = "") -> None:
    token = re.findall(r'name="form" value="([^"]+)"', visitor.shown)
    fields = {
        "form": token[0] if token else "",
        "currentPassword": current,
        "newPassword": new,
        "newPasswordAgain": new,
    }
    visitor.post(f"{tenant}{CHANGE}", fields)


def led(visitor: Visitor) -> str:
    """Return the text of the page to which a form has led."""
    assert visitor.last is not None
    assert visitor.last.status == 303, visitor.shown
    return text_of(visitor, visitor.last.headers["location"])


def test_whoever_is_logged_in_may_change_the_password_and_stays_so(world: World) -> None:
    here, there = logged_in(world), logged_in(world, "Other")
    world.clock.tick(minutes=1)
    assert "You are logged in as carol" in text_of(here, CHANGE)
    before = here.cookies["commonAuthId"]
    wish(here)
    assert "Your password is changed" in led(here)
    assert here.cookies["commonAuthId"] != before
    assert "You are logged in as carol" in text_of(here, CHANGE)
    assert "Log in to one of your applications first" in text_of(there, CHANGE)


def test_nobody_changes_a_password_without_knowing_it(world: World) -> None:
    visitor = logged_in(world)
    text_of(visitor, CHANGE)
    wish(visitor, current="wrong")
    assert "This is not your password" in led(visitor)
    visitor.begin(add_application(world, "Other"), force="yes")
    visitor.password("carol")
    assert visitor.page == "/test-return"


def test_another_site_changes_no_password(world: World) -> None:
    visitor = logged_in(world)
    text_of(visitor, CHANGE)
    visitor.headers = {"sec-fetch-site": "cross-site", "origin": "https://evil.test"}
    wish(visitor)
    assert visitor.last is not None
    assert visitor.last.status == 403
    visitor.headers, visitor.last = {}, visitor.get("/authenticationendpoint/logout.do")
    wish(visitor)
    assert visitor.last.status == 403


def test_nobody_who_is_not_logged_in_is_asked_for_a_password(world: World) -> None:
    assert "Log in to one of your applications first" in text_of(Visitor(world), CHANGE)
