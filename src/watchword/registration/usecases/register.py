"""Register a person: everything is checked before anything is written, and everything is written at once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from watchword.accounts.claims import EXTERNAL, PREFERRED_CHANNEL, Channel
from watchword.accounts.model import SELF_SIGN_UP_ROLE, AccountState, LockedReason, Proof, User, UserName
from watchword.accounts.store.users import Users
from watchword.accounts.usecases.names import check_name, find_user, place_name
from watchword.accounts.usecases.passwords import check_password
from watchword.accounts.usecases.people import fold_claims, proof_of
from watchword.base.entropy import new_id
from watchword.base.problems import (
    ChannelWithoutValue,
    ClaimTaken,
    ConsentNotStored,
    EventNotPublished,
    PasswordActionDenied,
    PasswordInvalid,
    RecordNotStored,
    SelfRegistrationDisabled,
    SettingsUnreadable,
    UserExists,
    UserNotLocked,
    UserNotStored,
)
from watchword.codes.model import SIGN_UP_SCENARIOS, CodeOrder, Scenario
from watchword.codes.store import Codes
from watchword.codes.usecases import issue_code
from watchword.notification.letters import Letter, kept_properties
from watchword.notification.model import MessageState
from watchword.notification.outbox import Notified, Notifier
from watchword.notification.store import Messages
from watchword.registration.model import (
    PROFILES,
    Outcome,
    Profile,
    code_form,
    decide_outcome,
    lifetime_of,
    resolve_channel,
)
from watchword.registration.notices import WELCOME, SentCode, say, send_code
from watchword.registration.store import AnsweredMeanwhile
from watchword.registration.usecases.admission import (
    Admitted,
    admit_claims,
    check_addresses,
    note_what_was_ignored,
    with_consent,
)
from watchword.registration.usecases.callback import check_callback
from watchword.registration.usecases.names import count_name_check
from watchword.registration.usecases.repeats import RepeatKey, keep_answer, recall_answer
from watchword.registration.usecases.uniqueness import refuse_taken, take_values
from watchword.storage.audit import note
from watchword.storage.counters import refuse_past
from watchword.storage.work import Work
from watchword.tenants.policies import Notification, SelfRegistration
from watchword.tenants.usecases import read_policy

TAKEN_NAMES = "name_checks_per_caller"


def nobody_asserts(channel: Channel) -> bool:
    """Say no: what a page asks on a person's behalf can assert nothing."""
    del channel
    return False


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody asks to be registered with."""

    name: str
    password: str = field(repr=False)
    realm: str | None = None
    claims: Sequence[tuple[str, str | None]] = ()
    properties: Mapping[str, str] = field(default_factory=dict)
    may_assert: Callable[[Channel], bool] = nobody_asserts
    asserted_by: str = "-"
    repeat: RepeatKey | None = None
    former: User | None = None
    """The person's own account that still waits, which this one replaces: a slip is being corrected."""
    asked_by: str | None = None
    """The caller of the API that may learn of so many taken names; pages have a limit of their own."""


@dataclass(frozen=True, slots=True)
class Registered:
    """What became of a registration."""

    user_id: str
    name: str
    outcome: Outcome
    channel: str | None = None
    confirmation_code: str | None = field(default=None, repr=False)
    notified: Notified | None = None

    def to_answer(self) -> dict[str, Any]:
        """Return what is kept to be answered again."""
        kept = asdict(self)
        return {**kept, "outcome": self.outcome.name}

    @classmethod
    def of_answer(cls, kept: Mapping[str, Any]) -> "Registered":
        """Return what was answered before."""
        said = kept["notified"]
        notified = said and Notified(
            said["message_id"], Channel(said["channel"]), MessageState(said["state"]), said["reason"]
        )
        return cls(**{**kept, "outcome": Outcome[kept["outcome"]], "notified": notified})


@dataclass(frozen=True, slots=True)
class _Plan:
    """A registration that has passed every check."""

    draft: Draft
    name: UserName
    admitted: Admitted
    channel: Channel | None
    outcome: Outcome
    policy: SelfRegistration
    replaced: tuple[User, ...]
    password: str = field(repr=False)


