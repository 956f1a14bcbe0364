"""End a login: make or renew the session, and hand the outcome to the protocol, once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from watchword.accounts.guessing import note_whole_login
from watchword.base.entropy import new_id
from watchword.base.problems import LoginStale
from watchword.login.authenticator import Browser
from watchword.login.dispatcher import Moved
from watchword.login.model import Failure, Login, LoginResult, Person, Proof, Session
from watchword.login.onward import Onward, location_of
from watchword.login.standing import may_be_logged_in, proofs_stand, stands, user_of
from watchword.login.store.logins import LoginMoved, Logins
from watchword.login.store.sessions import Sessions
from watchword.login.usecases.sessions import end_session
from watchword.storage.audit import note
from watchword.storage.work import Work
from watchword.tenants.policies import Sessions as SessionPolicy
from watchword.tenants.usecases import read_policy

SECRET_BYTES = 32
MOST_KNOWN_USERS = 8


def arrive(work: Work, moved: Moved, browser: Browser, store: Callable[[Login], None], *, nonce: str = "") -> Onward:
    """Store where a login has come to, commit, and return where the browser goes; one that succeeds has a session.

    Raises:
        LoginMoved: by another request, meanwhile.
    """
    login = moved.login
    work.reach("before_login_moves")
    if not login.is_over or login.failure is not None or login.subject is None:
        store(login)
        work.commit()
        work.reach("after_login_moves")
        return Onward(login=login, location=location_of(work, login), notified=moved.notified, nonce=nonce)
    session, secret = _session_for(work, login, login.subject, browser)
    login = replace(login, session_id=session.id)
    store(login)
    _note_login(work, login, session)
    known = _known_users(browser, session)
    work.commit()
    work.reach("after_login_moves")
    return Onward(
        login=login, location=location_of(work, login), nonce=nonce, session=session if secret else None,
        session_secret=secret, known_users=known,
    )  # fmt: skip


def take_result(work: Work, key: str, browser: Browser) -> LoginResult:
    """Return the outcome of a login that is over, and forget the login.

    The account is read anew: one that was locked since proves nobody.

    Raises:
        LoginStale: it is not over, or its outcome was read.
    """
    nonce = browser.nonces.get(key)
    login = Logins(work).find(key, nonce) if nonce else None
    if login is None or not login.is_over:
        raise LoginStale
    try:
        Logins(work).remove(login)
    except LoginMoved as problem:
        raise LoginStale from problem
    session = Sessions(work).get(login.session_id) if login.session_id else None
    result = LoginResult(request=login.request, failure=login.failure, proofs=login.proofs, session=session)
    if login.failure is None:
        result = _told(work, login, result)
    return result


def _told(work: Work, login: Login, result: LoginResult) -> LoginResult:
    subject, person = login.subject, login.person
    session = result.session
    if subject is None or person is None or session is None or not stands(work, session):
        return replace(result, failure=Failure.NOT_AUTHENTICATED)
    if not proofs_stand(work, login):
        return replace(result, failure=Failure.NOT_AUTHENTICATED)
    if subject.user_id is None:
        return replace(result, person=subject, claims=dict(person.attributes))
    user = user_of(work, person) or user_of(work, subject)
    if user is None or not may_be_logged_in(user):
        return replace(result, failure=Failure.NOT_AUTHENTICATED)
    return replace(result, person=subject, claims=user.all_claims(), roles=user.roles)


def _session_for(work: Work, login: Login, subject: Person, browser: Browser) -> tuple[Session, str]:
    """Return the session of a login that has succeeded, and the new secret of its cookie.

    The same person goes on with the session; anybody else ends it and begins another. The secret is empty where
    nothing new was proven: the cookie stays, so that two tabs at once cannot take it from one another.
    """
    sessions, secret = Sessions(work), work.entropy.octets(SECRET_BYTES).hex()
    proofs = tuple(each for each in login.proofs if not each.skipped)
    known = sessions.get(login.session_id) if login.session_id else None
    if known is not None and not (known.person.is_same(subject) and stands(work, known)):
        end_session(work, known.id, "another person", user_id=known.person.user_id or "-")
        known = None
    if known is None:
        policy = read_policy(work, SessionPolicy)
        remembered = timedelta(minutes=policy.remember_minutes)
        ends_at = work.now + (remembered if login.remember else timedelta(hours=policy.absolute_hours))
        session = Session(
            id=new_id(work.entropy, work.now), person=subject, proofs=proofs, created_at=work.now, used_at=work.now,
            idle_at=_idle_at(work, ends_at, remembered=login.remember), ends_at=ends_at, remembered=login.remember,
            user_agent=browser.user_agent[:256], address=browser.address,
        )  # fmt: skip
        sessions.add(session, secret)
        return session, secret
    session = replace(
        known, proofs=_merged(known.proofs, proofs), used_at=work.now,
        idle_at=_idle_at(work, known.ends_at, remembered=known.remembered),
    )  # fmt: skip
    if all(each.at < login.created_at for each in proofs):
        sessions.touch(session)
        return session, ""
    sessions.save(session, secret)
    return session, secret


def _idle_at(work: Work, ends_at: datetime, *, remembered: bool) -> datetime:
    """Return when a session ends that nobody uses; whoever wished to be remembered need not come back so soon."""
    if remembered:
        return ends_at
    return min(ends_at, work.now + timedelta(minutes=read_policy(work, SessionPolicy).idle_minutes))


def _note_login(work: Work, login: Login, session: Session) -> None:
    user = user_of(work, session.person)
    if user is not None:
        note_whole_login(work.within(session.person.tenant), user)
    note(work, "login", session.person.user_id or session.person.name, reason=_how(login))


def _merged(old: tuple[Proof, ...], new: tuple[Proof, ...]) -> tuple[Proof, ...]:
    """Return all that was proven, the newest of each kind."""
    fresh = {each.option for each in new}
    return (*(each for each in old if each.option not in fresh), *new)


def _known_users(browser: Browser, session: Session) -> frozenset[str]:
    user_id = session.person.user_id
    if user_id is None:
        return frozenset()
    return frozenset([user_id, *sorted(browser.known_users - {user_id})[: MOST_KNOWN_USERS - 1]])


def _how(login: Login) -> str:
    taken = [each.option.authenticator for each in login.proofs if not each.skipped]
    return f"{login.application}: {', '.join(taken)}"
