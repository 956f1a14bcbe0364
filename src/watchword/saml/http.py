"""The addresses of the identity provider, and the order in which a request is understood (platform.md 1.1)."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import quote

from watchword.base.problems import ApplicationGone, LoginStale, SamlRefused
from watchword.login.browsers import forget_session, is_own_form, read_browser
from watchword.login.front import LoginFront
from watchword.login.usecases.sessions import live_session
from watchword.saml.back_channel import BackChannel
from watchword.saml.carrying import LOGOUT_PATH, Carrying
from watchword.saml.messages import read_message
from watchword.saml.model import Form, Gone, LogoutRequest, Refused
from watchword.saml.reading import MOST_POSTED_BYTES, Received, read_query, receive_post, receive_redirect
from watchword.saml.usecases.describe import describe_ourselves
from watchword.saml.usecases.identity import SSO_PATH, own_address, tenant_of_issuer
from watchword.saml.usecases.logout import Begun, begin_logout, begin_own_logout
from watchword.saml.usecases.sign_on import Wish, begin_sso, begin_unasked, finish_sso
from watchword.saml.usecases.walking import go_on, skip_visit, take_answer
from watchword.storage.audit import note
from watchword.storage.work import Work
from watchword.tenants.usecases import tenant_exists
from watchword.web.model import SUPER_TENANT, Ask, Door, Reply, Route, get, post

log = logging.getLogger(__name__)

Fields = Mapping[str, str]
ASK_LOGOUT_PATH: Final = "/authenticationendpoint/logout.do"
METADATA_TYPE: Final = "application/samlmetadata+xml"


@dataclass(frozen=True, slots=True)
class SamlEndpoints:
    """The handlers, and what they need from outside."""

    carrying: Carrying
    front: LoginFront
    back_channel: BackChannel

    def routes(self) -> list[Route]:
        """Return the slice's table of routes."""
        form = {"body": dict[str, str], "door": Door.ANYONE, "page": True, "max_bytes": MOST_POSTED_BYTES}
        page = {"door": Door.ANYONE, "page": True}
        return [
            get(SSO_PATH, self.follow, reading=False, **page),
            post(SSO_PATH, self.submit, **form),
            get("/identity/metadata/saml2", self.describe, reading=False, **page),
            get("/authenticationendpoint/samlsso_notification.do", self.show_failure, **page),
            get(LOGOUT_PATH, self.show_logout, reading=False, **page),
            post(LOGOUT_PATH, self.skip, **form),
        ]

    def follow(self, work: Work, ask: Ask[None]) -> Reply:
        """Take what came in the address."""
        return _answered(work, lambda: self._understand(work, ask, _Query(ask)))

    def submit(self, work: Work, ask: Ask[dict[str, str]]) -> Reply:
        """Take what came in a form; the method decides, and never whether there is a query, too."""
        return _answered(work, lambda: self._understand(work, ask, _Posted(ask)))

    def describe(self, work: Work, ask: Ask[None]) -> Reply:
        """Return our metadata."""
        return Reply(describe_ourselves(work), media_type=METADATA_TYPE)

    def show_failure(self, work: Work, ask: Ask[None]) -> Reply:
        """Say that something went wrong; whatever the address says besides is not shown."""
        return self.carrying.failure(ask)

    def show_logout(self, work: Work, ask: Ask[None]) -> Reply:
        """Show where a logout stands."""
        round_id = ask.query.get("logout", "")
        return self.carrying.logout(work, ask, go_on(work, round_id), round_id)

    def skip(self, work: Work, ask: Ask[dict[str, str]]) -> Reply:
        """Go on without a service provider that does not answer."""
        round_id = ask.body.get("logout", "")
        skip_visit(work, round_id, ask.body.get("skip", ""))
        return _lead_to_round(work, round_id)

    # --- in the order in which a request is understood ---

    def _understand(self, work: Work, ask: Ask[Any], came: "_Query | _Posted") -> Reply:
        given = came.fields
        wish = Wish(
            qualifier=given.get("spQualifier", ""), force=given.get("forceAuth") == "true",
            passive=given.get("IsPassive") == "true",
        )  # fmt: skip
        if "sessionDataKey" in given:
            return self._finish(work, ask, given["sessionDataKey"])
        if (tenant := given.get("tenantDomain", "").lower()) not in {"", work.tenant}:
            return _lead_to_tenant(work, ask, tenant)
        if "slo" in given:
            return self._log_out(work, ask, given, wish)
        if "spEntityID" in given:
            return self._start_unasked(work, ask, given, wish)
        if came.has("SAMLRequest"):
            return self._take_request(work, ask, replace(came.receive("SAMLRequest"), tenant=tenant), wish)
        if came.has("SAMLResponse"):
            received = replace(came.receive("SAMLResponse"), tenant=tenant)
            return _lead_to_round(work, take_answer(work, received))
        raise Refused("there is no message")

    def _finish(self, work: Work, ask: Ask[Any], key: str) -> Reply:
        """Answer the service provider, now that the login is over."""
        try:
            result = self.front.take(work, ask, key)
        except LoginStale:
            return self.front.lead_out(work, key)
        return self.carrying.login(ask, finish_sso(work, result))

    def _take_request(self, work: Work, ask: Ask[Any], received: Received, wish: Wish) -> Reply:
        tenant = tenant_of_issuer(received)
        if tenant not in {"", work.tenant}:
            return _lead_to_tenant(work, ask, tenant)
        if isinstance(read_message(received.root), LogoutRequest):
            begun = begin_logout(work, received, read_browser(work, ask), wish.qualifier)
            return self.carrying.login(ask, begun) if isinstance(begun, Form) else self._go_round(work, ask, begun)
        started = begin_sso(work, received, wish)
        if isinstance(started, Form):
            return self.carrying.login(ask, started)
        return self.front.start(work, ask, started)

    def _start_unasked(self, work: Work, ask: Ask[Any], given: Fields, wish: Wish) -> Reply:
        request = begin_unasked(work, given["spEntityID"], given.get("acs", ""), given.get("RelayState"), wish)
        return self.front.start(work, ask, request)

    def _log_out(self, work: Work, ask: Ask[Any], given: Fields, wish: Wish) -> Reply:
        """Log out because the person wants it: a whole page was asked for, and not a picture in somebody else's.

        Another site is asked about first, unless a service provider of the session takes the person back.
        """
        if ask.headers.get("sec-fetch-dest", "document") != "document":
            raise Refused("a logout was asked for by a part of a page")
        issuer, return_to, browser = given.get("spEntityID", ""), given.get("returnTo", ""), read_browser(work, ask)
        if not return_to and not is_own_form(work, ask.headers) and live_session(work, browser) is not None:
            return Reply(status=302, headers={"Location": f"{own_address(work, ASK_LOGOUT_PATH)}?slo=true"})
        begun = begin_own_logout(work, browser, issuer, return_to, wish.qualifier)
        return self.carrying.logout(work, ask, None) if begun is None else self._go_round(work, ask, begun)

    def _go_round(self, work: Work, ask: Ask[Any], begun: Begun) -> Reply:
        """Tell everybody that a session is over, and go on in the browser."""
        self.back_channel.tell(work.tenant, begun.back_channel)
        if begun.has_visits:
            reply = _lead_to_round(work, begun.round_id)
        else:
            reply = self.carrying.logout(work, ask, go_on(work, begun.round_id), begun.round_id)
        cookies = (forget_session(work),) if begun.is_own else ()
        return Reply(reply.content, reply.status, reply.media_type, reply.headers, (*reply.cookies, *cookies))


