"""What the code page tells of a login that waits for a code: where it went, what became of it, what is left."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import Any

from watchword.accounts.backup_codes import count_backup_codes
from watchword.applications.authenticators import BACKUP_CODE, EMAIL_OTP
from watchword.login.model import Login, Person
from watchword.login.standing import user_of
from watchword.login.store.challenges import Challenge, Challenges
from watchword.login.told import number_of
from watchword.notification.model import OutboxEntry
from watchword.notification.store import Messages
from watchword.storage.work import Work

MINUTES_WORTH_TELLING = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What a person sees while a code is on its way."""

    kind: str
    """``sms``, ``email`` or ``backup``."""
    news: str
    """What became of the message (sending, sent, delivered, failed, held); ``expired``; ``unsaid`` of strangers."""
    to: str = ""
    """Where it went, masked; empty if that is not to be shown."""
    minutes_left: int | None = None
    may_resend: bool = False
    wait_seconds: int = 0
    tries_left: int | None = None
    numeric: bool = True
    length: int = 0
    takes_backup: bool = False
    is_new: bool = False
    """Whether the person has just asked for another code, and it went out."""
    may_correct: bool = False
    """Whether the number was entered in this login, and may be another."""

    @property
    def is_bad(self) -> bool:
        """Tell whether there is no code that could be typed."""
        return self.news in {"failed", "held", "expired"}

    @property
    def input_mode(self) -> str:
        """Return which keyboard the code wants."""
        return "numeric" if self.numeric else "text"


def read_waiting(work: Work, login: Login) -> Waiting:
    """Return where a login stands that waits for a code.

    Where nobody has proven yet to be that person, nothing is said that only an account could have.
    """
    authenticator = login.option.authenticator if login.option is not None else ""
    query = login.place.query if login.place is not None else {}
    kind = _kind(authenticator)
    if kind == "backup":
        return Waiting(kind=kind, news="", tries_left=_tries_left(login.notes, query))
    challenge = Challenges(work).find(login.key, authenticator)
    known = any(each.person.is_proven and not each.skipped for each in login.proofs)
    left = challenge.message_id if challenge is not None and known else None
    message = Messages(work).find(left) if left is not None else None
    return Waiting(
        kind=kind,
        news=_news(work, challenge, message) if known else "unsaid",
        to=_masked(query, message) if known else "",
        minutes_left=_minutes_left(work, challenge, message),
        may_resend=_may_resend(work, login.notes, query),
        wait_seconds=_wait_seconds(work, login.notes, query),
        tries_left=_tries_left(login.notes, query) if known else None,
        numeric=bool(login.notes.get("numeric", True)),
        length=int(login.notes.get("length", 0)),
        is_new=bool(login.notes.get("again")),
        may_correct=known and bool(login.notes.get("may_correct")),
        takes_backup=known and bool(login.notes.get("backup")) and has_backup_codes(work, login.person),
    )


def has_backup_codes(work: Work, person: Person | None) -> bool:
    """Tell whether a person has backup codes left."""
    user = user_of(work, person) if person is not None else None
    return user is not None and person is not None and bool(count_backup_codes(work.within(person.tenant), user))


def _kind(authenticator: str) -> str:
    if authenticator == BACKUP_CODE:
        return "backup"
    return "email" if authenticator == EMAIL_OTP else "sms"


def _masked(query: Mapping[str, str], message: OutboxEntry | None) -> str:
    """Return where the code went: as the operator wants it shown, else as the outbox shows it."""
    shown = query.get("screenvalue") or query.get("screenValue") or ""
    return shown or (message.masked_to if message is not None else "")


def _news(work: Work, challenge: Challenge | None, message: OutboxEntry | None) -> str:
    if challenge is not None and (challenge.expired or _left(work, challenge, message) < timedelta(0)):
        return "expired"
    return message.state.news if message is not None else "sent"


def _left(work: Work, challenge: Challenge, message: OutboxEntry | None) -> timedelta:
    """Return for how long a code is good: its life begins when the provider has taken it."""
    taken_at = message.sent_at if message is not None else None
    began_at = taken_at or challenge.sent_at
    return challenge.lifetime - (work.now - began_at) if began_at is not None else challenge.lifetime


def _minutes_left(work: Work, challenge: Challenge | None, message: OutboxEntry | None) -> int | None:
    """Return the same in minutes; ``None`` if that is not known, or so long that nobody need hurry."""
    if challenge is None or not challenge.lifetime:
        return None
    left = ceil(_left(work, challenge, message) / timedelta(minutes=1))
    return left if 0 < left <= MINUTES_WORTH_TELLING else None


def _may_resend(work: Work, notes: Mapping[str, Any], query: Mapping[str, str]) -> bool:
    """Tell whether another code may be asked for: not where there were too many, unless that is over."""
    if not notes.get("may_resend", query.get("resendCode", "true") == "true"):
        return False
    ends = notes.get("no_resend_before")
    return ends is None or 0 < float(ends) <= work.now.timestamp()


def _wait_seconds(work: Work, notes: Mapping[str, Any], query: Mapping[str, str]) -> int:
    """Return how long it takes until a new code may be asked for."""
    if "resend_at" in notes:
        return max(0, ceil(float(notes["resend_at"]) - work.now.timestamp()))
    return number_of(query, "retryAfter") or 0


def _tries_left(notes: Mapping[str, Any], query: Mapping[str, str]) -> int | None:
    left = notes.get("attempts_left")
    return left if isinstance(left, int) else number_of(query, "remainingNumberOfSMSOtpAttempts")
