"""End a login: make or renew the session, and hand the outcome to the protocol, once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from watchword.accounts.guessing import note_whole_login
from watchword.accounts.model import User
from watchword.accounts.store.users import Users
from watchword.base.entropy import new_id
from watchword.base.problems import LoginStale
from watchword.login.authenticator import Browser
from watchword.login.dispatcher import Moved
from watchword.login.model import Failure, Login, LoginResult, Person, Proof, Session
from watchword.login.onward import Onward, location_of
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
        login=login, location=location_of(work, login), nonce=nonce, session=session, session_secret=secret,
        known_users=known,
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
    if subject is None or person is None or result.session is None:
        return replace(result, failure=Failure.NOT_AUTHENTICATED)
    if subject.user_id is None:
        return replace(result, person=subject, claims=dict(person.attributes))
    user = user_of(work, person) or user_of(work, subject)
    if user is None or not may_be_logged_in(user):
        return replace(result, failure=Failure.NOT_AUTHENTICATED)
    return replace(result, person=subject, claims=user.all_claims(), roles=user.roles)


def user_of(work: Work, person: Person) -> User | None:
    """Return the account of somebody, in whatever tenant it is."""
    return Users(work.within(person.tenant)).get(person.user_id) if person.user_id else None


def may_be_logged_in(user: User) -> bool:
    """Tell whether an account is open; a lock that ends by itself keeps nobody out who is in."""
    return not user.disabled and not (user.locked and user.unlock_at is None)


def _session_for(work: Work, login: Login, subject: Person, browser: Browser) -> tuple[Session, str]:
    """Return the session of a login that has succeeded, and the new secret of its cookie.

    The same person goes on with the session; anybody else ends it and begins another.
    """
    sessions, secret = Sessions(work), work.entropy.octets(SECRET_BYTES).hex()
    proofs = tuple(each for each in login.proofs if not each.skipped)
    known = sessions.get(login.session_id) if login.session_id else None
    if known is not None and not _is_same(known.person, subject):
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


def _is_same(known: Person, other: Person) -> bool:
    if known.user_id is None or other.user_id is None:
        return (known.provider_id, known.name) == (other.provider_id, other.name) and known.user_id == other.user_id
    return (known.user_id, known.tenant) == (other.user_id, other.tenant)


def _known_users(browser: Browser, session: Session) -> frozenset[str]:
    user_id = session.person.user_id
    if user_id is None:
        return frozenset()
    return frozenset([user_id, *sorted(browser.known_users - {user_id})[: MOST_KNOWN_USERS - 1]])


def _how(login: Login) -> str:
    taken = [each.option.authenticator for each in login.proofs if not each.skipped]
    return f"{login.application}: {', '.join(taken)}"
