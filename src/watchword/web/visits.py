"""What a browser keeps for us between two pages: one sealed cookie, to which every form is bound.

The cookie exists before anybody is known (a pre-session), so that a form which another site fills in and sends has
none that fits. What it holds can be neither read nor written outside.
"""

import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from watchword.base.problems import Forbidden
from watchword.base.seal import SealBroken
from watchword.storage.work import Work
from watchword.web.model import SUPER_TENANT, Ask

TOKEN_FIELD = "form"  # noqa: S105  # the name of a field
LIFETIME = timedelta(hours=24)
SEED_BYTES = 16
COOKIE_STEP = 2048
"""As much as a visit holds: every cookie is of one length, which tells nobody what it holds."""
DISPENSABLE = ("typed", "said")
"""What is rather forgotten than the visit lost, the first first."""
OWN_SITES = frozenset({"same-origin", "none"})


class FormStale(Forbidden):
    """A form does not belong to this browser's visit: too old, without its cookie, or sent by another site."""

    text = "The form is not of this visit."


@dataclass(frozen=True, slots=True)
class Visit:
    """What one browser is doing here."""

    seed: str = field(repr=False)
    kept: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """What the pages remember, as JSON has it."""
    is_new: bool = False

    def keeping(self, **kept: Any) -> "Visit":  # noqa: ANN401  # as JSON has it
        """Return the visit with something more to remember; ``None`` forgets."""
        merged = {name: value for name, value in {**self.kept, **kept}.items() if value is not None}
        return replace(self, kept=merged)


def open_visit(work: Work, ask: Ask[Any]) -> Visit:
    """Return the visit of the browser's cookie, or a new one."""
    try:
        sealed = base64.urlsafe_b64decode(ask.cookies.get(_cookie_name(work), ""))
        known = json.loads(work.keys.unseal(sealed, _about(work)))
    except (SealBroken, binascii.Error, ValueError):
        return _new_visit(work)
    age = work.now.timestamp() - known["at"]
    return Visit(known["seed"], known["kept"]) if age < LIFETIME.total_seconds() else _new_visit(work)


def accept_form(work: Work, ask: Ask[dict[str, str]]) -> Visit:
    """Return the visit that a form belongs to.

    Raises:
        FormStale
    """
    visit = open_visit(work, ask)
    given = ask.body.get(TOKEN_FIELD, "")
    fits = hmac.compare_digest(given.encode(), form_token(work, visit).encode())
    if visit.is_new or not fits or not _is_of_own_site(work, ask.headers):
        raise FormStale
    return visit


def form_token(work: Work, visit: Visit) -> str:
    """Return what each form of a visit carries."""
    return work.keys.digest("form", work.tenant, visit.seed)


def cookie_of(work: Work, visit: Visit) -> str:
    """Return the ``Set-Cookie`` value that keeps a visit."""
    text = _document_of(work, visit)
    for name in DISPENSABLE:
        if len(text) > COOKIE_STEP:
            visit = visit.keeping(**{name: None})
            text = _document_of(work, visit)
    value = _sealed(work, text)
    secure = "; Secure" if _is_tls(work) else ""
    seconds = int(LIFETIME.total_seconds())
    return f"{_cookie_name(work)}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"


def _document_of(work: Work, visit: Visit) -> bytes:
    document = {"seed": visit.seed, "at": work.now.timestamp(), "kept": dict(visit.kept)}
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")


def _sealed(work: Work, text: bytes) -> str:
    padded = text.ljust(-(-len(text) // COOKIE_STEP) * COOKIE_STEP)
    sealed = work.keys.seal(work.entropy, padded, _about(work))
    return base64.urlsafe_b64encode(sealed).decode()


def _new_visit(work: Work) -> Visit:
    return Visit(work.entropy.octets(SEED_BYTES).hex(), is_new=True)


def _about(work: Work) -> str:
    return f"visit {work.tenant}"


def _cookie_name(work: Work) -> str:
    """Return the cookie's name; under TLS with the prefix that keeps a neighbouring host from setting it."""
    name = "watchword-visit" if work.tenant == SUPER_TENANT else f"watchword-visit-{work.tenant}"
    return f"__Host-{name}" if _is_tls(work) else name


def _is_tls(work: Work) -> bool:
    return work.settings.public_url.startswith("https://") or work.settings.server.tls


def _is_of_own_site(work: Work, headers: Mapping[str, str]) -> bool:
    """Tell whether a browser sends the form from one of our own pages; what is no browser says nothing of it."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None and site not in OWN_SITES:
        return False
    if origin is None:
        return True
    own = {urlsplit(work.settings.public_url).netloc, headers.get("host", "")}
    return urlsplit(origin).netloc in own - {""}
