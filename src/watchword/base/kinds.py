"""Read one value of a file, a command line or a form, and write it back."""

import ipaddress
import re
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Generic, Literal, TypeVar

import regex

from watchword.base.patterns import why_unread

T = TypeVar("T")
W = TypeVar("W", bound=str)
Wire = Literal["boolean", "integer", "string"]


@dataclass(frozen=True, slots=True)
class Limit:
    """So many of a thing in so much time, written ``100/1m``."""

    count: int
    window: timedelta

    def __str__(self) -> str:
        """Return the form in which an operator writes it."""
        return f"{self.count}/{write_duration(self.window)}"


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """How values of one kind are read and written."""

    expected: str
    """What a right value looks like; completes "must be …"."""
    read: Callable[[object], T]
    """Raises ValueError, if with a text then one that tells more than *expected*."""
    write: Callable[[T], str] = str
    wire: Wire = "string"
    """The type that the governance interface names."""


def _no(value: object) -> ValueError:
    return ValueError(f"not {value!r}")


def read_boolean(value: object) -> bool:
    """Read TOML's or a form's truth value."""
    if isinstance(value, bool):
        return value
    text = value.strip().lower() if isinstance(value, str) else ""
    if text not in {"true", "false"}:
        raise _no(value)
    return text == "true"


def read_integer(value: object) -> int:
    """Read a whole number."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str) or not re.fullmatch(r"\s*-?[0-9]{1,15}\s*", value, re.ASCII):
        raise _no(value)
    return int(value)


def read_text(value: object) -> str:
    """Read text; a number is not text."""
    if not isinstance(value, str):
        raise _no(value)
    return value


_UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}


def read_duration(value: object) -> timedelta:
    """Read ``30s``, ``10m``, ``24h``, ``1d`` or ``500ms``."""
    found = re.fullmatch(r"\s*([0-9]{1,9})\s*(ms|s|m|h|d)\s*", value) if isinstance(value, str) else None
    if found is None:
        raise _no(value)
    return int(found[1]) * _UNITS[found[2]]


def write_duration(span: timedelta) -> str:
    """Return the shortest form that *read_duration* reads back."""
    for unit in ("d", "h", "m", "s"):
        if span % _UNITS[unit] == timedelta(0) and span:
            return f"{span // _UNITS[unit]}{unit}"
    return f"{span // _UNITS['ms']}ms" if span else "0s"


def read_minutes(value: object) -> int:
    """Read minutes, as a number or as a span of time; zero is refused, since it would mean a code that never works."""
    try:
        minutes = read_integer(value)
    except ValueError:
        span = read_duration(value.removeprefix("-") if isinstance(value, str) else value)
        minutes, rest = divmod(span, timedelta(minutes=1))
        if rest:
            raise ValueError(f"not {value!r}, which is no whole number of minutes") from None
        minutes = -minutes if str(value).startswith("-") else minutes  # a negative span is never, as a number is
    if minutes == 0:
        raise ValueError("not 0, since a code would be dead at once")
    return minutes


def read_minutes_or_none(value: object) -> int:
    """Read minutes of which there may be none."""
    if value in {0, "0", "0m", "0s"} and value is not False:
        return 0
    minutes = read_minutes(value)
    if minutes < 0:
        raise _no(value)
    return minutes


def read_limit(value: object) -> Limit:
    """Read ``100/1m``."""
    count, slash, window = value.partition("/") if isinstance(value, str) else ("", "", "")
    if not slash or not re.fullmatch(r"\s*[0-9]{1,9}\s*", count):
        raise _no(value)
    limit = Limit(int(count), read_duration(window))
    if not limit.count or not limit.window:
        raise ValueError(f"not {value!r}: both numbers must be above 0")
    return limit


def read_list(value: object) -> tuple[str, ...]:
    """Read a list of texts; one text is a list of one, and commas part it (the form of environment variables)."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
        raise _no(value)
    return tuple(value)


