"""Where a browser goes after a move of its login, and the secrets that it is given for the next one."""

from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from watchword.login.model import Login, Place, Session
from watchword.notification.outbox import Notified
from watchword.storage.work import Work
from watchword.web.model import SUPER_TENANT


@dataclass(frozen=True, slots=True, kw_only=True)
class Onward:
    """The next address of a browser, and what it is given."""

    login: Login
    location: str
    notified: Notified | None = None
    """A message for which the person waits."""
    nonce: str = field(default="", repr=False)
    """Binds a login that has just begun to this browser."""
    session: Session | None = None
    """The session that was made or renewed."""
    session_secret: str = field(default="", repr=False)
    """What finds it from now on."""
    known_users: frozenset[str] = frozenset()
    """Who has logged in with this browser, where that has changed."""


def location_of(work: Work, login: Login) -> str:
    """Return the absolute address at which a login stands."""
    request = login.request
    if login.is_over:
        return address_of(work, Place(page=request.return_path, query={"sessionDataKey": login.key}))
    place = login.place or Place(page=request.return_path)
    return address_of(work, Place(page=place.page, query={**_frame(work, login), **place.query}))


def address_of(work: Work, place: Place) -> str:
    """Return the absolute address of a page: as it was typed, or on our own site, in the tenant."""
    page = place.page
    if "://" not in page:
        tenant = "" if work.tenant == SUPER_TENANT else f"/t/{work.tenant}"
        page = f"{work.settings.public_url}{tenant}/{page.lstrip('/')}"
    if not place.query:
        return page
    return f"{page}{'&' if '?' in page else '?'}{urlencode(place.query, quote_via=quote, safe='*')}"


def _frame(work: Work, login: Login) -> dict[str, str]:
    """Return what the address of every page says (platform.md 2.1)."""
    request = login.request
    return {
        "sessionDataKey": login.key,
        "relyingParty": request.relying_party,
        "type": request.protocol,
        "sp": login.application,
        "tenantDomain": work.tenant,
        "isSaaSApp": "true" if login.is_saas else "false",
        "commonAuthCallerPath": request.return_path,
        "forceAuth": "true" if request.force else "false",
        "passiveAuth": "true" if request.passive else "false",
    }


def options_of(login: Login) -> str:
    """Return the options of the step as pages are told of them, such as ``BasicAuthenticator:LOCAL;SMSOTP:…``."""
    step = login.step
    return ";".join(f"{each.authenticator}:{each.idp}" for each in step.options) if step is not None else ""
