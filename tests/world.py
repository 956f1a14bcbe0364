"""An installation to test through its front door: real storage, real requests, and a clock that moves when told.

The courier delivers when somebody looks for messages, so that no test has to wait for it; one that is running has the
threads of production.
"""

import asyncio
import base64
import hashlib
import itertools
import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote

from sqlalchemy import Table, select
from starlette.applications import Starlette

from watchword.accounts.claims import EMAIL_ADDRESS, MOBILE, Channel
from watchword.accounts.model import CREATE, AccountState, NewAccount, User
from watchword.accounts.usecases.administrators import create_administrator, create_client
from watchword.accounts.usecases.names import find_user
from watchword.accounts.usecases.people import add_user
from watchword.app import Additions, build_listeners, sweep_all
from watchword.base.hashing import Hasher
from watchword.base.home import load_settings
from watchword.base.seal import Keys
from watchword.base.settings import Settings
from watchword.installation import Installation
from watchword.login.provider_route import ProviderRoutes
from watchword.notification.configured import outgoing_rules
from watchword.notification.courier import Courier
from watchword.notification.model import Message, OutboxEntry, Receipt, Refused, Sender, Senders, Unreachable
from watchword.notification.outbox import Notifier
from watchword.notification.own_senders import OwnSenders
from watchword.notification.senders.fetcher import Fetcher
from watchword.notification.store import Messages
from watchword.notification.templating import Templates
from watchword.storage.audit import AuditEvent, read_audit
from watchword.storage.engine import Database
from watchword.storage.migrate import migrate
from watchword.storage.postgres import PostgresDatabase
from watchword.storage.sqlite import SqliteDatabase
from watchword.storage.work import StepFailed, Surroundings, Work, Works
from watchword.tenants.policies import all_properties
from watchword.tenants.usecases import create_tenant
from watchword.web.endpoint import Endpoint
from watchword.web.model import SUPER_TENANT

Result = TypeVar("Result")

API = "/api/identity/user/v1.0"
PASSWORD = "Sample-Pass-1"
LONG_PASSWORD = "a long Sample-Pass-1 for everybody"
"""Good under ``recommended`` as well."""
MOBILE_NUMBER = "+94771234567"
MAILBOX = "kim@example.com"
OTHER_TENANT = "acme.example"
ADMIN = ("admin", "admin")
TRUSTED = ("trusted", "trusted-secret")
"""A client that may register, and assert that an address is verified."""
CREATE_ONLY = ("create-only", "create-only-secret")
START = datetime(2030, 1, 1, tzinfo=UTC)
PATIENCE_SECONDS = 20.0
"""After how long a test gives up on something that should have happened at once."""

USUAL = {
    "watchword.tls.enabled": "false",
    "watchword.server.host": "127.0.0.1",
    "watchword.hashing.memory_kib": "8",
    "watchword.hashing.passes": "1",
    "watchword.hashing.queue": "60s",
    "watchword.delivery.answer": "accepted",
    "SelfRegistration.Enable": "true",
    "identity_mgt.user_self_registration.enable_detailed_api_response": "true",
    "identity_mgt.notification.resolve_notification_channel": "true",
    "identity_mgt.notification.default_notification_channel": "SMS",
}


class MovableClock:
    """A clock that stands still but for a millisecond at each look, which keeps things in the order of their making."""

    def __init__(self) -> None:
        self._shift = timedelta(0)
        self._looks = itertools.count()

    def now(self) -> datetime:
        return START + self._shift + next(self._looks) * timedelta(milliseconds=1)

    def shift(self) -> timedelta:
        return self._shift

    def tick(self, **span: float) -> None:
        """Move on, by days, hours, minutes or seconds."""
        self._shift += timedelta(**span)


