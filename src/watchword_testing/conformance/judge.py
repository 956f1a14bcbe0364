"""What was expected against what was seen. Pure: nothing is asked of the server here."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec import UNSET, UnsetType

from watchword_testing.conformance.cases import Expectation, ExpectedMessage, ExpectedUser

ABSENT = object()  # in the place of what is not there, since a null may be

_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server answered."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text; what is no UTF-8 is shown as such."""
        return self.body.decode("utf-8", "backslashreplace")

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever the server wrote
        """The body as JSON, or None when it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Message:
    """A message that a sink accepted, with what its row says."""

    channel: str
    to: str
    texts: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    code: str | None = None
    template: str | None = None
    event: str | None = None
    locale: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Account:
    """What the directory says of a user."""

    exists: bool
    realm: str | None = None
    locked: bool | None = None
    state: str | None = None
    roles: Sequence[str] = ()
    claims: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One thing that is not as expected."""

    what: str
    expected: object
    got: object

    def __str__(self) -> str:
        return f"{self.what}: expected {_shown(self.expected)}, got {_shown(self.got)}"


def judge_reply(expected: Expectation, reply: Reply, *, of_seed: bool) -> list[Mismatch]:
    """Return how an answer differs; *of_seed*: a member expected as null must be written."""
    return [
        *_judge_status(expected, reply),
        *_judge_json(expected, reply.json, of_seed=of_seed),
        *_judge_text(expected, reply),
        *_judge_headers(expected, reply),
    ]


def judge_messages(expected: Sequence[ExpectedMessage], sent: Sequence[Message]) -> list[Mismatch]:
    """Return how the messages of a step differ: exactly these, in this order."""
    if len(expected) != len(sent):
        return [Mismatch("messages", [_summary(one) for one in expected], [_summary(one) for one in sent])]
    pairs = enumerate(zip(expected, sent, strict=True), start=1)
    return [
        Mismatch(f"message {number} {found.what}", found.expected, found.got)
        for number, (one, message) in pairs
        for found in _judge_message(one, message)
    ]


def judge_user(name: str, expected: ExpectedUser, account: Account) -> list[Mismatch]:
    """Return how a user differs from what the directory should say."""
    exists = expected.exists
    if exists is not UNSET and exists != account.exists:
        return [Mismatch(f"user {name} exists", exists, account.exists)]
    more_is_said = expected != ExpectedUser(exists=exists)
    if not account.exists:
        return [Mismatch(f"user {name}", "more than that there is none", "no such user")] if more_is_said else []
    return [
        Mismatch(f"user {name} {found.what}", found.expected, found.got) for found in _judge_account(expected, account)
    ]


def _judge_status(expected: Expectation, reply: Reply) -> Iterator[Mismatch]:
    if expected.status not in (UNSET, reply.status):
        yield Mismatch("status", expected.status, reply.status)


def _judge_json(expected: Expectation, body: Any, *, of_seed: bool) -> Iterator[Mismatch]:  # noqa: ANN401 - any JSON
    members = body if isinstance(body, dict) else {}
    if expected.json_subset is not UNSET:
        yield from _beyond(expected.json_subset, body, "json_subset", null_may_be_absent=not of_seed)
    if expected.json_keys_exactly is not UNSET:
        keys = sorted(members) if isinstance(body, dict) else body
        if keys != sorted(expected.json_keys_exactly):
            yield Mismatch("json_keys_exactly", sorted(expected.json_keys_exactly), keys)
    for name, pattern in _items(expected.json_regex):
        value = members.get(name, ABSENT)
        if not isinstance(value, str) or not _matches(pattern, value):
            yield Mismatch(f"json_regex {name}", pattern, value)
    if expected.json_code_one_of is not UNSET and members.get("code", ABSENT) not in expected.json_code_one_of:
        yield Mismatch("json_code_one_of", expected.json_code_one_of, members.get("code", ABSENT))
    if expected.message_one_of is not UNSET and members.get("message", ABSENT) not in expected.message_one_of:
        yield Mismatch("message_one_of", expected.message_one_of, members.get("message", ABSENT))


def _beyond(expected: Any, got: Any, where: str, *, null_may_be_absent: bool) -> Iterator[Mismatch]:  # noqa: ANN401
    """Return where *got* lacks what *expected* has: objects member by member, all else by equality."""
    if not isinstance(expected, dict) or not isinstance(got, dict):
        if not _same(expected, got):
            yield Mismatch(where, expected, got)
        return
    for name, value in expected.items():
        if name not in got:
            if value is not None or not null_may_be_absent:
                yield Mismatch(f"{where}.{name}", value, ABSENT)
        else:
            yield from _beyond(value, got[name], f"{where}.{name}", null_may_be_absent=null_may_be_absent)


