"""A tenant's own texts over REST (sms-otp.md 7.7)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from msgspec import Struct

from watchword.base.problems import ApplicationTemplatesAbsent, NotFound, TemplateChannelUnknown, TemplateRefused
from watchword.notification.model import Channel
from watchword.notification.template_files import Template
from watchword.notification.templating import Templates
from watchword.notification.usecases.templates import (
    SavedText,
    TemplateType,
    add_text,
    create_type,
    delete_text,
    delete_type,
    find_type,
    list_texts,
    list_types,
    read_system_text,
    read_text,
    replace_text,
    reset_type,
)
from watchword.storage.work import Work
from watchword.web.model import Ask, Reply, Route, delete, get, post, put

ROOT: Final = "/api/server/v1/notification"
ORGANISATION: Final = "org-templates"
SYSTEM: Final = "system-templates"
_CHANNELS: Final = {channel.value.lower(): channel for channel in Channel}


class TypeBody(Struct, rename="camel"):
    """A new type."""

    display_name: str = ""


class TextBody(Struct, rename="camel"):
    """A text; what a channel does not have must be absent."""

    locale: str = ""
    body: str = ""
    subject: str = ""
    footer: str = ""
    content_type: str = ""


class ResetBody(Struct, rename="camel"):
    """The type whose texts go back to the server's."""

    template_type_id: str = ""
    channel: str = ""


@dataclass(frozen=True, slots=True)
class TemplatesApi:
    """The handlers of message texts."""

    templates: Templates

    def routes(self) -> list[Route]:
        """Return the table of routes for texts."""
        view: dict[str, Any] = {"permission": "templates:view"}
        edit: dict[str, Any] = {"permission": "templates:edit"}
        types = f"{ROOT}/{{channel}}/template-types"
        one = f"{types}/{{id}}"
        own, text = f"{one}/{ORGANISATION}", f"{one}/{ORGANISATION}/{{locale}}"
        of_applications = (f"{one}/app-templates/{{application}}", f"{one}/app-templates/{{application}}/{{locale}}")
        return [
            get(types, self.types, **view),
            post(types, self.add_type, body=TypeBody, status=201, **edit),
            get(one, self.type, **view),
            delete(one, self.remove_type, status=204, **edit),
            get(own, self.texts, **view),
            post(own, self.add, body=TextBody, status=201, **edit),
            get(text, self.text, **view),
            put(text, self.replace, body=TextBody, **edit),
            delete(text, self.remove, status=204, **edit),
            get(f"{one}/{SYSTEM}", self.system_texts, **view),
            get(f"{one}/{SYSTEM}/{{locale}}", self.system_text, **view),
            *(get(path, self.absent, **view) for path in of_applications),
            post(of_applications[0], self.absent, **edit),
            put(of_applications[1], self.absent, **edit),
            delete(of_applications[1], self.absent, **edit),
            post(f"{ROOT}/reset-template-type", self.reset, body=ResetBody, status=204, **edit),
        ]

    def types(self, work: Work, ask: Ask[None]) -> object:
        """List the types of a channel."""
        return [_shown_type(work, each) for each in list_types(work, self.templates, _channel(ask))]

    def add_type(self, work: Work, ask: Ask[TypeBody]) -> Reply:
        """Add a type."""
        made = _shown_type(work, create_type(work, self.templates, _channel(ask), ask.body.display_name))
        return Reply(made, headers={"Location": made["self"]})

    def type(self, work: Work, ask: Ask[None]) -> object:
        """Show a type."""
        return _shown_type(work, self._type(work, ask))

    def remove_type(self, work: Work, ask: Ask[None]) -> None:
        """Remove a type that the tenant has added."""
        delete_type(work, self._type(work, ask))

    def texts(self, work: Work, ask: Ask[None]) -> object:
        """List the tenant's own texts, or with ``resolve=true`` those in force."""
        kind = self._type(work, ask)
        return _shown_texts(work, kind, list_texts(work, kind, resolve=_resolves(ask)), ORGANISATION)

    def text(self, work: Work, ask: Ask[None]) -> object:
        """Show the tenant's own text in a locale, or with ``resolve=true`` the one in force."""
        kind = self._type(work, ask)
        return _shown_text(kind, read_text(work, kind, ask.path["locale"], resolve=_resolves(ask)))

    def add(self, work: Work, ask: Ask[TextBody]) -> Reply:
        """Save a text in a locale that has none."""
        kind = self._type(work, ask)
        saved = add_text(work, kind, _template(kind, ask.body))
        return _saved(kind, saved, {"Location": _place(work, kind, ORGANISATION, saved.text.locale)})

    def replace(self, work: Work, ask: Ask[TextBody]) -> Reply:
        """Write a text anew."""
        kind, locale = self._type(work, ask), ask.path["locale"]
        if ask.body.locale not in {"", locale}:
            raise TemplateRefused("locale: it is another than that of the address")
        ask.body.locale = locale
        return _saved(kind, replace_text(work, kind, _template(kind, ask.body)), {})

    def remove(self, work: Work, ask: Ask[None]) -> None:
        """Remove a text; the server's own takes its place."""
        delete_text(work, self._type(work, ask), ask.path["locale"])

    def system_texts(self, work: Work, ask: Ask[None]) -> object:
        """List the server's own texts."""
        kind = self._type(work, ask)
        return _shown_texts(work, kind, kind.system.values(), SYSTEM)

    def system_text(self, work: Work, ask: Ask[None]) -> object:
        """Show the server's own text in a locale."""
        kind = self._type(work, ask)
        return _shown_text(kind, read_system_text(kind, ask.path["locale"]))

    def reset(self, work: Work, ask: Ask[ResetBody]) -> None:
        """Remove all of the tenant's own texts of a type."""
        channel = next((each for each in Channel if each.value == ask.body.channel), None)
        if channel is None:
            raise TemplateChannelUnknown(name=ask.body.channel)
        reset_type(work, find_type(work, self.templates, channel, ask.body.template_type_id))

    def absent(self, work: Work, ask: Ask[Any]) -> NoReturn:
        """Say that applications have no texts of their own."""
        raise ApplicationTemplatesAbsent

    def _type(self, work: Work, ask: Ask[Any]) -> TemplateType:
        return find_type(work, self.templates, _channel(ask), ask.path["id"])


