"""People who log in: by SAML from a service provider, with a password and a code by SMS, and back to it."""

import base64
import re
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from urllib.parse import quote_plus, urlencode, urlsplit

from bench.load import Answer, Question, Request, request
from bench.seeds import SECRET, number_of, user_name
from bench.servers import Home
from watchword.accounts.claims import MOBILE
from watchword.applications.authenticators import SMS_OTP
from watchword.applications.model import (
    BASIC,
    LOCAL,
    Application,
    ClaimConfiguration,
    Option,
    RequestedClaim,
    Sequence,
    ServiceProvider,
    Step,
)
from watchword.applications.store import Applications
from watchword.base.entropy import new_id
from watchword.storage.work import Work
from watchword.web.model import SUPER_TENANT

SSO = "/samlsso"
LOGIN_PAGE = "/authenticationendpoint/login.do"
CODE_PAGE = "/smsotp.jsp"
ISSUER = "bench.example"
RELAY_STATE = "where-I-was"
ACS = "http://127.0.0.1:9/acs"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_numbers = count(1)


def add_application(home: Home) -> None:
    """Make the application of the service provider: a password, then a code by SMS."""
    steps = (Step((Option(LOCAL, BASIC),)), Step((Option(LOCAL, SMS_OTP),)))

    def add(work: Work) -> None:
        application = Application(
            id=new_id(work.entropy, work.now), name=ISSUER, created_at=work.now, modified_at=work.now,
            saml=ServiceProvider(
                issuer=ISSUER, acs_urls=(ACS,), attribute_profile=True, always_include_attributes=True,
                attribute_index=1,
            ),
            sequence=Sequence(steps, is_default=False), claims=ClaimConfiguration(requested=(RequestedClaim(MOBILE),)),
        )  # fmt: skip
        Applications(work).add(application)
        work.commit()

    with home.installation() as installation:
        installation.works.do(SUPER_TENANT, add)


@dataclass(slots=True)
class Visitor:
    """A person with a browser."""

    number: int
    cookies: dict[str, str] = field(default_factory=dict)
    location: str = ""

    @property
    def path(self) -> str:
        """Return the path to which the browser was sent last."""
        return urlsplit(self.location).path

    @property
    def key(self) -> str:
        """Return the key of the login."""
        found = re.search(r"[?&]sessionDataKey=([0-9a-f]+)", self.location)
        return found[1] if found else ""

    def come(self) -> bytes:
        """Return the request with which the service provider sends the person."""
        query = urlencode({"SAMLRequest": _packed(_authn_request())}, quote_via=quote_plus)
        return self._get(f"{SSO}?{query}&RelayState={RELAY_STATE}")

    def look(self) -> bytes:
        """Return the request for the page to which the browser was sent."""
        parts = urlsplit(self.location)
        return self._get(f"{parts.path}?{parts.query}")

    def say_password(self) -> bytes:
        """Return the form with name and password."""
        return self._answer({"username": user_name(self.number), "password": SECRET})

    def say_code(self, code: str) -> bytes:
        """Return the form with the code."""
        return self._answer({"OTPcode": code, "resendCode": "false"})

    def hear(self, answer: Answer) -> None:
        """Keep the cookies, and where the answer leads."""
        self.cookies |= answer.cookies
        self.location = answer.location

    def _answer(self, fields: dict[str, str]) -> bytes:
        body = urlencode({"sessionDataKey": self.key, **fields}).encode()
        return request("POST", "/commonauth", body, FORM | self._headers())

    def _get(self, target: str) -> bytes:
        return request("GET", target, headers=self._headers())

    def _headers(self) -> dict[str, str]:
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items() if value)}


Visitors = deque[Visitor]


def visits(numbers: Iterable[int]) -> Iterator[Visitor]:
    """Yield people who have opened no page yet."""
    return map(Visitor, numbers)


def beginnings(visitors: Iterable[Visitor], at_login: Visitors) -> Iterator[Request]:
    """Yield the first requests; whoever stands at the log-in page is kept."""
    return (Question(each.come(), _leading(each, LOGIN_PAGE, at_login)) for each in visitors)


def passwords(at_login: Visitors, at_code: Visitors) -> Iterator[Request]:
    """Yield passwords; whoever is asked for a code then is kept."""
    while at_login:
        visitor = at_login.popleft()
        yield Question(visitor.say_password(), _leading(visitor, CODE_PAGE, at_code))


def codes(at_code: Visitors, found: dict[str, str], at_end: Visitors) -> Iterator[Request]:
    """Yield the codes that the provider has delivered; whoever has logged in then is kept."""
    while at_code:
        visitor = at_code.popleft()
        yield Question(visitor.say_code(found[number_of(visitor.number)]), _leading(visitor, SSO, at_end))


def responses(at_end: Visitors, gone: Visitors) -> Iterator[Request]:
    """Yield the requests that fetch the signed response; whoever has it is kept, with a session."""
    while at_end:
        visitor = at_end.popleft()
        yield Question(visitor.look(), _with_response(visitor, gone))


def returns(logged_in: Visitors, at_end: Visitors) -> Iterator[Request]:
    """Yield people with a session who are sent again; whoever is not asked for anything is kept."""
    while logged_in:
        visitor = logged_in.popleft()
        yield Question(visitor.come(), _leading(visitor, SSO, at_end))


def _leading(visitor: Visitor, place: str, kept: Visitors) -> "Hearing":
    return Hearing(visitor, place, kept)


def _with_response(visitor: Visitor, kept: Visitors) -> "Hearing":
    return Hearing(visitor, "", kept)


@dataclass(frozen=True, slots=True)
class Hearing:
    """Looks whether an answer leads to a place, or carries a response where no place is named."""

    visitor: Visitor
    place: str
    kept: Visitors

    def __call__(self, answer: Answer) -> bool:
        """Keep the visitor if it is the answer that was hoped for."""
        self.visitor.hear(answer)
        if self.place:
            is_fine = self.visitor.path.lower().endswith(self.place) and "authFailure" not in self.visitor.location
        else:
            is_fine = b'name="SAMLResponse"' in answer.body
        if is_fine:
            self.kept.append(self.visitor)
        return is_fine


def _authn_request() -> str:
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        '<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"'
        f' xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_bench{next(_numbers)}" Version="2.0"'
        f' IssueInstant="{at}"><saml:Issuer>{ISSUER}</saml:Issuer></samlp:AuthnRequest>'
    )


def _packed(message: str) -> str:
    packer = zlib.compressobj(6, wbits=-15)
    return base64.b64encode(packer.compress(message.encode()) + packer.flush()).decode()
