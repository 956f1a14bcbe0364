"""What a handler is given, and what it gives back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, TypeVar

from watchword.storage.work import Work

Body = TypeVar("Body")

SUPER_TENANT = "carbon.super"
MAX_BODY_BYTES = 64 * 1024


class Door(StrEnum):
    """Who may come in at all, before a permission is asked for."""

    ANYONE = "anyone"
    CALLER = "caller"


class CallerKind(StrEnum):
    """What a caller is (decisions 5.2)."""

    NOBODY = "nobody"
    CLIENT = "client"
    ADMINISTRATOR = "administrator"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and what they may do."""

    name: str
    tenant: str
    kind: CallerKind
    permissions: frozenset[str] = frozenset()
    user_id: str | None = None

    def may(self, permission: str) -> bool:
        """Tell whether the caller holds *permission*, or the wider one that it belongs to."""
        return permission in self.permissions or permission.rsplit(":", 1)[0] in self.permissions


NOBODY = Caller("-", "-", CallerKind.NOBODY)


@dataclass(frozen=True, slots=True)
class Ask(Generic[Body]):
    """A request, as far as a handler may know it."""

    body: Body
    caller: Caller
    client: str
    """Address of the peer, behind the proxies that are trusted."""
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)
    raw_query: str = ""
    """The query as it came, for signatures over it."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a handler answers, where a status or a text is not the route's own."""

    content: object = None
    """A struct or mapping becomes JSON, a text stands as it is, ``None`` is an empty body."""
    status: int | None = None
    media_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: tuple[str, ...] = ()
    """Whole ``Set-Cookie`` values."""


Handler = Callable[[Work, Ask[Any]], object]


@dataclass(frozen=True, slots=True)
class Route:
    """An address, what it takes, and who may call it."""

    method: str
    path: str
    handler: Handler
    body: type[Any] | None = None
    status: int = 200
    permission: str | None = None
    """What a caller must hold; ``None``: whoever comes through the door."""
    door: Door = Door.CALLER
    people: bool = False
    """Whether a person without permissions may call it."""
    reading: bool = False
    tenants: bool = True
    """Whether the address exists under ``/t/{tenant}`` too."""
    page: bool = False
    """Whether a problem is told as a page, and the body is a form."""
    max_bytes: int = MAX_BODY_BYTES
    """The largest body that is read."""
    shape: Any = None
    """What the description of the interface says of the body, where the handler takes it as a plain document."""
    hashes: bool = False
    """Whether every call takes a hash: while too many wait for one, it is refused before its body is read."""
    hashing_field: str = ""
    """The field of a form that takes a hash: whoever sends it is refused as soon as the form is read."""


def get(path: str, handler: Handler, **options: Any) -> Route:  # noqa: ANN401  # the options of Route
    """Return a route that only reads."""
    return Route("GET", path, handler, **{"reading": True, **options})


def post(path: str, handler: Handler, **options: Any) -> Route:  # noqa: ANN401  # the options of Route
    """Return a route that takes a body."""
    return Route("POST", path, handler, **options)


def put(path: str, handler: Handler, **options: Any) -> Route:  # noqa: ANN401  # the options of Route
    """Return a route that writes the whole."""
    return Route("PUT", path, handler, **options)


def patch(path: str, handler: Handler, **options: Any) -> Route:  # noqa: ANN401  # the options of Route
    """Return a route that changes a part."""
    return Route("PATCH", path, handler, **options)


def delete(path: str, handler: Handler, **options: Any) -> Route:  # noqa: ANN401  # the options of Route
    """Return a route that removes."""
    return Route("DELETE", path, handler, **options)
