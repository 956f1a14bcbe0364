"""Guesses are counted before they are compared, and what comes of it."""

from datetime import timedelta

import pytest

from tests.conftest import WorldMaker
from tests.world import World
from watchword.accounts.budgets import (
    CODES_OF_BARE_NAMES,
    CODES_OF_KNOWN_DEVICES,
    CODES_OF_STRANGERS,
    MOST_IN_A_ROW,
    Verdict,
)
from watchword.accounts.guessing import (
    Failed,
    clear_guesses,
    count_failure,
    forgive_guess,
    lock_span,
    note_success,
    note_whole_login,
    spend_guess,
    sweep_guesses,
    with_failures,
)
from watchword.accounts.model import Factor, LockedReason, User
from watchword.accounts.usecases.people import lock_user
from watchword.storage.schema import counters, failures
from watchword.storage.work import Work
from watchword.tenants.policies import AccountLocking
from watchword.tenants.usecases import change_policy

CONNECTOR = "account.lock.handler"


def locking(world: World, **values: str) -> None:
    """Decide how accounts are locked: ``attempts``, ``minutes``, ``enabled``."""
    names = {
        "attempts": f"{CONNECTOR}.On.Failure.Max.Attempts", "minutes": f"{CONNECTOR}.Time",
        "enabled": f"{CONNECTOR}.enable", "ratio": f"{CONNECTOR}.login.fail.timeout.ratio",
        "again": f"{CONNECTOR}.notification.notifyOnLockIncrement",
    }  # fmt: skip
    world.do(lambda work: change_policy(work, CONNECTOR, {names[name]: each for name, each in values.items()}))


def fail(
    world: World,
    factor: Factor = Factor.SMS,
    *,
    locks: bool = True,
    device_known: bool = False,
    is_proven: bool = True,
) -> Failed | Verdict:
    """Guess wrong as pat, and return what came of it: a refusal, if nothing was compared."""

    def guess_wrong(work: Work) -> Failed | Verdict:
        guess = spend_guess(
            work, world.known("pat"), factor, locks=locks, device_known=device_known, is_proven=is_proven
        )
        outcome = count_failure(work, guess) if guess.is_open else guess.verdict
        work.commit()
        return outcome

    return world.do(guess_wrong)


def succeed(
    world: World, factor: Factor = Factor.SMS, *, device_known: bool = False, is_proven: bool = True
) -> Verdict:
    """Guess right as pat."""

    def guess_right(work: Work) -> Verdict:
        guess = spend_guess(work, world.known("pat"), factor, device_known=device_known, is_proven=is_proven)
        if guess.is_open:
            note_success(work, guess)
        work.commit()
        return guess.verdict

    return world.do(guess_right)


def claims(world: World) -> dict[str, str]:
    """Return the identity claims of pat by the last part of their URI."""

    def read(work: Work) -> dict[str, str]:
        return with_failures(work, world.known("pat")).all_claims(work.now)

    return {uri.rpartition("/")[2]: value for uri, value in world.do(read).items()}


@pytest.fixture
def pat(world: World) -> User:
    return world.add_person()


def test_the_third_wrong_code_locks(world: World, pat: User) -> None:
    locking(world, attempts="3")
    assert [fail(world), fail(world)] == [Failed(1, 2), Failed(2, 1)]
    assert claims(world)["failedSmsOtpAttempts"] == "2"
    third = fail(world)
    assert isinstance(third, Failed)
    assert third.lock is not None
    assert third.lock.is_told
    found = claims(world)
    assert found["accountLocked"] == "true"
    assert found["failedSmsOtpAttempts"] == "0"
    assert found["failedLoginLockoutCount"] == "1"
    assert found["lockedReason"] == "MAX_SMS_OTP_ATTEMPTS_EXCEEDED"
    until = world.known("pat").unlock_at
    assert until is not None
    assert found["unlockTime"] == str(int(until.timestamp() * 1000))
    assert fail(world) is Verdict.LOCKED
    assert [(event.target, event.reason) for event in world.audit("lock_user")] == [
        (pat.id, "MAX_SMS_OTP_ATTEMPTS_EXCEEDED")
    ]


