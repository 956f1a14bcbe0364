"""What a registration is refused for, in which order, and that nothing is left of it (self-registration.md 2.2)."""

import pytest

from tests.conftest import WorldMaker
from tests.world import API, CREATE_ONLY, LONG_PASSWORD, MAILBOX, MOBILE_NUMBER, PASSWORD, TRUSTED, Reply, World
from watchword.accounts.claims import DIALECT, GIVEN_NAME, IDENTITY, MOBILE, PREFERRED_CHANNEL
from watchword.accounts.usecases.stores import create_user_store
from watchword.storage.schema import codes, messages, user_claims, users

BAD_CALLBACK = {"callback": "https://evil.example/"}
UNKNOWN_CHANNEL = {PREFERRED_CHANNEL: "PIGEON"}
ADMINISTRATORS_ROWS = 1


def assert_refused(world: World, reply: Reply, status: int, code: str) -> None:
    """Assert that a request was refused, and that nothing of it is stored."""
    assert (reply.status, reply.code) == (status, code), reply.text
    assert len(world.rows(users)) == ADMINISTRATORS_ROWS
    assert world.rows(user_claims) == world.rows(codes) == world.rows(messages) == []


def test_a_callback_comes_before_the_switch(worlds: WorldMaker) -> None:
    world = worlds(**{"SelfRegistration.Enable": "false"})
    assert_refused(world, world.register(properties=BAD_CALLBACK), 400, "20044")
    reply = world.register()
    assert_refused(world, reply, 400, "20021")
    assert reply.json["description"] == "Self sign up feature is disabled"


def test_the_switch_comes_before_the_channel(worlds: WorldMaker) -> None:
    world = worlds(**{"SelfRegistration.Enable": "false"})
    assert_refused(world, world.register(claims=UNKNOWN_CHANNEL), 400, "20021")


def test_the_taken_name_comes_before_the_channel(world: World) -> None:
    assert world.register("admin", claims=UNKNOWN_CHANNEL).code == "20030"


def test_in_5_10_the_channel_comes_before_the_taken_name(worlds: WorldMaker) -> None:
    world = worlds(**{"watchword.compat_profile": "is-5.10"})
    assert world.register("admin", claims=UNKNOWN_CHANNEL).code == "USR-10001"


def test_the_channel_comes_before_the_patterns(world: World) -> None:
    assert_refused(world, world.register("k!", password="x", claims=UNKNOWN_CHANNEL), 400, "USR-10001")


def test_the_names_pattern_comes_before_the_passwords(world: World) -> None:
    assert_refused(world, world.register("k!", password="x"), 400, "20045")
    assert_refused(world, world.register(password="x"), 400, "20035")


def test_the_realm_comes_before_the_taken_name(world: World) -> None:
    reply = world.register("admin", realm="NOWHERE", claims=UNKNOWN_CHANNEL)
    assert_refused(world, reply, 400, "20047")
    assert reply.json["description"] == "Invalid domain NOWHERE provided."


def test_a_taken_name_is_told_in_the_words_of_the_reference(world: World) -> None:
    world.register("TestUser1")
    reply = world.register("TestUser1")
    assert reply.status == 409
    assert reply.json == {
        "code": "20030",
        "message": "Conflict",
        "description": "User TestUser1 already exists in the system. Please use a different username.",
    }


@pytest.mark.parametrize("name", ["KIM", "Kim", "PRIMARY/kim", "primary/KIM", "kim@carbon.super"])
def test_a_name_is_taken_in_all_its_forms(worlds: WorldMaker, name: str) -> None:
    world = worlds(**{"user_store.username_java_regex": ".{3,40}"})
    world.register("kim")
    assert world.register(name, mobile="+94771234568").code == "20030"


@pytest.mark.parametrize("name", ["trusted", "TRUSTED", "administrator", "root"])
def test_names_of_clients_and_reserved_names_are_taken(world: World, name: str) -> None:
    assert_refused(world, world.register(name), 409, "20030")


def test_another_accounts_mailbox_is_taken_as_a_name(worlds: WorldMaker) -> None:
    world = worlds(**{"user_store.username_java_regex": ".{3,40}"})
    world.register("kim", email=MAILBOX)
    assert world.register("KIM@Example.com", mobile="+94771234568").code == "20030"


def test_a_suffix_of_another_tenant_is_refused(worlds: WorldMaker) -> None:
    world = worlds(**{"user_store.username_java_regex": ".{3,40}"})
    assert_refused(world, world.register("kim@acme.example"), 400, "20045")
    assert world.register("kim@nobody.example").status == 201


