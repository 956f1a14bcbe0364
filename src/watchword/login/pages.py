"""The pages of logging in (platform.md 9, sms-otp.md 1.12), under every address that they have.

A page says what the login says that is stored here: of the address only the key counts. A page at which the login does
not stand leads to where it does, so that going back, reloading and a second tab are of no harm. Forms go to
``/commonauth``, which answers with a redirection.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from watchword.applications.store import Applications
from watchword.base.problems import LoginStale
from watchword.login.authenticator import Browser
from watchword.login.browsers import read_browser, session_cookie
from watchword.login.duties.claims import CLAIMS_PAGE
from watchword.login.duties.password import CHANGE_PAGE
from watchword.login.model import (
    CODE_PAGES,
    FAILED_PAGES,
    LOGIN_PAGE,
    PHONE_PAGES,
    RETRY_PAGE,
    Login,
    Person,
    Place,
)
from watchword.login.onward import address_of, location_of
from watchword.login.password_rules import rules_of
from watchword.login.shown import claim_fields, list_of, login_form, options_beside
from watchword.login.told import AT_CHOICES, AT_ENDS, AT_FAILURES, AT_NUMBERS, GENERIC, Said, decoded, said_of
from watchword.login.usecases.answer import look_at_login
from watchword.login.usecases.own_password import change_in_session
from watchword.login.usecases.sessions import live_session
from watchword.login.waiting import read_waiting
from watchword.storage.work import Work
from watchword.web.model import Ask, Door, Reply, Route, get, post
from watchword.web.pages import Pages
from watchword.web.visits import Visit, accept_form, open_visit

log = logging.getLogger(__name__)

TEMPLATES = Path(__file__).with_name("templates")
LOGOUT_PAGE = "authenticationendpoint/logout.do"
FAMILIES = (
    frozenset({LOGIN_PAGE}), frozenset(CODE_PAGES), frozenset(FAILED_PAGES), frozenset(PHONE_PAGES),
    frozenset({RETRY_PAGE}), frozenset({CLAIMS_PAGE}), frozenset({CHANGE_PAGE}),
)  # fmt: skip
"""Addresses of one and the same page."""
_NOBODY = ("change.nobody.title", "change.nobody.text")
_DONE = ("change.done.title", "change.done.text")
Form = dict[str, str]
Show = Callable[["Looking"], Reply]


@dataclass(frozen=True, slots=True)
class Looking:
    """Somebody who looks at a page of a login that is under way."""

    work: Work
    ask: Ask[None]
    visit: Visit
    login: Login

    @property
    def query(self) -> Mapping[str, str]:
        """Return what the login was told to say, whatever the browser's address says."""
        return self.login.place.query if self.login.place is not None else {}


