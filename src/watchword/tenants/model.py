"""What a tenant is, and how its policies are grouped."""

import base64
import re
from dataclasses import dataclass
from datetime import datetime

_DOMAIN = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*", re.ASCII
)

SUPER_TENANT_ID = "-1234"
"""What the reference calls the tenant that is always there."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """Users, applications, policies and keys that no other tenant sees."""

    domain: str
    id: str
    name: str
    active: bool
    created_at: datetime | None
    """``None``: it came with the server."""


@dataclass(frozen=True, slots=True)
class Connector:
    """A group of properties, as the governance interface shows them."""

    name: str
    title: str
    category: str
    section: str
    """Its table in ``deployment.toml``."""
    element: str
    """Its element in ``identity.xml``."""
    old_name: str = ""
    """What the console of 5.10 calls it, where that is another name."""

    @property
    def id(self) -> str:
        """Return the identifier on the wire."""
        return opaque_id(self.name)


def opaque_id(name: str) -> str:
    """Return a name as base64url without padding, the form in which the REST interfaces address things by name."""
    return base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")


def is_domain(text: str) -> bool:
    """Tell whether a tenant may be called so: like a host name, in lower case."""
    return _DOMAIN.fullmatch(text) is not None


_ORIGIN = re.compile(
    r"""
    (?:https?\??|\(https?\|https?\)) # the scheme, or either of both
    \\?:\\?/\\?/
    (?P<host>(?:[A-Za-z0-9_.-]|\\[.-]|\((?:[A-Za-z0-9_.|-]|\\[.-])+\))+)
    (?:\\?:[0-9]{1,5})?
    (?:\\?/(?![?*{])|\Z)                  # the authority ends here, whatever follows
    """,
    re.VERBOSE | re.ASCII,
)
_PIECE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", re.DOTALL)
"""An escape, a class or a character: so that no bracket or bar inside the first two is taken for syntax."""
_OPEN_DOT = re.compile(r"(?<!\\)\.")


def lets_anyone_in(pattern: str) -> str | None:
    """Say what is bad about a pattern of callback addresses: it matches a host that it does not spell out.

    Trying it on foreign addresses would miss some, so it must have a form that is known to be safe: scheme, host and
    port as plain text, then a slash or the end, in each of its alternatives.
    """
    for alternative in _alternatives(pattern):
        origin = _ORIGIN.match(alternative)
        if origin is None:
            return "lets people be sent to hosts that it does not spell out, unlike https://id\\.example\\.com/.*"
        if _OPEN_DOT.search(origin["host"]):
            return f"has a bare dot, which stands for any character: write \\. in {origin['host']}"
    return None


def _alternatives(pattern: str) -> list[str]:
    """Return what a pattern joins by bars at its outermost level."""
    bare = pattern.removeprefix("^").removesuffix("$")
    parts, depth = [""], 0
    for piece in _PIECE.findall(bare):
        depth += {"(": 1, ")": -1}.get(piece, 0)
        if piece == "|" and depth == 0:
            parts.append("")
        else:
            parts[-1] += piece
    if len(parts) == 1 and _is_one_group(bare):
        return _alternatives(bare.removeprefix("(?:").removeprefix("(").removesuffix(")"))
    return parts


def _is_one_group(pattern: str) -> bool:
    """Tell whether a pattern is one group from its first character to its last."""
    if not re.match(r"\((?:\?:|(?!\?))", pattern) or not pattern.endswith(")"):
        return False
    depth = 0
    for found in _PIECE.finditer(pattern):
        depth += {"(": 1, ")": -1}.get(found[0], 0)
        if depth == 0:
            return found.end() == len(pattern)
    return False


def draws_no_code(pattern: str) -> str | None:
    """Say what is bad about a pattern of codes: it is not classes and a length (self-registration.md 4.1)."""
    if re.fullmatch(r"\[(?:a-z|A-Z|0-9){1,3}\]\{[0-9]{1,3}\}", pattern, re.ASCII):
        return None
    return f"must be classes and a length such as [A-Z0-9]{{6}}, not {pattern}"
