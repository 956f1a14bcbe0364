"""What a tenant is, and how its policies are grouped."""

import base64
import re
from dataclasses import dataclass
from datetime import datetime

from watchword.base.patterns import full_match

_DOMAIN = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Tenant:
    """Users, applications, policies and keys that no other tenant sees."""

    domain: str
    id: str
    name: str
    active: bool
    created_at: datetime


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


_FOREIGN = "foreign-host.invalid"
_PATHS = ("", "/", "/x", "/authenticationendpoint/login.do")


def lets_anyone_in(pattern: str) -> str | None:
    """Tell why a pattern of callback addresses is too open: it matches a host that it does not name.

    A pattern cannot be solved for its hosts, so it is tried on addresses that an attacker would try: a foreign host
    alone, and the named host as the beginning, the user part, the path or the query of a foreign address.
    """
    for address in _attempts(pattern):
        if full_match(pattern, address):
            return f"it matches {address}"
    return None


def _attempts(pattern: str) -> list[str]:
    plain = pattern.replace("\\/", "/").replace("\\.", ".").replace("\\-", "-").replace("\\:", ":").strip("^$")
    tail = re.split(r"[*+}\])?]", plain)[-1]
    hosts = re.findall(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*(?::[0-9]+)?", plain.partition("://")[2])[:1]
    origins = [f"{scheme}://{_FOREIGN}" for scheme in ("https", "http")]
    for host in hosts:
        origins += [f"{scheme}://{host}{glue}{_FOREIGN}" for scheme in ("https", "http") for glue in (".", "@", "")]
        origins += [
            f"https://{_FOREIGN}/https://{host}",
            f"https://{_FOREIGN}/?https://{host}",
            f"https://{_FOREIGN}-{host}",
        ]
        origins += [f"https://{host.replace('.', 'x', 1)}"] if "." in host and host in pattern else []
    return [origin + path for origin in origins for path in (*_PATHS, tail if tail.startswith("/") else f"/{tail}")]
