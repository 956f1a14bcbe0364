"""A login, its steps and its outcome; a session: the values."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from watchword.applications.model import LOCAL, Option, Sequence, Step

__all__ = ["LOCAL", "Option", "Sequence", "Step"]

LOGIN_PAGE = "authenticationendpoint/login.do"
RETRY_PAGE = "authenticationendpoint/retry.do"
CODE_PAGES = (
    "smsotpauthenticationendpoint/smsotp.jsp", "authenticationendpoint/smsOtp.jsp",
    "authenticationendpoint/email-otp.jsp", "authenticationendpoint/emailOtp.jsp",
    "authenticationendpoint/backup-code.jsp", "authenticationendpoint/backupCode.jsp",
)  # fmt: skip
FAILED_PAGES = (
    "smsotpauthenticationendpoint/smsotpError.jsp", "authenticationendpoint/smsOtpError.jsp",
    "authenticationendpoint/email-otp-error.jsp", "authenticationendpoint/emailOtpError.jsp",
    "authenticationendpoint/backup-code-error.jsp", "authenticationendpoint/backupCodeError.jsp",
)  # fmt: skip
PHONE_PAGES = ("smsotpauthenticationendpoint/mobile.jsp", "authenticationendpoint/mobile.jsp")


class Failure(StrEnum):
    """How a login ended that proved nobody."""

    NOT_AUTHENTICATED = "AuthnFailed"
    NO_PASSIVE = "NoPassive"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginRequest:
    """What a protocol asks for."""

    application_id: str
    protocol: str
    """``samlsso``, ``oidc``: what the pages are told as ``type``."""
    relying_party: str
    return_path: str
    """Where the browser goes when the login is over, with the key; a path of ours, without the tenant."""
    force: bool = False
    passive: bool = False
    wanted_user: str | None = None
    """Whose name the page begins with."""
    must_be_wanted: bool = False
    """Whether nobody else may log in."""
    memory: Mapping[str, Any] = field(default_factory=dict)
    """What the protocol must know again at the end, as JSON has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who somebody is: proven by a step, or only named where ``is_proven`` is false."""

    name: str
    """As the account has it; as it was typed where nothing is proven."""
    realm: str = ""
    tenant: str
    user_id: str | None = None
    """The account here; ``None`` for somebody whom only another provider knows, or whom nobody knows."""
    provider_id: str = LOCAL
    attributes: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What the other provider said, by its own names."""
    is_proven: bool = True

    @property
    def is_federated(self) -> bool:
        """Tell whether another provider proved it."""
        return self.provider_id != LOCAL

    def is_same(self, other: "Person") -> bool:
        """Tell whether both are the same account, or the same person of another provider."""
        if self.user_id is not None or other.user_id is not None:
            return (self.user_id, self.tenant) == (other.user_id, other.tenant)
        return (self.provider_id, self.name, self.tenant) == (other.provider_id, other.name, other.tenant)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A step that was taken."""

    step: int
    option: Option
    person: Person
    at: datetime
    skipped: bool = False
    """Whether the authenticator let the person pass without asking for anything."""
    by_backup_code: bool = False
    """Whether a backup code was taken in place of the code that was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a browser is sent: a page and what its address says."""

    page: str
    """An absolute address, or a path of ours without the tenant."""
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A login that is under way."""

    key: str = field(repr=False)
    """The ``sessionDataKey`` of every page."""
    request: LoginRequest
    application: str
    """The application's name, for people."""
    is_saas: bool = False
    sequence: Sequence = field(default_factory=Sequence)
    proofs: tuple[Proof, ...] = ()
    option: Option | None = None
    """The authenticator that is asking; ``None`` while the person chooses, or before anybody asks."""
    retrying: bool = False
    """Whether its last answer was refused."""
    notes: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """What that authenticator must remember, as JSON has it; gone with the next step."""
    place: Place | None = None
    """Where the browser was sent last."""
    duty: str = ""
    """What is left to do though every step is taken, such as ``claims``."""
    remember: bool = False
    session_id: str | None = None
    """The session that it began with, or that it made."""
    failure: Failure | None = None
    is_over: bool = False
    created_at: datetime
    expires_at: datetime
    version: int = 0

    def proof_of(self, step: int) -> Proof | None:
        """Return how a step was taken."""
        return next((each for each in self.proofs if each.step == step), None)

    @property
    def step_number(self) -> int | None:
        """Return the step that is to be taken, from 1; ``None`` when every step is."""
        numbers = range(1, len(self.sequence.steps) + 1)
        return next((each for each in numbers if self.proof_of(each) is None), None)

    @property
    def step(self) -> Step | None:
        """Return the step that is to be taken."""
        number = self.step_number
        return None if number is None else self.sequence.steps[number - 1]

    @property
    def person(self) -> Person | None:
        """Return whom the steps so far have found: that of the attribute step, else of the last one."""
        attribute = self.proof_of(self.sequence.attribute_step)
        chosen = attribute or (self.proofs[-1] if self.proofs else None)
        return chosen.person if chosen else None

    @property
    def subject(self) -> Person | None:
        """Return who the application is told of: whom the subject step has found, as a step has proven that person."""
        proof = self.proof_of(self.sequence.subject_step)
        found = proof.person if proof else self.person
        if found is None or found.is_proven:
            return found
        proven = (each.person for each in self.proofs if each.person.is_proven and not each.skipped)
        return next((each for each in proven if each.is_same(found)), None)

    def noting(self, **notes: Any) -> "Login":  # noqa: ANN401  # as JSON has it
        """Return the login with something more for its authenticator to remember; ``None`` forgets."""
        merged = {name: value for name, value in {**self.notes, **notes}.items() if value is not None}
        return replace(self, notes=merged)

    def proven(self, proof: Proof) -> "Login":
        """Return the login with one more step taken."""
        others = tuple(each for each in self.proofs if each.step != proof.step)
        return replace(self, proofs=(*others, proof), option=None, retrying=False, notes={}, place=None)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a page sent."""

    fields: Mapping[str, str] = field(repr=False)

    def get(self, name: str) -> str:
        """Return a field; empty if it was not sent."""
        return self.fields.get(name, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """That somebody has logged in with a browser."""

    id: str
    person: Person
    proofs: tuple[Proof, ...]
    created_at: datetime
    used_at: datetime
    idle_at: datetime
    ends_at: datetime
    remembered: bool = False
    user_agent: str = ""
    address: str = ""

    def proof_by(self, options: tuple[Option, ...]) -> Proof | None:
        """Return a proof that takes a step with these options."""
        return next((each for each in self.proofs if each.option in options), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionApplication:
    """An application that somebody has logged in to with a session."""

    session_id: str
    application_id: str
    protocol: str
    subject: str
    document: Mapping[str, Any]
    """What the protocol must know to log the person out there."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginResult:
    """What a protocol gets back; read once."""

    request: LoginRequest
    failure: Failure | None
    person: Person | None = None
    proofs: tuple[Proof, ...] = ()
    session: Session | None = None
    claims: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The local claims of the person of the attribute step."""
    roles: tuple[str, ...] = ()

    @property
    def is_two_factor(self) -> bool:
        """Tell whether more than one thing was proven; a name proves nothing."""
        proven = [each for each in self.proofs if each.person.is_proven and not each.skipped]
        return len({each.option.authenticator for each in proven}) > 1
