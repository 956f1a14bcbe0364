"""What redeeming a code does, and when it is refused (self-registration.md 2.4, 4.2; decisions 5.1)."""

from itertools import product

import pytest

from tests.conftest import WorldMaker
from tests.world import (
    CREATE_ONLY,
    LONG_PASSWORD,
    MAILBOX,
    MOBILE_NUMBER,
    OTHER_TENANT,
    TRUSTED,
    World,
)
from watchword.accounts.claims import EMAIL_ADDRESS, EXTERNAL, MOBILE, Channel
from watchword.accounts.model import AccountState, Proof
from watchword.accounts.store.users import Users
from watchword.accounts.usecases.people import lock_user
from watchword.base.problems import ChannelNotVerifiable
from watchword.notification.outbox import unseal_message
from watchword.registration.model import FlagRule, RequestedChannel, channels_to_verify
from watchword.storage.schema import codes

EMAIL, SMS = Channel.EMAIL, Channel.SMS
BOTH = {EMAIL, SMS}
AS_SMS, AS_EMAIL = ("SMS", MOBILE), ("EMAIL", EMAIL_ADDRESS)


def anything(channel: Channel) -> bool:
    """Say that every channel may be asserted."""
    del channel
    return True


# --- which flag (2.4.1) -----------------------------------------------------------------------------------------------

TABLE = [
    # carried, requested, 5.10, 6.0 and later, seed
    (EMAIL, None, {EMAIL}, {EMAIL}, {EMAIL}),
    (EMAIL, EMAIL, {EMAIL}, {EMAIL}, {EMAIL}),
    (EMAIL, SMS, {EMAIL}, {SMS}, BOTH),
    (SMS, None, {SMS}, {EMAIL}, BOTH),
    (SMS, SMS, {SMS}, {SMS}, {SMS}),
    (SMS, EMAIL, {SMS}, {EMAIL}, BOTH),
    (EXTERNAL, None, {EMAIL}, {EMAIL}, {EMAIL}),
    (EXTERNAL, SMS, {SMS}, {SMS}, {SMS}),
    (EXTERNAL, EMAIL, {EMAIL}, {EMAIL}, {EMAIL}),
]


@pytest.mark.parametrize(("carried", "requested", "older", "later", "seed"), TABLE)
def test_each_row_of_the_table_holds(
    carried: str, requested: Channel | None, older: set[Channel], later: set[Channel], seed: set[Channel]
) -> None:
    rows = {FlagRule.CARRIED: older, FlagRule.REQUESTED: later, FlagRule.BOTH: seed}
    for rule, row in rows.items():
        marked = channels_to_verify(rule, carried=carried, requested=requested, may_assert=anything, compat=True)
        assert marked == row


@pytest.mark.parametrize(("rule", "compat"), list(product(FlagRule, (True, False))))
def test_without_the_permission_or_the_table_only_what_was_delivered_is_marked(rule: FlagRule, compat: bool) -> None:  # noqa: FBT001  # a table
    def may_assert(channel: Channel) -> bool:
        del channel
        return not compat

    for carried in Channel:
        for requested in (None, carried):
            marked = channels_to_verify(
                rule, carried=carried, requested=requested, may_assert=may_assert, compat=compat
            )
            assert marked == {carried}
        with pytest.raises(ChannelNotVerifiable):
            channels_to_verify(rule, carried=carried, requested=carried.other, may_assert=may_assert, compat=compat)


@pytest.mark.parametrize("rule", FlagRule)
def test_what_a_caller_delivered_itself_it_must_be_allowed_to_assert(rule: FlagRule) -> None:
    for requested in (None, EMAIL, SMS):
        marked = channels_to_verify(
            rule, carried=EXTERNAL, requested=requested, may_assert=lambda channel: channel is SMS, compat=True
        )
        assert marked == ({SMS} if requested is SMS else set())


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (("PIGEON", MOBILE), "USR-10001"),
        (("sms", MOBILE), "USR-10001"),
        (("EXTERNAL", ""), "USR-10001"),
        (("", MOBILE), "USR-10001"),
        (("SMS", EMAIL_ADDRESS), "UAV-10001"),
        (("EMAIL", MOBILE), "UAV-10001"),
        (("SMS", MOBILE.upper()), "UAV-10001"),
    ],
)
def test_a_channel_that_is_none_is_refused_and_costs_no_try(world: World, given: tuple[str, str], code: str) -> None:
    world.register(email=MAILBOX)
    reply = world.confirm(world.last_code(), verified=given)
    assert (reply.status, reply.code) == (400, code)
    assert [row["attempts"] for row in world.rows(codes)] == [0]


