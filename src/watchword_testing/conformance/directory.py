"""What the commands say of users and messages, and how a row and what a sink took belong together."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

import msgspec

from watchword_testing.conformance.commands import CommandRefused
from watchword_testing.conformance.judge import Account, Message
from watchword_testing.sinks import Delivery

SETTLED_WITHIN_SECONDS = 10.0

_UNDER_WAY = frozenset(("waiting", "sending"))
_SHORTEST_ID = 8


@dataclass(frozen=True, slots=True)
class Name:
    """A user as the cases name it: `name`, `REALM/name` or `tenant:name`."""

    qualified: str
    tenant: str | None

    @classmethod
    def of(cls, written: str) -> Self:
        """Return the name that is written so."""
        tenant, colon, name = written.partition(":")
        return cls(name, tenant) if colon else cls(written, None)

    @property
    def words(self) -> tuple[str, ...]:
        """The words of a command that mean this user."""
        return (self.qualified,) if self.tenant is None else (self.qualified, "--tenant", self.tenant)


class Commands(Protocol):
    """Whatever runs commands: `watchword batch`."""

    def run(self, *words: str) -> dict[str, Any]:
        """Run a command and return its answer; raises CommandRefused when that is an error."""

    def answer_to(self, *words: str) -> dict[str, Any]:
        """Run a command and return its answer, an error as well."""


class Row(msgspec.Struct, frozen=True):
    """A message as `message list` has it."""

    id: str
    state: str
    template: str | None = None
    event: str | None = None
    locale: str | None = None
    properties: dict[str, str] = {}


class _Listed(msgspec.Struct, frozen=True):
    messages: list[Row]


class _Shown(msgspec.Struct, frozen=True):
    exists: bool
    realm: str | None = None
    account_locked: bool | None = None
    account_state: str | None = None
    roles: list[str] = []
    claims: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Directory:
    """Users and messages of the tenants of a case, seen through `watchword batch`."""

    batch: Commands
    tenants: Sequence[str]

    def account(self, written: str) -> Account:
        """Return what is known of a user."""
        words = ("user", "show", *Name.of(written).words, "--json")
        answer = self.batch.answer_to(*words)
        if "exists" not in answer:
            raise CommandRefused(words, answer)
        shown = msgspec.convert(answer, _Shown)
        return Account(
            shown.exists, shown.realm, shown.account_locked, shown.account_state, tuple(shown.roles), shown.claims
        )

    def settled_rows(self) -> list[Row]:
        """Return all messages of the case, oldest first, when none is under way any more or the time is up."""
        deadline = time.monotonic() + SETTLED_WITHIN_SECONDS
        while True:
            rows = self._rows()
            if not any(row.state in _UNDER_WAY for row in rows) or time.monotonic() > deadline:
                return rows
            time.sleep(0.02)

    def _rows(self) -> list[Row]:
        rows: dict[str, Row] = {}
        for tenant in (None, *self.tenants):
            words = ("message", "list", "--json", *(() if tenant is None else ("--tenant", tenant)))
            answer: Any = self.batch.run(*words)
            rows |= {row.id: row for row in msgspec.convert(answer, _Listed).messages}
        return list(rows.values())


def joined(deliveries: Iterable[Delivery], rows: Sequence[Row]) -> list[Message]:
    """Return what was sent, in the order of the rows; a delivery without a row comes last."""
    pairs = [(_row_number(delivery, rows), delivery) for delivery in deliveries]
    return [
        _message(delivery, rows[number] if number < len(rows) else None)
        for number, delivery in sorted(pairs, key=lambda pair: pair[0])
    ]


def _row_number(delivery: Delivery, rows: Sequence[Row]) -> int:
    travelled = delivery.message_id or ""
    for number, row in enumerate(rows):
        if row.id == travelled or (len(row.id) >= _SHORTEST_ID and row.id in travelled):
            return number
    return len(rows)


def _message(delivery: Delivery, row: Row | None) -> Message:
    message = Message(delivery.channel, delivery.to, delivery.texts, delivery.links, delivery.code)
    if row is None:
        return message
    return Message(
        message.channel,
        message.to,
        message.texts,
        message.links,
        message.code,
        row.template,
        row.event,
        row.locale,
        row.properties,
    )
