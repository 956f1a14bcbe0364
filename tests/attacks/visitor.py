"""Somebody's browser at the log-in pages of a server under attack, and applications that ask for several steps."""

import http.client
import random
import re
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.attacks.stage import ADMIN_A, PASSWORD, Answer, Credentials, Row, Stage, wait_for
from tests.saml.kit import authn_request, redirect
from watchword.base.clock import SystemClock

FORM = "application/x-www-form-urlencoded"
BASIC = ("LOCAL", "BasicAuthenticator")
SMS = ("LOCAL", "sms-otp-authenticator")
MAIL = ("LOCAL", "email-otp-authenticator")
BACKUP = ("LOCAL", "backup-code-authenticator")
MANY_SENDS = '{"identity_mgt": {"sms_otp_authenticator": {"resend_attempts_count": 1000}}}'
CODE_PAGE = re.compile(r"/(smsotp|smsOtp|email-otp|emailOtp|backup-code|backupCode)\.jsp$")
_SIX_DIGITS = re.compile(r"(?<![0-9])[0-9]{6}(?![0-9])")

Option = tuple[str, str]


@dataclass(frozen=True, slots=True)
class ServersTime:
    """The time that the server of a stage goes by, however far its clock is moved."""

    clock: SystemClock

    @classmethod
    def of(cls, stage: Stage) -> "ServersTime":
        return cls(SystemClock(stage.folder / "watchword" / "clock"))


@dataclass(frozen=True, slots=True)
class Shop:
    """An application that is registered."""

    issuer: str
    acs: str
    tenant: str = ""
    id: str = ""


def open_shop(
    stage: Stage, *steps: Sequence[Option] | Option, tenant: str = "", by: Credentials = ADMIN_A, **more: Any  # noqa: ANN401  # members of the wire
) -> Shop:  # fmt: skip
    """Register an application; each step is an option, or several."""
    issuer = stage.new_name("shop")
    listed = [[step] if isinstance(step[0], str) else list(step) for step in steps]
    acs = f"https://sp.test/acs/{issuer}"
    manual = {
        "issuer": issuer, "assertionConsumerUrls": [acs], "requestValidation": {"enableSignatureValidation": False},
    }  # fmt: skip
    options = [[{"idp": idp, "authenticator": authenticator} for idp, authenticator in step] for step in listed]
    body = {
        "name": issuer,
        "inboundProtocolConfiguration": {"saml": {"manualConfiguration": manual}},
        "authenticationSequence": {
            "type": "USER_DEFINED",
            "steps": [{"id": number, "options": step} for number, step in enumerate(options, 1)],
        },
        **more,
    }
    prefix = f"/t/{tenant}" if tenant else ""
    made = stage.ask("POST", f"{prefix}/api/server/v1/applications", body, by=by)
    assert made.status == 201, made.body
    return Shop(issuer, acs, prefix, made.headers["location"].rpartition("/")[2])


def carrier(stage: Stage, **properties: str) -> Option:
    """Register an identity provider with the classic code by SMS, and return it as an option of a step."""
    name, kind = stage.new_name("carrier"), "U01TT1RQ"
    given = [{"key": key, "value": value} for key, value in properties.items()]
    authenticator = {"authenticatorId": kind, "isEnabled": True, "isDefault": True, "properties": given}
    body = {
        "name": name,
        "federatedAuthenticators": {"defaultAuthenticatorId": kind, "authenticators": [authenticator]},
    }
    made = stage.ask("POST", "/api/server/v1/identity-providers", body, by=ADMIN_A)
    assert made.status == 201, made.body
    return name, "SMSOTP"


def person(stage: Stage, name: str = "kim", *, number: str | None = "") -> str:
    """Sign somebody up, with a number of its own unless another is given, and return the name."""
    fresh = stage.new_name(name)
    own = f"+9472{random.randrange(10**7):07d}" if number == "" else number  # noqa: S311  # no secret
    assert stage.confirm(stage.pending(fresh, number=own)).status == 202
    return fresh


def people(stage: Stage, count: int, name: str = "kim") -> list[str]:
    """Put many people into the database, with the password and the number of everybody here."""
    first = person(stage, name)
    user = stage.user(first)
    assert user is not None
    names = [stage.new_name(name) for _ in range(count)]
    stage.evidence.insert(
        "users", [{**user, "id": f"{user['id'][:8]}{each}", "name": each, "canonical": each.lower()} for each in names]
    )
    return names


