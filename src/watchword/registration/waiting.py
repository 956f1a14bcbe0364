"""What the code page tells of a sign-up that waits for its code."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

from watchword.accounts.addresses import mask_mailbox, mask_phone
from watchword.accounts.claims import EXTERNAL, Channel
from watchword.accounts.model import User
from watchword.codes.model import DIGITS, LOWER, SIGN_UP_SCENARIOS, UPPER, CodeForm, ConfirmationCode, Scenario
from watchword.codes.store import Codes
from watchword.notification.model import OutboxEntry
from watchword.notification.store import Messages
from watchword.registration.model import code_form
from watchword.registration.usecases.confirm import lifetime_of_code
from watchword.registration.usecases.other_way import NOTHING_WENT_OUT
from watchword.registration.usecases.resend import cool_down_ends
from watchword.storage.work import Work
from watchword.tenants.policies import Notification, SelfRegistration
from watchword.tenants.usecases import read_policy

MINUTES_WORTH_TELLING = 60
DASHES = "-\N{EN DASH}"


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a person sees while a code is on its way."""

    channel: Channel
    masked: str
    news: str
    """What became of the message: sending, sent, delivered, failed, held; or expired, spent, lost of its code."""
    form: CodeForm
    minutes_left: int | None = None
    wait_seconds: int = 0
    other: Channel | None = None
    other_masked: str = ""
    tries_left: int = 0

    @property
    def by_link(self) -> bool:
        """Tell whether a link is to be opened, and no code to be typed."""
        return not self.form.length

    @property
    def kind(self) -> str:
        """Return which of the two the words are for."""
        return "link" if self.by_link else "code"

    @property
    def is_dead(self) -> bool:
        """Tell whether no code can be typed any more."""
        return self.news in {"expired", "spent", "lost"}

    @property
    def length(self) -> int:
        """Return how many characters the code has."""
        return self.form.length

    @property
    def input_mode(self) -> str:
        """Return which keyboard the code wants."""
        return "numeric" if set(self.form.alphabet) <= set(DIGITS) else "text"

    @property
    def is_upper(self) -> bool:
        """Tell whether every letter of the code is a capital."""
        return not set(self.form.alphabet) & set(LOWER)

    def cleaned(self, typed: str) -> str:
        """Return a code as it was meant: without the blanks and dashes of a hurried hand, in the case that it has."""
        if self.by_link:
            return typed.strip()
        kept = "".join(letter for letter in typed if not letter.isspace() and letter not in DASHES)
        if self.is_upper:
            return kept.upper()
        return kept if set(self.form.alphabet) & set(UPPER) else kept.lower()


def read_waiting(work: Work, user: User) -> Waiting:
    """Return where the sign-up of a user stands."""
    code = Codes(work).of_user(user.id, SIGN_UP_SCENARIOS)
    last = Messages(work).last_of(user.id)
    channel = _channel(work, code, last)
    other = channel.other if read_policy(work, Notification).resolve_channel and user.address(channel.other) else None
    waits = cool_down_ends(work, code) if code is not None else None
    went_out = last is None or last.state not in NOTHING_WENT_OUT
    return Waiting(
        channel, masked_address(user.address(channel) or "", channel), _news(work, code, last),
        code_form(
            read_policy(work, SelfRegistration), channel, recommended=work.settings.security_profile == "recommended"
        ),
        _minutes_left(work, code),
        0 if waits is None else ceil((waits - work.now) / timedelta(seconds=1)),
        other if code is not None and (waits is None or not went_out) else None,
        masked_address(user.address(channel.other) or "", channel.other), _tries_left(work, code),
    )  # fmt: skip


def read_decoy(work: Work, decoy: Mapping[str, Any]) -> Waiting:
    """Return what somebody sees who signed up with an address that is another's: the same, and nothing will come."""
    channel, sent_at = Channel(decoy["channel"]), datetime.fromtimestamp(decoy["sent_at"], UTC)
    strict = work.settings.security_profile == "recommended"
    form = code_form(read_policy(work, SelfRegistration), channel, recommended=strict)
    told = Messages(work).find(decoy["told"])
    code = ConfirmationCode("", "", Scenario.SELF_SIGN_UP, channel, sent_at, sent_at, decoy["tries"])
    waits = cool_down_ends(work, code)
    return Waiting(
        channel, decoy["masked"], _news(work, code, told), form, _minutes_left(work, code),
        0 if waits is None else ceil((waits - work.now) / timedelta(seconds=1)), tries_left=_tries_left(work, code),
    )  # fmt: skip


def masked_address(address: str, channel: Channel) -> str:
    """Return an address as it may be shown."""
    return mask_phone(address) if channel is Channel.SMS else mask_mailbox(address)


def _channel(work: Work, code: ConfirmationCode | None, last: OutboxEntry | None) -> Channel:
    if code is not None and code.channel != EXTERNAL:
        return Channel(code.channel)
    return last.channel if last is not None else Channel(read_policy(work, Notification).default_channel)


def _news(work: Work, code: ConfirmationCode | None, last: OutboxEntry | None) -> str:
    if code is None:
        return "lost"
    if code.attempts >= work.settings.limits.tries_per_code:
        return "spent"
    if code.is_expired(work.now, lifetime_of_code(work, code)):
        return "expired"
    return last.state.news if last is not None else "sent"


def _tries_left(work: Work, code: ConfirmationCode | None) -> int:
    return 0 if code is None else max(0, work.settings.limits.tries_per_code - code.attempts)


def _minutes_left(work: Work, code: ConfirmationCode | None) -> int | None:
    """Return for how long the code is good; ``None`` if for ever, or so long that nobody need hurry."""
    lifetime = lifetime_of_code(work, code) if code is not None else None
    if code is None or lifetime is None:
        return None
    left = ceil((code.created_at + lifetime - work.now) / timedelta(minutes=1))
    return left if 0 < left <= MINUTES_WORTH_TELLING else None
