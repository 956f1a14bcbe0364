"""What becomes of a registration: every row of self-registration.md 3.5, and the bodies of every profile."""

from itertools import product

import pytest

from tests.conftest import WorldMaker
from tests.world import CREATE_ONLY, MAILBOX, TRUSTED, World
from watchword.accounts.claims import EMAIL_VERIFIED, PHONE_VERIFIED, PREFERRED_CHANNEL, Channel
from watchword.accounts.model import SELF_SIGN_UP_ROLE, AccountState, LockedReason
from watchword.registration.model import Outcome, decide_outcome
from watchword.storage.schema import codes, messages, users
from watchword.tenants.policies import SelfRegistration

YES_AND_NO = (True, False)


@pytest.mark.parametrize(("lock", "internal", "sends"), list(product(YES_AND_NO, repeat=3)))
def test_whoever_is_verified_is_let_in_at_once(lock: bool, internal: bool, sends: bool) -> None:  # noqa: FBT001  # O1 to O4
    policy = SelfRegistration(lock_on_creation=lock, internally_managed=internal, send_confirmation_on_creation=sends)
    assert decide_outcome(policy, verified=True) is Outcome.VERIFIED


@pytest.mark.parametrize(
    ("lock", "internal", "sends", "row"),
    [
        (True, True, False, Outcome.WAITING),  # O5, O6
        (True, True, True, Outcome.WAITING),
        (True, False, False, Outcome.WAITING_EXTERNAL),  # O7
        (True, False, True, Outcome.WAITING_EXTERNAL),
        (False, True, False, Outcome.OPEN),  # O8, O9
        (False, False, False, Outcome.OPEN),  # O10
        (False, False, True, Outcome.OPEN),
        (False, True, True, Outcome.OPEN_TO_CONFIRM),  # O11
    ],
)
def test_the_others_wait_or_not_as_the_policy_says(lock: bool, internal: bool, sends: bool, row: Outcome) -> None:  # noqa: FBT001  # a table
    policy = SelfRegistration(lock_on_creation=lock, internally_managed=internal, send_confirmation_on_creation=sends)
    assert decide_outcome(policy, verified=False) is row


# --- through the front door -------------------------------------------------------------------------------------------

LOCK_OFF = {"SelfRegistration.LockOnCreation": "false"}
EXTERNAL = {"SelfRegistration.Notification.InternallyManage": "false"}
SENDS = {"SelfRegistration.SendConfirmationOnCreation": "true"}
NO_DETAIL = {"identity_mgt.user_self_registration.enable_detailed_api_response": "false"}
BODY = {"code", "message", "notificationChannel", "confirmationCode"}


def test_a_locked_account_waits_for_the_code_that_was_sent(world: World) -> None:  # O5
    reply = world.register()
    assert reply.status == 201
    assert reply.json == {
        "code": "USR-02001",
        "message": "Successful user self registration. Pending account verification.",
        "notificationChannel": "SMS",
        "confirmationCode": None,
    }
    user = world.known()
    assert user.locked
    assert (user.state, user.locked_reason) == (
        AccountState.PENDING_SELF_REGISTRATION,
        LockedReason.PENDING_SELF_REGISTRATION,
    )
    assert user.roles == (SELF_SIGN_UP_ROLE,)
    assert [(letter.channel, letter.template.lower()) for letter in world.letters] == [("SMS", "accountconfirmation")]


def test_a_flag_of_the_other_channel_is_kept_but_opens_nothing(world: World) -> None:  # O6
    reply = world.register(email=MAILBOX, claims={PHONE_VERIFIED: "true", PREFERRED_CHANNEL: "EMAIL"})
    assert (reply.code, reply.json["notificationChannel"]) == ("USR-02001", "EMAIL")
    assert world.known().locked
    assert world.known().is_verified(Channel.SMS)
    assert [letter.channel for letter in world.letters] == ["EMAIL"]


def test_a_caller_that_sends_itself_is_given_the_code(worlds: WorldMaker) -> None:  # O7
    world = worlds(**EXTERNAL)
    body = world.register().json
    assert (body["code"], body["notificationChannel"]) == ("USR-02002", "EXTERNAL")
    assert body["message"] == "Successful user self registration. External verification required"
    assert world.letters == []
    assert world.known().locked
    assert world.confirm(body["confirmationCode"]).status == 202
    assert not world.known().locked