@pytest.mark.usefixtures("pat")
def test_each_lock_is_longer_until_a_whole_login_succeeds(world: World) -> None:
    locking(world, attempts="3")
    spans = []
    for _ in range(3):
        [fail(world) for _ in range(3)]
        until = world.known("pat").unlock_at
        assert until is not None
        spans.append(round((until - world.do(lambda work: work.now)) / timedelta(minutes=1)))
        world.clock.tick(minutes=spans[-1], seconds=1)
        assert not world.do(lambda work: world.known("pat").is_locked(work.now))
    assert spans == [5, 10, 20]
    assert succeed(world) is Verdict.OPEN
    assert claims(world)["failedLoginLockoutCount"] == "3"
    world.change(lambda work: note_whole_login(work, world.known("pat")))
    assert claims(world)["failedLoginLockoutCount"] == "0"


@pytest.mark.usefixtures("pat")
def test_a_lock_that_has_ended_leaves_all_guesses_again(world: World) -> None:
    locking(world, attempts="3")
    [fail(world) for _ in range(3)]
    world.clock.tick(minutes=5, seconds=1)
    assert claims(world)["accountLocked"] == "false"
    assert [fail(world), fail(world)] == [Failed(1, 2), Failed(2, 1)]
    assert claims(world)["failedSmsOtpAttempts"] == "2"


@pytest.mark.usefixtures("pat")
def test_a_password_ends_the_lock_of_a_code_and_its_failures(world: World) -> None:
    locking(world, attempts="3")
    [fail(world) for _ in range(3)]
    world.clock.tick(minutes=5, seconds=1)
    assert succeed(world, Factor.PASSWORD) is Verdict.OPEN
    assert (world.known("pat").locked, world.known("pat").locked_reason) == (False, None)
    assert fail(world) == Failed(1, 2)


@pytest.mark.usefixtures("pat")
def test_a_success_takes_back_the_failures_of_its_own_factor(world: World) -> None:
    [fail(world, factor) for factor in (Factor.SMS, Factor.SMS, Factor.EMAIL, Factor.PASSWORD)]
    succeed(world)
    assert [claims(world)[name] for name in ("failedSmsOtpAttempts", "failedEmailOtpAttempts", "failedLoginAttempts")] \
        == ["0", "1", "1"]  # fmt: skip


def test_a_right_code_does_not_undo_an_administrators_lock(world: World, pat: User) -> None:
    world.do(lambda work: lock_user(work, pat))
    succeed(world)
    assert world.known("pat").locked_reason is LockedReason.ADMIN_INITIATED
    assert claims(world)["accountLocked"] == "true"


@pytest.mark.usefixtures("pat")
def test_a_lock_that_an_administrator_sets_meanwhile_stays(world: World) -> None:
    locking(world, attempts="1")
    fail(world)
    world.clock.tick(minutes=5, seconds=1)
    before = world.known("pat")

    def guess_right(work: Work) -> None:
        note_success(work, spend_guess(work, before, Factor.SMS))

    world.do(lambda work: lock_user(work, before))
    world.change(guess_right)
    assert world.known("pat").locked_reason is LockedReason.ADMIN_INITIATED
    assert claims(world)["accountLocked"] == "true"


@pytest.mark.usefixtures("pat")
def test_codes_lock_nothing_where_the_step_does_not_say_so(world: World) -> None:
    locking(world, attempts="3")
    assert [fail(world, locks=False) for _ in range(6)] == [Failed(number, None) for number in range(1, 7)]
    assert not world.known("pat").locked


def test_after_twenty_wrong_codes_in_a_row_none_is_compared(worlds: WorldMaker) -> None:
    world = worlds(profile="recommended")
    pat = world.add_person()
    for number in range(MOST_IN_A_ROW):
        assert fail(world, [Factor.SMS, Factor.EMAIL, Factor.BACKUP][number % 3]) != Verdict.SUSPENDED
    assert [fail(world, factor) for factor in (Factor.SMS, Factor.EMAIL, Factor.BACKUP)] == [Verdict.SUSPENDED] * 3
    world.clock.tick(days=400)
    assert succeed(world) is Verdict.SUSPENDED
    assert not world.known("pat").locked
    assert [event.target for event in world.audit("suspend_codes")] == [pat.id]


