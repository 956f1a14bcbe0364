"""The decisions of registration as values and pure functions (self-registration.md sections 2.4.1 and 3)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum, StrEnum
from math import log2

from watchword.accounts.claims import EXTERNAL, Channel
from watchword.base.problems import ChannelNotVerifiable, ChannelUnknown, ChannelWithoutValue
from watchword.codes.model import (
    DIGITS,
    UNBOUND_BITS,
    UNBOUND_FORM,
    UPPER,
    USUAL_LENGTH,
    UUID_FORM,
    CodeForm,
    short_form,
)
from watchword.tenants.policies import Notification, SelfRegistration

SEED_TEXTS = {
    "USR-02001": "Successful user self registration. Pending account verification.",
    "USR-02002": "Successful user self registration. External verification required",
    "USR-02003": "Successful user self registration. Account not locked on user creation",
    "USR-02004": "Successful user self registration with verified channel. Account verification not required.",
}
SEED_EXTERNAL_VERIFIED = "Successful user self registration with verified channel. Account not locked on user creation."
UPSTREAM_TEXTS = {
    **SEED_TEXTS,
    "USR-02002": "Successful user self registration. Pending External verification.",
    "USR-02003": "Successful user self registration. Account verification not required.",
}


class NothingPendingAnswer(StrEnum):
    """What a resend answers that names a scenario in which nothing is pending."""

    PROBLEM = "20024"
    SILENCE = "201"
    NOT_IMPLEMENTED = "501"
    WITHOUT_CODE = "400"


class FlagRule(StrEnum):
    """Which verified flag a confirmation sets, among callers that may assert one."""

    CARRIED = "carried"
    REQUESTED = "requested"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Profile:
    """The wire of a release, rule by rule (self-registration.md 0.3 and section 7)."""

    texts: Mapping[str, str] = field(default_factory=lambda: UPSTREAM_TEXTS)
    external_verified_text: str = UPSTREAM_TEXTS["USR-02004"]
    always_four_members: bool = False
    tells_user_id: bool = False
    duplicate_before_channels: bool = True
    confirmation_has_body: bool = True
    name_check_by_status: bool = True
    nothing_pending: NothingPendingAnswer = NothingPendingAnswer.PROBLEM
    flag_rule: FlagRule = FlagRule.REQUESTED
    takes_over_stale_names: bool = False
    local_sms_events: bool = False
    unique_claim_has_own_code: bool = False


PROFILES: Mapping[str, Profile] = {
    "seed": Profile(
        texts=SEED_TEXTS, external_verified_text=SEED_EXTERNAL_VERIFIED, always_four_members=True,
        confirmation_has_body=False, name_check_by_status=False, flag_rule=FlagRule.BOTH, takes_over_stale_names=True,
    ),
    "is-5.10": Profile(
        duplicate_before_channels=False, confirmation_has_body=False, name_check_by_status=False,
        nothing_pending=NothingPendingAnswer.SILENCE, flag_rule=FlagRule.CARRIED,
    ),
    "is-6": Profile(nothing_pending=NothingPendingAnswer.NOT_IMPLEMENTED),
    "is-7": Profile(
        tells_user_id=True, nothing_pending=NothingPendingAnswer.WITHOUT_CODE, local_sms_events=True,
        unique_claim_has_own_code=True,
    ),
}  # fmt: skip


# --- the channel (3.2, 3.3) -----------------------------------------------------------------------------------------


def resolve_channel(policy: Notification, preferred: str | None, addresses: Mapping[Channel, str]) -> Channel | None:
    """Return the channel of a registration; ``None`` if resolution is on and there is no address at all.

    Off: the default. On: the preference, or its error; one address: its channel; two: the default.

    Raises:
        ChannelUnknown: the preference is no channel, in this very spelling.
        ChannelWithoutValue: the preferred channel has no address.
    """
    default = Channel(policy.default_channel)
    if not policy.resolve_channel:
        return default
    if preferred:
        try:
            wanted = Channel(preferred)
        except ValueError as problem:
            raise ChannelUnknown from problem
        if wanted not in addresses:
            raise ChannelWithoutValue
        return wanted
    if len(addresses) == 1:
        return next(iter(addresses))
    return default if addresses else None


# --- the outcome (3.5) ----------------------------------------------------------------------------------------------


class Outcome(Enum):
    """What becomes of a registration: its code on the wire, and what the account is left with."""

    VERIFIED = ("USR-02004", False, False)
    WAITING = ("USR-02001", True, True)
    WAITING_EXTERNAL = ("USR-02002", True, True)
    OPEN = ("USR-02003", False, False)
    OPEN_TO_CONFIRM = ("USR-02003", False, True)

    def __init__(self, code: str, locked: bool, pending: bool) -> None:  # noqa: FBT001  # an enum's members are positional
        """Name the parts."""
        self.code, self.locked, self.pending = code, locked, pending

    @property
    def sends(self) -> bool:
        """Tell whether a code goes out to the person."""
        return self in {Outcome.WAITING, Outcome.OPEN_TO_CONFIRM}


def decide_outcome(policy: SelfRegistration, *, verified: bool) -> Outcome:
    """Return the row of table 3.5: verified claims come first, then the lock, then who sends."""
    if verified:
        return Outcome.VERIFIED
    if policy.lock_on_creation:
        return Outcome.WAITING if policy.internally_managed else Outcome.WAITING_EXTERNAL
    confirms = policy.internally_managed and policy.send_confirmation_on_creation
    return Outcome.OPEN_TO_CONFIRM if confirms else Outcome.OPEN


# --- codes (4.1, 4.2) -----------------------------------------------------------------------------------------------

WSO2_FORM = CodeForm(UPPER + DIGITS, USUAL_LENGTH)


def code_form(policy: SelfRegistration, channel: str, *, recommended: bool) -> CodeForm:
    """Return how the code of a channel looks: what a person types is short, what a link or a caller carries a UUID."""
    if channel == EXTERNAL or (channel == Channel.EMAIL and not (policy.otp_in_email or policy.email_otp)):
        return UUID_FORM
    return short_form(
        upper=policy.otp_uppercase, lower=policy.otp_lowercase, numeric=policy.otp_numeric, length=policy.otp_length,
        pattern=policy.sms_otp_regex or None, unset=UNBOUND_FORM if recommended else WSO2_FORM,
    )  # fmt: skip


def needs_binding(form: CodeForm, *, recommended: bool) -> bool:
    """Tell whether a code of this form is taken only from somebody who also says whose it is (decisions 5.1)."""
    return recommended and form.length > 0 and form.length * log2(len(set(form.alphabet))) < UNBOUND_BITS


def lifetime_of(minutes: int) -> timedelta | None:
    """Return the life of a code; a negative setting means for ever."""
    return None if minutes < 0 else timedelta(minutes=minutes)


# --- confirmation (2.4) ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RequestedChannel:
    """The ``verifiedChannel`` of a request."""

    type: str
    claim: str | None

    def channel(self) -> Channel:
        """Return which channel is meant.

        Raises:
            ChannelUnknown: the type is neither ``SMS`` nor ``EMAIL``; ``EXTERNAL`` is no channel either.
            ChannelNotVerifiable: the claim is not the one that holds the channel's address.
        """
        try:
            channel = Channel(self.type)
        except ValueError as problem:
            raise ChannelUnknown from problem
        if self.claim and self.claim != channel.value_claim:
            raise ChannelNotVerifiable
        return channel


def channels_to_verify(
    rule: FlagRule, *, carried: str, requested: Channel | None, may_assert: Callable[[Channel], bool], compat: bool
) -> frozenset[Channel]:
    """Return whose flags a confirmation sets (2.4.1; security-reliability.md 1.5, R8).

    *carried* is the channel that brought the code, or ``EXTERNAL``. With *compat*, and for callers that may assert it,
    the table of the wire profile holds; otherwise only what was proven.

    Raises:
        ChannelNotVerifiable: another channel is asked for than the one that brought the code.
    """
    asked = requested or Channel.EMAIL
    if carried == EXTERNAL:
        return frozenset({asked} if may_assert(asked) else ())
    brought = Channel(carried)
    if not compat or not may_assert(asked):
        if requested not in {None, brought}:
            raise ChannelNotVerifiable
        return frozenset({brought})
    return {
        FlagRule.CARRIED: frozenset({brought}),
        FlagRule.REQUESTED: frozenset({asked}),
        FlagRule.BOTH: frozenset({asked, brought}),
    }[rule]
