"""A message, its states, and what a sender promises."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from watchword.accounts.claims import Channel

__all__ = [
    "NO_SENDER",
    "UNUSABLE",
    "Answered",
    "Channel",
    "Message",
    "MessageState",
    "OutboxEntry",
    "Receipt",
    "Refused",
    "Sender",
    "Senders",
    "Unreachable",
]

NO_SENDER = "no sender"
"""The reason of a message that nobody is configured to send."""
UNUSABLE = "the fields of the identity provider cannot be used"
"""The reason of a message whose provider could never be called."""
RETRY_WAITS = tuple(timedelta(seconds=seconds) for seconds in (1, 4, 15, 60))


class MessageState(StrEnum):
    """Where a message is (decisions 6.3)."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    HELD = "held"

    @property
    def is_open(self) -> bool:
        """Tell whether something is still to be done."""
        return self in {MessageState.WAITING, MessageState.SENDING}

    @property
    def news(self) -> str:
        """Return what is told to whoever waits for the message: ``sending``, ``sent``, ``failed`` or so.

        Whether a code is still good says its own life, and not that of the message which brought it.
        """
        if self.is_open:
            return "sending"
        return "sent" if self in {MessageState.EXPIRED, MessageState.CANCELLED} else self.value


@dataclass(frozen=True, slots=True)
class Message:
    """A rendered message to one recipient."""

    id: str
    tenant: str
    channel: Channel
    to: str
    """The address as it is sent to."""
    template: str
    locale: str
    event: str
    facts: Mapping[str, str] = field(repr=False)
    """The event map of sms-otp.md 6.5, for senders that build a document of their own."""
    subject: str = field(repr=False)
    body: str = field(repr=False)
    footer: str = field(repr=False)
    content_type: str = field(repr=False)
    created_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """A provider has taken a message over."""

    provider: str
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """What a provider said instead of taking a message over."""

    status: int
    body: bytes = field(repr=False)
    is_unexpected: bool = True
    """Whether the status itself means failure; if not, what the operator demands besides is missing."""


class Refused(Exception):  # a refusal by a provider
    """A message will never be taken; the reason is safe to show: no secret, no code, no whole number."""

    def __init__(self, reason: str, *, answered: Answered | None = None) -> None:
        """Keep the reason, and what the provider said."""
        super().__init__(reason)
        self.reason, self.answered = reason, answered


class Unreachable(Exception):  # a state of a provider
    """A message could not be handed over now; another try may succeed."""

    def __init__(
        self,
        reason: str,
        *,
        retry_after: timedelta | None = None,
        ambiguous: bool = False,
        answered: Answered | None = None,
    ) -> None:
        """Keep the reason, the wait that the provider asked for, and whether it may have the message after all."""
        super().__init__(reason)
        self.reason, self.retry_after, self.ambiguous, self.answered = reason, retry_after, ambiguous, answered


class Sender(Protocol):
    """Hands messages over to one provider."""

    @property
    def name(self) -> str:
        """The provider's name, for the timeline."""

    def send(self, message: Message, deadline_seconds: float) -> Receipt:
        """Hand a message over, within the deadline.

        Raises:
            Refused: it will never be taken.
            Unreachable: it may be taken later.
        """


class Senders(Protocol):
    """Knows who sends for whom."""

    def of(self, tenant: str, channel: Channel) -> Sender | None:
        """Return the sender of a tenant's channel, as it is configured at this moment."""


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """What may be told of a message: never its text, never a code."""

    id: str
    tenant: str
    user_id: str | None
    channel: Channel
    masked_to: str
    template: str
    locale: str
    event: str
    state: MessageState
    reason: str | None
    attempts: int
    provider: str | None
    reference: str | None
    created_at: datetime
    sent_at: datetime | None
    expires_at: datetime | None
    fence: int = 0
    trace: str = ""
    sealed: bytes | None = field(default=None, repr=False)
    leased_until: datetime | None = None
    due_at: datetime | None = None
    """When a courier takes it up; for one that is being sent, the end of the lease."""
    route: str | None = None
    """The identity provider whose fields describe the call; ``None``: the tenant's sender."""
    reply_status: int | None = None
    """What the provider answered last, where it did not take the message."""
    reply: bytes | None = field(default=None, repr=False)
    """What else it said, sealed."""

    def next_try_at(self, now: datetime, asked_wait: timedelta | None) -> datetime | None:
        """Return when to try again; ``None`` if the code has died by then."""
        wait = RETRY_WAITS[min(self.attempts, len(RETRY_WAITS)) - 1] if self.attempts else RETRY_WAITS[0]
        at = now + max(wait, asked_wait or timedelta(0))
        return None if self.expires_at is not None and at >= self.expires_at else at
