"""Guesses at passwords and codes: counted before they are compared, made to wait, and at last refused.

Whoever compares a secret calls :func:`spend_guess` first and compares only if the guess *is_open*; then says how it
ended, by :func:`note_success` or :func:`count_failure`. docs/decisions/0010-guessing.md says why the rules are these.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil
from typing import Protocol

from watchword.accounts.model import Factor, LockedReason, User
from watchword.accounts.store.users import Users
from watchword.base.kinds import Limit
from watchword.storage import counters
from watchword.storage.audit import note
from watchword.storage.failures import (
    Failures,
    clear_failures,
    count_guess,
    failures_of,
    forget_failures,
    sweep_failures,
    take_back_guess,
)
from watchword.storage.schema import EPOCH
from watchword.storage.work import Work
from watchword.tenants.policies import AccountLocking
from watchword.tenants.usecases import read_policy

MOST_IN_A_ROW = 20
"""Wrong codes in a row, at one factor or at all of them together, after which codes are no longer compared."""
CODES_OF_STRANGERS = Limit(50, timedelta(days=30))
"""Wrong codes for an account that are compared in a month, from devices that it has not logged in from."""
CODES_OF_KNOWN_DEVICES = Limit(20, timedelta(days=30))
LONGEST_LOCK = timedelta(days=1)
"""How long a lock grows, unless its first length is longer: else a stranger could lock somebody out for years."""
ADMINISTRATORS_LOCK = timedelta(minutes=5)
"""How long an administrator is locked where others must be unlocked by one."""
FORGOTTEN_AFTER = timedelta(days=1)

_ANY_CODE = "code"
_KNOWN_DEVICE = "known-device"
_NAME = "name"
_NOBODY = "nobody "
_WHILE_LOCKED = "while-locked"
_UNLIMITED = 2**31 - 1


class Verdict(StrEnum):
    """Whether a guess is compared, and if not, why."""

    OPEN = "open"
    TOO_EARLY = "too-early"
    """The waits grow with the failures; *seconds* of the guess says when to come again."""
    LOCKED = "locked"
    SUSPENDED = "suspended"
    """Too many wrong codes in a row; an administrator must unlock."""
    SPENT = "spent"
    """Too many wrong codes in a month."""


class Budget(Protocol):
    """Something of which every guess takes one."""

    @property
    def verdict(self) -> Verdict:
        """Return what is said when nothing is left."""

    def take(self, work: Work) -> int | None:
        """Take one, and return how many that makes; ``None`` if nothing is left."""

    def give_back(self, work: Work) -> None:
        """Give one back."""

    def reward(self, work: Work) -> None:
        """Draw the consequence of a success."""


@dataclass(frozen=True, slots=True)
class InARow:
    """Failures in a row; a success takes them all away."""

    subject: str
    factor: str
    verdict: Verdict
    most: int = _UNLIMITED
    waits: bool = False
    anew_from: datetime | None = None
    """When a lock ends that these failures have led to."""

    def take(self, work: Work) -> int | None:
        """Take one, unless there are too many or the wait is not over."""
        since = EPOCH if self.anew_from is None or self.anew_from > work.now else self.anew_from
        return count_guess(work, self.subject, self.factor, self.most, waits=self.waits, anew_from=since)

    def give_back(self, work: Work) -> None:
        """Uncount one guess."""
        take_back_guess(work, self.subject, self.factor)

    def reward(self, work: Work) -> None:
        """Begin anew."""
        clear_failures(work, self.subject, self.factor)


@dataclass(frozen=True, slots=True)
class InAMonth:
    """Failures in a span of time; a success gives back what it took itself, and nothing else."""

    subject: str
    name: str
    limit: Limit
    verdict: Verdict = Verdict.SPENT

    def take(self, work: Work) -> int | None:
        """Take one, unless the window holds too many."""
        return 1 if counters.count(work, self.name, self.subject, self.limit) else None

    def give_back(self, work: Work) -> None:
        """Uncount one guess."""
        counters.take_back(work, self.name, self.subject, self.limit)

    def reward(self, work: Work) -> None:
        """Uncount the guess that was right, so that whoever logs in often is not refused for it."""
        self.give_back(work)


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


def spend_guess(
    work: Work, user: User | None, factor: Factor, *, name: str = "", locks: bool = True, device_known: bool = False
) -> Guess:
    """Count a guess before it is compared, and say whether it may be.

    *name* is what was typed, in its compared form, or what else stands for somebody who has no account here; left out,
    it is the user's. *locks* says whether failures at this factor may lock the account, if the tenant's policy locks
    accounts at all: where they do, passwords do not wait. The caller commits, at the latest before it tells how the
    comparison ended.
    """
    policy = read_policy(work, AccountLocking)
    locking = locks and policy.enabled
    guess = Guess(user, factor, Verdict.OPEN, locks_at=policy.max_attempts if locking and user is not None else None)
    if user is not None and user.is_locked_by_failures(work.now):
        guess = replace(guess, verdict=Verdict.LOCKED, locks_at=None)
    if factor is Factor.PASSWORD:
        name = name or (user.name.canonical if user is not None else "")
        return _take(work, guess, _password_budgets(work, guess, name, waits=not locking, device_known=device_known))
    if not guess.is_open:
        return guess
    return _take(work, guess, _code_budgets(work, guess, name, device_known=device_known))


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
    if guess.user is not None and guess.is_last:
        note(work, "suspend_codes", guess.user.id, outcome="refused", reason=guess.factor)
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
    forget_failures(work, _somebody(work, user.name.canonical))
    for window in _windows(user.id):
        counters.forget(work, window.name, window.subject, window.limit)


def with_failures(work: Work, user: User) -> User:
    """Return a user with the failures in a row, for whoever wants them among the claims."""
    counts: dict[str, int] = {}
    for each in failures_of(work, user.id):
        led_to_a_lock = each.factor in set(Factor) and user.locked_reason is Factor(each.factor).locked_reason
        is_over = led_to_a_lock and (user.unlock_at is None or each.last_at < user.unlock_at)
        counts[each.factor] = 0 if is_over else each.count
    return replace(user, failures=counts)


@dataclass(frozen=True, slots=True)
class MonthsBudget:
    """How many of the guesses of 30 days are spent."""

    of_known_devices: bool
    spent: int
    limit: Limit


def budgets_of_months(work: Work, user: User) -> tuple[MonthsBudget, ...]:
    """Return what is spent of an account's guesses at codes."""
    strangers, known = _windows(user.id)
    return tuple(
        MonthsBudget(window is known, counters.counted(work, window.name, window.subject, window.limit), window.limit)
        for window in (strangers, known)
    )


