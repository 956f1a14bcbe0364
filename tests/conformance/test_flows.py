"""Whole stories, each on SQLite and on PostgreSQL: whatever is stored comes back the same."""

from functools import partial

from tests.conftest import WorldMaker
from tests.world import API, LONG_PASSWORD, MAILBOX, MOBILE_NUMBER, OTHER_TENANT, PASSWORD, TRUSTED, World
from watchword.accounts.claims import GIVEN_NAME, MOBILE, PHONE_VERIFIED, Channel
from watchword.accounts.model import AccountState, LockedReason, Proof
from watchword.accounts.store.clients import Clients
from watchword.accounts.store.users import Users
from watchword.base.kinds import read_limit
from watchword.notification.store import Messages
from watchword.registration.usecases.people import remove_user
from watchword.registration.usecases.update import update_claims
from watchword.storage.counters import count
from watchword.storage.schema import codes, counters, unique_values, user_claims, verifications
from watchword.storage.work import Work


def test_a_person_signs_up_and_confirms(world: World) -> None:
    claims = {GIVEN_NAME: "Κίμ 🦊 O'Neil \\ %s", "http://wso2.org/claims/locality": ""}
    assert world.register(email=MAILBOX, claims=claims).code == "USR-02001"
    user = world.known()
    assert user.claims[GIVEN_NAME] == "Κίμ 🦊 O'Neil \\ %s"
    assert (user.state, user.locked_reason) == (
        AccountState.PENDING_SELF_REGISTRATION,
        LockedReason.PENDING_SELF_REGISTRATION,
    )
    assert world.confirm(world.last_code()).status == 202
    confirmed = world.known()
    assert (confirmed.locked, confirmed.state, confirmed.locked_reason) == (False, AccountState.UNLOCKED, None)
    assert confirmed.created_at == user.created_at
    assert confirmed.confirmed_at is not None
    assert confirmed.confirmed_at > user.created_at
    proofs = world.do(lambda work: Users(work).verifications(user.id))
    assert [proof.how for proof in proofs] == [Proof.APPLICATION, Proof.CODE]
    assert world.request("GET", f"{API}/me", by=("kim", PASSWORD)).json["basic"][GIVEN_NAME] == claims[GIVEN_NAME]
    [entry] = world.messages()
    assert (entry.state, entry.attempts, entry.sealed) == ("sent", 1, None)
    assert entry.sent_at is not None


def test_a_verified_person_is_let_in_at_once(world: World) -> None:
    assert world.register(claims={PHONE_VERIFIED: "true"}, by=TRUSTED).code == "USR-02004"
    assert world.known().is_verified(Channel.SMS)


def test_wrong_codes_resends_and_expiry(world: World) -> None:
    world.register()
    old = world.last_code()
    for _ in range(3):
        assert world.confirm("WRONG1", user="kim").code == "18001"
    assert [row["attempts"] for row in world.rows(codes)] == [3]
    world.clock.tick(seconds=31)
    assert world.resend().status == 201
    new = world.last_code()
    assert [row["attempts"] for row in world.rows(codes)] == [0]
    assert world.confirm(old).code == "18001"
    world.clock.tick(minutes=2)
    assert world.introspect(new).json["isExpired"] is True
    assert world.confirm(new).code == "18002"
    assert [row["expired"] for row in world.rows(codes)] == [True]
    assert world.register(mobile="+94771234568").status == 201
    assert world.confirm(world.last_code()).status == 202
    assert world.known().address(Channel.SMS) == "+94771234568"


def test_a_new_number_is_proven(worlds: WorldMaker) -> None:
    world = worlds(**{"UserClaimUpdate.MobileNumber.EnableVerification": "true"})
    world.register(email=MAILBOX)
    world.confirm(world.last_code())
    user, notifier = world.known(), world.installation.notifier
    world.do(lambda work: update_claims(work, user, {MOBILE: "+94771234568"}, notifier, as_person=True))
    assert world.confirm(world.last_code(), by=("kim", PASSWORD), path="me/validate-code").status == 202
    assert world.known().address(Channel.SMS) == "+94771234568"
    assert len(world.rows(verifications)) == 2


