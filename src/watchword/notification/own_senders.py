"""The senders that tenants have of their own: kept sealed, and made ready for the courier."""

from dataclasses import dataclass, field

import msgspec

from watchword.base.problems import SenderRefused
from watchword.base.seal import SealBroken
from watchword.notification.model import Channel, Message, Receipt, Refused, Sender
from watchword.notification.sender_objects import SMS_SENDER, SenderObject, call_of
from watchword.notification.senders.fetcher import Fetcher
from watchword.notification.senders.http_sender import HttpSender
from watchword.notification.senders.tokens import Tokens
from watchword.notification.store import SavedSenders
from watchword.storage.work import Work

_MEMORY = "sender"


@dataclass(frozen=True, slots=True)
class Unusable:
    """Stands for a sender that could never be asked; the operator's does not take its place unasked."""

    name: str = SMS_SENDER

    def send(self, message: Message, deadline_seconds: float) -> Receipt:
        """Refuse every message."""
        raise Refused("the tenant's own sender cannot be used")


@dataclass(frozen=True, slots=True)
class OwnSenders:
    """Makes the senders of tenants, anew when they have changed; what was made lives half a second."""

    fetcher: Fetcher
    _tokens: Tokens = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_tokens", Tokens(self.fetcher))

    def sender(self, work: Work, channel: Channel) -> Sender | None:
        """Return the sender of the Work's tenant; ``None`` where it has none, and the operator's sends."""
        return work.recall(_MEMORY, lambda: self._make(work)) if channel is Channel.SMS else None

    def _make(self, work: Work) -> Sender | None:
        try:
            found = open_sender(work, SMS_SENDER)
            return None if found is None else HttpSender(call_of(found), self.fetcher, self._tokens)
        except (SealBroken, SenderRefused):
            return Unusable()


def seal_sender(work: Work, name: str, sender: SenderObject) -> bytes:
    """Return a sender as it is stored."""
    return work.keys.seal(work.entropy, msgspec.json.encode(sender), f"sender {work.tenant} {name}")


def open_sender(work: Work, name: str) -> SenderObject | None:
    """Return the tenant's sender of a name, with its secrets.

    Raises:
        SealBroken
    """
    sealed = SavedSenders(work).find(name)
    if sealed is None:
        return None
    return msgspec.json.decode(work.keys.unseal(sealed, f"sender {work.tenant} {name}"), type=SenderObject)


def forget_sender(work: Work) -> None:
    """Read the tenant's sender anew next time."""
    work.forget(_MEMORY)
