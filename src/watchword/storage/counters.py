"""Counters of limits: one atomic statement each, so that parallel requests cannot pass together.

A window begins with the first thing counted and ends after the limit's span; the next thing begins a new one.
"""

from datetime import timedelta
from math import ceil

from sqlalchemy import BigInteger, Integer, column, delete, text

from watchword.base.kinds import Limit
from watchword.base.problems import TooMany
from watchword.storage.schema import EPOCH, MICROSECOND, counters
from watchword.storage.statements import Statement
from watchword.storage.work import Work

_COUNT = Statement(
    text("""
    INSERT INTO counters (tenant, "limit", key, "window", count, started_at, ends_at)
    VALUES (:tenant, :limit, :key, :window, 1, :now, :ends)
    ON CONFLICT (tenant, "limit", key, "window") DO UPDATE SET
        count = CASE WHEN counters.ends_at <= :now THEN 1 ELSE counters.count + 1 END,
        started_at = CASE WHEN counters.ends_at <= :now THEN :now ELSE counters.started_at END,
        ends_at = CASE WHEN counters.ends_at <= :now THEN :ends ELSE counters.ends_at END
    WHERE counters.ends_at <= :now OR counters.count < :most
    RETURNING count
""").columns(column("count", Integer))
)
_SPENT = Statement(
    text("""
    SELECT ends_at FROM counters
    WHERE tenant = :tenant AND "limit" = :limit AND key = :key AND "window" = :window
      AND ends_at > :now AND count >= :most
""").columns(column("ends_at", BigInteger))
)

_THIS = """WHERE tenant = :tenant AND "limit" = :limit AND key = :key AND "window" = :window"""
_TAKE_BACK = Statement(text(f"UPDATE counters SET count = count - 1 {_THIS} AND count > 0"))  # noqa: S608  # constants
_FORGET = Statement(text(f"DELETE FROM counters {_THIS}"))  # noqa: S608  # constants
_COUNTED = Statement(
    text(f"SELECT count FROM counters {_THIS} AND ends_at > :now")  # noqa: S608  # constants
    .columns(column("count", Integer))
)  # fmt: skip


def count(work: Work, limit_name: str, key: str, limit: Limit) -> bool:
    """Count one more thing, unless the limit is reached; return whether it was counted.

    *key* says whose count it is; only its keyed digest is stored.
    """
    return work.row(_COUNT, **_values(work, limit_name, key, limit)) is not None


def take_back(work: Work, limit_name: str, key: str, limit: Limit) -> None:
    """Uncount one thing that turned out not to be one of those that the limit is about."""
    work.write(_TAKE_BACK, **_values(work, limit_name, key, limit))


def forget(work: Work, limit_name: str, key: str, limit: Limit) -> None:
    """Begin a new window."""
    work.write(_FORGET, **_values(work, limit_name, key, limit))


def counted(work: Work, limit_name: str, key: str, limit: Limit) -> int:
    """Return how many things the window holds."""
    found = work.row(_COUNTED, **_values(work, limit_name, key, limit))
    return 0 if found is None else found.count


def seconds_left(work: Work, limit_name: str, key: str, limit: Limit) -> int | None:
    """Return after how many seconds there is room again; ``None`` if there is room now."""
    spent = work.row(_SPENT, **_values(work, limit_name, key, limit))
    return None if spent is None else ceil((EPOCH + spent.ends_at * MICROSECOND - work.now) / timedelta(seconds=1))


def refuse_past(work: Work, limit_name: str, key: str, limit: Limit) -> None:
    """Refuse whoever has reached the limit.

    Raises:
        TooMany: says after how many seconds to come back.
    """
    seconds = seconds_left(work, limit_name, key, limit)
    if seconds is not None:
        raise TooMany(seconds=seconds)


def sweep_counters(work: Work) -> None:
    """Remove the windows that have ended, in all tenants."""
    work.connection.execute(delete(counters).where(counters.c.ends_at < work.now))


def _values(work: Work, limit_name: str, key: str, limit: Limit) -> dict[str, object]:
    now = (work.now - EPOCH) // MICROSECOND
    return {
        "limit": limit_name,
        "key": work.keys.digest("counter", work.tenant, limit_name, key),
        "window": int(limit.window.total_seconds()),
        "now": now,
        "ends": now + limit.window // MICROSECOND,
        "most": limit.count,
    }
