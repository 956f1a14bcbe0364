"""What each claim is called, and under which names other dialects know it: ``claims.toml``, as it is shown."""

import functools
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from watchword.accounts.claims import DIALECT, IDENTITY, canonical_uri
from watchword.tenants.model import opaque_id

LOCAL_DIALECT = "http://wso2.org/claims"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalClaim:
    """A claim of our own, as forms show it."""

    uri: str
    display_name: str
    attribute: str
    order: int = 0
    required: bool = False
    shown: bool = False
    """Whether a profile shows it by default."""
    read_only: bool = False
    pattern: str = ""
    type: str = "string"
    many: bool = False

    @property
    def id(self) -> str:
        """Return the identifier on the wire."""
        return opaque_id(self.uri)

    @property
    def is_identity(self) -> bool:
        """Tell whether it is kept about an account, rather than told by its person."""
        return self.uri.startswith(IDENTITY)


@dataclass(frozen=True, slots=True)
class ExternalClaim:
    """A claim of ours under the name that another dialect has for it."""

    uri: str
    local_uri: str

    @property
    def id(self) -> str:
        """Return the identifier on the wire."""
        return opaque_id(self.uri)


@dataclass(frozen=True, slots=True)
class Dialect:
    """Names for our claims that some protocol or product uses."""

    uri: str
    claims: tuple[ExternalClaim, ...]

    @property
    def id(self) -> str:
        """Return the identifier on the wire."""
        return opaque_id(self.uri)


@functools.cache
def local_claims() -> Sequence[LocalClaim]:
    """Return the claims of our own dialect."""
    document = _document()
    return (
        *(_local(DIALECT + name, fields) for name, fields in document["profile"].items()),
        *(_local(IDENTITY + name, fields) for name, fields in document["identity"].items()),
    )


@functools.cache
def dialects() -> Sequence[Dialect]:
    """Return the dialects beside our own."""
    return tuple(_dialect(uri, fields) for uri, fields in _document()["dialects"].items())


def find_local(wanted: str) -> LocalClaim | None:
    """Return a claim of ours by its id, or by its URI in any of its spellings."""
    uri = canonical_uri(wanted)
    return next((each for each in local_claims() if wanted == each.id or uri == each.uri), None)


def find_dialect(wanted: str) -> Dialect | None:
    """Return a dialect beside our own by its id or URI."""
    return next((each for each in dialects() if wanted in {each.id, each.uri}), None)


def dialects_of(uri: str) -> Sequence[str]:
    """Return the dialects that have a name for a claim of ours."""
    return [each.uri for each in dialects() if any(claim.local_uri == uri for claim in each.claims)]


def _document() -> Mapping[str, Any]:
    return tomllib.loads(files(__package__).joinpath("claims.toml").read_text(encoding="utf-8"))


def _local(uri: str, fields: Mapping[str, Any]) -> LocalClaim:
    named = {"display_name" if name == "display" else name: value for name, value in fields.items()}
    return LocalClaim(uri=uri, **named)


def _dialect(uri: str, fields: Mapping[str, Any]) -> Dialect:
    prefix = fields.get("prefix", "")
    claims = [ExternalClaim(prefix + name, DIALECT + local) for name, local in fields["claims"].items()]
    return Dialect(uri, tuple(claims))