def test_a_type_without_a_claim_decides_alone() -> None:
    assert RequestedChannel("SMS", None).channel() is SMS
    assert RequestedChannel("EMAIL", "").channel() is EMAIL


@pytest.mark.parametrize(
    ("profile", "marked"), [("seed", BOTH), ("is-5.10", {SMS}), ("is-6", {EMAIL}), ("is-7", {EMAIL})]
)
def test_a_trusted_caller_marks_what_its_release_marks(worlds: WorldMaker, profile: str, marked: set[Channel]) -> None:
    world = worlds(**{"watchword.compat_profile": profile})
    world.register(email=MAILBOX)
    assert world.confirm(world.last_code()).status == 202
    assert {channel for channel in Channel if world.known().is_verified(channel)} == marked


def test_a_caller_without_the_permission_marks_what_was_delivered(world: World) -> None:
    world.register(email=MAILBOX)
    assert world.confirm(world.last_code(), by=CREATE_ONLY).status == 202
    assert {channel for channel in Channel if world.known().is_verified(channel)} == {SMS}


def test_no_flag_is_set_without_an_address(world: World) -> None:
    world.register()
    world.confirm(world.last_code(), verified=AS_EMAIL)
    assert {channel for channel in Channel if world.known().is_verified(channel)} == {SMS}


def test_a_contradicting_channel_is_refused_and_counted(world: World) -> None:
    world.register(email=MAILBOX)
    code = world.last_code()
    for _ in range(4):
        assert world.confirm(code, verified=AS_EMAIL, by=CREATE_ONLY).code == "UAV-10001"
    assert [row["attempts"] for row in world.rows(codes)] == [4]
    assert world.known().locked
    assert world.confirm(code, verified=AS_SMS, by=CREATE_ONLY).status == 202


def test_the_fifth_contradiction_kills_the_code(world: World) -> None:
    world.register(email=MAILBOX)
    code = world.last_code()
    for _ in range(5):
        assert world.confirm(code, verified=AS_EMAIL, by=CREATE_ONLY).code == "UAV-10001"
    assert world.confirm(code, verified=AS_SMS, by=CREATE_ONLY).code == "18001"


def test_under_recommended_only_the_delivered_channel_is_marked_for_anybody(worlds: WorldMaker) -> None:
    world = worlds(profile="recommended")
    world.register(password=LONG_PASSWORD, email=MAILBOX)
    assert world.confirm(world.last_code(), verified=AS_EMAIL, by=TRUSTED).code == "UAV-10001"
    assert world.confirm(world.last_code(), by=TRUSTED).status == 202
    assert {channel for channel in Channel if world.known().is_verified(channel)} == {SMS}


def test_an_external_code_without_the_permission_opens_the_account_and_marks_nothing(worlds: WorldMaker) -> None:
    world = worlds(**{"SelfRegistration.Notification.InternallyManage": "false"})
    code = world.register(email=MAILBOX, by=CREATE_ONLY).json["confirmationCode"]
    assert world.confirm(code, by=CREATE_ONLY).status == 202
    assert not world.known().locked
    assert not any(world.known().is_verified(channel) for channel in Channel)


def test_who_said_that_an_address_is_verified_is_kept(world: World) -> None:
    world.register(email=MAILBOX)
    world.confirm(world.last_code())
    user = world.known()
    proofs = world.do(lambda work: Users(work).verifications(user.id))
    assert [(proof.channel, proof.how, proof.by) for proof in proofs] == [
        (EMAIL, Proof.APPLICATION, "admin"),
        (SMS, Proof.CODE, "admin"),
    ]


# --- what it does -----------------------------------------------------------------------------------------------------


def test_a_confirmed_account_is_open_and_its_code_is_gone(world: World) -> None:
    world.register()
    code = world.last_code()
    reply = world.confirm(code)
    assert (reply.status, reply.octets) == (202, b"")
    user = world.known()
    assert (user.locked, user.locked_reason, user.state) == (False, None, AccountState.UNLOCKED)
    assert user.confirmed_at is not None
    assert world.rows(codes) == []
    assert world.confirm(code).code == "18001"