def test_without_the_lock_the_account_is_open_and_nothing_is_sent(worlds: WorldMaker) -> None:  # O8
    world = worlds(**LOCK_OFF)
    body = world.register().json
    assert body == {
        "code": "USR-02003",
        "message": "Successful user self registration. Account not locked on user creation",
        "notificationChannel": None,
        "confirmationCode": None,
    }
    assert (world.known().locked, world.known().state) == (False, None)
    assert (world.rows(codes), world.rows(messages)) == ([], [])


def test_an_open_account_may_be_asked_to_confirm(worlds: WorldMaker) -> None:  # O11
    world = worlds(**LOCK_OFF, **SENDS)
    assert world.register().code == "USR-02003"
    assert (world.known().locked, world.known().state) == (False, AccountState.PENDING_SELF_REGISTRATION)
    assert world.confirm(world.last_code()).status == 202
    assert world.known().state is AccountState.UNLOCKED
    assert world.known().is_verified(Channel.SMS)


@pytest.mark.parametrize("settings", [{}, EXTERNAL, LOCK_OFF, {**LOCK_OFF, **EXTERNAL}])
def test_a_trusted_caller_may_say_that_the_address_is_verified(
    worlds: WorldMaker, settings: dict[str, str]
) -> None:  # O1 to O4
    world = worlds(**settings)
    body = world.register(claims={PHONE_VERIFIED: "TRUE"}, by=TRUSTED).json
    assert body["code"] == "USR-02004"
    assert body["message"] == (
        "Successful user self registration with verified channel. Account not locked on user creation."
        if EXTERNAL.keys() <= settings.keys()
        else "Successful user self registration with verified channel. Account verification not required."
    )
    assert (body["notificationChannel"], body["confirmationCode"]) == (None, None)
    assert not world.known().locked
    assert world.known().is_verified(Channel.SMS)
    assert world.rows(codes) == []


def test_a_caller_without_the_permission_is_answered_as_if_it_had_not_said_so(world: World) -> None:
    reply = world.register(claims={PHONE_VERIFIED: "true"}, by=CREATE_ONLY)
    assert reply.code == "USR-02001"
    assert world.known().locked
    assert not world.known().is_verified(Channel.SMS)
    assert [event.reason for event in world.audit("preverified_claim_ignored")] == [PHONE_VERIFIED]


def test_the_short_spelling_of_a_flag_passes_the_same_gate(world: World) -> None:
    short = "http://wso2.org/claims/phoneVerified"
    assert world.register("first", claims={short: "true"}, by=CREATE_ONLY).code == "USR-02001"
    assert world.register("second", claims={short: "true"}, by=TRUSTED).code == "USR-02004"
    assert world.known("second").claims[PHONE_VERIFIED] == "true"
    assert short not in world.known("second").claims


def test_the_long_spelling_of_a_flag_wins(world: World) -> None:
    spellings = {"http://wso2.org/claims/phoneVerified": "true", PHONE_VERIFIED: "false"}
    assert world.register(claims=spellings, by=TRUSTED).code == "USR-02001"


def test_a_permission_for_one_channel_says_nothing_of_the_other(world: World) -> None:
    world.add_client("texter", "texter-secret", "selfregister:create", "selfregister:assert-verified:SMS")
    flags = {PHONE_VERIFIED: "true", EMAIL_VERIFIED: "true"}
    world.register(email=MAILBOX, claims=flags, by=("texter", "texter-secret"))
    assert world.known().is_verified(Channel.SMS)
    assert not world.known().is_verified(Channel.EMAIL)


def test_a_flag_without_its_value_is_dropped(world: World) -> None:
    assert world.register(claims={EMAIL_VERIFIED: "true"}, by=TRUSTED).code == "USR-02001"
    assert not world.known().is_verified(Channel.EMAIL)


def test_a_flag_beside_a_value_that_is_no_address_is_dropped(world: World) -> None:
    claims = {PHONE_VERIFIED: "true", PREFERRED_CHANNEL: "EMAIL"}
    assert world.register(mobile="not a number", email=MAILBOX, claims=claims, by=TRUSTED).status == 201
    assert not world.known().is_verified(Channel.SMS)