@dataclass(frozen=True, slots=True)
class LoginPages:
    """The pages, and what they need from outside."""

    pages: Pages
    offers_sign_up: Callable[[Work], bool]

    @classmethod
    def of_parts(cls, pages: Pages, offers_sign_up: Callable[[Work], bool]) -> "LoginPages":
        """Return the pages, with the templates of this slice."""
        return cls(pages.with_templates(TEMPLATES), offers_sign_up)

    def routes(self) -> list[Route]:
        """Return the slice's table of pages."""
        shown: list[tuple[tuple[str, ...], Show]] = [
            ((LOGIN_PAGE,), self._login), (CODE_PAGES, self._code), (FAILED_PAGES, self._failed),
            (PHONE_PAGES, self._phone), ((RETRY_PAGE,), self._ended), ((CLAIMS_PAGE,), self._claims),
        ]  # fmt: skip
        return [
            *(_page(get, f"/{page}", self._at(page, show)) for pages, show in shown for page in pages),
            _page(get, f"/{LOGOUT_PAGE}", self.show_logout),
            _page(get, f"/{CHANGE_PAGE}", self.show_change),
            _page(post, f"/{CHANGE_PAGE}", self.change, body=Form),
        ]

    # --- of a login that is under way

    def _at(self, page: str, show: Show) -> Callable[[Work, Ask[None]], Reply]:
        """Return what shows a page while the login stands there, and else leads to where it stands."""

        def look(work: Work, ask: Ask[None]) -> Reply:
            key, browser = ask.query.get("sessionDataKey", ""), read_browser(work, ask)
            try:
                login = look_at_login(work, key, browser)
            except LoginStale:
                return self._over(work, ask, browser, key)
            if not _may_be_shown(login, page):
                return Reply(status=302, headers={"Location": location_of(work, login)})
            asked, visit = self._in_language(work, ask, key)
            return show(Looking(work, asked, visit, login))

        return look

    def _login(self, looking: Looking) -> Reply:
        """Ask for name and password, for the name alone, or for a choice."""
        form = login_form(looking.work, looking.login)
        said = said_of(looking.query, {} if form.kind == "password" else AT_CHOICES)
        return self._show(
            looking, "login.html", said=_saying(said), title="login.title" if form.kind else "choose.title",
            form=form.kind, inline=form.inline, options=form.others, name=form.name, is_named=form.is_named,
            sign_up=form.is_first and self.offers_sign_up(looking.work),
            here_again=address_of(
                looking.work, Place(page=LOGIN_PAGE, query={"sessionDataKey": looking.login.key})
            ),
        )  # fmt: skip

    def _code(self, looking: Looking) -> Reply:
        """Ask for the code, and say what became of the message that carries it."""
        return self._show(
            looking, "otp.html", said=_saying(_of_code(said_of(looking.query), looking.login)),
            waiting=read_waiting(looking.work, looking.login),
            options=options_beside(looking.work, looking.login), list_page=list_of(looking.login),
        )  # fmt: skip

    def _failed(self, looking: Looking) -> Reply:
        """Say why there is no code, or why it was of no use, and what is left."""
        said = _of_code(said_of(looking.query, AT_FAILURES), looking.login) or Said(GENERIC)
        notes = looking.login.notes
        application = Applications(looking.work).get(looking.login.request.application_id)
        _note_end(said, looking.login)
        return self._show(
            looking, "otp_failed.html", said=_saying(said), detail=decoded(looking.query.get("authFailureInfo", "")),
            may_type=said.text in {"told.wrong_code", "told.older_code"} or bool(notes.get("may_type")),
            access_url=_web_address(application.access_url) if application and notes.get("is_spent") else "",
            may_resend=looking.query.get("resendCode") == "true",
            code_page=f"../{CODE_PAGES[1]}", options=options_beside(looking.work, looking.login),
        )  # fmt: skip

    def _phone(self, looking: Looking) -> Reply:
        """Ask for the number of somebody who has none in the profile."""
        said = said_of(looking.query, AT_NUMBERS)
        wrong = said is not None and said.text == "phone.refused"
        detail = decoded(looking.query.get("mobileNumberPatternPolicyFailureErrorMessage", "")) if wrong else ""
        return self._show(looking, "phone.html", said=_saying(said), detail=detail)

    def _claims(self, looking: Looking) -> Reply:
        """Ask for what the application must know of a person."""
        notes, words = looking.login.notes, self.pages.words(looking.ask)
        fields = claim_fields(notes.get("claims", ()))
        names = {each.id: words.say(each.text) if each.text else each.name for each in fields}
        errors = [{**each, "facts": {"name": names.get(each["field"], "")}} for each in notes.get("errors", ())]
        return self._show(
            looking, "claims.html", fields=fields, names=names, typed=notes.get("typed", {}),
            said={"errors": errors, "words": []},
        )  # fmt: skip

    def _ended(self, looking: Looking) -> Reply:
        """Say why a login has failed; the application is told when the person goes back."""
        said, login = said_of(looking.query, AT_ENDS) or Said("told.failed"), looking.login
        _note_end(said, login)
        return self._end(looking.work, looking.ask, looking.visit, login.request.application_id, said, login.key)

    def _show(self, looking: Looking, template: str, **facts: Any) -> Reply:  # noqa: ANN401  # of the template
        usual = {
            "application": looking.login.application, "key": looking.login.key, "said": _saying(said_of(looking.query)),
            "commonauth": _path_of(looking.work, "commonauth"), "trace": looking.work.origin.trace,
        }  # fmt: skip
        return self.pages.show(looking.work, looking.ask, template, looking.visit, **{**usual, **facts})

    # --- of a login that is over, or was none

    def _over(self, work: Work, ask: Ask[None], browser: Browser, key: str) -> Reply:
        """Say that a login is over, and where to begin another: its application is known as long as its cookie is."""
        asked, visit = self._in_language(work, ask, key if key in browser.nonces else "")
        return self._end(work, asked, visit, browser.applications.get(key, ""), Said("told.stale"), "")

    def _end(
        self, work: Work, ask: Ask[None], visit: Visit, application_id: str, said: Said, key: str
    ) -> Reply:  # fmt: skip
        application = Applications(work).get(application_id) if application_id else None
        return self.pages.show(
            work, ask, "ended.html", visit, error=said, key=key, title="ended.title" if key else "ended.over",
            commonauth=_path_of(work, "commonauth"),
            application=application.name if application else "",
            access_url=_web_address(application.access_url) if application else "", trace=work.origin.trace,
        )  # fmt: skip

    # --- of a session

    def show_logout(self, work: Work, ask: Ask[None]) -> Reply:
        """Ask whether to log out, since another site has sent the person here."""
        asked, visit = self._in_language(work, ask, "")
        session = live_session(work, read_browser(work, ask))
        name = session.person.name if session is not None else ""
        goes_round = ask.query.get("slo") == "true"
        """Whether everybody is to be told who can only be told with the browser."""
        place = _path_of(work, "samlsso" if goes_round else "commonauth")
        return self.pages.show(work, asked, "logout.html", visit, name=name, place=place, goes_round=goes_round)

    def show_change(self, work: Work, ask: Ask[None]) -> Reply:
        """Ask for another password: during a login that must have one, or because somebody wishes it."""
        if ask.query.get("sessionDataKey"):
            return self._at(CHANGE_PAGE, self._change)(work, ask)
        asked, visit = self._in_language(work, ask, "")
        person = _who_is_logged_in(work, read_browser(work, ask))
        said = _said_before(visit, ask.query.get("said", ""))
        if person is None or said.get("done"):
            title, text = _NOBODY if person is None else _DONE
            return self.pages.show(work, asked, "plain.html", visit, title=title, text=text)
        return self.pages.show(
            work, asked, "change.html", visit, said=said, why="wish", name=person.name,
            rules=rules_of(work.within(person.tenant)), action=_path_of(work, CHANGE_PAGE), key="",
        )  # fmt: skip

    def _change(self, looking: Looking) -> Reply:
        notes, person = looking.login.notes, looking.login.person
        there = looking.work.within(person.tenant) if person is not None else looking.work
        return self._show(
            looking, "change.html", said={"errors": notes.get("errors", []), "words": []},
            why=notes.get("why", "required"), name=person.name if person else "", rules=rules_of(there),
            action=_path_of(looking.work, "commonauth"),
        )  # fmt: skip

    def change(self, work: Work, ask: Ask[Form]) -> Reply:
        """Change the password of whoever is logged in."""
        visit, browser = accept_form(work, ask), read_browser(work, ask)
        person = _who_is_logged_in(work, browser)
        if person is None:
            return self.pages.go(work, ask, _path_of(work, CHANGE_PAGE), visit)
        blames, session, secret = change_in_session(work, person, browser, ask.body)
        number = work.entropy.octets(4).hex()
        errors = [blame.to_json() for blame in blames]
        said = {"number": number, "page": CHANGE_PAGE, "errors": errors, "words": [], "done": not blames}
        reply = self.pages.go(work, ask, _path_of(work, CHANGE_PAGE), visit.keeping(said=said), said=number)
        fresh = (session_cookie(work, session, secret),) if session is not None else ()
        return replace(reply, cookies=(*reply.cookies, *fresh))

    # --- what they share

    def _in_language(self, work: Work, ask: Ask[None], key: str) -> tuple[Ask[None], Visit]:
        """Return the request as a page may know it: its login, and the language that was once chosen."""
        visit = open_visit(work, ask)
        wanted = self.pages.catalogues.find(ask.query.get("ui_locales", ""))
        if wanted is not None:
            visit = visit.keeping(language=wanted.language)
        language = visit.kept.get("language", "")
        known = {"sessionDataKey": key, "ui_locales": language}
        return replace(ask, query={name: value for name, value in known.items() if value}), visit


