"""Read documents of JSON, YAML or TOML as the bodies that this slice knows, and say where they are wrong."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import msgspec

Body = TypeVar("Body")
Document = dict[str, Any]

_PLACE = re.compile(r" - at `\$?\.?(?P<place>[^`]*)`\Z")


class DocumentRefused(ValueError):
    """A document is not of the documented shape; the text begins with the member that is wrong."""


def read_body(document: object, shape: type[Body]) -> Body:
    """Return a document as a body; a member that is ``null`` counts as absent.

    Raises:
        DocumentRefused
    """
    try:
        return msgspec.convert(without_nulls(document), shape)
    except msgspec.ValidationError as problem:
        text = str(problem)
        found = _PLACE.search(text)
        place = found["place"] if found else ""
        raise DocumentRefused(f"{place or 'the document'}: {text[: found.start()] if found else text}.") from problem


def document_of(body: object) -> Document:
    """Return a body as a document; what is absent in it is absent there."""
    document = without_nulls(msgspec.to_builtins(body))
    if not isinstance(document, dict):
        raise TypeError("a body is a struct")
    return document


def merged(document: Mapping[str, Any], change: Mapping[str, Any]) -> Document:
    """Return a document in which a *change* has taken place: members are merged, lists are replaced whole."""
    fresh = dict(document)
    for name, value in change.items():
        old = fresh.get(name)
        fresh[name] = merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return fresh


def without_nulls(document: object) -> object:
    """Return a document without the members that are ``null``."""
    match document:
        case dict():
            return {name: without_nulls(value) for name, value in document.items() if value is not None}
        case list() | tuple():
            return [without_nulls(value) for value in document if value is not None]
        case _:
            return document


def unknown_members(document: object, known: object, place: str = "") -> Iterator[str]:
    """Yield the members of a document that are none of a body's, by their place; *known* is the body's document.

    The body is made of the document, so that whatever it has not taken over is unknown to it.
    """
    if isinstance(document, dict) and isinstance(known, dict):
        for name, value in document.items():
            here = f"{place}.{name}" if place else str(name)
            if name not in known:
                yield here
            else:
                yield from unknown_members(value, known[name], here)
    elif isinstance(document, list) and isinstance(known, list) and len(document) == len(known):
        for number, (value, taken) in enumerate(zip(document, known, strict=True)):
            yield from unknown_members(value, taken, f"{place}[{number}]")
