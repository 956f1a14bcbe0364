"""Change a profile; a new number or mailbox waits until it is proven (self-registration.md 4.5)."""

from collections.abc import Mapping
from dataclasses import dataclass

from watchword.accounts.claims import (
    REGISTRABLE_CLAIMS,
    STATE_CLAIMS,
    VERIFIED_CLAIMS,
    VERIFY_EMAIL,
    VERIFY_MOBILE,
    Channel,
    is_true,
)
from watchword.accounts.model import Proof, User
from watchword.accounts.store.users import Users
from watchword.accounts.usecases.people import fold_claims, proof_of, set_state, vouch_for
from watchword.codes.model import UUID_FORM, CodeOrder, ConfirmationCode, Scenario
from watchword.codes.store import Codes
from watchword.codes.usecases import issue_code
from watchword.notification.letters import Letter
from watchword.notification.outbox import Notified, Notifier
from watchword.notification.store import Messages
from watchword.registration.model import code_form, lifetime_of
from watchword.registration.notices import OLD_ADDRESS, SentCode, say, send_code
from watchword.registration.usecases.uniqueness import refuse_taken, take_values
from watchword.storage.audit import note
from watchword.storage.work import Work
from watchword.tenants.policies import ClaimUpdate, SelfRegistration
from watchword.tenants.usecases import read_policy

SCENARIOS = {
    Channel.EMAIL: Scenario.EMAIL_VERIFICATION_ON_UPDATE,
    Channel.SMS: Scenario.MOBILE_VERIFICATION_ON_UPDATE,
}


@dataclass(frozen=True, slots=True)
class Updated:
    """What a change of the profile has set off."""

    notified: tuple[Notified, ...] = ()


def update_claims(work: Work, user: User, claims: Mapping[str, str], notifier: Notifier, *, as_person: bool) -> Updated:
    """Give a user's claims new values; an empty one removes the claim.

    A new address that has to be proven first is kept beside the old one, and a code goes to the *new* one.

    Raises:
        ClaimTaken: a value that only one account may have is another's.
    """
    policy = read_policy(work, ClaimUpdate)
    plain = _changeable(work, user, claims, as_person=as_person)
    notified: list[Notified] = []
    for channel in Channel:
        new = plain.get(channel.value_claim)
        if new is None:
            continue
        if new and _is_same(work, user, channel, new) and user.is_verified(channel):
            plain.pop(channel.value_claim)
            Users(work).remove_claims(user.id, [channel.pending_claim])
        elif new and _must_be_proven(policy, channel, claims, as_person=as_person):
            plain.pop(channel.value_claim)
            notified += _ask_for_proof(work, user, channel, new, policy, notifier)
        else:
            _forget_proof(work, user, channel)
    refuse_taken(work, claims, ignoring=[user.id])
    take_values(work, user.id, plain)
    Users(work).set_claims(user.id, plain, fold_claims(work, plain))
    if not as_person:
        set_state(work, user, claims)
        vouch_for(work, user, claims)
    note(work, "update_claims", user.id)
    work.commit()
    return Updated(tuple(notified))


def _changeable(work: Work, user: User, claims: Mapping[str, str], *, as_person: bool) -> dict[str, str]:
    """Return the claims that are simply stored; a person may set no more than at registration."""
    not_stored = STATE_CLAIMS | VERIFIED_CLAIMS | {VERIFY_EMAIL, VERIFY_MOBILE}
    plain = {uri: value for uri, value in claims.items() if uri not in not_stored}
    if not as_person:
        return plain
    for uri in sorted(claims.keys() - REGISTRABLE_CLAIMS - {VERIFY_EMAIL, VERIFY_MOBILE}):
        note(work, "claim_dropped", user.id, outcome="ignored", reason=uri)
    return {uri: value for uri, value in plain.items() if uri in REGISTRABLE_CLAIMS}


def apply_pending(work: Work, user: User, code: ConfirmationCode) -> bool:
    """Put the address that a code has proven in its place; return whether it was still the one that waits."""
    channel = Channel(code.channel)
    Codes(work).delete_of(user.id, [code.scenario])
    waiting = user.claims.get(channel.pending_claim)
    if not waiting or waiting != code.pending_value:
        return False
    claims = {channel.value_claim: waiting}
    users = Users(work)
    refuse_taken(work, claims, ignoring=[user.id])
    take_values(work, user.id, claims)
    users.set_claims(user.id, claims, fold_claims(work, claims))
    users.remove_claims(user.id, [channel.pending_claim])
    users.verify(user.id, proof_of(work, channel, waiting, Proof.CODE, user.name.typed))
    return True


def send_proof_code(
    work: Work, user: User, channel: Channel, address: str, notifier: Notifier, *, again: bool
) -> Notified:
    """Issue the code that proves a new address, and leave it for that address."""
    policy = read_policy(work, ClaimUpdate)
    scenario = SCENARIOS[channel]
    short = channel is Channel.SMS or policy.email_otp
    recommended = work.settings.security_profile == "recommended"
    form = code_form(read_policy(work, SelfRegistration), Channel.SMS, recommended=recommended) if short else UUID_FORM
    code = issue_code(work, CodeOrder(user.id, scenario, channel, form, pending_value=address))
    minutes = policy.mobile_code_minutes if channel is Channel.SMS else policy.email_code_minutes
    Messages(work).cancel_of(user.id, scenario)
    sent = SentCode(scenario, channel, code, lifetime_of(minutes), to=address, again=again)
    return send_code(work, notifier, user, sent)


def _ask_for_proof(
    work: Work, user: User, channel: Channel, address: str, policy: ClaimUpdate, notifier: Notifier
) -> list[Notified]:
    Codes(work).hold_of(user.id)
    Users(work).set_claims(user.id, {channel.pending_claim: address})
    notified = [send_proof_code(work, user, channel, address, notifier, again=False)]
    if channel is Channel.EMAIL and policy.email_notify_existing and user.address(channel):
        facts = {"verification-pending-email": address}
        notified.append(say(work, notifier, user, Letter(OLD_ADDRESS, channel, facts)))
    return notified


def _is_same(work: Work, user: User, channel: Channel, new: str) -> bool:
    old = user.address(channel)
    uri = channel.value_claim
    return old is not None and fold_claims(work, {uri: old}) == fold_claims(work, {uri: new})


def _must_be_proven(policy: ClaimUpdate, channel: Channel, claims: Mapping[str, str], *, as_person: bool) -> bool:
    if channel is Channel.SMS:
        wanted = policy.mobile_verification and (as_person or policy.mobile_by_privileged_user)
        flag = VERIFY_MOBILE
    else:
        wanted, flag = policy.email_verification, VERIFY_EMAIL
    return wanted and (not policy.use_verify_claim or is_true(claims.get(flag)))


def _forget_proof(work: Work, user: User, channel: Channel) -> None:
    """Take the proof away, since it was of the old address, and drop a new one that waited."""
    Codes(work).hold_of(user.id)
    Users(work).forget_verification(user.id, channel)
    Users(work).remove_claims(user.id, [channel.pending_claim])
    Codes(work).delete_of(user.id, [SCENARIOS[channel]])
    Messages(work).cancel_of(user.id, SCENARIOS[channel])
