"""Whose address a request comes from: the peer's, or what a trusted proxy says it is."""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from starlette.requests import Request

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Peers:
    """The proxies whose word is taken."""

    trusted: tuple[Network, ...] = ()

    @classmethod
    def of(cls, networks: tuple[str, ...]) -> "Peers":
        """Trust the networks of the settings."""
        return cls(tuple(ip_network(network, strict=False) for network in networks))

    def client_of(self, request: Request) -> str:
        """Return the last address of ``X-Forwarded-For`` that is no proxy of ours; from a stranger it means nothing."""
        peer = request.client.host if request.client else "-"
        if not self._trusts(peer):
            return peer
        for hop in reversed(request.headers.get("x-forwarded-for", "").split(",")):
            if hop.strip() and not self._trusts(hop.strip()):
                return hop.strip() if _is_address(hop.strip()) else peer
        return peer

    def _trusts(self, address: str) -> bool:
        return _is_address(address) and any(ip_address(address) in network for network in self.trusted)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
