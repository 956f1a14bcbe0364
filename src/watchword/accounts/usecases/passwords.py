"""Passwords: what is asked of them, trying them, and changing them."""

from watchword.accounts.model import User
from watchword.accounts.passwords import PasswordRules, broken_rules, normalise
from watchword.accounts.store import Users
from watchword.accounts.usecases.names import find_user
from watchword.base.problems import AccountDisabled, AccountLocked, AccountPending, CredentialsInvalid, PasswordRefused
from watchword.storage.audit import note
from watchword.storage.work import Work
from watchword.tenants.policies import PasswordPolicy
from watchword.tenants.usecases import read_policy

RECOMMENDED_LENGTHS = (15, 256)


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
