"""Defects in the reading of numbers."""

from typing import Any

import phonenumbers

from watchword.accounts.addresses import AddressRefused, parse_phone
from watchword.registration.usecases import admission


def _library_alone(text: str, *, strict: bool, default_country: str | None) -> Any:  # noqa: ANN401  # a number
    try:
        phonenumbers.parse(text, default_country)
    except phonenumbers.NumberParseException as problem:
        raise AddressRefused("syntax") from problem
    return parse_phone("+94721584558", strict=strict, default_country=default_country)


def phone_01() -> None:
    """Take whatever the library can parse."""
    admission.parse_phone = _library_alone


def phone_02() -> None:
    """Take whatever the library can parse."""
    phone_01()


