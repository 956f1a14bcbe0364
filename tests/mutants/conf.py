"""Defects in what an operator switched on."""

from dataclasses import replace
from typing import Any

from tests.mutants.planting import plant
from watchword.login.authenticator import Browser
from watchword.login.dispatcher import UNUSABLE, Dispatcher
from watchword.registration.http import RegistrationApi


def conf_01() -> None:
    """Ask for the captcha in the page only."""
    plant(RegistrationApi, "_check_captcha", lambda _: lambda self, work, ask: None)


def conf_04() -> None:
    """Pass a step that cannot be taken any more."""

    def lenient(give_up: Any) -> Any:  # noqa: ANN401  # a function as it stands
        def given_up(self: Any, work: Any, login: Any, outcome: Any) -> Any:  # noqa: ANN401  # passed on
            if outcome.message != UNUSABLE or not login.proofs:
                return give_up(self, work, login, outcome)
            proof = replace(login.proofs[-1], step=login.step_number)
            return self._go_on(work, login.proven(proof), Browser(address=""))

        return given_up

    plant(Dispatcher, "_give_up", lenient)
