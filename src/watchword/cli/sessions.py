"""`watchword session`: who is logged in, and ending that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import click

from watchword.accounts.model import User
from watchword.accounts.usecases.names import find_user
from watchword.cli.answers import Answer, CommandFailed, clock_time, instant
from watchword.cli.desk import Desk, command
from watchword.login.model import Session, SessionApplication
from watchword.login.store.sessions import Sessions
from watchword.login.usecases.sessions import end_session, end_sessions_of, list_sessions
from watchword.storage.work import Work

session = click.Group("session", help="Who is logged in, and from where.")


@command(session, "list", example="watchword session list kim --json")
@click.argument("name")
def list_of_user(desk: Desk, name: str) -> Answer:
    """List the sessions of the user NAME, and the applications that each was used for."""
    found = desk.look(lambda work: [_Seen.of(work, each) for each in list_sessions(work, _user(work, name))])
    lines = [each.line for each in found] or [f"{name} is not logged in anywhere."]
    return Answer({"sessions": [each.document for each in found]}, lines)


@command(session, "end", example="watchword session end 01b8dac5-b402-7706-8e5a-0db9a6a2bdd2")
@click.argument("session_id", metavar="ID")
def end_one(desk: Desk, session_id: str) -> Answer:
    """End the session ID: its browser has to log in again, and its applications are told."""

    def end(work: Work) -> bool:
        ended = end_session(work, session_id, "ended by an operator")
        work.commit()
        return ended

    if not desk.do(end):
        raise CommandFailed(f"There is no session {session_id}.")
    return Answer({"ended": 1}, ["The session has ended."])


@command(session, "end-all", example="watchword session end-all kim")
@click.argument("name")
def end_all(desk: Desk, name: str) -> Answer:
    """End every session of the user NAME."""
    count = desk.do(lambda work: end_sessions_of(work, _user(work, name)))
    return Answer({"ended": count}, [f"{count} sessions have ended." if count != 1 else "One session has ended."])


def _user(work: Work, name: str) -> User:
    user = find_user(work, name)
    if user is None:
        raise CommandFailed(f"There is no user {name}.")
    return user


@dataclass(frozen=True, slots=True)
class _Seen:
    """A session, and where it was used."""

    session: Session
    applications: Sequence[SessionApplication]

    @classmethod
    def of(cls, work: Work, session: Session) -> "_Seen":
        return cls(session, Sessions(work).applications(session.id))

    @property
    def steps(self) -> list[str]:
        return [each.option.authenticator for each in self.session.proofs]

    @property
    def ways(self) -> list[str]:
        """Return the steps for a reader, with what was shown instead where that is something else."""
        proofs = self.session.proofs
        return [each.option.authenticator + (" (a backup code)" if each.by_backup_code else "") for each in proofs]

    @property
    def line(self) -> str:
        known = self.session
        remembered = ", remembered" if known.remembered else ""
        return (
            f"{known.id}  since {clock_time(known.created_at)}, last used {clock_time(known.used_at)}, "
            f"from {known.address}{remembered}: {', '.join(self.ways)}"
        )

    @property
    def document(self) -> Mapping[str, object]:
        known = self.session
        return {
            "id": known.id,
            "since": instant(known.created_at),
            "used": instant(known.used_at),
            "ends": instant(min(known.idle_at, known.ends_at)),
            "remembered": known.remembered,
            "address": known.address,
            "user_agent": known.user_agent,
            "steps": self.steps,
            "backup_code": any(each.by_backup_code for each in known.proofs),
            "applications": [{"id": each.application_id, "protocol": each.protocol} for each in self.applications],
        }
