"""A new number or mailbox replaces the old one when it is proven (self-registration.md 4.5)."""

from functools import partial

import pytest

from tests.conftest import WorldMaker
from tests.world import API, MAILBOX, MOBILE_NUMBER, PASSWORD, Reply, World
from watchword.accounts.claims import (
    EMAIL_ADDRESS,
    GIVEN_NAME,
    MOBILE,
    PENDING_EMAIL,
    PENDING_MOBILE,
    VERIFY_MOBILE,
    Channel,
)
from watchword.accounts.store.users import Users
from watchword.registration.usecases.update import update_claims
from watchword.storage.schema import codes

NEW_NUMBER, NEW_MAILBOX = "+94771234568", "kim@example.org"
MOBILE_CHECKED = {"UserClaimUpdate.MobileNumber.EnableVerification": "true"}
EMAIL_CHECKED = {"UserClaimUpdate.Email.EnableVerification": "true"}
KIM = ("kim", PASSWORD)


def sign_up(world: World) -> None:
    world.register(email=MAILBOX)
    assert world.confirm(world.last_code()).status == 202


def change(world: World, claims: dict[str, str], *, as_person: bool = True) -> None:
    user = world.known()
    notifier = world.installation.notifier
    world.do(lambda work: update_claims(work, user, claims, notifier, as_person=as_person))


def prove(world: World, code: str, *, by: tuple[str, str] = KIM) -> Reply:
    return world.confirm(code, by=by, path="me/validate-code")


def send_again(world: World, scenario: str | None) -> Reply:
    properties = [{"key": "RecoveryScenario", "value": scenario}] if scenario else []
    return world.request("POST", f"{API}/me/resend-code", {"properties": properties}, by=KIM)


def test_a_new_number_waits_for_its_code(worlds: WorldMaker) -> None:
    world = worlds(**MOBILE_CHECKED)
    sign_up(world)
    change(world, {MOBILE: NEW_NUMBER, GIVEN_NAME: "Kim"})
    assert (world.known().address(Channel.SMS), world.known().claims[PENDING_MOBILE]) == (MOBILE_NUMBER, NEW_NUMBER)
    assert world.known().claims[GIVEN_NAME] == "Kim"
    letter = world.letters[-1]
    assert (letter.to, letter.template.lower()) == (NEW_NUMBER, "verifymobileonupdate")
    reply = prove(world, world.last_code())
    assert (reply.status, reply.octets) == (202, b"")
    user = world.known()
    assert (user.address(Channel.SMS), user.is_verified(Channel.SMS)) == (NEW_NUMBER, True)
    assert PENDING_MOBILE not in user.claims
    assert world.rows(codes) == []


def test_a_new_mailbox_waits_for_its_code(worlds: WorldMaker) -> None:
    world = worlds(**EMAIL_CHECKED)
    sign_up(world)
    change(world, {EMAIL_ADDRESS: NEW_MAILBOX})
    assert (world.known().address(Channel.EMAIL), world.known().claims[PENDING_EMAIL]) == (MAILBOX, NEW_MAILBOX)
    letter = world.letters[-1]
    assert (letter.to, letter.template.lower()) == (NEW_MAILBOX, "verifyemailonupdate")
    assert world.confirm(world.last_code()).status == 202
    user = world.known()
    assert (user.address(Channel.EMAIL), user.is_verified(Channel.EMAIL)) == (NEW_MAILBOX, True)


def test_the_letter_to_a_new_mailbox_names_the_number_and_not_the_mailbox_as_mobile(worlds: WorldMaker) -> None:
    world = worlds(**EMAIL_CHECKED)
    sign_up(world)
    change(world, {EMAIL_ADDRESS: NEW_MAILBOX})
    assert world.letters[-1].facts["mobile"] == MOBILE_NUMBER


def test_the_old_mailbox_is_told_where_the_tenant_wants_it(worlds: WorldMaker) -> None:
    world = worlds(**EMAIL_CHECKED, **{"UserClaimUpdate.Email.EnableNotification": "true"})
    sign_up(world)
    change(world, {EMAIL_ADDRESS: NEW_MAILBOX})
    assert {(letter.to, letter.template.lower()) for letter in world.letters[-2:]} == {
        (NEW_MAILBOX, "verifyemailonupdate"),
        (MAILBOX, "notifyonexistingemailupdate"),
    }


