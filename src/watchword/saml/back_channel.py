"""Tells service providers of logouts behind the browser's back: at once, and again if that fails.

A row is leased before it is told, so that any number of nodes can do this; a fence keeps one that overslept its lease
from writing over the next one's result. Each try has a deadline and a thread of its own, so that a service provider
which is silent holds up nobody else.
"""

import logging
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from urllib.parse import quote_plus, urlsplit

from lxml import etree

from watchword.applications.model import ServiceProvider
from watchword.applications.store import Applications
from watchword.base.settings import Settings
from watchword.base.xml import XmlRefused, parse_xml
from watchword.login.store.sessions import Sessions
from watchword.notification.configured import outgoing_rules
from watchword.notification.senders.addresses import Forbidden
from watchword.notification.senders.fetcher import Fetcher, FetchFailed, Reply, Request
from watchword.saml.messages import read_message
from watchword.saml.model import LogoutResponse, Refused
from watchword.saml.names import SOAP, protocol
from watchword.saml.reading import receive_redirect
from watchword.saml.rounds import PAUSES, Telling, TellingState
from watchword.saml.sealing import posted
from watchword.saml.store import Replays, Rounds
from watchword.saml.usecases.identity import PROTOCOL
from watchword.saml.usecases.keys import signing_key
from watchword.saml.usecases.telling import logout_request_of, note_outcome, tell_all
from watchword.storage.work import Origin, Work, Works
from watchword.web.model import SUPER_TENANT

log = logging.getLogger(__name__)

LEASE: Final = timedelta(seconds=30)
TRY_SECONDS: Final = 4.0
PATIENCE_SECONDS: Final = 5.0
"""How long a browser waits for all of them together, at the most."""
POLL_SECONDS: Final = 0.5
SWEEP_EVERY: Final = 60
"""How many looks pass between two tidyings."""
THREADS: Final = 32
MOST_WAITERS: Final = 16
MOST_AT_ONCE: Final = 200
KEPT: Final = timedelta(hours=1)
_NOBODY: Final = Origin("logout", "-", "")
_ONCE: Final = ("Connection", "close")
_FORM: Final = (_ONCE, ("Content-Type", "application/x-www-form-urlencoded"))
_XML: Final = (
    _ONCE,
    ("Content-Type", "text/xml; charset=utf-8"),
    ("SOAPAction", '"http://www.oasis-open.org/committees/security"'),
)


@dataclass(slots=True)
class BackChannel:
    """Tells service providers of logouts, on threads of its own; nothing runs by itself before :meth:`start`."""

    works: Works
    fetcher: Fetcher
    trusting: Fetcher
    """For service providers whose certificate need not be known."""
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(THREADS, "logout"))
    _waiters: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(MOST_WAITERS))
    _stopping: threading.Event = field(default_factory=threading.Event)
    _loop: threading.Thread | None = None

    @classmethod
    def of_settings(cls, works: Works, settings: Settings) -> "BackChannel":
        """Return what tells service providers within the rules for outgoing calls."""
        rules = outgoing_rules(settings)
        return cls(works, Fetcher(rules), Fetcher(rules, verifies=False))

    def start(self) -> None:
        """Begin to look for what is due."""
        self._loop = threading.Thread(target=self._run, name="logouts", daemon=True)
        self._loop.start()

    def stop(self) -> None:
        """Take nothing new, and let what is being told end."""
        self._stopping.set()
        if self._loop is not None:
            self._loop.join()
        self._pool.shutdown(cancel_futures=True)
        self.fetcher.close()
        self.trusting.close()

    def tell(self, tenant: str, telling_ids: Sequence[str]) -> None:
        """Tell these now, and wait for them a little; past that they go on in the background."""
        futures = [self._pool.submit(self._deliver, tenant, each) for each in telling_ids]
        if futures and self._waiters.acquire(blocking=False):
            try:
                wait(futures, PATIENCE_SECONDS)
            finally:
                self._waiters.release()

    def look(self) -> None:
        """Tell what is due, in every tenant, and whoever has not heard yet that a session is over."""
        if self.works.do(SUPER_TENANT, _find_ended, _NOBODY, reading=True):
            self.works.do(SUPER_TENANT, _part_all, _NOBODY)
        due = self.works.do(SUPER_TENANT, lambda work: Rounds(work).find_due(MOST_AT_ONCE), _NOBODY, reading=True)
        wait([self._pool.submit(self._deliver, tenant, telling_id) for tenant, telling_id in due], PATIENCE_SECONDS)

    def _run(self) -> None:
        looks = 0
        while not self._stopping.wait(POLL_SECONDS):
            try:
                self.look()
                looks += 1
                if looks % SWEEP_EVERY == 0:
                    self.works.do(SUPER_TENANT, _sweep, _NOBODY)
            except Exception:  # it outlives every fault of the database
                log.exception("the logouts could not be read")

    def _deliver(self, tenant: str, telling_id: str) -> None:
        """Tell one service provider, once, unless somebody else does."""
        try:
            leased = self.works.do(tenant, lambda work: _lease(work, telling_id), _NOBODY)
            if leased is not None:
                failure = self._call(leased)
                self.works.do(tenant, lambda work: _settle(work, leased.telling, failure), _NOBODY)
        except Exception:  # what is not settled is tried again after its lease
            log.exception("a service provider could not be told of a logout")

    def _call(self, leased: "_Leased") -> str:
        """Return why a service provider has not confirmed; empty if it has."""
        fetcher = self.fetcher if leased.verifies else self.trusting
        try:
            return _judge(fetcher.fetch(leased.request, seconds=TRY_SECONDS))
        except (FetchFailed, Forbidden) as failure:
            return str(failure)


