"""Show the claims of a person without giving numbers, mailboxes or secrets away."""

from collections.abc import Mapping

from watchword.accounts.addresses import mask_mailbox, mask_phone
from watchword.accounts.claims import DIALECT, EMAIL_ADDRESS, IDENTITY, MOBILE, PENDING_EMAIL, PENDING_MOBILE

HIDDEN = "(hidden)"

_NUMBERS = """
telephone otherphone phoneNumbers phoneNumbers.home phoneNumbers.work phoneNumbers.fax phoneNumbers.pager
phoneNumbers.other mobileNumbers verifiedMobileNumbers identity/verifiedMobileNumbers
"""
_MAILBOXES = """
emails.home emails.work emails.other gtalk emailAddresses verifiedEmailAddresses identity/verifiedEmailAddresses
"""
_SECRETS = "secretkey verifySecretkey otpbackupcodes"

NUMBER_CLAIMS = frozenset({MOBILE, PENDING_MOBILE, *(DIALECT + name for name in _NUMBERS.split())})
MAILBOX_CLAIMS = frozenset({EMAIL_ADDRESS, PENDING_EMAIL, *(DIALECT + name for name in _MAILBOXES.split())})
SECRET_CLAIMS = frozenset(
    {
        *(base + name for base in (DIALECT, IDENTITY) for name in _SECRETS.split()),
        *(DIALECT + name for name in ("oneTimePassword", "challengeQuestion1", "challengeQuestion2")),
    }
)


def without_secrets(claims: Mapping[str, str]) -> dict[str, str]:
    """Return claims whose secrets are hidden; everything else stands as it is."""
    return {uri: HIDDEN if uri in SECRET_CLAIMS else value for uri, value in claims.items()}


def masked_claims(claims: Mapping[str, str]) -> dict[str, str]:
    """Return claims as support may see them: no secret, no whole number, no whole mailbox."""
    return {uri: _masked(uri, value) for uri, value in without_secrets(claims).items()}


def _masked(uri: str, value: str) -> str:
    """Return one value; a list of addresses, separated by commas, is masked one by one."""
    if uri in NUMBER_CLAIMS:
        return ",".join(mask_phone(part.strip()) for part in value.split(","))
    if uri in MAILBOX_CLAIMS:
        return ",".join(mask_mailbox(part.strip()) for part in value.split(","))
    return value
