"""The outbox, as rows: messages of the Work's tenant, and the courier's view over all tenants."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Row, bindparam, insert, or_, select, tuple_, update

from watchword.notification.model import Channel, MessageState, OutboxEntry
from watchword.storage.schema import Instant, messages
from watchword.storage.statements import Statement
from watchword.storage.work import Work

_MINE = messages.c.tenant == bindparam("tenant")
_OPEN_OF_USER = (
    _MINE
    & (messages.c.user_id == bindparam("of_user"))
    & messages.c.state.in_((MessageState.WAITING, MessageState.SENDING))
)
_CANCELLED: dict[str, Any] = {
    "state": MessageState.CANCELLED, "due_at": None, "leased_until": None, "sealed": None,
    "fence": messages.c.fence + 1,
}  # fmt: skip
_LEASED: dict[str, Any] = {
    "state": MessageState.SENDING, "fence": messages.c.fence + 1, "attempts": messages.c.attempts + 1,
    "leased_until": bindparam("until", type_=Instant), "due_at": bindparam("until", type_=Instant),
}  # fmt: skip
_DUE = (
    select(messages.c.tenant, messages.c.id)
    .where(messages.c.channel == bindparam("channel"), messages.c.due_at <= bindparam("now"))
    .order_by(messages.c.due_at)
    .limit(bindparam("count"))
    .with_for_update(skip_locked=True)
    .cte("due")
)
_LEASE_DUE = Statement(
    update(messages)
    .where(tuple_(messages.c.tenant, messages.c.id).in_(select(_DUE.c.tenant, _DUE.c.id)))
    .values(_LEASED)
    .returning(messages)
)
_THIS = _MINE & (messages.c.id == bindparam("message_id"))
_LEASE_THIS = Statement(
    update(messages).where(_THIS, messages.c.state == MessageState.WAITING).values(_LEASED).returning(messages)
)
_ADD = Statement(insert(messages))
_FIND = Statement(select(messages).where(_THIS))
_CANCEL = Statement(update(messages).where(_OPEN_OF_USER).values(_CANCELLED))
_CANCEL_SCENARIO = Statement(
    update(messages).where(_OPEN_OF_USER, messages.c.scenario == bindparam("of_scenario")).values(_CANCELLED)
)


@cache
def _marking(*names: str) -> Statement:
    """Return what gives columns of a message new values, if it is still in the hands of whoever leased it."""
    held = _THIS & (messages.c.state == MessageState.SENDING) & (messages.c.fence == bindparam("fence"))
    fresh: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
    return Statement(update(messages).where(held).values(fresh).returning(messages.c.id))


@dataclass(frozen=True, slots=True)
class Messages:
    """The messages of the Work's tenant."""

    work: Work

    def add(self, entry: OutboxEntry, scenario: str | None, due_at: datetime | None) -> None:
        """Store a message; *due_at* is when a courier takes it up by itself."""
        self.work.write(
            _ADD, id=entry.id, user_id=entry.user_id, channel=entry.channel, masked_to=entry.masked_to,
            template=entry.template, locale=entry.locale, event=entry.event, scenario=scenario, state=entry.state,
            reason=entry.reason, attempts=0, created_at=entry.created_at, due_at=due_at, fence=0,
            expires_at=entry.expires_at, trace=entry.trace, sealed=entry.sealed, route=entry.route,
        )  # fmt: skip

    def find(self, message_id: str) -> OutboxEntry | None:
        """Return a message."""
        return _entry(self.work.row(_FIND, message_id=message_id))

    def page(self, since: str = "", user_id: str | None = None, count: int = 1000) -> Sequence[OutboxEntry]:
        """Return messages made after the one with the id *since*, oldest first."""
        query = select(messages).where(messages.c.tenant == self.work.tenant, messages.c.id > since)
        if user_id is not None:
            query = query.where(messages.c.user_id == user_id)
        rows = self.work.connection.execute(query.order_by(messages.c.id).limit(count)).all()
        return [entry for row in rows if (entry := _entry(row))]

    def last_of(self, user_id: str) -> OutboxEntry | None:
        """Return the newest message to a user."""
        mine = (messages.c.tenant == self.work.tenant) & (messages.c.user_id == user_id)
        newest = select(messages).where(mine).order_by(messages.c.id.desc()).limit(1)
        return _entry(self.work.connection.execute(newest).one_or_none())

    def cancel_of(self, user_id: str, scenario: str | None = None) -> None:
        """Let nothing go out any more that carries a code which has died."""
        if scenario is None:
            self.work.write(_CANCEL, of_user=user_id)
        else:
            self.work.write(_CANCEL_SCENARIO, of_user=user_id, of_scenario=scenario)


@dataclass(frozen=True, slots=True)
class Outbox:
    """The courier's view: whatever is due, in any tenant."""

    work: Work

    def lease_due(self, channel: Channel, count: int, until: datetime) -> list[OutboxEntry]:
        """Take up to *count* messages that are due, for oneself alone, until *until*.

        The fence of each goes up by one: whoever held it before can no longer mark it.
        """
        taken = self.work.rows(_LEASE_DUE, channel=channel, now=self.work.now, until=until, count=count)
        return [entry for row in taken if (entry := _entry(row))]

    def lease_these(self, chosen: Sequence[tuple[str, str]], until: datetime) -> list[OutboxEntry]:
        """Take the messages with these tenants and ids that wait, whether or not they are due."""
        taken = (self.work.row(_LEASE_THIS, tenant=tenant, message_id=each, until=until) for tenant, each in chosen)
        return [entry for row in taken if (entry := _entry(row))]

    def mark(self, entry: OutboxEntry, state: MessageState, **values: object) -> bool:
        """Write down how an attempt ended, if the message is still ours; return whether it was."""
        ended = {"state": state, "due_at": None, "sealed": None, "leased_until": None, **values}
        fresh = {f"new_{name}": value for name, value in ended.items()}
        return bool(
            self.work.rows(_marking(*ended), tenant=entry.tenant, message_id=entry.id, fence=entry.fence, **fresh)
        )

    def expire(self) -> None:
        """End what can be of no use any more: its code has died."""
        dead = messages.c.due_at.is_not(None) & (messages.c.expires_at <= self.work.now)
        unleased = or_(messages.c.leased_until.is_(None), messages.c.leased_until <= self.work.now)
        self.work.connection.execute(
            update(messages).where(dead, unleased).values(
                state=MessageState.EXPIRED, due_at=None, leased_until=None, sealed=None, fence=messages.c.fence + 1
            )
        )  # fmt: skip

    def count_open(self) -> dict[str, int]:
        """Return how many messages are in each open state."""
        states = self.work.connection.execute(select(messages.c.state).where(messages.c.due_at.is_not(None))).scalars()
        counted: dict[str, int] = {}
        for state in states:
            counted[state] = counted.get(state, 0) + 1
        return counted


def _entry(row: Row[Any] | None) -> OutboxEntry | None:
    return row and OutboxEntry(
        row.id, row.tenant, row.user_id, Channel(row.channel), row.masked_to, row.template, row.locale, row.event,
        MessageState(row.state), row.reason, row.attempts, row.provider, row.reference, row.created_at, row.sent_at,
        row.expires_at, row.fence, row.trace, row.sealed, row.leased_until, row.due_at, row.route, row.reply_status,
        row.reply,
    )  # fmt: skip