def _channel(ask: Ask[Any]) -> Channel:
    if ask.path["channel"] not in _CHANNELS:
        raise NotFound
    return _CHANNELS[ask.path["channel"]]


def _resolves(ask: Ask[Any]) -> bool:
    return ask.query.get("resolve", "").lower() == "true"


def _template(kind: TemplateType, body: TextBody) -> Template:
    return Template(
        kind.key, body.locale, body.body, body.subject, body.footer, body.content_type.lower() or "text/plain"
    )


def _place(work: Work, kind: TemplateType, *parts: str) -> str:
    own = f"/t/{work.tenant}{ROOT}/{kind.channel.value.lower()}/template-types/{kind.id}"
    return "/".join((own, *parts))


def _shown_type(work: Work, kind: TemplateType) -> dict[str, str]:
    return {"id": kind.id, "displayName": kind.display, "self": _place(work, kind)}


def _shown_text(kind: TemplateType, text: Template) -> dict[str, str]:
    if kind.channel is Channel.SMS:
        return {"locale": text.locale, "body": text.body}
    return {
        "locale": text.locale, "contentType": text.content_type, "subject": text.subject, "body": text.body,
        "footer": text.footer,
    }  # fmt: skip


def _shown_texts(work: Work, kind: TemplateType, texts: Iterable[Template], place: str) -> list[dict[str, str]]:
    return [{**_shown_text(kind, each), "self": _place(work, kind, place, each.locale)} for each in texts]


def _saved(kind: TemplateType, saved: SavedText, headers: Mapping[str, str]) -> Reply:
    said = ", ".join(f'299 watchword "{each}"' for each in saved.warnings)
    return Reply(_shown_text(kind, saved.text), headers={**headers, **({"Warning": said} if said else {})})
