"""One strict decoder for every body that comes from outside."""

import json
from typing import Any, NoReturn, TypeVar
from urllib.parse import parse_qsl

import msgspec

from watchword.base.problems import Malformed

Body = TypeVar("Body")

MAX_DEPTH = 16
MAX_FIELDS = 128


def decode_json(octets: bytes, shape: type[Body]) -> Body:
    """Return the body as *shape*.

    Refused beyond what JSON itself forbids: bytes that are not UTF-8, a byte order mark, a member twice, more than 16
    levels, NUL, half of a surrogate pair, numbers that are none (security-reliability.md 1.4, rows 33 and 34).

    Raises:
        Malformed: the text says what is wrong, and where.
    """
    try:
        document = json.loads(octets.decode("utf-8"), object_pairs_hook=_object, parse_constant=_constant)
        check_document(document)
        return msgspec.convert(document, shape)
    except UnicodeDecodeError as problem:
        raise Malformed(f"Invalid UTF-8 at byte {problem.start}.") from problem
    except json.JSONDecodeError as problem:
        raise Malformed(f"{problem.msg} at line {problem.lineno}, column {problem.colno}.") from problem
    except RecursionError as problem:
        raise Malformed(f"More than {MAX_DEPTH} levels.") from problem
    except msgspec.ValidationError as problem:
        raise Malformed(f"{problem}.") from problem
    except ValueError as problem:  # the others are told above: this is what Python says of thousands of digits
        raise Malformed("A number of too many digits.") from problem


def decode_form(octets: bytes) -> dict[str, str]:
    """Return the fields of a form; a field twice is refused.

    Raises:
        Malformed: the text says what is wrong.
    """
    try:
        pairs = parse_qsl(octets.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError as problem:
        raise Malformed("The form cannot be read.") from problem
    fields: dict[str, str] = {}
    for name, value in pairs:
        if name in fields:
            raise Malformed(f"The field {name} stands twice.")
        if "\0" in value or "\0" in name:
            raise Malformed(f"A NUL character in the field {name}.")
        fields[name] = value
    return fields


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Malformed(f"The member {twice!r} stands twice.")
    return members


def _constant(name: str) -> NoReturn:
    raise Malformed(f"{name} is no JSON number.")


def check_document(document: object) -> None:
    """Refuse what is nested too deeply, or holds text that is none.

    Raises:
        Malformed: the text says what is wrong, and where.
    """
    _check(document, 1, "$")


def _check(value: object, depth: int, place: str) -> None:
    """Refuse what JSON allows and nothing here can use; *place* says where it stands."""
    if depth > MAX_DEPTH:
        raise Malformed(f"More than {MAX_DEPTH} levels at {place}.")
    match value:
        case str():
            _check_text(value, place)
        case dict():
            for name, member in value.items():
                _check_text(name, f"a name in {place}")
                _check(member, depth + 1, f"{place}.{name}")
        case list():
            for index, element in enumerate(value):
                _check(element, depth + 1, f"{place}[{index}]")
        case _:
            pass


def _check_text(text: str, place: str) -> None:
    if "\0" in text:
        raise Malformed(f"A NUL character at {place}.")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise Malformed(f"Half of a surrogate pair at {place}.")
