"""What applications are told about people, and under which names."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from watchword.accounts.claims import DIALECT, EMAIL_ADDRESS, GIVEN_NAME, MOBILE
from watchword.accounts.model import User, UserName
from watchword.applications.model import (
    ROLE_CLAIM,
    Application,
    ClaimConfiguration,
    RequestedClaim,
    RoleRule,
    SubjectRule,
)
from watchword.applications.release import roles_for, subject_of, tell

KIM = User(
    "id-of-kim",
    UserName("PRIMARY", "kim", "kim"),
    None,
    datetime(2030, 1, 1, tzinfo=UTC),
    claims={MOBILE: "+94771234567", EMAIL_ADDRESS: "kim@example.com", GIVEN_NAME: "  ", DIALECT + "url": "a,,, ,,,b"},
    roles=("admin", "Internal/selfsignup", "Application/shop"),
)
ELSEWHERE = replace(KIM, name=UserName("STAFF", "kim@acme.example", "kim"), roles=("sales", "STAFF/boss"))


def application(*names: str, **claims: object) -> Application:
    requested = tuple(RequestedClaim(name) for name in names)
    return Application(id="1", name="shop", claims=replace(ClaimConfiguration(requested=requested), **claims))  # type: ignore[arg-type]


def test_only_what_is_asked_for_is_told() -> None:
    assert tell(application(), KIM).claims == {}
    assert tell(application(MOBILE), KIM).claims == {MOBILE: ("+94771234567",)}


def test_several_values_are_told_one_by_one_and_empty_ones_not() -> None:
    told = tell(application(DIALECT + "url", GIVEN_NAME, DIALECT + "im"), KIM)
    assert told.claims == {DIALECT + "url": ("a", "b")}
    assert told.missing == ()


def test_a_claim_that_must_be_there_and_is_not_is_named_as_ours() -> None:
    asked = (RequestedClaim("first", mandatory=True), RequestedClaim("phone", mandatory=True))
    mappings = {"first": GIVEN_NAME, "phone": MOBILE}
    told = tell(application(requested=asked, mappings=mappings), KIM)
    assert told.claims == {"phone": ("+94771234567",)}
    assert told.missing == (GIVEN_NAME,)


def test_what_we_keep_ourselves_can_be_asked_for() -> None:
    told = tell(application(DIALECT + "username", DIALECT + "userid", DIALECT + "created"), KIM)
    assert list(told.claims.values()) == [("kim",), ("id-of-kim",), ("2030-01-01T00:00:00.000Z",)]


@pytest.mark.parametrize("name", ["identity/secretkey", "otpbackupcodes", "oneTimePassword", "identity/askPassword"])
def test_secrets_are_told_to_nobody(name: str) -> None:
    user = replace(KIM, claims={DIALECT + name: "JBSWY3DP"})
    assert tell(application(DIALECT + name), user).claims == {}


def test_both_spellings_of_a_claim_are_one() -> None:
    user = replace(KIM, claims={DIALECT + "identity/phoneVerified": "true"})
    assert tell(application(DIALECT + "phoneVerified"), user).claims == {DIALECT + "phoneVerified": ("true",)}


def test_roles_have_the_names_of_the_application() -> None:
    rule = RoleRule(mappings={"admin": "boss"})
    told = tell(application(ROLE_CLAIM, role=rule), KIM).claims[ROLE_CLAIM]
    assert told == ("boss", "Internal/selfsignup", "Application/shop", "Internal/everyone")


def test_the_claim_of_the_roles_may_be_any() -> None:
    rule = RoleRule(claim="memberOf")
    told = tell(application("memberOf", mappings={"memberOf": DIALECT + "department"}, role=rule), KIM)
    assert told.claims["memberOf"][0] == "admin"


def test_roles_of_a_user_store_stand_with_its_name_or_without() -> None:
    assert roles_for(RoleRule(), ELSEWHERE) == ("STAFF/sales", "STAFF/boss", "Internal/everyone")
    assert roles_for(RoleRule(with_realm=False), ELSEWHERE) == ("sales", "boss", "Internal/everyone")
    assert roles_for(RoleRule(mappings={"STAFF/sales": "till"}), ELSEWHERE)[0] == "till"


@pytest.mark.parametrize(
    ("rule", "user", "subject"),
    [
        (SubjectRule(), KIM, "kim"),
        (SubjectRule(claim=EMAIL_ADDRESS), KIM, "kim@example.com"),
        (SubjectRule(claim=GIVEN_NAME), KIM, "kim"),
        (SubjectRule(with_realm=True, with_tenant=True), KIM, "kim@acme.example"),
        (SubjectRule(), ELSEWHERE, "kim"),
        (SubjectRule(with_realm=True), ELSEWHERE, "STAFF/kim"),
        (SubjectRule(with_realm=True, with_tenant=True), ELSEWHERE, "STAFF/kim@acme.example"),
        (SubjectRule(claim=DIALECT + "identity/secretkey"), KIM, "kim"),
    ],
)
def test_a_person_is_named_as_the_application_wants(rule: SubjectRule, user: User, subject: str) -> None:
    assert subject_of(application(subject=rule), user, "acme.example") == subject
