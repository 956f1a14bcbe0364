"""Somebody's browser, without a window: it keeps cookies, follows redirects, and sends on the forms that SAML makes."""

import base64
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urljoin

import lxml.html

MESSAGES = {"SAMLRequest", "SAMLResponse"}
MOST_FORMS = 12
MOST_HOPS = 20
REDIRECTS = {301, 302, 303, 307}
Change = Callable[[dict[str, str]], dict[str, str]]


@dataclass(frozen=True, slots=True)
class Page:
    """Where the browser has come to."""

    url: str
    status: int
    text: str

    def fields(self) -> dict[str, str]:
        """Return the fields of the first form, as they stand; of a check box, nothing."""
        return self._forms()[0][1] if self._forms() else {}

    def saml_form(self) -> tuple[str, dict[str, str]] | None:
        """Return the address and the fields of a form that carries a message of SAML."""
        return next((each for each in self._forms() if MESSAGES & each[1].keys()), None)

    def action(self) -> str:
        """Return the address of the first form."""
        return self._forms()[0][0]

    def _forms(self) -> list[tuple[str, dict[str, str]]]:
        if not self.text.strip().startswith("<"):
            return []
        found = []
        root = lxml.html.document_fromstring(self.text.encode(), lxml.html.HTMLParser(encoding="utf-8"))
        for form in root.iter("form"):
            fields = {
                str(each.get("name")): str(each.get("value") or "")
                for each in form.iter("input")
                if each.get("name") and each.get("type") not in {"checkbox", "submit"}
            }
            found.append((urljoin(self.url, form.get("action") or self.url), fields))
        return found


@dataclass(slots=True)
class Traveller:
    """A browser; *change* may do something to each Response on its way."""

    certificate: Path
    change: Change | None = None
    cookies: dict[str, tuple[str, bool]] = field(default_factory=dict)
    """Values by name, and whether they are for TLS only."""
    seen: list[str] = field(default_factory=list)
    """The addresses of all messages of SAML that were sent on as forms."""

    def open(self, url: str, form: Mapping[str, str] | None = None) -> Page:
        """Open an address, and go on until there is something for a person to do."""
        page = self.ask(url, form)
        for _ in range(MOST_FORMS):
            found = page.saml_form()
            if found is None:
                return page
            address, fields = found
            self.seen.append(address)
            if self.change is not None and "SAMLResponse" in fields:
                fields = self.change(fields)
            page = self.ask(address, fields)
        raise AssertionError("the forms have no end")

    def ask(self, url: str, form: Mapping[str, str] | None = None) -> Page:
        """Ask once, and follow redirects."""
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=self.certificate)),
            _Stay(),
        )
        for _ in range(MOST_HOPS):
            octets = None if form is None else urlencode(form).encode()
            request = urllib.request.Request(url, octets, {"Cookie": self._cookies_for(url)})  # noqa: S310  # loopback
            try:
                answer = opener.open(request, timeout=20)
            except urllib.error.HTTPError as problem:
                answer = problem
            with answer:
                self._keep(answer.headers.get_all("Set-Cookie", []))
                if answer.status not in REDIRECTS:
                    return Page(url, answer.status, answer.read().decode(errors="replace"))
                url, form = urljoin(url, answer.headers["Location"]), None
        raise AssertionError("the redirects have no end")

    def _cookies_for(self, url: str) -> str:
        kept = self.cookies.items()
        return "; ".join(f"{name}={value}" for name, (value, secure) in kept if not secure or url.startswith("https:"))

    def _keep(self, headers: Iterable[str]) -> None:
        """Keep cookies as a browser does for ``localhost``, whose ports it does not tell apart."""
        for header in headers:
            pair, *attributes = [part.strip() for part in header.split(";")]
            name, _, value = pair.partition("=")
            said = {each.partition("=")[0].lower(): each.partition("=")[2] for each in attributes}
            over = said.get("max-age") == "0" or "1970" in said.get("expires", "")
            if over:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = (value, "secure" in said)


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows nothing: each hop has cookies of its own."""

    def redirect_request(self, *_: object) -> None:
        """Do not go on."""


def with_one_octet_changed(fields: dict[str, str]) -> dict[str, str]:
    """Change one digit of what a Response says."""
    octets = base64.b64decode(fields["SAMLResponse"])
    changed = octets.replace(b">+94771234567<", b">+94771234568<") if b"+94771234567" in octets else _flip(octets)
    assert changed != octets
    return fields | {"SAMLResponse": base64.b64encode(changed).decode()}


def _flip(octets: bytes) -> bytes:
    """Change an octet of a Response whose assertion is encrypted: the last of what can be seen of it."""
    place = octets.rindex(b"CipherValue>", 0, octets.rindex(b"CipherValue>")) + 40
    other = b"A" if octets[place : place + 1] != b"A" else b"B"
    return octets[:place] + other + octets[place + 1 :]