@dataclass(slots=True)
class Visitor:
    """A browser: it keeps cookies, and follows nothing by itself."""

    stage: Stage
    cookies: dict[str, str] = field(default_factory=dict)
    node: int = -1
    last: Answer | None = None
    key: str = ""
    given: list[str] = field(default_factory=list)
    """Every ``Set-Cookie`` that came."""

    # --- what a person does

    def enter(self, shop: Shop, **more: str) -> Answer:
        """Come from an application."""
        message = authn_request(ServersTime.of(self.stage), shop.issuer, id=self.stage.new_name("_r"), **more)
        return self.get(f"{shop.tenant}{redirect(message)}")

    def password(self, name: str, password: str = PASSWORD, **more: str) -> Answer:
        return self.submit({"username": name, "password": password, **more})

    def code(self, code: str, **more: str) -> Answer:
        return self.submit({"OTPcode": code, **more})

    def first_step(self, shop: Shop, name: str) -> str:
        """Come, give the password, and return the code that then arrived."""
        before = codes_of(self.stage, name)
        self.enter(shop)
        self.password(name)
        assert self.stands_at_code, (self.last, self.query)
        wait_for(lambda: len(codes_of(self.stage, name)) > len(before))
        return codes_of(self.stage, name)[-1]

    def log_in(self, shop: Shop, name: str) -> None:
        """Take both steps."""
        self.code(self.first_step(shop, name))
        assert self.is_in(), self.location

    def submit(self, fields: Mapping[str, str], *, key: str | None = None, **headers: str) -> Answer:
        """Answer the page."""
        whole = {"sessionDataKey": self.key if key is None else key, **fields}
        return self.post("/commonauth", whole, **headers)

    # --- where that leads

    @property
    def location(self) -> str:
        assert self.last is not None
        return self.last.headers.get("location", "")

    @property
    def page(self) -> str:
        return urlsplit(self.location).path

    @property
    def query(self) -> dict[str, str]:
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.location).query).items()}

    @property
    def stands_at_code(self) -> bool:
        return CODE_PAGE.search(self.page) is not None

    def is_in(self) -> bool:
        """Follow, if the login is over, and tell whether the application is told of somebody."""
        while self.last is not None and self.last.status == 302 and self.page.endswith("/samlsso"):
            self.get(self.location)
        return self.last is not None and "status:Success" in said_to_application(self.last)

    # --- the wire

    def get(self, address: str, **headers: str) -> Answer:
        return self.ask("GET", address, None, headers)

    def post(self, address: str, fields: Mapping[str, str], **headers: str) -> Answer:
        return self.ask("POST", address, urlencode(fields).encode(), headers)

    def ask(self, method: str, address: str, octets: bytes | None, headers: Mapping[str, str]) -> Answer:
        """Send a request, and keep what it brings."""
        parts = urlsplit(address)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if octets is not None:
            sent.setdefault("Content-Type", FORM)
        connection = http.client.HTTPConnection("127.0.0.1", self.stage.nodes[self.node].port, timeout=60)
        try:
            connection.request(method, path, octets, sent)
            response = connection.getresponse()
            answer = Answer(
                response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
            )
            self._keep([value for name, value in response.getheaders() if name.lower() == "set-cookie"])
        finally:
            connection.close()
        self.last = answer
        self.key = self.query.get("sessionDataKey", self.key) if "location" in answer.headers else self.key
        return answer

    def _keep(self, brought: list[str]) -> None:
        self.given += brought
        for value in brought:
            for each in SimpleCookie(value).values():
                self.cookies[each.key] = each.value
                if each["max-age"] == "0":
                    del self.cookies[each.key]

    def twin(self) -> "Visitor":
        """Return a browser with the same cookies, for what happens at the same moment."""
        return Visitor(self.stage, dict(self.cookies), self.node, self.last, self.key)


def said_to_application(answer: Answer) -> str:
    """Return the SAML that a form carries; empty if it carries none."""
    from_form = re.search(rb'name="SAMLResponse" value="([^"]*)"', answer.body)
    if from_form is None:
        return ""
    return b64decode(from_form[1]).decode()


def codes_of(stage: Stage, name: str) -> list[str]:
    """Return every code of a login that has arrived for somebody, oldest first; those of a sign-up are longer."""
    found = []
    for delivery in stage.deliveries_to(name):
        in_text = _SIX_DIGITS.findall(delivery.texts[0])
        code = delivery.code or (in_text[0] if in_text else None)
        if code is not None and _SIX_DIGITS.fullmatch(code):
            found.append(code)
    return found


def other_than(code: str, count: int = 1) -> list[str]:
    """Return codes that are wrong, all different."""
    return [f"{(int(code) + number) % 10 ** len(code):0{len(code)}d}" for number in range(1, count + 1)]


def sessions_of(stage: Stage, name: str) -> list[Row]:
    """Return the sessions of somebody."""
    user = stage.user(name)
    return [row for row in stage.evidence.rows("sessions") if user and row["user_id"] == user["id"]]


def compared(stage: Stage) -> float:
    """Return how many codes all servers of a stage have compared."""
    total = 0.0
    for node in stage.nodes:
        connection = http.client.HTTPConnection("127.0.0.1", node.port + 1, timeout=30)
        connection.request("GET", "/metrics")
        said = connection.getresponse().read().decode()
        connection.close()
        total += next(
            float(line.split()[-1]) for line in said.splitlines() if line.startswith("watchword_code_comparisons")
        )
    return total
