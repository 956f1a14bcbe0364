"""User name and password: ``BasicAuthenticator``."""

from dataclasses import dataclass, replace

from watchword.accounts.model import User
from watchword.accounts.usecases.names import find_user
from watchword.applications.model import BASIC
from watchword.login.authenticator import Asked, Outcome, Proven, Turn
from watchword.login.model import LOGIN_PAGE, Answer, Person, Place
from watchword.login.onward import options_of
from watchword.storage.audit import note

FAILED = "login.fail.message"
PENDING = "account.confirmation.pending"


@dataclass(frozen=True, slots=True)
class Password:
    """Asks for name and password; whether a name exists shows neither in words nor in work."""

    name: str = BASIC

    def wants(self, turn: Turn, answer: Answer) -> bool:
        """Take whatever has a password in it."""
        return bool(answer.get("password"))

    def begin(self, turn: Turn) -> Outcome:
        """Show the form."""
        return _ask(turn)

    def judge(self, turn: Turn, answer: Answer) -> Outcome:
        """Compare the password; the state of an account is told only to whoever knows it (platform.md 2.7)."""
        work = turn.work
        typed = answer.get("username").strip() or _named_before(turn)
        if not typed or not answer.get("password"):
            return _ask(turn, FAILED)
        user = find_user(work, typed)
        work.release()
        matches = work.hasher.verify(user.password_hash if user else None, answer.get("password"))
        if user is None or not matches:
            note(work, "check_password", user.id if user else "-", outcome="refused", reason="wrong")
            return _ask(turn, FAILED)
        if user.disabled or user.is_locked(work.now):
            note(work, "check_password", user.id, outcome="refused", reason="closed")
            return _ask(turn, PENDING if user.is_pending and not user.disabled else FAILED)
        return Proven(person=person_of(turn, user), remember=answer.get("chkRemember") == "on")

    def send_failed(self, turn: Turn, message_id: str, reason: str) -> Outcome | None:
        """Leave everything as it is: a password sends nothing."""
        return None


def person_of(turn: Turn, user: User) -> Person:
    """Return a user as the person of a step."""
    return Person(name=user.name.typed, realm=user.name.realm, tenant=turn.work.tenant, user_id=user.id)


def _named_before(turn: Turn) -> str:
    """Return the name that an earlier step has asked for."""
    person = turn.person
    return "" if person is None else person.name


def _ask(turn: Turn, message: str = "") -> Asked:
    failure = {"authFailure": "true", "authFailureMsg": message} if message else {}
    place = Place(page=LOGIN_PAGE, query={"authenticators": options_of(turn.login), **failure})
    return Asked(login=replace(turn.login, retrying=bool(message)), place=place)