@dataclass(frozen=True, slots=True)
class _Leased:
    """A telling that is ours for a while, and the call that makes it."""

    telling: Telling
    request: Request
    verifies: bool


def _lease(work: Work, telling_id: str) -> _Leased | None:
    key = signing_key(work)  # made at first need, before anything is written
    telling = Rounds(work).lease(telling_id, work.now + LEASE)
    if telling is None:
        return None
    application = Applications(work).get(telling.participant.application_id)
    if application is None or application.saml is None:
        Rounds(work).settle(telling, TellingState.FAILED)
        work.commit()
        return None
    message = logout_request_of(work, telling, application.saml)
    key.sign(message, application.saml)
    work.commit()
    return _Leased(telling, _request(telling, message, application.saml), application.saml.logout.verify_tls)


def _request(telling: Telling, message: etree._Element, provider: ServiceProvider) -> Request:
    """Return the call: a form as a browser would send it, or SOAP where the metadata says so."""
    url = telling.participant.url
    if not provider.logout.uses_soap:
        body = f"SAMLRequest={quote_plus(posted(message))}"
        return Request("POST", url, _FORM, body.encode())
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soap": SOAP})
    etree.SubElement(envelope, f"{{{SOAP}}}Body").append(message)
    return Request("POST", url, _XML, etree.tostring(envelope, encoding="UTF-8", xml_declaration=True))


def _judge(reply: Reply) -> str:
    """Return why an answer confirms nothing; empty if it does.

    A plain success confirms unless it holds a LogoutResponse that says otherwise; a redirection must bring one.
    """
    if 200 <= reply.status < 300:  # noqa: PLR2004  # the successes of HTTP
        status = _status_in(reply.body)
        return "" if status in {None, True} else "the service provider says that it has not logged the person out"
    query = urlsplit(reply.headers.get("location", "")).query
    if reply.status in {301, 302, 303, 307} and "SAMLResponse=" in query:
        try:
            response = read_message(receive_redirect(query, "SAMLResponse").root)
        except (Refused, KeyError):
            return "the service provider's answer cannot be read"
        if isinstance(response, LogoutResponse) and response.status.is_success:
            return ""
    return f"the service provider answered with status {reply.status}"


def _status_in(body: bytes) -> bool | None:
    """Return what a LogoutResponse in an answer says, alone or in SOAP; ``None`` if there is none."""
    try:
        root = parse_xml(body, most_bytes=64 * 1024)
    except XmlRefused:
        return None
    found = next(root.iter(protocol("LogoutResponse")), None)
    try:
        response = None if found is None else read_message(found)
    except Refused:
        return False
    return None if not isinstance(response, LogoutResponse) else response.status.is_success


def _settle(work: Work, telling: Telling, failure: str) -> None:
    """Write down how a try ended, and when there will be another."""
    retries = telling.attempts <= len(PAUSES)
    if not failure:
        state, due_at = TellingState.CONFIRMED, None
    elif retries:
        state, due_at = TellingState.WAITING, work.now + PAUSES[telling.attempts - 1]
    else:
        state, due_at = TellingState.FAILED, None
    if Rounds(work).settle(telling, state, due_at) and state is not TellingState.WAITING:
        note_outcome(work, telling, state, failure)
    work.commit()


def _find_ended(work: Work) -> Sequence[tuple[str, str]]:
    return Rounds(work).find_ended(PROTOCOL, MOST_AT_ONCE)


def _part_all(work: Work) -> None:
    """Write down who has to be told of sessions that have ended by themselves, or by somebody else's hand.

    Of several processes that look at once, the one tells an application that has taken it off the list.
    """
    for tenant, session_id in _find_ended(work):
        there = work.within(tenant)
        known = Sessions(there)
        listed = [each for each in known.applications(session_id) if each.protocol == PROTOCOL]
        taken = [each for each in listed if known.forget_application(session_id, each.application_id)]
        tell_all(there, taken, round_id="", in_browser=False)
    work.commit()


def _sweep(work: Work) -> None:
    """Forget what is over, in every tenant."""
    Replays(work).sweep()
    Rounds(work).sweep(KEPT)
    work.commit()
