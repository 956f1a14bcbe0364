"""Send a code again: a new one in place of the old, never before the cool-down has passed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from watchword.accounts.claims import EXTERNAL, PREFERRED_CHANNEL, Channel
from watchword.accounts.model import PRIMARY, AccountState, User
from watchword.accounts.names import split_qualified
from watchword.accounts.store.users import Users
from watchword.accounts.usecases.names import find_user
from watchword.base.problems import (
    EventNotPublished,
    NothingPending,
    NotImplementedYet,
    Problem,
    RealmUnknown,
    RecordNotStored,
    RecoveryNotFound,
    ScenarioUnknown,
    SelfRegistrationDisabled,
)
from watchword.codes.model import CodeOrder, ConfirmationCode, Scenario
from watchword.codes.store import Codes
from watchword.codes.usecases import issue_code, repeat_code
from watchword.notification.model import MessageState
from watchword.notification.outbox import Notified, Notifier
from watchword.notification.store import Messages
from watchword.registration.model import PROFILES, NothingPendingAnswer, code_form, resolve_channel
from watchword.registration.notices import SentCode, send_code
from watchword.registration.usecases.confirm import lifetime_of_code
from watchword.registration.usecases.register import tolerance
from watchword.registration.usecases.update import SCENARIOS, send_proof_code
from watchword.storage.audit import note
from watchword.storage.work import Work
from watchword.tenants.policies import LiteRegistration, Notification, SelfRegistration, UserOnboarding
from watchword.tenants.usecases import read_policy

NAMED_SCENARIOS = frozenset({
    *Scenario, "EMAIL_VERIFICATION_OTP", "EMAIL_OTP_VERIFICATION_ON_UPDATE",
    "EMAIL_VERIFICATION_ON_VERIFIED_LIST_UPDATE",
    "MOBILE_VERIFICATION_ON_VERIFIED_LIST_UPDATE", "PROGRESSIVE_PROFILE_MOBILE_VERIFICATION_ON_UPDATE",
    "PROGRESSIVE_PROFILE_MOBILE_VERIFICATION_ON_VERIFIED_LIST_UPDATE", "ASK_PASSWORD", "ASK_PASSWORD_VIA_EMAIL_OTP",
    "ASK_PASSWORD_VIA_SMS_OTP", "TENANT_ADMIN_ASK_PASSWORD", "ADMIN_INVITE_SET_PASSWORD_OFFLINE",
    "NOTIFICATION_BASED_PW_RECOVERY", "QUESTION_BASED_PWD_RECOVERY", "USERNAME_RECOVERY",
    "ADMIN_FORCED_PASSWORD_RESET_VIA_EMAIL_LINK", "ADMIN_FORCED_PASSWORD_RESET_VIA_OTP",
    "ADMIN_FORCED_PASSWORD_RESET_VIA_SMS_OTP", "PASSWORD_EXPIRY",
})  # fmt: skip
"""Every scenario of the reference (self-registration.md 4.4); those that are not ours have nothing pending."""


@dataclass(frozen=True, slots=True)
class Resent:
    """What went out again."""

    code: str | None = field(default=None, repr=False)
    """The code itself, where the calling application delivers it."""
    notified: Notified | None = None
    wait_until: datetime | None = None
    """Nothing went out: the cool-down lasts until then, and the old code is still valid."""


def resend_code(work: Work, name: str, realm: str | None, scenario_name: str | None, notifier: Notifier) -> Resent:
    """Issue a new code to whoever has one pending, and leave it in the outbox.

    Raises:
        SelfRegistrationDisabled, ScenarioUnknown, RealmUnknown
        NothingPending: already confirmed, never registered, or nobody of that name (by profile other answers).
    """
    if not scenario_name and not read_policy(work, SelfRegistration).enabled:
        raise SelfRegistrationDisabled
    if scenario_name and scenario_name not in NAMED_SCENARIOS:
        raise ScenarioUnknown(scenario=scenario_name)
    _check_realm(work, name, realm)
    scenario = Scenario(scenario_name) if scenario_name in list(Scenario) else None
    user = find_user(work, name, realm)
    if user is None or (scenario_name and scenario is None):
        return _nothing_pending(work, named=bool(scenario_name))
    wanted = [scenario] if scenario else [Scenario.SELF_SIGN_UP, Scenario.EMAIL_VERIFICATION, Scenario.LITE_SIGN_UP]
    code = Codes(work).of_user(user.id, wanted)
    if code is None:  # perhaps it was redeemed while we waited for its row: look again who the user is by now
        user = Users(work).get(user.id)
    if user is None or (code is None and (not user.is_pending or (scenario and scenario.is_update))):
        return _nothing_pending(work, named=bool(scenario_name))
    return _send_again(work, user, code or _lost_code(work, user), notifier)


def resend_own_code(work: Work, user_id: str, scenario_name: str | None, notifier: Notifier) -> Resent:
    """Send the person who is signed in a new code for a new address.

    Raises:
        ScenarioUnknown: none was named, or one that is not the person's to ask for.
        NothingPending: no new address waits.
    """
    aliases = {
        "EMAIL_OTP_VERIFICATION_ON_UPDATE": Scenario.EMAIL_VERIFICATION_ON_UPDATE,
        "EMAIL_VERIFICATION_ON_VERIFIED_LIST_UPDATE": Scenario.EMAIL_VERIFICATION_ON_UPDATE,
        "MOBILE_VERIFICATION_ON_VERIFIED_LIST_UPDATE": Scenario.MOBILE_VERIFICATION_ON_UPDATE,
        Scenario.SELF_SIGN_UP: Scenario.SELF_SIGN_UP,
    } | {scenario: scenario for scenario in SCENARIOS.values()}
    scenario = aliases.get(scenario_name or "")
    if scenario is None:
        raise ScenarioUnknown(scenario=scenario_name or "")
    user = Users(work).get(user_id)
    code = Codes(work).of_user(user_id, [scenario])
    if user is None or code is None:
        raise NothingPending
    return _send_again(work, user, code, notifier)


def cool_down_ends(work: Work, code: ConfirmationCode) -> datetime | None:
    """Return until when a code may not be sent again; ``None`` if it may be now."""
    ends = code.last_sent_at + work.settings.limits.resend_after
    return ends if ends > work.now else None


def _send_again(work: Work, user: User, code: ConfirmationCode, notifier: Notifier) -> Resent:
    external = code.channel == EXTERNAL or not _is_internal(work, code.scenario)
    waits = cool_down_ends(work, code)
    if waits is not None and not external:
        return Resent(wait_until=waits)
    if code.scenario.is_update and code.pending_value:
        address = code.pending_value
        leave = partial(send_proof_code, work, user, Channel(code.channel), address, notifier, again=True)
        return Resent(notified=leave_or_keep(work, leave))
    carried = EXTERNAL if external else code.channel
    text = _same_code(work, code, carried)
    with work.step("store_record", RecordNotStored):
        text = text or _fresh_code(work, user, code, carried)
    _keep_name(work, user, code)
    Messages(work).cancel_of(user.id, code.scenario)
    note(work, "resend_code", user.id, reason=carried)
    if carried == EXTERNAL:
        work.commit()
        return Resent(code=text)
    sent = SentCode(code.scenario, Channel(carried), text, lifetime_of_code(work, code), code.facts, again=True)
    with work.step("publish_event", EventNotPublished):
        return Resent(notified=leave_or_keep(work, partial(send_code, work, notifier, user, sent)))


def leave_or_keep(work: Work, leave: Callable[[], Notified]) -> Notified:
    """Leave the message with a new code and commit; where a limit holds it back, keep the old code instead.

    A code that is just arriving must not die for one that never goes out. What is written then is only the message that
    was held, so that nobody has to guess.
    """
    notified = leave()
    if notified.state is not MessageState.HELD:
        work.commit()
        return notified
    work.release()
    held = leave()
    if held.state is MessageState.HELD:
        work.commit()
    else:
        work.release()
    return notified


def _same_code(work: Work, code: ConfirmationCode, carried: str) -> str | None:
    """Return the code that is out already, while the tenant wants it repeated."""
    repeated_for = tolerance(read_policy(work, SelfRegistration), carried)
    fresh_enough = code.created_at + repeated_for > work.now and not code.is_expired(
        work.now, lifetime_of_code(work, code)
    )
    return repeat_code(work, code) if repeated_for > timedelta(0) and fresh_enough else None


def _fresh_code(work: Work, user: User, code: ConfirmationCode, carried: str) -> str:
    policy = read_policy(work, SelfRegistration)
    recommended = work.settings.security_profile == "recommended"
    form = code_form(policy, carried, recommended=recommended)
    repeatable = tolerance(policy, carried) > timedelta(0)
    return issue_code(work, CodeOrder(user.id, code.scenario, carried, form, code.facts, repeatable=repeatable))


def _keep_name(work: Work, user: User, code: ConfirmationCode) -> None:
    """Reserve the name of a pending account for as long as its new code lives (decisions 5.1)."""
    life = lifetime_of_code(work, code)
    if user.reserved_until is not None and life is not None and work.now + life > user.reserved_until:
        Users(work).reserve_until(user.id, work.now + life)


def _lost_code(work: Work, user: User) -> ConfirmationCode:
    """Return what the record of a pending account would be whose record is gone: by the channel that it prefers."""
    scenario = {
        AccountState.PENDING_EMAIL_VERIFICATION: Scenario.EMAIL_VERIFICATION,
        AccountState.PENDING_LITE_REGISTRATION: Scenario.LITE_SIGN_UP,
    }.get(user.state or AccountState.UNLOCKED, Scenario.SELF_SIGN_UP)
    addresses = {channel: address for channel in Channel if (address := user.address(channel))}
    preferred = user.claims.get(PREFERRED_CHANNEL)
    kept = preferred if preferred in list(Channel) and preferred in addresses else None
    channel = resolve_channel(read_policy(work, Notification), kept, addresses) or Channel.EMAIL
    long_ago = user.created_at - timedelta(days=1)
    return ConfirmationCode("", user.id, scenario, channel, long_ago, long_ago)


def _is_internal(work: Work, scenario: Scenario) -> bool:
    """Tell whether the server sends the codes of a scenario itself."""
    match scenario:
        case Scenario.LITE_SIGN_UP:
            return read_policy(work, LiteRegistration).internally_managed
        case Scenario.EMAIL_VERIFICATION:
            return read_policy(work, UserOnboarding).internally_managed
        case Scenario.SELF_SIGN_UP:
            return read_policy(work, SelfRegistration).internally_managed
        case _:
            return True


def _nothing_pending(work: Work, *, named: bool) -> Resent:
    """Answer as the release does; the same for an unknown user as for one who has confirmed."""
    answer = PROFILES[work.settings.compat_profile].nothing_pending if named else NothingPendingAnswer.PROBLEM
    if answer is NothingPendingAnswer.SILENCE:
        return Resent()
    problems: dict[NothingPendingAnswer, type[Problem]] = {
        NothingPendingAnswer.NOT_IMPLEMENTED: NotImplementedYet,
        NothingPendingAnswer.WITHOUT_CODE: RecoveryNotFound,
    }
    raise problems.get(answer, NothingPending)


def _check_realm(work: Work, name: str, realm: str | None) -> None:
    prefix, _ = split_qualified(name)
    wanted = prefix or (realm or "").strip().upper() or PRIMARY
    if wanted != PRIMARY and not Users(work).has_realm(wanted):
        raise RealmUnknown(realm=wanted)
