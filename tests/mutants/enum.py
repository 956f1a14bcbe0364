"""Defects in what strangers are told."""

import time
from dataclasses import replace
from typing import Any

from tests.mutants.planting import plant
from watchword.accounts import gate, guessing
from watchword.login.authenticators import later_code
from watchword.notification import courier


def enum_02() -> None:
    """Count the failures of those only who have an account."""

    def counting(take: Any) -> Any:  # noqa: ANN401  # a function as it stands
        def taken(work: Any, guess: Any, budgets: Any) -> Any:  # noqa: ANN401  # passed on
            return take(work, guess, budgets if guess.user is not None else ())

        return taken

    plant(guessing, "_take", counting)


def enum_03() -> None:
    """Show where the code goes, whoever asks."""
    plant(later_code, "find_holder", lambda find: lambda *rest: (found := find(*rest)) and replace(
        found, is_hidden=found.user is None))  # fmt: skip


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
