"""Defects in what an operator switched on."""

from tests.mutants.planting import plant
from watchword.registration.http import RegistrationApi


def conf_01() -> None:
    """Ask for the captcha in the page only."""
    plant(RegistrationApi, "_check_captcha", lambda _: lambda self, work, ask: None)
