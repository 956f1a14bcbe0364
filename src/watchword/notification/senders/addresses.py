"""Where an outgoing call may go: how a URL must look, and which addresses are out of bounds."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Origin = tuple[str, str, int]
"""Scheme, host and port."""

_URL: Final = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?]*)(?P<target>(?:/[^?]*)?(?:\?.*)?)", re.ASCII
)
_AUTHORITY: Final = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?", re.ASCII)
_HOST_NAME: Final = re.compile(
    r"(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)
# What may stand in a URL (RFC 3986), without the fragment: a provider never sees it, and parsers disagree about it.
_URL_CHARACTERS: Final = re.compile(r"[A-Za-z0-9._~:/?\[\]@!$&'()*+,;=%|{}^`<>\"-]+", re.ASCII)
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_HIGHEST_PORT: Final = 65535
# Gateways listen here; everything else is somebody's database, mail or shell (SSRF-05).
_OPEN_PORTS: Final = frozenset({80, 443, *range(8000, 10000)})
_LOCAL_NAMES: Final = ("localhost", "localdomain", "local", "internal")

# Whatever is listed or allowed, nobody asks a cloud for the machine's own credentials.
_METADATA: Final = tuple(
    map(
        ipaddress.ip_network,
        (
            "169.254.0.0/16",
            "100.100.100.200/32",
            "168.63.129.16/32",
            "192.0.0.192/32",
            "fd00:ec2::/112",
            "fd20:ce::254/128",
            "fe80::/10",
        ),
    )
)
_LOCAL: Final = tuple(
    map(
        ipaddress.ip_network,
        (
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "::1/128",
            "fc00::/7",
        ),
    )
)
# IPv6 is open where the world is, less the corners that lead elsewhere; IPv4 is open less these.
_NOWHERE: Final = tuple(
    map(
        ipaddress.ip_network,
        (
            "0.0.0.0/8",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/3",
            "2001::/23",
            "2001:db8::/32",
            "3fff::/20",
        ),
    )
)
_WORLD: Final = ipaddress.ip_network("2000::/3")
_TRANSLATED: Final = ipaddress.ip_network("64:ff9b::/96")


class Forbidden(Exception):
    """The call may not be made; the text says why, and tells no secret."""


@dataclass(frozen=True, slots=True)
class Target:
    """A checked URL, in parts, so that no second parser can read it otherwise."""

    scheme: str
    host: str
    port: int
    path_and_query: str

    @property
    def origin(self) -> Origin:
        """Scheme, host and port."""
        return (self.scheme, self.host, self.port)


@dataclass(frozen=True, slots=True)
class OutgoingRules:
    """What the operator allows.

    *listed* are origins that may be private, plain HTTP or on any port; *private_allowed* opens private networks
    for every URL. *loopback_only* is development: nothing leaves the machine, and plain HTTP is fine there.
    """

    listed: frozenset[Origin] = frozenset()
    private_allowed: bool = False
    loopback_only: bool = False

    def lists(self, target: Target, *, trusted: bool = False) -> bool:
        """Tell whether the operator has named this origin.

        *trusted* says that the URL stands in one of the operator's own files and so counts as listed.
        """
        return trusted or target.origin in self.listed

    def check(self, target: Target, *, trusted: bool = False) -> None:
        """Refuse a URL for what can be seen in it, before any name is looked up.

        Raises:
            Forbidden: the URL may not be called.
        """
        listed = self.lists(target, trusted=trusted)
        at_home = listed or self.loopback_only
        if target.scheme == "http" and not at_home:
            raise Forbidden("only https leaves the house; list the address under [watchword.outgoing] allow")
        if target.port not in _OPEN_PORTS and not at_home:
            raise Forbidden(f"port {target.port} is not open for outgoing calls")
        address = literal_address(target.host)
        if address is not None:
            self.check_address(address, listed=listed)
        elif target.host.rpartition(".")[2] in _LOCAL_NAMES and not (at_home or self.private_allowed):
            raise Forbidden(f"{target.host} is a name of this machine or network")

    def check_address(self, address: Address, *, listed: bool) -> None:
        """Refuse an address to which the host of an allowed URL leads.

        Raises:
            Forbidden: the address is out of bounds.
        """
        real = _embedded(address)
        if _is_in(real, _METADATA):
            raise Forbidden(f"{address} is an address that machines ask for their own credentials")
        if self.loopback_only:
            if not real.is_loopback:
                raise Forbidden(f"{address} is not on this machine, and development mode calls nobody else")
            return
        if _is_in(real, _LOCAL):
            if not (listed or self.private_allowed):
                raise Forbidden(f"{address} is a private address; list it under [watchword.outgoing] allow")
        elif _is_in(real, _NOWHERE) or not (isinstance(real, ipaddress.IPv4Address) or real in _WORLD):
            raise Forbidden(f"{address} is not an address of the internet")


def read_url(url: str) -> Target:
    """Return the parts of a URL.

    Raises:
        Forbidden: it is not a plain http or https URL that every parser reads alike.
    """
    if not _URL_CHARACTERS.fullmatch(url):
        raise Forbidden("the URL holds a character that does not belong there")
    found = _URL.fullmatch(url)
    if found is None:
        raise Forbidden("the URL is not complete: it must be https://host/path")
    scheme = found["scheme"].lower()
    if scheme not in _DEFAULT_PORTS:
        raise Forbidden(f"only http and https are spoken, not {scheme}")
    if "@" in found["authority"]:
        raise Forbidden("a URL may not carry a user name or password; use the authentication settings")
    parts = _AUTHORITY.fullmatch(found["authority"])
    if parts is None:
        raise Forbidden("the URL names no proper host and port")
    port = int(parts["port"]) if parts["port"] else _DEFAULT_PORTS[scheme]
    if not 0 < port <= _HIGHEST_PORT:
        raise Forbidden(f"there is no port {port}")
    target = found["target"]
    return Target(scheme, _read_host(parts["host"]), port, target if target.startswith("/") else "/" + target)


def read_origin(text: str) -> Origin:
    """Return the origin that an operator lists, such as ``http://10.0.0.5:8080``.

    Raises:
        Forbidden: it is none, or more than scheme, host and port.
    """
    target = read_url(text)
    if target.path_and_query != "/":
        raise Forbidden("an allowed address is scheme, host and port, without a path")
    return target.origin


def literal_address(host: str) -> Address | None:
    """Return the address that a host is written as, or None for a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _read_host(text: str) -> str:
    host = text.lower().strip("[]").removesuffix(".")
    if literal_address(host) is not None:
        return host
    # A last label of digits is an address in an old spelling (2130706433, 0x7f.1, 127.1), which resolvers still read.
    last = host.rpartition(".")[2]
    if text.startswith("[") or re.fullmatch(r"[0-9]+|0x[0-9a-f]*", last) or not _HOST_NAME.fullmatch(host):
        raise Forbidden("the host is neither a name nor an address in its usual form")
    return host


def _embedded(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address stands for, if any: that is where the call ends."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
    if inner is None and address in _TRANSLATED:
        inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return inner or address


def _is_in(address: Address, networks: tuple[Network, ...]) -> bool:
    return any(address in network for network in networks)
