"""The pages of the sample application, and who is logged in to it.

Everything is kept in this process: three small memories in place of a database. A request of ours is remembered with
the browser that it was made for, so that an answer is believed once, and in that browser only.
"""

import base64
import hashlib
import logging
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Generic, TypeVar
from urllib.parse import parse_qsl

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from watchword.sample.saml import IdentityServer, NotLoggedIn, Person, Sending, ServiceProvider
from watchword.sample.strictness import MAX_MESSAGE_BYTES, Refused, Unreachable, kind_of

log = logging.getLogger(__name__)
Value = TypeVar("Value")

LOGIN_SECONDS = 60 * 60
SESSION_SECONDS = 8 * 60 * 60
REPLAY_SECONDS = 24 * 60 * 60
MAX_REMEMBERED = 10_000
SUBMIT = "document.forms[0].submit()"
SUBMIT_HASH = base64.b64encode(hashlib.sha256(SUBMIT.encode()).digest()).decode()
AGAIN = "sent-again"
ENDS = {
    "out": ("You are logged out", "Of this application, and of every other that you had entered in this browser."),
    "partly": ("You are logged out", "Not every application has confirmed it: close the browser to be sure."),
    "not-in": ("You are not logged in", "The log-in was cancelled, or it did not succeed."),
}
"""What a person reads in the end. A page of its own says it, so that a reload sends no message twice."""
PAGES = Environment(loader=PackageLoader("watchword.sample", "pages"), autoescape=True, undefined=StrictUndefined)


