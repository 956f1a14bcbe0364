"""Sessions: which one a browser has, whose there are, and how they end."""

from collections.abc import Sequence

from watchword.accounts.model import User
from watchword.accounts.store.users import Users
from watchword.login.authenticator import Browser
from watchword.login.model import Session
from watchword.login.standing import stands
from watchword.login.store.sessions import Sessions
from watchword.storage.audit import note
from watchword.storage.work import Work


def live_session(work: Work, browser: Browser) -> Session | None:
    """Return the session of a browser, if it still stands: what became of the account counts at once."""
    session = Sessions(work).find(browser.session_secret)
    return session if session is not None and stands(work, session) else None


def list_sessions(work: Work, user: User) -> Sequence[Session]:
    """Return the sessions of a user that stand, the oldest first."""
    return [each for each in Sessions(work).of_user(user.id) if stands(work, each)]


def end_session(work: Work, session_id: str, reason: str, *, user_id: str = "-") -> bool:
    """End a session; the caller commits. Return whether it was there."""
    ended = Sessions(work).end(session_id)
    if ended:
        note(work, "end_session", user_id, reason=reason)
    return ended


def end_sessions_of(work: Work, user: User) -> int:
    """End every session of a user, and return how many there were."""
    ended = sum(end_session(work, each.id, "revoked", user_id=user.id) for each in Sessions(work).of_user(user.id))
    Users(work).end_sessions_of(user.id)  # logins that are under way end as well
    work.commit()
    return ended


def log_out(work: Work, browser: Browser) -> Session | None:
    """End the session of a browser, and return what it was."""
    session = Sessions(work).find(browser.session_secret)
    if session is not None:
        end_session(work, session.id, "logout", user_id=session.person.user_id or "-")
        work.commit()
    return session
