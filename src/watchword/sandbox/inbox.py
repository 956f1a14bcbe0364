"""Where the sandbox keeps what arrived: the last thousand messages, in memory, and whoever waits for the next."""

from collections import deque
from dataclasses import dataclass, field
from threading import Condition

from watchword.notification.model import Channel
from watchword.sandbox.model import SandboxMessage

MOST_KEPT = 1000
MOST_WAITING = 16
"""A waiting request holds a thread of the server; those past this number are answered at once."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which messages somebody asks for; what is empty asks nothing."""

    to: str = ""
    channel: Channel | None = None
    after: str = ""
    """The id of the last message that is known already."""

    def matches(self, message: SandboxMessage) -> bool:
        """Tell whether a message is one of these, whenever it came."""
        return (not self.to or message.is_to(self.to)) and self.channel in {None, message.channel}


@dataclass(slots=True)
class Inbox:
    """Every phone and every mailbox of the sandbox. May be used by any number of threads."""

    _messages: deque[SandboxMessage] = field(default_factory=lambda: deque(maxlen=MOST_KEPT))
    _changed: Condition = field(default_factory=Condition)
    _is_closed: bool = False
    waiting: int = 0
    """How many wait at this moment."""

    def add(self, message: SandboxMessage) -> None:
        """Keep a message, and wake whoever waits."""
        with self._changed:
            self._messages.append(message)
            self._changed.notify_all()

    def read(self, wanted: Wanted) -> list[SandboxMessage]:
        """Return the messages that are asked for, oldest first.

        An *after* that is not here any more means that all of these are new.
        """
        with self._changed:
            return self._read(wanted)

    def wait(self, wanted: Wanted, seconds: float) -> list[SandboxMessage]:
        """Return at least one message, if one comes within *seconds*; at once, where too many wait already."""
        with self._changed:
            if self.waiting < MOST_WAITING:
                self.waiting += 1
                self._changed.wait_for(lambda: self._is_closed or bool(self._read(wanted)), seconds)
                self.waiting -= 1
            return self._read(wanted)

    def clear(self) -> None:
        """Forget every message."""
        with self._changed:
            self._messages.clear()

    def close(self) -> None:
        """Let nobody wait any more, since the server stops."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _read(self, wanted: Wanted) -> list[SandboxMessage]:
        known = [message.id for message in self._messages]
        first_new = known.index(wanted.after) + 1 if wanted.after in known else 0
        return [message for message in list(self._messages)[first_new:] if wanted.matches(message)]