def test_a_realm_before_the_name_that_contradicts_the_stated_one_is_refused(world: World) -> None:
    world.do(lambda work: create_user_store(work, "STAFF"))
    assert_refused(world, world.register("STAFF/kim", realm="PRIMARY"), 400, "20045")
    assert world.register("STAFF/kim", realm="staff").status == 201
    assert world.user("kim") is None
    assert world.user("STAFF/kim") is not None


def test_a_broken_rule_of_the_store_is_told_in_its_own_words(worlds: WorldMaker) -> None:
    key = "user_store.password_java_regex_violation_error_msg"
    assert worlds(**{key: "No."}).register(password="x").json["description"] == "No."


def test_the_recommended_profile_names_every_broken_rule(worlds: WorldMaker) -> None:
    world = worlds(profile="recommended")
    assert_refused(world, world.register(password="short"), 400, "20035")
    assert_refused(world, world.register(password="passwordpassword"), 400, "20035")
    assert_refused(world, world.register(password="x" * 257), 400, "20035")
    emoji = "".join(chr(0x1F300 + number * 37 % 256) for number in range(256))
    assert world.register(password=emoji).status == 201


@pytest.mark.parametrize(
    ("callback", "allowed"),
    [
        ("https://id.example.com/login?x=1#y", True),
        ("https%3A%2F%2Fid.example.com%2Flogin", True),
        ("https://id.example.com.evil.example/login", False),
        ("https://id.example.com@evil.example/", False),
        ("https://evil.example/https://id.example.com/", False),
        ("//id.example.com/login", False),
        ("javascript:alert(1)//https://id.example.com/", False),
        ("https://id.example.com\\@evil.example/", False),
        ("https://id.example.com/a%0d%0ab", False),
        ("https://[", False),
        ("%ff", False),
    ],
)
def test_a_callback_must_match_in_full(worlds: WorldMaker, callback: str, allowed: bool) -> None:  # noqa: FBT001  # a table
    world = worlds(**{"identity_mgt.user_self_registration.callback_url": r"https://id\.example\.com/.*"})
    reply = world.register(properties={"callback": callback})
    if allowed:
        assert reply.status == 201
    else:
        assert_refused(world, reply, 400, "20044")


def test_without_a_pattern_only_our_own_origin_is_a_callback(worlds: WorldMaker) -> None:
    world = worlds(**{"watchword.public_url": "https://id.example.com"})
    assert world.register(properties={"callback": "https://id.example.com/welcome"}).status == 201
    assert world.register("pat", properties={"callback": "https://id.example.org/welcome"}).code == "20044"


# --- claims -----------------------------------------------------------------------------------------------------------


def test_a_claim_that_nobody_knows_is_named(world: World) -> None:
    reply = world.register(claims={f"{DIALECT}favouriteColour": "blue"})
    assert_refused(world, reply, 400, "USR-10003")
    assert f"{DIALECT}favouriteColour" in reply.json["description"]


@pytest.mark.parametrize(
    "uri",
    [f"{IDENTITY}accountLocked", f"{IDENTITY}accountState", f"{DIALECT}role", f"{DIALECT}groups", f"{DIALECT}userid"],
)
def test_a_claim_that_is_not_the_callers_to_set_is_dropped(world: World, uri: str) -> None:
    assert world.register(claims={uri: "admin"}, by=TRUSTED).status == 201
    assert world.known().locked
    assert world.known().roles == ("Internal/selfsignup",)
    assert uri not in world.known().claims
    assert [event.reason for event in world.audit("claim_dropped")] == [uri]


def test_a_claim_twice_is_refused(world: World) -> None:
    claims = [{"uri": MOBILE, "value": MOBILE_NUMBER}] * 2
    body = {"user": {"username": "kim", "password": PASSWORD, "claims": claims}}
    reply = world.request("POST", f"{API}/me", body)
    assert_refused(world, reply, 400, "USR-10003")
    assert MOBILE in reply.json["description"]


def test_a_claim_that_is_null_is_absent(world: World) -> None:
    claims = [{"uri": MOBILE, "value": MOBILE_NUMBER}, {"uri": GIVEN_NAME, "value": None}]
    body = {"user": {"username": "kim", "password": PASSWORD, "claims": claims}}
    assert world.request("POST", f"{API}/me", body).status == 201
    assert GIVEN_NAME not in world.known().claims


