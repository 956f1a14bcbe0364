"""The audit log: what was done, by whom, to what, and how it ended. Never a secret, a code or a whole number."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select

from watchword.base.entropy import new_id
from watchword.storage.schema import audit
from watchword.storage.statements import Statement
from watchword.storage.work import Work

_NOTE = Statement(insert(audit))


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One line of the log."""

    id: str
    at: datetime
    tenant: str
    actor: str
    source: str
    action: str
    target: str
    outcome: str
    reason: str
    trace: str


def note(work: Work, action: str, target: str, *, outcome: str = "ok", reason: str = "") -> None:
    """Write a line in the transaction of the work."""
    work.write(
        _NOTE, id=new_id(work.entropy, work.now), at=work.now, actor=work.origin.actor, source=work.origin.source,
        action=action, target=target, outcome=outcome, reason=reason, trace=work.origin.trace,
    )  # fmt: skip


def read_audit(work: Work, since: str = "", count: int = 1000) -> Sequence[AuditEvent]:
    """Return the lines after the id *since*, oldest first."""
    mine = (audit.c.tenant == work.tenant) & (audit.c.id > since)
    rows = work.connection.execute(select(audit).where(mine).order_by(audit.c.id).limit(count))
    return [
        AuditEvent(
            row.id,
            row.at,
            row.tenant,
            row.actor,
            row.source,
            row.action,
            row.target,
            row.outcome,
            row.reason,
            row.trace,
        )
        for row in rows
    ]
