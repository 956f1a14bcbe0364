"""Claims and their dialects over REST (platform.md 4.3)."""

import re
import tomllib
from dataclasses import replace
from functools import partial
from importlib.resources import files
from typing import Any

import pytest

from tests.conftest import WorldMaker
from tests.login.visitor import BASIC, add_application
from tests.world import API, CREATE_ONLY, MAILBOX, OTHER_TENANT, TRUSTED, World
from watchword.accounts.claims import EMAIL_ADDRESS, KNOWN_CLAIMS, MOBILE, PHONE_VERIFIED
from watchword.accounts.dialects import dialects, local_claims
from watchword.accounts.http.claims import DIALECTS
from watchword.accounts.model import NewAccount
from watchword.accounts.usecases.stores import create_user_store
from watchword.applications.model import ClaimConfiguration, RequestedClaim, SubjectRule
from watchword.base.problems import ClaimTaken
from watchword.registration.usecases.people import add_user_by_hand
from watchword.storage.schema import unique_values, user_claims, users
from watchword.tenants.model import opaque_id

LOCAL = f"{DIALECTS}/local/claims"
CLAIMS = "http://wso2.org/claims/"
OIDC = "http://wso2.org/oidc/claim"
ONE_EACH = {"watchword.claims.unique": EMAIL_ADDRESS}


def listed(world: World, query: str = "") -> dict[str, Any]:
    return {each["claimURI"]: each for each in world.request("GET", LOCAL + query).json}


def test_PLAT_CLAIM_01_the_claims_of_the_seeds_are_listed(world: World) -> None:
    shown = {uri.removeprefix(CLAIMS): each["displayName"] for uri, each in listed(world).items()}
    expected = {
        "givenname": "First Name",
        "lastname": "Last Name",
        "emailaddress": "Email",
        "mobile": "Mobile",
        "identity/emailVerified": "Email Verified",
        "identity/phoneVerified": "Phone Verified",
        "identity/preferredChannel": "Preferred Notification Channel",
    }
    assert {name: shown[name] for name in expected} == expected
    assert all(shown.values())


def test_PLAT_CLAIM_02_both_spellings_of_a_flag_have_the_same_effect(world: World) -> None:
    profiles = {}
    for name, spelling, number in (("short", "phoneVerified", "1"), ("long", "identity/phoneVerified", "2")):
        reply = world.register(name, mobile=f"+9477123456{number}", claims={CLAIMS + spelling: "true"}, by=TRUSTED)
        profiles[name] = world.request("GET", f"{API}/pi-info/{opaque_id(name)}").json["basic"]
        assert (reply.status, reply.code) == (201, "USR-02004")
    for profile in profiles.values():
        assert profile[PHONE_VERIFIED] == "true"
        assert CLAIMS + "phoneVerified" not in profile
    assert profiles["short"].keys() == profiles["long"].keys()


def test_PLAT_CLAIM_03_a_claim_in_use_stays_and_its_users_are_named(world: World) -> None:
    asked = ClaimConfiguration(requested=(RequestedClaim(MOBILE),))
    add_application(world, "travelocity.com", (BASIC,), claims=asked)
    refused = world.request("DELETE", f"{LOCAL}/{opaque_id(MOBILE)}")
    assert (refused.status, refused.code) == (400, "CMT-60002")
    told = refused.json["description"]
    assert "the application travelocity.com" in told
    for dialect in (OIDC, "urn:ietf:params:scim:schemas:core:2.0:User"):
        assert dialect in told
    assert MOBILE in listed(world)


def test_PLAT_CLAIM_04_a_value_that_only_one_may_have_is_refused_before_anything_is_stored(worlds: WorldMaker) -> None:
    world = worlds(**ONE_EACH)
    world.register("alice", mobile=None, email="alice@example.com")
    tables = (users, user_claims, unique_values)
    before = [world.rows(table) for table in tables]
    refused = world.register("second", mobile="+94771234568", email="Alice@Example.com")
    assert (refused.status, refused.code) == (400, "20035")
    account = NewAccount("third", "Sample-Pass-1", {EMAIL_ADDRESS: "ALICE@example.com"})
    with pytest.raises(ClaimTaken):
        world.do(partial(add_user_by_hand, account=account, notifier=world.installation.notifier))
    assert [world.rows(table) for table in tables] == before
    assert listed(world)[EMAIL_ADDRESS]["uniquenessScope"] == "ACROSS_USERSTORES"
    assert listed(world)[MOBILE]["uniquenessScope"] == "NONE"


def test_a_value_counts_that_somebody_had_before_it_had_to_be_unique(worlds: WorldMaker) -> None:
    world = worlds(**ONE_EACH)
    world.add_person("old", claims={EMAIL_ADDRESS: MAILBOX})
    assert world.rows(unique_values) == []
    account = NewAccount("new", "Sample-Pass-1", {EMAIL_ADDRESS: MAILBOX})
    with pytest.raises(ClaimTaken):
        world.do(partial(add_user_by_hand, account=account, notifier=world.installation.notifier))


def test_of_two_accounts_made_by_hand_one_has_the_value(worlds: WorldMaker) -> None:
    world = worlds(**ONE_EACH)

    def add(name: str) -> bool:
        account, notifier = NewAccount(name, "Sample-Pass-1", {EMAIL_ADDRESS: MAILBOX}), world.installation.notifier
        try:
            world.do(lambda work: add_user_by_hand(work, account, notifier))
        except ClaimTaken:
            return False
        return True

    assert sorted(world.together(partial(add, "ann"), partial(add, "bob"))) == [False, True]
    assert len(world.rows(unique_values)) == 1


