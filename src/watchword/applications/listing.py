"""Lists as the REST interfaces give them: filtered, sorted, and one page at a time (platform.md 0)."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")
Attributes = Mapping[str, Callable[[Item], str]]

DEFAULT_LIMIT = 30
MAX_LIMIT = 500
MAX_CONDITIONS = 10
MAX_FILTER_CHARACTERS = 512

_CONDITION = re.compile(
    r"""\s*(?P<name>[A-Za-z][\w.]*) \s+ (?P<operator>eq|co|sw|ew) \s+
    (?: "(?P<quoted>[^"]*)" | (?P<bare>.+?) ) (?: \s+(?P<join>and|or)(?=\s|\Z) | \s*\Z )""",
    re.VERBOSE | re.IGNORECASE,
)
_OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "eq": lambda value, wanted: value == wanted,
    "co": lambda value, wanted: wanted in value,
    "sw": lambda value, wanted: value.startswith(wanted),
    "ew": lambda value, wanted: value.endswith(wanted),
}


class ListRefused(ValueError):
    """A parameter of a list cannot be read; the text names it and says why."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which part of a list is asked for."""

    limit: int = DEFAULT_LIMIT
    offset: int = 0
    filter: str = ""
    sort_by: str = ""
    descending: bool = False

    @classmethod
    def of_query(cls, query: Mapping[str, str]) -> "Wanted":
        """Return what the parameters of an address ask for.

        Raises:
            ListRefused
        """
        order = query.get("sortOrder", "ASC").upper()
        if order not in {"ASC", "DESC"}:
            raise ListRefused("sortOrder: must be ASC or DESC.")
        return cls(
            min(_number(query, "limit", DEFAULT_LIMIT), MAX_LIMIT),
            _number(query, "offset", 0),
            query.get("filter", "").strip(),
            query.get("sortBy", "").strip(),
            order == "DESC",
        )


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page of a list."""

    total: int
    start: int
    """Counted from 1."""
    items: Sequence[Item]


def take_page(items: Sequence[Item], wanted: Wanted, attributes: Attributes[Item]) -> Page[Item]:
    """Return the part of *items* that is wanted; *attributes* are what can be filtered and sorted by.

    Raises:
        ListRefused
    """
    keep = _read_filter(wanted.filter, attributes) if wanted.filter else None
    found = [item for item in items if keep is None or keep(item)]
    if wanted.sort_by:
        found.sort(key=_attribute(wanted.sort_by, attributes, "sortBy"), reverse=wanted.descending)
    elif wanted.descending:
        found.reverse()
    return Page(len(found), wanted.offset + 1, found[wanted.offset : wanted.offset + wanted.limit])


def _read_filter(text: str, attributes: Attributes[Item]) -> Callable[[Item], bool]:
    """Return what a filter lets through; ``and`` binds more closely than ``or``."""
    if len(text) > MAX_FILTER_CHARACTERS:
        raise ListRefused(f"filter: has more than {MAX_FILTER_CHARACTERS} characters.")
    ways: list[list[Callable[[Item], bool]]] = [[]]
    position, count = 0, 0
    while position < len(text):
        found = _CONDITION.match(text, position)
        count += 1
        if found is None or count > MAX_CONDITIONS:
            raise ListRefused("filter: must be like `name co shop`, with eq, co, sw or ew, joined by and or or.")
        ways[-1].append(_condition(found, attributes))
        position = found.end()
        join = (found["join"] or "").lower()
        if join and position >= len(text):
            raise ListRefused(f"filter: nothing follows `{join}`.")
        if join == "or":
            ways.append([])
    return lambda item: any(all(condition(item) for condition in way) for way in ways)


def _condition(found: re.Match[str], attributes: Attributes[Item]) -> Callable[[Item], bool]:
    value_of = _attribute(found["name"], attributes, "filter")
    holds = _OPERATORS[found["operator"].lower()]
    wanted = (found["quoted"] if found["quoted"] is not None else found["bare"]).casefold()
    return lambda item: holds(value_of(item), wanted)


def _attribute(name: str, attributes: Attributes[Item], parameter: str) -> Callable[[Item], str]:
    known = {each.casefold(): value_of for each, value_of in attributes.items()}
    value_of = known.get(name.casefold())
    if value_of is None:
        raise ListRefused(f"{parameter}: must name one of {', '.join(attributes)}.")
    return lambda item: value_of(item).casefold()


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, "").strip()
    if not text:
        return default
    if not text.isascii() or not text.isdecimal() or len(text) > 9:  # noqa: PLR2004  # more than any list has
        raise ListRefused(f"{name}: must be a whole number that is not negative.")
    return int(text)
