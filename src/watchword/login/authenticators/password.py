"""User name and password: ``BasicAuthenticator``."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from watchword.accounts.model import User
from watchword.accounts.names import tenant_suffixes
from watchword.accounts.usecases.passwords import PasswordOutcome, PasswordTried, prove_password
from watchword.applications.model import BASIC
from watchword.login.authenticator import Asked, Outcome, Proven, Turn
from watchword.login.authenticators.code_pages import LOCKED, unlock_time
from watchword.login.model import LOGIN_PAGE, Answer, Person, Place
from watchword.login.notices import tell_of_lock
from watchword.login.onward import options_of
from watchword.login.parameters import BasicParameters, read_parameters
from watchword.notification.outbox import Notifier
from watchword.storage.work import Work
from watchword.tenants.usecases import tenant_exists

FAILED = "login.fail.message"
PENDING = "account.confirmation.pending"
_NOTHING: Mapping[str, str] = {}
LONGEST_NAME = 255
"""Of a name that is shown again."""


@dataclass(frozen=True, slots=True)
class Password:
    """Asks for name and password; whether a name exists shows neither in words nor in work."""

    notifier: Notifier
    name: str = BASIC

    def wants(self, turn: Turn, answer: Answer) -> bool:
        """Take whatever has a password in it."""
        return bool(answer.get("password"))

    def begin(self, turn: Turn) -> Outcome:
        """Show the form."""
        return _ask(turn)

    def judge(self, turn: Turn, answer: Answer) -> Outcome:
        """Compare the password; the state of an account is told only to whoever knows it (platform.md 2.7)."""
        typed, password = _name_of(turn, answer), answer.get("password")
        if not typed or not password:
            return _ask(turn, FAILED, answer)
        there = in_tenant_of(turn.work, typed)
        tried = prove_password(there, typed, password, turn.browser.known_users)
        self._tell(there, tried)
        if there is not turn.work:
            there.commit()
        if tried.user is None or tried.outcome is not PasswordOutcome.RIGHT:
            return self._refuse(turn, tried, answer)
        return Proven(person=person_of(there, tried.user), remember=answer.get("chkRemember") == "on")

    def send_failed(self, turn: Turn, message_id: str, reason: str) -> Outcome | None:
        """Leave everything as it is: a password sends nothing."""
        return None

    def _refuse(self, turn: Turn, tried: PasswordTried, answer: Answer) -> Outcome:
        """Say why, as far as it may be said: a lock only to whoever knows the password, or has been here before."""
        if tried.outcome is PasswordOutcome.PENDING:
            return _ask(turn, PENDING, answer)
        user = tried.user
        names = read_parameters(turn.work.settings, BASIC, BasicParameters)
        if not names.tells_reasons or tried.outcome is not PasswordOutcome.LOCKED or user is None:
            return _ask(turn, FAILED, answer)
        if not tried.guess.is_open and user.id not in turn.browser.known_users:
            return _ask(turn, FAILED, answer)
        return _ask(turn, LOCKED, answer, unlock_time(turn, user))

    def _tell(self, there: Work, tried: PasswordTried) -> None:
        """Leave a mail to whose account this try has locked."""
        lock = tried.failed.lock if tried.failed is not None else None
        if tried.user is not None and lock is not None:
            tell_of_lock(there, self.notifier, tried.user, lock)


def in_tenant_of(work: Work, typed: str) -> Work:
    """Return a work in the tenant that a name ends with: another of its own, or this one."""
    foreign = [each for each in tenant_suffixes(typed) if each != work.tenant and tenant_exists(work, each)]
    return work.elsewhere(foreign[0]) if foreign else work


def person_of(work: Work, user: User) -> Person:
    """Return a user as the person of a step."""
    return Person(name=user.name.typed, realm=user.name.realm, tenant=work.tenant, user_id=user.id)


def _name_of(turn: Turn, answer: Answer) -> str:
    """Return the name whose password it is: once a step has found somebody here, no other name is looked at."""
    person = turn.person
    if person is None or person.is_federated:
        return answer.get("username").strip()
    if not person.is_proven or person.user_id is None:
        return person.name  # as it was typed, so that it means the same account again
    return f"{person.realm}/{person.name}@{person.tenant}" if person.realm else f"{person.name}@{person.tenant}"


def _ask(turn: Turn, message: str = "", refused: Answer | None = None, facts: Mapping[str, str] = _NOTHING) -> Asked:
    """Show the form; the name that was refused stands in it again, so that only what was wrong need be typed anew."""
    typed = refused.get("username").strip()[:LONGEST_NAME] if refused is not None else ""
    failure = {**facts, "authFailure": "true", "authFailureMsg": message} if message else {}
    place = Place(page=LOGIN_PAGE, query={"authenticators": options_of(turn.login), **failure})
    return Asked(login=replace(turn.login.noting(typed_name=typed or None), retrying=bool(message)), place=place)
