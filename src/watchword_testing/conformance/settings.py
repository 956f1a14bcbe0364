"""Which setting or policy of the server each word of a case's `config` stands for."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from xml.etree.ElementTree import Element

import msgspec

Value = str | int | bool | list[str]
Table = dict[str, Any]
Fault = Literal[
    "read_settings",
    "store_consent",
    "add_user",
    "PasswordInvalid",
    "lock_user",
    "store_record",
    "publish_event",
    "set_claims",
    "unexpected",
    "password_action",
]


class Codes(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`otp`: the form of a code."""

    uppercase: bool | None = None
    lowercase: bool | None = None
    numeric: bool | None = None
    length: int | None = None
    send_in_email: bool | None = None


class Throttle(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`validate_throttle`: how many unknown codes in how many minutes."""

    limit: int
    window_minutes: int


class PasswordPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`password_policy`: the connector of that name, switched on."""

    pattern: str
    text: str | None = None


class Configured(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The settings of a case; null is what nobody has configured."""

    compat_profile: Literal["seed", "is-5.10", "is-6", "is-7"] | None = None
    self_registration: bool | None = None
    lock_on_creation: bool | None = None
    notifications: Literal["internal", "external"] | None = None
    detailed: bool | None = None
    resolve_channel: bool | None = None
    default_channel: str | None = None
    pre_verified_honoured: bool | None = None
    send_confirmation_on_creation: bool | None = None
    notify_account_confirmation: bool | None = None
    verified_claim_policy: str | None = None
    callback_regex: str | None = None
    email_expiry_minutes: int | None = None
    sms_expiry_minutes: int | None = None
    email_tolerance_minutes: int | None = None
    otp: Codes | None = None
    recaptcha: bool | None = None
    captcha_provider: Literal["test"] | None = None
    password_violation_text: str | None = None
    username_violation_text: str | None = None
    username_regex: str | None = None
    case_insensitive_usernames: Literal[True] | None = None
    mobile_verification_on_update: bool | None = None
    email_verification_on_update: bool | None = None
    lite_registration: bool | None = None
    validate_throttle: Throttle | None = None
    store_fault: Fault | None = None
    sms_otp_regex: str | None = None
    unique_claims: list[str] | None = None
    required_claims: list[str] | None = None
    allowed_email_domains: list[str] | None = None
    password_policy: PasswordPolicy | None = None
    password_action: Literal["deny"] | None = None
    email_verification_of_admin_users: bool | None = None
    raw_toml: str | None = None
    raw_identity_xml: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a word is written: a key of `deployment.toml`, and what else says the same.

    *policy* is connector and property, where a tenant may have its own; *element* the path in `identity.xml`.
    """

    key: tuple[str, ...]
    policy: tuple[str, str] | None = None
    element: str | None = None
    wire: Callable[[Any], Value] = lambda value: value


def _minutes(count: int) -> str:
    return f"{count}m"


def _opposite(fact: bool) -> bool:  # noqa: FBT001 - the value of a word is all it takes
    return not fact


def _is_internal(management: str) -> bool:
    return management == "internal"


def _sign_up(key: str, property_name: str, element: str, wire: Callable[[Any], Value] = lambda value: value) -> Place:
    """Return the place of a word of self-registration."""
    path = ("identity_mgt", "user_self_registration", *key.split("."))
    return Place(path, ("self-sign-up", f"SelfRegistration.{property_name}"), f"SelfRegistration/{element}", wire)


def _watchword(*key: str) -> Place:
    return Place(("watchword", *key))


def _claim_update(claim: str, section: str, part: str) -> Place:
    element = f"UserClaimUpdate/Claim[@uri='http://wso2.org/claims/{claim}']/VerificationOnUpdate/Enable"
    key = ("identity_mgt", "user_claim_update", section, "enable_verification")
    return Place(key, ("user-claim-update", f"UserClaimUpdate.{part}.EnableVerification"), element)


PLACES: Mapping[str, Place] = {
    "compat_profile": _watchword("compat_profile"),
    "verified_claim_policy": _watchword("registration", "verified_claim_policy"),
    "required_claims": _watchword("registration", "required_claims"),
    "allowed_email_domains": _watchword("registration", "allowed_email_domains"),
    "unique_claims": _watchword("claims", "unique"),
    "validate_throttle": Place(
        ("watchword", "limits", "unknown_codes_per_caller"),
        wire=lambda throttle: f"{throttle['limit']}/{throttle['window_minutes']}m",
    ),
    "self_registration": _sign_up("allow_self_registration", "Enable", "Enable"),
    "lock_on_creation": _sign_up("lock_on_creation", "LockOnCreation", "LockOnCreation"),
    "detailed": _sign_up(
        "enable_detailed_api_response", "API.EnableDetailedResponseBody", "API/EnableDetailedResponseBody"
    ),
    "callback_regex": _sign_up("callback_url", "CallbackRegex", "CallbackRegex"),
    "recaptcha": _sign_up("enable_recaptcha", "ReCaptcha", "ReCaptcha"),
    "send_confirmation_on_creation": _sign_up(
        "send_confirmation_on_creation", "SendConfirmationOnCreation", "SendConfirmationOnCreation"
    ),
    "notify_account_confirmation": _sign_up(
        "notify_account_confirmation", "NotifyAccountConfirmation", "NotifyAccountConfirmation"
    ),
    "sms_otp_regex": _sign_up("sms_otp_regex", "SMSOTP.Regex", "SMSOTP/Regex"),
    "notifications": _sign_up(
        "notification.manage_internally", "Notification.InternallyManage", "Notification/InternallyManage", _is_internal
    ),
    "pre_verified_honoured": _sign_up(
        "enable_account_lock_for_verified_preferred_channel",
        "EnableAccountLockForVerifiedPreferredChannel",
        "EnableAccountLockForVerifiedPreferredChannel",
        _opposite,
    ),
    "email_expiry_minutes": _sign_up(
        "verification_email_validity", "VerificationCode.ExpiryTime", "VerificationCode/ExpiryTime", _minutes
    ),
    "sms_expiry_minutes": _sign_up(
        "verification_sms_validity",
        "VerificationCode.SMSOTP.ExpiryTime",
        "VerificationCode/SMSOTP/ExpiryTime",
        _minutes,
    ),
    "email_tolerance_minutes": _sign_up(
        "email.confirmation_code_tolerance_period",
        "Notification.Email.ConfirmationCodeTolerancePeriod",
        "Notification/Email/ConfirmationCodeTolerancePeriod",
    ),
    "otp.uppercase": _sign_up("otp.use_uppercase_in_otp", "OTP.UseUppercaseCharactersInOTP", "OTP/UseUppercaseInOtp"),
    "otp.lowercase": _sign_up("otp.use_lowercase_in_otp", "OTP.UseLowercaseCharactersInOTP", "OTP/UseLowercaseInOtp"),
    "otp.numeric": _sign_up("otp.use_numeric_in_otp", "OTP.UseNumbersInOTP", "OTP/UseNumericInOtp"),
    "otp.length": _sign_up("otp.otp_length", "OTP.OTPLength", "OTP/OTPLength"),
    "otp.send_in_email": _sign_up("otp.send_otp_in_email", "OTP.SendOTPInEmail", "OTP/SendOTPInEmail"),
    "resolve_channel": Place(
        ("identity_mgt", "notification", "resolve_notification_channel"),
        ("notification-channels", "Notification.ResolveNotificationChannels.Enable"),
        "Notification/ResolveNotificationChannels/Enable",
    ),
    "default_channel": Place(
        ("identity_mgt", "notification", "default_notification_channel"),
        ("notification-channels", "Notification.DefaultNotificationChannel"),
        "Notification/DefaultNotificationChannel",
    ),
    "username_regex": Place(("user_store", "username_java_regex")),
    "username_violation_text": Place(("user_store", "username_java_regex_violation_error_msg")),
    "password_violation_text": Place(("user_store", "password_java_regex_violation_error_msg")),
    "mobile_verification_on_update": _claim_update("mobile", "mobile", "MobileNumber"),
    "email_verification_on_update": _claim_update("emailaddress", "email", "Email"),
    "lite_registration": Place(
        ("identity_mgt", "lite_user_registration", "enable"),
        ("lite-user-sign-up", "LiteRegistration.Enable"),
        "LiteRegistration/Enable",
    ),
    "email_verification_of_admin_users": Place(
        ("identity_mgt", "user_onboarding", "enable_email_verification"),
        ("user-email-verification", "EmailVerification.Enable"),
        "EmailVerification/Enable",
    ),
}
# Not a key of `deployment.toml`: a fault, a policy, a file, a server of the runner, or nothing at all.
ELSEWHERE = frozenset(
    (
        "captcha_provider",
        "case_insensitive_usernames",
        "password_action",
        "password_policy",
        "raw_identity_xml",
        "raw_toml",
        "store_fault",
    )
)


def words_of(configured: Configured) -> Iterator[tuple[str, Any]]:
    """Return each word that says something, with its value; `otp` word by word."""
    for word, value in msgspec.to_builtins(configured).items():
        if word == "otp" and value is not None:
            yield from ((f"otp.{part}", given) for part, given in value.items() if given is not None)
        elif value is not None:
            yield word, value


def keys_of(configured: Configured) -> Iterator[tuple[Place, Value]]:
    """Return what is written into `deployment.toml`."""
    for word, value in words_of(configured):
        if word not in ELSEWHERE:
            place = PLACES[word]
            yield place, place.wire(value)


def policies_of(configured: Configured) -> Iterator[tuple[str, str, str]]:
    """Return connector, property and value of what a tenant has of its own.

    Raises:
        ValueError: no tenant can have it of its own.
    """
    for word, value in words_of(configured):
        if word == "password_policy":
            yield from password_policy(value)
            continue
        place = PLACES.get(word)
        if place is None or place.policy is None:
            raise ValueError(f"a tenant has no {word} of its own")
        yield (*place.policy, _policy_text(place.wire(value)))


def password_policy(policy: Mapping[str, str | None]) -> Iterator[tuple[str, str, str]]:
    """Return connector, property and value of a password policy that is on."""
    connector = "passwordPolicy"
    yield connector, f"{connector}.enable", "true"
    yield connector, f"{connector}.pattern", policy["pattern"] or ""
    if policy["text"] is not None:
        yield connector, f"{connector}.errorMsg", policy["text"]


def is_said_by(place: Place, identity: Element | None) -> bool:
    """Tell whether an `identity.xml` (without namespaces) has the element of a place."""
    return identity is not None and place.element is not None and identity.find(place.element) is not None


def _policy_text(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    # REST and console give minutes as a bare number; only the file has a unit.
    return str(value).removesuffix("m") if str(value).removesuffix("m").lstrip("-").isdigit() else str(value)
