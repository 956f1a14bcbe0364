"""The claim dialect: which facts about a user there are, under which URI, and who may set them.

Both spellings of the verified claims are read; the long one, under ``identity/``, is stored and given out
(self-registration.md 1.2).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

DIALECT = "http://wso2.org/claims/"
IDENTITY = DIALECT + "identity/"

USER_NAME = DIALECT + "username"
GIVEN_NAME = DIALECT + "givenname"
LAST_NAME = DIALECT + "lastname"
EMAIL_ADDRESS = DIALECT + "emailaddress"
MOBILE = DIALECT + "mobile"
LOCALE = DIALECT + "local"
PREFERRED_CHANNEL = IDENTITY + "preferredChannel"
EMAIL_VERIFIED = IDENTITY + "emailVerified"
PHONE_VERIFIED = IDENTITY + "phoneVerified"
VERIFY_EMAIL = IDENTITY + "verifyEmail"
VERIFY_MOBILE = IDENTITY + "verifyMobile"
PENDING_EMAIL = IDENTITY + "emailaddress.pendingValue"
PENDING_MOBILE = IDENTITY + "mobileNumber.pendingValue"
ACCOUNT_LOCKED = IDENTITY + "accountLocked"
ACCOUNT_DISABLED = IDENTITY + "accountDisabled"
ACCOUNT_STATE = IDENTITY + "accountState"
LOCKED_REASON = IDENTITY + "lockedReason"
CONFIRMED_TIME = IDENTITY + "accountConfirmedTime"
LITE_USER = IDENTITY + "isLiteUser"
UNLOCK_TIME = IDENTITY + "unlockTime"
LOCKOUT_COUNT = IDENTITY + "failedLoginLockoutCount"
LAST_LOGIN_TIME = IDENTITY + "lastLoginTime"
LAST_PASSWORD_TIME = IDENTITY + "lastPasswordUpdateTime"
MUST_CHANGE_PASSWORD = IDENTITY + "adminForcedPasswordReset"
FAILED_LOGINS = IDENTITY + "failedLoginAttempts"
FAILED_BEFORE_SUCCESS = IDENTITY + "failedLoginAttemptsBeforeSuccess"
FAILED_SMS_CODES = IDENTITY + "failedSmsOtpAttempts"
FAILED_EMAIL_CODES = IDENTITY + "failedEmailOtpAttempts"
SMS_CODES_DISABLED = IDENTITY + "smsotp_disabled"
EMAIL_CODES_DISABLED = IDENTITY + "emailotp_disabled"
BACKUP_CODES = DIALECT + "otpbackupcodes"
IDENTITY_BACKUP_CODES = IDENTITY + "otpbackupcodes"


class Channel(StrEnum):
    """A way to reach a person; the names travel on the wire as they stand."""

    EMAIL = "EMAIL"
    SMS = "SMS"

    @property
    def value_claim(self) -> str:
        """Return the claim that holds the channel's address."""
        return MOBILE if self is Channel.SMS else EMAIL_ADDRESS

    @property
    def verified_claim(self) -> str:
        """Return the claim that says the address was proven."""
        return PHONE_VERIFIED if self is Channel.SMS else EMAIL_VERIFIED

    @property
    def pending_claim(self) -> str:
        """Return the claim that holds a new address until it is proven."""
        return PENDING_MOBILE if self is Channel.SMS else PENDING_EMAIL

    @property
    def other(self) -> "Channel":
        """Return the other way."""
        return Channel.EMAIL if self is Channel.SMS else Channel.SMS


STATE_CLAIMS = frozenset({
    ACCOUNT_LOCKED, ACCOUNT_DISABLED, ACCOUNT_STATE, LOCKED_REASON, CONFIRMED_TIME, UNLOCK_TIME, LOCKOUT_COUNT,
    LAST_LOGIN_TIME, LAST_PASSWORD_TIME, MUST_CHANGE_PASSWORD, FAILED_LOGINS, FAILED_SMS_CODES, FAILED_EMAIL_CODES,
})  # fmt: skip
"""Claims that say the state of an account; they are its columns, and no rows of their own."""
VERIFIED_CLAIMS = frozenset(channel.verified_claim for channel in Channel)

EXTERNAL = "EXTERNAL"
"""The pseudo channel of codes that the calling application delivers; never a preference, never verified."""

_ALIASES = {
    DIALECT + "emailVerified": EMAIL_VERIFIED,
    DIALECT + "phoneVerified": PHONE_VERIFIED,
    DIALECT + "locale": LOCALE,
}