@pytest.mark.parametrize("said", ["True", "yes", "1", "false", "", " true"])
def test_only_the_word_true_says_that_an_address_is_verified(world: World, said: str) -> None:
    expected = "USR-02004" if said == "True" else "USR-02001"
    assert world.register(claims={PHONE_VERIFIED: said}, by=TRUSTED).code == expected


def test_an_operator_may_have_verified_addresses_confirmed_all_the_same(worlds: WorldMaker) -> None:
    key = "identity_mgt.user_self_registration.enable_account_lock_for_verified_preferred_channel"
    world = worlds(**{key: "true"})
    assert world.register(claims={PHONE_VERIFIED: "true"}, by=TRUSTED).code == "USR-02001"
    assert world.known().is_verified(Channel.SMS)


@pytest.mark.parametrize("profile", ["is-5.10", "is-6"])
def test_older_releases_leave_the_code_out_where_we_send(worlds: WorldMaker, profile: str) -> None:
    internal = worlds(**{"watchword.compat_profile": profile})
    assert internal.register().json.keys() == BODY - {"confirmationCode"}
    external = worlds(**{"watchword.compat_profile": profile}, **EXTERNAL)
    body = external.register().json
    assert body.keys() == BODY
    assert body["message"] == "Successful user self registration. Pending External verification."


def test_release_7_tells_the_users_id(worlds: WorldMaker) -> None:
    internal = worlds(**{"watchword.compat_profile": "is-7"})
    body = internal.register().json
    assert body.keys() == BODY - {"confirmationCode"} | {"userId"}
    assert body["userId"] == internal.known().id
    external = worlds(**{"watchword.compat_profile": "is-7"}, **EXTERNAL)
    assert external.register().json.keys() == BODY | {"userId"}


@pytest.mark.parametrize("profile", ["is-5.10", "is-6", "is-7"])
def test_the_other_profiles_say_upstreams_words(worlds: WorldMaker, profile: str) -> None:
    open_one = worlds(**{"watchword.compat_profile": profile}, **LOCK_OFF)
    assert open_one.register().json["message"] == (
        "Successful user self registration. Account verification not required."
    )


@pytest.mark.parametrize("settings", [{}, LOCK_OFF, {**LOCK_OFF, **SENDS}])
def test_the_legacy_body_is_empty_where_we_send(worlds: WorldMaker, settings: dict[str, str]) -> None:
    reply = worlds(**NO_DETAIL, **settings).register()
    assert (reply.status, reply.octets) == (201, b"")


def test_the_legacy_body_is_the_bare_code_where_the_caller_sends(worlds: WorldMaker) -> None:
    world = worlds(**NO_DETAIL, **EXTERNAL)
    reply = world.register()
    assert reply.status == 201
    assert reply.headers["content-type"].startswith("text/plain")
    assert len(reply.text) == 36
    assert world.confirm(reply.text).status == 202


def test_a_failed_first_attempt_leaves_a_locked_account_that_can_be_resent_to(worlds: WorldMaker) -> None:
    world = worlds(courier="running", **{"watchword.delivery.answer": "first-attempt"})
    world.post_office.refuses = "not today"
    reply = world.register()
    assert (reply.status, reply.code) == (500, "20011")
    assert reply.json["description"] == ("The server encountered an internal error. Please contact administrator.")
    assert world.known().locked
    assert world.states() == ["failed"]
    world.post_office.refuses = None
    world.clock.tick(seconds=31)
    assert world.resend().status == 201
    assert world.confirm(world.last_code()).status == 202


@pytest.mark.parametrize("missing", ["sender", "template"])
def test_what_cannot_be_sent_is_told_at_once_and_leaves_a_failed_message(world: World, missing: str) -> None:
    if missing == "sender":
        world.post_office.closed.add(Channel.SMS)
    else:
        world.faults.places.add("template:SMS:accountconfirmation")
    reply = world.register()
    assert (reply.status, reply.code) == (500, "20011")
    assert len(world.rows(users)) == 2
    assert world.states() == ["failed"]
