"""A round of logout: who asked for it, who has to be told, and who has confirmed (platform.md 1.10).

A round lasts as long as a browser needs to walk through it. What each service provider is told stands in a row of its
own, so that a back channel can go on in the background while the browser is somewhere else.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from watchword.applications.model import LogoutMethod
from watchword.saml.model import NameId, Status
from watchword.saml.names import PARTIAL_LOGOUT, SUCCESS

ROUND_LIFETIME: Final = timedelta(minutes=15)
PAUSES: Final = (timedelta(seconds=1), timedelta(seconds=5), timedelta(seconds=25))
"""How long after each failure a back channel is tried again; there is no try after the last of these."""


class TellingState(StrEnum):
    """What has become of telling one service provider."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """A service provider that somebody is logged in to, as it must be told."""

    application_id: str
    name: str
    """The application's, for people."""
    url: str
    method: LogoutMethod
    name_id: NameId
    session_index: str
    visited: bool = False
    """Whether the browser was already sent there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What one service provider is told, and how far that has come."""

    id: str
    """The ID of our LogoutRequest."""
    round_id: str
    """Empty where nobody waits: the session ended by itself."""
    participant: Participant
    state: TellingState = TellingState.WAITING
    attempts: int = 0
    due_at: datetime | None = None
    fence: int = 0

    @property
    def is_back_channel(self) -> bool:
        """Tell whether the server itself tells it."""
        return self.participant.method is LogoutMethod.BACK_CHANNEL


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """A logout under way in a browser."""

    id: str = field(repr=False)
    application_id: str = ""
    """Who asked, or takes the person back; empty: the person asked, here."""
    request_id: str = ""
    """The request to be answered; empty: nobody wants an answer."""
    relay_state: str | None = field(default=None, repr=False)
    return_to: str = ""
    """Where the browser goes in the end; a registered address."""
    expires_at: datetime


def next_to_visit(tellings: Sequence[Telling]) -> Telling | None:
    """Return the service provider that the browser goes to next."""
    open_ones = (each for each in tellings if not each.is_back_channel and each.state is TellingState.WAITING)
    return next(open_ones, None)


def unconfirmed(tellings: Sequence[Telling]) -> list[str]:
    """Return the names of those who have not confirmed, by now."""
    return [each.participant.name for each in tellings if each.state is not TellingState.CONFIRMED]


def outcome(tellings: Sequence[Telling]) -> Status:
    """Return how a round has ended, truthfully."""
    return Status(SUCCESS, PARTIAL_LOGOUT if unconfirmed(tellings) else "")
