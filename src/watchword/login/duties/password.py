"""A password that must change: an administrator wants it, or it has grown too old."""

from dataclasses import dataclass

from watchword.accounts.model import User
from watchword.accounts.store import Users
from watchword.accounts.usecases.passwords import must_change_password
from watchword.applications.model import BASIC
from watchword.login.authenticator import Asked, Turn
from watchword.login.model import Answer, Place
from watchword.login.password_rules import change_by_form
from watchword.login.usecases.own_password import keep_own_session

CHANGE_PAGE = "authenticationendpoint/change-password.do"


@dataclass(frozen=True, slots=True)
class PasswordDuty:
    """Asks for another password whoever has logged in with one that must change."""

    name: str = "password"

    def ask(self, turn: Turn) -> Asked | None:
        """Ask, unless the password may stay."""
        user = _whose_password(turn)
        why = must_change_password(turn.work, user) if user is not None else None
        if why is None:
            return None
        return Asked(login=turn.login.noting(why=why.value), place=Place(page=CHANGE_PAGE))

    def hear(self, turn: Turn, answer: Answer) -> Asked | None:
        """Change it; this browser's session goes on, all others end."""
        user = _whose_password(turn)
        if user is None:
            return None
        blames = change_by_form(turn.work, user, answer.fields)
        if not blames:
            keep_own_session(turn.work, user, turn.browser)
            return None
        login = turn.login.noting(errors=[blame.to_json() for blame in blames])
        return Asked(login=login, place=Place(page=CHANGE_PAGE, query={"authFailure": "true"}))


def _whose_password(turn: Turn) -> User | None:
    """Return the account whose password this login, or the session before it, has proven."""
    proof = next((each for each in turn.login.proofs if each.option.authenticator == BASIC), None)
    if proof is None or proof.person.user_id is None or proof.person.tenant != turn.work.tenant:
        return None
    return Users(turn.work).get(proof.person.user_id)
