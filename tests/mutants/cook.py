"""Defects in cookies."""

from tests.mutants.planting import plant
from watchword.login import browsers


def cook_01() -> None:
    """Let scripts read what a browser is known by."""
    plant(browsers, "_cookie", lambda make: lambda *rest: make(*rest).replace("; HttpOnly", ""))
