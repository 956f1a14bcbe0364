"""Whether what was proven still counts: an account may have been closed since, or have ended its sessions."""

from collections.abc import Iterable, Sequence

from watchword.accounts.model import User
from watchword.accounts.store.users import Users
from watchword.login.model import Login, Person, Proof, Session
from watchword.login.store.sessions import Sessions
from watchword.storage.work import Work


def user_of(work: Work, person: Person) -> User | None:
    """Return the account of somebody, in whatever tenant it is."""
    return Users(work.within(person.tenant)).get(person.user_id) if person.user_id else None


def may_be_logged_in(user: User) -> bool:
    """Tell whether an account is open; a lock that ends by itself keeps nobody out who is in."""
    return not user.disabled and not (user.locked and user.unlock_at is None)


def stands(work: Work, session: Session) -> bool:
    """Tell whether a session may go on: its account is there and open, and has not ended its sessions since."""
    if session.person.user_id is None:
        return True
    user = user_of(work, session.person)
    if user is None or not may_be_logged_in(user):
        return False
    return user.sessions_from is None or session.created_at >= user.sessions_from


def proofs_stand(work: Work, login: Login) -> bool:
    """Tell whether every proof of a login still counts.

    What was proven before the account ended its sessions does not, nor what was taken from a session that is over.
    """
    proven = [each for each in login.proofs if each.person.is_proven and not each.skipped]
    fresh = [each for each in proven if each.at >= login.created_at]
    if len(fresh) < len(proven):
        session = Sessions(work).get(login.session_id) if login.session_id else None
        if session is None or not stands(work, session):
            return False
    return all(_counts(work, each) for each in _oldest_of_each(fresh))


def _counts(work: Work, proof: Proof) -> bool:
    if proof.person.user_id is None:
        return True
    user = user_of(work, proof.person)
    return user is not None and (user.sessions_from is None or proof.at >= user.sessions_from)


def _oldest_of_each(proofs: Sequence[Proof]) -> Iterable[Proof]:
    """Return the oldest proof of each person."""
    found: dict[tuple[str, str | None], Proof] = {}
    for each in sorted(proofs, key=lambda proof: proof.at):
        found.setdefault((each.person.tenant, each.person.user_id), each)
    return found.values()
