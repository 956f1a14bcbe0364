"""What SAML messages say, once they are read: values, and the rules that need nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from watchword.applications.model import UNSPECIFIED
from watchword.saml.names import AUTHN_FAILED, REQUEST_DENIED, REQUESTER, SUCCESS


class Binding(StrEnum):
    """How a message came through the browser."""

    REDIRECT = "redirect"
    POST = "post"


class Refused(Exception):
    """A message is refused: *reason* is for the audit log, the status for its sender, if that is proven."""

    def __init__(self, reason: str, top: str = REQUESTER, second: str = REQUEST_DENIED) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = Status(top, second)

    @property
    def told(self) -> str:
        """What the service provider may read of it: everything but how a person failed to log in."""
        return "" if self.status.second == AUTHN_FAILED else self.reason


class Gone(Refused):
    """The application was removed or switched off while somebody logged in: the person is told."""


@dataclass(frozen=True, slots=True)
class Status:
    """How something ended, in two levels."""

    top: str = SUCCESS
    second: str = ""

    @property
    def is_success(self) -> bool:
        """Tell whether what was asked for was done, if only in part."""
        return self.top == SUCCESS


@dataclass(frozen=True, slots=True)
class NameId:
    """How somebody is named to one service provider."""

    value: str = field(repr=False)
    format: str = UNSPECIFIED


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What every message says of itself; a part that is not there is empty."""

    id: str
    version: str
    issued_at: datetime | None
    issuer: str
    issuer_format: str = ""
    destination: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthnRequest(Message):
    """A service provider wants to know who somebody is."""

    acs_url: str = ""
    acs_index: int | None = None
    protocol_binding: str = ""
    force: bool = False
    passive: bool = False
    subject: NameId | None = None
    has_other_subject: bool = False
    """Whether the subject is named in a way that we cannot read, or must be confirmed."""
    name_id_format: str = ""
    attribute_index: int | None = None
    classes: tuple[str, ...] = ()
    """The classes of proofs that would do; empty: any."""
    comparison: str = "exact"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutRequest(Message):
    """A service provider wants somebody logged out everywhere."""

    not_on_or_after: datetime | None = None
    name_id: NameId | None = None
    session_indexes: tuple[str, ...] = ()
    asynchronous: bool = False
    """Whether the service provider wants no answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutResponse(Message):
    """A service provider says how its logout ended."""

    in_response_to: str = ""
    status: Status = Status()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is remembered of a request while its person logs in."""

    request_id: str | None
    """``None`` where the log-in began here."""
    acs_url: str
    relay_state: str | None
    name_id_format: str
    """The format that the request named, or empty."""
    subject: str = ""
    """Who alone may log in, or empty."""
    attribute_index: int | None = None
    classes: tuple[str, ...] = ()
    comparison: str = "exact"
    issued_at: float | None = None
    """When the request was made, in seconds, if it says so."""

    def to_json(self) -> Mapping[str, Any]:
        """Return it for the login's memory."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def of_json(cls, memory: Mapping[str, Any]) -> "Asked":
        """Return what :meth:`to_json` gave."""
        return cls(**{**memory, "classes": tuple(memory["classes"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """A fact about a person, as the service provider is told."""

    name: str
    values: Sequence[str] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A message on its way to a service provider, through the person's browser."""

    action: str
    """Where it goes; nothing but a registered address."""
    fields: Mapping[str, str] = field(repr=False)
    address: str = field(default="", repr=False)
    """The whole message in an address instead, for a service provider that takes no forms."""