def register_user(work: Work, draft: Draft, notifier: Notifier) -> Registered:
    """Create an account, locked or open as the tenant's policy says, and leave its confirmation code in the outbox.

    The order of the checks is that of self-registration.md 2.2.

    Raises:
        SelfRegistrationDisabled, CallbackRefused, Malformed, RealmUnknown, UserExists, ChannelUnknown,
        ChannelWithoutValue, UserNameRefused, PasswordRefused, ClaimTaken, TooMany: nothing was written.
    """
    answered = recall_answer(work, draft.repeat)
    if answered is not None:
        return Registered.of_answer(answered)
    if draft.asked_by is not None:
        refuse_past(work, TAKEN_NAMES, draft.asked_by, work.settings.limits.name_checks_per_caller)
    try:
        plan = _check(work, draft)
        work.release()  # hashing is slow: no transaction stays open meanwhile
        password_hash = work.hasher.hash(plan.password)
        return _write(work, plan, password_hash, notifier)
    except (UserExists, ClaimTaken, AnsweredMeanwhile) as problem:
        work.release()
        answered = recall_answer(work, draft.repeat)  # perhaps it was this very request that was quicker
        if answered is None:
            if draft.asked_by is not None and isinstance(problem, UserExists):
                count_name_check(work, TAKEN_NAMES, draft.asked_by, work.settings.limits.name_checks_per_caller)
            raise
        return Registered.of_answer(answered)


def _check(work: Work, draft: Draft) -> _Plan:
    profile = PROFILES[work.settings.compat_profile]
    with work.step("read_settings", SettingsUnreadable):
        policy, channels = read_policy(work, SelfRegistration), read_policy(work, Notification)
    check_callback(work, policy, draft.properties.get("callback"))
    if not policy.enabled:
        raise SelfRegistrationDisabled
    admitted = admit_claims(work, draft.claims, draft.may_assert)
    if receipt := draft.properties.get("consent"):
        admitted = with_consent(admitted, receipt)
    if profile.duplicate_before_channels:
        replaced, name = _place(work, draft, profile)
        channel = resolve_channel(channels, admitted.preferred, admitted.addresses)
    else:
        channel = resolve_channel(channels, admitted.preferred, admitted.addresses)
        replaced, name = _place(work, draft, profile)
    admitted = check_addresses(work, admitted, channel)
    outcome = decide_outcome(policy, verified=policy.honours_preverified and channel in admitted.verified)
    if outcome.sends and (channel is None or channel not in admitted.addresses):
        raise ChannelWithoutValue
    check_name(work, name, ignoring=replaced)
    password = _check_password(work, draft.password)
    refuse_taken(work, admitted.claims, ignoring=[user.id for user in replaced])
    return _Plan(draft, name, admitted, channel, outcome, policy, replaced, password)


def _check_password(work: Work, password: str) -> str:
    with work.step("PasswordInvalid", PasswordInvalid), work.step("password_action", PasswordActionDenied):
        return check_password(work, password)


def _place(work: Work, draft: Draft, profile: Profile) -> tuple[tuple[User, ...], UserName]:
    """Return the name, and the accounts whose place is taken: a stale reservation, and the person's own."""
    stale = find_user(work, draft.name, draft.realm) if profile.takes_over_stale_names else None
    replaced = () if stale is None or not _is_stale(work, stale) else (stale,)
    if draft.former is not None and _only_waits(draft.former) and draft.former.id not in {user.id for user in replaced}:
        replaced = (*replaced, draft.former)
    return replaced, place_name(work, draft.name, draft.realm, ignoring=replaced)


def _only_waits(user: User) -> bool:
    """Tell whether an account is no more than a reservation."""
    return user.locked and user.state is AccountState.PENDING_SELF_REGISTRATION and user.last_login_at is None


def _is_stale(work: Work, user: User) -> bool:
    """Tell whether a name is only reserved, by somebody whose code has expired and who never came in."""
    if not _only_waits(user):
        return False
    code = Codes(work).of_user(user.id, SIGN_UP_SCENARIOS)
    return code is not None and code.is_expired(work.now, sign_up_lifetime(work, code.channel))


def sign_up_lifetime(work: Work, channel: str) -> timedelta | None:
    """Return how long the code of a sign-up lives, by the channel that carries it."""
    policy = read_policy(work, SelfRegistration)
    short = channel == Channel.SMS
    if work.settings.security_profile == "recommended" and channel == Channel.EMAIL:
        short = policy.otp_in_email or policy.email_otp  # any short code, whatever carries it (decisions 5.1)
    return lifetime_of(policy.sms_code_minutes if short else policy.email_code_minutes)