def test_without_the_check_a_new_number_applies_at_once_and_is_not_verified(world: World) -> None:
    sign_up(world)
    assert world.known().is_verified(Channel.SMS)
    change(world, {MOBILE: NEW_NUMBER})
    assert world.known().address(Channel.SMS) == NEW_NUMBER
    assert not world.known().is_verified(Channel.SMS)
    assert len(world.letters) == 1


def test_an_empty_number_is_removed_with_its_proof(worlds: WorldMaker) -> None:
    world = worlds(**MOBILE_CHECKED)
    sign_up(world)
    change(world, {MOBILE: ""})
    assert world.known().address(Channel.SMS) is None
    assert not world.known().is_verified(Channel.SMS)


def test_the_number_that_is_verified_already_is_not_verified_again(worlds: WorldMaker) -> None:
    world = worlds(**MOBILE_CHECKED)
    sign_up(world)
    change(world, {MOBILE: "+94 77 123 4567"})
    assert len(world.letters) == 1
    assert PENDING_MOBILE not in world.known().claims
    assert world.known().is_verified(Channel.SMS)


def test_only_who_asks_is_verified_where_the_tenant_wants_it(worlds: WorldMaker) -> None:
    world = worlds(**MOBILE_CHECKED, **{"UserClaimUpdate.UseVerifyClaim": "true"})
    sign_up(world)
    change(world, {MOBILE: NEW_NUMBER})
    assert world.known().address(Channel.SMS) == NEW_NUMBER
    change(world, {MOBILE: MOBILE_NUMBER, VERIFY_MOBILE: "true"})
    assert world.known().claims[PENDING_MOBILE] == MOBILE_NUMBER
    assert VERIFY_MOBILE not in world.known().claims


def test_an_administrator_changes_a_number_at_once(worlds: WorldMaker) -> None:
    world = worlds(**MOBILE_CHECKED)
    sign_up(world)
    change(world, {MOBILE: NEW_NUMBER}, as_person=False)
    assert world.known().address(Channel.SMS) == NEW_NUMBER


def test_a_number_is_proven_by_its_person_alone(worlds: WorldMaker) -> None:
    world = worlds(**MOBILE_CHECKED)
    sign_up(world)
    change(world, {MOBILE: NEW_NUMBER})
    code = world.last_code()
    reply = world.confirm(code)
    assert (reply.status, reply.code) == (400, "17007")
    world.add_person("pat")
    assert prove(world, code, by=("pat", PASSWORD)).code == "18003"
    assert world.known().address(Channel.SMS) == MOBILE_NUMBER
    assert prove(world, code).status == 202


def test_a_refused_proof_counts_as_a_try(worlds: WorldMaker) -> None:
    world = worlds(**MOBILE_CHECKED)
    sign_up(world)
    change(world, {MOBILE: NEW_NUMBER})
    code = world.last_code()
    for _ in range(5):
        assert world.confirm(code).code == "17007"
    assert prove(world, code).code == "18001"


def test_wrong_codes_of_the_person_count_against_the_persons_code(worlds: WorldMaker) -> None:
    world = worlds(**MOBILE_CHECKED)
    sign_up(world)
    change(world, {MOBILE: NEW_NUMBER})
    for _ in range(5):
        assert prove(world, "WRONG1").code == "18001"
    assert prove(world, world.last_code()).code == "18001"
    assert world.known().address(Channel.SMS) == MOBILE_NUMBER


def test_whoever_is_allowed_to_may_prove_a_number_for_somebody(worlds: WorldMaker) -> None:
    key = "UserClaimUpdate.MobileNumber.EnableVerificationByPrivilegedUser"
    world = worlds(**MOBILE_CHECKED, **{key: "true"})
    sign_up(world)
    change(world, {MOBILE: NEW_NUMBER}, as_person=False)
    assert world.known().claims[PENDING_MOBILE] == NEW_NUMBER
    assert world.confirm(world.last_code()).status == 202
    assert world.known().address(Channel.SMS) == NEW_NUMBER