def _same(one: Any, other: Any) -> bool:  # noqa: ANN401 - any JSON
    """Tell whether two JSON values are the same; `true` is not 1, as it is in Python."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _judge_text(expected: Expectation, reply: Reply) -> Iterator[Mismatch]:
    if expected.body_empty is not UNSET and expected.body_empty != (not reply.body):
        yield Mismatch("body_empty", expected.body_empty, reply.text)
    if expected.text not in (UNSET, reply.text):
        yield Mismatch("text", expected.text, reply.text)
    if expected.text_regex is not UNSET and re.fullmatch(expected.text_regex, reply.text) is None:
        yield Mismatch("text_regex", expected.text_regex, reply.text)


def _judge_headers(expected: Expectation, reply: Reply) -> Iterator[Mismatch]:
    for name, value in _items(expected.headers):
        got = [given for header, given in reply.headers if header.lower() == name.lower()]
        if not got or value not in ("*", *got, ", ".join(got)):
            yield Mismatch(f"header {name}", value, ", ".join(got) if got else ABSENT)


def _judge_message(expected: ExpectedMessage, message: Message) -> Iterator[Mismatch]:
    for name in ("channel", "to", "event", "locale"):
        if getattr(expected, name) not in (UNSET, getattr(message, name)):
            yield Mismatch(name, getattr(expected, name), getattr(message, name))
    if expected.template is not UNSET and expected.template.casefold() != (message.template or "").casefold():
        yield Mismatch("template", expected.template, message.template)
    if expected.body is not UNSET and expected.body not in message.texts:
        yield Mismatch("body", expected.body, message.texts)
    for piece in () if expected.body_contains is UNSET else expected.body_contains:
        if not any(piece in text for text in (*message.texts, *message.links)):
            yield Mismatch("body_contains", piece, message.texts)
    yield from _judge_code(expected, message)
    yield from _judge_properties(expected, message)


def _judge_properties(expected: ExpectedMessage, message: Message) -> Iterator[Mismatch]:
    for name, value in _items(expected.property_values):
        if message.properties.get(name, ABSENT) != value:
            yield Mismatch(f"property {name}", value, message.properties.get(name, ABSENT))
    for name, value in _items(expected.property_not):
        if message.properties.get(name, ABSENT) == value:
            yield Mismatch(f"property {name}", f"not {value}", value)


def _judge_code(expected: ExpectedMessage, message: Message) -> Iterator[Mismatch]:
    if expected.code_regex is not UNSET and not _matches(expected.code_regex, message.code or ""):
        yield Mismatch("code_regex", expected.code_regex, message.code)
    if expected.code_equals not in (UNSET, message.code):
        yield Mismatch("code_equals", expected.code_equals, message.code)


def _judge_account(expected: ExpectedUser, account: Account) -> Iterator[Mismatch]:
    claims = account.claims
    if expected.realm is not UNSET and expected.realm.upper() != (account.realm or "").upper():
        yield Mismatch("realm", expected.realm, account.realm)
    if expected.account_locked not in (UNSET, account.locked):
        yield Mismatch("account_locked", expected.account_locked, account.locked)
    if expected.account_state is not UNSET and (expected.account_state or None) != (account.state or None):
        yield Mismatch("account_state", expected.account_state, account.state)
    if expected.roles is not UNSET and not set(expected.roles) <= set(account.roles):
        yield Mismatch("roles", expected.roles, list(account.roles))
    for uri, value in _items(expected.claims):
        if claims.get(uri, ABSENT) != value:
            yield Mismatch(f"claim {uri}", value, claims.get(uri, ABSENT))
    yield from _judge_claims(expected.claims_present, claims, "something", lambda value: value != "")
    yield from _judge_claims(expected.claims_absent, claims, "nothing", lambda value: value == "")
    yield from _judge_claims(expected.claims_not_true, claims, "not true", lambda value: value.lower() != "true")


def _judge_claims(
    uris: Sequence[str] | UnsetType, claims: Mapping[str, str], wanted: str, is_right: Callable[[str], bool]
) -> Iterator[Mismatch]:
    """Return which claims are not as wanted; an absent one is as good as an empty one."""
    for uri in () if uris is UNSET else uris:
        if not is_right(claims.get(uri) or ""):
            yield Mismatch(f"claim {uri}", wanted, claims.get(uri, ABSENT))


def _matches(pattern: str, value: str) -> bool:
    """Tell whether a pattern is found; a last `$` is the end, and not the place before a line's end."""
    found = re.search(pattern, value)
    return found is not None and not (pattern.endswith("$") and value.endswith("\n"))


def _items(mapping: Mapping[str, str] | UnsetType) -> Iterator[tuple[str, str]]:
    if mapping is not UNSET:
        yield from mapping.items()


def _summary(message: ExpectedMessage | Message) -> str:
    return " ".join(str(part) for part in (message.channel, message.template, "to", message.to) if part is not UNSET)


def _shown(value: object) -> str:
    if value is ABSENT:
        return "nothing"
    try:
        text = json.dumps(value, ensure_ascii=False)
    except TypeError:
        text = str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text)} characters)"
