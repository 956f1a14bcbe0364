"""What registration says to a person: which template, with which facts, as which event."""

from collections.abc import Mapping
from datetime import timedelta

from watchword.accounts.claims import DIALECT, LOCALE, Channel
from watchword.accounts.model import User
from watchword.codes.model import Scenario
from watchword.notification.outbox import Notice, Notified, Notifier
from watchword.registration.model import PROFILES
from watchword.storage.work import Work
from watchword.tenants.policies import Notification, SelfRegistration
from watchword.tenants.usecases import read_policy

RESERVED = frozenset({
    "user-name", "userstore-domain", "tenant-domain", "notification-channel", "template_type", "confirmation-code",
    "otpcode", "otptoken", "send-to", "mobile", "body", "subject", "footer", "notification-event", "locale",
})  # fmt: skip
"""Names that a property of a request cannot take over (self-registration.md 5.2), without case."""

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


def code_template(work: Work, scenario: Scenario, channel: Channel, *, again: bool) -> str:
    """Return the template that brings a code (self-registration.md 5.4)."""
    if scenario is Scenario.MOBILE_VERIFICATION_ON_UPDATE:
        return VERIFY_MOBILE
    if scenario is Scenario.EMAIL_VERIFICATION_ON_UPDATE:
        return RESEND_VERIFY_EMAIL if again else VERIFY_EMAIL
    if channel is Channel.SMS:
        return RESEND if again else CONFIRM
    if scenario is Scenario.SELF_SIGN_UP and read_policy(work, SelfRegistration).email_otp:
        return EMAIL_OTP
    first, second = {
        Scenario.EMAIL_VERIFICATION: (ADMIN_MADE, ADMIN_MADE),
        Scenario.LITE_SIGN_UP: (LITE, RESEND_LITE),
    }.get(scenario, (CONFIRM, RESEND))
    return second if again else first


def send_code(  # noqa: PLR0913  # a message is all of this
    work: Work,
    notifier: Notifier,
    user: User,
    scenario: Scenario,
    channel: Channel,
    code: str,
    *,
    properties: Mapping[str, str],
    lifetime: timedelta | None,
    to: str | None = None,
    again: bool = False,
) -> Notified:
    """Leave the message that brings a code; *to* is an address that is not (yet) the user's."""
    template = code_template(work, scenario, channel, again=again)
    facts = {"OTPCode": code} if template in {EMAIL_OTP, EMAIL_OTP_ON_UPDATE} else {"confirmation-code": code}
    return say(work, notifier, user, template, channel, properties, facts, scenario=scenario, lifetime=lifetime, to=to)


def say(  # noqa: PLR0913  # a message is all of this
    work: Work,
    notifier: Notifier,
    user: User,
    template: str,
    channel: Channel,
    properties: Mapping[str, str],
    facts: Mapping[str, str],
    *,
    scenario: Scenario | None = None,
    lifetime: timedelta | None = None,
    to: str | None = None,
) -> Notified:
    """Leave a message to a user, in the language of the profile."""
    policy = read_policy(work, Notification)
    recipient = to or user.address(channel)
    own = {
        "user-name": user.name.typed,
        "userstore-domain": user.name.realm,
        "tenant-domain": work.tenant,
        "notification-channel": channel.value,
        "TEMPLATE_TYPE": template,
        "send-to": recipient or "",
        "mobile": to or user.address(Channel.SMS) or "",
    }
    claims = {f"user.claim.{uri.removeprefix(DIALECT)}": value for uri, value in user.claims.items()}
    notice = Notice(
        template=template, channel=channel, to=recipient, facts={**kept_properties(properties), **claims, **own, **facts},
        user_id=user.id, scenario=scenario, locale=user.claims.get(LOCALE), default_locale=policy.default_locale,
        event=_event(work, channel, template), until=None if lifetime is None else work.now + lifetime,
    )  # fmt: skip
    return notifier.notify(work, notice)


def kept_properties(properties: Mapping[str, str]) -> dict[str, str]:
    """Return the properties of a request that may be used as blanks: none of them can stand for a fact of ours."""
    return {
        name: value
        for name, value in properties.items()
        if name.strip()
        and name.lower() not in RESERVED
        and not name.lower().startswith(("user.claim.", "server.placeholder."))
    }


def _event(work: Work, channel: Channel, template: str) -> str:
    if channel is Channel.EMAIL:
        return "TRIGGER_NOTIFICATION"
    is_local = PROFILES[work.settings.compat_profile].local_sms_events and template != CONFIRM
    return "TRIGGER_SMS_NOTIFICATION_LOCAL" if is_local else "TRIGGER_SMS_NOTIFICATION"
