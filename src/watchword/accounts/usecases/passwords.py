"""Passwords: what is asked of them, trying them, and changing them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from watchword.accounts.budgets import Verdict
from watchword.accounts.claims import FAILED_BEFORE_SUCCESS
from watchword.accounts.guessing import (
    Failed,
    Guess,
    count_failure,
    forgive_guess,
    note_success,
    note_whole_login,
    spend_guess,
)
from watchword.accounts.model import Factor, User
from watchword.accounts.passwords import PasswordRules, broken_rules, normalise
from watchword.accounts.store.credentials import OldPasswords
from watchword.accounts.store.users import Users
from watchword.accounts.usecases.login_names import find_login_user, guessed_name
from watchword.base.problems import (
    AccountDisabled,
    AccountLocked,
    AccountPending,
    CredentialsInvalid,
    LoginRefused,
    PasswordRefused,
    Unavailable,
)
from watchword.storage.audit import note
from watchword.storage.work import Work
from watchword.tenants.policies import PasswordExpiry, PasswordHistory, PasswordPolicy
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


class PasswordOutcome(StrEnum):
    """How a try at a password ended."""

    RIGHT = "right"
    WRONG = "wrong"
    """Nobody of that name, or another password."""
    TOO_EARLY = "too-early"
    """Nothing was compared, since too many were wrong before."""
    LOCKED = "locked"
    DISABLED = "disabled"
    PENDING = "pending"
    """The right password of an account that is locked until its person has confirmed it."""


@dataclass(frozen=True, slots=True)
class PasswordTried:
    """Whose password was tried, and what came of it."""

    outcome: PasswordOutcome
    guess: Guess
    failed: Failed | None = None
    """Of a wrong one: whether it has locked the account, and whether the person is to be told."""

    @property
    def user(self) -> User | None:
        """Return whose name was typed."""
        return self.guess.user


class MustChange(StrEnum):
    """Why a password must be changed before the log-in is over."""

    REQUIRED = "required"
    """An administrator wants it."""
    EXPIRED = "expired"


def prove_password(work: Work, typed: str, password: str, known_users: Collection[str] = frozenset()) -> PasswordTried:
    """Compare a password, as one step of a log-in; the guess is counted, and committed, before.

    The same work is done whether or not there is such a user; the state of an account is told only to whoever knows
    its password (self-registration.md 1.5). *known_users* are those who have logged in from the same device before.
    The caller commits.
    """
    user = find_login_user(work, typed)
    known = user is not None and user.id in known_users
    guess = spend_guess(work, user, Factor.PASSWORD, name=guessed_name(work, typed), device_known=known)
    work.commit()
    tried = _compare(work, guess, password)
    if tried.outcome is not PasswordOutcome.RIGHT:
        note(work, "check_password", user.id if user else "-", outcome="refused", reason=tried.outcome)
    return tried


def try_password(work: Work, typed: str, password: str) -> User:
    """Check a password as a log-in with no other step does, and return whose it is.

    Raises:
        CredentialsInvalid, AccountDisabled, AccountPending, AccountLocked
    """
    tried = prove_password(work, typed, password)
    user = tried.user
    if user is not None and tried.outcome is PasswordOutcome.RIGHT:
        note_whole_login(work, user)
        work.commit()
        return user
    work.commit()
    refusals: dict[PasswordOutcome, type[LoginRefused]] = {
        PasswordOutcome.LOCKED: AccountLocked,
        PasswordOutcome.DISABLED: AccountDisabled,
        PasswordOutcome.PENDING: AccountPending,
    }
    raise refusals.get(tried.outcome, CredentialsInvalid)(name=user.name.typed if user else "")


def must_change_password(work: Work, user: User) -> MustChange | None:
    """Return why the password of somebody who has just proven it must be changed before anything else."""
    if user.must_change_password:
        return MustChange.REQUIRED
    policy = read_policy(work, PasswordExpiry)
    if policy.enabled and work.now >= (user.password_set_at or user.created_at) + timedelta(days=policy.days):
        return MustChange.EXPIRED
    return None


def change_password(work: Work, user: User, password: str) -> None:
    """Give a user another password, which must keep the tenant's rules; all sessions end.

    Raises:
        PasswordRefused: the text names every rule that it breaks.
    """
    checked = check_password(work, password)
    history = read_policy(work, PasswordHistory)
    old = _old_passwords(work, user, history)
    work.release()
    if any(work.hasher.verify(each, checked) for each in old):
        count = "the present one" if len(old) == 1 else f"the last {history.count}"
        raise PasswordRefused(f"The password must differ from {count}.")
    password_hash = work.hasher.hash(checked)
    if history.enabled and user.password_hash is not None:
        OldPasswords(work).add(user.id, user.password_hash)
    Users(work).set_password(user.id, password_hash)
    note(work, "change_password", user.id)
    work.commit()


def change_own_password(work: Work, user: User, current: str, new: str) -> None:
    """Give somebody who knows the present password another one; all sessions end, and the caller may begin a new one.

    Raises:
        CredentialsInvalid: the present password is another, or too many were wrong before.
        PasswordRefused: the new one breaks a rule, or is an old one.
    """
    guess = spend_guess(work, user, Factor.PASSWORD, device_known=True)
    work.commit()
    tried = _compare(work, guess, current)
    if tried.outcome is not PasswordOutcome.RIGHT:
        note(work, "change_password", user.id, outcome="refused", reason=tried.outcome)
    work.commit()
    if tried.outcome is not PasswordOutcome.RIGHT:
        raise CredentialsInvalid
    if current == new:
        raise PasswordRefused("The password must differ from the present one.")
    change_password(work, user, new)


def require_password_change(work: Work, user: User) -> None:
    """Let a user change the password at the next log-in, before anything else."""
    Users(work).require_password_change(user.id, required=True)
    note(work, "require_password_change", user.id)
    work.commit()


def _compare(work: Work, guess: Guess, password: str) -> PasswordTried:
    """Compare a password with that of a guess, which was counted, and draw the consequences."""
    if guess.verdict is Verdict.TOO_EARLY:
        return PasswordTried(PasswordOutcome.TOO_EARLY, guess)
    user = guess.user if guess.is_open else None
    if work.settings.security_profile == "recommended":
        password = normalise(password)
    work.release()
    try:
        matches = work.hasher.verify(user.password_hash if user else None, password)
    except Unavailable:
        forgive_guess(work, guess)
        work.commit()
        raise
    if not guess.is_open:
        return PasswordTried(PasswordOutcome.LOCKED, guess)
    if user is None or not matches:
        return PasswordTried(PasswordOutcome.WRONG, guess, count_failure(work, guess))
    note_success(work, guess)
    before = str(guess.number - 1)
    if user.claims.get(FAILED_BEFORE_SUCCESS, "0") != before:
        Users(work).set_claims(user.id, {FAILED_BEFORE_SUCCESS: before})
    return PasswordTried(_state_of(work, user), guess)


def _state_of(work: Work, user: User) -> PasswordOutcome:
    if user.disabled:
        return PasswordOutcome.DISABLED
    if user.is_locked(work.now):
        return PasswordOutcome.PENDING if user.is_pending else PasswordOutcome.LOCKED
    return PasswordOutcome.RIGHT


def _old_passwords(work: Work, user: User, history: PasswordHistory) -> list[str]:
    """Return the hashes from which a new password must differ."""
    if not history.enabled:
        return []
    present = [] if user.password_hash is None else [user.password_hash]
    return (present + OldPasswords(work).last(user.id, history.count))[: history.count]
