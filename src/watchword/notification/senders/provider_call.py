"""One provider as a value: what is asked, with which blanks, and how its answers read."""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from watchword.notification.filling import FILLERS, Blanks, Lookup, Syntax, cut, fill_raw, fill_url, lookup_in, names_in
from watchword.notification.senders.addresses import Forbidden, read_url
from watchword.notification.senders.fetcher import Headers, Request
from watchword.notification.senders.reply_rules import ReplyRules

SETTING: Final = "setting:"
"""Marks the name of a blank that the settings fill; no fact of a message can take its place."""

CONTENT_TYPES: Final[Mapping[Syntax, str]] = {
    Syntax.TEXT: "text/plain",
    Syntax.JSON: "application/json",
    Syntax.FORM: "application/x-www-form-urlencoded",
    Syntax.XML: "text/xml",
}
METHODS: Final = frozenset({"GET", "POST", "PUT"})
_NUMBERS: Final = ("send-to", "mobile")
_GSM: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà\f^{}\\[~]|€"
)
# The item after a comma begins a header of its own if it has a name and a colon; a date or a URL has not.
_HEADER_BREAK: Final = re.compile(r"\r?\n|(?<!\\),(?=\s*[A-Za-z0-9_-]+\s*:(?!//))")


@dataclass(frozen=True, slots=True)
class Basic:
    """User name and password with every request (RFC 7617)."""

    username: Blanks
    password: Blanks = field(repr=False)


@dataclass(frozen=True, slots=True)
class HeaderKey:
    """A key in a header: ``Authorization: Bearer …``, or whatever the provider calls it."""

    header: str
    value: Blanks = field(repr=False)


@dataclass(frozen=True, slots=True)
class ClientCredential:
    """A token that is fetched first (RFC 6749, 4.4; with a user's name and password 4.3)."""

    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    scopes: str = ""
    username: str = ""
    password: str = field(default="", repr=False)


Authentication = Basic | HeaderKey | ClientCredential | None


@dataclass(frozen=True, slots=True)
class ProviderCall:
    """How one provider is spoken to.

    *settings* fill the blanks whose names begin with ``setting:``. *alphabet* holds the provider's words for a text in
    the GSM alphabet and for any other, for the blank ``alphabet``. *repeatable*: the provider recognises a second copy.
    """

    name: str
    url: Blanks = field(repr=False)
    method: str = "POST"
    headers: tuple[tuple[str, Blanks], ...] = field(default=(), repr=False)
    body: Blanks = field(default=(), repr=False)
    syntax: Syntax = Syntax.JSON
    authentication: Authentication = None
    reply: ReplyRules = field(default_factory=ReplyRules)
    settings: Mapping[str, str] = field(default_factory=dict, repr=False)
    alphabet: tuple[str, str] | None = None
    digits_only: bool = False
    trusted: bool = False
    repeatable: bool = False

    def request(self, facts: Mapping[str, str]) -> Request:
        """Return the request that carries these facts.

        Raises:
            Forbidden: a value would break out of its place.
        """
        look_up = self.look_up(facts)
        headers = [(name, fill_raw(value, look_up)) for name, value in self.headers]
        headers += _authorization(self.authentication, look_up)
        given = {name.lower() for name, _ in headers}
        body = b"" if self.method == "GET" else FILLERS[self.syntax](self.body, look_up).encode("utf-8", "replace")
        if self.method != "GET" and "content-type" not in given:
            headers.append(("Content-Type", CONTENT_TYPES[self.syntax]))
        if "idempotency-key" not in given and "message-id" in facts:
            headers.append(("Idempotency-Key", facts["message-id"]))
        return Request(self.method, fill_url(self.url, look_up), tuple(headers), body, self.trusted)

    def look_up(self, facts: Mapping[str, str]) -> Lookup:
        """Return what fills the blanks: settings first, then the facts as this provider wants them."""
        own = {
            name: re.sub(r"\D", "", facts[name], flags=re.ASCII)
            for name in _NUMBERS
            if name in facts and self.digits_only
        }
        if self.alphabet:
            own["alphabet"] = self.alphabet[0] if set(facts.get("body", "")) <= _GSM else self.alphabet[1]
        if "message-id" in facts:
            own["message-number"] = str(int.from_bytes(hashlib.sha256(facts["message-id"].encode()).digest()[:4]) >> 1)
        plain = lookup_in(self.settings, own, facts)

        def look_up(name: str) -> str | None:
            return quote(plain(name[4:]) or "", safe="") if name.startswith("url:") else plain(name)

        return look_up


def check_call(call: ProviderCall) -> None:
    """Refuse a call that could never be made, or whose host a message could choose.

    Raises:
        ValueError: with the reason, for the operator.
    """
    if call.method not in METHODS:
        raise ValueError(f"the method must be GET, POST or PUT, not {call.method!r}")
    seen = ""
    for piece in call.url:
        if isinstance(piece, str):
            seen += piece
        elif seen.count("/") < 3 and "?" not in seen and not piece.name.startswith(SETTING):  # noqa: PLR2004 - scheme://host/
            raise ValueError(
                f"{{{{{piece.name}}}}} stands in the host of the URL; a message may not choose who receives it"
            )
        else:
            seen += "x"
    try:
        read_url(fill_url(call.url, lookup_in(call.settings)))
    except Forbidden as refused:
        raise ValueError(str(refused)) from refused
    for name, value in call.headers:
        if not re.fullmatch(r"[A-Za-z0-9_-]+", name, re.ASCII) or any(
            set("\r\n\0") & set(part) for part in value if isinstance(part, str)
        ):
            raise ValueError("a header has no proper name, or a line break in its value")


def header_items(text: str) -> list[str]:
    """Return the items of a list of headers, as they were typed."""
    return [item for part in _HEADER_BREAK.split(text) if (item := part.strip())]


def read_headers(text: str, *, context_tokens: bool = False) -> tuple[tuple[str, Blanks], ...]:
    r"""Return the headers of a list such as ``A: 1,B: 2``; a new line also separates, ``\,`` is a comma in a value.

    Raises:
        ValueError: an item has no colon.
    """
    headers: list[tuple[str, Blanks]] = []
    for item in header_items(text):
        name, colon, value = item.partition(":")
        if not colon:
            raise ValueError(f"the header {name.split()[0][:40]!r} has no colon")
        headers.append((name.strip(), cut(value.strip().replace("\\,", ","), context_tokens=context_tokens)))
    return tuple(headers)


def blanks_of(call: ProviderCall) -> frozenset[str]:
    """Return the names of all blanks of a call."""
    own = [call.url, call.body, *(value for _, value in call.headers)]
    match call.authentication:
        case Basic(username, password):
            own += [username, password]
        case HeaderKey(_, value):
            own.append(value)
        case _:
            pass
    return frozenset().union(*map(names_in, own))


def _authorization(authentication: Authentication, look_up: Lookup) -> Headers:
    match authentication:
        case Basic(username, password):
            pair = f"{fill_raw(username, look_up)}:{fill_raw(password, look_up)}".encode()
            return (("Authorization", "Basic " + base64.b64encode(pair).decode("ascii")),)
        case HeaderKey(header, value):
            return ((header, fill_raw(value, look_up)),)
        case _:
            return ()
