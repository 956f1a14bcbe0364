"""A file of cases, and every word that may stand in one.

The classes below are the whole vocabulary: a member that none of them has is refused, with its place.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from watchword_testing.conformance.settings import Configured, Fault
from watchword_testing.sinks import Mode

DEFAULT_PASSWORD = "Sample-Pass-1"  # noqa: S105 - what the cases call it, and no secret

Channel = Literal["EMAIL", "SMS"]
Kind = TypeVar("Kind")


class CaseError(Exception):
    """A case says what the player does not know, or asks for what cannot be had."""


class _Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An object of a case file that may have these members and no others."""


class Credentials(_Words, frozen=True):
    """Who asks, by HTTP Basic."""

    username: str
    password: str


class Request(_Words, frozen=True):
    """What is sent to the server; without *auth* as the administrator, unless a header says otherwise."""

    method: str
    path: str
    json: Any = UNSET
    raw_body: str | UnsetType = UNSET
    headers: dict[str, str] = {}
    auth: Literal["none"] | Credentials | UnsetType = UNSET


class ExpectedMessage(_Words, frozen=True):
    """A message that must have been sent; only what is named is compared."""

    channel: Channel | UnsetType = UNSET
    to: str | UnsetType = UNSET
    template: str | UnsetType = UNSET
    event: str | UnsetType = UNSET
    locale: str | UnsetType = UNSET
    body: str | UnsetType = UNSET
    body_contains: list[str] | UnsetType = UNSET
    code_regex: str | UnsetType = UNSET
    code_equals: str | UnsetType = UNSET
    property_values: dict[str, str] | UnsetType = UNSET
    property_not: dict[str, str] | UnsetType = UNSET


class ExpectedUser(_Words, frozen=True):
    """What the directory must say of a user afterwards."""

    exists: bool | UnsetType = UNSET
    realm: str | UnsetType = UNSET
    account_locked: bool | UnsetType = UNSET
    account_state: str | UnsetType | None = UNSET
    roles: list[str] | UnsetType = UNSET
    claims: dict[str, str] | UnsetType = UNSET
    claims_present: list[str] | UnsetType = UNSET
    claims_absent: list[str] | UnsetType = UNSET
    claims_not_true: list[str] | UnsetType = UNSET


class SideEffects(_Words, frozen=True):
    """What a step does beside answering."""

    messages: list[ExpectedMessage] | UnsetType = UNSET
    users: dict[str, ExpectedUser] | UnsetType = UNSET


class Expectation(_Words, frozen=True):
    """What a step must give."""

    status: int | UnsetType = UNSET
    json_subset: dict[str, Any] | list[Any] | UnsetType = UNSET
    json_keys_exactly: list[str] | UnsetType = UNSET
    json_regex: dict[str, str] | UnsetType = UNSET
    json_code_one_of: list[str] | UnsetType = UNSET
    message_one_of: list[str] | UnsetType = UNSET
    body_empty: bool | UnsetType = UNSET
    text: str | UnsetType = UNSET
    text_regex: str | UnsetType = UNSET
    headers: dict[str, str] | UnsetType = UNSET
    side_effects: SideEffects | UnsetType = UNSET


class Step(_Words, frozen=True):
    """One request, action or check, done *repeat* times, and what must come of it."""

    request: Request | UnsetType = UNSET
    action: dict[str, Any] | UnsetType = UNSET
    check: SideEffects | UnsetType = UNSET
    repeat: Annotated[int, msgspec.Meta(ge=1)] = 1
    expect: Expectation = Expectation()
    capture: dict[str, str] = {}


class ClockAdvance(_Words, frozen=True):
    """Time passes: an ISO 8601 duration."""

    clock_advance: str


class ProviderMode(_Words, frozen=True):
    """A provider behaves so from now on."""

    provider: Channel
    mode: Mode


class Attempt(Credentials, frozen=True):
    """A login and its outcome: `ok`, or the number of the refusal."""

    expect: str


