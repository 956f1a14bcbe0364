"""Defects in knowing where a request comes from."""

from tests.mutants.planting import plant
from watchword.web.peers import Peers


def host_02() -> None:
    """Take the leftmost entry."""
    plant(Peers, "client_of", lambda _: lambda self, request: request.headers.get("x-forwarded-for", "-").split(",")[0])