def test_every_claim_that_is_known_is_described_and_none_else() -> None:
    assert {each.uri for each in local_claims()} == KNOWN_CLAIMS
    named = [each.uri for each in local_claims()]
    assert len(named) == len(set(named))


def test_other_dialects_name_claims_that_there_are() -> None:
    for dialect in dialects():
        assert {claim.local_uri for claim in dialect.claims} <= KNOWN_CLAIMS, dialect.uri
        assert all(re.fullmatch(r"[\w.:/-]+", claim.uri) for claim in dialect.claims)


def test_what_a_profile_shows_and_asks_for_is_as_specified(world: World) -> None:
    shown = listed(world)
    first = sorted((each for each in shown.values() if each["displayOrder"]), key=lambda each: each["displayOrder"])
    assert [each["attributeMapping"][0]["mappedAttribute"] for each in first] == [
        "givenName", "sn", "organizationName", "streetAddress", "country", "mail", "telephoneNumber", "mobile", "im",
        "url",
    ]  # fmt: skip
    asked = {uri.removeprefix(CLAIMS) for uri, each in shown.items() if each["required"]}
    assert asked == {"givenname", "lastname", "emailaddress"}
    profile = {uri.removeprefix(CLAIMS) for uri, each in shown.items() if each["supportedByDefault"]}
    assert profile == asked | {"organization", "country", "telephone", "mobile", "im", "url", "role"}
    assert shown[CLAIMS + "userid"]["readOnly"]


def test_identity_claims_can_be_left_out(world: World) -> None:
    short = listed(world, "?exclude-identity-claims=true")
    assert EMAIL_ADDRESS in short
    assert not [uri for uri in short if "/identity/" in uri]
    assert len(short) == len(tomllib.loads(files("watchword.accounts").joinpath("claims.toml").read_text())["profile"])


def test_a_claim_is_read_by_its_id_and_mapped_in_every_store(world: World) -> None:
    world.do(lambda work: create_user_store(work, "STAFF"))
    shown = world.request("GET", f"{LOCAL}/{opaque_id(MOBILE)}").json
    assert (shown["id"], shown["claimURI"]) == (opaque_id(MOBILE), MOBILE)
    assert shown["attributeMapping"] == [
        {"mappedAttribute": "mobile", "userstore": "PRIMARY"}, {"mappedAttribute": "mobile", "userstore": "STAFF"},
    ]  # fmt: skip
    assert world.request("GET", f"{LOCAL}/{opaque_id(CLAIMS + 'shoe')}").status == 404


def test_a_dialect_is_read_by_its_id(world: World) -> None:
    found = {each["dialectURI"]: each["id"] for each in world.request("GET", DIALECTS).json}
    assert found["http://wso2.org/claims"] == "local"
    assert found[OIDC] == opaque_id(OIDC)
    assert world.request("GET", f"{DIALECTS}/{found[OIDC]}").json["dialectURI"] == OIDC
    assert world.request("GET", f"{DIALECTS}/local").json["dialectURI"] == "http://wso2.org/claims"
    claims = world.request("GET", f"{DIALECTS}/{found[OIDC]}/claims").json
    mapped = {each["claimURI"]: each["mappedLocalClaimURI"] for each in claims}
    assert mapped["phone_number"] == MOBILE
    assert mapped["phone_number_verified"] == PHONE_VERIFIED
    assert mapped["preferred_username"] == mapped["sub"] == CLAIMS + "username"
    one = world.request("GET", f"{DIALECTS}/{found[OIDC]}/claims/{opaque_id('email')}").json
    assert one["mappedLocalClaimURI"] == EMAIL_ADDRESS
    assert world.request("GET", f"{DIALECTS}/{found[OIDC]}/claims/{opaque_id('shoe')}").status == 404
    assert world.request("GET", f"{DIALECTS}/{opaque_id('http://nobody.example')}").status == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_claim_is_in_use_as_what_a_person_is_called_by_and_behind_another_name(world: World, method: str) -> None:
    mailbox = ClaimConfiguration(subject=SubjectRule(claim=EMAIL_ADDRESS))
    add_application(world, "by-mailbox", (BASIC,), claims=mailbox)
    add_application(world, "renaming", (BASIC,), claims=replace(mailbox, mappings={"mail": EMAIL_ADDRESS}))
    add_application(world, "elsewhere", (BASIC,), claims=mailbox, tenant=OTHER_TENANT)
    add_application(world, "stranger", (BASIC,))
    body = {"displayName": "Post"} if method == "PUT" else None
    told = world.request(method, f"{LOCAL}/{opaque_id(EMAIL_ADDRESS)}", body).json["description"]
    assert "the applications by-mailbox, renaming and" in told


def test_what_is_built_in_cannot_be_added_to(world: World) -> None:
    body = {"dialectURI": "http://mine.example"}
    places = [DIALECTS, LOCAL, f"{DIALECTS}/{opaque_id(OIDC)}/claims"]
    assert [world.request("POST", place, body).code for place in places] == ["CMT-60003"] * 3
    for method in ("PUT", "DELETE"):
        refused = world.request(method, f"{DIALECTS}/{opaque_id(OIDC)}", body if method == "PUT" else None)
        assert (refused.status, refused.code) == (403, "CMT-60003")


def test_claims_need_a_permission(world: World) -> None:
    assert world.request("GET", DIALECTS, by=CREATE_ONLY).status == 403
    observer = ("observer", "observer-secret")
    world.add_client(*observer, "claims:view")
    assert world.request("GET", LOCAL, by=observer).status == 200
    refused = world.request("DELETE", f"{LOCAL}/{opaque_id(MOBILE)}", by=observer)
    assert (refused.status, refused.code) == (403, "403-0")