def test_claims_are_bounded_in_number_and_length(world: World) -> None:
    many = [{"uri": MOBILE, "value": MOBILE_NUMBER}] * 65
    body = {"user": {"username": "kim", "password": PASSWORD, "claims": many}}
    assert_refused(world, world.request("POST", f"{API}/me", body), 400, "USR-10003")
    assert_refused(world, world.register(claims={GIVEN_NAME: "x" * 4097}), 400, "USR-10003")
    assert world.register(claims={GIVEN_NAME: "x" * 4096}).status == 201


def test_properties_are_bounded_in_number(world: World) -> None:
    assert_refused(world, world.register(properties={f"p{n}": "" for n in range(65)}), 400, "USR-10003")


def test_a_required_claim_must_be_there(worlds: WorldMaker) -> None:
    world = worlds(**{"watchword.registration.required_claims": GIVEN_NAME})
    reply = world.register()
    assert_refused(world, reply, 400, "USR-10003")
    assert GIVEN_NAME in reply.json["description"]
    assert world.register(claims={GIVEN_NAME: "Kim"}).status == 201


def test_a_mailbox_must_be_of_an_allowed_domain(worlds: WorldMaker) -> None:
    world = worlds(**{"watchword.registration.allowed_email_domains": "example.org"})
    assert_refused(world, world.register(email=MAILBOX), 400, "USR-10009")
    assert world.register(email="kim@Example.ORG").status == 201


@pytest.mark.parametrize(("profile", "code"), [("seed", "20035"), ("is-6", "20035"), ("is-7", "60007")])
def test_a_value_that_must_be_unique_is_refused(worlds: WorldMaker, profile: str, code: str) -> None:
    world = worlds(**{"watchword.claims.unique": MOBILE, "watchword.compat_profile": profile})
    world.register()
    reply = world.register("pat", mobile="+94 77 123 4567")
    assert (reply.status, reply.code) == (400, code)
    assert world.user("pat") is None
    assert world.register("sam", mobile="+94771234568").status == 201


def test_control_characters_in_an_address_are_refused_even_if_it_is_not_used(world: World) -> None:
    reply = world.register(email="kim@example.com\r\nBcc: all@example.com")
    assert_refused(world, reply, 400, "USR-10003")


# --- consent ----------------------------------------------------------------------------------------------------------

RECEIPT = '{"services": [{"purposes": [{"piiCategory": [{"piiCategoryName": "http://wso2.org/claims/mobile"}]}]}]}'


def test_claims_without_consent_are_dropped(world: World) -> None:
    assert world.register(claims={GIVEN_NAME: "Kim"}, properties={"consent": RECEIPT}).status == 201
    assert GIVEN_NAME not in world.known().claims
    assert MOBILE in world.known().claims


@pytest.mark.parametrize(
    "receipt", ["no JSON", "[]", '{"services": 1}', "[" * 20000, '{"services": [{"purposes": [1]}]}']
)
def test_a_receipt_that_is_none_is_refused(world: World, receipt: str) -> None:
    assert_refused(world, world.register(properties={"consent": receipt}), 400, "USR-10003")


# --- our own failures -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "status", "code"),
    [
        ("read_settings", 500, "20033"),
        ("store_consent", 500, "20042"),
        ("add_user", 500, "20019"),
        ("lock_user", 500, "20022"),
        ("store_record", 500, "20009"),
        ("publish_event", 500, "20043"),
        ("unexpected", 500, "18013"),
        ("before_commit", 500, "18013"),
        ("PasswordInvalid", 400, "20046"),
        ("password_action", 400, "20067"),
    ],
)
def test_a_step_that_fails_has_its_code_and_leaves_nothing(world: World, place: str, status: int, code: str) -> None:
    world.faults.places.add(place)
    reply = world.register(properties={"consent": RECEIPT})
    world.faults.places.clear()
    assert_refused(world, reply, status, code)
    assert place not in reply.text
    assert world.register().status == 201


def test_nothing_is_told_of_a_failure_but_its_code(world: World) -> None:
    world.faults.places.add("unexpected")
    assert world.register().json == {
        "code": "18013",
        "message": "Internal server error",
        "description": "The server encountered an internal error. Please contact administrator.",
    }


def test_a_caller_without_the_permission_registers_nobody(world: World) -> None:
    world.add_client("viewer", "viewer-secret", "usermgt:view")
    assert_refused(world, world.register(by=("viewer", "viewer-secret")), 403, "403-0")
    assert world.register(by=CREATE_ONLY).status == 201


def test_the_recommended_profile_registers_with_a_long_password(worlds: WorldMaker) -> None:
    assert worlds(profile="recommended").register(password=LONG_PASSWORD).status == 201
