"""Redeem a code: the try is counted first, and the code and its effect go together."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NoReturn

from watchword.accounts.claims import EXTERNAL, VERIFY_EMAIL, Channel
from watchword.accounts.model import LockedReason, Proof, User
from watchword.accounts.store.users import Users
from watchword.accounts.usecases.names import find_user
from watchword.accounts.usecases.people import proof_of
from watchword.base.kinds import Limit
from watchword.base.problems import (
    ChannelNotVerifiable,
    CodeInvalid,
    CodeOfSomeoneElse,
    CodeOutdated,
    EventNotPublished,
    MobileVerificationNotPrivileged,
    UserNotUnlocked,
)
from watchword.codes.model import ConfirmationCode, Scenario, Step
from watchword.codes.store import Codes
from watchword.codes.usecases import refuse_expired, spend_code
from watchword.notification.letters import Letter
from watchword.notification.outbox import Notified, Notifier
from watchword.notification.store import Messages
from watchword.registration.model import (
    PROFILES,
    RequestedChannel,
    channels_to_verify,
    code_form,
    lifetime_of,
    needs_binding,
)
from watchword.registration.notices import CONFIRMED, say
from watchword.registration.usecases.register import nobody_asserts, sign_up_lifetime
from watchword.registration.usecases.update import apply_pending
from watchword.storage.audit import note
from watchword.storage.counters import count, refuse_past
from watchword.storage.work import Work
from watchword.tenants.policies import ClaimUpdate, LiteRegistration, SelfRegistration, UserOnboarding
from watchword.tenants.usecases import read_policy


@dataclass(frozen=True, slots=True)
class Redeemer:
    """Who brings a code, what they may say with it, and which limits are theirs."""

    name: str
    may_assert: Callable[[Channel], bool] = nobody_asserts
    limit_name: str = "unknown_codes_per_caller"
    limit_key: str = "-"
    user_id: str | None = None
    """The person who is signed in, at ``/me/…``."""

    def limit(self, work: Work) -> Limit:
        """Return how many unknown codes this redeemer may bring."""
        limits = work.settings.limits
        by_caller = self.limit_name == "unknown_codes_per_caller"
        return limits.unknown_codes_per_caller if by_caller else limits.unknown_codes_per_client


@dataclass(frozen=True, slots=True)
class Given:
    """A code as it was given, and what was said with it."""

    code: str = field(repr=False)
    requested: RequestedChannel | None = None
    user_name: str | None = None
    realm: str | None = None


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Whose account was confirmed."""

    user: User
    scenario: Scenario
    notified: Notified | None = None


def confirm_user(work: Work, given: Given, redeemer: Redeemer, notifier: Notifier) -> Confirmed:
    """Redeem a confirmation code, and open the account or put the new address in its place.

    Raises:
        ChannelUnknown, ChannelNotVerifiable: what was requested is no channel, or not the one that was proven.
        CodeInvalid, CodeExpired: no such code, spent, or too old.
        TooMany: too many unknown codes of this redeemer, or in this tenant.
        MobileVerificationNotPrivileged: the code proves a number, and only its person may redeem it.
    """
    requested = given.requested.channel() if given.requested else None
    code, user = _spend(work, given, redeemer)
    refuse_expired(work, code, lifetime_of_code(work, code), given.code)
    if code.scenario.is_update:
        return _confirm_address(work, code, user, is_owner=redeemer.user_id == user.id)
    channels = _channels(work, code, requested, redeemer, user)
    with work.step("set_claims", UserNotUnlocked):
        Users(work).confirm(user.id, stays_locked=user.locked_reason is LockedReason.ADMIN_INITIATED)
        for channel in sorted(channels):
            how = Proof.CODE if channel == code.channel else Proof.APPLICATION
            proof = proof_of(work, channel, user.claims[channel.value_claim], how, redeemer.name)
            Users(work).verify(user.id, proof)
        Users(work).remove_claims(user.id, {VERIFY_EMAIL} & user.claims.keys())
    Codes(work).delete_of(user.id, [scenario for scenario in Scenario if not scenario.is_update])
    Messages(work).cancel_of(user.id, code.scenario)
    notified = _tell_confirmed(work, user, code, notifier)
    note(work, "confirm_user", user.id, reason=",".join(sorted(channels)) or "nothing verified")
    work.reach("unexpected")
    work.commit()
    work.reach("after_confirmation")
    return Confirmed(user, code.scenario, notified)


def introspect_code(work: Work, given: Given, redeemer: Redeemer) -> tuple[User, ConfirmationCode, bool]:
    """Return whose code it is, its record, and whether it has expired.

    Looking follows every rule of redeeming, or it would be the way around them: a wrong code is counted. A right one
    changes nothing, since what was counted is never committed.

    Raises:
        CodeInvalid, TooMany
    """
    code, user = _spend(work, given, redeemer)
    is_expired = code.is_expired(work.now, lifetime_of_code(work, code))
    work.release()
    return user, code, is_expired


def lifetime_of_code(work: Work, code: ConfirmationCode) -> timedelta | None:
    """Return how long a code lives, by today's settings (self-registration.md 4.2)."""
    by_sms = code.channel == Channel.SMS
    match code.scenario:
        case Scenario.SELF_SIGN_UP:
            return sign_up_lifetime(work, code.channel)
        case Scenario.LITE_SIGN_UP:
            lite = read_policy(work, LiteRegistration)
            return lifetime_of(lite.sms_code_minutes if by_sms else lite.email_code_minutes)
        case Scenario.EMAIL_VERIFICATION:
            return lifetime_of(read_policy(work, UserOnboarding).expiry_minutes)
        case Scenario.MOBILE_VERIFICATION_ON_UPDATE:
            return lifetime_of(read_policy(work, ClaimUpdate).mobile_code_minutes)
        case Scenario.EMAIL_VERIFICATION_ON_UPDATE:
            return lifetime_of(read_policy(work, ClaimUpdate).email_code_minutes)


