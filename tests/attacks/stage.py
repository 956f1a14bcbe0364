"""A server under attack: its process, what its providers received, what its database holds, and what it has said.

Whoever plays a case sees nothing else: the wire, the ledger, the rows, the log (security-reliability.md, section 3).
"""

import asyncio
import contextlib
import http.client
import json
import os
import socket
import sqlite3
import tempfile
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self
from xml.sax.saxutils import escape

import asyncpg

from tests.attacks.nodes import Node
from watchword.storage.schema import metadata
from watchword_testing.conformance.commands import Batch
from watchword_testing.conformance.home import toml_of
from watchword_testing.conformance.server import Ports
from watchword_testing.sinks import CaptchaSink, Delivery, Inbox, MailSink, SmsSink

API = "/api/identity/user/v1.0"
TENANT_B = "tenant-b.test"
API_B = f"/t/{TENANT_B}{API}"
CLAIM = "http://wso2.org/claims/"
IDENTITY = f"{CLAIM}identity/"
PASSWORD = "correct-Horse-battery-7"
NUMBER = "+94721584558"
PLENTY = "100000/1m"
SETTLED_SECONDS = 15.0

Row = dict[str, Any]
Credentials = tuple[str, str]
ADMIN_A = ("admin", "admin")
ADMIN_B = ("boss", "a-Boss-of-tenant-b-9")
TRUSTED = ("trusted", "")
CREATE_ONLY = ("create-only", "")
"""The server draws the secrets of clients; each stage knows its own."""

_ports = Ports()
_PUBLISHER = """<eventPublisher xmlns="http://wso2.org/carbon/eventpublisher" name="SMSPublisher" processing="enable"
    statistics="disable" trace="disable">
  <from streamName="id_gov_sms_notify_stream" version="1.0.0"/>
  <mapping customMapping="enable" type="json">
    <inline>{{"to": {{{{send-to}}}}, "content": {{{{body}}}}, "code": {{{{confirmation-code}}}}}}</inline>
  </mapping>
  <to eventAdapterType="http">
    <property name="http.client.method">HttpPost</property>
    <property name="http.url">{url}</property>
    <property name="http.headers">X-Provider-Key: {key}</property>
  </to>
</eventPublisher>
"""
_TEMPLATES = """<configurations>
  <configuration type="accountConfirmation" display="accountConfirmation" locale="en_US">
    <body>{body}</body>
  </configuration>
</configurations>
"""
CAPTCHA_SECRET = "canary-captcha-secret-0815"
PROVIDER_KEY = "canary-provider-key-4711"


@dataclass(frozen=True, slots=True)
class Scene:
    """What a server is started with; two cases with an equal scene share the server."""

    profile: str = "recommended"
    shipped_limits: bool = False
    toml: str = ""
    """More of ``deployment.toml``, as the text of a JSON object."""
    costly_hashes: bool = False
    debug: bool = False
    sms_text: str = ""
    """The operator's text of the SMS that brings a code."""
    alone: str = ""
    """Whose own this server is: a case that moves the clock, or uses up a limit."""
    database: str = "sqlite"
    mutant: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401  # whatever the server says
        return json.loads(self.body) if self.body else None

    @property
    def code(self) -> str | None:
        """Return the wire's code of a refusal."""
        said = self.json
        return said.get("code") if isinstance(said, dict) else None


class Ledger(Inbox):
    """Everything that the gateway and the mail server received, in order, with the time of its arrival."""

    def __init__(self) -> None:
        self._entries: list[tuple[float, Delivery]] = []
        self._guard = threading.Lock()

    def put(self, delivery: Delivery) -> None:
        with self._guard:
            self._entries.append((time.time(), delivery))

    @property
    def entries(self) -> list[tuple[float, Delivery]]:
        with self._guard:
            return list(self._entries)

    @property
    def deliveries(self) -> list[Delivery]:
        return [delivery for _, delivery in self.entries]


@dataclass(slots=True)
class Held:
    """A message that the gateway has in its hands, and has not answered for."""

    released: threading.Event = field(default_factory=threading.Event)
    status: int = 200

    def answer(self, status: int) -> None:
        """Accept the message, or refuse it."""
        self.status = status
        self.released.set()