def _write(work: Work, plan: _Plan, password_hash: str, notifier: Notifier) -> Registered:
    """Write account, claims, code, message and audit in one transaction."""
    user = _user_of(work, plan, password_hash)
    for replaced in plan.replaced:
        _take_over(work, plan, replaced)
    with work.step("add_user", UserNotStored):
        Users(work).add(user, fold_claims(work, user.claims))
        take_values(work, user.id, plan.admitted.claims)
    with work.step("lock_user", UserNotLocked):
        for channel in plan.admitted.verified:
            Users(work).verify(
                user.id,
                proof_of(work, channel, user.claims[channel.value_claim], Proof.APPLICATION, plan.draft.asserted_by),
            )
    if receipt := plan.draft.properties.get("consent"):
        with work.step("store_consent", ConsentNotStored):
            Users(work).keep_consent(user.id, receipt)
    code, notified = _ask_to_confirm(work, plan, user, notifier)
    note(work, "register_user", user.id, reason=plan.outcome.code)
    note_what_was_ignored(work, plan.admitted, user.id)
    shown = EXTERNAL if plan.outcome is Outcome.WAITING_EXTERNAL else plan.channel
    told = shown if plan.outcome in {Outcome.WAITING, Outcome.WAITING_EXTERNAL} else None
    registered = Registered(user.id, user.name.typed, plan.outcome, told, code, notified)
    keep_answer(work, plan.draft.repeat, registered.to_answer())
    work.reach("unexpected")
    work.commit()
    work.reach("after_sign_up")
    return registered


def _take_over(work: Work, plan: _Plan, replaced: User) -> None:
    """Remove an account whose place is taken with everything of it, unless it was confirmed while we hashed."""
    current = Users(work).get(replaced.id)
    own = plan.draft.former is not None and plan.draft.former.id == replaced.id
    if current is not None and not (_only_waits(current) if own else _is_stale(work, current)):
        raise UserExists(name=plan.draft.name)
    Messages(work).cancel_of(replaced.id)
    Users(work).delete(replaced.id)
    note(work, "replace_user", replaced.id)


def _user_of(work: Work, plan: _Plan, password_hash: str) -> User:
    outcome = plan.outcome
    claims = dict(plan.admitted.claims)
    if not plan.admitted.preferred and plan.channel is not None:
        claims[PREFERRED_CHANNEL] = plan.channel
    return User(
        id=new_id(work.entropy, work.now), name=plan.name, password_hash=password_hash, created_at=work.now,
        locked=outcome.locked, state=AccountState.PENDING_SELF_REGISTRATION if outcome.pending else None,
        locked_reason=LockedReason.PENDING_SELF_REGISTRATION if outcome.locked else None,
        reserved_until=reserved_until(work, _lifetime(work, plan)) if outcome.locked else None, claims=claims,
        roles=(SELF_SIGN_UP_ROLE,),
    )  # fmt: skip


def _lifetime(work: Work, plan: _Plan) -> timedelta | None:
    carried = EXTERNAL if plan.outcome is Outcome.WAITING_EXTERNAL else plan.channel or EXTERNAL
    return sign_up_lifetime(work, carried)


def reserved_until(work: Work, life: timedelta | None) -> datetime | None:
    """Return when a pending account may be swept away whose code has this *life* (decisions 5.1).

    Under ``recommended`` alone, and never where the code lives for ever.
    """
    if work.settings.security_profile != "recommended" or life is None:
        return None
    return work.now + max(life, work.settings.registration.pending_reservation)


def _ask_to_confirm(work: Work, plan: _Plan, user: User, notifier: Notifier) -> tuple[str | None, Notified | None]:
    """Issue the code and leave its message; or the welcome, where nothing is to be confirmed."""
    policy, properties = plan.policy, kept_properties(plan.draft.properties)
    if not plan.outcome.pending:
        if (
            plan.outcome is Outcome.OPEN
            and policy.internally_managed
            and policy.notify_account_confirmation
            and user.address(Channel.EMAIL)
        ):
            with work.step("publish_event", EventNotPublished):
                return None, say(work, notifier, user, Letter(WELCOME, Channel.EMAIL, properties=properties))
        return None, None
    carried = EXTERNAL if plan.outcome is Outcome.WAITING_EXTERNAL else str(plan.channel)
    form = code_form(policy, carried, recommended=work.settings.security_profile == "recommended")
    with work.step("store_record", RecordNotStored):
        repeatable = tolerance(policy, carried) > timedelta(0)
        order = CodeOrder(user.id, Scenario.SELF_SIGN_UP, carried, form, properties, repeatable=repeatable)
        code = issue_code(work, order)
    if carried == EXTERNAL:
        return code, None
    sent = SentCode(Scenario.SELF_SIGN_UP, Channel(carried), code, sign_up_lifetime(work, carried), properties)
    with work.step("publish_event", EventNotPublished):
        notified = send_code(work, notifier, user, sent)
    return None, notified


def tolerance(policy: SelfRegistration, channel: str) -> timedelta:
    """Return how long after its making the same code is sent again instead of a new one."""
    minutes = {Channel.EMAIL: policy.email_tolerance_minutes, Channel.SMS: policy.sms_tolerance_minutes}
    return timedelta(minutes=minutes.get(channel, 0))  # type: ignore[call-overload]  # EXTERNAL has none
