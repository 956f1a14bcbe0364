"""What a browser brings and what it is given: the cookies of sessions and of logins that are under way.

They are sent along when another site posts to us (``SameSite=None``), since that is how service providers send people.
A secret stands in a cookie only; what the database has of it is a digest.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from watchword.base.seal import SealBroken
from watchword.login.authenticator import Browser
from watchword.login.model import Session
from watchword.login.onward import Onward
from watchword.login.parameters import page_origins
from watchword.storage.work import Work
from watchword.web.model import SUPER_TENANT, Ask, Reply

SESSION_COOKIE = "commonAuthId"
NONCE_COOKIE = "sessionNonceCookie-"
DEVICE_COOKIE = "watchword-device"
NONCE_SECONDS = 40 * 60
DEVICE_LIFETIME = timedelta(days=90)
MOST_NONCES = 16
OWN_SITES = frozenset({"same-origin", "same-site", "none"})


def read_browser(work: Work, ask: Ask[Any]) -> Browser:
    """Return the browser of a request."""
    bound = {
        name.removeprefix(NONCE_COOKIE): value.partition(".")
        for name, value in ask.cookies.items()
        if name.startswith(NONCE_COOKIE)
    }
    return Browser(
        address=ask.client, user_agent=ask.headers.get("user-agent", ""),
        session_secret=ask.cookies.get(SESSION_COOKIE, ""), known_users=_known_users(work, ask.cookies),
        nonces={key: nonce for key, (nonce, _, _) in bound.items()},
        applications={key: application for key, (_, _, application) in bound.items()},
    )  # fmt: skip


def move_on(work: Work, onward: Onward, ask: Ask[Any]) -> Reply:
    """Send the browser to where its login stands, with the cookies that it needs there."""
    return Reply(status=302, headers={"Location": onward.location}, cookies=tuple(cookies_of(work, onward, ask)))


def cookies_of(work: Work, onward: Onward, ask: Ask[Any]) -> list[str]:
    """Return the ``Set-Cookie`` values that a move brings."""
    cookies = []
    if onward.nonce:
        cookies += _make_room(work, ask)
        value = f"{onward.nonce}.{onward.login.request.application_id}"
        cookies.append(_cookie(work, NONCE_COOKIE + onward.login.key, value, NONCE_SECONDS))
    if onward.session is not None:
        cookies.append(session_cookie(work, onward.session, onward.session_secret))
    if onward.known_users:
        seconds = int(DEVICE_LIFETIME.total_seconds())
        cookies.append(_cookie(work, DEVICE_COOKIE, _sealed_users(work, onward.known_users), seconds))
    return cookies


def session_cookie(work: Work, session: Session, secret: str) -> str:
    """Return the cookie of a session: it ends with the browser, unless the person asked to be remembered."""
    seconds = int((session.ends_at - work.now).total_seconds()) if session.remembered else None
    return _cookie(work, SESSION_COOKIE, secret, seconds)


def forget_session(work: Work) -> str:
    """Return what takes the cookie of a session away."""
    return _cookie(work, SESSION_COOKIE, "", 0)


def is_own_form(work: Work, headers: Mapping[str, str]) -> bool:
    """Tell whether a browser sends a form from a page of ours, or from one that the operator has put elsewhere.

    What is no browser says nothing of it.
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if origin is not None and origin.lower() in page_origins(work.settings):
        return True
    if site is not None and site not in OWN_SITES:
        return False
    return origin is None or urlsplit(origin).netloc in {urlsplit(work.settings.public_url).netloc, headers.get("host")}


def _make_room(work: Work, ask: Ask[Any]) -> list[str]:
    """Take old cookies away where a browser has begun many logins: a request's head has a bound."""
    names = [name for name in ask.cookies if name.startswith(NONCE_COOKIE)]
    return [_cookie(work, name, "", 0) for name in names[: max(0, len(names) + 1 - MOST_NONCES)]]


def _cookie(work: Work, name: str, value: str, seconds: int | None) -> str:
    path = "/" if work.tenant == SUPER_TENANT else f"/t/{work.tenant}/"
    age = "" if seconds is None else f"; Max-Age={seconds}"
    # Without TLS a browser takes no cookie for other sites: a service provider that posts finds no session then.
    across = "; Secure; SameSite=None" if _is_tls(work) else "; SameSite=Lax"
    return f"{name}={value}; Path={path}{age}; HttpOnly{across}"


def _is_tls(work: Work) -> bool:
    return work.settings.public_url.startswith("https://") or work.settings.server.tls


def _sealed_users(work: Work, users: frozenset[str]) -> str:
    text = json.dumps({"users": sorted(users), "at": work.now.timestamp()}).encode()
    return base64.urlsafe_b64encode(work.keys.seal(work.entropy, text, _about(work))).decode()


def _known_users(work: Work, cookies: Mapping[str, str]) -> frozenset[str]:
    try:
        sealed = base64.urlsafe_b64decode(cookies.get(DEVICE_COOKIE, ""))
        known = json.loads(work.keys.unseal(sealed, _about(work)))
    except (SealBroken, binascii.Error, ValueError):
        return frozenset()
    age = timedelta(seconds=work.now.timestamp() - known["at"])
    return frozenset(known["users"]) if age < DEVICE_LIFETIME else frozenset()


def _about(work: Work) -> str:
    return f"device {work.tenant}"
