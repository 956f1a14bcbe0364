"""Read one event publisher: ``repository/deployment/server/eventpublishers/*.xml`` (SMS 6.2 to 6.4)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from watchword.notification.documents import Complaint, Element, Unreadable, read_document
from watchword.notification.filling import (
    Blanks,
    Syntax,
    cut,
    fill_form,
    fill_xml,
    is_json,
    repair_equal_signs,
)
from watchword.notification.model import Channel
from watchword.notification.recipe import recipe_of_url
from watchword.notification.senders.provider_call import Authentication, Basic, ProviderCall, check_call, read_headers
from watchword.notification.senders.reply_rules import ANY_SUCCESS, ReplyRules

STREAMS: Final[Mapping[str, Channel]] = {
    "id_gov_sms_notify_stream": Channel.SMS,
    "id_gov_notify_stream": Channel.EMAIL,
}
_SYNTAXES: Final = {"json": Syntax.JSON, "text": Syntax.TEXT, "xml": Syntax.XML}
_KNOWN_HTTP: Final = frozenset(
    {
        "http.url",
        "http.client.method",
        "http.headers",
        "http.username",
        "http.password",
        "http.proxy.host",
        "http.proxy.port",
    }
)
_KNOWN_EMAIL: Final = frozenset({"email.address", "email.subject", "email.type"})
# What the product sends where a publisher leaves the mapping to it (customMapping="disable").
_ENVELOPE: Final = (
    '{"event": {"metaData": {}, "payloadData": {}, "arbitraryDataMap": {"notification-event": {{notification-event}}, '
    '"send-to": {{send-to}}, "subject": {{subject}}, "body": {{body}}, "footer": {{footer}}, "locale": {{locale}}}}}'
)
_MAIL_DEFAULTS: Final = {
    "email.address": "{{send-to}}",
    "email.subject": "{{subject}}",
    "email.type": "{{content-type}}",
}


class State(StrEnum):
    """What a publisher does at the moment, in the words of the product."""

    ACTIVE = "ACTIVE"
    DISABLED = "DISABLED"
    WAITING_FOR_DEPENDENCY = "WAITING_FOR_DEPENDENCY"
    WAITING_FOR_STREAM = "WAITING_FOR_STREAM"


@dataclass(frozen=True, slots=True)
class MailOut:
    """A publisher that sends mail: to whom, with what subject and what text."""

    address: Blanks = field(repr=False)
    subject: Blanks = field(repr=False)
    content_type: Blanks = field(repr=False)
    text: Blanks = field(repr=False)


@dataclass(frozen=True, slots=True)
class LogOnly:
    """A publisher that only notes that there was an event; it delivers nothing to anybody."""


Output = ProviderCall | MailOut | LogOnly | None


@dataclass(frozen=True, slots=True)
class Publisher:
    """One file: where its events come from, and where they go. *remarks* do not stop it."""

    file: str
    name: str
    stream: str
    state: State
    output: Output
    remarks: tuple[Complaint, ...] = ()

    @property
    def channel(self) -> Channel | None:
        """The channel whose messages it carries."""
        return STREAMS.get(self.stream)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a publisher finds on this server.

    *trusted*: a URL in the file counts as listed (decisions 5.4). *form_mode* is
    ``[output_adapter.http] enable_form_url_encoded``.
    """

    trusted: bool = False
    form_mode: bool = False


def read_publisher(path: Path, surroundings: Surroundings) -> Publisher:
    """Return the publisher of a file.

    Raises:
        Unreadable: the file is none; text and line say what is wrong.
    """
    root = read_document(path)
    if root.name != "eventPublisher":
        raise Unreadable("the root element must be eventPublisher", root.line)
    source, target = _needed(root, "from"), _needed(root, "to")
    name, stream = root.attributes.get("name", "").strip(), source.attributes.get("streamName", "").strip()
    if not name:
        raise Unreadable("eventPublisher needs the attribute name", root.line)
    adapter = target.attributes.get("eventAdapterType", "").strip()
    reading = _Reading(path.name, name, target, root.child("mapping"), surroundings)
    readers: Mapping[str, Callable[[], Output]] = {"http": reading.http, "email": reading.email, "logger": LogOnly}
    output = readers[adapter]() if adapter in readers else None
    return Publisher(
        file=path.name,
        name=name,
        stream=stream,
        state=_state(root, stream, output),
        output=output,
        remarks=tuple(reading.remarks(adapter)),
    )


def _state(root: Element, stream: str, output: Output) -> State:
    if root.attributes.get("processing", "enable").strip().lower() == "disable":
        return State.DISABLED
    if output is None:
        return State.WAITING_FOR_DEPENDENCY
    return State.ACTIVE if stream in STREAMS else State.WAITING_FOR_STREAM


