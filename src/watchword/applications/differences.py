"""What differs between two documents, member by member, without showing a secret."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from watchword.applications.documents import Document

_NAMING = ("key", "authenticatorId", "id")
"""Members by one of which the elements of a list are told apart."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A member that is to be another; as JSON, ``None`` where there is none."""

    place: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        """Return the line that a person reads."""
        if self.before is None:
            return f"+ {self.place} = {self.after}"
        if self.after is None:
            return f"- {self.place} = {self.before}"
        told = "another value" if self.before == self.after else self.after
        return f"~ {self.place}: {self.before} -> {told}"


@dataclass(frozen=True, slots=True)
class Sides:
    """A document as it is, and as it may be shown."""

    real: Document
    shown: Document

    @classmethod
    def plain(cls, document: Document) -> "Sides":
        """Return a document that holds no secret."""
        return cls(document, document)


def differences(before: Sides, after: Sides) -> list[Difference]:
    """Return what differs, in the order of the members; a secret that differs is told, and not shown."""
    old, new = dict(_members(before.real)), dict(_members(after.real))
    shown_old, shown_new = dict(_members(before.shown)), dict(_members(after.shown))
    places = dict.fromkeys([*old, *new])
    return [
        Difference(place, shown_old.get(place), shown_new.get(place))
        for place in places
        if old.get(place) != new.get(place)
    ]


def additions(usual: Sides, after: Sides) -> list[Difference]:
    """Return what of something new is not as *usual*."""
    return [replace(each, before=None) for each in differences(usual, after) if each.after is not None]


def members_as_lines(document: Mapping[str, Any], defaults: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of TOML that say a document; members that are as in *defaults* are left out."""
    for name, value in document.items():
        yield from _lines(_key(name), value, defaults.get(name))


def _lines(place: str, value: object, default: object) -> Iterator[str]:
    if value == default or (default is None and value in ({}, [], "")):
        return
    if isinstance(value, dict):
        known = default if isinstance(default, dict) else {}
        for name, inner in value.items():
            yield from _lines(f"{place}.{_key(name)}", inner, known.get(name))
    else:
        yield f"{place} = {_value(value)}"


def _value(value: object) -> str:
    """Return a value as TOML; its texts are those of JSON, but for one character."""
    match value:
        case dict():
            return "{ " + ", ".join(f"{_key(name)} = {_value(inner)}" for name, inner in value.items()) + " }"
        case list():
            return "[" + ", ".join(_value(each) for each in value) + "]"
        case _:
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(name: str) -> str:
    return name if name.isascii() and name.replace("-", "").replace("_", "").isalnum() else json.dumps(name)


def _members(value: object, place: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _members(inner, f"{place}.{name}" if place else name)
    elif isinstance(value, list) and (named := _by_name(value)) is not None:
        yield from _members(named, place)
    elif value not in ({}, []):
        yield place, json.dumps(value, ensure_ascii=False)


def _by_name(elements: Sequence[object]) -> dict[str, object] | None:
    """Return the elements of a list by what tells them apart, or ``None`` if nothing does."""
    for naming in _NAMING:
        if elements and all(isinstance(each, dict) and naming in each for each in elements):
            named: dict[str, object] = {}
            for each in elements:
                if isinstance(each, dict):
                    rest = {name: inner for name, inner in each.items() if name != naming}
                    named[str(each[naming])] = rest["value"] if set(rest) == {"value"} else rest
            return named
    return None