@dataclass(slots=True)
class Memory(Generic[Value]):
    """What is remembered for a while; the oldest goes first when there is too much."""

    seconds: float
    _kept: dict[str, tuple[float, Value]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def put(self, key: str, value: Value) -> bool:
        """Remember *value*, and tell whether nothing was remembered under that key."""
        with self._lock:
            now = time.monotonic()
            while self._kept and (len(self._kept) >= MAX_REMEMBERED or next(iter(self._kept.values()))[0] <= now):
                del self._kept[next(iter(self._kept))]
            if key in self._kept:
                return False
            self._kept[key] = (now + self.seconds, value)
            return True

    def get(self, key: str) -> Value | None:
        """Return what is remembered."""
        with self._lock:
            until, value = self._kept.get(key, (0.0, None))
            return value if until > time.monotonic() else None

    def take(self, key: str) -> Value | None:
        """Return what is remembered, once: whoever asks next finds nothing."""
        with self._lock:
            until, value = self._kept.pop(key, (0.0, None))
            return value if until > time.monotonic() else None

    def forget(self, keys: Iterable[str]) -> None:
        """Remember no more what is under these keys."""
        with self._lock:
            for key in keys:
                self._kept.pop(key, None)

    def items(self) -> list[tuple[str, Value]]:
        """Return everything with its key."""
        with self._lock:
            return [(key, value) for key, (_, value) in self._kept.items()]


@dataclass(frozen=True, slots=True)
class Site:
    """One application: its pages, and who is logged in to it."""

    provider: ServiceProvider
    neighbours: Sequence[str]
    """The paths of all applications here, for the line at the top."""
    asked: Memory[str] = field(default_factory=lambda: Memory(LOGIN_SECONDS))
    """Requests of ours that wait for their answer: the secret of the browser that each was made for."""
    used: Memory[bool] = field(default_factory=lambda: Memory(REPLAY_SECONDS))
    """Assertions that have let somebody in."""
    sessions: Memory[Person] = field(default_factory=lambda: Memory(SESSION_SECONDS))

    def routes(self) -> list[Route]:
        """Return the addresses of this application."""
        path = self.provider.path
        return [
            Route(path, self.home),
            Route(path + "login", self.log_in),
            Route(path + "home.jsp", self.receive_query),
            Route(path + "home.jsp", self.receive_form, methods=["POST"]),
            Route(path + "logout", self.log_out, methods=["GET", "POST"]),
            Route(path + "metadata", self.metadata),
            *(Route(f"{path}ended/{end}", self.show_end) for end in ENDS),
        ]

    # --- what a person sees ---

    def home(self, request: Request) -> Response:
        """Show who is logged in, or how to log in."""
        person = self.sessions.get(request.cookies.get(self._session_cookie, ""))
        return self._page("home.html", person=person)

    def log_in(self, request: Request) -> Response:
        """Send the browser to the identity server, with a request that is remembered for this browser alone."""
        browser = request.cookies.get(self._login_cookie) or secrets.token_urlsafe(32)
        relay_state = request.query_params.get("to", self.provider.path + "home.jsp")
        try:
            if request.query_params.get("binding") == "post":
                sending = self.provider.login_by_post(relay_state)
            else:
                sending = self.provider.login_by_redirect(relay_state)
        except Unreachable as problem:
            return self._apologise("The identity server does not answer", 502, problem)
        self.asked.put(sending.request_id, browser)
        answer = self._send(sending)
        # No SameSite: the answer comes as a POST from another site, and needs this cookie. Where a browser keeps it
        # back all the same, the form is sent again from here (_receive).
        answer.set_cookie(self._login_cookie, browser, max_age=LOGIN_SECONDS, httponly=True, samesite=None)
        return answer

    def log_out(self, request: Request) -> Response:
        """End the session here, and ask the identity server to end it everywhere."""
        person = self.sessions.take(request.cookies.get(self._session_cookie, ""))
        if person is None:
            return self._page("message.html", title="You are not logged in", text="")
        try:
            sending = self.provider.logout(person)
        except Unreachable as problem:
            return self._apologise("You are logged out here, and perhaps not elsewhere", 502, problem)
        self.asked.put(sending.request_id, "")
        return self._send(sending)

    def show_end(self, request: Request) -> Response:
        """Say how it ended."""
        title, text = ENDS[request.url.path.rpartition("/")[2]]
        return self._page("message.html", title=title, text=text)

    def metadata(self, request: Request) -> Response:
        """Show what the identity server must know."""
        try:
            return Response(self.provider.metadata(), media_type="application/samlmetadata+xml")
        except Unreachable as problem:
            return self._apologise("The identity server does not answer", 502, problem)

    # --- what the identity server says ---

    async def receive_form(self, request: Request) -> Response:
        """Take a message that came by POST."""
        octets = b""
        async for piece in request.stream():
            octets += piece
            if len(octets) > 2 * MAX_MESSAGE_BYTES:
                return self._apologise("That was too much", 413, "a form that is too large")
        form = dict(parse_qsl(octets.decode(errors="replace"), keep_blank_values=True))
        return await run_in_threadpool(self._receive, request, form, None)

    def receive_query(self, request: Request) -> Response:
        """Take a message that came by Redirect; without one, this is the home page."""
        given = dict(request.query_params)
        if not given.keys() & {"SAMLRequest", "SAMLResponse"}:
            return self.home(request)
        return self._receive(request, given, request.url.query)

    def _receive(self, request: Request, given: Mapping[str, str], raw_query: str | None) -> Response:
        try:
            if "SAMLRequest" in given:
                return self._logged_out_elsewhere(given, raw_query)
            encoded = given.get("SAMLResponse", "")
            if raw_query is not None or kind_of(encoded) == "LogoutResponse":
                return self._logged_out(encoded, raw_query)
            if self._login_cookie not in request.cookies and AGAIN not in given:
                return self._send(Sending("", self.provider.acs_url, {**given, AGAIN: "yes"}))
            return self._logged_in(request, encoded, given.get("RelayState", ""))
        except Refused as problem:
            return self._apologise("That did not work", 403, problem)
        except Unreachable as problem:
            return self._apologise("The identity server does not answer", 502, problem)

    def _logged_in(self, request: Request, encoded: str, relay_state: str) -> Response:
        """Begin a session: if the answer is believed, this browser asked for it, and it has not been used before."""
        browser = request.cookies.get(self._login_cookie)
        try:
            person = self.provider.read_response(encoded)
        except NotLoggedIn as failure:
            log.info("nobody logged in to %s: %s", self.provider.entity_id, failure)
            return self._end("not-in", forgetting=self.asked.take(failure.in_response_to) == browser)
        if not browser or self.asked.take(person.in_response_to) != browser:
            raise Refused("this browser did not ask for the Response, or has had it already")
        if not self.used.put(person.assertion_id, value=True):
            raise Refused("the assertion has been used before")
        session = secrets.token_urlsafe(32)
        self.sessions.put(session, person)
        log.info("%s logged in to %s", person.name, self.provider.entity_id)
        answer = RedirectResponse(local_path(relay_state) or self.provider.path + "home.jsp", 303)
        answer.set_cookie(self._session_cookie, session, httponly=True, samesite="lax")
        answer.delete_cookie(self._login_cookie)
        return answer

    def _logged_out(self, encoded: str, raw_query: str | None) -> Response:
        request_id, complete = self.provider.read_logout_response(encoded, raw_query)
        if self.asked.take(request_id) != "":
            raise Refused("nobody here asked to be logged out")
        return self._end("out" if complete else "partly")

    def _logged_out_elsewhere(self, given: Mapping[str, str], raw_query: str | None) -> Response:
        """End the sessions that a LogoutRequest names, whichever browser they are in, and say so."""
        said = self.provider.read_logout_request(given["SAMLRequest"], raw_query)
        ended = [
            key
            for key, person in self.sessions.items()
            if person.name == said.name and (not said.session_indexes or person.session_index in said.session_indexes)
        ]
        self.sessions.forget(ended)
        log.info("%s was logged out of %s", said.name, self.provider.entity_id)
        return self._send(self.provider.confirm_logout(said, given.get("RelayState")))

    # --- pages ---

    @property
    def _login_cookie(self) -> str:
        return f"{self.provider.entity_id}-login"

    @property
    def _session_cookie(self) -> str:
        return f"{self.provider.entity_id}-session"

    def _send(self, sending: Sending) -> Response:
        if not sending.form:
            return RedirectResponse(sending.url, 303)
        return self._page("post.html", url=sending.url, form=sending.form, submit=SUBMIT)

    def _end(self, end: str, *, forgetting: bool = False) -> Response:
        answer = RedirectResponse(f"{self.provider.path}ended/{end}", 303)
        if forgetting:
            answer.delete_cookie(self._login_cookie)
        return answer

    def _apologise(self, title: str, status: int, problem: object) -> Response:
        """Say that something went wrong; why is for the log, since strangers write what is in a message."""
        log.warning("%s: refused: %s", self.provider.entity_id, " ".join(str(problem).split()))
        text = "Please try again. If it stays so, whoever runs this application finds the reason in its log."
        return self._page("message.html", status, title=title, text=text)

    def _page(self, template: str, status: int = 200, **facts: object) -> Response:
        html = PAGES.get_template(template).render(site=self.provider, neighbours=self.neighbours, **facts)
        return HTMLResponse(html, status, headers=_headers(self.provider.server.url))


def build_application(providers: Sequence[ServiceProvider]) -> Starlette:
    """Return applications that stand side by side; the first has the bare address, too."""
    paths = [each.path for each in providers]
    sites = [Site(each, paths) for each in providers]
    first = sites[0]
    return Starlette(
        routes=[
            Route("/", first.home),
            Route("/logout", lambda _: RedirectResponse(first.provider.path + "logout", 303)),
            Route("/sample.css", _style),
            *(route for site in sites for route in site.routes()),
        ]
    )


def build_samples(names: Iterable[str], base_url: str, server_url: str, entity_id: str) -> Starlette:
    """Return applications of these names, which believe the identity server at an address."""
    server = IdentityServer(server_url, entity_id)
    return build_application([ServiceProvider(name, base_url, server) for name in names])


def local_path(relay_state: str) -> str | None:
    """Return where to go after logging in, if it is a path of this very site: anything may stand in a RelayState."""
    is_path = relay_state.startswith("/") and not relay_state.startswith("//")
    return relay_state if is_path and relay_state.isprintable() and "\\" not in relay_state else None


def _style(_: Request) -> Response:
    css = PAGES.loader.get_source(PAGES, "sample.css")[0] if PAGES.loader else ""
    return Response(css, media_type="text/css", headers={"Cache-Control": "max-age=3600"})


def _headers(server_url: str) -> dict[str, str]:
    policy = (
        f"default-src 'none'; style-src 'self'; script-src 'sha256-{SUBMIT_HASH}'; "
        f"form-action 'self' {server_url}; base-uri 'none'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
