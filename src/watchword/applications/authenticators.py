"""The authenticators that this server has, as forms and steps know them (platform.md 2.4, sms-otp.md 2.3).

What an authenticator does is in ``login``; here stands what an administrator can say of it.
"""

from watchword.applications.model import (
    BASIC,
    AuthenticatorKind,
    AuthenticatorType,
    Property,
)
from watchword.tenants.model import opaque_id

SMS_OTP = "SMSOTP"
LOCAL_SMS_OTP = "sms-otp-authenticator"
EMAIL_OTP = "email-otp-authenticator"
BACKUP_CODE = "backup-code-authenticator"
IDENTIFIER = "IdentifierExecutor"

SMS_OTP_PROPERTIES = (
    Property(
        key="sms_url", label="SMS URL", order=1, holds_secrets=True,
        description="Where the provider takes messages, with $ctx.num and $ctx.msg; empty: the channel of the tenant.",
    ),
    Property(
        key="http_method", label="HTTP Method", order=2, options=("GET", "POST", "PUT"),
        description="GET, POST or PUT, in any case.",
    ),
    Property(
        key="headers", label="HTTP Headers", order=3, confidential=True,
        description="Pairs `Name: value`, separated by commas.",
    ),
    Property(
        key="payload", label="HTTP Payload", order=4, holds_secrets=True,
        description="What is sent with POST, with $ctx.num and $ctx.msg.",
    ),
    Property(
        key="http_response", label="HTTP Response Code", order=5,
        description="The status that means success; empty: 200, 201 or 202.",
    ),
    Property(
        key="show_detailed_error_info", label="Show Detailed Error Information", kind="boolean", order=6,
        options=("true", "false"),
        description="Whether the person is shown what the provider said.",
    ),
    Property(
        key="values_to_be_masked", label="Mask values in Error Info", kind="regex list", order=7,
        description="Patterns, separated by commas, of what is masked in it.",
    ),
    Property(
        key="mobile_number_regex", label="Mobile Number Regex Pattern", kind="regex", order=8,
        description="The pattern of numbers that a person may enter.",
    ),
    Property(
        key="mobile_number_pattern_failure_error_message", label="Regex Violation Error Message", order=9,
        description="What is said of a number that does not match.",
    ),
    Property(
        key="SmsOtpLength", label="SMS OTP length", kind="integer", order=10, default="6",
        description="4 to 10 characters; anything else is 6.",
    ),
    Property(
        key="SmsOtpExpiryTime", label="SMS OTP expiry time", kind="integer", order=11, default="5",
        description="1 to 1440 minutes; anything else is 5.",
    ),
    Property(
        key="OnlyNumericCharactersForSmsOtp", label="Use only numeric characters for SMS OTP", kind="boolean",
        order=12, default="true", options=("true", "false"),
        description="Whether codes are of digits alone.",
    ),
    Property(
        key="use_template", label="Use Message Template", kind="boolean", order=14, default="false",
        options=("true", "false"),
        description="Whether the text is the template `SMSOTP` instead of `Verification Code: ` and the code.",
    ),
    Property(
        key="success_rule", label="Success Rule", order=13,
        description="What the reply must hold to mean success, beyond its status.",
    ),
)  # fmt: skip

AUTHENTICATORS = (
    AuthenticatorType(
        name=BASIC, display_name="Username & Password", kind=AuthenticatorKind.FIRST_FACTOR,
        tags=("Username-Password",),
    ),
    AuthenticatorType(
        name=IDENTIFIER, display_name="Identifier First", kind=AuthenticatorKind.IDENTIFIER, tags=("Username",),
    ),
    AuthenticatorType(
        name=SMS_OTP, display_name="SMS OTP", kind=AuthenticatorKind.SECOND_FACTOR, federated=True,
        tags=("MFA", "OTP"), properties=SMS_OTP_PROPERTIES, may_be_first=True,
    ),
    AuthenticatorType(
        name=LOCAL_SMS_OTP, display_name="SMS OTP", kind=AuthenticatorKind.SECOND_FACTOR, tags=("MFA", "OTP"),
        may_be_first=True,
    ),
    AuthenticatorType(
        name=EMAIL_OTP, display_name="Email OTP", kind=AuthenticatorKind.SECOND_FACTOR, tags=("MFA", "OTP"),
        may_be_first=True,
    ),
    AuthenticatorType(
        name=BACKUP_CODE, display_name="Backup Code", kind=AuthenticatorKind.SECOND_FACTOR, tags=("MFA",),
    ),
)  # fmt: skip
"""In the order in which lists show them."""

_BY_NAME = {each.name: each for each in AUTHENTICATORS}
_BY_ID = {opaque_id(each.name): each for each in AUTHENTICATORS}


def find_authenticator(name: str) -> AuthenticatorType | None:
    """Return the authenticator of that name."""
    return _BY_NAME.get(name)


def authenticator_of_id(opaque: str) -> AuthenticatorType | None:
    """Return the authenticator of that id, which is its name in base64url; the name itself does as well."""
    return _BY_ID.get(opaque.rstrip("=")) or _BY_NAME.get(opaque)


def authenticator_id(authenticator: AuthenticatorType) -> str:
    """Return the id of an authenticator on the wire."""
    return opaque_id(authenticator.name)
