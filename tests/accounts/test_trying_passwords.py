"""Trying a password: what is told, what is counted, and how much work it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pytest

from tests.conftest import WorldMaker
from tests.world import ADMIN, API, LONG_PASSWORD, OTHER_TENANT, PASSWORD, World
from watchword.accounts.claims import ACCOUNT_DISABLED, EMAIL_ADDRESS, FAILED_BEFORE_SUCCESS, MOBILE, Channel
from watchword.accounts.model import AccountState, Proof, User
from watchword.accounts.store.users import Users
from watchword.accounts.usecases.login_names import find_login_user
from watchword.accounts.usecases.passwords import (
    MustChange,
    PasswordOutcome,
    PasswordTried,
    change_own_password,
    change_password,
    must_change_password,
    prove_password,
    require_password_change,
    try_password,
)
from watchword.accounts.usecases.people import lock_user, proof_of, set_state, unlock_user
from watchword.accounts.usecases.stores import create_user_store
from watchword.base.hashing import Hasher
from watchword.base.problems import AccountLocked, CredentialsInvalid, PasswordRefused
from watchword.storage.engine import Database, Transaction
from watchword.storage.statements import Statement
from watchword.storage.work import Work, Works
from watchword.tenants.usecases import change_policy

WRONG = "Wrong-Pass-3"
NEW = "Another-Pass-2"
NUMBER = "+94771234567"


def prove(world: World, typed: str, password: str = WRONG, *, known: bool = False) -> PasswordTried:
    def prove_it(work: Work) -> PasswordTried:
        user = find_login_user(work, typed)
        tried = prove_password(work, typed, password, {user.id} if known and user else ())
        work.commit()
        return tried

    return world.do(prove_it)


def outcome(world: World, typed: str, password: str = WRONG, *, known: bool = False) -> PasswordOutcome:
    return prove(world, typed, password, known=known).outcome


def decide(world: World, connector: str, **values: str) -> None:
    world.do(
        lambda work: change_policy(work, connector, {f"{connector}.{name}": each for name, each in values.items()})
    )


@pytest.fixture
def strict(worlds: WorldMaker) -> World:
    """Return an installation under ``recommended``, with pat in it."""
    world = worlds(profile="recommended")
    world.add_person()
    return world


def test_wrong_passwords_lock_under_wso2_and_the_lock_ends_by_itself(world: World) -> None:
    pat = world.add_person()
    tried = [prove(world, "pat") for _ in range(6)]
    assert [each.outcome for each in tried] == [PasswordOutcome.WRONG] * 5 + [PasswordOutcome.LOCKED]
    assert [each.failed.left for each in tried if each.failed] == [4, 3, 2, 1, 0]
    locked = tried[4].failed
    assert locked is not None
    assert locked.lock is not None
    assert world.known("pat").locked_reason == "MAX_ATTEMPTS_EXCEEDED"
    assert outcome(world, "pat", PASSWORD) is PasswordOutcome.LOCKED
    with pytest.raises(AccountLocked):
        world.do(lambda work: try_password(work, "pat", PASSWORD))
    world.clock.tick(minutes=5, seconds=1)
    assert world.do(lambda work: try_password(work, "pat", PASSWORD)).id == pat.id
    found = world.known("pat")
    assert (found.locked, found.locked_reason, found.unlock_at, found.lockouts) == (False, None, None, 0)


def test_under_recommended_nobody_is_locked_out_by_strangers(strict: World) -> None:
    for _ in range(1000):
        prove(strict, "pat")
    assert not strict.known("pat").locked
    assert outcome(strict, "pat", PASSWORD) is PasswordOutcome.TOO_EARLY
    assert outcome(strict, "pat", PASSWORD, known=True) is PasswordOutcome.RIGHT
    strict.clock.tick(seconds=60)
    assert outcome(strict, "pat", PASSWORD) is PasswordOutcome.RIGHT


def test_a_device_that_is_known_is_no_way_around_the_waits(strict: World) -> None:
    tried = [outcome(strict, "pat", known=True) for _ in range(7)]
    assert tried == [PasswordOutcome.WRONG] * 5 + [PasswordOutcome.TOO_EARLY] * 2


def test_a_name_is_one_name_however_it_is_spelt(strict: World) -> None:
    for typed in ("pat", "PAT", "PRIMARY/pat", "pat@carbon.super", " primary/Pat@carbon.super "):
        assert outcome(strict, typed) is PasswordOutcome.WRONG
    assert outcome(strict, "pat", PASSWORD) is PasswordOutcome.TOO_EARLY
    for typed in ("zed", "ZED", "PRIMARY/zed", "zed@carbon.super", " primary/Zed@carbon.super "):
        assert outcome(strict, typed) is PasswordOutcome.WRONG
    assert outcome(strict, "zed") is PasswordOutcome.TOO_EARLY


@pytest.mark.parametrize("profile", ["recommended", "wso2"])
def test_an_unknown_name_costs_the_same_work(worlds: WorldMaker, profile: str) -> None:
    world = worlds(profile=profile)
    world.add_person()
    world.add_person("shut", locked=True)
    world.add_person("off", disabled=True)
    traces = {name: [trace(world, name) for _ in range(4)] for name in ("pat", "nobody", "shut", "off")}
    assert traces["pat"] == traces["nobody"] == traces["shut"] == traces["off"]
    assert [sum(each == "hash" for each in one) for one in traces["pat"]] == [1] * 4
    assert [sum(each == "commit" for each in one) for one in traces["pat"]] == [2] * 4


def test_a_locked_account_costs_the_same_work(world: World) -> None:
    world.add_person()
    [trace(world, "pat") for _ in range(5)]
    assert outcome(world, "pat") is PasswordOutcome.LOCKED
    assert trace(world, "pat") == trace(world, "nobody")


def trace(world: World, name: str) -> list[object]:
    """Return what a wrong password makes the server do: statements, hashes and commits, in their order."""
    seen: list[object] = []
    surroundings = world.installation.works.surroundings
    watched = replace(
        surroundings, database=WatchedDatabase(surroundings.database, seen), hasher=WatchedHasher(seen)
    )  # fmt: skip

    def guess(work: Work) -> None:
        prove_password(work, name, WRONG)
        work.commit()

    Works(watched).do("carbon.super", guess)
    return seen


class WatchedHasher(Hasher):
    """Notes each password that it compares."""

    def __init__(self, seen: list[object]) -> None:
        super().__init__(memory_kib=8, passes=1)
        self.seen = seen

    def verify(self, password_hash: str | None, password: str) -> bool:
        self.seen.append("hash")
        return super().verify(password_hash, password)


@dataclass
class WatchedDatabase:
    """Notes what is asked of a database."""

    database: Database
    seen: list[object]

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # whatever it is there
        return getattr(self.database, name)

    def open(self, *, reading: bool = False) -> Any:  # noqa: ANN401  # like a transaction in all that is used here
        return WatchedTransaction(self.database.open(reading=reading), self.seen)


@dataclass
class WatchedTransaction:
    """Notes statements and commits."""

    transaction: Transaction
    seen: list[object]

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # whatever it is there
        return getattr(self.transaction, name)

    def run(self, statement: Statement, values: Mapping[str, Any]) -> list[Any]:
        self.seen.append(statement)
        return self.transaction.run(statement, values)

    def write(self, statement: Statement, values: Mapping[str, Any]) -> None:
        self.seen.append(statement)
        self.transaction.write(statement, values)

    def commit(self) -> None:
        self.seen.append("commit")
        self.transaction.commit()


def test_the_state_of_an_account_is_told_only_to_whoever_knows_the_password(world: World) -> None:
    world.add_person("off", disabled=True)
    world.add_person("shut", locked=True)
    world.add_person("new", locked=True, state=AccountState.PENDING_SELF_REGISTRATION)
    assert {outcome(world, name) for name in ("off", "shut", "new")} == {PasswordOutcome.WRONG}
    assert [outcome(world, name, PASSWORD) for name in ("off", "shut", "new")] == [
        PasswordOutcome.DISABLED, PasswordOutcome.LOCKED, PasswordOutcome.PENDING,
    ]  # fmt: skip


def test_what_opens_an_account_forgets_its_failures(world: World) -> None:
    pat = world.add_person()
    for opens in (
        partial(unlock_user, user=pat),
        lambda work: set_state(work, pat, {"http://wso2.org/claims/identity/accountLocked": "false"}),
    ):
        [prove(world, "pat") for _ in range(5)]
        assert world.known("pat").locked
        world.change(opens)
        found = world.known("pat")
        assert (found.locked, found.unlock_at, found.lockouts) == (False, None, 0)
        assert outcome(world, "pat", PASSWORD) is PasswordOutcome.RIGHT


def test_a_success_says_how_many_were_wrong_before_it(world: World) -> None:
    world.add_person()
    said = []
    for wrong in (0, 3, 0):
        [prove(world, "pat") for _ in range(wrong)]
        prove(world, "pat", PASSWORD)
        said.append(world.known("pat").claims.get(FAILED_BEFORE_SUCCESS, "0"))
    assert said == ["0", "3", "0"]


def test_a_lock_that_has_ended_no_longer_shuts_the_interface(world: World) -> None:
    world.add_person()
    assert world.request("GET", f"{API}/me", by=("pat", PASSWORD)).status == 200
    [prove(world, "pat") for _ in range(5)]
    assert world.request("GET", f"{API}/me", by=("pat", PASSWORD)).status == 401
    world.clock.tick(minutes=5, seconds=1)
    assert world.request("GET", f"{API}/me", by=("pat", PASSWORD)).status == 200


# --- names ------------------------------------------------------------------------------------------------------------


def found(world: World, typed: str, tenant: str = "carbon.super") -> str | None:
    user = world.do(lambda work: find_login_user(work, typed), tenant)
    return None if user is None else f"{user.name.realm}/{user.name.typed}"


def test_a_plain_name_is_sought_in_primary_first_and_then_where_a_store_was_made_first(world: World) -> None:
    for realm in ("LATE", "EARLY"):
        world.do(partial(create_user_store, realm=realm))
    for name in ("LATE/kim", "EARLY/kim", "LATE/lee", "EARLY/lee", "kim"):
        world.add_person(name)
    assert found(world, "kim") == "PRIMARY/kim"
    assert found(world, "lee") == "LATE/lee"
    assert found(world, "early/LEE") == "EARLY/lee"
    assert found(world, "EARLY/lee@carbon.super") == "EARLY/lee"
    assert found(world, "PRIMARY/lee") is None
    assert found(world, "lee", OTHER_TENANT) is None


def test_a_number_finds_nobody_unless_the_tenant_allows_it(world: World) -> None:
    world.add_person("kim", claims={MOBILE: NUMBER})
    connector, name = "multiattribute.login.handler", "account.multiattributelogin.handler"
    values = {f"{name}.allowedattributes": f"http://wso2.org/claims/username,{MOBILE}"}
    world.do(lambda work: change_policy(work, connector, values))
    assert found(world, NUMBER) is None
    world.do(lambda work: change_policy(work, connector, {f"{name}.enable": "true"}))
    assert found(world, NUMBER) == "PRIMARY/kim"
    assert found(world, " +94 77 123 4567") == "PRIMARY/kim"
    assert found(world, "kim") == "PRIMARY/kim"
    assert found(world, "kim@example.com") is None


def test_a_value_that_two_have_finds_whoever_has_proven_it(world: World) -> None:
    name = "account.multiattributelogin.handler"
    values = {f"{name}.enable": "true", f"{name}.allowedattributes": f"{MOBILE},{EMAIL_ADDRESS}"}
    world.do(lambda work: change_policy(work, "multiattribute.login.handler", values))
    for each in ("kim", "lee"):
        world.add_person(each, claims={MOBILE: NUMBER})
    assert found(world, NUMBER) is None
    world.change(partial(verify, name="kim"))
    assert found(world, NUMBER) == "PRIMARY/kim"
    world.change(partial(verify, name="lee"))
    assert found(world, NUMBER) is None


def verify(work: Work, name: str) -> None:
    user = find_login_user(work, name)
    assert user is not None
    Users(work).verify(user.id, proof_of(work, Channel.SMS, NUMBER, Proof.ADMINISTRATOR, "admin"))


# --- changing ---------------------------------------------------------------------------------------------------------


def change(world: World, new: str, *, current: str | None = None) -> None:
    user = world.known("pat")
    if current is None:
        world.do(lambda work: change_password(work, user, new))
    else:
        world.do(lambda work: change_own_password(work, user, current, new))


@pytest.fixture
def pat(world: World) -> User:
    return world.add_person()


def test_whoever_knows_the_present_password_gets_another(world: World, pat: User) -> None:
    assert pat.sessions_from is None
    change(world, NEW, current=PASSWORD)
    after = world.known("pat")
    assert after.sessions_from is not None
    assert after.password_set_at == after.sessions_from
    assert outcome(world, "pat", NEW) is PasswordOutcome.RIGHT
    assert outcome(world, "pat", PASSWORD) is PasswordOutcome.WRONG


@pytest.mark.usefixtures("pat")
def test_a_wrong_present_password_is_a_failure_like_any_other(world: World) -> None:
    for _ in range(5):
        with pytest.raises(CredentialsInvalid):
            change(world, NEW, current=WRONG)
    assert world.known("pat").locked
    with pytest.raises(CredentialsInvalid):
        change(world, NEW, current=PASSWORD)
    assert [event.reason for event in world.audit("change_password")] == ["wrong"] * 5 + ["locked"]


@pytest.mark.usefixtures("pat")
@pytest.mark.parametrize("new", [PASSWORD, "four", "has a blank"])
def test_a_new_password_keeps_the_rules_and_is_new(world: World, new: str) -> None:
    with pytest.raises(PasswordRefused):
        change(world, new, current=PASSWORD)
    assert outcome(world, "pat", PASSWORD) is PasswordOutcome.RIGHT


@pytest.mark.usefixtures("pat")
def test_the_last_passwords_may_not_come_back(world: World) -> None:
    change(world, "First-Pass-0")
    decide(world, "passwordHistory", enable="true", count="3")
    for new in ("First-Pass-1", "First-Pass-2"):
        change(world, new)
    for old in ("First-Pass-2", "First-Pass-1", "First-Pass-0"):
        with pytest.raises(PasswordRefused) as refused:
            change(world, old)
        assert refused.value.description == "The password must differ from the last 3."
    change(world, "First-Pass-3")
    change(world, "First-Pass-0")
    decide(world, "passwordHistory", enable="false")
    change(world, "First-Pass-0")


@pytest.mark.usefixtures("pat")
def test_a_password_grows_too_old_where_the_tenant_says_so(world: World) -> None:
    def due() -> MustChange | None:
        return world.do(lambda work: must_change_password(work, world.known("pat")))

    world.clock.tick(days=40)
    assert due() is None
    world.do(lambda work: change_policy(work, "passwordExpiry", {"passwordExpiry.enablePasswordExpiry": "true"}))
    assert due() is MustChange.EXPIRED
    change(world, NEW)
    assert due() is None
    world.clock.tick(days=29, hours=23)
    assert due() is None
    world.clock.tick(hours=1)
    assert due() is MustChange.EXPIRED


def test_a_change_that_is_required_is_required_until_it_was_made(world: World, pat: User) -> None:
    world.do(lambda work: require_password_change(work, pat))
    assert world.do(lambda work: must_change_password(work, world.known("pat"))) is MustChange.REQUIRED
    assert world.known("pat").all_claims()["http://wso2.org/claims/identity/adminForcedPasswordReset"] == "true"
    change(world, NEW)
    assert world.do(lambda work: must_change_password(work, world.known("pat"))) is None


def switch_off(work: Work, user: User) -> None:
    set_state(work, user, {ACCOUNT_DISABLED: "true"})


@pytest.mark.parametrize("shut", [lock_user, switch_off])
def test_whatever_shuts_an_account_ends_its_sessions(world: World, pat: User, shut: Callable[..., None]) -> None:
    world.change(partial(shut, user=pat))
    since = world.known("pat").sessions_from
    assert since is not None
    assert since > pat.created_at


def test_under_recommended_accents_may_be_composed_either_way(worlds: WorldMaker) -> None:
    world = worlds(profile="recommended")
    world.add_person()
    change(world, LONG_PASSWORD + " caf\u00e9")
    assert outcome(world, "pat", LONG_PASSWORD + " cafe\u0301") is PasswordOutcome.RIGHT


def test_an_administrator_is_told_apart_from_other_tenants(world: World) -> None:
    assert found(world, ADMIN[0]) == "PRIMARY/admin"
    assert found(world, f"admin@{OTHER_TENANT}") is None
