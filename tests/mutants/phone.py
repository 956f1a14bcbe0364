"""Defects in the reading of numbers."""

from typing import Any

import phonenumbers

from tests.mutants.planting import plant
from watchword.accounts.addresses import AddressRefused
from watchword.registration.usecases import admission


def _trusting(parse_phone: Any) -> Any:  # noqa: ANN401  # a function as it stands
    def parse(text: str, *, strict: bool, default_country: str | None) -> Any:  # noqa: ANN401  # a number
        try:
            phonenumbers.parse(text, default_country)
        except phonenumbers.NumberParseException as problem:
            raise AddressRefused("syntax", "no number") from problem
        return parse_phone("+94721584558", strict=strict, default_country=default_country)

    return parse


def phone_01() -> None:
    """Take whatever the library can parse."""
    plant(admission, "parse_phone", _trusting)


def phone_02() -> None:
    """Take whatever the library can parse."""
    phone_01()