def read_limits(value: object) -> tuple[Limit, ...]:
    """Read one limit, or a list of them that all hold."""
    limits = tuple(read_limit(part) for part in read_list(value))
    if not limits:
        raise ValueError("not an empty list; to allow more, write larger numbers")
    return limits


def read_networks(value: object) -> tuple[str, ...]:
    """Read addresses or networks of hosts."""
    networks = read_list(value)
    for network in networks:
        ipaddress.ip_network(network, strict=False)
    return networks


def read_path(value: object) -> Path | None:
    """Read a path; empty text is none."""
    text = read_text(value)
    return Path(text) if text else None


def read_table(value: object) -> Mapping[str, object]:
    """Read a table as it stands."""
    if not isinstance(value, dict):
        raise _no(value)
    return types.MappingProxyType(value)


def read_texts(value: object) -> Mapping[str, str]:
    """Read a table of texts and numbers."""
    table = read_table(value)
    wrong = [name for name, each in table.items() if isinstance(each, dict | list)]
    if wrong:
        raise ValueError(f"and {wrong[0]!r} is not a text")
    return types.MappingProxyType(
        {name: read_text(each) if isinstance(each, str) else str(each) for name, each in table.items()}
    )


def read_pattern(value: object) -> str:
    """Read a regular expression, and refuse what does not compile."""
    text = read_text(value)
    if refused := why_unread(text):
        raise ValueError(f"and this one is not read: {refused}")
    try:
        regex.compile(text)
    except regex.error as error:
        raise ValueError(f"and {text!r} is none: {error}") from error
    return text


def read_flag_or_unset(value: object) -> bool | None:
    """Read a truth value that may be left open."""
    return None if value == "" else read_boolean(value)


def _write_boolean(value: bool) -> str:  # noqa: FBT001 - a writer takes the bare value
    return "true" if value else "false"


def _write_flag_or_unset(value: bool | None) -> str:  # noqa: FBT001 - a writer takes the bare value
    return "" if value is None else _write_boolean(value)


def _write_path(value: Path | None) -> str:
    return "" if value is None else str(value)


def _write_list(value: tuple[object, ...]) -> str:
    return ", ".join(str(part) for part in value)


def _write_table(value: Mapping[str, object]) -> str:
    return ", ".join(f"{name} = {each!r}" for name, each in value.items())


def one_of(*words: W) -> Kind[W]:
    """Return the kind of a choice; an unknown word is refused with all that there are."""

    def read(value: object) -> W:
        for word in words:
            if word == value:
                return word
        raise _no(value)

    return Kind(" or ".join(f'"{word}"' for word in words), read)


def number(lowest: int, highest: int) -> Kind[int]:
    """Return the kind of a whole number in a range, both ends included."""

    def read(value: object) -> int:
        found = read_integer(value)
        if not lowest <= found <= highest:
            raise ValueError(f"not {found}")
        return found

    return Kind(f"a whole number from {lowest} to {highest}", read, wire="integer")


BOOLEAN = Kind("true or false", read_boolean, _write_boolean, wire="boolean")
FLAG_OR_UNSET = Kind("true, false or empty", read_flag_or_unset, _write_flag_or_unset, wire="boolean")
TEXT = Kind("a text in quotes", read_text)
PATTERN = Kind("a regular expression", read_pattern)
DURATION = Kind('a span of time such as "30s", "10m" or "1d"', read_duration, write_duration)
MINUTES = Kind('minutes, as a number or as "10m" or "1d"', read_minutes, wire="integer")
MINUTES_OR_NONE = Kind('minutes, as a number or as "10m"', read_minutes_or_none, wire="integer")
LIMIT = Kind('a number in a span of time, such as "100/1m"', read_limit)
LIMITS = Kind('one or more of the form "100/1m"', read_limits, _write_list)
LIST = Kind('a list of texts, such as ["a", "b"]', read_list, _write_list)
NETWORKS = Kind('a list of addresses or networks, such as ["10.0.0.0/8"]', read_networks, _write_list)
PATH = Kind("the path of a file", read_path, _write_path)
TABLE = Kind("a table", read_table, _write_table)
TEXTS = Kind("a table of texts", read_texts, _write_table)