def _spend(work: Work, given: Given, redeemer: Redeemer) -> tuple[ConfirmationCode, User]:
    """Count the try, and return the code with its user."""
    is_bound = given.user_name is not None or redeemer.user_id is not None
    _refuse_flooding(work, redeemer, is_bound=is_bound)
    owner = _owner(work, given, redeemer)
    if (is_bound and owner is None) or not given.code.strip():
        _refuse_unknown(work, given, redeemer)
    if owner is not None:
        _refuse_worn_address(work, owner)
    try:
        code = spend_code(work, given.code, owner.id if owner else None)
    except CodeInvalid:
        _count_unknown(work, redeemer)
        if owner is not None:
            _count_wrong(work, owner)
        found = Codes(work).find(given.code) if redeemer.user_id is not None else None
        work.commit()
        if found is not None and found.user_id != redeemer.user_id:
            raise CodeOfSomeoneElse(name=redeemer.name) from None
        raise
    user = owner or Users(work).get(code.user_id)
    if user is None or not _may_be_unbound(work, code, is_bound=is_bound):
        _refuse_unknown(work, given, redeemer)
    return code, user


def _owner(work: Work, given: Given, redeemer: Redeemer) -> User | None:
    """Return whose code it must be: the person's who is signed in, or that of the user who is named."""
    if redeemer.user_id is not None:
        return Users(work).get(redeemer.user_id)
    return find_user(work, given.user_name, given.realm) if given.user_name else None


def _may_be_unbound(work: Work, code: ConfirmationCode, *, is_bound: bool) -> bool:
    """Tell whether a code may be taken from somebody who does not say whose it is (decisions 5.1)."""
    if is_bound or code.channel == EXTERNAL:
        return True
    recommended = work.settings.security_profile == "recommended"
    form = code_form(read_policy(work, SelfRegistration), code.channel, recommended=recommended)
    return not needs_binding(form, recommended=recommended)


def _refuse_flooding(work: Work, redeemer: Redeemer, *, is_bound: bool) -> None:
    """Refuse everybody who has brought too many unknown codes; the right one does not help then."""
    refuse_past(work, redeemer.limit_name, redeemer.limit_key, redeemer.limit(work))
    if not is_bound:
        refuse_past(work, "unknown_codes_per_tenant", work.tenant, work.settings.limits.unknown_codes_per_tenant)


def _refuse_unknown(work: Work, given: Given, redeemer: Redeemer) -> NoReturn:
    _count_unknown(work, redeemer)
    work.commit()
    raise CodeInvalid(code=given.code)


def _count_unknown(work: Work, redeemer: Redeemer) -> None:
    count(work, redeemer.limit_name, redeemer.limit_key, redeemer.limit(work))
    count(work, "unknown_codes_per_tenant", work.tenant, work.settings.limits.unknown_codes_per_tenant)


def _address_keys(user: User) -> list[str]:
    return [f"{channel} {address}" for channel in Channel if (address := user.address(channel))]


def _refuse_worn_address(work: Work, user: User) -> None:
    """Refuse guesses at codes that went to an address about which too much was guessed already (OTP-08)."""
    for key in _address_keys(user):
        refuse_past(work, "tries_per_address", key, work.settings.limits.tries_per_address)


def _count_wrong(work: Work, user: User) -> None:
    for key in _address_keys(user):
        count(work, "tries_per_address", key, work.settings.limits.tries_per_address)


def _channels(
    work: Work, code: ConfirmationCode, requested: Channel | None, redeemer: Redeemer, user: User
) -> frozenset[Channel]:
    """Return the channels to mark: never one without an address in the account."""
    if code.scenario is Scenario.EMAIL_VERIFICATION:
        requested = requested or Channel.EMAIL
    try:
        channels = channels_to_verify(
            PROFILES[work.settings.compat_profile].flag_rule, carried=code.channel, requested=requested,
            may_assert=redeemer.may_assert, compat=work.settings.registration.verified_claim_policy == "compat",
        )  # fmt: skip
    except ChannelNotVerifiable:
        note(work, "redeem_code", user.id, outcome="refused", reason="another channel was asked for")
        work.commit()  # the spent attempt outlives the refusal
        raise
    return frozenset(channel for channel in channels if user.address(channel))


def _confirm_address(work: Work, code: ConfirmationCode, user: User, *, is_owner: bool) -> Confirmed:
    """Put a proven address in the place of the old one."""
    proves_number = code.scenario.step is Step.VERIFY_MOBILE_NUMBER
    if proves_number and not is_owner and not read_policy(work, ClaimUpdate).mobile_by_privileged_user:
        work.commit()  # the spent attempt outlives the refusal
        raise MobileVerificationNotPrivileged
    if not apply_pending(work, user, code):
        work.commit()
        raise CodeOutdated
    Messages(work).cancel_of(user.id, code.scenario)
    note(work, "verify_address", user.id, reason=code.channel)
    work.commit()
    return Confirmed(user, code.scenario)


def _tell_confirmed(work: Work, user: User, code: ConfirmationCode, notifier: Notifier) -> Notified | None:
    policy = read_policy(work, SelfRegistration)
    if not policy.notify_account_confirmation or not user.address(Channel.EMAIL):
        return None
    with work.step("publish_event", EventNotPublished):
        return say(work, notifier, user, Letter(CONFIRMED, Channel.EMAIL, properties=code.facts))
