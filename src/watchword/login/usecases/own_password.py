"""Change one's own password: the session of this browser goes on, every other ends."""

from collections.abc import Mapping
from dataclasses import replace

from watchword.accounts.store.users import Users
from watchword.login.authenticator import Browser
from watchword.login.model import Person, Session
from watchword.login.password_rules import Blame, change_by_form
from watchword.login.store.sessions import Sessions
from watchword.login.usecases.finish import SECRET_BYTES
from watchword.storage.work import Work


def change_password_of(work: Work, person: Person, form: Mapping[str, str]) -> list[Blame]:
    """Change the password of a person, in whatever tenant the account is; return what is wrong with the form."""
    there = work if person.tenant == work.tenant else work.elsewhere(person.tenant)
    user = Users(there).get(person.user_id) if person.user_id else None
    blames = change_by_form(there, user, form) if user is not None else []
    if there is not work:
        there.release()
    return blames


def change_in_session(
    work: Work, person: Person, browser: Browser, form: Mapping[str, str]
) -> tuple[list[Blame], Session | None, str]:
    """Change the password of whoever is logged in; return what is wrong, or the session and its new secret."""
    blames = change_password_of(work, person, form)
    if blames:
        return blames, None, ""
    secret = work.entropy.octets(SECRET_BYTES).hex()
    session = keep_own_session(work, person, browser, secret)
    work.commit()
    return [], session, secret


def keep_own_session(work: Work, person: Person, browser: Browser, secret: str = "") -> Session | None:
    """Let the session of this browser outlive the change; with a *secret*, its cookie is another from now on."""
    session = Sessions(work).find(browser.session_secret)
    if session is None or (session.person.user_id, session.person.tenant) != (person.user_id, person.tenant):
        return None
    session = replace(session, created_at=work.now)
    Sessions(work).save(session, secret or browser.session_secret)
    return session
