"""User name and password: ``BasicAuthenticator``."""

from dataclasses import dataclass, replace

from watchword.accounts.guessing import Lock, count_failure, note_success, spend_guess
from watchword.accounts.model import Factor, User
from watchword.accounts.usecases.names import find_user
from watchword.applications.model import BASIC
from watchword.login.authenticator import Asked, Outcome, Proven, Turn
from watchword.login.model import LOGIN_PAGE, Answer, Person, Place
from watchword.login.notices import tell_of_lock
from watchword.login.onward import options_of
from watchword.notification.outbox import Notifier
from watchword.storage.audit import note

FAILED = "login.fail.message"
PENDING = "account.confirmation.pending"


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
        work, typed, password = turn.work, _name_of(turn, answer), answer.get("password")
        if not typed or not password:
            return _ask(turn, FAILED)
        user = find_user(work, typed)
        device_known = user is not None and user.id in turn.browser.known_users
        guess = spend_guess(work, user, Factor.PASSWORD, name=typed.casefold(), device_known=device_known)
        work.commit()
        known_hash = user.password_hash if user is not None and guess.is_open else None
        matches = work.hasher.verify(known_hash, password)
        if user is None or not matches:
            self._refuse(turn, user, count_failure(work, guess).lock if guess.is_open else None)
            return _ask(turn, FAILED)
        note_success(work, guess)
        if user.disabled or user.is_locked(work.now):
            note(work, "check_password", user.id, outcome="refused", reason="closed")
            return _ask(turn, PENDING if user.is_pending and not user.disabled else FAILED)
        return Proven(person=person_of(turn, user), remember=answer.get("chkRemember") == "on")

    def send_failed(self, turn: Turn, message_id: str, reason: str) -> Outcome | None:
        """Leave everything as it is: a password sends nothing."""
        return None

    def _refuse(self, turn: Turn, user: User | None, lock: Lock | None) -> None:
        note(turn.work, "check_password", user.id if user else "-", outcome="refused", reason="wrong")
        if user is not None and lock is not None:
            tell_of_lock(turn.work, self.notifier, user, lock)


def person_of(turn: Turn, user: User) -> Person:
    """Return a user as the person of a step."""
    return Person(name=user.name.typed, realm=user.name.realm, tenant=turn.work.tenant, user_id=user.id)


def _name_of(turn: Turn, answer: Answer) -> str:
    """Return the name that was typed, or that an earlier step has asked for."""
    return answer.get("username").strip() or (turn.person.name if turn.person is not None else "")


def _ask(turn: Turn, message: str = "") -> Asked:
    failure = {"authFailure": "true", "authFailureMsg": message} if message else {}
    place = Place(page=LOGIN_PAGE, query={"authenticators": options_of(turn.login), **failure})
    return Asked(login=replace(turn.login, retrying=bool(message)), place=place)