@pytest.mark.parametrize("profile", ["is-6", "is-7"])
def test_later_releases_tell_whose_code_it_was(worlds: WorldMaker, profile: str) -> None:
    world = worlds(**{"watchword.compat_profile": profile})
    world.register()
    assert world.confirm(world.last_code()).json == {
        "username": "kim", "tenant-domain": "carbon.super", "realm": "PRIMARY", "userId": world.known().id,
    }  # fmt: skip


@pytest.mark.parametrize("place", ["set_claims", "unexpected", "before_commit"])
def test_a_confirmation_that_fails_leaves_the_code_usable(world: World, place: str) -> None:
    world.register()
    code = world.last_code()
    world.faults.places.add(place)
    assert world.confirm(code).code == ("20023" if place == "set_claims" else "18013")
    world.faults.places.clear()
    assert world.known().locked
    assert world.confirm(world.last_code()).status == 202


def test_a_confirmed_person_is_told_where_the_tenant_wants_it(worlds: WorldMaker) -> None:
    world = worlds(**{"SelfRegistration.NotifyAccountConfirmation": "true"})
    world.register(email=MAILBOX)
    world.confirm(world.last_code())
    assert [letter.template.lower() for letter in world.letters] == ["accountconfirmation", "selfsignupsuccess"]
    assert world.letters[-1].to == MAILBOX


def test_a_message_that_still_waits_is_cancelled_with_its_code(world: World) -> None:
    world.register()
    world.post_office.is_unreachable = "not now"
    world.deliver()
    assert world.states() == ["waiting"]
    message = world.messages()[0]
    code = world.do(lambda work: unseal_message(work, message))["facts"]["confirmation-code"]
    assert world.confirm(code).status == 202
    assert world.states() == ["cancelled"]
    assert world.messages()[0].sealed is None


# --- when it is refused -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["", " ", "NOSUCH", "x" * 200])
def test_an_unknown_code_is_invalid(world: World, code: str) -> None:
    reply = world.confirm(code)
    assert (reply.status, reply.code) == (400, "18001")
    assert reply.json["description"] == f"Invalid Code '{code[:64]}'."


def test_what_is_echoed_is_cut_and_cleaned(world: World) -> None:
    reply = world.confirm("a\r\nSet-Cookie: x\x1b[31m" + "y" * 100)
    assert reply.json["description"] == f"Invalid Code '{('aSet-Cookie: x[31m' + 'y' * 100)[:64]}'."


def test_a_code_is_compared_exactly(world: World) -> None:
    world.register()
    code = world.last_code()
    for wrong in (code.lower(), f" {code}", f"{code} ", code[:-1], f"{code}\u0301"):
        if wrong != code:
            assert world.confirm(wrong).code == "18001"
    assert world.confirm(code).status == 202


def test_older_releases_put_the_dot_inside(worlds: WorldMaker) -> None:
    world = worlds(**{"watchword.compat_profile": "is-5.10"})
    assert world.confirm("X").json["description"] == "Invalid Code 'X.'"


def test_a_code_of_another_tenant_is_unknown_and_costs_it_no_try(world: World) -> None:
    world.register(tenant=OTHER_TENANT)
    code = world.last_code()
    assert world.confirm(code).code == "18001"
    assert [row["attempts"] for row in world.rows(codes)] == [0]
    assert world.confirm(code, tenant=OTHER_TENANT).status == 202


def test_whoever_names_a_user_must_hit_that_users_code(world: World) -> None:
    world.register("kim")
    kims = world.last_code()
    world.register("pat", mobile="+94771234568")
    pats = world.last_code()
    assert world.confirm(kims, user="pat").code == "18001"
    assert world.confirm(kims, user="nobody").code == "18001"
    assert {row["attempts"] for row in world.rows(codes)} == {0, 1}
    assert world.confirm(kims, user="KIM").status == 202
    assert world.confirm(pats, user="PRIMARY/pat").status == 202


def test_five_wrong_codes_for_a_user_kill_the_users_code(world: World) -> None:
    world.register()
    code = world.last_code()
    for _ in range(5):
        assert world.confirm("WRONG1", user="kim").code == "18001"
    assert world.confirm(code, user="kim").code == "18001"
    assert world.confirm(code).code == "18001"
    assert world.known().locked


