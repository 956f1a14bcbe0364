"""How an account stands: all that decides whether its person can log in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from watchword.accounts.backup_codes import count_backup_codes
from watchword.accounts.guessing import MOST_IN_A_ROW, MonthsBudget, budgets_of_months, failures_at, with_failures
from watchword.accounts.model import Factor, User
from watchword.accounts.usecases.passwords import MustChange, must_change_password
from watchword.storage.failures import Failures
from watchword.storage.work import Work


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
    def is_suspended(self) -> bool:
        """Tell whether codes are no longer compared, since too many in a row were wrong."""
        return any(each.count >= MOST_IN_A_ROW for factor, each in self.failures.items() if factor != Factor.PASSWORD)

    @property
    def spent_months(self) -> Sequence[MonthsBudget]:
        """Return the budgets of which nothing is left."""
        return [each for each in self.months if each.spent >= each.limit.count]


def read_standing(work: Work, user: User) -> Standing:
    """Return how an account stands now."""
    failures, waiting = failures_at(work, user)
    late = None if waiting is None or waiting.ready_at <= work.now else waiting.ready_at
    return Standing(
        with_failures(work, user), work.now, failures, budgets_of_months(work, user), late,
        must_change_password(work, user), count_backup_codes(work, user),
    )  # fmt: skip
