"""A password that must change: an administrator wants it, or it has grown too old."""

from dataclasses import dataclass, replace

from watchword.accounts.usecases.passwords import must_change_password
from watchword.applications.model import BASIC
from watchword.login.authenticator import Asked, Turn
from watchword.login.model import Answer, Login, Person, Place
from watchword.login.standing import user_of
from watchword.login.usecases.own_password import change_password_of, keep_own_session

CHANGE_PAGE = "authenticationendpoint/change-password.do"


@dataclass(frozen=True, slots=True)
class PasswordDuty:
    """Asks for another password whoever has logged in with one that must change."""

    name: str = "password"

    def ask(self, turn: Turn) -> Asked | None:
        """Ask, unless the password may stay."""
        person = _whose_password(turn)
        user = user_of(turn.work, person) if person is not None else None
        if person is None or user is None:
            return None
        why = must_change_password(turn.work.within(person.tenant), user)
        return Asked(login=turn.login.noting(why=why.value), place=Place(page=CHANGE_PAGE)) if why is not None else None

    def hear(self, turn: Turn, answer: Answer) -> Asked | Login:
        """Change it; this browser's session goes on, all others end."""
        person = _whose_password(turn)
        if person is None:
            return turn.login
        blames = change_password_of(turn.work, person, answer.fields)
        if not blames:
            keep_own_session(turn.work, person, turn.browser)
            return _proven_now(turn)
        login = turn.login.noting(errors=[blame.to_json() for blame in blames])
        return Asked(login=login, place=Place(page=CHANGE_PAGE, query={"authFailure": "true"}))


def _proven_now(turn: Turn) -> Login:
    """Return the login with its own proofs as of now: whoever changes a password has just proven the old one."""
    login, now = turn.login, turn.work.now
    proofs = tuple(replace(each, at=now) if each.at >= login.created_at else each for each in login.proofs)
    return replace(login, proofs=proofs)


def _whose_password(turn: Turn) -> Person | None:
    """Return whose password this login, or the session before it, has proven."""
    proof = next((each for each in turn.login.proofs if each.option.authenticator == BASIC), None)
    return proof.person if proof is not None and proof.person.user_id is not None else None
