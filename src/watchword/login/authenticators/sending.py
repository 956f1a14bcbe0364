"""How a code of a login goes out, and how often it may (sms-otp.md 1.9 and 1.10)."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum, auto
from math import ceil

from watchword.accounts.claims import IDENTITY, Channel
from watchword.accounts.model import User
from watchword.accounts.store.users import Users
from watchword.login.authenticator import Turn
from watchword.login.authenticators.code_pages import OVER_QUOTA, failure
from watchword.login.authenticators.holder import Holder, home_of
from watchword.login.authenticators.one_time_code import CodePlan
from watchword.login.parameters import whole_number
from watchword.login.store.challenges import Challenge
from watchword.login.store.logins import Logins
from watchword.notification.letters import Letter, leave_letter
from watchword.notification.model import MessageState
from watchword.notification.outbox import Notice, Notified, Notifier, room_in
from watchword.notification.store import Messages
from watchword.storage.audit import note
from watchword.storage.work import Work
from watchword.tenants.policies import Notification
from watchword.tenants.usecases import read_policy

log = logging.getLogger(__name__)

SMS_EVENT = "TRIGGER_SMS_NOTIFICATION"
_SECOND = timedelta(seconds=1)
_COUNTED = {
    Channel.SMS: (IDENTITY + "smsOtpResendAttempts", IDENTITY + "smsOtpLastSentTime"),
    Channel.EMAIL: (IDENTITY + "emailOtpResendAttempts", IDENTITY + "emailOtpLastSentTime"),
}
"""The claims that count the sends to a person, and say when the last one was, in milliseconds."""


class Barrier(StrEnum):
    """Why no code is sent."""

    SPENT = auto()
    """No answer of this login is compared any more."""
    LIMIT = auto()
    TOO_SOON = auto()
    MISTAKE = auto()
    """The operator's limit is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResendRules:
    """How often a code may be sent again."""

    channel: Channel
    most: str = ""
    """As the operator typed it; empty: without limit."""
    spacing: timedelta = timedelta(0)
    of_user: bool = False
    """Whether sends are counted for the person, the first of a login among them."""
    block: timedelta = timedelta(minutes=5)
    beside_first: int = 0
    """How many sends more a person has for the first code of a login."""

    def barrier(
        self, work: Work, holder: Holder, plan: CodePlan, challenge: Challenge | None
    ) -> tuple[Barrier, int] | None:
        """Return why no code may be sent now, and for how many seconds; the limit is looked at before the spacing."""
        if challenge is not None and challenge.attempts >= plan.most_answers:
            return Barrier.SPENT, 0
        again = challenge is not None and challenge.sends > 0
        if self.most and (again or self.of_user):
            limit = whole_number(self.most)
            if limit is None:
                log.error("the number of resends cannot be used: MaximumResendAttempts = %r", self.most)
                return Barrier.MISTAKE, 0
            if self._is_reached(work, holder, challenge, limit):
                return Barrier.LIMIT, self._block_left(work, holder)
        if challenge is None or not again or challenge.sent_at is None:
            return None
        left = challenge.sent_at + self.spacing - work.now
        return (Barrier.TOO_SOON, ceil(left / _SECOND)) if left > timedelta(0) else None

    def _is_reached(self, work: Work, holder: Holder, challenge: Challenge | None, limit: int) -> bool:
        if self.of_user and holder.user is not None:
            return self._sends_to(work, holder.user) >= limit + self.beside_first
        return challenge is not None and challenge.sends > limit

    def _sends_to(self, work: Work, user: User) -> int:
        """Return the sends to a person that still count."""
        counted, last = (user.claims.get(uri, "") for uri in _COUNTED[self.channel])
        age = timedelta(seconds=work.now.timestamp()) - timedelta(milliseconds=int(last) if last.isdecimal() else 0)
        return (whole_number(counted) or 0) if age < self.block else 0

    def _block_left(self, work: Work, holder: Holder) -> int:
        """Return after how many seconds the counting of a person begins anew; 0 if it does not in this login."""
        last = holder.user.claims.get(_COUNTED[self.channel][1], "") if self.of_user and holder.user else ""
        if not last.isdecimal():
            return 0
        return ceil(int(last) / 1000 + self.block / _SECOND - work.now.timestamp())

    def count(self, work: Work, holder: Holder) -> None:
        """Count a send to a person."""
        if not self.of_user or holder.user is None:
            return
        counted, at = _COUNTED[self.channel]
        sends = self._sends_to(work, holder.user) + 1
        now = int(work.now.timestamp() * 1000)
        Users(home_of(work, holder.person)).set_claims(holder.user.id, {counted: str(sends), at: str(now)})

    def take_back(self, work: Work, holder: Holder) -> None:
        """Uncount a send that came to nothing."""
        if not self.of_user or holder.user is None:
            return
        sends = max(self._sends_to(work, holder.user) - 1, 0)
        Users(home_of(work, holder.person)).set_claims(holder.user.id, {_COUNTED[self.channel][0]: str(sends)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """Where a code goes, and in which words."""

    channel: Channel
    to: str
    template: str
    event: str = ""
    route: str | None = None
    """The identity provider whose fields describe the call."""
    lead: str = ""
    """What stands before the code, where no template is used."""
    facts: Mapping[str, str] = field(default_factory=dict)


def leaving(
    turn: Turn, notifier: Notifier, holder: Holder, plan: CodePlan, sending: Sending
) -> Callable[[str], Notified]:
    """Return what leaves a code for a person; a message of this login that still waits is then of no use.

    Where nothing may be told, and nobody can be reached, the same work is done for a message that goes nowhere.
    """
    work = turn.work
    scenario = f"LOGIN {Logins(work).digest(turn.login.key)[:16]}"

    def leave(code: str) -> Notified:
        is_decoy = holder.is_hidden and not sending.to
        letter = _letter(turn, holder, plan, sending, "0" * len(code) if is_decoy else code, scenario)
        if is_decoy:
            Messages(work).cancel_of(holder.identity, scenario)
            notified = notifier.notify(work, replace(_notice(work, holder, letter), decoy=holder.identity))
        elif holder.user is None:
            notified = notifier.notify(work, _notice(work, holder, letter))
        else:
            Messages(work).cancel_of(holder.user.id, scenario)
            notified = leave_letter(work, notifier, holder.user, letter)
        target = holder.user.id if holder.user is not None else "-"
        outcome = "ok" if notified.state is MessageState.WAITING else notified.state.value
        note(work, "send_login_code", target, outcome=outcome, reason=f"{turn.login.application}: {sending.channel}")
        return notified

    return leave


def _letter(turn: Turn, holder: Holder, plan: CodePlan, sending: Sending, code: str, scenario: str) -> Letter:
    minutes = ceil(plan.lifetime / timedelta(minutes=1))
    facts = {
        "otpToken": code, "confirmation-code": code, "OTPCode": code, "application-name": turn.login.application,
        "otp-expiry-time": str(minutes), "correlation-id": turn.work.origin.trace, **sending.facts,
    }  # fmt: skip
    return Letter(
        sending.template, sending.channel, facts, scenario=scenario, lifetime=plan.lifetime, to=sending.to,
        event=sending.event, route=sending.route, text=f"{sending.lead}{code}" if sending.lead else "",
        for_login=_is_proven(holder, sending.channel, sending.to), awaited=not holder.is_hidden,
    )  # fmt: skip


def over_quota(work: Work, holder: Holder, channel: Channel, to: str) -> dict[str, str]:
    """Return what an address says where nothing more may be sent to a number or mailbox for now; and for how long."""
    seconds = room_in(work, channel, to, for_login=_is_proven(holder, channel, to))
    return failure(OVER_QUOTA, **({} if seconds is None else {"retryAfter": str(seconds)}))


def _is_proven(holder: Holder, channel: Channel, to: str) -> bool:
    """Tell whether the address was proven to be the person's, who has proven something already.

    Strangers, who have but typed a name, cannot use up what the person needs to log in.
    """
    user = holder.user
    if user is None or holder.is_hidden:
        return False
    return user.is_verified(channel) and user.address(channel) == to


def _notice(work: Work, holder: Holder, letter: Letter) -> Notice:
    """Return the message to somebody who has no account here."""
    policy = read_policy(work, Notification)
    own = {
        "user-name": holder.person.name, "userstore-domain": "FEDERATED", "tenant-domain": work.tenant,
        "notification-channel": letter.channel.value, "TEMPLATE_TYPE": letter.template, "send-to": letter.to or "",
        "mobile": letter.to or "",
    }  # fmt: skip
    return Notice(
        template=letter.template, channel=letter.channel, to=letter.to, facts={**own, **letter.facts},
        scenario=letter.scenario, event=letter.event or SMS_EVENT, route=letter.route, text=letter.text,
        until=None if letter.lifetime is None else work.now + letter.lifetime, default_locale=policy.default_locale,
        user_id=holder.user.id if holder.user is not None else None, awaited=letter.awaited,
    )  # fmt: skip