class Login(_Words, frozen=True):
    """Somebody logs in with a password."""

    login: Attempt


class DeleteUser(_Words, frozen=True):
    """An administrator deletes a user."""

    delete_user: str


class Claims(_Words, frozen=True):
    """Claims of a user."""

    user: str
    claims: dict[str, str]


class SetClaims(_Words, frozen=True):
    """A user changes the own profile."""

    set_claims: Claims


class AdminSetClaims(_Words, frozen=True):
    """An administrator changes a profile."""

    admin_set_claims: Claims


class NewUser(_Words, frozen=True):
    """A user to be made."""

    user: str
    account_locked: bool = False
    account_state: str | None = None
    password: str = DEFAULT_PASSWORD
    claims: dict[str, str] = {}


class AdminAddUser(_Words, frozen=True):
    """An administrator makes a user."""

    admin_add_user: NewUser


class StoreFault(_Words, frozen=True):
    """Something in the server breaks from now on; null mends it."""

    store_fault: Fault | None


class Record(_Words, frozen=True):
    """A code that somebody was sent earlier."""

    user: str
    code: str
    scenario: str
    step: str
    channel: str


class GivenRecord(_Words, frozen=True):
    """There is such a code."""

    recovery_record: Record


class GivenStore(_Words, frozen=True):
    """There is a second place for users, of this name."""

    user_store: str


class GivenTenant(_Words, frozen=True):
    """There is a tenant, with policies of its own."""

    tenant: str
    config: Configured = Configured()


class Template(_Words, frozen=True, kw_only=True):
    """A text of the operator; *subject*, *footer* and *content_type* are for mail."""

    channel: Channel
    type: str
    locale: str = "en_US"
    body: str
    subject: str | None = None
    footer: str | None = None
    content_type: Literal["text/plain", "text/html"] = "text/plain"


class GivenTemplate(_Words, frozen=True):
    """The home folder has a text."""

    template: Template


class TemplateName(_Words, frozen=True):
    """Which template."""

    channel: Channel
    type: str


class GivenTemplateRemoved(_Words, frozen=True):
    """A template is missing, with all that would stand in for it."""

    template_removed: TemplateName


Action = ClockAdvance | ProviderMode | Login | DeleteUser | SetClaims | AdminSetClaims | AdminAddUser | StoreFault
Given = NewUser | GivenRecord | GivenStore | GivenTenant | GivenTemplate | GivenTemplateRemoved

_ACTIONS: Mapping[str, type[Action]] = {
    "clock_advance": ClockAdvance,
    "provider": ProviderMode,
    "login": Login,
    "delete_user": DeleteUser,
    "set_claims": SetClaims,
    "admin_set_claims": AdminSetClaims,
    "admin_add_user": AdminAddUser,
    "store_fault": StoreFault,
}
_GIVENS: Mapping[str, type[Given]] = {
    "user": NewUser,
    "recovery_record": GivenRecord,
    "user_store": GivenStore,
    "tenant": GivenTenant,
    "template": GivenTemplate,
    "template_removed": GivenTemplateRemoved,
}
_CAPTURED_FROM = ("last_message.code", "response.")


class _Written(_Words, frozen=True, kw_only=True):
    """A case as it stands in the file; *source*, *spec_rows*, *note* and *status* are for the reader."""

    id: str
    title: str = ""
    source: Any = None
    spec_rows: Any = None
    note: Any = None
    status: Any = None
    config: dict[str, Any] = {}
    given: list[dict[str, Any]] | None = None
    steps: Annotated[list[Step], msgspec.Meta(min_length=1)]


@dataclass(frozen=True, slots=True)
class Case:
    """A case that can be played."""

    id: str
    title: str
    configured: Configured
    givens: tuple[Given, ...]
    steps: tuple[Step, ...]

    @property
    def of_seed(self) -> bool:
        """Tell whether the wire is the one of the seeds, where a null must be written."""
        return self.configured.compat_profile in (None, "seed")


