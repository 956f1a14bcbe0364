"""Guesses at passwords and codes: counted before they are compared, made to wait, and at last refused.

Whoever compares a secret calls :func:`spend_guess` first and compares only if the guess *is_open*; then says how it
ended, by :func:`note_success` or :func:`count_failure`. docs/decisions/0010-guessing.md says why the rules are these.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil

from watchword.accounts.budgets import (
    ANY_CODE,
    MOST_IN_A_ROW,
    NAME,
    NOBODY,
    Asked,
    Budget,
    InARow,
    Lane,
    Verdict,
    code_budgets,
    password_budgets,
    somebody_of,
    windows_of,
)
from watchword.accounts.model import Factor, LockedReason, User
from watchword.accounts.store.users import Users
from watchword.storage import counters
from watchword.storage.audit import note
from watchword.storage.failures import clear_failures, failures_of, forget_failures, sweep_failures
from watchword.storage.work import Work
from watchword.tenants.policies import AccountLocking
from watchword.tenants.usecases import read_policy

LONGEST_LOCK = timedelta(days=1)
"""How long a lock grows, unless its first length is longer: else a stranger could lock somebody out for years."""
ADMINISTRATORS_LOCK = timedelta(minutes=5)
"""How long an administrator is locked where others must be unlocked by one."""
FORGOTTEN_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Guess:
    """One try at a secret, counted before it is compared."""

    user: User | None
    factor: Factor
    verdict: Verdict
    number: int = 0
    """Which failure in a row it is, should it fail."""
    locks_at: int | None = None
    """The failure in a row that locks the account; ``None``: none does."""
    is_last: bool = False
    """Whether no code is compared any more, should it fail."""
    seconds: int = 0
    """After how long to come again, where the verdict is TOO_EARLY."""
    taken: tuple[Budget, ...] = ()

    @property
    def is_open(self) -> bool:
        """Tell whether the secret may be compared."""
        return self.verdict is Verdict.OPEN


@dataclass(frozen=True, slots=True)
class Lock:
    """An account was locked just now."""

    reason: LockedReason
    until: datetime | None
    lockouts: int
    is_told: bool
    """Whether the policy wants the person to be told by mail; the caller leaves the message."""


@dataclass(frozen=True, slots=True)
class Failed:
    """What a failure has led to."""

    count: int
    """Failures in a row, this one among them."""
    left: int | None
    """Guesses left before the account is locked; ``None``: none locks it."""
    lock: Lock | None = None


def spend_guess(  # noqa: PLR0913  # each says something else of where the guess comes from
    work: Work,
    user: User | None,
    factor: Factor,
    *,
    name: str = "",
    locks: bool = True,
    device_known: bool = False,
    is_proven: bool = True,
) -> Guess:
    """Count a guess before it is compared, and say whether it may be.

    *name* is what was typed, in its compared form, or what else stands for somebody who has no account here; left out,
    it is the user's. *locks* says whether failures at this factor may lock the account, if the tenant's policy locks
    accounts at all: where they do, passwords do not wait. A code of somebody who has proven nothing before
    (*is_proven*) never locks, and no lock is looked at: nobody would be told. The caller commits, at the latest before
    it tells how the comparison ended.
    """
    policy = read_policy(work, AccountLocking)
    locking = locks and policy.enabled and is_proven
    guess = Guess(user, factor, Verdict.OPEN, locks_at=policy.max_attempts if locking and user is not None else None)
    if user is not None and is_proven and user.is_locked_by_failures(work.now):
        guess = replace(guess, verdict=Verdict.LOCKED, locks_at=None)
    somebody = somebody_of(work, name or (user.name.canonical if user is not None else ""))
    asked = Asked(
        user, factor, somebody, guess.locks_at, is_locked=not guess.is_open, device_known=device_known,
        is_proven=is_proven,
    )  # fmt: skip
    if factor is Factor.PASSWORD:
        return _take(work, guess, password_budgets(asked, waits=not locking))
    return _take(work, guess, code_budgets(asked)) if guess.is_open else guess


def note_success(work: Work, guess: Guess) -> None:
    """Begin this factor's row of failures anew, and take a lock away that had ended by itself."""
    for budget in guess.taken:
        budget.reward(work)
    if guess.user is not None and guess.user.locked and not guess.user.is_locked(work.now):
        Users(work).end_lock(guess.user.id)
        for factor in Factor:
            if guess.user.counts_anew_from(factor):
                clear_failures(work, guess.user.id, factor)


