"""Take the answer of a page, and look at where a login stands."""

from collections.abc import Callable
from dataclasses import replace

from watchword.base.problems import LoginStale
from watchword.login.authenticator import Browser
from watchword.login.dispatcher import Dispatcher, Moved
from watchword.login.model import Answer, Login
from watchword.login.onward import Onward, location_of
from watchword.login.store.logins import LoginMoved, Logins
from watchword.login.usecases.finish import arrive
from watchword.storage.work import Work


def answer_login(work: Work, key: str, browser: Browser, answer: Answer, dispatcher: Dispatcher) -> Onward:
    """Take what a page sent, and return where the browser goes.

    Of two answers that come together one moves the login; the other is sent to where that has led.

    Raises:
        LoginStale
    """
    return _move(work, key, browser, lambda login: dispatcher.answer(work, login, browser, answer))


def report_failed_send(
    work: Work, key: str, browser: Browser, message_id: str, reason: str, dispatcher: Dispatcher
) -> Onward:
    """Tell a login that the message for which the person waits could not be handed over.

    Raises:
        LoginStale
    """
    return _move(work, key, browser, lambda login: dispatcher.send_failed(work, login, browser, message_id, reason))


def look_at_login(work: Work, key: str, browser: Browser) -> Login:
    """Return where a login of this browser stands, for the page that shows it.

    Raises:
        LoginStale: it is over, too old, of another browser, or never was.
    """
    login = _find(work, key, browser)
    if login.is_over:
        raise LoginStale
    return login


def _move(work: Work, key: str, browser: Browser, move: Callable[[Login], Moved]) -> Onward:
    login = _find(work, key, browser)
    if login.is_over:
        return Onward(login=login, location=location_of(work, login))
    try:
        return arrive(work, move(login), browser, lambda moved: _save(work, login, moved, browser))
    except LoginMoved:
        work.release()
    login = _find(work, key, browser)
    return Onward(login=login, location=location_of(work, login))


def _save(work: Work, before: Login, moved: Login, browser: Browser) -> None:
    """Store how far a login has come; whoever takes a step is not kept back by a refusal that was stored meanwhile.

    Raises:
        LoginMoved
    """
    try:
        Logins(work).save(moved)
    except LoginMoved:
        now = _find(work, before.key, browser)
        if moved.proofs == before.proofs or now.is_over or now.proofs != before.proofs:
            raise
        Logins(work).save(replace(moved, version=now.version))


def _find(work: Work, key: str, browser: Browser) -> Login:
    nonce = browser.nonces.get(key)
    login = Logins(work).find(key, nonce) if nonce else None
    if login is None:
        raise LoginStale
    return login
