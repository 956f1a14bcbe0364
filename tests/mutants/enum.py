"""Defects in what strangers are told."""

import time

from tests.mutants.planting import plant
from watchword.accounts import gate
from watchword.notification import courier


def enum_05() -> None:
    """Open the door to everybody who has an account."""
    plant(
        gate.BasicGate,
        "admit",
        lambda admit: lambda self, work, shown, permission, *, people: admit(self, work, shown, None, people=True),
    )


def enum_07() -> None:
    """Send within the request."""
    plant(courier.Courier, "hurry", lambda _: lambda self, work, notified: time.sleep(2))
