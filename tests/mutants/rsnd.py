"""Defects in the budget of sends."""

from tests.mutants.planting import plant
from watchword.notification import outbox


def rsnd_05() -> None:
    """Give each endpoint a budget of its own, which is none."""
    plant(outbox, "_within_limits", lambda _: lambda *rest: True)
