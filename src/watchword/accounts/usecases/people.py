"""People: their accounts, what is known of them, and the support desk's everyday acts."""

from collections.abc import Mapping

from watchword.accounts.addresses import AddressRefused, parse_mailbox, parse_phone
from watchword.accounts.claims import (
    ACCOUNT_DISABLED,
    ACCOUNT_LOCKED,
    EMAIL_ADDRESS,
    MOBILE,
    MUST_CHANGE_PASSWORD,
    Channel,
    is_true,
)
from watchword.accounts.guessing import clear_guesses
from watchword.accounts.model import LockedReason, NewAccount, Proof, User, Verification
from watchword.accounts.store.users import Users
from watchword.accounts.usecases.names import place_name
from watchword.base.entropy import new_id
from watchword.storage.audit import note
from watchword.storage.work import Work


def fold_claims(work: Work, claims: Mapping[str, str]) -> dict[str, str]:
    """Return the compared form of the claims that have one of their own: numbers and mailboxes."""
    folded: dict[str, str] = {}
    strict, country = work.settings.registration.strict, work.settings.sms.default_country
    try:
        if number := claims.get(MOBILE):
            folded[MOBILE] = parse_phone(number, strict=strict, default_country=country).e164_key
    except AddressRefused:  # an unused number may be anything under wso2; it is compared as it stands
        folded[MOBILE] = claims[MOBILE].casefold()
    try:
        if mailbox := claims.get(EMAIL_ADDRESS):
            folded[EMAIL_ADDRESS] = parse_mailbox(mailbox).key
    except AddressRefused:
        folded[EMAIL_ADDRESS] = claims[EMAIL_ADDRESS].casefold()
    return folded


def proof_of(work: Work, channel: Channel, address: str, how: Proof, by: str) -> Verification:
    """Return the note that an address was proven, bound to it by a keyed digest."""
    folded = fold_claims(work, {channel.value_claim: address})[channel.value_claim]
    return Verification(channel, how, by, work.now, work.keys.digest("verified", work.tenant, channel, folded))


def add_user(work: Work, account: NewAccount) -> User:
    """Make an account by hand, and return it; the caller commits.

    A verified flag beside its address is the administrator's word for it.

    Raises:
        RealmUnknown, UserNameRefused, UserExists
    """
    place = place_name(work, account.name, None, by_operator=True)
    work.release()
    password_hash = None if account.password is None else work.hasher.hash(account.password)
    user = User(
        new_id(work.entropy, work.now), place, password_hash, work.now, locked=account.is_locked,
        disabled=account.is_disabled, state=account.state, claims=account.facts, roles=account.roles,
        password_set_at=None if password_hash is None else work.now,
    )  # fmt: skip
    Users(work).add(user, fold_claims(work, user.claims))
    vouch_for(work, user, account.claims)
    note(work, "add_user", user.id)
    return user


def vouch_for(work: Work, user: User, claims: Mapping[str, str]) -> None:
    """Mark the addresses as verified of which an administrator says so, and take back what is said not to be."""
    for channel in Channel:
        said, address = claims.get(channel.verified_claim), claims.get(channel.value_claim) or user.address(channel)
        if said is None:
            continue
        if is_true(said) and address:
            Users(work).verify(user.id, proof_of(work, channel, address, Proof.ADMINISTRATOR, work.origin.actor))
        else:
            Users(work).forget_verification(user.id, channel)


def set_state(work: Work, user: User, claims: Mapping[str, str]) -> None:
    """Lock, unlock, disable or enable an account, where claims say so."""
    users = Users(work)
    if locked := claims.get(ACCOUNT_LOCKED):
        if is_true(locked):
            users.lock(user.id, LockedReason.ADMIN_INITIATED)
        else:
            open_account(work, user)
    if disabled := claims.get(ACCOUNT_DISABLED):
        users.set_disabled(user.id, disabled=is_true(disabled))
    if (required := claims.get(MUST_CHANGE_PASSWORD)) is not None:
        users.require_password_change(user.id, required=is_true(required))


def open_account(work: Work, user: User) -> None:
    """Take a lock away with all that has led to it: failures in a row, and in a month."""
    Users(work).unlock(user.id)
    clear_guesses(work, user)


def lock_user(work: Work, user: User) -> None:
    """Lock an account until somebody unlocks it."""
    Users(work).lock(user.id, LockedReason.ADMIN_INITIATED)
    note(work, "lock_user", user.id)
    work.commit()


def unlock_user(work: Work, user: User) -> None:
    """Unlock an account, and forget all failures."""
    open_account(work, user)
    note(work, "unlock_user", user.id)
    work.commit()


def delete_user(work: Work, user: User) -> None:
    """Remove an account with its claims, codes and proofs; the audit log stays."""
    Users(work).delete(user.id)
    clear_guesses(work, user)
    note(work, "delete_user", user.id)
    work.commit()
