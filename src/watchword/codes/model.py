"""A one-time code and its rules (self-registration.md section 4)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from watchword.base.entropy import Entropy, draw, random_uuid
from watchword.base.problems import CodePatternUnsupported

UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LOWER = UPPER.lower()
DIGITS = "0123456789"
CLEAR_UPPER = "ABCDEFGHJKLMNPRSTUVWXYZ"
CLEAR_LOWER = "abcdefghjkmnpqrstuvwxyz"
CLEAR_DIGITS = "123456789"
UNBOUND_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""32 characters that no one mistakes: eight of them are 40 bits (decisions 5.1)."""

SHORTEST, LONGEST, USUAL_LENGTH = 4, 10, 6
UNBOUND_BITS = 40

_PATTERN = re.compile(r"\[((?:a-z|A-Z|0-9){1,3})\]\{([0-9]{1,3})\}")
_USUAL_PATTERN = "[a-zA-Z0-9]{6}"


class Step(StrEnum):
    """What must happen next with a code."""

    CONFIRM_SIGN_UP = "CONFIRM_SIGN_UP"
    CONFIRM_LITE_SIGN_UP = "CONFIRM_LITE_SIGN_UP"
    VERIFY_EMAIL = "VERIFY_EMAIL"
    VERIFY_MOBILE_NUMBER = "VERIFY_MOBILE_NUMBER"


class Scenario(StrEnum):
    """Why a code was sent."""

    SELF_SIGN_UP = "SELF_SIGN_UP"
    LITE_SIGN_UP = "LITE_SIGN_UP"
    EMAIL_VERIFICATION = "EMAIL_VERIFICATION"
    EMAIL_VERIFICATION_ON_UPDATE = "EMAIL_VERIFICATION_ON_UPDATE"
    MOBILE_VERIFICATION_ON_UPDATE = "MOBILE_VERIFICATION_ON_UPDATE"

    @property
    def step(self) -> Step:
        """Return what the code allows."""
        return _STEPS[self]

    @property
    def is_update(self) -> bool:
        """Tell whether the code proves a new address of an account that is open already."""
        return self in {Scenario.EMAIL_VERIFICATION_ON_UPDATE, Scenario.MOBILE_VERIFICATION_ON_UPDATE}


_STEPS = {
    Scenario.SELF_SIGN_UP: Step.CONFIRM_SIGN_UP,
    Scenario.LITE_SIGN_UP: Step.CONFIRM_LITE_SIGN_UP,
    Scenario.EMAIL_VERIFICATION: Step.CONFIRM_SIGN_UP,
    Scenario.EMAIL_VERIFICATION_ON_UPDATE: Step.VERIFY_EMAIL,
    Scenario.MOBILE_VERIFICATION_ON_UPDATE: Step.VERIFY_MOBILE_NUMBER,
}
SIGN_UP_SCENARIOS = tuple(scenario for scenario in Scenario if not scenario.is_update)


@dataclass(frozen=True, slots=True)
class CodeForm:
    """How a code looks: characters drawn from an alphabet, or a random UUID where *length* is 0."""

    alphabet: str = ""
    length: int = 0

    def drawn(self, entropy: Entropy) -> str:
        """Return a fresh code of this form."""
        return draw(entropy, self.alphabet, self.length) if self.length else random_uuid(entropy)


UUID_FORM = CodeForm()
UNBOUND_FORM = CodeForm(UNBOUND_ALPHABET, 8)


def short_form(
    *, upper: bool | None, lower: bool | None, numeric: bool | None, length: int, pattern: str | None, unset: CodeForm
) -> CodeForm:
    """Return the form of a code that a person types.

    A pattern wins; then the flags, as soon as one is set; else *unset*, at the configured length. Flags that are all
    off count as all on.

    Raises:
        CodePatternUnsupported: the pattern is not of the one shape that is read.
    """
    if pattern:
        return _form_of_pattern(pattern)
    usable = length if SHORTEST <= length <= LONGEST else USUAL_LENGTH
    if upper is None and lower is None and numeric is None:
        return CodeForm(unset.alphabet, usable if unset.length == USUAL_LENGTH else unset.length)
    wanted = (bool(upper), bool(lower), bool(numeric))
    if not any(wanted):
        wanted = (True, True, True)
    digits = DIGITS if wanted == (False, False, True) else CLEAR_DIGITS
    sets = zip(wanted, (CLEAR_UPPER, CLEAR_LOWER, digits), strict=True)
    return CodeForm("".join(characters for use, characters in sets if use), usable)


def _form_of_pattern(pattern: str) -> CodeForm:
    match = _PATTERN.fullmatch(pattern)
    if match is None:
        raise CodePatternUnsupported
    if int(match[2]) < SHORTEST:
        return _form_of_pattern(_USUAL_PATTERN)
    ranges = {"a-z": LOWER, "A-Z": UPPER, "0-9": DIGITS}
    named = dict.fromkeys(re.findall(r"a-z|A-Z|0-9", match[1]))
    return CodeForm("".join(ranges[name] for name in named), int(match[2]))


@dataclass(frozen=True, slots=True)
class CodeOrder:
    """What code is wanted, and whose."""

    user_id: str
    scenario: Scenario
    channel: str
    """``EMAIL``, ``SMS``, or ``EXTERNAL`` where the calling application delivers."""
    form: CodeForm
    facts: Mapping[str, str] = field(default_factory=dict)
    """The properties of the request, for the messages that bring the code."""
    pending_value: str | None = None
    """The new address that the code proves."""
    repeatable: bool = False
    """Whether a sealed copy is kept beside the digest, since the same code may have to go out again."""


@dataclass(frozen=True, slots=True)
class ConfirmationCode:
    """The record behind a code that was handed over; the code itself is not in it."""

    id: str
    user_id: str
    scenario: Scenario
    channel: str
    """``EMAIL``, ``SMS``, or ``EXTERNAL`` where the calling application delivers."""
    created_at: datetime
    last_sent_at: datetime
    attempts: int = 0
    expired: bool = False
    pending_value: str | None = None
    sealed: bytes | None = field(default=None, repr=False)
    facts: Mapping[str, str] = field(default_factory=dict)

    def is_expired(self, now: datetime, lifetime: timedelta | None) -> bool:
        """Tell whether the code is too old; once it was seen so it stays so, and ``None`` means never."""
        return self.expired or (lifetime is not None and now > self.created_at + lifetime)
