"""A browser without a window, at the sample applications: it keeps cookies, and says what it was told."""

import asyncio
import html
import re
import zlib
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from lxml import etree
from starlette.applications import Starlette

from tests.hand_made_idp import Facts, HandMadeIdp, encoded
from watchword.sample.application import build_application
from watchword.sample.saml import KeyPair, ServiceProvider

BASE_URL = "http://localhost:8080"
TRAVELOCITY, AVIS = "travelocity.com", "avis.com"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: list[tuple[str, str]]
    text: str

    @property
    def location(self) -> str:
        return dict(self.headers)["location"]

    @property
    def form(self) -> dict[str, str]:
        """The fields of the form on the page."""
        found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', self.text)
        return {html.unescape(name): html.unescape(value) for name, value in found}


@dataclass(slots=True)
class Browser:
    """Somebody's browser."""

    application: Starlette
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str) -> Answer:
        return self._ask("GET", path, b"")

    def post(self, path: str, form: Mapping[str, str]) -> Answer:
        return self._ask("POST", path, urlencode(form).encode())

    def begin(self, site: str = TRAVELOCITY, query: str = "") -> str:
        """Begin to log in, and return the ID of the request that was sent."""
        return str(asked(self.get(f"/{site}/login{query}").location).get("ID"))

    def bring(self, message: etree._Element | bytes, site: str = TRAVELOCITY, relay_state: str | None = None) -> Answer:
        """Bring a message to an application, as the identity provider's form does."""
        form = {"SAMLResponse": encoded(message)} | ({} if relay_state is None else {"RelayState": relay_state})
        return self.post(f"/{site}/home.jsp", form)

    def follow(self, answer: Answer) -> Answer:
        """Go where an answer leads; what it leads to can be opened once more."""
        found = self.get(answer.location)
        assert found.status == 200
        assert self.get(answer.location) == found
        return found

    def is_logged_in(self, site: str = TRAVELOCITY) -> bool:
        return "You are logged in as" in self.get(f"/{site}/").text

    def _ask(self, method: str, target: str, body: bytes) -> Answer:
        path, _, query = target.partition("?")
        headers = [(b"host", b"localhost:8080"), (b"content-type", b"application/x-www-form-urlencoded")]
        if self.cookies:
            headers.append((b"cookie", "; ".join(f"{key}={value}" for key, value in self.cookies.items()).encode()))
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
            "headers": headers, "client": ("127.0.0.1", 50000), "server": ("localhost", 8080),
        }  # fmt: skip
        answer = asyncio.run(_call(self.application, scope, body))
        for name, value in answer.headers:
            if name == "set-cookie":
                self._keep(value)
        return answer

    def _keep(self, value: str) -> None:
        for name, morsel in SimpleCookie(value).items():
            if morsel["max-age"] == "0":
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = morsel.value


async def _call(application: Starlette, scope: dict[str, Any], body: bytes) -> Answer:
    said: list[Any] = []
    given = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> dict[str, Any]:
        return next(given, {"type": "http.disconnect"})

    async def send(event: Any) -> None:  # noqa: ANN401  # of ASGI
        said.append(event)

    await application(scope, receive, send)
    start, *rest = said
    headers = [(name.decode(), value.decode()) for name, value in start["headers"]]
    return Answer(start["status"], headers, b"".join(event.get("body", b"") for event in rest).decode())


@dataclass(frozen=True, slots=True)
class Stand:
    """Both applications, the identity provider that they believe, and the browsers of some people."""

    idp: HandMadeIdp
    application: Starlette

    @classmethod
    def of(cls, idp: HandMadeIdp, keys: KeyPair | None = None) -> "Stand":
        server = idp.server()
        return cls(
            idp, build_application([ServiceProvider(name, BASE_URL, server, keys) for name in (TRAVELOCITY, AVIS)])
        )

    def browser(self) -> Browser:
        return Browser(self.application)

    def log_in(self, browser: Browser, site: str = TRAVELOCITY, name: str = "kim") -> Answer:
        """Log somebody in as it should go."""
        return browser.bring(self.idp.response(facts(browser.begin(site), site, name=name)), site)


def facts(in_response_to: str | None, site: str = TRAVELOCITY, **changed: Any) -> Facts:  # noqa: ANN401  # any fact
    """Return what a good Response says, but for what is *changed*."""
    usual = {"in_response_to": in_response_to, "acs_url": acs_url(site), "audience": site}
    return Facts(**(usual | changed))


def acs_url(site: str = TRAVELOCITY) -> str:
    return f"{BASE_URL}/{site}/home.jsp"


def asked(address: str) -> etree._Element:
    """Return the message in an address."""
    given = parse_qs(urlsplit(address).query)
    packed = (given.get("SAMLRequest") or given["SAMLResponse"])[0]
    return etree.fromstring(zlib.decompress(b64decode(packed), -15))