def test_the_months_budget_is_not_given_back_by_the_persons_own_success(worlds: WorldMaker) -> None:
    world = worlds(profile="recommended")
    world.add_person()
    for _ in range(CODES_OF_STRANGERS.count):
        assert succeed(world) is Verdict.OPEN
        assert isinstance(fail(world), Failed)
        assert succeed(world, device_known=True) is Verdict.OPEN
    assert fail(world) is Verdict.SPENT
    assert succeed(world) is Verdict.SPENT
    assert succeed(world, device_known=True) is Verdict.OPEN
    world.clock.tick(days=30, seconds=1)
    assert succeed(world) is Verdict.OPEN


def test_whoever_logs_in_often_is_never_refused_for_it(worlds: WorldMaker) -> None:
    world = worlds(profile="recommended")
    world.add_person()
    assert {succeed(world) for _ in range(CODES_OF_STRANGERS.count + 10)} == {Verdict.OPEN}


def test_a_known_device_has_a_small_budget_of_its_own(worlds: WorldMaker) -> None:
    world = worlds(profile="recommended")
    world.add_person()
    for _ in range(CODES_OF_KNOWN_DEVICES.count):
        assert isinstance(fail(world, device_known=True), Failed)
        succeed(world)
    assert fail(world, device_known=True) is Verdict.SPENT
    assert succeed(world) is Verdict.OPEN


def test_wrong_passwords_wait_longer_and_longer_and_lock_nobody(worlds: WorldMaker) -> None:
    world = worlds(profile="recommended")
    world.add_person()
    for _ in range(5):
        assert isinstance(fail(world, Factor.PASSWORD), Failed)
    waits = []
    for _ in range(8):
        waits.append(seconds_to_wait(world))
        world.clock.tick(seconds=waits[-1])
        assert isinstance(fail(world, Factor.PASSWORD), Failed)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    assert not world.known("pat").locked


def seconds_to_wait(world: World, name: str | None = None) -> int:
    def ask(work: Work) -> int:
        user = world.known("pat") if name is None else None
        guess = spend_guess(work, user, Factor.PASSWORD, name=name or "")
        assert guess.verdict is Verdict.TOO_EARLY
        return guess.seconds

    return world.do(ask)


def test_a_known_device_does_not_wait_for_strangers(worlds: WorldMaker) -> None:
    world = worlds(profile="recommended")
    world.add_person()
    for _ in range(1000):
        fail(world, Factor.PASSWORD)
    assert fail(world, Factor.PASSWORD) is Verdict.TOO_EARLY
    assert succeed(world, Factor.PASSWORD, device_known=True) is Verdict.OPEN
    world.clock.tick(seconds=60)
    assert succeed(world, Factor.PASSWORD) is Verdict.OPEN


def test_names_that_nobody_has_wait_alike(worlds: WorldMaker) -> None:
    world = worlds(profile="recommended")

    def guess(work: Work) -> Verdict:
        verdict = spend_guess(work, None, Factor.PASSWORD, name="nobody").verdict
        work.commit()
        return verdict

    assert [world.do(guess) for _ in range(6)] == [Verdict.OPEN] * 5 + [Verdict.TOO_EARLY]
    assert seconds_to_wait(world, "nobody") == 1
    assert "nobody" not in {row["subject"] for row in world.rows(failures)}
    world.change(sweep_guesses)
    assert world.rows(failures) != []
    world.clock.tick(days=1, seconds=1)
    world.change(sweep_guesses)
    assert world.rows(failures) == []


@pytest.mark.usefixtures("pat")
def test_a_guess_of_which_nothing_was_compared_is_taken_back(world: World) -> None:
    def forgive(work: Work) -> None:
        forgive_guess(work, spend_guess(work, world.known("pat"), Factor.SMS))

    world.change(forgive)
    assert claims(world)["failedSmsOtpAttempts"] == "0"


@pytest.mark.usefixtures("pat")
def test_a_lock_without_end_is_an_administrators_to_open(world: World) -> None:
    locking(world, attempts="1", minutes="0")
    fail(world)
    world.clock.tick(days=400)
    assert fail(world) is Verdict.LOCKED
    assert claims(world)["accountLocked"] == "true"


def test_an_administrator_is_never_locked_without_end(world: World) -> None:
    locking(world, attempts="1", minutes="0")

    def guess_wrong(work: Work) -> None:
        count_failure(work, spend_guess(work, world.known("admin"), Factor.PASSWORD))

    world.change(guess_wrong)
    assert world.do(lambda work: world.known("admin").is_locked(work.now))
    world.clock.tick(minutes=5, seconds=1)
    assert not world.do(lambda work: world.known("admin").is_locked(work.now))


