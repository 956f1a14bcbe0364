"""How an account stands: all that decides whether its person can log in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from watchword.accounts.backup_codes import count_backup_codes
from watchword.accounts.budgets import MOST_IN_A_ROW, NAME, Lane, somebody_of, windows_of
from watchword.accounts.guessing import with_failures
from watchword.accounts.model import Factor, User
from watchword.accounts.usecases.passwords import MustChange, must_change_password
from watchword.base.kinds import Limit
from watchword.storage import counters
from watchword.storage.failures import Failures, failures_of
from watchword.storage.work import Work
from watchword.tenants.policies import AccountLocking
from watchword.tenants.usecases import read_policy


@dataclass(frozen=True, slots=True)
class MonthsBudget:
    """How many of the guesses of 30 days are spent."""

    lane: Lane
    spent: int
    limit: Limit


@dataclass(frozen=True, slots=True)
class Standing:
    """An account at one instant, with what is counted of it."""

    user: User
    """With the failures in a row, for its claims."""
    now: datetime
    failures: Mapping[str, Failures]
    """The last row of failures at each factor, whether or not it has led to a lock that is over."""
    months: Sequence[MonthsBudget]
    next_password_at: datetime | None
    """Before which no password is compared that comes from a device that the person has not used."""
    must_change: MustChange | None
    backup_codes: int

    @property
    def suspended(self) -> Sequence[Lane]:
        """Return from where codes are no longer compared, since too many in a row were wrong."""
        full = {factor for factor, each in self.failures.items() if each.count >= MOST_IN_A_ROW}
        return [lane for lane in Lane if full & set(_codes(lane))]

    @property
    def spent_months(self) -> Sequence[MonthsBudget]:
        """Return the budgets of which nothing is left."""
        return [each for each in self.months if each.spent >= each.limit.count]


def read_standing(work: Work, user: User) -> Standing:
    """Return how an account stands now."""
    failures, waiting = _failures_at(work, user)
    late = None if waiting is None or waiting.ready_at <= work.now else waiting.ready_at
    return Standing(
        with_failures(work, user), work.now, failures, _budgets_of_months(work, user), late,
        must_change_password(work, user), count_backup_codes(work, user),
    )  # fmt: skip


def _budgets_of_months(work: Work, user: User) -> tuple[MonthsBudget, ...]:
    """Return what is spent of an account's guesses at codes."""
    return tuple(
        MonthsBudget(lane, counters.counted(work, window.name, window.subject, window.limit), window.limit)
        for lane, window in windows_of(user.id).items()
    )


def _codes(lane: Lane) -> list[str]:
    """Return at what the failures of a lane are counted that end its guesses at codes."""
    return [lane.row, *(f"{lane}{each}" for each in Factor if each is not Factor.PASSWORD)]


def _failures_at(work: Work, user: User) -> tuple[dict[str, Failures], Failures | None]:
    """Return the failures in a row by factor, those of all codes together among them; and those that make wait."""
    kept = {*Factor, *(row for lane in Lane for row in _codes(lane))}
    found = {each.factor: each for each in failures_of(work, user.id) if each.factor in kept and each.count}
    by_name = [each for each in failures_of(work, somebody_of(work, user.name.canonical)) if each.factor == NAME]
    waits = not read_policy(work, AccountLocking).enabled
    return found, by_name[0] if by_name and waits else None
