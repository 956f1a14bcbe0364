"""A tenant's own texts: make, read, change and remove them. They win over those of the server at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from watchword.base.problems import (
    TemplateExists,
    TemplateTypeExists,
    TemplateTypeStays,
    TemplateTypeUnknown,
    TemplateUnknown,
)
from watchword.notification.model import Channel
from watchword.notification.store import SavedTemplates
from watchword.notification.template_files import Template, template_key
from watchword.notification.template_rules import (
    check_template,
    check_type_name,
    id_of_type,
    type_of_id,
    warnings_about,
)
from watchword.notification.templating import FALLBACK_LOCALE, Templates
from watchword.storage.audit import note
from watchword.storage.work import Work


@dataclass(frozen=True, slots=True)
class TemplateType:
    """A type of texts, of the server or added by a tenant."""

    channel: Channel
    key: str
    """As it is compared."""
    name: str
    display: str
    system: Mapping[str, Template]
    """The server's own texts, by locale; none for a type that the tenant has added."""

    @property
    def id(self) -> str:
        """Return what the type is called in addresses."""
        return id_of_type(self.name)


@dataclass(frozen=True, slots=True)
class SavedText:
    """A text that was saved, and what an administrator should be told of it."""

    text: Template
    warnings: Sequence[str] = ()


def list_types(work: Work, templates: Templates, channel: Channel) -> list[TemplateType]:
    """Return all types of a channel, those of the server first."""
    texts: dict[str, dict[str, Template]] = {}
    for (key, locale), text in sorted(templates.all(channel).items()):
        texts.setdefault(key, {})[locale] = text
    known = [_system_type(channel, key, found) for key, found in texts.items()]
    added = SavedTemplates(work, channel).types().items()
    return [*known, *(TemplateType(channel, key, name, name, {}) for key, name in added if key not in texts)]


def find_type(work: Work, templates: Templates, channel: Channel, type_id: str) -> TemplateType:
    """Return the type of an id.

    Raises:
        TemplateTypeUnknown
    """
    name = type_of_id(type_id)
    key = template_key(name)
    found = next((each for each in list_types(work, templates, channel) if each.key == key), None)
    if found is None:
        raise TemplateTypeUnknown(name=name or type_id)
    return found


def create_type(work: Work, templates: Templates, channel: Channel, name: str) -> TemplateType:
    """Add a type.

    Raises:
        TemplateRefused: nothing can be called so.
        TemplateTypeExists
    """
    check_type_name(name)
    key = template_key(name)
    if any(each.key == key for each in list_types(work, templates, channel)):
        raise TemplateTypeExists(name=name)
    SavedTemplates(work, channel).add_type(key, name)
    note(work, "create_template_type", f"{channel} {key}")
    work.commit()
    return TemplateType(channel, key, name, name, {})


def delete_type(work: Work, kind: TemplateType) -> None:
    """Remove a type that the tenant has added, with its texts.

    Raises:
        TemplateTypeStays: it comes with the server.
    """
    if kind.system:
        raise TemplateTypeStays(name=kind.name)
    SavedTemplates(work, kind.channel).remove_type(kind.key)
    _finish(work, kind, "delete_template_type", "")


def list_texts(work: Work, kind: TemplateType, *, resolve: bool) -> list[Template]:
    """Return the tenant's own texts of a type; with *resolve* those in force."""
    own = {locale: text for (_, locale), text in SavedTemplates(work, kind.channel).of_type(kind.key).items()}
    found = {**kind.system, **own} if resolve else own
    return [found[locale] for locale in sorted(found)]


def read_text(work: Work, kind: TemplateType, locale: str, *, resolve: bool) -> Template:
    """Return the tenant's own text in a locale; with *resolve* the one in force.

    Raises:
        TemplateUnknown
    """
    found = next((each for each in list_texts(work, kind, resolve=resolve) if each.locale == locale), None)
    if found is None:
        raise TemplateUnknown(name=kind.name, locale=locale)
    return found


def read_system_text(kind: TemplateType, locale: str) -> Template:
    """Return the server's own text in a locale.

    Raises:
        TemplateUnknown
    """
    if locale not in kind.system:
        raise TemplateUnknown(name=kind.name, locale=locale)
    return kind.system[locale]


def add_text(work: Work, kind: TemplateType, text: Template) -> SavedText:
    """Save a text in a locale that has none of the tenant's own.

    Raises:
        TemplateRefused: it cannot be sent.
        TemplateExists
    """
    check_template(text, kind.channel)
    saved = SavedTemplates(work, kind.channel)
    if (kind.key, text.locale) in saved.of_type(kind.key):
        raise TemplateExists(name=kind.name, locale=text.locale)
    if not _is_as_shipped(kind, text):
        saved.add(text)
    _finish(work, kind, "save_template", text.locale)
    return SavedText(text, _warnings(kind, text))


def replace_text(work: Work, kind: TemplateType, text: Template) -> SavedText:
    """Write one of the tenant's own texts anew; the server's own words give way to the server's own text.

    Raises:
        TemplateUnknown
        TemplateRefused: it cannot be sent.
    """
    read_text(work, kind, text.locale, resolve=False)
    check_template(text, kind.channel)
    saved = SavedTemplates(work, kind.channel)
    if _is_as_shipped(kind, text):
        saved.remove(kind.key, text.locale)
    else:
        saved.replace(text)
    _finish(work, kind, "save_template", text.locale)
    return SavedText(text, _warnings(kind, text))


def delete_text(work: Work, kind: TemplateType, locale: str) -> None:
    """Remove one of the tenant's own texts.

    Raises:
        TemplateUnknown
    """
    read_text(work, kind, locale, resolve=False)
    SavedTemplates(work, kind.channel).remove(kind.key, locale)
    _finish(work, kind, "delete_template", locale)


def reset_type(work: Work, kind: TemplateType) -> None:
    """Remove all of the tenant's own texts of a type."""
    SavedTemplates(work, kind.channel).remove_all(kind.key)
    _finish(work, kind, "reset_template_type", "")


def _system_type(channel: Channel, key: str, texts: Mapping[str, Template]) -> TemplateType:
    first = texts.get(FALLBACK_LOCALE) or next(iter(texts.values()))
    return TemplateType(channel, key, first.type, first.display or first.type, texts)


def _is_as_shipped(kind: TemplateType, text: Template) -> bool:
    """Tell whether a text says what the server says without it."""
    shipped = kind.system.get(text.locale)
    return shipped is not None and _content(shipped) == _content(text)


def _content(text: Template) -> tuple[str, ...]:
    return text.subject, text.body, text.footer, text.content_type


def _warnings(kind: TemplateType, text: Template) -> Sequence[str]:
    return warnings_about(text, kind.system.get(FALLBACK_LOCALE) or next(iter(kind.system.values()), None))


def _finish(work: Work, kind: TemplateType, action: str, locale: str) -> None:
    note(work, action, f"{kind.channel} {kind.key} {locale}".rstrip())
    work.commit()
    SavedTemplates(work, kind.channel).forget(kind.key)
