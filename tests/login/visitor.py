"""A browser for the tests of logging in, and a protocol that does nothing but start a login and tell its result.

The protocol lives at ``/test-protocol`` (``app``, ``force``, ``passive``, ``user``, ``must`` in the query) and gets the
browser back at ``/test-return``, where it answers the result as JSON.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.world import PASSWORD, Reply, World
from watchword.app import Additions, build_dispatcher
from watchword.applications.model import Application, Option, Sequence, Step
from watchword.applications.store import Applications
from watchword.base.entropy import new_id
from watchword.installation import Installation
from watchword.login.authenticator import Authenticator
from watchword.login.front import LoginFront
from watchword.login.model import LoginRequest, LoginResult
from watchword.notification.courier import Courier
from watchword.storage.work import Work
from watchword.web.model import Ask, Door, Route, get

FORM = "application/x-www-form-urlencoded"
BASIC = Option("LOCAL", "BasicAuthenticator")


@dataclass(frozen=True, slots=True)
class PlainProtocol:
    """Starts logins, and tells how they ended."""

    front: LoginFront

    def routes(self) -> list[Route]:
        return [
            get("/test-protocol", self.start, door=Door.ANYONE, reading=False),
            get("/test-return", self.finish, door=Door.ANYONE, reading=False),
        ]

    def start(self, work: Work, ask: Ask[None]) -> object:
        query = ask.query
        return self.front.start(
            work,
            ask,
            LoginRequest(
                application_id=query["app"],
                protocol="test",
                relying_party="test-party",
                return_path="/test-return",
                force="force" in query,
                passive="passive" in query,
                wanted_user=query.get("user"),
                must_be_wanted="must" in query,
                memory={"relay": query.get("relay", "")},
            ),
        )

    def finish(self, work: Work, ask: Ask[None]) -> object:
        result = self.front.take(work, ask, ask.query.get("sessionDataKey", ""))
        work.commit()
        return _told(result)


def _told(result: LoginResult) -> dict[str, object]:
    return {
        "failure": result.failure,
        "user": result.person.name if result.person else None,
        "claims": dict(result.claims),
        "roles": list(result.roles),
        "steps": [[each.step, each.option.authenticator, each.skipped] for each in result.proofs],
        "session": result.session.id if result.session else None,
        "two_factor": result.is_two_factor,
        "memory": dict(result.request.memory),
    }


def with_protocol(*authenticators: Authenticator) -> Any:  # noqa: ANN401  # what `worlds(additions=…)` takes
    """Return what adds the protocol, and *authenticators* of the test, to a world."""

    def more(installation: Installation, courier: Courier) -> Additions:
        additions = Additions(authenticators=authenticators)
        front = LoginFront(build_dispatcher(installation, additions), courier)
        return Additions(authenticators=authenticators, routes=PlainProtocol(front).routes())

    return more


def add_application(
    world: World,
    name: str,
    *steps: tuple[Option, ...],
    tenant: str = "carbon.super",
    **more: Any,  # noqa: ANN401  # fields of an application
) -> str:
    """Make an application with these steps, of whatever authenticators the test has, and return its id."""
    sequence = Sequence(tuple(Step(options) for options in steps), is_default=False) if steps else Sequence()

    def create(work: Work) -> str:
        made = Application(
            id=new_id(work.entropy, work.now),
            name=name,
            sequence=sequence,
            created_at=work.now,
            modified_at=work.now,
            **more,
        )
        Applications(work).add(made)
        work.commit()
        return made.id

    return world.do(create, tenant)


@dataclass(slots=True)
class Visitor:
    """A browser: it keeps cookies, and follows nothing by itself."""

    world: World
    cookies: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    last: Reply | None = None

    def get(self, location: str) -> Reply:
        """Open an address, of our own site or absolute."""
        return self._ask("GET", location, b"")

    def post(self, path: str, fields: Mapping[str, str]) -> Reply:
        """Send a form."""
        return self._ask("POST", path, urlencode(fields).encode())

    def begin(self, application_id: str, tenant: str = "", **query: str) -> Reply:
        """Start a login to an application."""
        prefix = f"/t/{tenant}" if tenant else ""
        return self.get(f"{prefix}/test-protocol?{urlencode({'app': application_id, **query})}")

    def answer(self, fields: Mapping[str, str], *, key: str | None = None, tenant: str = "") -> Reply:
        """Answer the page at which the login stands."""
        prefix = f"/t/{tenant}" if tenant else ""
        return self.post(f"{prefix}/commonauth", {"sessionDataKey": self.key if key is None else key, **fields})

    def password(self, name: str, password: str = PASSWORD, **more: str) -> Reply:
        """Answer with name and password."""
        return self.answer({"username": name, "password": password, **more})

    def finish(self) -> dict[str, Any]:
        """Follow to the protocol, and return what it was told."""
        assert self.page == "/test-return", self.location
        told: dict[str, Any] = self.get(self.location).json
        return told

    @property
    def location(self) -> str:
        """Return where the last answer leads."""
        assert self.last is not None
        assert self.last.status == 302, (self.last.status, self.last.text[:500])
        return self.last.headers["location"]

    @property
    def page(self) -> str:
        """Return the path of the page where the login stands, without the tenant."""
        return re.sub(r"^/t/[^/]+", "", urlsplit(self.location).path)

    @property
    def query(self) -> dict[str, str]:
        """Return what the address of that page says."""
        return dict(parse_qsl(urlsplit(self.location).query, keep_blank_values=True))

    @property
    def key(self) -> str:
        """Return the key of the login."""
        return self.query["sessionDataKey"]

    @property
    def shown(self) -> str:
        """Return the page that was answered last."""
        assert self.last is not None
        return self.last.text

    @property
    def key_of_page(self) -> str:
        """Return the key in the forms of that page."""
        keys = set(re.findall(r'name="sessionDataKey" value="([0-9a-f]+)"', self.shown))
        assert len(keys) == 1, keys
        key: str = keys.pop()
        return key

    @property
    def forms(self) -> set[str]:
        """Return where the forms of that page go."""
        return set(re.findall(r'<form method="post" action="([^"]+)"', self.shown))

    def chosen(self, words: str) -> dict[str, str]:
        """Return what the button of an option sends."""
        form = next(each for each in re.findall(r"<form.*?</form>", self.shown, re.DOTALL) if f">{words}<" in each)
        return {name: re.findall(rf'name="{name}" value="([^"]+)"', form)[0] for name in ("authenticator", "idp")}

    def _ask(self, method: str, location: str, octets: bytes) -> Reply:
        parts = urlsplit(location)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        headers = dict(self.headers)
        if octets:
            headers["content-type"] = FORM
        if self.cookies:
            headers["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        reply = self.world.send(method, path, octets, list(headers.items()))
        for each in reply.cookies:
            self._keep(each)
        self.last = reply
        return reply

    def _keep(self, value: str) -> None:
        parsed: SimpleCookie = SimpleCookie(value)
        for name, morsel in parsed.items():
            if morsel["max-age"] == "0":
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = morsel.value
