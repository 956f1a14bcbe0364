"""Saying more of oneself than one may: MASS, and the vectors claims_never_stored."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.attacks.corpus import vectors
from tests.attacks.interface import operations
from tests.attacks.stage import (
    API,
    CLAIM,
    CREATE_ONLY,
    IDENTITY,
    PASSWORD,
    TRUSTED,
    Stage,
)
from tests.pages.visitor import Fields

case = pytest.mark.case
EMAIL_VERIFIED = f"{IDENTITY}emailVerified"
EXTERNAL = '{"identity_mgt": {"user_self_registration": {"notification": {"manage_internally": false}}}}'
UNIQUE_MAIL = json.dumps({"watchword": {"claims": {"unique": [f"{CLAIM}emailaddress"]}}})
SELF_SERVICE = {("GET", f"{API}/me"), ("POST", f"{API}/me/validate-code"), ("POST", f"{API}/me/resend-code")}
"""The documented list: what a person who has signed up may call (decisions 5.2)."""


def assert_pending(stage: Stage, name: str) -> None:
    user = stage.user(name)
    assert user is not None
    assert user["locked"]
    assert user["state"] == "PENDING_SR"
    assert stage.proofs(name) == set()
    assert EMAIL_VERIFIED not in stage.claims(name)


@case("MASS-02")
def test_a_caller_that_may_only_create_cannot_assert(stage: Stage) -> None:
    name = stage.new_name()
    answer = stage.register(name, by=CREATE_ONLY, claims={EMAIL_VERIFIED: "true"})
    assert (answer.status, answer.code) == (201, "USR-02001")
    assert_pending(stage, name)
    assert stage.code_of(name)
    user = stage.user(name)
    assert user is not None
    assert [row["reason"] for row in stage.audited("preverified_claim_ignored", user["id"])] == [EMAIL_VERIFIED]


@case("MASS-05")
def test_no_spelling_of_the_flag_is_believed(stage: Stage) -> None:
    spellings: list[tuple[str, Any]] = [
        (f"{CLAIM}emailVerified", "true"),
        ("HTTP://wso2.org/claims/identity/emailVerified", "true"),
        (f"{EMAIL_VERIFIED}/", "true"),
        (f"{EMAIL_VERIFIED} ", "true"),
        ("http://wso2.org/claims/identity%2FemailVerified", "true"),
        ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:emailVerified", "true"),
        *((EMAIL_VERIFIED, value) for value in ("true", "TRUE", " true", "1", "yes", ["true"], True)),
    ]
    for uri, value in spellings:
        name = stage.new_name()
        answer = stage.register(name, by=CREATE_ONLY, claims=[(uri, value)])
        assert answer.status in {201, 400}, (uri, value)
        if answer.status == 201:
            assert_pending(stage, name)
        else:
            assert stage.user(name) is None
    twice = [(EMAIL_VERIFIED, "false"), (EMAIL_VERIFIED, "true")]
    assert stage.register(stage.new_name(), claims=twice).status == 400


@case("MASS-07", toml=UNIQUE_MAIL)
def test_an_assertion_does_not_take_an_address_from_its_owner(stage: Stage) -> None:
    first, second = stage.new_name("first"), stage.new_name("second")
    address = f"{first}@a.test"
    assert stage.confirm(stage.pending(first, mailbox=address)).status == 202
    before = stage.user(first), stage.claims(first)
    answer = stage.register(second, by=TRUSTED, mailbox=address, claims={EMAIL_VERIFIED: "true"})
    assert answer.status in {201, 400, 409}
    assert stage.proofs(second) == set()
    assert (stage.user(first), stage.claims(first)) == before


@case("MASS-10", toml=EXTERNAL)
def test_only_who_may_assert_says_which_channel_was_proven(stage: Stage) -> None:
    def code_of(name: str) -> str:
        code: str = stage.register(name).json["confirmationCode"]
        return code

    bad: list[dict[str, str]] = [
        {"type": "sms", "claim": f"{CLAIM}mobile"}, {"type": "Sms", "claim": f"{CLAIM}mobile"},
        {"type": "EXTERNAL", "claim": f"{CLAIM}mobile"}, {"type": "PUSH", "claim": f"{CLAIM}mobile"},
        {"type": "EMAIL", "claim": f"{CLAIM}mobile"}, {"type": "SMS", "claim": f"{CLAIM}emailaddress"},
    ]  # fmt: skip
    good = {"type": "SMS", "claim": f"{CLAIM}mobile"}
    untrusted, trusted = stage.new_name("untrusted"), stage.new_name("trusted")
    code = code_of(untrusted)
    assert [stage.confirm(code, verifiedChannel=each).status for each in bad] == [400] * len(bad)
    assert stage.confirm(code, by=CREATE_ONLY, verifiedChannel=good).status == 202
    user = stage.user(untrusted)
    assert user is not None
    assert not user["locked"]
    assert stage.proofs(untrusted) == set()
    assert stage.confirm(code_of(trusted), by=TRUSTED, verifiedChannel=good).status == 202
    assert stage.proofs(trusted) == {"SMS"}


@case("MASS-11")
def test_what_is_not_the_callers_to_set_is_not_stored(stage: Stage) -> None:
    """The vectors claims_never_stored, by a caller that may create and assert nothing."""
    more = [
        (f"{IDENTITY}adminForcedPasswordReset", "false"), (f"{IDENTITY}preferredMFAOption", "sms"),
        (f"{CLAIM}permissions", "all"), ("internal_roles", "admin"), (f"{CLAIM}department", "admin"),
    ]  # fmt: skip
    for uri, value in [*vectors("claims_never_stored"), *more]:
        name = stage.new_name()
        answer = stage.register(name, by=CREATE_ONLY, claims=[(uri, value)])
        if answer.status == 400:
            assert (answer.code, stage.user(name)) == ("USR-10003", None), uri
            continue
        assert answer.status == 201, uri
        user = stage.user(name)
        assert user is not None
        assert_pending(stage, name)
        kept = set(stage.claims(name)) - {
            f"{CLAIM}{own}" for own in ("givenname", "lastname", "emailaddress", "mobile")
        }
        assert kept == {f"{IDENTITY}preferredChannel"}, uri
        assert stage.roles(name) == {"Internal/selfsignup"}
        told = stage.audited("claim_dropped", user["id"]) + stage.audited("preverified_claim_ignored", user["id"])
        assert len(told) == 1, uri


@case("MASS-14")
def test_who_has_signed_up_may_call_what_is_documented_and_nothing_else(stage: Stage) -> None:
    name = stage.new_name("person")
    assert stage.confirm(stage.pending(name)).status == 202
    closed = [each for each in operations(stage) if not each.is_open and (each.method, each.path) not in SELF_SERVICE]
    with stage.no_effect():
        for operation in closed:
            answer = stage.ask(operation.method, operation.address, operation.sample, by=(name, PASSWORD))
            assert answer.status == 403, (operation, answer)
    assert len(closed) >= 10


@case("MASS-04")
def test_a_page_says_nothing_that_its_form_does_not_have(stage: Stage) -> None:
    name, address = stage.new_name("surfer"), "/accountrecoveryendpoint/register.do"
    shown = stage.ask("GET", address, by=None)
    cookie = shown.headers["set-cookie"].partition(";")[0]
    page = Fields()
    page.feed(shown.body.decode())
    typed = {
        "username": name,
        "password": PASSWORD,
        "repeated": PASSWORD,
        "channel": "EMAIL",
        "email": f"{name}@a.test",
    }
    extra = {
        f"claims[{EMAIL_VERIFIED}]": "true", "emailVerified": "true", "phoneVerified": "on", "accountLocked": "false",
        EMAIL_VERIFIED: "true", "user.claims[0].uri": EMAIL_VERIFIED, "user.claims[0].value": "true",
    }  # fmt: skip
    octets = urlencode({**page.hidden, **typed, **extra}).encode()
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    assert stage.ask("POST", address, octets, by=None, headers=headers).status in {302, 303}
    assert_pending(stage, name)
    json_headers = {"Cookie": cookie, "Content-Type": "application/json"}
    assert (
        stage.ask("POST", address, json.dumps({**typed, **extra}).encode(), by=None, headers=json_headers).status == 415
    )
