"""What the pages of logging in say, by the ids that stand in addresses; one that is not known says nothing special.

The ids are those of platform.md 2.7 and sms-otp.md 1.13; the texts are in the catalogues.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Any

GENERIC = "told.other"

TEXT_OF_MESSAGE = {
    "login.fail.message": "told.wrong_password",
    "username.missing": "told.name_missing",
    "account.confirmation.pending": "told.unconfirmed",
    "email.verification.pending": "told.unconfirmed",
    "password.reset.pending": "told.reset",
    "account.pending.approval": "told.unapproved",
    "user.tenant.domain.mismatch.message": "told.other_tenant",
    "other.person": "told.other_person",
    "authenticator.unusable": "told.unusable",
    "user.account.locked": "told.locked",
    "login.stale": "told.stale",
    "authentication.fail.message": "told.wrong_code",
    "code.mismatch": "told.wrong_code",
    "token.expired": "told.expired",
    "resend.too.soon": "told.too_soon",
    "resent.count.exceeded": "told.resent_too_often",
    "sms.quota.exceeded": "told.held",
    "unable.send.code": "told.unsent",
    "smsotp.disable": "told.opted_out",
    "directly.send.otp.disable": "told.no_number",
    "user.mobile.not.found": "told.no_number",
    "user.email.not.found": "told.no_mailbox",
    "backup.codes.not.found": "told.no_backup_codes",
    "error.user.not.found.smsotp": "told.unknown_user",
    "mobile.number.refused": "phone.refused",
}
_UNSENT = re.compile(r"SMS(OTP)?-\d{5}|\d{3} ?:.*", re.DOTALL)
_LOCKS = re.compile(r"17003(:\w+)?")
MOST_SAID = 1024

AT_NUMBERS = {"authentication.fail.message": "phone.refused"}
"""What the same words mean where a number is asked for, and no code."""
AT_ENDS = {
    "login.fail.message": "told.failed", "authentication.fail.message": "told.no_more", "code.mismatch": "told.no_more",
}  # fmt: skip
"""What they mean where nothing can be typed any more."""
AT_FAILURES = {"authentication.fail.message": "told.no_more"}
AT_CHOICES = {"login.fail.message": "told.other"}
_NOWHERE: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Said:
    """Something that is said: the id of its text, and the facts in it."""

    text: str
    facts: Mapping[str, Any] = field(default_factory=dict)


def said_of(query: Mapping[str, str], meant: Mapping[str, str] = _NOWHERE) -> Said | None:
    """Return what the address of a page wants said; *meant* is what some words mean there."""
    message = query.get("authFailureMsg", "")
    if query.get("authFailure") != "true" and not message:
        return None
    minutes, seconds = number_of(query, "unlockTime"), number_of(query, "retryAfter")
    if message == "user.account.locked" and minutes:
        return Said("told.locked_for", {"count": minutes})
    if message == "resend.too.soon" and seconds:
        return Said("told.wait", {"count": seconds})
    if message == "sms.quota.exceeded" and seconds:
        return Said("told.held_for", {"count": ceil(seconds / 60)})
    return Said(meant.get(message) or text_of(message))


def text_of(message: str) -> str:
    """Return the id of the text for a message."""
    if message in TEXT_OF_MESSAGE:
        return TEXT_OF_MESSAGE[message]
    if _LOCKS.fullmatch(message):
        return "told.locked"
    return "told.unsent" if _UNSENT.fullmatch(message) else GENERIC


def number_of(query: Mapping[str, str], name: str) -> int | None:
    """Return a whole number of an address; ``None`` if it is none."""
    text = query.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None  # noqa: PLR2004  # digits of an int


def decoded(text: str) -> str:
    """Return what an address says in base64; empty if it is not so."""
    try:
        return base64.b64decode(text, validate=True).decode()[:MOST_SAID]
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""
