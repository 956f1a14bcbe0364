"""Spans of time as ISO 8601 writes them."""

import re
from datetime import timedelta

_DURATION = re.compile(
    r"P(?=.)(?:(?P<weeks>[0-9]+)W)?(?:(?P<days>[0-9]+)D)?"
    r"(?:T(?=.)(?:(?P<hours>[0-9]+)H)?(?:(?P<minutes>[0-9]+)M)?(?:(?P<seconds>[0-9]+(?:\.[0-9]+)?)S)?)?"
)


def parse_duration(text: str) -> timedelta:
    """Return the span that ``PT61S`` or ``P1DT2H30M`` says; months and years have no fixed length and are refused.

    Raises:
        ValueError: the text is no such duration, or too long a one.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError("is no ISO 8601 duration of weeks, days, hours, minutes and seconds")
    try:
        return timedelta(**{unit: float(count) for unit, count in match.groupdict(default="0").items()})
    except OverflowError as problem:
        raise ValueError("is too long") from problem
