"""What can be asked of accounts: names that may be had, who is calling, and the support desk's everyday acts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from watchword.accounts.addresses import AddressRefused, parse_mailbox, parse_phone
from watchword.accounts.claims import ACCOUNT_DISABLED, ACCOUNT_LOCKED, EMAIL_ADDRESS, MOBILE, Channel, is_true
from watchword.accounts.model import (
    ADMIN_ROLE,
    PRIMARY,
    Client,
    LockedReason,
    NewAccount,
    Proof,
    User,
    UserName,
    Verification,
)
from watchword.accounts.names import (
    NameRefused,
    canonical_name,
    is_realm,
    is_reserved,
    look_alike_key,
    resembles_reserved,
    skeleton,
    split_qualified,
    tenant_suffixes,
    without_tenant,
)
from watchword.accounts.passwords import PasswordRules, broken_rules, is_common_password, normalise
from watchword.accounts.store import Clients, Users
from watchword.base.entropy import new_id
from watchword.base.patterns import full_match
from watchword.base.problems import (
    AccountDisabled,
    AccountLocked,
    AccountPending,
    CredentialsInvalid,
    PasswordRefused,
    RealmUnknown,
    StoreRefused,
    UserExists,
    UserNameRefused,
)
from watchword.storage.audit import note
from watchword.storage.work import Work
from watchword.tenants.policies import PasswordPolicy
from watchword.tenants.usecases import read_policy, tenant_exists

RECOMMENDED_LENGTHS = (15, 256)
WELL_KNOWN = frozenset({"admin", "wso2carbon", "watchword", "changeit"})
"""Passwords that installations begin with."""


def place_name(
    work: Work, typed: str, realm: str | None, *, ignoring: Sequence[User] = (), by_operator: bool = False
) -> UserName:
    """Take a name apart, and refuse it if somebody has it: steps 1 to 3 of decisions 5.3.

    *ignoring* are accounts that do not count, since this one takes their place. Names that are reserved
    from strangers, such as ``admin``, may be given *by_operator*.

    Raises:
        RealmUnknown, UserNameRefused, UserExists: which of them says the order of the steps.
    """
    prefix, bare = split_qualified(typed)
    given = (realm or "").strip().upper() or None
    if prefix is not None and given is not None and prefix != given:
        raise UserNameRefused(name=typed)
    name = UserName(prefix or given or default_realm(work), bare, compared_name(work, bare))
    if name.realm != PRIMARY and not Users(work).has_realm(name.realm):
        raise RealmUnknown(realm=name.realm)
    reserved = is_reserved(name.canonical, strict=work.settings.registration.strict)
    if (reserved and not by_operator) or is_taken(work, name, ignoring=ignoring):
        raise UserExists(name=bare)
    return replace(name, skeleton=look_alike_key(name.canonical))


def check_name(work: Work, name: UserName, *, ignoring: Sequence[User] = ()) -> None:
    """Refuse a free name that breaks the pattern or looks like another: steps 4 to 6 of decisions 5.3.

    *ignoring* are accounts that do not count, since this one takes their place.

    Raises:
        UserNameRefused: the pattern, another tenant's suffix, mixed scripts.
        UserExists: a name that looks the same is taken.
    """
    if not full_match(work.settings.user_store.username_pattern, name.typed):
        raise UserNameRefused(name=name.typed)
    foreign = [suffix for suffix in tenant_suffixes(name.typed) if suffix != work.tenant]
    if any(tenant_exists(work, suffix) for suffix in foreign):
        raise UserNameRefused(name=name.typed)
    try:
        shape = skeleton(name.canonical)
    except NameRefused as problem:
        raise UserNameRefused(name=name.typed) from problem
    if shape is None or any(user.name.skeleton == shape for user in ignoring):
        return
    if resembles_reserved(shape) or Users(work).has_skeleton(shape):
        raise UserExists(name=name.typed)


def compared_name(work: Work, bare: str) -> str:
    """Return a name as it is compared: ``name@{this tenant}`` and ``name`` are the same account.

    Raises:
        UserNameRefused: no form to compare can be made of it.
    """
    try:
        return canonical_name(without_tenant(bare, work.tenant))
    except NameRefused as problem:
        raise UserNameRefused(name=bare) from problem


def is_taken(work: Work, name: UserName, *, ignoring: Sequence[User] = ()) -> bool:
    """Tell whether a name is somebody's: a user's, a client's, or another account's mail or number."""
    users, ignored = Users(work), {user.id for user in ignoring}
    owner = users.find(name.realm, name.canonical)
    return (
        (owner is not None and owner.id not in ignored)
        or Clients(work).find(name.canonical) is not None
        or users.who_has_address(name.canonical) not in {None, *ignored}
    )


def default_realm(work: Work) -> str:
    """Return the store that a person is put into who names none."""
    del work
    return PRIMARY


def find_user(work: Work, typed: str, realm: str | None = None) -> User | None:
    """Return the user whom somebody named, as ``name``, ``REALM/name`` or ``name@tenant``."""
    prefix, bare = split_qualified(typed)
    given = (realm or "").strip().upper() or None
    if prefix is not None and given is not None and prefix != given:
        return None
    try:
        return Users(work).find(prefix or given or PRIMARY, compared_name(work, bare))
    except UserNameRefused:
        return None


def password_rules(work: Work) -> PasswordRules:
    """Return what this tenant asks of a password."""
    policy = read_policy(work, PasswordPolicy)
    store = work.settings.user_store
    recommended = work.settings.security_profile == "recommended"
    shortest, longest = RECOMMENDED_LENGTHS if recommended else (None, None)
    return PasswordRules(
        pattern=store.password_pattern or None,
        pattern_text=store.password_text or None,
        min_length=max(policy.min_length, shortest or 0) if policy.enabled else shortest,
        max_length=policy.max_length if policy.enabled else longest,
        policy_pattern=policy.pattern if policy.enabled else None,
        policy_text=policy.error_text or None if policy.enabled else None,
        common_list=recommended,
    )


def check_password(work: Work, password: str) -> str:
    """Return the password as it will be hashed.

    Raises:
        PasswordRefused: the text names every rule that it breaks.
    """
    if work.settings.security_profile == "recommended":
        password = normalise(password)
    broken = broken_rules(password, password_rules(work))
    if broken:
        raise PasswordRefused(" ".join(broken))
    return password


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


def try_password(work: Work, typed: str, password: str) -> User:
    """Check a password as a log-in does, and return whose it is.

    The same work is done whether or not there is such a user; the state of an account is told only to whoever knows
    its password (self-registration.md 1.5).

    Raises:
        CredentialsInvalid, AccountDisabled, AccountPending, AccountLocked
    """
    user = find_user(work, typed)
    work.release()
    if not work.hasher.verify(user.password_hash if user else None, password) or user is None:
        raise CredentialsInvalid
    if user.disabled:
        raise AccountDisabled(name=user.name.typed)
    if user.locked:
        raise (AccountPending if user.is_pending else AccountLocked)(name=user.name.typed)
    Users(work).note_login(user.id)
    work.commit()
    return user


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
            users.unlock(user.id)
    if disabled := claims.get(ACCOUNT_DISABLED):
        users.set_disabled(user.id, disabled=is_true(disabled))


def lock_user(work: Work, user: User) -> None:
    """Lock an account until somebody unlocks it."""
    Users(work).lock(user.id, LockedReason.ADMIN_INITIATED)
    note(work, "lock_user", user.id)
    work.commit()


def unlock_user(work: Work, user: User) -> None:
    """Unlock an account."""
    Users(work).unlock(user.id)
    note(work, "unlock_user", user.id)
    work.commit()


def delete_user(work: Work, user: User) -> None:
    """Remove an account with its claims, codes and proofs; the audit log stays."""
    Users(work).delete(user.id)
    note(work, "delete_user", user.id)
    work.commit()


def change_password(work: Work, user: User, password: str) -> None:
    """Give a user another password, which must keep the tenant's rules.

    Raises:
        PasswordRefused: the text names every rule that it breaks.
    """
    checked = check_password(work, password)
    work.release()
    password_hash = work.hasher.hash(checked)
    Users(work).set_password(user.id, password_hash)
    note(work, "change_password", user.id)
    work.commit()


def create_user_store(work: Work, realm: str) -> str:
    """Make a place for users beside PRIMARY, and return its name as it is kept.

    Raises:
        StoreRefused: the name cannot be one, or is taken.
    """
    name = realm.strip().upper()
    if not is_realm(name):
        reason = "it must begin with a letter, and hold letters, digits, `-`, `_` and `.` only"
        raise StoreRefused(realm=realm, reason=reason)
    if name == PRIMARY or Users(work).has_realm(name):
        raise StoreRefused(realm=name, reason="there is one of that name already")
    Users(work).add_realm(name)
    note(work, "create_user_store", name)
    work.commit()
    return name


def create_administrator(work: Work, name: str, password: str, *, trusting: bool) -> User:
    """Make an administrator of the tenant.

    *trusting* lets a well-known password pass: in the demo, and with ``--dev`` (decisions 5.2).

    Raises:
        PasswordRefused: the password is the name, or is well known.
    """
    weakness = None if trusting else administrator_weakness(name, password)
    if weakness is not None:
        message = f"An administrator's password must not be {weakness}."
        raise PasswordRefused(message)
    user = add_user(work, NewAccount(name, password, roles=(ADMIN_ROLE,)))
    work.commit()
    return user


def administrator_weakness(name: str, password: str) -> str | None:
    """Return what is wrong with an administrator's password, in words; ``None`` if it will do."""
    if password.casefold() == name.casefold():
        return "the name"
    if password.casefold() in WELL_KNOWN:
        return "one of the well-known defaults"
    return "on the list of common passwords, or too near to one" if is_common_password(password) else None


def is_well_known(password: str) -> bool:
    """Tell whether a password is one that every attacker tries first."""
    return password.casefold() in WELL_KNOWN or is_common_password(password)


def create_client(work: Work, name: str, secret: str, permissions: frozenset[str]) -> Client:
    """Make a client of the API.

    Raises:
        UserNameRefused: the name has no form to compare.
        UserExists: a client or a user has the name.
    """
    place = place_name(work, name, PRIMARY, by_operator=True)
    work.release()
    client = Client(place.canonical, work.hasher.hash(secret), permissions, work.now)
    Clients(work).add(client)
    note(work, "create_client", client.name)
    work.commit()
    return client


def delete_client(work: Work, name: str) -> bool:
    """Remove a client of the API, and return whether there was one."""
    if not Clients(work).delete(name):
        return False
    note(work, "delete_client", name.casefold())
    work.commit()
    return True
