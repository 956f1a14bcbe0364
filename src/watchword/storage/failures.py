"""Failures in a row: one atomic statement each, so that parallel guesses cannot pass together.

A guess is counted before anything is compared; a success takes the whole row of failures back to none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Integer, bindparam, column, delete, select, text, update

from watchword.storage.schema import EPOCH, MICROSECOND, failures
from watchword.storage.statements import Statement
from watchword.storage.work import Work

FREE_GUESSES = 5
"""After so many failures in a row, guesses that must wait begin to wait."""
WAITS = tuple(timedelta(seconds=seconds) for seconds in (1, 2, 4, 8, 16, 32, 60))

_WAIT = " ".join(
    f"WHEN failures.count = {number} THEN {wait // MICROSECOND}" for number, wait in enumerate(WAITS, FREE_GUESSES)
)
_LONGEST = WAITS[-1] // MICROSECOND
_COUNT = """
    INSERT INTO failures (tenant, subject, factor, count, last_at)
    VALUES (:tenant, :subject, :factor, 1, :now)
    ON CONFLICT (tenant, subject, factor) DO UPDATE SET
        count = CASE WHEN failures.last_at < :anew_from THEN 1 ELSE failures.count + 1 END,
        last_at = :now
    WHERE failures.last_at < :anew_from OR failures.count < :most {and_waited}
    RETURNING count
"""
_WAITED = f"""
    AND failures.last_at + CASE WHEN failures.count < {FREE_GUESSES} THEN 0 {_WAIT} ELSE {_LONGEST} END <= :now
"""
_AT_ONCE = Statement(text(_COUNT.format(and_waited="")).columns(column("count", Integer)))
_AFTER_A_WAIT = Statement(text(_COUNT.format(and_waited=_WAITED)).columns(column("count", Integer)))
_THIS = (
    (failures.c.tenant == bindparam("tenant"))
    & (failures.c.subject == bindparam("subject"))
    & (failures.c.factor == bindparam("factor"))
)
_CLEAR = Statement(update(failures).where(_THIS, failures.c.count > 0).values(count=0))
_TAKE_BACK = Statement(update(failures).where(_THIS, failures.c.count > 0).values(count=failures.c.count - 1))
_OF = Statement(
    select(failures).where(failures.c.tenant == bindparam("tenant"), failures.c.subject == bindparam("subject"))
)
_FORGET = Statement(
    delete(failures).where(failures.c.tenant == bindparam("tenant"), failures.c.subject == bindparam("subject"))
)
_SWEEP = Statement(
    delete(failures).where(failures.c.factor == bindparam("factor"), failures.c.last_at < bindparam("before"))
)


@dataclass(frozen=True, slots=True)
class Failures:
    """How often somebody has failed in a row at something, and when last."""

    factor: str
    count: int
    last_at: datetime

    @property
    def ready_at(self) -> datetime:
        """Return when the next guess is compared, where guesses wait."""
        return self.last_at + wait_after(self.count)


def wait_after(count: int) -> timedelta:
    """Return how long the next guess must wait after so many failures in a row."""
    if count < FREE_GUESSES:
        return timedelta(0)
    return WAITS[min(count - FREE_GUESSES, len(WAITS) - 1)]


def count_guess(
    work: Work, subject: str, factor: str, most: int, *, waits: bool, anew_from: datetime = EPOCH
) -> int | None:
    """Count one more guess as a failure, before it is compared, and return how many that makes in a row.

    Failures before *anew_from* do not count. ``None``: there were *most* already, or it comes too early where it
    *waits*; then nothing is counted.
    """
    statement = _AFTER_A_WAIT if waits else _AT_ONCE
    now, since = ((instant - EPOCH) // MICROSECOND for instant in (work.now, anew_from))
    row = work.row(statement, subject=subject, factor=factor, most=most, now=now, anew_from=since)
    return None if row is None else row.count


def take_back_guess(work: Work, subject: str, factor: str) -> None:
    """Uncount one guess, which was never compared."""
    work.write(_TAKE_BACK, subject=subject, factor=factor)


def clear_failures(work: Work, subject: str, factor: str) -> None:
    """Begin anew, after a success."""
    work.write(_CLEAR, subject=subject, factor=factor)


def failures_of(work: Work, subject: str) -> Sequence[Failures]:
    """Return what somebody has failed at."""
    return [Failures(row.factor, row.count, row.last_at) for row in work.rows(_OF, subject=subject)]


def forget_failures(work: Work, subject: str) -> None:
    """Forget all failures of somebody."""
    work.write(_FORGET, subject=subject)


def sweep_failures(work: Work, factor: str, before: datetime) -> None:
    """Forget failures at a *factor* that are older, in all tenants."""
    work.write(_SWEEP, factor=factor, before=before)