@pytest.mark.usefixtures("pat")
def test_a_second_lock_is_told_only_where_the_policy_says_so(world: World) -> None:
    locking(world, attempts="1", again="false")
    told = []
    for again in ("false", "false", "true"):
        locking(world, again=again)
        failed = fail(world)
        assert isinstance(failed, Failed)
        assert failed.lock is not None
        told.append(failed.lock.is_told)
        world.clock.tick(days=2)
    assert told == [True, False, True]


@pytest.mark.parametrize(
    ("minutes", "ratio", "lockouts", "span"),
    [
        (5, 2, 0, timedelta(minutes=5)), (5, 2, 1, timedelta(minutes=10)), (5, 0, 7, timedelta(minutes=5)),
        (5, 2, 10_000, timedelta(days=1)), (2880, 3, 1, timedelta(days=2)), (0, 2, 3, None),
    ],
)  # fmt: skip
def test_how_long_a_lock_lasts(minutes: int, ratio: int, lockouts: int, span: timedelta | None) -> None:
    assert lock_span(AccountLocking(minutes=minutes, ratio=ratio), lockouts) == span


def test_somebody_who_has_no_account_here_has_the_same_budgets_and_no_lock(world: World) -> None:
    locking(world, attempts="3")

    def guess_wrong(work: Work) -> Verdict:
        guess = spend_guess(work, None, Factor.SMS, name="google frank")
        if guess.is_open:
            assert count_failure(work, guess).lock is None
        work.commit()
        return guess.verdict

    assert [world.do(guess_wrong) for _ in range(22)] == [Verdict.OPEN] * 20 + [Verdict.SUSPENDED] * 2
    world.clock.tick(days=1, seconds=1)
    world.change(sweep_guesses)
    assert world.rows(failures) == []


@pytest.mark.usefixtures("pat")
def test_a_code_for_nobody_takes_as_many_rows_as_one_for_somebody(world: World) -> None:
    fail(world)
    of_somebody = len(world.rows(failures)), len(world.rows(counters))
    world.change(lambda work: spend_guess(work, None, Factor.SMS, name="zed"))
    assert (len(world.rows(failures)), len(world.rows(counters))) == (2 * of_somebody[0], 2 * of_somebody[1])


def test_who_has_but_typed_a_name_ends_nobody_elses_guesses_and_locks_nobody(world: World) -> None:
    pat = world.add_person()
    locking(world, attempts="3")
    assert {fail(world, is_proven=False) for _ in range(MOST_IN_A_ROW)} \
        == {Failed(number, None) for number in range(1, MOST_IN_A_ROW + 1)}  # fmt: skip
    assert fail(world, is_proven=False) is Verdict.SUSPENDED
    assert not world.known("pat").locked
    assert claims(world)["failedSmsOtpAttempts"] == "0"
    assert fail(world) == Failed(1, 2)
    assert [succeed(world), succeed(world, device_known=True)] == [Verdict.OPEN] * 2
    assert fail(world, is_proven=False) is Verdict.SUSPENDED
    world.change(lambda work: clear_guesses(work, pat))
    assert fail(world, is_proven=False) == Failed(1, None)


def test_a_name_alone_has_a_months_budget_of_its_own(worlds: WorldMaker) -> None:
    world = worlds(profile="recommended")
    world.add_person()
    for _ in range(CODES_OF_BARE_NAMES.count):
        assert isinstance(fail(world, is_proven=False), Failed)
        succeed(world, is_proven=False)
    assert fail(world, is_proven=False) is Verdict.SPENT
    assert [succeed(world), succeed(world, device_known=True)] == [Verdict.OPEN] * 2


def test_a_known_device_compares_codes_after_twenty_that_others_got_wrong(worlds: WorldMaker) -> None:
    world = worlds(profile="recommended")
    world.add_person()
    [fail(world) for _ in range(MOST_IN_A_ROW)]
    assert fail(world) is Verdict.SUSPENDED
    assert succeed(world, device_known=True) is Verdict.OPEN
    assert fail(world) == Failed(1, None)
