"""The outbox, as rows, with the courier's view over all tenants; and a tenant's own texts and senders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, bindparam, delete, insert, or_, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from watchword.base.problems import SenderExists, TemplateExists, TemplateTypeExists
from watchword.notification.model import Channel, MessageState, OutboxEntry
from watchword.notification.template_files import Key, Template
from watchword.storage.schema import (
    Instant,
    messages,
    notification_senders,
    notification_template_types,
    notification_templates,
)
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


_TYPES, _TEXTS, _SENDERS = notification_template_types, notification_templates, notification_senders
_TEXTS_OF_TYPE = Statement(
    select(_TEXTS).where(
        _TEXTS.c.tenant == bindparam("tenant"),
        _TEXTS.c.channel == bindparam("channel"),
        _TEXTS.c.type == bindparam("of_type"),
    )
)
_FIND_SENDER = Statement(
    select(_SENDERS.c.sealed).where(_SENDERS.c.tenant == bindparam("tenant"), _SENDERS.c.name == bindparam("of_name"))
)


@dataclass(frozen=True, slots=True)
class SavedTemplates:
    """The texts that the Work's tenant has saved, and the types that it has added, of one channel."""

    work: Work
    channel: Channel

    def recalled(self, key: str) -> Mapping[Key, Template]:
        """Return the texts of a type as they were at most half a second ago."""
        return self.work.recall(self._memory(key), lambda: self.of_type(key))

    def forget(self, key: str) -> None:
        """Read the texts of a type anew next time."""
        self.work.forget(self._memory(key))

    def of_type(self, key: str) -> Mapping[Key, Template]:
        """Return the texts of a type."""
        rows = self.work.rows(_TEXTS_OF_TYPE, channel=self.channel, of_type=key)
        return {(row.type, row.locale): _template(row) for row in rows}

    def types(self) -> Mapping[str, str]:
        """Return the names of the added types, by the types as they are compared."""
        query = select(_TYPES.c.type, _TYPES.c.display).where(self._mine(_TYPES)).order_by(_TYPES.c.type)
        return {row.type: row.display for row in self.work.connection.execute(query)}

    def add_type(self, key: str, display: str) -> None:
        """Add a type.

        Raises:
            TemplateTypeExists: somebody else was quicker; the work can only be released.
        """
        try:
            self.work.connection.execute(insert(_TYPES), {**self._place, "type": key, "display": display})
        except IntegrityError as problem:
            raise TemplateTypeExists(name=display) from problem

    def remove_type(self, key: str) -> None:
        """Remove an added type, with its texts."""
        self.work.connection.execute(delete(_TYPES).where(self._mine(_TYPES), _TYPES.c.type == key))
        self.remove_all(key)

    def add(self, text: Template) -> None:
        """Store a text.

        Raises:
            TemplateExists: somebody else was quicker; the work can only be released.
        """
        row = {**self._place, "type": text.type, "locale": text.locale, **_content(text), "saved_at": self.work.now}
        try:
            self.work.connection.execute(insert(_TEXTS), row)
        except IntegrityError as problem:
            raise TemplateExists(name=text.type, locale=text.locale) from problem

    def replace(self, text: Template) -> None:
        """Store a text in the place of the one that is there."""
        here = self._mine(_TEXTS) & (_TEXTS.c.type == text.type) & (_TEXTS.c.locale == text.locale)
        fresh = {**_content(text), "saved_at": self.work.now}
        self.work.connection.execute(update(_TEXTS).where(here).values(fresh))

    def remove(self, key: str, locale: str) -> None:
        """Remove a text."""
        here = self._mine(_TEXTS) & (_TEXTS.c.type == key) & (_TEXTS.c.locale == locale)
        self.work.connection.execute(delete(_TEXTS).where(here))

    def remove_all(self, key: str) -> None:
        """Remove the texts of a type."""
        self.work.connection.execute(delete(_TEXTS).where(self._mine(_TEXTS), _TEXTS.c.type == key))

    @property
    def _place(self) -> dict[str, str]:
        return {"tenant": self.work.tenant, "channel": self.channel}

    def _mine(self, table: Table) -> ColumnElement[bool]:
        return (table.c.tenant == self.work.tenant) & (table.c.channel == self.channel)

    def _memory(self, key: str) -> str:
        return f"templates {self.channel} {key}"


@dataclass(frozen=True, slots=True)
class SavedSenders:
    """The senders of the Work's tenant, sealed."""

    work: Work

    def find(self, name: str) -> bytes | None:
        """Return what describes a sender."""
        row = self.work.row(_FIND_SENDER, of_name=name)
        return None if row is None else bytes(row.sealed)

    def add(self, name: str, sealed: bytes) -> None:
        """Store a sender.

        Raises:
            SenderExists: there is one of the name; the work can only be released.
        """
        row = {"tenant": self.work.tenant, "name": name, "sealed": sealed, "saved_at": self.work.now}
        try:
            self.work.connection.execute(insert(_SENDERS), row)
        except IntegrityError as problem:
            raise SenderExists(name=name) from problem

    def replace(self, name: str, sealed: bytes) -> None:
        """Store a sender in the place of the one that is there."""
        here = (_SENDERS.c.tenant == self.work.tenant) & (_SENDERS.c.name == name)
        self.work.connection.execute(update(_SENDERS).where(here).values(sealed=sealed, saved_at=self.work.now))

    def remove(self, name: str) -> None:
        """Remove a sender."""
        here = (_SENDERS.c.tenant == self.work.tenant) & (_SENDERS.c.name == name)
        self.work.connection.execute(delete(_SENDERS).where(here))


def _content(text: Template) -> dict[str, str]:
    return {"subject": text.subject, "body": text.body, "footer": text.footer, "content_type": text.content_type}


def _template(row: Row[Any]) -> Template:
    return Template(row.type, row.locale, row.body, row.subject, row.footer, row.content_type)


def _entry(row: Row[Any] | None) -> OutboxEntry | None:
    return row and OutboxEntry(
        row.id, row.tenant, row.user_id, Channel(row.channel), row.masked_to, row.template, row.locale, row.event,
        MessageState(row.state), row.reason, row.attempts, row.provider, row.reference, row.created_at, row.sent_at,
        row.expires_at, row.fence, row.trace, row.sealed, row.leased_until, row.due_at, row.route, row.reply_status,
        row.reply,
    )  # fmt: skip
