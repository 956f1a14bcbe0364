"""The policies of a tenant: what it may change while the server runs.

Each field is declared once: the connector and name under which the governance interface shows it, its place in
``deployment.toml`` and ``identity.xml``, its kind, and its default in each profile. A row of the tenant wins over the
operator's files, and these win over the defaults.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from watchword.base import kinds
from watchword.base.kinds import Kind
from watchword.base.options import CompatProfile, Property, declared, options_of
from watchword.tenants.model import Connector, draws_no_code, lets_anyone_in

T = TypeVar("T")

ChannelName = Literal["EMAIL", "SMS"]
CHANNEL: Kind[ChannelName] = kinds.one_of("EMAIL", "SMS")
INVERTED = Kind(
    "true or false", lambda value: not kinds.read_boolean(value), lambda value: "false" if value else "true", "boolean"
)


def _read_some_minutes(value: object) -> int:
    minutes = kinds.read_minutes(value)
    if not 0 < minutes <= _MOST_MINUTES:
        raise ValueError(f"not {minutes}")
    return minutes


_MOST_MINUTES = 525_600
SOME_MINUTES = Kind('minutes, as a number or as "15m" or "14d", up to a year', _read_some_minutes, wire="integer")


SELF_SIGN_UP = Connector(
    "self-sign-up",
    "Self Registration",
    "User Onboarding",
    "identity_mgt.user_self_registration",
    "SelfRegistration",
    old_name="User Self Registration",
)
LITE_SIGN_UP = Connector(
    "lite-user-sign-up",
    "Lite User Registration",
    "User Onboarding",
    "identity_mgt.lite_user_registration",
    "LiteRegistration",
)
ASK_PASSWORD = Connector(
    "user-email-verification", "Ask Password", "User Onboarding", "identity_mgt.user_onboarding", "EmailVerification"
)
PASSWORD_PATTERNS = Connector(
    "passwordPolicy", "Password Patterns", "Password Policies", "identity_mgt.password_policy", "PasswordPolicy"
)
CLAIM_UPDATE = Connector(
    "user-claim-update", "User Claim Update", "Other Settings", "identity_mgt.user_claim_update", "UserClaimUpdate"
)
CHANNELS = Connector(
    "notification-channels", "Notification Channels", "Other Settings", "identity_mgt.notification", "Notification"
)
"""Ours: in a WSO2 server only the operator's file decides these."""
ACCOUNT_LOCK = Connector(
    "account.lock.handler",
    "Account Lock",
    "Login Attempts Security",
    "identity_mgt.account_locking",
    "AccountLocking",
)
ACCOUNT_DISABLE = Connector(
    "account.disable.handler", "Account Disable", "Account Management", "identity_mgt.account_disable", "AccountDisable"
)
OTHER_NAMES = Connector(
    "multiattribute.login.handler",
    "Multi Attribute Login",
    "Account Management",
    "identity_mgt.multi_attribute_login",
    "MultiAttributeLogin",
)
OLD_PASSWORDS = Connector(
    "passwordHistory", "Password History", "Password Policies", "identity_mgt.password_history", "PasswordHistory"
)
OUTDATED_PASSWORDS = Connector(
    "passwordExpiry", "Password Expiry", "Password Policies", "identity_mgt.password_expiry", "PasswordExpiry"
)
SMS_CODES = Connector(
    "sms-otp-authenticator", "SMS OTP", "Multi Factor Authenticators", "identity_mgt.sms_otp_authenticator", "SMSOTP"
)
EMAIL_CODES = Connector(
    "email-otp-authenticator",
    "Email OTP",
    "Multi Factor Authenticators",
    "identity_mgt.email_otp_authenticator",
    "EmailOTP",
)
SAML = Connector("saml", "SAML 2.0", "Other Settings", "saml", "SSOService")
"""Ours: in a WSO2 server these are fields of the resident identity provider, or stand in the operator's file."""
SESSIONS = Connector("sessions", "Sessions", "Other Settings", "session.timeout", "TimeConfig")
"""Ours: a WSO2 server has these under ``/api/server/v1/configs``, as we have too."""


def rule(  # noqa: PLR0913 - a declaration names everything about its property once
    connector: Connector,
    wire_name: str,
    kind: Kind[T],
    default: T,
    label: str,
    *,
    toml: str = "",
    xml: str = "",
    doc: str = "",
    wso2: T | None = None,
    demo: T | None = None,
    aliases: tuple[str, ...] = (),
    old_names: tuple[str, ...] = (),
    within: tuple[int, int] | None = None,
    caution: tuple[T, str] | None = None,
    releases: Mapping[CompatProfile, T] | None = None,
    loose: Any = None,  # noqa: ANN401 - a function of T; the checker cannot join it with the default otherwise
    lenient: bool = False,
    listed: bool = True,
) -> T:
    """Declare a field that a tenant may change; *toml* and *xml* count from the connector's section and element."""
    under_wso2 = default if wso2 is None else wso2
    return declared(
        Property(
            key=toml if toml.startswith("identity_mgt.") or not toml else f"{connector.section}.{toml}",
            kind=kind,
            default=default,
            wso2=under_wso2,
            demo=under_wso2 if demo is None else demo,
            doc=doc or f"{label}.",
            aliases=aliases,
            xml=f"{connector.element}/{xml}" if xml else "",
            connector=connector.name,
            wire_name=wire_name,
            old_names=old_names,
            label=label,
            within=within,
            caution=caution,
            releases=releases or {},
            loose=loose,
            lenient=lenient,
            listed=listed,
        )
    )