@dataclass(frozen=True, slots=True)
class Unplayable:
    """A case that says what the player does not know."""

    id: str
    title: str
    problem: str


class _Meta(msgspec.Struct, frozen=True):
    """What holds for all cases of a file; the rest of `meta` is for the reader."""

    config_defaults: dict[str, Any] = {}
    extra_config_keys: dict[str, Any] = {}


class _File(_Words, frozen=True, kw_only=True):
    meta: _Meta = _Meta()
    cases: Annotated[list[dict[str, Any]], msgspec.Meta(min_length=1)]


def read_cases(path: Path) -> list[Case | Unplayable]:
    """Return the cases of a file, in order.

    Raises:
        CaseError: the file cannot be read as one of cases at all, or an id stands twice.
    """
    try:
        file = msgspec.yaml.decode(path.read_bytes(), type=_File)
    except (OSError, msgspec.MsgspecError) as problem:
        raise CaseError(f"{path}: {problem}") from problem
    defaults = file.meta.config_defaults | file.meta.extra_config_keys
    cases = [_read_case(raw, number, defaults) for number, raw in enumerate(file.cases, start=1)]
    twice = {case.id for case in cases if sum(other.id == case.id for other in cases) > 1}
    if twice:
        raise CaseError(f"{path}: more than one case is called {', '.join(sorted(twice))}")
    return cases


def _read_case(raw: dict[str, Any], number: int, defaults: Mapping[str, Any]) -> Case | Unplayable:
    try:
        return case_of(raw, defaults)
    except CaseError as problem:
        return Unplayable(str(raw.get("id", f"case number {number}")), str(raw.get("title", "")), str(problem))


def case_of(raw: Mapping[str, Any], defaults: Mapping[str, Any]) -> Case:
    """Return a case that stands so in a file whose settings default to *defaults*.

    Raises:
        CaseError: it has a word, or a kind of value, that is not known.
    """
    written = converted(raw, _Written)
    for number, step in enumerate(written.steps, start=1):
        for problem in _problems_of(step):
            raise CaseError(f"step {number}: {problem}")
        if step.action is not UNSET:
            action_of(step.action)
    configured = converted({**defaults, **written.config}, Configured)
    givens = tuple(_one_of(_GIVENS, given, "given") for given in written.given or ())
    return Case(written.id, written.title, configured, givens, tuple(written.steps))


def action_of(raw: Mapping[str, Any]) -> Action:
    """Return the action that is written so."""
    return _one_of(_ACTIONS, raw, "action")


def converted(raw: object, kind: type[Kind]) -> Kind:
    """Return *raw* as a *kind*; raises CaseError that names the place of what does not fit."""
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as problem:
        raise CaseError(str(problem)) from problem


def _one_of(kinds: Mapping[str, type[Kind]], raw: Mapping[str, Any], what: str) -> Kind:
    for member, kind in kinds.items():
        if member in raw:
            return converted(raw, kind)
    raise CaseError(f"unknown {what}: {', '.join(map(str, raw)) or 'an empty one'}")


def _problems_of(step: Step) -> Iterator[str]:
    kinds = [name for name in ("request", "action", "check") if getattr(step, name) is not UNSET]
    if len(kinds) != 1:
        yield f"one of request, action and check must be there, not {' and '.join(kinds) or 'none'}"
    only_side_effects = Expectation(side_effects=step.expect.side_effects)
    if step.action is not UNSET and step.expect != only_side_effects:
        yield "an action has no response, so only side_effects can be expected"
    if step.check is not UNSET and step.expect != Expectation():
        yield "a check is itself the expectation"
    for name, source in step.capture.items():
        if not source.startswith(_CAPTURED_FROM) or source == "response.":
            yield f"capture {name}: nothing is known of {source}"
        elif source.startswith("response.") and step.request is UNSET:
            yield f"capture {name}: there is no response"
    if step.request is not UNSET and UNSET not in (step.request.json, step.request.raw_body):
        yield "json and raw_body exclude one another"
