"""Recipes: how a company is spoken to, each in a file of its own under ``recipes/``."""

import functools
import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from importlib import resources
from types import MappingProxyType
from typing import Final, TypeVar, cast
from urllib.parse import quote_plus, urlsplit

import msgspec

from watchword.notification.curl import read_curl
from watchword.notification.filling import Blank, Blanks, Syntax, cut, map_literals
from watchword.notification.model import Channel
from watchword.notification.senders.provider_call import (
    SETTING,
    Authentication,
    Basic,
    ClientCredential,
    HeaderKey,
    ProviderCall,
    blanks_of,
    check_call,
)
from watchword.notification.senders.reply_rules import OK_STATUSES, PASSING_STATUSES, Condition, JsonPath, ReplyRules

# What a recipe calls the facts of a message.
_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {"to": "send-to", "text": "body", "id": "message-id", "number": "message-number", "alphabet": "alphabet"}
)
Table = Mapping[str, object]
V = TypeVar("V")


class RecipeInvalid(ValueError):
    """A recipe, or what the operator wrote to use one, cannot be used; the text says why."""


class _Auth(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    basic: tuple[str, str] | None = None
    bearer: str | None = None
    header: tuple[str, str] | None = None
    client: ClientCredential | None = None


class _Request(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    url: str
    method: str = "POST"
    headers: dict[str, str] = {}
    auth: _Auth = _Auth()
    form: dict[str, str] | None = None
    json: dict[str, object] | None = None
    text: str | None = None


class _Reply(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    success: tuple[int, ...] = tuple(sorted(OK_STATUSES))
    retry: tuple[int, ...] = tuple(sorted(PASSING_STATUSES))
    accepted: str | None = None
    retry_when: str | None = None
    receipt: str | None = None
    error: str | None = None


class _Shape(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A recipe as it is written."""

    request: _Request
    title: str = ""
    channel: Channel = Channel.SMS
    settings: list[str] = []
    optional: dict[str, str] = {}
    reply: _Reply = _Reply()
    number: str = "plus"
    alphabet: tuple[str, str] | None = None
    hosts: list[str] = []
    repeatable: bool = False
    source: str = ""
    read_on: date | None = None
    example: dict[str, object] = {}


@dataclass(frozen=True, slots=True)
class Recipe:
    """A provider as its file describes it.

    *required* settings must be given; *optional* ones have the values that they take otherwise. What the file states
    about the provider was read at *source* on *read_on*.
    """

    name: str
    title: str
    channel: Channel
    required: tuple[str, ...]
    optional: Mapping[str, str]
    source: str
    read_on: date | None
    hosts: frozenset[str]
    path: str
    example: Table = field(repr=False)
    shape: _Shape = field(repr=False)

    def with_settings(self, settings: Mapping[str, object], *, trusted: bool = False) -> ProviderCall:
        """Return the call for a provider's customer. *trusted* as in OutgoingRules.lists.

        Raises:
            RecipeInvalid: a setting is missing or unknown, or the call cannot be made with it.
        """
        missing = [name for name in self.required if settings.get(name, "") == ""]
        unknown = settings.keys() - {*self.required, *self.optional}
        strange = [name for name, value in settings.items() if not isinstance(value, str | int)]
        if missing:
            raise RecipeInvalid(f"{self.title} needs the settings {', '.join(missing)}")
        if unknown:
            raise RecipeInvalid(f"{self.title} knows no setting {', '.join(sorted(unknown))}")
        if strange:
            raise RecipeInvalid(f"the setting {strange[0]} of {self.title} must be a text")
        values = {**self.optional, **{name: str(value) for name, value in settings.items()}}
        unset = frozenset(name for name, value in values.items() if not value)
        call = _call(self.name, _pruned(self.shape, unset))
        return _checked(
            replace(call, settings={SETTING + name: value for name, value in values.items()}, trusted=trusted)
        )

    @property
    def call(self) -> ProviderCall:
        """The call with its settings still to be filled."""
        return _call(self.name, self.shape)


def read_recipe(name: str, text: str) -> Recipe:
    """Return the recipe that a file describes.

    Raises:
        RecipeInvalid: it is none.
    """
    try:
        return _recipe(name, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise RecipeInvalid(str(error)) from error


@functools.cache
def recipes() -> Mapping[str, Recipe]:
    """Return the recipes of the package, by name."""
    files = resources.files("watchword.notification").joinpath("recipes").iterdir()
    named = sorted((file.name.removesuffix(".toml"), file) for file in files if file.name.endswith(".toml"))
    return MappingProxyType({name: read_recipe(name, file.read_text(encoding="utf-8")) for name, file in named})


def recipe_of_url(url: str) -> Recipe | None:
    """Return the recipe of the company that answers at a URL, by the host alone."""
    try:
        host = (urlsplit(url).hostname or "").lower()
    except ValueError:
        return None
    return next((recipe for recipe in recipes().values() if host in recipe.hosts), None)


def provider_from_settings(table: Table, *, trusted: bool = False) -> ProviderCall:
    """Return the call that ``[watchword.sms.provider]`` describes: a recipe's name and settings, a recipe written
    in place (``recipe = "custom"``), or a pasted command (``curl = "…"``).

    Raises:
        RecipeInvalid: with the reason, for the operator.
    """  # noqa: D205 - the three ways belong in one sentence
    own = dict(table)
    settings = own.pop("settings", {})
    name = own.pop("recipe", "custom")
    if not isinstance(settings, Mapping):
        raise RecipeInvalid("settings must be a table")
    if name == "custom":
        if isinstance(line := own.pop("curl", None), str):
            own["request"] = _curl(line)
        own["settings"] = sorted(settings)
        return _recipe("custom", own).with_settings(settings, trusted=trusted)
    if own:
        raise RecipeInvalid(f'{", ".join(sorted(own))} can stand only beside recipe = "custom"')
    recipe = recipes().get(str(name))
    if recipe is None:
        raise RecipeInvalid(f"there is no recipe {name!r}; there are {', '.join(recipes())} and custom")
    return recipe.with_settings(settings, trusted=trusted)


def _curl(line: str) -> dict[str, object]:
    try:
        return read_curl(line)
    except ValueError as error:
        raise RecipeInvalid(str(error)) from error


def _recipe(name: str, table: Table) -> Recipe:
    try:
        shape = msgspec.convert(table, _Shape)
        call = _call(name, shape)
    except (msgspec.ValidationError, ValueError) as error:
        raise RecipeInvalid(str(error)) from error
    known = {*_WORDS.values(), *(SETTING + setting for setting in (*shape.settings, *shape.optional))}
    strangers = sorted(blanks_of(call) - known)
    if strangers:
        raise RecipeInvalid(f"{{{{{strangers[0]}}}}} is neither a setting nor one of {', '.join(_WORDS)}")
    parts = urlsplit(shape.request.url)
    return Recipe(
        name=name,
        title=shape.title or name,
        channel=shape.channel,
        required=tuple(shape.settings),
        optional=shape.optional,
        source=shape.source,
        read_on=shape.read_on,
        hosts=frozenset({parts.netloc, *shape.hosts}),
        path=parts.path,
        example=shape.example,
        shape=shape,
    )


def _pruned(shape: _Shape, unset: frozenset[str]) -> _Shape:
    """Return the recipe without the members that an optional setting would fill which nobody gave."""
    request = shape.request
    return msgspec.structs.replace(
        shape,
        request=msgspec.structs.replace(
            request,
            headers=_without(request.headers, unset),
            form=None if request.form is None else _without(request.form, unset),
            json=None if request.json is None else _without(request.json, unset),
        ),
    )


def _without(table: Mapping[str, V], unset: frozenset[str]) -> dict[str, V]:
    kept = {name: value for name, value in table.items() if not _is_unset(value, unset)}
    return {name: cast("V", _without_inside(value, unset)) for name, value in kept.items()}


def _without_inside(value: object, unset: frozenset[str]) -> object:
    if isinstance(value, dict):
        return _without(value, unset)
    return [_without_inside(each, unset) for each in value] if isinstance(value, list) else value


def _is_unset(value: object, unset: frozenset[str]) -> bool:
    pieces = cut(value) if isinstance(value, str) else ()
    return len(pieces) == 1 and isinstance(pieces[0], Blank) and pieces[0].name in unset


def _call(name: str, shape: _Shape) -> ProviderCall:
    request, reply = shape.request, shape.reply
    cut_here = functools.partial(_cut, settings=frozenset({*shape.settings, *shape.optional}))
    syntax, body = _body(request, cut_here)
    if shape.number not in {"plus", "digits"}:
        raise RecipeInvalid('number must be "plus" or "digits"')
    return ProviderCall(
        name=name,
        url=cut_here(request.url),
        method=request.method.upper(),
        headers=tuple((header, cut_here(value)) for header, value in request.headers.items()),
        body=body,
        syntax=syntax,
        authentication=_authentication(request.auth, cut_here),
        reply=ReplyRules(
            success=frozenset(reply.success),
            retry=frozenset(reply.retry),
            accepted=Condition.read(reply.accepted) if reply.accepted else None,
            retry_when=Condition.read(reply.retry_when) if reply.retry_when else None,
            receipt=JsonPath.read(reply.receipt) if reply.receipt else None,
            error=JsonPath.read(reply.error) if reply.error else None,
        ),
        alphabet=shape.alphabet,
        digits_only=shape.number == "digits",
        repeatable=shape.repeatable,
    )


def _cut(text: str, *, settings: frozenset[str]) -> Blanks:
    """Cut a recipe's text; a blank is a setting if there is one of its name, and a fact of the message otherwise."""

    def meaning(name: str) -> str:
        return SETTING + name if name in settings else _WORDS.get(name, name)

    return tuple(Blank(meaning(piece.name)) if isinstance(piece, Blank) else piece for piece in cut(text))


def _body(request: _Request, cut_here: Callable[[str], Blanks]) -> tuple[Syntax, Blanks]:
    if request.form is not None:
        return Syntax.FORM, _form(request.form, cut_here)
    if request.json is not None:
        return Syntax.JSON, cut_here(json.dumps(request.json, ensure_ascii=False))
    return Syntax.TEXT, cut_here(request.text or "")


def _form(fields: Mapping[str, str], cut_here: Callable[[str], Blanks]) -> Blanks:
    pairs: list[str | Blank] = []
    for at, (name, value) in enumerate(fields.items()):
        pairs += [("&" if at else "") + quote_plus(name) + "=", *map_literals(cut_here(value), quote_plus)]
    return tuple(pairs)


def _authentication(auth: _Auth, cut_here: Callable[[str], Blanks]) -> Authentication:
    if auth.basic:
        return Basic(cut_here(auth.basic[0]), cut_here(auth.basic[1]))
    if auth.bearer:
        return HeaderKey("Authorization", ("Bearer ", *cut_here(auth.bearer)))
    if auth.header:
        return HeaderKey(auth.header[0], cut_here(auth.header[1]))
    return auth.client


def _checked(call: ProviderCall) -> ProviderCall:
    try:
        check_call(call)
    except ValueError as error:
        raise RecipeInvalid(str(error)) from error
    return call
