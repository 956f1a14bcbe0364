"""Message texts: found by channel, type and locale, and filled in one pass."""

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from logging import getLogger
from pathlib import Path
from types import MappingProxyType
from typing import Final
from unicodedata import category
from urllib.parse import quote

from watchword.notification.documents import Complaint
from watchword.notification.filling import Lookup, cut, fill_raw
from watchword.notification.model import Channel
from watchword.notification.template_files import Key, Template, read_template_file, template_key
from watchword.notification.watching import Watch

__all__ = ["Filled", "Template", "Templates", "built_in_templates", "fill", "template_key"]

FALLBACK_LOCALE: Final = "en_US"
_LOCALE: Final = re.compile(r"([a-z]{2})(?:[_-]([A-Z]{2}))?")
_CLAIM: Final = "user.claim."
_LONGEST_CLAIM: Final = 30
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
# Values that stand as links: they are checked as URLs instead of being escaped, which would change them (D-30).
_URL_NAMES: Final = frozenset(
    {
        "callback",
        "account.recovery.endpoint-url",
        "authentication.endpoint-url",
        "carbon.product-url",
        "approvalActionUrl",
    }
    | {"ciba-auth-url", "redirect-url", "portalUrl"}
)
_PLAIN_URL: Final = re.compile(r"https?://[A-Za-z0-9\[\]._~:/?@!$&()*+,;=%#-]+", re.ASCII)

_log = getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Filled:
    """A text that is ready to be sent."""

    subject: str = field(repr=False)
    body: str = field(repr=False)
    footer: str = field(repr=False)
    content_type: str


@dataclass(slots=True)
class Templates:
    """The texts of the server: the operator's files, which may change at any time, over the built-in ones.

    Call refresh from a loop, at least every two seconds; find and check may be called from any thread.
    """

    sms_file: Path | None = None
    email_file: Path | None = None
    _read: Mapping[Channel, Mapping[Key, Template]] = field(default_factory=dict, init=False, repr=False)
    _complaints: Mapping[Channel, tuple[Complaint, ...]] = field(default_factory=dict, init=False, repr=False)
    _watch: Watch = field(default_factory=Watch, init=False, repr=False)

    def __post_init__(self) -> None:
        self._take(self._watch.settled(self._files().values(), 0.0, at_once=True))

    def refresh(self, now_monotonic: float) -> None:
        """Read the files again that have changed; a broken one leaves the texts that were read before."""
        if self._watch.is_due(now_monotonic):
            self._take(self._watch.settled(self._files().values(), now_monotonic))
            gone = [channel for channel, path in self._files().items() if channel in self._read and not path.exists()]
            self._read = {channel: texts for channel, texts in self._read.items() if channel not in gone}

    def find(
        self,
        channel: Channel,
        type: str,  # noqa: A002 - the word of the files
        locale: str,
        default_locale: str,
        overrides: Mapping[Key, Template] | None = None,
    ) -> Template | None:
        """Return the text for a locale, or what comes nearest: the same language, the default, ``en_US``.

        *overrides* are texts that a tenant saved, under (template_key(type), locale). A type that the operator's file
        has in any locale is the operator's altogether; built-in texts fill in types that it lacks.
        """
        key = template_key(type)
        own = self._read.get(channel, {})
        known = own if any(name == key for name, _ in own) else built_in_templates()[channel]
        texts = {**_of_type(known, key), **_of_type(overrides or {}, key)}
        return next((texts[found] for found in _nearest(locale, default_locale, texts)), None)

    def all(self, channel: Channel) -> Mapping[Key, Template]:
        """Return every text of a channel, as it is found without a tenant's own."""
        own = self._read.get(channel, {})
        types = {name for name, _ in own}
        return {**{key: text for key, text in built_in_templates()[channel].items() if key[0] not in types}, **own}

    def check(self) -> list[Complaint]:
        """Return what is wrong with the files, as they were read last."""
        return sorted(complaint for found in self._complaints.values() for complaint in found)

    def _files(self) -> dict[Channel, Path]:
        files = {Channel.SMS: self.sms_file, Channel.EMAIL: self.email_file}
        return {channel: path for channel, path in files.items() if path is not None}

    def _take(self, changed: list[Path]) -> None:
        for channel, path in self._files().items():
            if path not in changed:
                continue
            found = read_template_file(path, channel)
            self._complaints = {**self._complaints, channel: found.complaints}
            if found.texts is not None:
                self._read = {**self._read, channel: found.texts}
            for complaint in found.complaints:
                _log.warning("a template cannot be used: %s", complaint)


