"""The one address that every page of logging in submits to: ``/commonauth`` (platform.md 1.1 and 2.1)."""

from dataclasses import dataclass
from typing import Any

from watchword.base.problems import LoginStale
from watchword.login.browsers import forget_session, is_own_form, read_browser
from watchword.login.front import LoginFront
from watchword.login.model import Answer, Place
from watchword.login.onward import address_of
from watchword.login.usecases.sessions import log_out
from watchword.storage.work import Work
from watchword.web.model import Ask, Door, Reply, Route, get, post

Form = dict[str, str]
LOGOUT_PAGE = "authenticationendpoint/samlsso_logout.do"
ASK_LOGOUT_PAGE = "authenticationendpoint/logout.do"
SECRETS = frozenset({"password", "OTPcode", "BackupCode"})
"""What is never taken from an address: addresses are kept in histories and logs."""


@dataclass(frozen=True, slots=True)
class CommonAuth:
    """The handlers, and what they need from outside."""

    front: LoginFront

    def routes(self) -> list[Route]:
        """Return the slice's table of routes."""
        return [
            get("/commonauth", self.follow, door=Door.ANYONE, page=True, reading=False),
            post("/commonauth", self.submit, door=Door.ANYONE, page=True, body=Form, hashing_field="password"),
        ]

    def submit(self, work: Work, ask: Ask[Form]) -> Reply:
        """Take the form of a page."""
        if ask.body.get("commonAuthLogout") == "true":
            return self._log_out(work, ask)
        return self._answer(work, ask, ask.body)

    def follow(self, work: Work, ask: Ask[None]) -> Reply:
        """Take a link: another option of the step, or a logout."""
        if ask.query.get("commonAuthLogout") == "true":
            return self._log_out(work, ask)
        return self._answer(work, ask, {name: value for name, value in ask.query.items() if name not in SECRETS})

    def _answer(self, work: Work, ask: Ask[Any], fields: Form) -> Reply:
        key = fields.get("sessionDataKey", "")
        try:
            return self.front.answer(work, ask, key, Answer(fields))
        except LoginStale:
            return self.front.lead_out(work, key)

    def _log_out(self, work: Work, ask: Ask[Any]) -> Reply:
        """End the session; a request that another site has made is asked about first."""
        if not is_own_form(work, ask.headers):
            return _lead(work, Place(page=ASK_LOGOUT_PAGE))
        log_out(work, read_browser(work, ask))
        return _lead(work, Place(page=LOGOUT_PAGE), forget_session(work))


def _lead(work: Work, place: Place, *cookies: str) -> Reply:
    return Reply(status=302, headers={"Location": address_of(work, place)}, cookies=cookies)
