"""How to read a provider's answer: whether it took the message, whether to try again, and its own number for it."""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from http import HTTPStatus
from typing import Final

from watchword.notification.senders.fetcher import Reply

OK_STATUSES: Final = frozenset({200, 201, 202})
ANY_SUCCESS: Final = frozenset(range(200, 300))
PASSING_STATUSES: Final = frozenset({408, 425, 429, *range(500, 600)})

_STEP: Final = re.compile(r"([A-Za-z0-9_@-]+)|\[(\d+|\*)\]")
_CONDITION: Final = re.compile(r"(?P<path>[^=!]+)(?P<sign>!?=)(?P<values>.*)")
# What is shown of a provider's words: a code of its own making, never a sentence that may quote the message.
_SHOWABLE: Final = re.compile(r"[A-Za-z0-9_.:-]{1,60}")


class Verdict(Enum):
    """What an answer means."""

    TAKEN = auto()
    TRY_AGAIN = auto()
    REFUSED = auto()


@dataclass(frozen=True, slots=True)
class JsonPath:
    """A place in a document, written ``messages[0].status``; ``[*]`` stands for every element."""

    steps: tuple[str | int | None, ...]

    @classmethod
    def read(cls, text: str) -> "JsonPath":
        """Return the path that the text means.

        Raises:
            ValueError: it is no path.
        """
        steps: list[str | int | None] = []
        rest = text.strip()
        while rest:
            found = _STEP.match(rest)
            if found is None:
                raise ValueError(f"{text!r} is not a path such as messages[0].status")
            name, index = found.groups()
            steps.append(name or (None if index == "*" else int(index)))
            rest = rest[found.end() :].removeprefix(".")
        return cls(tuple(steps))

    def values(self, document: object) -> list[str]:
        """Return what stands there as text, as JSON writes it; nothing if there is no such place."""
        found = [document]
        for step in self.steps:
            found = [inner for outer in found for inner in _children(outer, step)]
        return [each if isinstance(each, str) else json.dumps(each) for each in found]


@dataclass(frozen=True, slots=True)
class Condition:
    """A rule about the body: ``json:path=value``, ``json:path!=value`` or ``text:prefix`` (D-24).

    Several values are separated by ``|``. With ``[*]`` the rule must hold for every element, and there must be one.
    """

    values: frozenset[str]
    path: JsonPath | None = None
    equal: bool = True

    @classmethod
    def read(cls, text: str) -> "Condition":
        """Return the rule that the text means.

        Raises:
            ValueError: it is no rule.
        """
        kind, _, rest = text.strip().partition(":")
        if kind == "text" and rest:
            return cls(frozenset({rest}))
        found = _CONDITION.fullmatch(rest)
        if kind != "json" or found is None:
            raise ValueError(f'{text!r} is not a rule such as "json:messages[0].status=0" or "text:OK"')
        values = frozenset(part.strip() for part in found["values"].split("|"))
        return cls(values, JsonPath.read(found["path"]), found["sign"] == "=")

    def holds(self, reply: Reply) -> bool:
        """Tell whether the answer obeys the rule; a body that cannot be read does not."""
        if self.path is None:
            return reply.body.decode("utf-8", "replace").strip().startswith(tuple(self.values))
        found = self.path.values(_document(reply))
        return bool(found) and all((value in self.values) is self.equal for value in found)


@dataclass(frozen=True, slots=True)
class ReplyRules:
    """What a provider's answers mean. *error* is where it puts its own code for a refusal."""

    success: frozenset[int] = OK_STATUSES
    retry: frozenset[int] = PASSING_STATUSES
    accepted: Condition | None = None
    retry_when: Condition | None = None
    receipt: JsonPath | None = None
    error: JsonPath | None = None

    def judge(self, reply: Reply) -> Verdict:
        """Return what the answer means."""
        if reply.status in self.success and (self.accepted is None or self.accepted.holds(reply)):
            return Verdict.TAKEN
        if reply.status in self.retry or (self.retry_when is not None and self.retry_when.holds(reply)):
            return Verdict.TRY_AGAIN
        return Verdict.REFUSED

    def reference(self, reply: Reply) -> str | None:
        """Return the provider's own number for the message."""
        return _first(self.receipt, reply)

    def describe(self, reply: Reply, hidden: Collection[str]) -> str:
        """Return the status in plain words, with the provider's code for the error unless it is *hidden*."""
        try:
            phrase = f" ({HTTPStatus(reply.status).phrase})"
        except ValueError:
            phrase = ""
        code = _first(self.error, reply)
        told = f", its error {code}" if code and code not in hidden and _SHOWABLE.fullmatch(code) else ""
        return f"answered {reply.status}{phrase}{told}"


def retry_after(reply: Reply) -> timedelta | None:
    """Return how long the provider asks us to wait; a date counts from the answer's own date."""
    asked = reply.headers.get("retry-after", "").strip()
    if asked.isdecimal() and asked.isascii():
        return timedelta(seconds=min(int(asked), 86_400))
    try:
        return max(parsedate_to_datetime(asked) - parsedate_to_datetime(reply.headers["date"]), timedelta(0))
    except (KeyError, TypeError, ValueError):
        return None


def _first(path: JsonPath | None, reply: Reply) -> str | None:
    found = path.values(_document(reply)) if path else []
    return found[0] if found else None


def _document(reply: Reply) -> object:
    try:
        return json.loads(reply.body)
    except (ValueError, RecursionError):
        return None


def _children(outer: object, step: str | int | None) -> list[object]:
    if isinstance(outer, dict):
        return [outer[step]] if step in outer else []
    if isinstance(outer, list):
        if step is None:
            return outer
        if isinstance(step, int) and step < len(outer):
            return [outer[step]]
    return []
