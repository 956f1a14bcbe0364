"""What registration says to a person: which template, with which facts, as which event."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from watchword.accounts.claims import Channel
from watchword.accounts.model import User
from watchword.codes.model import Scenario
from watchword.notification.letters import Letter, leave_letter
from watchword.notification.outbox import Notified, Notifier
from watchword.registration.model import PROFILES
from watchword.storage.work import Work
from watchword.tenants.policies import ClaimUpdate, SelfRegistration
from watchword.tenants.usecases import read_policy

CONFIRM = "accountconfirmation"
RESEND = "resendaccountconfirmation"
EMAIL_OTP = "EmailOTPVerification"
WELCOME = "selfSignUpNotify"
CONFIRMED = "selfSignUpSuccess"
VERIFY_MOBILE = "verifyMobileOnUpdate"
VERIFY_EMAIL = "verifyEmailOnUpdate"
RESEND_VERIFY_EMAIL = "resendVerifyEmailOnUpdate"
EMAIL_OTP_ON_UPDATE = "emailOTPVerificationOnUpdate"
OLD_ADDRESS = "notifyOnExistingEmailUpdate"
ADMIN_MADE = "emailconfirm"
LITE = "liteUserEmailConfirmation"
RESEND_LITE = "resendLiteUserEmailConfirmation"


@dataclass(frozen=True, slots=True)
class SentCode:
    """A code that goes out, and how."""

    scenario: Scenario
    channel: Channel
    text: str = field(repr=False)
    lifetime: timedelta | None
    properties: Mapping[str, str] = field(default_factory=dict)
    to: str | None = None
    """An address that is not (yet) the user's."""
    again: bool = False

    @property
    def template(self) -> str:
        """Return the template that brings it, where no mail carries a code to be typed (self-registration.md 5.4)."""
        if self.scenario is Scenario.MOBILE_VERIFICATION_ON_UPDATE:
            return VERIFY_MOBILE
        if self.channel is Channel.SMS:
            return RESEND if self.again else CONFIRM
        first, second = {
            Scenario.EMAIL_VERIFICATION_ON_UPDATE: (VERIFY_EMAIL, RESEND_VERIFY_EMAIL),
            Scenario.EMAIL_VERIFICATION: (ADMIN_MADE, ADMIN_MADE),
            Scenario.LITE_SIGN_UP: (LITE, RESEND_LITE),
        }.get(self.scenario, (CONFIRM, RESEND))
        return second if self.again else first


def send_code(work: Work, notifier: Notifier, user: User, sent: SentCode) -> Notified:
    """Leave the message that brings a code."""
    template, fact = sent.template, "confirmation-code"
    if _is_typed_from_mail(work, sent):
        template = EMAIL_OTP_ON_UPDATE if sent.scenario.is_update else EMAIL_OTP
        fact = "OTPCode"
    letter = Letter(template, sent.channel, {fact: sent.text}, sent.properties, sent.scenario, sent.lifetime, sent.to)
    return say(work, notifier, user, letter)


def say(work: Work, notifier: Notifier, user: User, letter: Letter) -> Notified:
    """Leave a message to a user, as the event that this release knows it by."""
    return leave_letter(work, notifier, user, replace(letter, event=_event(work, letter)))


def _is_typed_from_mail(work: Work, sent: SentCode) -> bool:
    """Tell whether a mail carries a code to be typed, in a template of its own."""
    if sent.channel is not Channel.EMAIL:
        return False
    if sent.scenario is Scenario.EMAIL_VERIFICATION_ON_UPDATE:
        return read_policy(work, ClaimUpdate).email_otp
    return sent.scenario is Scenario.SELF_SIGN_UP and read_policy(work, SelfRegistration).email_otp


def _event(work: Work, letter: Letter) -> str:
    is_local = PROFILES[work.settings.compat_profile].local_sms_events and letter.template != CONFIRM
    return "TRIGGER_SMS_NOTIFICATION_LOCAL" if is_local and letter.channel is Channel.SMS else ""
