"""Read the operator's files of message texts: ``sms-templates-admin-config.xml`` and ``email-admin-config.xml``."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from watchword.notification.documents import Complaint, Element, Unreadable, read_document
from watchword.notification.model import Channel

_LOCALE: Final = re.compile(r"([a-z]{2})[_-]([A-Z]{2})")
LOCALE: Final = re.compile(r"[a-z]{2}_[A-Z]{2}")
CONTENT_TYPES: Final = frozenset({"text/html", "text/plain"})

Key = tuple[str, str]
"""A type as it is compared, and a locale."""


@dataclass(frozen=True, slots=True)
class Template:
    """A text with blanks ``{{name}}``."""

    type: str
    locale: str
    body: str = field(repr=False)
    subject: str = field(default="", repr=False)
    footer: str = field(default="", repr=False)
    content_type: str = "text/plain"
    display: str = ""

    @property
    def is_html(self) -> bool:
        """Tell whether body and footer are HTML."""
        return self.content_type.partition(";")[0].strip().lower() == "text/html"


@dataclass(frozen=True, slots=True)
class TemplateFile:
    """What a file holds; *texts* is None when it cannot be read at all."""

    texts: Mapping[Key, Template] | None
    complaints: tuple[Complaint, ...] = ()


def template_key(type: str) -> str:  # noqa: A002 - the word of the files
    """Return a type as it is compared: without case and blanks."""
    return re.sub(r"\s", "", type).lower()


def read_template_file(path: Path, channel: Channel) -> TemplateFile:
    """Return the texts of a file, and what is wrong with it; a wrong entry is left out and the others stay."""
    try:
        root = read_document(path)
    except Unreadable as error:
        return TemplateFile(None, (Complaint(path.name, error.line, error.text),))
    if root.name != "configurations":
        return TemplateFile(None, (Complaint(path.name, root.line, "the root element must be configurations"),))
    texts: dict[Key, Template] = {}
    complaints: list[Complaint] = []
    for entry in root.children("configuration"):
        wrong = [Complaint(path.name, entry.line, text) for text in _faults(entry, channel)]
        template = None if wrong else _template(entry)
        if template is not None and (key := (template_key(template.type), template.locale)) in texts:
            wrong = [
                Complaint(path.name, entry.line, f"{template.type} in {template.locale} stands here a second time")
            ]
        elif template is not None:
            texts[key] = template
        complaints += wrong
    return TemplateFile(texts, tuple(complaints))


def _faults(entry: Element, channel: Channel) -> Iterator[str]:
    named = entry.attributes.get("type", "").strip()
    if not named:
        yield "a configuration needs the attribute type"
    if not _LOCALE.fullmatch(entry.attributes.get("locale", "").strip()):
        yield f"{named}: the locale must look like en_US"
    if len(list(entry.children("body"))) != 1:
        yield f"{named}: there must be exactly one body"
    if channel is Channel.SMS and (entry.child("subject") or entry.child("footer")):
        yield f"{named}: an SMS has neither subject nor footer"
    if channel is Channel.EMAIL and entry.child("subject") is None:
        yield f"{named}: a mail needs a subject"
    if channel is Channel.EMAIL and _content_type(entry) not in CONTENT_TYPES:
        yield f"{named}: emailContentType must be text/html or text/plain"


def _template(entry: Element) -> Template:
    named = entry.attributes["type"].strip()
    return Template(
        type=named,
        locale=entry.attributes["locale"].strip().replace("-", "_"),
        body=_text(entry, "body"),
        subject=_text(entry, "subject"),
        footer=_text(entry, "footer"),
        content_type=_content_type(entry),
        display=entry.attributes.get("display", named),
    )


def _content_type(entry: Element) -> str:
    written = entry.attributes.get("emailContentType", "text/plain")
    return written.partition(";")[0].strip().lower()


def _text(entry: Element, name: str) -> str:
    found = entry.child(name)
    return "" if found is None else found.inner_xml().strip()
