"""What every guess takes one of: failures in a row, and failures in a month; docs/decisions/0010-guessing.md."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from watchword.accounts.model import Factor, User
from watchword.base.kinds import Limit
from watchword.storage import counters
from watchword.storage.failures import clear_failures, count_guess, take_back_guess
from watchword.storage.schema import EPOCH
from watchword.storage.work import Work

MOST_IN_A_ROW = 20
"""Wrong codes in a row of one lane, at one factor or at all of them together, after which it compares none."""
CODES_OF_STRANGERS = Limit(50, timedelta(days=30))
"""Wrong codes for an account that are compared in a month, from devices that it has not logged in from."""
CODES_OF_KNOWN_DEVICES = Limit(20, timedelta(days=30))
CODES_OF_BARE_NAMES = Limit(50, timedelta(days=30))
"""The same from whoever has typed a name and proven nothing: that takes nothing from whom it names."""

# At what failures are counted, beside the factors themselves.
ANY_CODE = "code"
KNOWN_DEVICE = "known-device"
NAME = "name"
NOBODY = "nobody "
WHILE_LOCKED = "while-locked"

UNLIMITED = 2**31 - 1


class Lane(StrEnum):
    """From where a code is guessed; as the rows of those guesses are named."""

    NEW_DEVICE = ""
    KNOWN_DEVICE = "known-device "
    BARE_NAME = "bare-name "

    @property
    def row(self) -> str:
        """Return at what its failures at all codes together are counted."""
        return self + ANY_CODE


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
    most: int = UNLIMITED
    waits: bool = False
    anew_from: datetime | None = None
    """When a lock ends that these failures have led to."""
    opens: str = ""
    """At what else a success begins anew."""

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
        if self.opens:
            clear_failures(work, self.subject, self.opens)


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
class Asked:
    """What decides of which budgets a guess takes."""

    user: User | None
    factor: Factor
    somebody: str
    """What stands for the name that was typed, whether or not somebody has it."""
    locks_at: int | None
    """The failure in a row that locks the account; ``None``: none does."""
    is_locked: bool
    device_known: bool
    is_proven: bool = True
    """Whether something was proven before: who has but typed a name spends nothing of whoever has it."""

    @property
    def lane(self) -> Lane:
        """Return from where a code is guessed."""
        if self.device_known:
            return Lane.KNOWN_DEVICE
        return Lane.NEW_DEVICE if self.is_proven else Lane.BARE_NAME


def password_budgets(asked: Asked, *, waits: bool) -> tuple[InARow, InARow]:
    """Return what a password takes from: as many rows for a name that nobody has, and for an account that is locked."""
    user = asked.user
    lane = InARow(asked.somebody, NAME, Verdict.TOO_EARLY, waits=waits)
    if user is None:
        return lane, InARow(asked.somebody, NOBODY, Verdict.TOO_EARLY)
    if asked.device_known and waits:
        lane = InARow(user.id, KNOWN_DEVICE, Verdict.TOO_EARLY, waits=True)
    if asked.is_locked:
        return lane, InARow(user.id, WHILE_LOCKED, Verdict.LOCKED)
    most, anew_from = asked.locks_at or UNLIMITED, user.counts_anew_from(asked.factor)
    return lane, InARow(user.id, asked.factor, Verdict.LOCKED, most, anew_from=anew_from)


def code_budgets(asked: Asked) -> tuple[Budget, ...]:
    """Return what a code takes from: as many rows for somebody who has no account here, and none of them locks it.

    A new device, one that is known, and a bare name have lanes of their own, so that none ends the guesses of another.
    The account's own row, which locks it, is for whoever has proven something.
    """
    user, factor = asked.user, asked.factor
    subject, prefix = (asked.somebody, NOBODY) if user is None else (user.id, "")
    window = windows_of(subject)[asked.lane]
    opens = prefix + Lane.NEW_DEVICE.row if asked.is_proven and asked.device_known else ""
    in_lane = InARow(subject, prefix + asked.lane.row, Verdict.SUSPENDED, MOST_IN_A_ROW, opens=opens)
    if not asked.is_proven:
        return window, in_lane, InARow(subject, prefix + asked.lane + factor, Verdict.SUSPENDED, MOST_IN_A_ROW)
    most = min(asked.locks_at or UNLIMITED, UNLIMITED if asked.device_known else MOST_IN_A_ROW)
    anew_from = None if user is None else user.counts_anew_from(factor)
    return window, in_lane, InARow(subject, prefix + factor, Verdict.SUSPENDED, most, anew_from=anew_from)


def somebody_of(work: Work, name: str) -> str:
    """Return what stands for a name that was typed, whether or not somebody has it."""
    return work.keys.digest("guessed-name", work.tenant, name)


def windows_of(subject: str) -> dict[Lane, InAMonth]:
    """Return the budgets of a month."""
    return {
        Lane.NEW_DEVICE: InAMonth(subject, "codes-of-strangers", CODES_OF_STRANGERS),
        Lane.KNOWN_DEVICE: InAMonth(subject, "codes-of-known-devices", CODES_OF_KNOWN_DEVICES),
        Lane.BARE_NAME: InAMonth(subject, "codes-of-bare-names", CODES_OF_BARE_NAMES),
    }