class _Query:
    """What came in an address."""

    def __init__(self, ask: Ask[None]) -> None:
        self._ask = ask
        self.raw = read_query(ask.raw_query)
        self.fields: Fields = {**dict.fromkeys(self.raw, ""), **ask.query}

    def has(self, name: str) -> bool:
        """Tell whether there is a message of that name."""
        return name in self.raw

    def receive(self, name: str) -> Received:
        """Return the message of that name."""
        return receive_redirect(self._ask.raw_query, name)


class _Posted:
    """What came in a form; the address may say what to do with it, and carries no message."""

    def __init__(self, ask: Ask[dict[str, str]]) -> None:
        self._form = ask.body
        self.fields: Fields = {**dict.fromkeys(read_query(ask.raw_query), ""), **ask.query, **ask.body}

    def has(self, name: str) -> bool:
        """Tell whether there is a message of that name."""
        return name in self._form

    def receive(self, name: str) -> Received:
        """Return the message of that name."""
        return receive_post(self._form, name)


def _answered(work: Work, answer: Callable[[], Reply]) -> Reply:
    """Return an answer, or refuse on a page of ours: to whoever is not proven, nothing else is said.

    Raises:
        SamlRefused, ApplicationGone
    """
    try:
        return answer()
    except Refused as refusal:
        work.release()
        note(work, "saml_message", "-", outcome="refused", reason=refusal.reason)
        log.info("a SAML message was refused", extra={"reason": refusal.reason})
        work.commit()
        raise (ApplicationGone if isinstance(refusal, Gone) else SamlRefused) from refusal


def _lead_to_tenant(work: Work, ask: Ask[Any], tenant: str) -> Reply:
    """Send the same request to another tenant's address, where the browser has that tenant's cookies."""
    if work.tenant != SUPER_TENANT or not tenant_exists(work, tenant):
        raise Refused("there is no such tenant, or the address names another one")
    address = f"{work.settings.public_url}/t/{tenant}{SSO_PATH}"
    return Reply(status=307, headers={"Location": f"{address}?{ask.raw_query}" if ask.raw_query else address})


def _lead_to_round(work: Work, round_id: str) -> Reply:
    return Reply(status=303, headers={"Location": f"{own_address(work, LOGOUT_PATH)}?logout={quote(round_id)}"})