def test_a_second_change_kills_the_first_code(worlds: WorldMaker) -> None:
    world = worlds(**MOBILE_CHECKED)
    sign_up(world)
    change(world, {MOBILE: NEW_NUMBER})
    first = world.last_code()
    change(world, {MOBILE: "+94771234569"})
    assert prove(world, first).code == "18001"
    assert prove(world, world.last_code()).status == 202
    assert world.known().address(Channel.SMS) == "+94771234569"


def test_a_code_for_a_value_that_waits_no_more_is_outdated(worlds: WorldMaker) -> None:
    world = worlds(**EMAIL_CHECKED)
    sign_up(world)
    change(world, {EMAIL_ADDRESS: NEW_MAILBOX})
    user = world.known()
    world.change(lambda work: Users(work).remove_claims(user.id, [PENDING_EMAIL]))
    assert prove(world, world.last_code()).code == "18023"
    assert world.known().address(Channel.EMAIL) == MAILBOX


def test_an_expired_code_proves_nothing(worlds: WorldMaker) -> None:
    world = worlds(**MOBILE_CHECKED)
    sign_up(world)
    change(world, {MOBILE: NEW_NUMBER})
    code = world.last_code()
    world.clock.tick(minutes=6)
    assert prove(world, code).code == "18002"


def test_the_person_may_ask_for_the_code_again(worlds: WorldMaker) -> None:
    world = worlds(**MOBILE_CHECKED)
    sign_up(world)
    change(world, {MOBILE: NEW_NUMBER})
    old = world.last_code()
    world.clock.tick(seconds=31)
    reply = send_again(world, "MOBILE_VERIFICATION_ON_UPDATE")
    assert (reply.status, reply.octets) == (201, b"")
    assert world.letters[-1].to == NEW_NUMBER
    assert prove(world, old).code == "18001"
    assert prove(world, world.last_code()).status == 202


@pytest.mark.parametrize(
    ("scenario", "code"),
    [
        (None, "UAR-10011"), ("NONSENSE", "UAR-10011"), ("ASK_PASSWORD", "UAR-10011"),
        ("MOBILE_VERIFICATION_ON_UPDATE", "20024"), ("EMAIL_VERIFICATION_ON_UPDATE", "20024"),
        ("SELF_SIGN_UP", "20024"),
    ],
)  # fmt: skip
def test_nothing_else_is_sent_again(world: World, scenario: str | None, code: str) -> None:
    sign_up(world)
    reply = send_again(world, scenario)
    assert (reply.status, reply.code) == (400, code)


def test_a_sign_up_code_is_not_killed_by_a_proof_and_the_other_way_round(worlds: WorldMaker) -> None:
    world = worlds(**MOBILE_CHECKED, **EMAIL_CHECKED)
    sign_up(world)
    change(world, {MOBILE: NEW_NUMBER})
    number_code = world.last_code()
    change(world, {EMAIL_ADDRESS: NEW_MAILBOX})
    assert prove(world, world.last_code()).status == 202
    assert prove(world, number_code).status == 202


def test_of_parallel_proofs_one_wins(worlds: WorldMaker) -> None:
    world = worlds(**MOBILE_CHECKED)
    sign_up(world)
    change(world, {MOBILE: NEW_NUMBER})
    replies = world.together(*[partial(prove, world, world.last_code())] * 6)
    assert sorted(reply.status for reply in replies) == [202] + [400] * 5


def test_a_person_changes_no_claim_that_is_not_its_own_to_set(world: World) -> None:
    sign_up(world)
    state = "http://wso2.org/claims/identity/accountLocked"
    change(world, {state: "true", "http://wso2.org/claims/role": "admin", GIVEN_NAME: "Kim"})
    assert not world.known().locked
    assert world.known().claims[GIVEN_NAME] == "Kim"
    assert "http://wso2.org/claims/role" not in world.known().claims