_PROFILE = """
givenname lastname organization streetaddress country emailaddress telephone mobile im url fullname displayName nickname
formattedName middleName honorificPrefix honorificSuffix title gender dob location locality region postalcode
stateorprovince addresses addresses.formatted addresses.locality preferredLanguage local timeZone otherphone
phoneNumbers phoneNumbers.home phoneNumbers.work phoneNumbers.fax phoneNumbers.pager phoneNumbers.other emails.home
emails.work
emails.other gtalk skype photos photourl thumbnail costCenter userType extendedDisplayName
"""
_KEPT_BY_US = """
username userid userprincipal externalid created modified resourceType department role roles groups active entitlements
x509Certificates extendedRef extendedExternalId emailAddresses verifiedEmailAddresses mobileNumbers
verifiedMobileNumbers challengeQuestionUris challengeQuestion1 challengeQuestion2 primaryChallengeQuestion
oneTimePassword otpbackupcodes
"""
_IDENTITY = """
accountLocked accountDisabled accountState lockedReason unlockTime preferredChannel isLiteUser userSourceId
localCredentialExists managedOrg accountConfirmedTime emailVerified phoneVerified verifyEmail verifyMobile
emailaddress.pendingValue mobileNumber.pendingValue askPassword tenantAdminAskPassword adminForcedPasswordReset
failedLoginAttempts failedLoginAttemptsBeforeSuccess failedLoginLockoutCount failedPasswordRecoveryAttempts
failedSmsOtpAttempts failedEmailOtpAttempts failedTotpAttempts smsOtpResendAttempts smsOtpLastSentTime
emailOtpResendAttempts emailOtpLastSentTime lastLoginTime lastLogonTime lastPasswordUpdateTime
passwordExpiryTime smsotp_disabled emailotp_disabled secretkey verifySecretkey totpEnabled backupCodeEnabled
enabledAuthenticators preferredMFAOption verifiedMobileNumbers verifiedEmailAddresses otpbackupcodes
"""

PROFILE_CLAIMS = frozenset(DIALECT + name for name in _PROFILE.split())
KNOWN_CLAIMS = (
    PROFILE_CLAIMS
    | frozenset(DIALECT + name for name in _KEPT_BY_US.split())
    | frozenset(IDENTITY + name for name in _IDENTITY.split())
)
REGISTRABLE_CLAIMS = PROFILE_CLAIMS | {PREFERRED_CHANNEL, EMAIL_VERIFIED, PHONE_VERIFIED}


class ClaimTwice(ValueError):
    """One claim stands twice in a request."""


class ClaimUnknown(ValueError):
    """No such claim is in the dialect."""


@dataclass(frozen=True, slots=True)
class Sorted:
    """The claims of a request, told apart by what becomes of them."""

    kept: dict[str, str]
    dropped: tuple[str, ...]
    """Known, but not the caller's to set."""


def sort_claims(given: Iterable[tuple[str, str | None]], allowed: frozenset[str] = REGISTRABLE_CLAIMS) -> Sorted:
    """Fold both spellings into one, refuse what is unknown, and drop what is not *allowed* (decisions 5.3).

    Raises:
        ClaimTwice: a URI stands twice; the argument is the URI.
        ClaimUnknown: a URI is none of ours; the argument is the URI.
    """
    seen: dict[str, str] = {}
    for uri, value in given:
        if uri in seen:
            raise ClaimTwice(uri)
        if uri not in KNOWN_CLAIMS and uri not in _ALIASES:
            raise ClaimUnknown(uri)
        seen[uri] = value or ""
    folded = {_ALIASES[uri]: value for uri, value in seen.items() if uri in _ALIASES}
    folded |= {uri: value for uri, value in seen.items() if uri not in _ALIASES}
    kept = {uri: value for uri, value in folded.items() if uri in allowed and value.strip()}
    return Sorted(kept, tuple(uri for uri in folded if uri not in allowed))


def canonical_uri(uri: str) -> str:
    """Return the spelling of a claim's URI that is stored."""
    return _ALIASES.get(uri, uri)


def named_claim(name: str) -> str:
    """Return the URI of a claim that an operator names by it, or by its last part: ``mobile``, ``accountLocked``.

    Raises:
        ClaimUnknown: no claim is called so.
    """
    for uri in (name, DIALECT + name, IDENTITY + name):
        if uri in KNOWN_CLAIMS or uri in _ALIASES:
            return canonical_uri(uri)
    raise ClaimUnknown(name)


def is_true(value: str | None) -> bool:
    """Tell whether a claim's text means yes: only ``true`` does, in any case."""
    return value is not None and value.lower() == "true"