class Gateway(SmsSink):
    """An SMS provider that can keep whoever asks waiting, one by one."""

    def __init__(self, inbox: Inbox) -> None:
        self.holds = False
        self.held: list[Held] = []
        super().__init__(inbox)

    def take(self, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """Keep a message, once we are told to answer."""
        if self.holds:
            held = Held()
            self.held.append(held)
            if not held.released.wait(30) or held.status != 200:
                return held.status, b"{}"
        return super().take(headers, body)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The rows of a database, read past the server."""

    file: Path
    url: str | None = None

    def rows(self, table: str) -> list[Row]:
        """Return all rows of a table, of all tenants."""
        if self.url is not None:
            return asyncio.run(self._fetch(table))
        with contextlib.closing(sqlite3.connect(self.file, timeout=10)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(f'SELECT * FROM "{table}"')]  # noqa: S608  # a name of ours

    def all_rows(self, *but: str) -> dict[str, list[str]]:
        """Return every row as text, by table, in an order of its own: to compare before and after."""
        return {name: sorted(map(repr, self.rows(name))) for name in metadata.tables if name not in but}

    def run(self, statement: str) -> None:
        """Change the database past the server: a given, or a fault."""
        if self.url is not None:
            asyncio.run(self._execute(statement))
            return
        with contextlib.closing(sqlite3.connect(self.file, timeout=10)) as connection:
            connection.execute(statement)
            connection.commit()

    def insert(self, table: str, rows: Sequence[Row]) -> None:
        """Put many rows into a table at once."""
        names = list(rows[0])
        values = [tuple(row[name] for name in names) for row in rows]
        columns = ", ".join(f'"{name}"' for name in names)
        if self.url is not None:
            marks = ", ".join(f"${number + 1}" for number in range(len(names)))
            asyncio.run(self._fill(f'INSERT INTO "{table}" ({columns}) VALUES ({marks})', values))  # noqa: S608  # ours
            return
        with contextlib.closing(sqlite3.connect(self.file, timeout=10)) as connection:
            marks = ", ".join("?" for _ in names)
            connection.executemany(f'INSERT INTO "{table}" ({columns}) VALUES ({marks})', values)  # noqa: S608  # ours
            connection.commit()

    async def _fill(self, statement: str, values: Sequence[Sequence[Any]]) -> None:
        connection = await asyncpg.connect(self.url)
        try:
            await connection.executemany(statement, values)
        finally:
            await connection.close()

    async def _fetch(self, table: str) -> list[Row]:
        connection = await asyncpg.connect(self.url)
        try:
            return [dict(row) for row in await connection.fetch(f'SELECT * FROM "{table}"')]  # noqa: S608  # as above
        finally:
            await connection.close()

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


class Stage:
    """A home, its providers, its database, and the processes that serve it."""

    def __init__(self, folder: Path, scene: Scene, database_url: str | None = None) -> None:
        self.folder = folder
        self.scene = scene
        self.ledger = Ledger()
        self.sms = Gateway(self.ledger)
        self.mail = MailSink(self.ledger)
        self.captcha = CaptchaSink()
        self.evidence = Evidence(folder / "watchword" / "watchword.db", database_url)
        self.nodes: list[Node] = []
        self._is_closed = False
        self.secrets: dict[str, str] = {}
        self._names = iter(range(1, 1_000_000))
        self._furnish()

    # --- its life -------------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Make the principals of the corpus."""
        with Batch(self.folder, self.log) as batch:
            if self.evidence.url is not None:
                batch.run("keys", "create")
                batch.run("migrate")
            batch.run("admin", "create", ADMIN_A[0], "--password", ADMIN_A[1])
            batch.run("tenant", "create", TENANT_B)
            batch.run("admin", "create", ADMIN_B[0], "--password", ADMIN_B[1], "--tenant", TENANT_B)
            may_create = ("--permission", "selfregister:create")
            asserts = (*may_create, "--permission", "selfregister:assert-verified")
            for (name, _), permissions in {TRUSTED: asserts, CREATE_ONLY: may_create}.items():
                self.secrets[name] = batch.run("client", "create", name, *permissions)["secret"]

    def start(self, *, ready: bool = True, **variables: str) -> Node:
        """Start one more node that serves."""
        port = _ports.pair()
        words = ["serve", "--dev", "--home", str(self.folder), "--port", str(port), "--no-tls"]
        return self._started(words, port, variables, ready=ready)

    def start_worker(self, **variables: str) -> Node:
        """Start a process that only sends."""
        return self._started(["worker", "--home", str(self.folder)], 0, variables, ready=False)

    def close(self) -> None:
        """End everything; once is enough."""
        if self._is_closed:
            return
        self._is_closed = True
        for node in self.nodes:
            node.kill()
        if "_batch" in vars(self):
            self._batch.end()
        for sink in (self.sms, self.mail, self.captcha):
            sink.close()

    def command(self, *words: str) -> dict[str, Any]:
        """Run a command of the operator beside the server."""
        return self._batch.run(*words)

    def answer_to(self, *words: str) -> dict[str, Any]:
        """Run a command, and return its answer, an error as well."""
        return self._batch.answer_to(*words)

    def break_at(self, *places: str) -> None:
        """Let the server fail or die at these places, from now on; none mends it."""
        fresh = self.folder / "faults.new"
        fresh.write_text("".join(f"{place}\n" for place in places))
        fresh.replace(self.folder / "faults")

    def move_clock(self, seconds: float) -> None:
        """Set how far the server's clock is moved; unlike the command, this also moves it back."""
        fresh = self.folder / "watchword" / "clock.new"
        fresh.write_text(f"{seconds:.6f}")
        fresh.replace(self.folder / "watchword" / "clock")

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    # --- what an attacker does ------------------------------------------------------------------------------------

    def ask(  # a request is all of this
        self,
        method: str,
        path: str,
        body: Any = None,  # noqa: ANN401  # what JSON knows, or octets as they are
        *,
        by: Credentials | None = TRUSTED,
        headers: Mapping[str, str] | None = None,
        node: int = -1,
    ) -> Answer:
        """Send a request, and return the answer."""
        known = by and (by[0], by[1] or self.secrets[by[0]])
        return exchange(self.nodes[node].port, method, path, body, by=known, headers=headers)

    def raw(self, octets: bytes, *, seconds: float = 12.0) -> bytes:
        """Send octets as they are, and return what comes until the connection is closed or nothing comes."""
        with socket.create_connection(("127.0.0.1", self.nodes[-1].port), timeout=seconds) as connection:
            received = b""
            with contextlib.suppress(OSError):
                connection.sendall(octets)
                while chunk := connection.recv(65536):
                    received += chunk
        return received

    def new_name(self, beginning: str = "user") -> str:
        """Return a name that no other case of this server has."""
        return f"{beginning}{next(self._names)}x{os.urandom(3).hex()}"

    def register(self, name: str, *, by: Credentials | None = TRUSTED, **how: Any) -> Answer:  # noqa: ANN401  # see ask and REG
        """Register somebody: the macro REG of the corpus."""
        asked = {key: how.pop(key) for key in ("headers", "node") if key in how}
        api = how.pop("api", API)
        return self.ask("POST", f"{api}/me", registration(name, **how), by=by, **asked)

    def pending(self, name: str, **how: Any) -> str:  # noqa: ANN401  # see registration
        """Register somebody, and return the code that arrived: the macro PENDING of the corpus."""
        answer = self.register(name, **how)
        assert answer.status == 201, answer
        return self.code_of(name)

    def confirm(self, code: Any, *, by: Credentials | None = TRUSTED, api: str = API, **more: Any) -> Answer:  # noqa: ANN401  # hostile on purpose
        """Bring a code."""
        user = more.pop("user", None)
        bound = {"properties": [{"key": "username", "value": user}]} if user is not None else {}
        return self.ask("POST", f"{api}/validate-code", {"code": code, **bound, **more}, by=by)

    def resend(self, name: str, *, by: Credentials | None = TRUSTED, node: int = -1) -> Answer:
        """Ask for another code."""
        body = {"user": {"username": name, "realm": "PRIMARY"}, "properties": []}
        return self.ask("POST", f"{API}/resend-code", body, by=by, node=node)

    # --- what can be seen -----------------------------------------------------------------------------------------

    def user(self, name: str, tenant: str = "carbon.super") -> Row | None:
        """Return the row of a user."""
        found = [row for row in self.evidence.rows("users") if row["name"] == name and row["tenant"] == tenant]
        return found[0] if found else None

    def claims(self, name: str) -> dict[str, str]:
        user = self.user(name)
        rows = self.evidence.rows("user_claims")
        return {row["uri"]: row["value"] for row in rows if user and row["user_id"] == user["id"]}

    def roles(self, name: str) -> set[str]:
        user = self.user(name)
        return {row["role"] for row in self.evidence.rows("user_roles") if user and row["user_id"] == user["id"]}

    def proofs(self, name: str) -> set[str]:
        """Return the channels that are proven of somebody."""
        user = self.user(name)
        rows = self.evidence.rows("verifications")
        return {row["channel"] for row in rows if user and row["user_id"] == user["id"]}

    def messages(self, name: str) -> list[Row]:
        user = self.user(name)
        rows = [row for row in self.evidence.rows("messages") if user and row["user_id"] == user["id"]]
        return sorted(rows, key=lambda row: str(row["id"]))

    def audited(self, action: str, target: str | None = None) -> list[Row]:
        rows = [row for row in self.evidence.rows("audit") if row["action"] == action]
        return [row for row in rows if target is None or row["target"] == target]

    def deliveries_to(self, name: str) -> list[Delivery]:
        """Return what was handed over for a user, oldest first."""
        user = self.user(name)
        return self.deliveries_to_id(str(user["id"])) if user else []

    def deliveries_to_id(self, user_id: str) -> list[Delivery]:
        """Return the same for a user of any tenant."""
        ids = {row["id"] for row in self.evidence.rows("messages") if row["user_id"] == user_id}
        return [each for each in self.ledger.deliveries if each.message_id in ids]

    def settle(self) -> None:
        """Wait until nothing is under way."""
        wait_for(lambda: not {"waiting", "sending"} & {row["state"] for row in self.evidence.rows("messages")})

    def code_of(self, name: str) -> str:
        """Return the newest code that arrived for a user."""
        wait_for(lambda: all(row["state"] not in {"waiting", "sending"} for row in self.messages(name)))
        arrived = [each.code for each in self.deliveries_to(name) if each.code]
        assert arrived, f"no code arrived for {name}: {self.messages(name)}"
        return arrived[-1]

    def metric(self, name: str) -> float:
        """Return a figure of the management listener."""
        said = exchange(self.nodes[-1].port + 1, "GET", "/metrics", by=None).body.decode()
        return next(float(line.split()[-1]) for line in said.splitlines() if line.startswith(name))

    @contextlib.contextmanager
    def no_effect(self, *but: str) -> Iterator[None]:
        """Fail if a row changes, but for audit and limits, or if a provider hears anything: NO_EFFECT."""
        self.settle()
        before, heard = self.evidence.all_rows("audit", "counters", "failures", *but), len(self.ledger.entries)
        yield
        self.settle()
        after = self.evidence.all_rows("audit", "counters", "failures", *but)
        assert after == before
        assert len(self.ledger.entries) == heard

    @cached_property
    def _batch(self) -> Batch:
        return Batch(self.folder, self.log)

    # --- inside ---------------------------------------------------------------------------------------------------

    def _started(self, words: list[str], port: int, variables: Mapping[str, str], *, ready: bool) -> Node:
        defects = [*filter(None, [self.scene.mutant, "debug" if self.scene.debug else ""])]
        node = Node(words, self.log, port, defects=defects, variables=variables)
        self.nodes.append(node)
        if ready:
            node.wait_until_ready(lambda: exchange(port, "GET", "/health/ready").status == 200)
        return node

    def _furnish(self) -> None:
        table: dict[str, Any] = {
            "watchword": {
                "security_profile": self.scene.profile,
                "dev": True,
                "delivery": {"answer": "accepted"},
                "testing": {"faults": str(self.folder / "faults")},
                "outgoing": {"allow": [self.sms.url.rstrip("/"), self.captcha.url.rstrip("/")]},
            },
            "identity_mgt": {
                "user_self_registration": {
                    "allow_self_registration": True, "lock_on_creation": True, "enable_detailed_api_response": True,
                    "enable_recaptcha": False, "notification": {"manage_internally": True},
                },
                "notification": {"resolve_notification_channel": True, "default_notification_channel": "EMAIL"},
                "lite_user_registration": {"enable": True},
            },
            "recaptcha": {"site_key": "site", "secret_key": CAPTCHA_SECRET, "verify_url": self.captcha.url},
            "output_adapter": {
                "email": {
                    "from_address": "no-reply@watchword.test", "hostname": "127.0.0.1", "port": self.mail.port,
                    "enable_start_tls": False, "enable_authentication": False,
                }
            },
        }  # fmt: skip
        if not self.scene.shipped_limits:
            names = ("sends_per_address", "login_sends_per_address", "unknown_codes_per_caller",
                     "unknown_codes_per_client", "unknown_codes_per_tenant", "tries_per_address",
                     "name_checks_per_caller")  # fmt: skip
            table["watchword"]["limits"] = {"resend_after": "0s", **dict.fromkeys(names, PLENTY)}
        if not self.scene.costly_hashes:
            table["watchword"]["hashing"] = {"memory_kib": 8, "passes": 1, "queue": "30s"}
        if self.evidence.url is not None:
            table["watchword"]["database"] = {"url": self.evidence.url}
        _merge(table, json.loads(self.scene.toml or "{}"))
        self._write("repository/conf/deployment.toml", toml_of(table))
        publisher = _PUBLISHER.format(url=self.sms.url, key=PROVIDER_KEY)
        self._write("repository/deployment/server/eventpublishers/SMSPublisher.xml", publisher)
        if self.scene.sms_text:
            self._write("repository/conf/sms/sms-templates-admin-config.xml", _TEMPLATES.format(
                body=escape(self.scene.sms_text)))  # fmt: skip

    def _write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


class Theatre:
    """The stages of a run: equal scenes share one, since a server takes a second to start."""

    def __init__(self, make_database: Callable[[], str]) -> None:
        self._make_database = make_database
        self.folder = Path(tempfile.mkdtemp(prefix="watchword-stage-"))
        self._stages: dict[Scene, Stage] = {}

    def stage(self, scene: Scene) -> Stage:
        """Return the stage of a scene, with a server that takes requests."""
        stage = self._stages.get(scene)
        if stage is not None and stage.nodes[0].is_alive:
            return stage
        stage = self._stages[scene] = self.fresh(scene)
        stage.start()
        return stage

    def fresh(self, scene: Scene) -> Stage:
        """Return a stage of its own, prepared, without a server."""
        url = self._make_database() if scene.database == "postgresql" else None
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        stage = Stage(folder, scene, url)
        stage.prepare()
        return stage

    def close(self) -> None:
        for stage in self._stages.values():
            stage.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def exchange(  # a request is all of this
    port: int,
    method: str,
    path: str,
    body: Any = None,  # noqa: ANN401  # what JSON knows, or octets as they are
    *,
    by: Credentials | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Send one request on a connection of its own."""
    octets = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    sent = {} if octets is None else {"Content-Type": "application/json"}
    if by is not None:
        sent["Authorization"] = "Basic " + b64encode(f"{by[0]}:{by[1]}".encode()).decode()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, octets, {**sent, **(headers or {})})
        response = connection.getresponse()
        named = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, named, response.read())
    finally:
        connection.close()


def registration(  # noqa: PLR0913  # every part of the body can be replaced
    name: str,
    *,
    password: str = PASSWORD,
    claims: Mapping[str, Any] | Sequence[tuple[str, Any]] = (),
    number: str | None = NUMBER,
    mailbox: str | None = "",
    realm: str = "PRIMARY",
    sms: bool = False,
) -> dict[str, Any]:
    """Return the body REG of the corpus; *sms* prefers that channel."""
    own = mailbox if mailbox != "" else f"{name if name.isascii() and name.isalnum() else 'somebody'}@a.test"
    given: dict[str, Any] = {f"{CLAIM}givenname": "T", f"{CLAIM}lastname": "T"}
    given |= {f"{CLAIM}emailaddress": own, f"{CLAIM}mobile": number}
    if sms:
        given[f"{IDENTITY}preferredChannel"] = "SMS"
    extra = list(claims.items()) if isinstance(claims, Mapping) else list(claims)
    replaced = {uri for uri, _ in extra}
    listed = [(uri, value) for uri, value in given.items() if value is not None and uri not in replaced] + extra
    written = [{"uri": uri, "value": value} for uri, value in listed]
    return {
        "user": {"username": name, "realm": realm, "password": password, "claims": written},
        "properties": [],
    }


def together(*tasks: Callable[[], Answer]) -> list[Answer]:
    """Do all tasks at the same moment, as nearly as threads can; return the answers in the order of the tasks."""
    barrier = threading.Barrier(len(tasks))
    answers: list[Answer | None] = [None] * len(tasks)

    def run(number: int, task: Callable[[], Answer]) -> None:
        barrier.wait()
        answers[number] = task()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(tasks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(answers)
    return [answer for answer in answers if answer is not None]


def wait_for(is_so: Callable[[], object], seconds: float = SETTLED_SECONDS) -> None:
    """Wait until something is so; fail if it does not become so in time."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def _merge(table: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, Mapping) and isinstance(table.get(key), dict):
            _merge(table[key], value)
        else:
            table[key] = value
