"""Captured values, and the blanks `${name}` that they fill."""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from watchword_testing.conformance.cases import CaseError, converted

_BLANK = re.compile(r"\$\{([^}]*)\}")

Part = TypeVar("Part")


def filled(part: Part, values: Mapping[str, Any]) -> Part:
    """Return a part of a case with every blank filled, in names as in values.

    Raises:
        CaseError: nothing of that name has been captured.
    """
    return converted(_filled(msgspec.to_builtins(part), values), type(part))


def _filled(part: Any, values: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a part of a case is any JSON
    if isinstance(part, str):
        return _BLANK.sub(lambda blank: _value(blank[1], values), part)
    if isinstance(part, list):
        return [_filled(item, values) for item in part]
    if isinstance(part, dict):
        return {_filled(name, values): _filled(value, values) for name, value in part.items()}
    return part


def _value(blank: str, values: Mapping[str, Any]) -> str:
    name, _, form = blank.partition("|")
    if form not in ("", "upper"):
        raise CaseError(f"${{{blank}}}: nothing is known of {form}")
    if name not in values:
        raise CaseError(f"${{{blank}}}: nothing has been captured under that name")
    text = _text(values[name])
    return text.upper() if form else text


def _text(value: Any) -> str:  # noqa: ANN401 - any member of a response may have been captured
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
