"""What a protocol sees of logging in: it starts a login, and takes the result when the browser comes back."""

from dataclasses import dataclass, replace
from typing import Any, Protocol

from watchword.login.authenticator import Browser
from watchword.login.browsers import is_own_form, move_on, read_browser
from watchword.login.dispatcher import Dispatcher
from watchword.login.model import RETRY_PAGE, Answer, LoginRequest, LoginResult, Place
from watchword.login.onward import Onward, address_of
from watchword.login.usecases.answer import answer_login, report_failed_send
from watchword.login.usecases.begin import start_login
from watchword.login.usecases.finish import take_result
from watchword.notification.outbox import Notified
from watchword.storage.work import Work
from watchword.web.model import Ask, Reply
from watchword.web.visits import FormStale


class Courier(Protocol):
    """What logging in needs of the courier."""

    def hurry(self, work: Work, notified: Notified) -> bool | None:
        """See to it that a message goes out now; tell whether it did, ``None`` if nobody knows yet."""


@dataclass(frozen=True, slots=True)
class LoginFront:
    """Starts logins, takes answers, gives results."""

    dispatcher: Dispatcher
    courier: Courier

    def start(self, work: Work, ask: Ask[Any], request: LoginRequest) -> Reply:
        """Begin a login, and send the browser to its first page, or back at once.

        Raises:
            ApplicationUnknown, ApplicationDisabled
        """
        browser = read_browser(work, ask)
        onward = start_login(work, request, browser, self.dispatcher)
        bound = replace(browser, nonces={**browser.nonces, onward.login.key: onward.nonce})
        return self._after_sending(work, ask, onward, bound)

    def answer(self, work: Work, ask: Ask[Any], key: str, answer: Answer) -> Reply:
        """Take what a page sent, and send the browser on.

        Raises:
            LoginStale
            FormStale: another site sent it.
        """
        if not is_own_form(work, ask.headers):
            raise FormStale
        browser = read_browser(work, ask)
        onward = answer_login(work, key, browser, answer, self.dispatcher)
        return self._after_sending(work, ask, onward, browser)

    def take(self, work: Work, ask: Ask[Any], key: str) -> LoginResult:
        """Return how a login has ended, once.

        Raises:
            LoginStale
        """
        return take_result(work, key, read_browser(work, ask))

    def lead_out(self, work: Work, key: str) -> Reply:
        """Send the browser of a login that is over, or never was, to the page that says so."""
        query = {"authFailure": "true", "authFailureMsg": "login.stale", "sessionDataKey": key}
        return Reply(status=302, headers={"Location": address_of(work, Place(page=RETRY_PAGE, query=query))})

    def _after_sending(self, work: Work, ask: Ask[Any], onward: Onward, browser: Browser) -> Reply:
        """Wait for the first attempt of a message, where the settings say so; a failed one may lead elsewhere."""
        notified = onward.notified
        if notified is not None and self.courier.hurry(work, notified) is False:
            told = report_failed_send(
                work, onward.login.key, browser, notified.message_id, notified.reason or "", self.dispatcher
            )
            onward = replace(onward, location=told.location)
        return move_on(work, onward, ask)