def count_failure(work: Work, guess: Guess) -> Failed:
    """Draw the consequence of a guess that was wrong, or too late: it is counted already, and may lock the account."""
    if guess.is_last:
        target = "-" if guess.user is None else guess.user.id
        note(work, "suspend_codes", target, outcome="refused", reason=guess.factor)
    if guess.user is None or guess.locks_at is None:
        return Failed(guess.number, None)
    if guess.number < guess.locks_at:
        return Failed(guess.number, guess.locks_at - guess.number)
    return Failed(guess.number, 0, _lock(work, guess.user, guess.factor))


def forgive_guess(work: Work, guess: Guess) -> None:
    """Take a guess back that was neither right nor wrong, since nothing was compared."""
    for budget in guess.taken:
        budget.give_back(work)


def note_whole_login(work: Work, user: User) -> None:
    """Remember that every step succeeded: only now does the next lock begin with its first length again."""
    Users(work).note_login(user.id)


def clear_guesses(work: Work, user: User) -> None:
    """Forget all failures of an account, since an administrator opens it."""
    forget_failures(work, user.id)
    forget_failures(work, somebody_of(work, user.name.canonical))
    for window in windows_of(user.id).values():
        counters.forget(work, window.name, window.subject, window.limit)


def with_failures(work: Work, user: User) -> User:
    """Return a user with the failures in a row, for whoever wants them among the claims."""
    counts: dict[str, int] = {}
    for each in failures_of(work, user.id):
        led_to_a_lock = each.factor in set(Factor) and user.locked_reason is Factor(each.factor).locked_reason
        is_over = led_to_a_lock and (user.unlock_at is None or each.last_at < user.unlock_at)
        counts[each.factor] = 0 if is_over else each.count
    return replace(user, failures=counts)


def sweep_guesses(work: Work) -> None:
    """Forget failures that are kept by the name that was typed."""
    codes = [f"{NOBODY}{lane}{each}" for lane in Lane for each in (ANY_CODE, *Factor)]
    for factor in (NAME, NOBODY, *codes):
        sweep_failures(work, factor, work.now - FORGOTTEN_AFTER)


def lock_span(policy: AccountLocking, lockouts: int) -> timedelta | None:
    """Return how long a lock lasts after so many others; ``None``: until somebody unlocks."""
    first = timedelta(minutes=policy.minutes)
    if not first:
        return None
    longest, span = max(first, LONGEST_LOCK), first
    for _ in range(lockouts):
        span *= max(policy.ratio, 1)
        if span >= longest:
            return longest
    return span


def _take(work: Work, guess: Guess, budgets: tuple[Budget, ...]) -> Guess:
    """Take from each of the budgets, the row of the factor itself last; or from none, if one is empty."""
    for budget in budgets:
        number = budget.take(work)
        if number is None:
            return _refused(work, guess, budget)
        is_last = guess.is_last or (budget.verdict is Verdict.SUSPENDED and number == MOST_IN_A_ROW)
        guess = replace(guess, number=number, is_last=is_last, taken=(*guess.taken, budget))
    return guess


def _refused(work: Work, guess: Guess, empty: Budget) -> Guess:
    for budget in guess.taken:
        budget.give_back(work)
    refused = replace(guess, verdict=empty.verdict, taken=())
    if isinstance(empty, InARow):
        return _refused_in_a_row(work, refused, empty)
    return refused


def _refused_in_a_row(work: Work, guess: Guess, empty: InARow) -> Guess:
    row = next((each for each in failures_of(work, empty.subject) if each.factor == empty.factor), None)
    if row is None:
        return guess
    is_own = empty.factor == guess.factor
    if guess.user is not None and is_own and guess.locks_at is not None and row.count >= guess.locks_at:
        # The guess that should have locked the account never told how it ended.
        _lock(work, guess.user, guess.factor)
        return replace(guess, verdict=Verdict.LOCKED, number=row.count)
    wait = ceil((row.ready_at - work.now) / timedelta(seconds=1)) if empty.waits else 0
    return replace(guess, number=row.count, seconds=max(wait, 0))


def _lock(work: Work, user: User, factor: Factor) -> Lock | None:
    policy = read_policy(work, AccountLocking)
    span = lock_span(policy, user.lockouts)
    if span is None and user.is_administrator:
        span = ADMINISTRATORS_LOCK
    until = None if span is None else work.now + span
    reason = factor.locked_reason
    lockouts = Users(work).lock_for_a_while(user.id, reason, until)
    if lockouts is None:  # somebody else has locked it meanwhile
        return None
    note(work, "lock_user", user.id, reason=reason)
    return Lock(reason, until, lockouts, is_told=policy.notifies and (lockouts == 1 or policy.notifies_again))
