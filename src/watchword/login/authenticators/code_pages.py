"""The pages of one-time codes: their addresses, and what these say (sms-otp.md 1.8, 1.11, 1.12, 2.7)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from watchword.accounts.model import User
from watchword.base.patterns import star_matches
from watchword.base.settings import Settings
from watchword.login.authenticator import Asked, Turn
from watchword.login.model import LOGIN_PAGE, Login, Place
from watchword.login.onward import location_of, options_of
from watchword.login.parameters import own_page
from watchword.notification.outbox import Notified

WRONG = "authentication.fail.message"
MISMATCH = "code.mismatch"
EXPIRED = "token.expired"
TOO_SOON = "resend.too.soon"
TOO_MANY_RESENDS = "resent.count.exceeded"
LOCKED = "user.account.locked"
OTHER_TENANT = "user.tenant.domain.mismatch.message"
NO_NUMBER = "user.mobile.not.found"
OVER_QUOTA = "sms.quota.exceeded"
OPTED_OUT = "smsotp.disable"
NO_WAY = "directly.send.otp.disable"
NOBODY = "error.user.not.found.smsotp"
LIKE_LOGIN = LOGIN_PAGE.rpartition("/")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class CodePages:
    """Where the pages of an authenticator are, and what the address of each says."""

    authenticator: str
    code: str
    error: str
    mobile: str = ""

    def ask(
        self,
        turn: Turn,
        page: str,
        query: Mapping[str, str],
        *,
        notified: Notified | None = None,
        retrying: bool = False,
    ) -> Asked:
        """Send the browser to a page."""
        told = {"authenticators": self.authenticator, **_way_back(turn), **query}
        login = replace(turn.login, retrying=retrying)
        return Asked(login=login, place=Place(page=page, query=told), notified=notified)


def page_of(settings: Settings, configured: str, otherwise: str) -> str:
    """Return a page as it is configured, or what that means here; without that, the page beside the log-in page."""
    return own_page(settings, configured) or configured or f"{LIKE_LOGIN}/{otherwise}"


def failure(message: str, **facts: str) -> dict[str, str]:
    """Return what an address says of a failure."""
    return {"authFailure": "true", "authFailureMsg": message, **facts}


def unlock_time(turn: Turn, user: User | None) -> dict[str, str]:
    """Return in how many minutes a lock ends, if it does so by itself."""
    if user is None or user.unlock_at is None:
        return {}
    minutes = round((user.unlock_at - turn.work.now).total_seconds() / 60)
    return {"unlockTime": str(minutes)} if minutes > 0 else {}


def mask(value: str, *, pattern: str = "", shown: int = 0, backward: bool = False) -> str:
    """Return a value with all but a few characters hidden (sms-otp.md 2.7)."""
    if pattern:
        return star_matches(pattern, value)
    kept = min(shown, len(value))
    hidden = "*" * (len(value) - kept)
    if backward:
        return hidden + value[len(value) - kept :]
    return value[:kept] + hidden


def _way_back(turn: Turn) -> dict[str, str]:
    """Return the link to the other options of the step; it is of our own making, wherever a request points."""
    step = turn.login.step
    if step is None or len(step.options) == 1:
        return {}
    options: Login = replace(turn.login, place=Place(page=LOGIN_PAGE, query={"authenticators": options_of(turn.login)}))
    address = urlsplit(location_of(turn.work, options))
    return {"multiOptionURI": address._replace(fragment="").geturl()}
