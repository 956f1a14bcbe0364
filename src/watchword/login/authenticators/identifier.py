"""The name first, and what it takes to prove it afterwards: ``IdentifierExecutor``."""

from dataclasses import dataclass, replace

from watchword.accounts.usecases.login_names import find_login_user
from watchword.login.authenticator import Asked, Outcome, Proven, Turn
from watchword.login.authenticators.password import in_tenant_of, person_of
from watchword.login.model import LOGIN_PAGE, Answer, Person, Place
from watchword.login.onward import options_of


@dataclass(frozen=True, slots=True)
class Identifier:
    """Asks for a name, and believes it: the next step has to prove it."""

    name: str = "IdentifierExecutor"

    def wants(self, turn: Turn, answer: Answer) -> bool:
        """Take a name that comes without a password."""
        return bool(answer.get("username").strip()) and not answer.get("password")

    def begin(self, turn: Turn) -> Outcome:
        """Show the form."""
        return _ask(turn, "")

    def judge(self, turn: Turn, answer: Answer) -> Outcome:
        """Take the name, whoever has it: that nobody does is not told."""
        typed = answer.get("username").strip()
        if not typed:
            return _ask(turn, "username.missing")
        there = in_tenant_of(turn.work, typed)
        user = find_login_user(there, typed)
        person = Person(name=typed, tenant=turn.work.tenant) if user is None else person_of(there, user)
        if there is not turn.work:
            there.release()
        # It is shown again as it was typed: how the account spells it, nobody has proven to be told.
        return Proven(person=replace(person, name=typed, is_proven=False))

    def send_failed(self, turn: Turn, message_id: str, reason: str) -> Outcome | None:
        """Leave everything as it is: a name sends nothing."""
        return None


def _ask(turn: Turn, message: str) -> Asked:
    failure = {"authFailure": "true", "authFailureMsg": message} if message else {}
    place = Place(page=LOGIN_PAGE, query={"authenticators": options_of(turn.login), **failure})
    return Asked(login=turn.login, place=place)