class CountedEntropy:
    """Octets that look like chance and are the same in every run."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._count = itertools.count()

    def octets(self, count: int) -> bytes:
        return hashlib.shake_128(f"{self._seed} {next(self._count)}".encode()).digest(count)


class PostOffice:
    """The providers of all tenants: one sender that keeps what it is given, or behaves as it is told."""

    name = "post office"

    def __init__(self) -> None:
        self.taken: list[Message] = []
        self.closed: set[Channel] = set()
        """Channels for which nobody has a provider."""
        self.refuses: str | None = None
        self.is_unreachable: str | None = None
        self.breaks = False
        self.hangs_until = threading.Event()
        self.hangs_until.set()
        self.is_asked = threading.Event()

    def of(self, tenant: str, channel: Channel) -> Sender | None:
        return None if channel in self.closed else self

    def send(self, message: Message, deadline_seconds: float) -> Receipt:
        self.is_asked.set()
        assert self.hangs_until.wait(PATIENCE_SECONDS)
        if self.breaks:
            raise ZeroDivisionError
        if self.refuses is not None:
            raise Refused(self.refuses)
        if self.is_unreachable is not None:
            raise Unreachable(self.is_unreachable)
        self.taken.append(message)
        return Receipt(self.name, f"receipt-{len(self.taken)}")


@dataclass(slots=True)
class NamedFaults:
    """Places where a step fails, as long as they are named here."""

    places: set[str] = field(default_factory=set)

    def reach(self, place: str) -> None:
        if place in self.places:
            raise StepFailed(place)

    def is_set(self, place: str) -> bool:
        return place in self.places


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    octets: bytes
    cookies: tuple[str, ...] = ()
    """Whole ``Set-Cookie`` values."""

    @property
    def text(self) -> str:
        return self.octets.decode()

    @property
    def json(self) -> Any:  # noqa: ANN401  # whatever the body holds
        return json.loads(self.octets)

    @property
    def code(self) -> str | None:
        """The code of the problem, or of the outcome."""
        code: str | None = self.json["code"]
        return code


class FrontDoor:
    """Speaks ASGI to an application, from any number of threads, on one event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="front door", daemon=True)
        self._thread.start()

    def call(self, application: Starlette, scope: dict[str, Any], octets: bytes) -> Reply:
        asked = asyncio.run_coroutine_threadsafe(_call(application, scope, octets), self._loop)
        return asked.result(PATIENCE_SECONDS)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _call(application: Starlette, scope: dict[str, Any], octets: bytes) -> Reply:
    said: list[Any] = []
    given = iter([{"type": "http.request", "body": octets, "more_body": False}])

    async def receive() -> dict[str, Any]:
        return next(given, {"type": "http.disconnect"})

    async def send(event: Any) -> None:  # noqa: ANN401  # of ASGI
        said.append(event)

    await application(scope, receive, send)
    start, *rest = said
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    cookies = tuple(value.decode() for name, value in start["headers"] if name == b"set-cookie")
    return Reply(start["status"], headers, b"".join(event.get("body", b"") for event in rest), cookies)


def basic(name: str, secret: str) -> str:
    """Return the header that shows a name and a secret."""
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


