"""Users, accounts, clients: the values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from watchword.accounts.claims import (
    ACCOUNT_DISABLED,
    ACCOUNT_LOCKED,
    ACCOUNT_STATE,
    CONFIRMED_TIME,
    FAILED_EMAIL_CODES,
    FAILED_LOGINS,
    FAILED_SMS_CODES,
    LAST_LOGIN_TIME,
    LAST_PASSWORD_TIME,
    LOCKED_REASON,
    LOCKOUT_COUNT,
    MUST_CHANGE_PASSWORD,
    STATE_CLAIMS,
    UNLOCK_TIME,
    VERIFIED_CLAIMS,
    Channel,
    is_true,
)

PRIMARY = "PRIMARY"
ADMIN_ROLE = "admin"
SELF_SIGN_UP_ROLE = "Internal/selfsignup"
EVERYONE_ROLE = "Internal/everyone"

CREATE = "selfregister:create"
ASSERT_VERIFIED = "selfregister:assert-verified"
PERMISSIONS = frozenset({
    CREATE, ASSERT_VERIFIED, f"{ASSERT_VERIFIED}:EMAIL", f"{ASSERT_VERIFIED}:SMS",
    "usermgt:view", "usermgt:edit", "governance:view", "governance:edit", "messages:view", "tenants:manage",
    "tenants:any", "apps:view", "apps:edit", "idps:view", "idps:edit", "stores:view",
    "stores:edit", "claims:view", "claims:edit", "templates:view", "templates:edit", "senders:view", "senders:edit",
})  # fmt: skip
ADMIN_PERMISSIONS = PERMISSIONS - {"tenants:any", "tenants:manage"}
"""What an administrator of a tenant holds; those of the super tenant hold all."""


class AccountState(StrEnum):
    """Where an account stands in its life (self-registration.md 1.5)."""

    PENDING_SELF_REGISTRATION = "PENDING_SR"
    PENDING_LITE_REGISTRATION = "PENDING_LR"
    PENDING_ASK_PASSWORD = "PENDING_AP"  # noqa: S105  # a state, no password
    PENDING_EMAIL_VERIFICATION = "PENDING_EV"
    UNLOCKED = "UNLOCKED"

    @property
    def is_pending(self) -> bool:
        """Tell whether the person has yet to confirm."""
        return self is not AccountState.UNLOCKED


class LockedReason(StrEnum):
    """Why an account is locked."""

    PENDING_SELF_REGISTRATION = "PENDING_SELF_REGISTRATION"
    PENDING_EMAIL_VERIFICATION = "PENDING_EMAIL_VERIFICATION"
    ADMIN_INITIATED = "ADMIN_INITIATED"
    MAX_ATTEMPTS_EXCEEDED = "MAX_ATTEMPTS_EXCEEDED"
    MAX_SMS_OTP_ATTEMPTS_EXCEEDED = "MAX_SMS_OTP_ATTEMPTS_EXCEEDED"
    MAX_EMAIL_OTP_ATTEMPTS_EXCEEDED = "MAX_EMAIL_OTP_ATTEMPTS_EXCEEDED"

    @property
    def is_after_failures(self) -> bool:
        """Tell whether wrong passwords or codes have led to the lock."""
        return self.name.startswith("MAX_")


class Factor(StrEnum):
    """What somebody can fail to prove; failures are counted apart for each."""

    PASSWORD = "password"  # noqa: S105  # a kind of secret, none itself
    SMS = "sms"
    EMAIL = "email"
    BACKUP = "backup"

    @property
    def locked_reason(self) -> LockedReason:
        """Return what is said of an account that too many failures have locked."""
        reasons = {
            Factor.SMS: LockedReason.MAX_SMS_OTP_ATTEMPTS_EXCEEDED,
            Factor.EMAIL: LockedReason.MAX_EMAIL_OTP_ATTEMPTS_EXCEEDED,
        }
        return reasons.get(self, LockedReason.MAX_ATTEMPTS_EXCEEDED)


_FAILURE_CLAIMS = {
    FAILED_LOGINS: Factor.PASSWORD, FAILED_SMS_CODES: Factor.SMS, FAILED_EMAIL_CODES: Factor.EMAIL,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class UserStore:
    """A place for users beside PRIMARY; their names begin with its own."""

    name: str
    description: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class UserName:
    """A name, as typed and as compared."""

    realm: str
    typed: str
    canonical: str
    skeleton: str | None = None


@dataclass(frozen=True, slots=True)
class User:
    """A person, and the state of the account."""

    id: str
    name: UserName
    password_hash: str | None
    created_at: datetime
    locked: bool = False
    disabled: bool = False
    state: AccountState | None = None
    locked_reason: LockedReason | None = None
    confirmed_at: datetime | None = None
    reserved_until: datetime | None = None
    last_login_at: datetime | None = None
    unlock_at: datetime | None = None
    """When a lock after failures ends by itself; ``None``: never."""
    lockouts: int = 0
    """Locks after failures since the last whole login."""
    password_set_at: datetime | None = None
    must_change_password: bool = False
    sessions_from: datetime | None = None
    """Sessions that began before this are over."""
    claims: Mapping[str, str] = field(default_factory=dict)
    roles: tuple[str, ...] = ()
    failures: Mapping[str, int] | None = None
    """Failures in a row by factor; ``None`` where they were not asked for."""

    @property
    def is_pending(self) -> bool:
        """Tell whether the person has yet to confirm."""
        return self.state is not None and self.state.is_pending

    def is_locked(self, now: datetime) -> bool:
        """Tell whether the account is locked now: a lock after failures ends by itself."""
        return self.locked and (self.unlock_at is None or now < self.unlock_at)

    def is_locked_by_failures(self, now: datetime) -> bool:
        """Tell whether wrong passwords or codes have locked the account, and still do."""
        return self.is_locked(now) and self.locked_reason is not None and self.locked_reason.is_after_failures

    def counts_anew_from(self, factor: Factor) -> datetime | None:
        """Return when the lock ends that failures at this factor have led to: they do not count from then on."""
        return self.unlock_at if self.locked_reason is factor.locked_reason else None

    @property
    def is_administrator(self) -> bool:
        """Tell whether this is an administrator of the tenant."""
        return self.name.realm == PRIMARY and ADMIN_ROLE in self.roles

    def address(self, channel: Channel) -> str | None:
        """Return the number or mailbox of a channel."""
        return self.claims.get(channel.value_claim) or None

    def is_verified(self, channel: Channel) -> bool:
        """Tell whether the address of a channel was proven."""
        return is_true(self.claims.get(channel.verified_claim))

    def all_claims(self, now: datetime | None = None) -> dict[str, str]:
        """Return the claims with those that say the state of the account.

        Without *now*, a lock that has ended by itself is still said, until the next log-in takes it away.
        """
        locked = self.locked if now is None else self.is_locked(now)
        state = {ACCOUNT_LOCKED: _truth(locked)} | self._lock_claims()
        if self.disabled:
            state[ACCOUNT_DISABLED] = "true"
        if self.state is not None:
            state[ACCOUNT_STATE] = self.state.value
        if self.locked_reason is not None:
            state[LOCKED_REASON] = self.locked_reason.value
        if self.confirmed_at is not None:
            state[CONFIRMED_TIME] = _instant(self.confirmed_at)
        if self.last_login_at is not None:
            state[LAST_LOGIN_TIME] = _instant(self.last_login_at)
        if self.password_set_at is not None:
            state[LAST_PASSWORD_TIME] = _instant(self.password_set_at)
        if self.must_change_password:
            state[MUST_CHANGE_PASSWORD] = "true"
        return {**self.claims, **state}

    def _lock_claims(self) -> dict[str, str]:
        counts: dict[str, str] = {}
        if self.unlock_at is not None:
            counts[UNLOCK_TIME] = str(int(self.unlock_at.timestamp() * 1000))
        if self.failures is not None:
            counts |= {uri: str(self.failures.get(factor, 0)) for uri, factor in _FAILURE_CLAIMS.items()}
        if self.failures is not None or self.lockouts:
            counts[LOCKOUT_COUNT] = str(self.lockouts)
        return counts


def _truth(value: bool) -> str:  # noqa: FBT001  # a claim's text of a bare truth value
    return "true" if value else "false"


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account that somebody makes by hand; claims that speak of its state become its state."""

    name: str
    password: str | None = field(repr=False)
    claims: Mapping[str, str] = field(default_factory=dict)
    roles: tuple[str, ...] = ()
    locked: bool = False
    disabled: bool = False
    state: AccountState | None = None

    @property
    def is_locked(self) -> bool:
        """Tell whether it begins locked."""
        return self.locked or is_true(self.claims.get(ACCOUNT_LOCKED))

    @property
    def is_disabled(self) -> bool:
        """Tell whether it begins switched off."""
        return self.disabled or is_true(self.claims.get(ACCOUNT_DISABLED))

    @property
    def facts(self) -> dict[str, str]:
        """Return the claims that are stored as such."""
        return {uri: value for uri, value in self.claims.items() if uri not in STATE_CLAIMS | VERIFIED_CLAIMS and value}


class Proof(StrEnum):
    """How an address came to be verified (security-reliability.md 1.5, R5)."""

    CODE = "code"
    APPLICATION = "application"
    ADMINISTRATOR = "admin"


@dataclass(frozen=True, slots=True)
class Verification:
    """Who said that an address is the person's, how, and when; bound to the address by its digest."""

    channel: Channel
    how: Proof
    by: str
    at: datetime
    value_digest: str


@dataclass(frozen=True, slots=True)
class Client:
    """A program that calls the API; never a person."""

    name: str
    secret_hash: str
    permissions: frozenset[str]
    created_at: datetime