def test_a_user_goes_with_everything_of_it(worlds: WorldMaker) -> None:
    world = worlds(**{"watchword.claims.unique": MOBILE})
    world.register(claims={PHONE_VERIFIED: "true", GIVEN_NAME: "Kim"}, email=MAILBOX, by=TRUSTED)
    assert len(world.rows(unique_values)) == 1
    user = world.known()
    world.do(lambda work: remove_user(work, user))
    for table in (user_claims, verifications, unique_values, codes):
        assert world.rows(table) == []
    assert world.register(email=MAILBOX).status == 201


def test_what_waits_is_cancelled_with_its_user(world: World) -> None:
    world.register()
    user = world.known()
    world.do(lambda work: remove_user(work, user))
    assert world.states() == ["cancelled"]
    assert world.letters == []
    assert world.do(lambda work: Messages(work).last_of(user.id)) is not None


def test_tenants_do_not_see_one_another(world: World) -> None:
    world.register()
    world.deliver()  # two that are due together arrive in any order
    world.register(tenant=OTHER_TENANT)
    assert world.confirm(world.last_code()).code == "18001"
    assert world.confirm(world.last_code(), tenant=OTHER_TENANT).status == 202
    assert world.known().locked
    assert len(world.messages()) == len(world.messages(OTHER_TENANT)) == 1
    assert world.do(lambda work: Clients(work).find("trusted"), OTHER_TENANT) is None


def test_the_sweeper_can_be_called_again_and_again(worlds: WorldMaker) -> None:
    world = worlds(profile="recommended")
    world.register(password=LONG_PASSWORD, headers={"Idempotency-Key": "k"})
    world.clock.tick(days=2)
    for _ in range(3):
        world.sweep()
        assert world.user() is None
        assert world.rows(counters) == []
    assert world.states() == ["expired"]


def test_no_text_is_too_odd_to_be_looked_up(world: World) -> None:
    for odd in ("' OR 1=1 --", "\\", "%", "_", "\u202e", "💩", "\ud7ff", "x" * 5000):
        assert world.confirm(odd, user=odd).code == "18001"
        assert world.resend(odd).code in {"20024", "20047"}
        assert world.request("POST", f"{API}/validate-username", {"username": odd}).status in {200, 400}


def test_a_nul_in_a_header_or_an_address_is_no_fault_of_ours(world: World) -> None:
    assert world.request("GET", f"{API}/me", by=("ad\0min", "admin")).status == 401
    assert world.request("GET", f"{API}/pi-info/YQBiL2tpbQ").status in {400, 404}
    assert world.request("GET", f"{API}/pi-info/a%00b").status in {400, 404}
    assert world.register(tenant="a%00b").status == 404
    assert world.request("GET", f"{API}/me?x=%00").status == 200


def test_of_48_parallel_counts_as_many_pass_as_the_limit_allows(world: World) -> None:
    limit = read_limit("7/1m")

    def pass_by(work: Work) -> bool:
        passed = count(work, "test", "door", limit)
        work.commit()
        return passed

    assert sum(world.together(*[partial(world.do, pass_by)] * 48)) == 7
    world.clock.tick(seconds=61)
    assert world.do(pass_by)


def test_a_number_is_stored_as_it_was_typed(world: World) -> None:
    world.register(mobile="+94 77 123-4567")
    assert [row["folded"] for row in world.rows(user_claims) if row["uri"] == MOBILE] == [MOBILE_NUMBER]
    assert world.known().address(Channel.SMS) == "+94 77 123-4567"


def test_the_figures_can_be_asked_for(world: World) -> None:
    world.register()
    figures = world.request("GET", "/metrics", by=None)
    assert figures.status == 200
    assert 'watchword_messages_open{state="waiting"} 1.0' in figures.text
    assert world.request("GET", "/health/ready", by=None).text == "ready\n"