@dataclass(slots=True)
class World:
    """A server, its people, and what they can do."""

    installation: Installation
    clock: MovableClock
    post_office: PostOffice
    faults: NamedFaults
    courier: Courier
    endpoint: Endpoint
    application: Starlette
    door: FrontDoor
    running: bool

    # --- asking ---

    def request(  # a request is all of this
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        by: tuple[str, str] | None = ADMIN,
        tenant: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send a request; a *body* that is no bytes goes as JSON."""
        octets = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        said = {"content-type": "application/json"} if octets else {}
        if by is not None:
            said["authorization"] = basic(*by)
        said |= {name.lower(): value for name, value in (headers or {}).items()}
        return self.send(method, f"/t/{tenant}{path}" if tenant else path, octets, list(said.items()))

    def send(self, method: str, path: str, octets: bytes, headers: Iterable[tuple[str, str]]) -> Reply:
        """Send a request as it stands."""
        bare, _, query = path.partition("?")
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": unquote(bare), "raw_path": bare.encode(), "query_string": query.encode(), "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in headers],
            "client": ("127.0.0.1", 50000), "server": ("127.0.0.1", 9443),
        }  # fmt: skip
        return self.door.call(self.application, scope, octets)

    def register(  # noqa: PLR0913  # each may be said of a person or left out
        self,
        name: str = "kim",
        *,
        password: str = PASSWORD,
        mobile: str | None = MOBILE_NUMBER,
        email: str | None = None,
        claims: Mapping[str, str] | None = None,
        properties: Mapping[str, str] | None = None,
        realm: str | None = None,
        by: tuple[str, str] = ADMIN,
        tenant: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Register somebody."""
        given = {MOBILE: mobile, EMAIL_ADDRESS: email, **(claims or {})}
        user: dict[str, object] = {
            "username": name,
            "password": password,
            "claims": [{"uri": uri, "value": value} for uri, value in given.items() if value is not None],
        }
        if realm is not None:
            user["realm"] = realm
        body = {"user": user, "properties": _pairs(properties)}
        return self.request("POST", f"{API}/me", body, by=by, tenant=tenant, headers=headers)

    def confirm(  # each may be said with a code or left out
        self,
        code: str,
        *,
        verified: tuple[str, str] | None = None,
        user: str | None = None,
        by: tuple[str, str] = ADMIN,
        tenant: str | None = None,
        path: str = "validate-code",
    ) -> Reply:
        """Redeem a code; *verified* is the channel's type and claim, *user* whose code it must be."""
        body: dict[str, object] = {"code": code, "properties": _pairs({"username": user} if user else None)}
        if verified is not None:
            body["verifiedChannel"] = {"type": verified[0], "claim": verified[1]}
        return self.request("POST", f"{API}/{path}", body, by=by, tenant=tenant)

    def introspect(self, code: str, *, user: str | None = None, by: tuple[str, str] = ADMIN) -> Reply:
        """Look at a code."""
        return self.confirm(code, user=user, by=by, path="introspect-code")

    def resend(
        self, name: str = "kim", *, scenario: str | None = None, tenant: str | None = None, realm: str | None = None
    ) -> Reply:
        """Ask for the code again."""
        user = {"username": name} | ({"realm": realm} if realm else {})
        body = {"user": user, "properties": _pairs({"RecoveryScenario": scenario} if scenario else None)}
        return self.request("POST", f"{API}/resend-code", body, tenant=tenant)

    # --- looking ---

    def deliver(self) -> None:
        """Send what is due now; where the courier is running it does so by itself."""
        if self.running:
            return
        for desk in self.courier._desks.values():  # noqa: SLF001  # one step of the loop that production runs
            while self.courier._take(desk):  # noqa: SLF001  # likewise
                wait(list(desk._busy))  # noqa: SLF001  # likewise
            wait(list(desk._busy))  # noqa: SLF001  # likewise

    @property
    def letters(self) -> Sequence[Message]:
        """What the providers took."""
        self.deliver()
        return self.post_office.taken

    def last_code(self) -> str:
        """Return the code in the last message."""
        facts = self.letters[-1].facts
        return facts.get("confirmation-code") or facts["OTPCode"]

    def messages(self, tenant: str = SUPER_TENANT) -> Sequence[OutboxEntry]:
        """Return what stands in the outbox, oldest first."""
        return self.do(lambda work: Messages(work).page(), tenant)

    def states(self) -> list[str]:
        """Return where each message stands, oldest first."""
        return [entry.state.value for entry in self.messages()]

    def user(self, name: str = "kim", tenant: str = SUPER_TENANT, realm: str | None = None) -> User | None:
        """Return the user of that name."""
        return self.do(lambda work: find_user(work, name, realm), tenant)

    def known(self, name: str = "kim", tenant: str = SUPER_TENANT) -> User:
        """Return the user of that name, who must be there."""
        user = self.user(name, tenant)
        assert user is not None
        return user

    def rows(self, table: Table) -> list[dict[str, Any]]:
        """Return every row of a table, in all tenants."""
        return self.do(lambda work: [dict(row._mapping) for row in work.connection.execute(select(table))])  # noqa: SLF001  # public, says SQLAlchemy

    def audit(self, action: str) -> list[AuditEvent]:
        """Return what the log says of an action."""
        return [event for event in self.do(read_audit) if event.action == action]

    # --- arranging ---

    def do(self, task: Callable[[Work], Result], tenant: str = SUPER_TENANT) -> Result:
        """Do something in a unit of work of its own."""
        return self.installation.works.do(tenant, task)

    def change(self, task: Callable[[Work], object], tenant: str = SUPER_TENANT) -> None:
        """Do something in a unit of work of its own, and commit it."""

        def commit(work: Work) -> None:
            task(work)
            work.commit()

        self.do(commit, tenant)

    def add_person(  # a person is all of this
        self,
        name: str = "pat",
        *,
        tenant: str = SUPER_TENANT,
        claims: Mapping[str, str] | None = None,
        locked: bool = False,
        disabled: bool = False,
        state: AccountState | None = None,
    ) -> User:
        """Make an account whose password is PASSWORD."""

        def add(work: Work) -> User:
            account = NewAccount(name, PASSWORD, claims or {}, locked=locked, disabled=disabled, state=state)
            user = add_user(work, account)
            work.commit()
            return user

        return self.do(add, tenant)

    def add_client(self, name: str, secret: str, *permissions: str, tenant: str = SUPER_TENANT) -> None:
        """Make a client of the API."""
        self.do(lambda work: create_client(work, name, secret, frozenset(permissions)), tenant)

    def sweep(self) -> None:
        """Tidy up, as the courier does about once a minute."""
        self.do(sweep_all)

    def together(self, *calls: Callable[[], Result]) -> list[Result]:
        """Make calls at the same moment, each on a thread of its own, and return what they returned, in their order."""
        start = threading.Barrier(len(calls))
        results: list[Future[Result]] = [Future() for _ in calls]

        def run(call: Callable[[], Result], result: "Future[Result]") -> None:
            try:
                start.wait(PATIENCE_SECONDS)
                result.set_result(call())
            except BaseException as failure:  # noqa: BLE001  # it is raised again where the result is taken
                result.set_exception(failure)

        threads = [threading.Thread(target=run, args=pair) for pair in zip(calls, results, strict=True)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE_SECONDS)
        return [result.result(0) for result in results]


def _pairs(properties: Mapping[str, str] | None) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in (properties or {}).items()]