def _page(
    make: Callable[..., Route], path: str, handler: Callable[..., Reply], **options: Any  # noqa: ANN401  # of Route
) -> Route:  # fmt: skip
    return make(path, handler, door=Door.ANYONE, page=True, **options)


def _may_be_shown(login: Login, page: str) -> bool:
    """Tell whether a login stands at a page, or may go there: to the list of options, or from an error to its code."""
    place = login.place.page.partition("?")[0] if login.place is not None else ""
    stands = next((family for family in FAMILIES for each in family if place.endswith(each)), frozenset())
    if page in stands:
        return True
    if login.failure is not None or login.duty:
        return False
    if page == LOGIN_PAGE:
        return list_of(login) != ""
    return page in CODE_PAGES and not stands.isdisjoint(FAILED_PAGES) and not login.notes.get("is_spent")


def _of_code(said: Said | None, login: Login) -> Said | None:
    """Return what is said of a code, with what the login knows besides."""
    if said is None:
        return None
    if said.text == "told.wrong_code" and login.notes.get("is_older"):
        return Said("told.older_code")
    if said.text == "told.resent_too_often" and login.place is not None and _has_no_code(login):
        return Said("told.sent_too_often")
    return said


def _has_no_code(login: Login) -> bool:
    place = login.place.page.partition("?")[0] if login.place is not None else ""
    return any(place.endswith(each) for each in FAILED_PAGES) and not login.notes.get("may_type")


def _note_end(said: Said, login: Login) -> None:
    """Write down what a person was told who may ask for help: by the trace id of the page it is found again."""
    user = login.person.user_id if login.person is not None else None
    log.info("a login could not go on", extra={"told": said.text, "application": login.application, "user": user})


def _saying(said: Said | None) -> dict[str, Any]:
    """Return what a template shows of something that is said."""
    return {"errors": [{"field": "", "text": said.text, "facts": dict(said.facts)}] if said else [], "words": []}


def _path_of(work: Work, page: str) -> str:
    """Return where a page is, without the host: under whatever name the browser knows us."""
    return urlsplit(address_of(work, Place(page=page))).path


def _said_before(visit: Visit, number: str) -> Mapping[str, Any]:
    """Return what the form for another password has led to, under the address that it led to."""
    said: Mapping[str, Any] = visit.kept.get("said") or {}
    return said if said.get("page") == CHANGE_PAGE and said.get("number") == number else {"errors": []}


def _web_address(address: str) -> str:
    return address if urlsplit(address).scheme in {"http", "https"} else ""


def _who_is_logged_in(work: Work, browser: Browser) -> Person | None:
    session = live_session(work, browser)
    return session.person if session is not None and session.person.user_id is not None else None