def failures_at(work: Work, user: User) -> tuple[dict[str, Failures], Failures | None]:
    """Return the failures in a row by factor, those of all codes together among them; and those that make wait."""
    kept = {*Factor, _ANY_CODE}
    found = {each.factor: each for each in failures_of(work, user.id) if each.factor in kept and each.count}
    by_name = [each for each in failures_of(work, _somebody(work, user.name.canonical)) if each.factor == _NAME]
    waits = not read_policy(work, AccountLocking).enabled
    return found, by_name[0] if by_name and waits else None


def sweep_guesses(work: Work) -> None:
    """Forget failures that are kept by the name that was typed."""
    for factor in (_NAME, _NOBODY, *(_NOBODY + code for code in (_ANY_CODE, *Factor))):
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


def _password_budgets(work: Work, guess: Guess, name: str, *, waits: bool, device_known: bool) -> tuple[InARow, InARow]:
    """Return what a password takes from: as many rows for a name that nobody has, and for an account that is locked."""
    user, somebody = guess.user, _somebody(work, name)
    lane = InARow(somebody, _NAME, Verdict.TOO_EARLY, waits=waits)
    if user is None:
        return lane, InARow(somebody, _NOBODY, Verdict.TOO_EARLY)
    if device_known and waits:
        lane = InARow(user.id, _KNOWN_DEVICE, Verdict.TOO_EARLY, waits=True)
    if not guess.is_open:
        return lane, InARow(user.id, _WHILE_LOCKED, Verdict.LOCKED)
    most, anew_from = guess.locks_at or _UNLIMITED, user.counts_anew_from(guess.factor)
    return lane, InARow(user.id, guess.factor, Verdict.LOCKED, most, anew_from=anew_from)


def _code_budgets(work: Work, guess: Guess, name: str, *, device_known: bool) -> tuple[Budget, ...]:
    """Return what a code takes from: as many rows for somebody who has no account here, and none of them locks it."""
    user, factor = guess.user, guess.factor
    subject, prefix = (_somebody(work, name), _NOBODY) if user is None else (user.id, "")
    strangers, known = _windows(subject)
    most = min(guess.locks_at or MOST_IN_A_ROW, MOST_IN_A_ROW)
    return (
        known if device_known else strangers,
        InARow(subject, prefix + _ANY_CODE, Verdict.SUSPENDED, MOST_IN_A_ROW),
        InARow(
            subject, prefix + factor, Verdict.SUSPENDED, most,
            anew_from=None if user is None else user.counts_anew_from(factor),
        ),
    )  # fmt: skip


def _somebody(work: Work, name: str) -> str:
    """Return what stands for a name that was typed, whether or not somebody has it."""
    return work.keys.digest("guessed-name", work.tenant, name)


def _windows(subject: str) -> tuple[InAMonth, InAMonth]:
    return (
        InAMonth(subject, "codes-of-strangers", CODES_OF_STRANGERS),
        InAMonth(subject, "codes-of-known-devices", CODES_OF_KNOWN_DEVICES),
    )


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
    if guess.user is not None and guess.locks_at is not None and row.count >= guess.locks_at:
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