# --- making one -------------------------------------------------------------------------------------------------------


@cache
def _settings(overrides: tuple[tuple[str, str], ...]) -> Settings:
    return load_settings(None, properties=all_properties(), data=Path(), overrides=dict(overrides))


def settings_of(profile: str, data: Path, changes: Mapping[str, str]) -> Settings:
    """Return settings as an operator's files would make them."""
    overrides = {**USUAL, "watchword.security_profile": profile, **changes}
    return replace(_settings(tuple(sorted(overrides.items()))), data=data)


def furnish(database: Database) -> None:
    """Make the schema, and what every test may count on: an administrator, another tenant, two clients."""
    migrate(database)
    hasher = Hasher(memory_kib=8, passes=1)
    settings = settings_of("wso2", Path(), {})
    entropy = CountedEntropy("furniture")
    works = Works(Surroundings(database, settings, MovableClock(), entropy, Keys.of(bytes(32)), hasher))
    works.do(SUPER_TENANT, lambda work: create_administrator(work, *ADMIN, trusting=True))
    works.do(SUPER_TENANT, lambda work: create_tenant(work, OTHER_TENANT))
    everything = frozenset({CREATE, "selfregister:assert-verified"})
    works.do(SUPER_TENANT, lambda work: create_client(work, *TRUSTED, everything))
    works.do(SUPER_TENANT, lambda work: create_client(work, *CREATE_ONLY, frozenset({CREATE})))
    hasher.close()


@contextmanager
def open_world(  # noqa: PLR0913  # each part of a world may be the test's own
    settings: Settings,
    database: Database,
    door: FrontDoor,
    *,
    running: bool = False,
    additions: Callable[[Installation, Courier], Additions] | None = None,
    senders: Senders | None = None,
    clock: MovableClock | None = None,
) -> Iterator[World]:
    """Put an installation together over a furnished *database*, and close it in the end.

    *senders* take the place of the post office, and *clock* that of the usual one.
    """
    clock, faults, post_office = clock or MovableClock(), NamedFaults(), PostOffice()
    used = senders or post_office
    hashing = settings.hashing
    hasher = Hasher(hashing.memory_kib, hashing.passes, hashing.lanes, hashing.threads, hashing.queue)
    entropy = CountedEntropy("world")
    works = Works(Surroundings(database, settings, clock, entropy, Keys.of(bytes(32)), hasher, faults))
    templates = Templates()
    fetcher = Fetcher(outgoing_rules(settings))
    own, routes = OwnSenders(fetcher), ProviderRoutes(fetcher)
    notifier = Notifier(templates, used, own)
    installation = Installation(settings, database, works, used, templates, notifier, routes, own)
    courier = Courier(works, used, routes=routes, own=own)
    more = additions(installation, courier) if additions is not None else Additions()
    endpoint, listeners = build_listeners(installation, courier, replace(more, public_metrics=True))
    if running:
        courier.start()
    try:
        yield World(
            installation, clock, post_office, faults, courier, endpoint, listeners[0].application, door, running
        )
    finally:
        post_office.hangs_until.set()
        courier.stop()
        endpoint.close()
        fetcher.close()
        hasher.close()
        database.close()


def open_database(folder: Path, url: str | None) -> Database:
    """Return the database of a world: a file in its folder, or what the URL names."""
    return PostgresDatabase(url) if url else SqliteDatabase(folder / "watchword.db")