def test_four_wrong_codes_do_not(world: World) -> None:
    world.register()
    for _ in range(4):
        world.confirm("WRONG1", user="kim")
    assert world.confirm(world.last_code(), user="kim").status == 202


def test_a_short_code_needs_to_say_whose_it_is_under_recommended(worlds: WorldMaker) -> None:
    world = worlds(profile="recommended", **{"identity_mgt.user_self_registration.sms_otp_regex": "[0-9]{6}"})
    world.register(password=LONG_PASSWORD)
    code = world.last_code()
    assert world.confirm(code).code == "18001"
    assert world.introspect(code).code == "18001"
    assert world.introspect(code, user="kim").status == 202
    assert world.confirm(code, user="kim").status == 202


def test_a_code_of_forty_bits_needs_not(worlds: WorldMaker) -> None:
    world = worlds(profile="recommended")
    world.register(password=LONG_PASSWORD)
    assert len(world.last_code()) == 8
    assert world.confirm(world.last_code()).status == 202


# --- when it is too late ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("profile", "address", "alive", "dead"),
    [
        ("wso2", {"mobile": MOBILE_NUMBER}, 0.9, 1.1),
        ("wso2", {"mobile": None, "email": MAILBOX}, 1439, 1441),
        ("recommended", {"mobile": MOBILE_NUMBER}, 9.9, 10.1),
        ("recommended", {"mobile": None, "email": MAILBOX}, 1439, 1441),
    ],
)
def test_a_code_lives_as_long_as_its_channel_says(
    worlds: WorldMaker, profile: str, address: dict[str, str | None], alive: float, dead: float
) -> None:
    world = worlds(profile=profile)
    for name, minutes in (("early", alive), ("late", dead)):
        world.register(name, password=LONG_PASSWORD if profile == "recommended" else "Sample-Pass-1", **address)  # type: ignore[arg-type]  # addresses
        code = world.last_code()
        world.clock.tick(minutes=minutes)
        assert world.confirm(code).status == (202 if name == "early" else 400)


def test_an_expired_code_stays_expired(worlds: WorldMaker) -> None:
    world = worlds()
    world.register()
    code = world.last_code()
    world.clock.tick(minutes=2)
    for _ in range(8):
        reply = world.confirm(code)
        assert (reply.code, reply.json["description"]) == ("18002", f"Expired Code '{code}'.")
    world.clock.tick(minutes=-2)
    assert world.confirm(code).code == "18002"
    assert world.known().locked


def test_a_negative_life_is_for_ever(worlds: WorldMaker) -> None:
    world = worlds(**{"identity_mgt.user_self_registration.verification_sms_validity": "-1"})
    world.register()
    world.clock.tick(days=4000)
    assert world.confirm(world.last_code()).status == 202


# --- looking without touching -----------------------------------------------------------------------------------------


def test_a_look_changes_nothing(world: World) -> None:
    world.register()
    for _ in range(7):
        reply = world.introspect(world.last_code())
        assert reply.status == 202
        assert reply.json == {
            "user": {"username": "kim", "tenant-domain": "carbon.super", "realm": "PRIMARY", "userId": None},
            "recoveryScenario": "SELF_SIGN_UP", "recoveryStep": "CONFIRM_SIGN_UP", "isExpired": False,
        }  # fmt: skip
    assert world.known().locked
    assert [row["attempts"] for row in world.rows(codes)] == [0]
    world.clock.tick(minutes=2)
    assert world.introspect(world.last_code()).json["isExpired"] is True
    assert world.introspect("NOSUCH").code == "18001"


def test_wrong_looks_at_a_users_code_count_as_tries(world: World) -> None:
    world.register()
    for _ in range(5):
        assert world.introspect("WRONG1", user="kim").code == "18001"
    assert world.introspect(world.last_code(), user="kim").code == "18001"
    assert world.confirm(world.last_code()).code == "18001"


def test_a_code_does_not_open_what_an_administrator_has_locked(world: World) -> None:
    world.register()
    kim = world.known()
    world.do(lambda work: lock_user(work, kim))
    assert world.confirm(world.last_code()).status == 202
    assert world.known().is_verified(Channel.SMS)
    assert world.known().locked