_DAY = (1, 1440)


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfRegistration:
    """Whether and how people register themselves."""

    enabled: bool = rule(
        SELF_SIGN_UP,
        "SelfRegistration.Enable",
        kinds.BOOLEAN,
        False,
        "User self registration",
        toml="allow_self_registration",
        xml="Enable",
        demo=True,
    )
    lock_on_creation: bool = rule(
        SELF_SIGN_UP,
        "SelfRegistration.LockOnCreation",
        kinds.BOOLEAN,
        True,
        "Lock user account on creation",
        toml="lock_on_creation",
        xml="LockOnCreation",
    )
    send_confirmation_on_creation: bool = rule(
        SELF_SIGN_UP,
        "SelfRegistration.SendConfirmationOnCreation",
        kinds.BOOLEAN,
        False,
        "Enable Account Confirmation On Creation",
        toml="send_confirmation_on_creation",
        xml="SendConfirmationOnCreation",
        doc="Whether an account that is not locked is asked for confirmation as well.",
    )
    internally_managed: bool = rule(
        SELF_SIGN_UP,
        "SelfRegistration.Notification.InternallyManage",
        kinds.BOOLEAN,
        True,
        "Manage notifications sending internally",
        toml="notification.manage_internally",
        xml="Notification/InternallyManage",
        doc="Whether we send the code; if not, the answer carries it and the caller sends.",
    )
    recaptcha: bool = rule(
        SELF_SIGN_UP,
        "SelfRegistration.ReCaptcha",
        kinds.BOOLEAN,
        True,
        "Prompt reCaptcha",
        toml="enable_recaptcha",
        xml="ReCaptcha",
        doc="Whether a captcha must be solved; without `[recaptcha]` in the operator's file it has no effect.",
    )
    email_code_minutes: int = rule(
        SELF_SIGN_UP,
        "SelfRegistration.VerificationCode.ExpiryTime",
        kinds.MINUTES,
        1440,
        "User self registration verification link expiry time",
        toml="verification_email_validity",
        aliases=(f"{SELF_SIGN_UP.section}.expiry_time",),
        xml="VerificationCode/ExpiryTime",
        doc="Minutes for which the code of a mail, or of a caller that sends itself, can be redeemed.",
        within=_DAY,
    )
    sms_code_minutes: int = rule(
        SELF_SIGN_UP,
        "SelfRegistration.VerificationCode.SMSOTP.ExpiryTime",
        kinds.MINUTES,
        10,
        "User self registration SMS OTP expiry time",
        toml="verification_sms_validity",
        xml="VerificationCode/SMSOTP/ExpiryTime",
        doc="Minutes for which the code of an SMS can be redeemed.",
        wso2=1,
        demo=10,
        within=_DAY,
    )
    sms_otp_regex: str = rule(
        SELF_SIGN_UP,
        "SelfRegistration.SMSOTP.Regex",
        kinds.TEXT,
        "",
        "User self registration SMS OTP regex",
        toml="sms_otp_regex",
        doc="The alphabet and length of an SMS code, such as `[0-9]{6}`; wins over the flags where set.",
        releases={"is-6": "[a-zA-Z0-9]{6}"},
        loose=draws_no_code,
    )
    otp_in_email: bool = rule(
        SELF_SIGN_UP,
        "SelfRegistration.OTP.SendOTPInEmail",
        kinds.BOOLEAN,
        False,
        "Send OTP in e-mail",
        toml="otp.send_otp_in_email",
        xml="OTP/SendOTPInEmail",
        doc="Whether a mail carries a short code instead of a long one.",
    )
    otp_uppercase: bool | None = rule(
        SELF_SIGN_UP,
        "SelfRegistration.OTP.UseUppercaseCharactersInOTP",
        kinds.FLAG_OR_UNSET,
        None,
        "Include uppercase characters in OTP",
        toml="otp.use_uppercase_in_otp",
        xml="OTP/UseUppercaseInOtp",
        releases={"is-7": True},
    )
    otp_lowercase: bool | None = rule(
        SELF_SIGN_UP,
        "SelfRegistration.OTP.UseLowercaseCharactersInOTP",
        kinds.FLAG_OR_UNSET,
        None,
        "Include lowercase characters in OTP",
        toml="otp.use_lowercase_in_otp",
        xml="OTP/UseLowercaseInOtp",
        releases={"is-7": True},
    )
    otp_numeric: bool | None = rule(
        SELF_SIGN_UP,
        "SelfRegistration.OTP.UseNumbersInOTP",
        kinds.FLAG_OR_UNSET,
        None,
        "Include numbers in OTP",
        toml="otp.use_numeric_in_otp",
        xml="OTP/UseNumericInOtp",
        releases={"is-7": True},
    )
    otp_length: int = rule(
        SELF_SIGN_UP,
        "SelfRegistration.OTP.OTPLength",
        kinds.number(4, 10),
        6,
        "OTP length",
        toml="otp.otp_length",
        xml="OTP/OTPLength",
        doc="Characters of a short code.",
        lenient=True,
    )
    email_otp: bool = rule(
        SELF_SIGN_UP,
        "SelfRegistration.EmailOTP.Enable",
        kinds.BOOLEAN,
        False,
        "Enable email OTP",
        doc="Whether a mail carries a short code and takes the template for one.",
    )
    callback_regex: str = rule(
        SELF_SIGN_UP,
        "SelfRegistration.CallbackRegex",
        kinds.PATTERN,
        "",
        "User self registration callback URL regex",
        toml="callback_url",
        xml="CallbackRegex",
        doc="The addresses to which a confirmed person may be sent on; empty allows our own origin only.",
        loose=lets_anyone_in,
    )
    notify_account_confirmation: bool = rule(
        SELF_SIGN_UP,
        "SelfRegistration.NotifyAccountConfirmation",
        kinds.BOOLEAN,
        False,
        "Send sign up confirmation notification",
        toml="notify_account_confirmation",
        xml="NotifyAccountConfirmation",
    )
    resend_recaptcha: bool = rule(
        SELF_SIGN_UP,
        "SelfRegistration.ResendConfirmationReCaptcha",
        kinds.BOOLEAN,
        False,
        "Prompt reCaptcha on re-send confirmation",
        toml="enable_resend_confirmation_recaptcha",
        xml="ResendConfirmationReCaptcha",
    )
    auto_login: bool = rule(
        SELF_SIGN_UP,
        "SelfRegistration.AutoLogin.Enable",
        kinds.BOOLEAN,
        False,
        "Enable auto login after account confirmation",
        toml="auto_login.enable",
        xml="AutoLogin/Enable",
        doc="Whether a confirmed person is logged in at once; kept for clients of the interface, we let nobody in "
        "unasked.",
    )
    auto_login_alias: str = rule(
        SELF_SIGN_UP,
        "SelfRegistration.AutoLogin.AliasName",
        kinds.TEXT,
        "wso2carbon",
        "Alias of the key used to sign the auto login cookie",
        toml="auto_login.alias_name",
        xml="AutoLogin/AliasName",
        doc="The alias of a key; kept for clients of the interface, our keys have no names.",
    )
    show_username_unavailability: bool = rule(
        SELF_SIGN_UP,
        "SelfRegistration.ShowUsernameUnavailability",
        kinds.BOOLEAN,
        True,
        "Show username unavailability",
        doc="Whether our pages say that a name is taken.",
    )
    dynamic_portal: bool = rule(
        SELF_SIGN_UP,
        "SelfRegistration.EnableDynamicPortal",
        kinds.BOOLEAN,
        False,
        "Enable dynamic self-registration portal",
        doc="Which pages register; kept for clients of the interface, ours are the same either way.",
    )
    detailed_response: bool = rule(
        SELF_SIGN_UP,
        "SelfRegistration.API.EnableDetailedResponseBody",
        kinds.BOOLEAN,
        False,
        "Detailed API response",
        toml="enable_detailed_api_response",
        aliases=("enable_detailed_api_response",),
        xml="API/EnableDetailedResponseBody",
        doc="Whether the answer to a registration says code, message and channel, or is the short one of old.",
        demo=True,
        listed=False,
    )
    honours_preverified: bool = rule(
        SELF_SIGN_UP,
        "SelfRegistration.EnableAccountLockForVerifiedPreferredChannel",
        INVERTED,
        False,
        "Enable account lock for verified preferred channel",
        toml="enable_account_lock_for_verified_preferred_channel",
        xml="EnableAccountLockForVerifiedPreferredChannel",
        doc="Whether an account is locked although its caller says that the channel is verified. Off in the wire "
        "profile `seed`.",
        releases={"seed": True},
        caution=(
            True,
            "a caller that may assert it opens an account without a code, by saying that the channel is verified",
        ),
        listed=False,
    )
    default_user_store: str = rule(
        SELF_SIGN_UP,
        "SelfRegistration.DefaultUserStore",
        kinds.TEXT,
        "PRIMARY",
        "Default user store",
        toml="default_userstore",
        xml="DefaultUserStore",
        doc="The realm of people who name none.",
        listed=False,
    )
    email_tolerance_minutes: int = rule(
        SELF_SIGN_UP,
        "SelfRegistration.Notification.Email.ConfirmationCodeTolerancePeriod",
        kinds.MINUTES_OR_NONE,
        0,
        "Tolerance of e-mail confirmation codes",
        toml="email.confirmation_code_tolerance_period",
        xml="Notification/Email/ConfirmationCodeTolerancePeriod",
        doc="Minutes at the end of a code's life in which the same code goes out again; 0 is off.",
        listed=False,
    )
    sms_tolerance_minutes: int = rule(
        SELF_SIGN_UP,
        "SelfRegistration.Notification.SMS.ConfirmationCodeTolerancePeriod",
        kinds.MINUTES_OR_NONE,
        0,
        "Tolerance of SMS confirmation codes",
        toml="sms.confirmation_code_tolerance_period",
        xml="Notification/SMS/ConfirmationCodeTolerancePeriod",
        doc="Minutes at the end of a code's life in which the same code goes out again; 0 is off.",
        listed=False,
    )
    pages: bool = rule(
        SELF_SIGN_UP,
        "SelfRegistration.Endpoint.Enable",
        kinds.BOOLEAN,
        True,
        "Self sign-up pages",
        toml="identity_mgt.endpoint.enable_self_signup_endpoint",
        doc="Whether the registration pages are served.",
        listed=False,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """Over which channel a person is reached."""

    default_channel: ChannelName = rule(
        CHANNELS,
        "Notification.DefaultNotificationChannel",
        CHANNEL,
        "EMAIL",
        "Default notification channel",
        toml="default_notification_channel",
        xml="DefaultNotificationChannel",
        aliases=(f"{SELF_SIGN_UP.section}.default_notification_channel", "default_notification_channel"),
        doc="The channel of whoever prefers none.",
        lenient=True,
        demo="SMS",
        listed=False,
    )
    resolve_channel: bool = rule(
        CHANNELS,
        "Notification.ResolveNotificationChannels.Enable",
        kinds.BOOLEAN,
        False,
        "Resolve notification channel",
        toml="resolve_notification_channel",
        xml="ResolveNotificationChannels/Enable",
        aliases=(
            f"{SELF_SIGN_UP.section}.enable_resolve_notification_channel",
            f"{SELF_SIGN_UP.section}.resolve_notification_channel",
            f"{CHANNELS.section}.enable_resolve_notification_channel",
            "resolve_notification_channel",
            "enable_resolve_notification_channel",
        ),
        doc="Whether the person's claims decide about the channel.",
        demo=True,
        listed=False,
    )
    default_locale: str = rule(
        CHANNELS,
        "Notification.DefaultLocale",
        kinds.TEXT,
        "en_US",
        "Default locale",
        toml="default_locale",
        xml="DefaultLocale",
        doc="The language of messages to whoever has set none.",
        listed=False,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LiteRegistration:
    """Whether and how people register with an address alone."""

    enabled: bool = rule(
        LITE_SIGN_UP,
        "LiteRegistration.Enable",
        kinds.BOOLEAN,
        False,
        "Lite user registration",
        toml="enable",
        xml="Enable",
    )
    lock_on_creation: bool = rule(
        LITE_SIGN_UP,
        "LiteRegistration.LockOnCreation",
        kinds.BOOLEAN,
        True,
        "Lock user account on creation",
        toml="lock_on_creation",
        xml="LockOnCreation",
    )
    internally_managed: bool = rule(
        LITE_SIGN_UP,
        "LiteRegistration.Notification.InternallyManage",
        kinds.BOOLEAN,
        True,
        "Manage notifications sending internally",
        toml="notification.manage_internally",
        xml="Notification/InternallyManage",
    )
    recaptcha: bool = rule(
        LITE_SIGN_UP,
        "LiteRegistration.ReCaptcha",
        kinds.BOOLEAN,
        True,
        "Prompt reCaptcha",
        toml="recaptcha.enable",
        xml="ReCaptcha",
    )
    email_code_minutes: int = rule(
        LITE_SIGN_UP,
        "LiteRegistration.VerificationCode.ExpiryTime",
        kinds.MINUTES,
        1440,
        "Lite user registration verification link expiry time",
        toml="verification_email_validity",
        xml="VerificationCode/ExpiryTime",
        within=_DAY,
    )
    sms_code_minutes: int = rule(
        LITE_SIGN_UP,
        "LiteRegistration.VerificationCode.SMSOTP.ExpiryTime",
        kinds.MINUTES,
        10,
        "Lite user registration SMS OTP expiry time",
        toml="verification_sms_validity",
        xml="VerificationCode/SMSOTP/ExpiryTime",
        wso2=1,
        demo=10,
        within=_DAY,
    )
    callback_regex: str = rule(
        LITE_SIGN_UP,
        "LiteRegistration.CallbackRegex",
        kinds.PATTERN,
        "",
        "Lite user registration callback URL regex",
        toml="callback_url",
        xml="CallbackRegex",
        loose=lets_anyone_in,
    )
    resend_on_existence: bool = rule(
        LITE_SIGN_UP,
        "LiteRegistration.ResendVerificationOnUserExistence",
        kinds.BOOLEAN,
        False,
        "Resend the verification if the user exists",
        toml="resend_verification_on_user_existence",
        xml="ResendVerificationOnUserExistence",
        listed=False,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class UserOnboarding:
    """How accounts that an administrator makes are verified."""

    email_verification: bool = rule(
        ASK_PASSWORD,
        "EmailVerification.Enable",
        kinds.BOOLEAN,
        False,
        "Enable user email verification",
        toml="enable_email_verification",
        xml="Enable",
    )
    lock_on_creation: bool = rule(
        ASK_PASSWORD,
        "EmailVerification.LockOnCreation",
        kinds.BOOLEAN,
        True,
        "Enable account lock on creation",
        toml="lock_on_creation",
        xml="LockOnCreation",
    )
    internally_managed: bool = rule(
        ASK_PASSWORD,
        "EmailVerification.Notification.InternallyManage",
        kinds.BOOLEAN,
        True,
        "Manage notifications sending internally",
        toml="notification.manage_internally",
        xml="Notification/InternallyManage",
    )
    expiry_minutes: int = rule(
        ASK_PASSWORD,
        "EmailVerification.ExpiryTime",
        kinds.MINUTES,
        1440,
        "Email verification code expiry time",
        toml="verification_email_validity",
        xml="ExpiryTime",
        within=_DAY,
    )


_UPDATE_EMAIL = "Claim[emailaddress]/VerificationOnUpdate"
_UPDATE_MOBILE = "Claim[mobile]/VerificationOnUpdate"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimUpdate:
    """Whether a changed mailbox or number is verified before it counts."""

    use_verify_claim: bool = rule(
        CLAIM_UPDATE,
        "UserClaimUpdate.UseVerifyClaim",
        kinds.BOOLEAN,
        False,
        "Verify on request only",
        toml="use_verify_claim",
        xml="UseVerifyClaim",
        doc="Whether a change is verified only when the request asks for it by `verifyEmail` or `verifyMobile`.",
        listed=False,
    )
    email_verification: bool = rule(
        CLAIM_UPDATE,
        "UserClaimUpdate.Email.EnableVerification",
        kinds.BOOLEAN,
        False,
        "Enable user email verification on update",
        toml="email.enable_verification",
        xml=f"{_UPDATE_EMAIL}/Enable",
    )
    email_code_minutes: int = rule(
        CLAIM_UPDATE,
        "UserClaimUpdate.Email.VerificationCode.ExpiryTime",
        kinds.MINUTES,
        1440,
        "Email verification on update link expiry time",
        toml="email.verification_email_validity",
        xml=f"{_UPDATE_EMAIL}/VerificationCode/ExpiryTime",
        within=_DAY,
    )
    email_otp: bool = rule(
        CLAIM_UPDATE, "UserClaimUpdate.Email.EnableEmailOTP", kinds.BOOLEAN, False, "Enable email OTP on update"
    )
    email_notify_existing: bool = rule(
        CLAIM_UPDATE,
        "UserClaimUpdate.Email.EnableNotification",
        kinds.BOOLEAN,
        False,
        "Enable user email notification on update",
        toml="email.enable_notify_existing_email",
        xml="Claim[emailaddress]/NotificationOnUpdate/Enable",
        doc="Whether the old mailbox is told of the change.",
    )
    mobile_verification: bool = rule(
        CLAIM_UPDATE,
        "UserClaimUpdate.MobileNumber.EnableVerification",
        kinds.BOOLEAN,
        False,
        "Enable user mobile number verification on update",
        toml="mobile.enable_verification",
        xml=f"{_UPDATE_MOBILE}/Enable",
    )
    mobile_code_minutes: int = rule(
        CLAIM_UPDATE,
        "UserClaimUpdate.MobileNumber.VerificationCode.ExpiryTime",
        kinds.MINUTES,
        5,
        "Mobile number verification on update SMS OTP expiry time",
        toml="mobile.verification_sms_otp_validity",
        xml=f"{_UPDATE_MOBILE}/VerificationCode/ExpiryTime",
        within=_DAY,
    )
    mobile_by_privileged_user: bool = rule(
        CLAIM_UPDATE,
        "UserClaimUpdate.MobileNumber.EnableVerificationByPrivilegedUser",
        kinds.BOOLEAN,
        False,
        "Enable mobile number verification by privileged users",
        toml="mobile.enable_verification_by_privileged_user",
        xml=f"{_UPDATE_MOBILE}/EnableVerificationByPrivilegedUser",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordPolicy:
    """The tenant's own rules for passwords, beside those of the user store."""

    enabled: bool = rule(
        PASSWORD_PATTERNS,
        "passwordPolicy.enable",
        kinds.BOOLEAN,
        False,
        "Validate passwords based on a policy pattern",
        toml="enable",
        xml="Enable",
    )
    min_length: int = rule(
        PASSWORD_PATTERNS,
        "passwordPolicy.min.length",
        kinds.number(0, 256),
        6,
        "Minimum number of characters",
        toml="min_length",
        xml="MinLength",
    )
    max_length: int = rule(
        PASSWORD_PATTERNS,
        "passwordPolicy.max.length",
        kinds.number(1, 256),
        128,
        "Maximum number of characters",
        toml="max_length",
        xml="MaxLength",
    )
    pattern: str = rule(
        PASSWORD_PATTERNS,
        "passwordPolicy.pattern",
        kinds.PATTERN,
        r"^((?=.*\d)(?=.*[a-z])(?=.*[A-Z])(?=.*[!@#$%&*])).{0,100}$",
        "Password pattern regex",
        toml="pattern",
        xml="Pattern",
        doc="The pattern that a password matches in full: as it stands, a digit, a small and a capital letter, and "
        "one of `!@#$%&*`.",
    )
    error_text: str = rule(
        PASSWORD_PATTERNS,
        "passwordPolicy.errorMsg",
        kinds.TEXT,
        "",
        "Error message on pattern violation",
        toml="error_msg",
        xml="ErrorMsg",
        doc="What is said of a password that breaks the pattern; empty names every broken rule.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLocking:
    """Whether wrong passwords and codes lock an account, and for how long."""

    enabled: bool = rule(
        ACCOUNT_LOCK,
        "account.lock.handler.lock.on.max.failed.attempts.enable",
        kinds.BOOLEAN,
        False,
        "Lock user accounts on maximum failed login attempts",
        toml="enable_account_locking",
        doc="Whether an account is locked after too many failures. Off, only the growing waits and the budgets hold,"
        " and nobody can lock somebody else out.",
        wso2=True,
        old_names=("account.lock.handler.enable",),
        caution=(True, "whoever knows a name can lock its account, by as many wrong passwords"),
    )
    max_attempts: int = rule(
        ACCOUNT_LOCK,
        "account.lock.handler.On.Failure.Max.Attempts",
        kinds.number(1, 1000),
        5,
        "Maximum failed login attempts",
        toml="allowed_failed_attempts",
        doc="The failure in a row that locks; counted apart for passwords and for each kind of code.",
        lenient=True,
    )
    minutes: int = rule(
        ACCOUNT_LOCK,
        "account.lock.handler.Time",
        kinds.MINUTES_OR_NONE,
        5,
        "Initial account lock duration",
        toml="auto_unlock_after",
        doc="Minutes after which the first lock ends by itself; 0: an administrator must unlock.",
        lenient=True,
    )
    ratio: int = rule(
        ACCOUNT_LOCK,
        "account.lock.handler.login.fail.timeout.ratio",
        kinds.number(0, 100),
        2,
        "Account lock duration increment factor",
        toml="auto_unlock_time_increment_ratio",
        doc="By how much each lock is longer than the one before, until a whole log-in succeeds; 0 counts as 1.",
        lenient=True,
    )
    notifies: bool = rule(
        ACCOUNT_LOCK,
        "account.lock.handler.notification.manageInternally",
        kinds.BOOLEAN,
        True,
        "Manage notification sending internally",
        doc="Whether the person is told of a lock by mail.",
    )
    notifies_again: bool = rule(
        ACCOUNT_LOCK,
        "account.lock.handler.notification.notifyOnLockIncrement",
        kinds.BOOLEAN,
        False,
        "Notify user when lock time is increased",
        doc="Whether the person is told of the second lock in a row, and of each after it.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDisabling:
    """Accounts that are switched off."""

    enabled: bool = rule(
        ACCOUNT_DISABLE,
        "account.disable.handler.enable",
        kinds.BOOLEAN,
        False,
        "Enable account disabling",
        doc="Kept for clients of the interface: an account that is switched off is switched off either way.",
    )
    notifies: bool = rule(
        ACCOUNT_DISABLE,
        "account.disable.handler.notification.manageInternally",
        kinds.BOOLEAN,
        True,
        "Manage notification sending internally",
        doc="Kept for clients of the interface: nobody is told that an account was switched off.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiAttributeLogin:
    """What may be typed in place of a user name."""

    enabled: bool = rule(
        OTHER_NAMES,
        "account.multiattributelogin.handler.enable",
        kinds.BOOLEAN,
        False,
        "Enable multi attribute login",
        toml="enable",
    )
    allowed_claims: tuple[str, ...] = rule(
        OTHER_NAMES,
        "account.multiattributelogin.handler.allowedattributes",
        kinds.LIST,
        ("http://wso2.org/claims/username",),
        "Allowed attribute claim list",
        toml="allowed_attributes",
        doc="The claims whose value may be typed, separated by commas; a value that two accounts have finds neither.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordHistory:
    """Whether old passwords may come back."""

    enabled: bool = rule(
        OLD_PASSWORDS,
        "passwordHistory.enable",
        kinds.BOOLEAN,
        False,
        "Validate password history",
        toml="enable",
        doc="Whether a new password must differ from the last ones.",
    )
    count: int = rule(
        OLD_PASSWORDS,
        "passwordHistory.count",
        kinds.number(1, 24),
        5,
        "Password history validation count",
        toml="count",
        doc="From how many of the last passwords, the present one among them.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordExpiry:
    """How long a password may be used."""

    enabled: bool = rule(
        OUTDATED_PASSWORDS,
        "passwordExpiry.enablePasswordExpiry",
        kinds.BOOLEAN,
        False,
        "Enable password expiry",
        toml="enable_password_expiry",
        doc="Whether a password must be changed at the log-in after it has grown too old.",
    )
    days: int = rule(
        OUTDATED_PASSWORDS,
        "passwordExpiry.passwordExpiryInDays",
        kinds.number(1, 3650),
        30,
        "Password expiry in days",
        toml="password_expiry_in_days",
        doc="Days after which a password has grown too old.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """How long a log-in lasts."""

    idle_minutes: int = rule(
        SESSIONS,
        "idleSessionTimeoutPeriod",
        SOME_MINUTES,
        60,
        "Idle session timeout",
        toml="idle_session_timeout",
        xml="SessionIdleTimeout",
        doc="Minutes after which a session ends that nobody used.",
        wso2=15,
        listed=False,
    )
    remember_minutes: int = rule(
        SESSIONS,
        "rememberMePeriod",
        SOME_MINUTES,
        20160,
        "Remember me period",
        toml="remember_me_session_timeout",
        xml="RememberMeTimeout",
        doc="Minutes after which a session ends whose person asked to be remembered.",
        listed=False,
    )
    absolute_hours: int = rule(
        SESSIONS,
        "maximumSessionHours",
        kinds.number(1, 8760),
        24,
        "Maximum session hours",
        toml="maximum_session_hours",
        doc="Hours after which any other session ends, however busy it is.",
        listed=False,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsCodes:
    """Log-in codes by SMS, as ``sms-otp-authenticator`` sends them; ``SMSOTP`` takes the last property from here."""

    expiry_seconds: int = rule(
        SMS_CODES,
        "SmsOTP.ExpiryTime",
        kinds.number(1, 86400),
        300,
        "SMS OTP expiry time",
        toml="expiry_time",
        doc="Seconds that a code lives; 30 to 600 under `recommended`.",
    )
    length: int = rule(
        SMS_CODES,
        "SmsOTP.OTPLength",
        kinds.number(4, 10),
        6,
        "SMS OTP length",
        toml="otp_length",
        doc="Characters of a code.",
    )
    numeric: bool = rule(
        SMS_CODES,
        "SmsOTP.OtpRegex.UseNumericChars",
        kinds.BOOLEAN,
        True,
        "Use only numeric characters for OTP",
        toml="use_numeric_chars",
        doc="Whether codes are of digits alone; if not, of capital letters and digits.",
    )
    resends: int = rule(
        SMS_CODES,
        "SmsOTP.ResendAttemptsCount",
        kinds.number(0, 1000),
        5,
        "Allowed resend attempts count",
        toml="resend_attempts_count",
        doc="How often a code may be sent again.",
    )
    block_minutes: int = rule(
        SMS_CODES,
        "SmsOTP.ResendBlockDuration",
        kinds.number(0, 525600),
        5,
        "Resend block duration",
        toml="resend_block_duration",
        doc="Minutes after which the counting of sends begins anew, where they are counted for a person.",
    )
    tells_of_failures: bool = rule(
        SMS_CODES,
        "SmsOTP.NotifySmsSendingFailure",
        kinds.BOOLEAN,
        True,
        "Notify user of SMS sending failures",
        toml="notify_sms_sending_failure",
        doc="Whether the person is told that a code could not be sent; never in the provider's words.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailCodes:
    """Log-in codes by mail, as ``email-otp-authenticator`` sends them."""

    expiry_seconds: int = rule(
        EMAIL_CODES,
        "EmailOTP.ExpiryTime",
        kinds.number(1, 86400),
        300,
        "Email OTP expiry time",
        toml="expiry_time",
        doc="Seconds that a code lives; 30 to 600 under `recommended`.",
    )
    length: int = rule(
        EMAIL_CODES,
        "EmailOTP.OTPLength",
        kinds.number(4, 10),
        6,
        "Email OTP length",
        toml="otp_length",
        doc="Characters of a code.",
    )
    alphanumeric: bool = rule(
        EMAIL_CODES,
        "EmailOTP.OtpRegex.UseAlphanumericChars",
        kinds.BOOLEAN,
        False,
        "Use alphanumeric characters for OTP",
        toml="use_alphanumeric_chars",
        doc="Whether codes are of capital letters and digits; if not, of digits alone.",
    )
    resends: int = rule(
        EMAIL_CODES,
        "EmailOTP.ResendAttemptsCount",
        kinds.number(0, 1000),
        5,
        "Allowed resend attempts count",
        toml="resend_attempts_count",
        doc="How often a code may be sent again.",
    )
    block_minutes: int = rule(
        EMAIL_CODES,
        "EmailOTP.ResendBlockDuration",
        kinds.number(0, 525600),
        5,
        "Resend block duration",
        toml="resend_block_duration",
        doc="Minutes after which the counting of sends begins anew, where they are counted for a person.",
    )
    tells_of_failures: bool = rule(
        EMAIL_CODES,
        "EmailOTP.NotifyEmailSendingFailure",
        kinds.BOOLEAN,
        True,
        "Notify user of email sending failures",
        toml="notify_email_sending_failure",
        doc="Whether the person is told that a code could not be sent; never in the server's words.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlIdentity:
    """What we are called in SAML, and how long our words hold."""

    entity_id: str = rule(
        SAML,
        "EntityID",
        kinds.TEXT,
        "",
        "Entity id",
        toml="entity_id",
        doc="The entity id of this identity provider; empty is the server's host name.",
        listed=False,
    )
    destinations: tuple[str, ...] = rule(
        SAML,
        "DestinationURLs",
        kinds.LIST,
        (),
        "Destination URLs",
        toml="destination_urls",
        doc="Further addresses that a request may name as its `Destination`, such as those of a load balancer.",
        listed=False,
    )
    response_minutes: int = rule(
        SAML,
        "ResponseValidityPeriod",
        kinds.number(1, 60),
        5,
        "Response validity period",
        toml="response.validity_period",
        doc="Minutes for which an assertion may be shown to its service provider.",
        listed=False,
    )
    metadata_minutes: int = rule(
        SAML,
        "MetadataValidityPeriod",
        kinds.number(1, 525_600),
        60,
        "Metadata validity period",
        toml="metadata.validity_period",
        doc="Minutes for which our metadata holds.",
        listed=False,
    )
    session_minutes: int = rule(
        SAML,
        "SessionNotOnOrAfterPeriod",
        kinds.number(0, 525_600),
        0,
        "SessionNotOnOrAfter period",
        toml="session.not_on_or_after_period",
        doc="Minutes after which a service provider should end its session (`SessionNotOnOrAfter`); 0 says nothing.",
        listed=False,
    )
    checks_age: bool = rule(
        SAML,
        "RequestValidityPeriodEnabled",
        kinds.BOOLEAN,
        True,
        "Request validity period enabled",
        toml="request.enable_validity_period",
        doc="Whether a request that is too old, or of the future, is refused.",
        listed=False,
    )
    request_minutes: int = rule(
        SAML,
        "RequestValidityPeriod",
        kinds.number(1, 1440),
        5,
        "Request validity period",
        toml="request.validity_period",
        doc="Minutes after which a request is too old.",
        listed=False,
    )
    skew_seconds: int = rule(
        SAML,
        "ClockSkew",
        kinds.number(0, 3600),
        300,
        "Clock skew",
        toml="clock_skew",
        doc="Seconds by which the clocks of service providers may be wrong.",
        listed=False,
    )
    relay_state_bytes: int = rule(
        SAML,
        "RelayStateMaxBytes",
        kinds.number(80, 8192),
        80,
        "Longest RelayState",
        toml="relay_state_bytes",
        doc="Bytes that a `RelayState` may have; the standard says 80, and many service providers send addresses.",
        wso2=2048,
        listed=False,
    )


POLICIES: tuple[type[Any], ...] = (
    SelfRegistration,
    Notification,
    LiteRegistration,
    UserOnboarding,
    ClaimUpdate,
    PasswordPolicy,
    AccountLocking,
    AccountDisabling,
    MultiAttributeLogin,
    PasswordHistory,
    PasswordExpiry,
    Sessions,
    SmsCodes,
    EmailCodes,
    SamlIdentity,
)
CONNECTORS = (
    SELF_SIGN_UP,
    LITE_SIGN_UP,
    ASK_PASSWORD,
    PASSWORD_PATTERNS,
    CLAIM_UPDATE,
    CHANNELS,
    ACCOUNT_LOCK,
    ACCOUNT_DISABLE,
    OTHER_NAMES,
    OLD_PASSWORDS,
    OUTDATED_PASSWORDS,
    SESSIONS,
    SMS_CODES,
    EMAIL_CODES,
    SAML,
)


def properties_of(policy: type[Any]) -> Mapping[str, Property[Any]]:
    """Return the properties of a policy, by the name of their field."""
    return {name: option for name, option in options_of(policy).items() if isinstance(option, Property)}


def all_properties() -> tuple[Property[Any], ...]:
    """Return every property of every policy, in the order in which the connectors show them."""
    return tuple(each for policy in POLICIES for each in properties_of(policy).values())
