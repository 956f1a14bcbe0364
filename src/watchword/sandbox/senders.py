"""The senders of the sandbox: they take everything, and nothing leaves the process."""

from dataclasses import dataclass

from watchword.base.clock import Clock
from watchword.notification.model import Channel, Message, Receipt, Sender, Senders
from watchword.sandbox.inbox import Inbox
from watchword.sandbox.model import SandboxMessage
from watchword.web.model import SUPER_TENANT


class LiveSenderBeside(Exception):
    """A live sender is configured where the sandbox is asked for; the text says which."""


@dataclass(frozen=True, slots=True)
class SandboxSender:
    """Puts messages into the inbox."""

    inbox: Inbox
    clock: Clock
    name: str = "sandbox"

    def send(self, message: Message, deadline_seconds: float) -> Receipt:
        """Keep a message."""
        self.inbox.add(SandboxMessage.of(message, self.clock.now()))
        return Receipt(self.name, message.id)


@dataclass(frozen=True, slots=True)
class SandboxSenders:
    """One sender for every tenant and channel."""

    sender: SandboxSender

    @classmethod
    def of_inbox(cls, inbox: Inbox, clock: Clock) -> "SandboxSenders":
        """Return the senders that fill an inbox."""
        return cls(SandboxSender(inbox, clock))

    def of(self, tenant: str, channel: Channel) -> Sender | None:
        """Return the one sender."""
        return self.sender


def refuse_live_senders(configured: Senders) -> None:
    """Refuse to begin beside a live sender: a code must never be shown to anybody but its recipient.

    Raises:
        LiveSenderBeside
    """
    for channel in Channel:
        live = configured.of(SUPER_TENANT, channel)
        if live is not None:
            message = (
                f"{live.name} is configured for {channel}: the sandbox takes every message, and nothing would be sent"
            )
            raise LiveSenderBeside(message)
