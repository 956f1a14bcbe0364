"""Register somebody by an address alone, without a password (self-registration.md 2.9)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from watchword.accounts.claims import EMAIL_ADDRESS, EXTERNAL, LITE_USER, MOBILE, PREFERRED_CHANNEL, Channel
from watchword.accounts.model import SELF_SIGN_UP_ROLE, AccountState, LockedReason, User
from watchword.accounts.store.users import Users
from watchword.accounts.usecases.names import place_name
from watchword.accounts.usecases.people import fold_claims
from watchword.base.entropy import new_id
from watchword.base.problems import (
    AddressMissing,
    ChannelUnknown,
    ChannelWithoutValue,
    EventNotPublished,
    LiteRegistrationDisabled,
    RecordNotStored,
    UserNotStored,
)
from watchword.codes.model import CodeOrder, Scenario
from watchword.codes.usecases import issue_code
from watchword.notification.letters import kept_properties
from watchword.notification.outbox import Notified, Notifier
from watchword.registration.model import code_form, lifetime_of, resolve_channel
from watchword.registration.notices import SentCode, send_code
from watchword.registration.usecases.admission import admit_claims, check_addresses, note_what_was_ignored
from watchword.registration.usecases.register import nobody_asserts, reserved_until
from watchword.registration.usecases.uniqueness import refuse_taken, take_values
from watchword.storage.audit import note
from watchword.storage.work import Work
from watchword.tenants.policies import LiteRegistration, Notification, SelfRegistration
from watchword.tenants.usecases import read_policy

PREFERENCES = {"Mobile": Channel.SMS, "SMS": Channel.SMS, "Email": Channel.EMAIL, "EMAIL": Channel.EMAIL}


@dataclass(frozen=True, slots=True)
class LiteDraft:
    """An address, and what else is known of the person."""

    email: str | None
    mobile: str | None
    realm: str | None = None
    preferred: str | None = None
    claims: Sequence[tuple[str, str | None]] = ()
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LiteRegistered:
    """What became of it."""

    user_id: str
    notified: Notified | None = None
    confirmation_code: str | None = field(default=None, repr=False)


def register_lite_user(work: Work, draft: LiteDraft, notifier: Notifier) -> LiteRegistered:
    """Create an account named by its address, and ask the address to confirm.

    Raises:
        LiteRegistrationDisabled, AddressMissing, ChannelUnknown, ChannelWithoutValue, UserExists
    """
    policy = read_policy(work, LiteRegistration)
    if not policy.enabled:
        raise LiteRegistrationDisabled
    given = {EMAIL_ADDRESS: draft.email, MOBILE: draft.mobile}
    addresses = [(uri, value) for uri, value in given.items() if value and value.strip()]
    if not addresses:
        raise AddressMissing
    others = [(uri, value) for uri, value in draft.claims if uri not in given]
    admitted = admit_claims(work, [*others, *addresses], nobody_asserts)
    channel = _channel(work, draft.preferred, admitted.addresses)
    admitted = check_addresses(work, admitted, channel)
    refuse_taken(work, admitted.claims)
    name = place_name(work, admitted.addresses[channel], draft.realm)
    claims = {**admitted.claims, PREFERRED_CHANNEL: channel.value, LITE_USER: "true"}
    user = User(
        new_id(work.entropy, work.now), name, None, work.now, locked=policy.lock_on_creation,
        state=AccountState.PENDING_LITE_REGISTRATION,
        locked_reason=LockedReason.PENDING_SELF_REGISTRATION if policy.lock_on_creation else None, claims=claims,
        reserved_until=reserved_until(work, _lifetime(policy, channel)) if policy.lock_on_creation else None,
        roles=(SELF_SIGN_UP_ROLE,),
    )  # fmt: skip
    with work.step("add_user", UserNotStored):
        Users(work).add(user, fold_claims(work, claims))
        take_values(work, user.id, claims)
    code, notified = _ask_to_confirm(work, policy, user, channel, kept_properties(draft.properties), notifier)
    note(work, "register_lite_user", user.id)
    note_what_was_ignored(work, admitted, user.id)
    work.commit()
    return LiteRegistered(user.id, notified, code)


def _channel(work: Work, preferred: str | None, addresses: Mapping[Channel, str]) -> Channel:
    if preferred:
        if preferred not in PREFERENCES:
            raise ChannelUnknown
        if PREFERENCES[preferred] not in addresses:
            raise ChannelWithoutValue
        return PREFERENCES[preferred]
    channel = resolve_channel(read_policy(work, Notification), None, addresses)
    return channel if channel is not None and channel in addresses else next(iter(addresses))


def _ask_to_confirm(
    work: Work,
    policy: LiteRegistration,
    user: User,
    channel: Channel,
    properties: Mapping[str, str],
    notifier: Notifier,
) -> tuple[str | None, Notified | None]:
    carried = channel.value if policy.internally_managed else EXTERNAL
    recommended = work.settings.security_profile == "recommended"
    form = code_form(read_policy(work, SelfRegistration), carried, recommended=recommended)
    with work.step("store_record", RecordNotStored):
        code = issue_code(work, CodeOrder(user.id, Scenario.LITE_SIGN_UP, carried, form, properties))
    if carried == EXTERNAL:
        return code, None
    with work.step("publish_event", EventNotPublished):
        sent = SentCode(Scenario.LITE_SIGN_UP, channel, code, _lifetime(policy, channel), properties)
        return None, send_code(work, notifier, user, sent)


def _lifetime(policy: LiteRegistration, channel: Channel) -> timedelta | None:
    return lifetime_of(policy.sms_code_minutes if channel is Channel.SMS else policy.email_code_minutes)
