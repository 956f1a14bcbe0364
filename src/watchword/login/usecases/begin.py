"""Begin a login."""

from datetime import timedelta

from watchword.applications.store import Applications
from watchword.base.problems import ApplicationDisabled, ApplicationUnknown
from watchword.login.authenticator import Browser
from watchword.login.dispatcher import Dispatcher
from watchword.login.model import Login, LoginRequest
from watchword.login.onward import Onward
from watchword.login.store.logins import Logins
from watchword.login.usecases.finish import arrive
from watchword.login.usecases.sessions import live_session
from watchword.storage.work import Work

LIFETIME = timedelta(minutes=30)
KEY_BYTES = 24
NONCE_BYTES = 32


def start_login(work: Work, request: LoginRequest, browser: Browser, dispatcher: Dispatcher) -> Onward:
    """Begin a login, and return where the browser goes: to a page, or back at once where nothing has to be asked.

    Raises:
        ApplicationUnknown, ApplicationDisabled
    """
    application = Applications(work).get(request.application_id)
    if application is None:
        raise ApplicationUnknown(name=request.application_id)
    if not application.enabled:
        raise ApplicationDisabled
    session = live_session(work, browser)
    key, nonce = work.entropy.octets(KEY_BYTES).hex(), work.entropy.octets(NONCE_BYTES).hex()
    login = Login(
        key=key, request=request, application=application.name, is_saas=application.advanced.saas,
        sequence=application.sequence, session_id=session.id if session else None, created_at=work.now,
        expires_at=work.now + LIFETIME,
    )  # fmt: skip
    moved = dispatcher.begin(work, login, browser, session)
    return arrive(work, moved, browser, lambda login: Logins(work).add(login, nonce), nonce=nonce)
