"""Sessions end with what they stand on: an account that goes, a tenant that is switched off."""

from watchword.accounts.store.users import Users
from watchword.codes.store import Codes
from watchword.login.store.sessions import Sessions
from watchword.login.usecases.sessions import end_session
from watchword.notification.store import Messages
from watchword.storage.audit import note
from watchword.storage.work import Work


def let_go(work: Work, user_id: str) -> None:
    """End the sessions of an account that is about to go, and let nothing go out to it; the caller commits."""
    Codes(work).hold_of(user_id)
    Messages(work).cancel_of(user_id)
    for session in Sessions(work).of_user(user_id):
        end_session(work, session.id, "the account was removed", user_id=user_id)


def end_all_sessions(work: Work) -> None:
    """End every session in the work's tenant, and those that its people have elsewhere; the caller commits."""
    Users(work).end_sessions()
    Sessions(work).end_all()
    note(work, "end_all_sessions", work.tenant)