@dataclass(slots=True)
class _Reading:
    """One file while it is read."""

    file: str
    name: str
    target: Element
    mapping: Element | None
    surroundings: Surroundings
    repaired: bool = False

    def http(self) -> ProviderCall:
        """Return the call that the file describes."""
        properties = self._properties()
        url = properties.get("http.url", "")
        if not url:
            raise Unreadable("http.url is empty", self.target.line)
        syntax, body = self._document()
        try:
            call = ProviderCall(
                name=self.name,
                url=cut(url, context_tokens=True),
                method=properties.get("http.client.method", "httpPost").lower().removeprefix("http").upper(),
                headers=read_headers(properties.get("http.headers", ""), context_tokens=True),
                body=body,
                syntax=syntax,
                authentication=_authentication(properties),
                reply=ReplyRules(success=ANY_SUCCESS),
                trusted=self.surroundings.trusted,
            )
            check_call(call)
        except ValueError as error:
            raise Unreadable(str(error), self.target.line) from error
        return _as_known_company(call, url)

    def email(self) -> MailOut:
        """Return the mail that the file describes."""
        properties = {**_MAIL_DEFAULTS, **self._properties()}
        _, text = self._document()
        address, subject, content_type = (cut(properties[name]) for name in _MAIL_DEFAULTS)
        return MailOut(address, subject, content_type, text)

    def remarks(self, adapter: str) -> Iterator[Complaint]:
        """Yield what the operator should know, though it stops nothing."""
        known = {"http": _KNOWN_HTTP, "email": _KNOWN_EMAIL}.get(adapter)
        for each in self.target.children("property"):
            named = each.attributes.get("name", "")
            if named.startswith("http.proxy.") and each.text.strip():
                yield Complaint(self.file, each.line, f"{named} is not used: calls go out directly")
            elif known is not None and named not in known:
                yield Complaint(self.file, each.line, f"the property {named} is not known, and has no effect")
        if self.repaired and self.mapping is not None:
            yield Complaint(self.file, self.mapping.line, f"{self.name}: repaired = to : in the JSON of inline")
        if adapter not in {"http", "email", "logger"}:
            yield Complaint(
                self.file, self.target.line, f"{self.name} waits: there is no output adapter {adapter!r} here"
            )

    def _properties(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for each in self.target.children("property"):
            if each.attributes.get("encrypted") == "true":
                named = each.attributes.get("name", "")
                raise Unreadable(f"{named} is encrypted by another server; write its value instead", each.line)
            found[each.attributes.get("name", "")] = each.text.strip()
        return found

    def _document(self) -> tuple[Syntax, Blanks]:
        mapping = self.mapping
        if mapping is None or mapping.attributes.get("customMapping", "enable").strip().lower() == "disable":
            return Syntax.JSON, cut(_ENVELOPE)
        syntax = _SYNTAXES.get(mapping.attributes.get("type", "").strip().lower())
        inline = mapping.child("inline")
        if syntax is None or inline is None:
            raise Unreadable("the mapping must be of type json, text or xml, with an inline text", mapping.line)
        blanks = cut(inline.inner_xml().strip(), context_tokens=True)
        if syntax is Syntax.JSON:
            return syntax, self._sound_json(blanks, inline)
        if syntax is Syntax.XML and not _is_xml(blanks):
            raise Unreadable("the XML of inline is not well formed", inline.line)
        if syntax is Syntax.TEXT and self.surroundings.form_mode:
            return Syntax.FORM, _form(blanks)
        return syntax, blanks

    def _sound_json(self, blanks: Blanks, inline: Element) -> Blanks:
        if is_json(blanks):
            return blanks
        repaired = repair_equal_signs(blanks)
        if not is_json(repaired):
            raise Unreadable("the JSON of inline is not well formed; {{name}} stands in it without quotes", inline.line)
        self.repaired = True
        return repaired


def _needed(root: Element, name: str) -> Element:
    found = root.child(name)
    if found is None:
        raise Unreadable(f"eventPublisher needs an element {name}", root.line)
    return found


def _authentication(properties: Mapping[str, str]) -> Authentication:
    username = properties.get("http.username", "")
    return Basic(cut(username), cut(properties.get("http.password", ""))) if username else None


def _as_known_company(call: ProviderCall, url: str) -> ProviderCall:
    """Return the call as the company at its host wants it: how numbers look, and how a refusal inside a 200."""
    recipe = recipe_of_url(url)
    if recipe is None:
        return call
    known = recipe.call
    same_place = urlsplit(url).path.rstrip("/") == recipe.path.rstrip("/")
    rules = replace(known.reply, success=ANY_SUCCESS) if same_place else call.reply
    return replace(call, reply=rules, digits_only=known.digits_only)


def _form(blanks: Blanks) -> Blanks:
    """Return pairs ``A={{x}},B={{y}}`` as a form: a comma begins the next one, and what is typed is encoded too."""
    typed = [piece for piece in blanks if isinstance(piece, str)]
    mark = "," if any("," in piece for piece in typed) else "&"
    encoded: list[str] = []
    return tuple(_form_literal(piece, mark, encoded) if isinstance(piece, str) else piece for piece in blanks)


def _form_literal(text: str, mark: str, seen: list[str]) -> str:
    """Encode a typed piece, but for the marks that divide pairs, and names from values."""
    written: list[str] = []
    in_value = bool(seen)
    for at, part in enumerate(text.split(mark)):
        name, equals, value = part.partition("=") if at or not in_value else ("", "", part)
        if equals:
            written.append(f"{_plus(name.strip())}={_plus(value)}")
        else:
            written.append(_plus(value or name))
    seen.append(text)
    return "&".join(written)


def _plus(text: str) -> str:
    return fill_form(cut("{{x}}"), lambda _: text)


def _is_xml(blanks: Blanks) -> bool:
    try:
        fromstring(fill_xml(blanks, lambda _: "x"), forbid_dtd=True)
    except (ParseError, DefusedXmlException):
        return False
    return True
