"""Who is calling: HTTP Basic, asked of clients first and of users then (decisions 5.2)."""

import base64
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from watchword.accounts.budgets import Verdict
from watchword.accounts.guessing import note_success, spend_guess
from watchword.accounts.model import ADMIN_PERMISSIONS, PERMISSIONS, Factor, User
from watchword.accounts.names import without_tenant
from watchword.accounts.store.clients import Clients
from watchword.accounts.usecases.login_names import guessed_name
from watchword.accounts.usecases.names import find_user
from watchword.base.problems import Forbidden, Unauthorized
from watchword.storage.work import Work
from watchword.tenants.usecases import tenant_exists
from watchword.web.model import SUPER_TENANT, Caller, CallerKind

REMEMBERED_SECONDS = 60.0
RENEWED_SECONDS = 15.0
MOST_REMEMBERED = 10_000
TURNS = 64


@dataclass(slots=True)
class CredentialMemory:
    """Keyed digests of credentials that were right a moment ago, each tied to the hash that it was right for.

    A lock or a new password counts at once, since the account is read at every request; only the hash is spared.
    """

    moment: Callable[[], float] = monotonic
    _until: dict[str, float] = field(default_factory=dict)
    _renewing: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _turns: tuple[threading.Lock, ...] = field(default_factory=lambda: tuple(threading.Lock() for _ in range(TURNS)))

    def knows(self, digest: str) -> bool:
        """Tell whether the credential was right within the last minute.

        Towards the end of it one caller is told no, and hashes for all: else all would hash at once when it is over.
        """
        left = self._until.get(digest, 0.0) - self.moment()
        if left > RENEWED_SECONDS or left <= 0:
            return left > 0
        with self._lock:
            is_first = digest not in self._renewing
            self._renewing.add(digest)
        return not is_first

    def knew(self, digest: str) -> bool:
        """Tell whether the credential was right before: it is no guess, however long ago that was."""
        return digest in self._until

    def turn_of(self, digest: str) -> threading.Lock:
        """Return what lets one at a time try the same credential."""
        return self._turns[hash(digest) % len(self._turns)]

    def keep(self, digest: str) -> None:
        """Remember a credential that was right."""
        now = self.moment()
        with self._lock:
            if len(self._until) >= MOST_REMEMBERED:
                self._until = {known: until for known, until in self._until.items() if until > now}
            if len(self._until) < MOST_REMEMBERED:
                self._until[digest] = now + REMEMBERED_SECONDS
            self._renewing.discard(digest)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """Somebody of the name that was given, before the secret is looked at."""

    caller: Caller
    secret_hash: str | None
    is_open: bool = True
    user: User | None = None


@dataclass(frozen=True, slots=True)
class BasicGate:
    """Lets in whoever shows a name and a secret that belong together."""

    memory: CredentialMemory = field(default_factory=CredentialMemory)

    def admit(self, work: Work, authorization: str | None, permission: str | None, *, people: bool) -> Caller:
        """Return who calls.

        *people* says whether somebody without any permission may pass.

        Raises:
            Unauthorized: nobody of that name, the wrong secret, a locked account, another tenant.
            Forbidden: the caller does not hold *permission*.
        """
        name, secret = _read_basic(authorization)
        candidate = _find(work, name)
        if not self._is_right(work, candidate, name, secret) or candidate is None or not candidate.is_open:
            raise Unauthorized
        caller = candidate.caller
        if permission is not None and not caller.may(permission):
            raise Forbidden(permission=permission)
        if caller.kind is CallerKind.PERSON and not people:
            raise Forbidden(permission="of an administrator or a client")
        return caller

    def _is_right(self, work: Work, candidate: _Candidate | None, name: str, secret: str) -> bool:
        secret_hash = candidate.secret_hash if candidate else None
        digest = work.keys.digest(
            "credential", candidate.caller.tenant if candidate else "", name, secret, secret_hash or ""
        )
        if self.memory.knows(digest):
            return True
        work.release()  # a hash is slow: no transaction stays open meanwhile
        if self.memory.knew(digest) or (candidate is not None and candidate.caller.kind is CallerKind.CLIENT):
            matches = work.hasher.verify(secret_hash, secret)
            if matches:
                self.memory.keep(digest)
            return matches
        with self.memory.turn_of(digest):  # else the same right password, sent often at once, would be many guesses
            matches = self.memory.knows(digest) or _guess(work, candidate, name, secret)
            if matches:
                self.memory.keep(digest)
        return matches


def _guess(work: Work, candidate: _Candidate | None, name: str, secret: str) -> bool:
    """Compare a password that was never right before; the guess is counted as one at the log-in is.

    It is counted in a work of its own, since the caller's may be one that only reads.
    """
    own = Work(work.surroundings, candidate.caller.tenant if candidate else work.tenant, work.origin)
    user = candidate.user if candidate else None
    try:
        guess = spend_guess(own, user, Factor.PASSWORD, name=guessed_name(own, name), locks=False)
        own.commit()
        if guess.verdict is Verdict.TOO_EARLY:
            return False
        matches = own.hasher.verify(user.password_hash if user and guess.is_open else None, secret)
        if matches:
            note_success(own, guess)
            own.commit()
    finally:
        own.release()
    return matches


def _read_basic(authorization: str | None) -> tuple[str, str]:
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        raise Unauthorized
    try:
        name, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode("utf-8").partition(":")
    except ValueError as problem:  # no base64, no UTF-8, or not even ASCII
        raise Unauthorized from problem
    if not colon or "\0" in name or "\0" in secret:
        raise Unauthorized
    return name, secret


def _find(work: Work, typed: str) -> _Candidate | None:
    """Seek a name in the URL's tenant, then among the administrators of the super tenant; ``name@tenant`` is exact."""
    bare, _, suffix = typed.rpartition("@")
    if bare and suffix and suffix.lower() != work.tenant and tenant_exists(work, suffix.lower()):
        return _foreign(work, bare) if suffix.lower() == SUPER_TENANT else None
    here = _local(work, typed)
    if here is None and work.tenant != SUPER_TENANT and not (bare and suffix.lower() == work.tenant):
        return _foreign(work, typed)
    return here


def _local(work: Work, typed: str) -> _Candidate | None:
    client = Clients(work).find(without_tenant(typed, work.tenant))
    if client is not None:
        held = client.permissions if work.tenant == SUPER_TENANT else client.permissions & ADMIN_PERMISSIONS
        return _Candidate(Caller(client.name, work.tenant, CallerKind.CLIENT, held), client.secret_hash)
    user = find_user(work, typed)
    return None if user is None else _of_user(work, user)


def _foreign(work: Work, typed: str) -> _Candidate | None:
    """Return an administrator of the super tenant, who may act in every tenant."""
    found = _local(work.within(SUPER_TENANT), typed)
    return found if found is not None and found.caller.may("tenants:any") else None


def _of_user(work: Work, user: User) -> _Candidate:
    kind = CallerKind.ADMINISTRATOR if user.is_administrator else CallerKind.PERSON
    permissions: frozenset[str] = frozenset()
    if user.is_administrator:
        permissions = PERMISSIONS if work.tenant == SUPER_TENANT else ADMIN_PERMISSIONS
    caller = Caller(user.name.typed, work.tenant, kind, permissions, user.id)
    is_open = not user.is_locked(work.now) and not user.disabled and not user.is_pending
    return _Candidate(caller, user.password_hash, is_open=is_open, user=user)