@cache
def built_in_templates() -> Mapping[Channel, Mapping[Key, Template]]:
    """Return the texts of the package."""
    folder = resources.files("watchword.notification").joinpath("templates")
    return MappingProxyType(
        {
            channel: MappingProxyType(
                {
                    (template_key(name), locale): _built_in(
                        name, locale, kind, file.read_text(encoding="utf-8"), channel
                    )
                    for file in folder.joinpath(channel.value.lower()).iterdir()
                    for name, locale, kind in [file.name.split(".")]
                }
            )
            for channel in Channel
        }
    )


def fill(template: Template, facts: Mapping[str, str], *, channel: Channel) -> Filled:
    """Return the text with its blanks filled.

    A blank is looked up in *facts* under its own name, ``user.claim.…`` and ``server.placeholder.…`` too;
    ``{{url:name}}`` is the percent-encoded value of ``name``. Without a value it is empty, and a warning is logged.
    """
    filler = _Filler(template, facts, channel)
    return Filled(
        subject=_CONTROL.sub(" ", filler.fill(template.subject)).strip(),
        body=filler.fill(template.body, marked_up=template.is_html),
        footer=filler.fill(template.footer, marked_up=template.is_html),
        content_type=template.content_type,
    )


@dataclass(frozen=True, slots=True)
class _Filler:
    template: Template
    facts: Mapping[str, str]
    channel: Channel

    def fill(self, text: str, *, marked_up: bool = False) -> str:
        blanks = cut(text)
        return fill_raw(blanks, self._look_up(marked_up=marked_up))

    def _look_up(self, *, marked_up: bool) -> Lookup:
        def look_up(name: str) -> str:
            value = self._value(name)
            if not marked_up:
                return value
            return value if name in _URL_NAMES else html.escape(value)

        return look_up

    def _value(self, name: str) -> str:
        plain = name.removeprefix("url:")
        value = self.facts.get(plain)
        if value is None:
            _log.warning("a blank of a template has no value", extra={"template": self.template.type, "blank": name})
            return ""
        if name != plain:
            return quote(value.encode("utf-8", "replace"), safe="")
        if name in _URL_NAMES:
            return value if _PLAIN_URL.fullmatch(value) else ""
        if self.channel is Channel.SMS and name.startswith(_CLAIM):
            return _harmless(value)
        return value


def _harmless(claim: str) -> str:
    """Return a claim as an SMS may hold it: a person's name, but no sentence, no number and no link of theirs."""
    kept = "".join(mark for mark in claim if mark.isalpha() or _is_mark(mark) or mark in " -")
    return kept[:_LONGEST_CLAIM]


def _is_mark(mark: str) -> bool:
    """Tell whether the character belongs to the letter before it, as vowel signs of Sinhala and Tamil do."""
    return category(mark) in {"Mn", "Mc"}


def _nearest(locale: str, default_locale: str, texts: Mapping[str, Template]) -> Iterator[str]:
    """Yield the locales of *texts* that serve, best first (SR 5.6, SMS 7.6)."""
    for wanted in (locale, default_locale, FALLBACK_LOCALE):
        found = _LOCALE.fullmatch(wanted.strip())
        if found is None:
            continue
        language, country = found.groups()
        if country and f"{language}_{country}" in texts:
            yield f"{language}_{country}"
        yield from sorted(other for other in texts if other.startswith(f"{language}_"))


def _of_type(texts: Mapping[Key, Template], key: str) -> dict[str, Template]:
    return {locale: text for (name, locale), text in texts.items() if name == key}


def _built_in(name: str, locale: str, kind: str, text: str, channel: Channel) -> Template:
    """Return the text of a file; that of a mail begins with a line ``Subject: …`` and an empty one."""
    content_type = "text/html" if kind == "html" else "text/plain"
    template = Template(name, locale, body=text.rstrip("\n"), content_type=content_type)
    if channel is Channel.SMS:
        return template
    subject, _, body = template.body.partition("\n\n")
    return replace(template, subject=subject.removeprefix("Subject: "), body=body)
