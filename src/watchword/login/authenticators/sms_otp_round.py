"""One request of the classic step: what it asks, of whom, by which parameters and properties."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from watchword.accounts.claims import MOBILE, SMS_CODES_DISABLED, Channel, is_true
from watchword.accounts.model import Factor, User
from watchword.applications.authenticators import SMS_OTP
from watchword.login.authenticator import Asked, Turn
from watchword.login.authenticators.code_pages import CodePages, mask, page_of
from watchword.login.authenticators.holder import Holder
from watchword.login.authenticators.one_time_code import (
    DIGITS,
    LETTERS_AND_DIGITS,
    LONGEST,
    MOST_ANSWERS,
    SHORTEST,
    USUAL_LENGTH,
    CodePlan,
    current_challenge,
    lifetime_of,
)
from watchword.login.authenticators.sending import ResendRules
from watchword.login.parameters import SmsOtpParameters, whole_number
from watchword.notification.outbox import Notified

log = logging.getLogger(__name__)

LONGEST_LIFE_MINUTES, USUAL_LIFE_MINUTES = 1440, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One request of the step: what it asks, of whom, and by which rules."""

    turn: Turn
    parameters: SmsOtpParameters
    properties: Mapping[str, str]
    """Of the identity provider."""
    holder: Holder
    typed_number: str = ""

    @property
    def user(self) -> User | None:
        """Return the account of the person."""
        return self.holder.user

    @property
    def is_closed(self) -> bool:
        """Tell whether the account is locked, or switched off."""
        return self.holder.is_closed(self.turn.work.now)

    @property
    def pages(self) -> CodePages:
        """Return the pages of the configuration."""
        names, settings = self.parameters, self.turn.work.settings
        return CodePages(
            authenticator=SMS_OTP, code=page_of(settings, names.code_page, "smsOtp.jsp"),
            error=page_of(settings, names.error_page, "smsOtpError.jsp"),
            mobile=page_of(settings, names.mobile_page, "mobile.jsp"),
        )  # fmt: skip

    @property
    def number(self) -> str:
        """Return the number of the account, else the one that was entered in this login."""
        return self.holder.address(Channel.SMS) or self.typed_number or str(self.turn.login.notes.get("number", ""))

    def code_page(
        self,
        query: Mapping[str, str],
        *,
        notified: Notified | None = None,
        retrying: bool = False,
        **notes: Any,  # noqa: ANN401  # as JSON has it
    ) -> Asked:
        """Send the browser to the page that asks for the code, and note what else it shows."""
        plan, names = self.plan, self.parameters
        challenge = current_challenge(self.turn, SMS_OTP, self.holder)
        sent_at = challenge.sent_at if challenge is not None else None
        login = self.turn.login.noting(
            numeric=plan.alphabet == DIGITS, length=plan.length, may_resend=names.resend,
            backup=names.backup_code == "true" and self.user is not None and not self.holder.is_hidden,
            resend_at=None if sent_at is None else sent_at.timestamp() + names.resend_spacing,
            attempts_left=plan.most_answers - challenge.attempts if challenge and challenge.attempts else None,
            may_correct=True if self.may_correct else None,
            **{"again": None, "is_older": None, "may_type": None, **notes},
        )  # fmt: skip
        turn = replace(self.turn, login=login)
        return self.pages.ask(turn, self.pages.code, query, notified=notified, retrying=retrying)

    @property
    def may_correct(self) -> bool:
        """Tell whether the number was entered in this login and is nobody's yet, so that another may be entered."""
        entered = bool(self.turn.login.notes.get("asks_number")) and not self.holder.is_hidden
        return entered and not self.holder.address(Channel.SMS)

    @property
    def is_spent(self) -> bool:
        """Tell whether no answer is compared any more in this login (D-12)."""
        challenge = current_challenge(self.turn, SMS_OTP, self.holder)
        return challenge is not None and challenge.attempts >= self.plan.most_answers

    @property
    def has_another_number(self) -> bool:
        """Tell whether the number has changed since the code went out."""
        sent_to, number = self.turn.login.notes.get("sent_to"), self.holder.address(Channel.SMS)
        return bool(sent_to and number and sent_to != number)

    @property
    def resend_word(self) -> dict[str, str]:
        """Return what pages are told of asking for another code."""
        return {"resendCode": "true" if self.parameters.resend else "false"}

    @property
    def screen_value(self) -> dict[str, str]:
        """Return what the code page shows of the person, masked (2.7)."""
        names, user = self.parameters, self.user
        if not names.screen_claim or user is None or self.holder.is_hidden:
            return {}
        value = user.all_claims().get(names.screen_claim) or (self.number if names.screen_claim == MOBILE else "")
        backward = names.screen_order.lower() == "backward"
        shown = mask(value, pattern=names.screen_mask, shown=names.screen_digits, backward=backward)
        return {"screenvalue": shown} if value else {}

    @property
    def plan(self) -> CodePlan:
        """Return how codes are made: the identity provider's properties beat the files (4.1, 4.2)."""
        numeric = self.properties.get("OnlyNumericCharactersForSmsOtp", "").strip()
        alphanumeric = not is_true(numeric) if numeric else self.parameters.alphanumeric
        wanted = self.properties.get("SmsOtpLength", "").strip()
        length = whole_number(wanted) if wanted else self.parameters.length
        minutes = self.properties.get("SmsOtpExpiryTime", "").strip()
        seconds = _minutes(minutes) * 60 if minutes else self.parameters.expiry_seconds or 300
        return CodePlan(
            authenticator=SMS_OTP, factor=Factor.SMS, alphabet=LETTERS_AND_DIGITS if alphanumeric else DIGITS,
            length=length if length is not None and SHORTEST <= length <= LONGEST else USUAL_LENGTH,
            lifetime=lifetime_of(self.turn.work, seconds), locks=self.parameters.locks,
            most_answers=min(max(self.parameters.most_answers, 1), MOST_ANSWERS),
        )  # fmt: skip

    @property
    def resends(self) -> ResendRules:
        """Return how often a code may be sent again."""
        names = self.parameters
        return ResendRules(
            channel=Channel.SMS, most=names.most_resends,
            of_user=names.resends_of_user and not self.holder.is_hidden,
            spacing=timedelta(seconds=names.resend_spacing), block=timedelta(minutes=names.block_minutes),
        )  # fmt: skip

    def error(self, query: Mapping[str, str], **notes: Any) -> Asked:  # noqa: ANN401  # as JSON has it
        """Send the browser to the page that says why no code can be entered."""
        noted = {"may_type": None, "is_spent": None, "is_older": None, **notes}
        turn = replace(self.turn, login=self.turn.login.noting(**noted))
        return self.pages.ask(turn, self.pages.error, query, retrying=True)

    @property
    def has_opted_out(self) -> bool:
        """Tell whether the person wants no codes, where that is respected."""
        user = self.user
        return self.parameters.opt_out and user is not None and is_true(user.claims.get(SMS_CODES_DISABLED))


def _minutes(text: str) -> int:
    minutes = whole_number(text)
    if minutes is None:
        log.warning("SmsOtpExpiryTime of an identity provider is no number, and counts as %s", USUAL_LIFE_MINUTES)
    return minutes if minutes is not None and 1 <= minutes <= LONGEST_LIFE_MINUTES else USUAL_LIFE_MINUTES
