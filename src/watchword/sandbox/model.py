"""A message as it arrived on the phone or in the mailbox, with what a test wants to read out of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from html.parser import HTMLParser

from watchword.notification.model import Channel, Message

CODE_FACTS = ("confirmation-code", "OTPCode", "otpToken")
"""Under which names the event map of a message carries its code."""

_LINK = re.compile(r"https?://[^\s<>\"']+")
_BLOCKS = frozenset({"p", "div", "br", "tr", "li", "h1", "h2", "h3"})
_UNSEEN = frozenset({"head", "style", "script", "title"})
_SEPARATORS = re.compile(r"[\s().-]")


@dataclass(frozen=True, slots=True)
class SandboxMessage:
    """A message that the sandbox took over."""

    id: str
    tenant: str
    channel: Channel
    to: str
    subject: str
    body: str = field(repr=False)
    """As it was sent, marked up or not."""
    text: str = field(repr=False)
    """As a person reads it."""
    code: str | None = field(repr=False)
    link: str | None = field(repr=False)
    template: str
    received_at: datetime

    @classmethod
    def of(cls, message: Message, received_at: datetime) -> "SandboxMessage":
        """Return what a recipient has of a message."""
        body = message.body + message.footer
        text, links = read_markup(body) if message.content_type.startswith("text/html") else (body, find_links(body))
        return cls(
            message.id, message.tenant, message.channel, message.to, message.subject, body, text.strip(),
            find_code(body, message.facts), next(iter(links), None), message.template, received_at,
        )  # fmt: skip

    def is_to(self, address: str) -> bool:
        """Tell whether this went to an address, however its digits are grouped and its letters written."""
        return _compared(self.to) == _compared(address)


def find_code(body: str, facts: Mapping[str, str]) -> str | None:
    """Return the code that the text of a message shows; a code that its template left out never arrived."""
    carried = (facts.get(name, "") for name in CODE_FACTS)
    return next((code for code in carried if code and code in body), None)


def find_links(text: str) -> list[str]:
    """Return the addresses that a plain text names."""
    return [found.rstrip(".,;:!?)") for found in _LINK.findall(text)]


def read_markup(markup: str) -> tuple[str, list[str]]:
    """Return the text of a marked-up mail, and where its links lead."""
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.pieces).splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)), reader.links


class _Reader(HTMLParser):
    """Collects what a person sees of a marked-up mail."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.links: list[str] = []
        self._unseen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a link, a new line, or the beginning of what nobody sees."""
        target = dict(attrs).get("href") or ""
        if tag == "a" and _LINK.fullmatch(target):
            self.links.append(target)
        if tag in _BLOCKS:
            self.pieces.append("\n")
        if tag in _UNSEEN:
            self._unseen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Note the end of a block, or of what nobody sees."""
        if tag in _BLOCKS:
            self.pieces.append("\n")
        if tag in self._unseen:
            self._unseen.remove(tag)

    def handle_data(self, data: str) -> None:
        """Keep a piece of text; its own line breaks mean nothing."""
        if not self._unseen:
            self.pieces.append(re.sub(r"\s+", " ", data))


def _compared(address: str) -> str:
    return address.strip().casefold() if "@" in address else _SEPARATORS.sub("", address)
