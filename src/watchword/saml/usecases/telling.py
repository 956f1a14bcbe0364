"""Who has to be told of a logout, and in which words."""

from collections.abc import Sequence
from datetime import timedelta

from lxml import etree

from watchword.applications import algorithms
from watchword.applications.model import UNSPECIFIED, LogoutMethod, ServiceProvider
from watchword.applications.store import Applications
from watchword.login.model import SessionApplication
from watchword.saml.building import Envelope, build_logout_request
from watchword.saml.model import NameId
from watchword.saml.rounds import Participant, Telling, TellingState
from watchword.saml.sealing import SigningKey, query_of
from watchword.saml.store import Rounds
from watchword.saml.usecases.identity import PROTOCOL, fresh_id, own_entity_id
from watchword.storage.audit import note
from watchword.storage.work import Work

REQUEST_LIFETIME = timedelta(minutes=5)


def tell_all(
    work: Work, entries: Sequence[SessionApplication], *, round_id: str, but: str = "", in_browser: bool
) -> Sequence[Telling]:
    """Write down who is to be told that a session is over, all *but* one; the caller commits.

    Where no browser is at hand, those who can only be told by one are left out.
    """
    found = [_telling(work, each, round_id) for each in entries if each.application_id != but]
    tellings = [each for each in found if each is not None and (in_browser or each.is_back_channel)]
    for each in tellings:
        Rounds(work).tell(each)
    return tellings


def logout_request_of(work: Work, telling: Telling, provider: ServiceProvider) -> etree._Element:
    """Return our LogoutRequest to a service provider, not signed yet."""
    there = telling.participant
    envelope = Envelope(id=telling.id, issuer=own_entity_id(work, provider), destination=there.url, at=work.now)
    return build_logout_request(envelope, there.name_id, there.session_index, work.now + REQUEST_LIFETIME)


def redirect_address(work: Work, telling: Telling, provider: ServiceProvider, key: SigningKey) -> str:
    """Return the address that takes a browser to a service provider with our LogoutRequest, signed."""
    query = query_of(logout_request_of(work, telling, provider), "SAMLRequest", None)
    return signed_address(telling.participant.url, query, provider, key)


def signed_address(url: str, query: str, provider: ServiceProvider, key: SigningKey) -> str:
    """Return an address that carries a message, signed."""
    signed = key.sign_query(query, provider.signature_algorithm or algorithms.SIGNATURES[0])
    return f"{url}{'&' if '?' in url else '?'}{signed}"


def note_outcome(work: Work, telling: Telling, state: TellingState, reason: str = "") -> None:
    """Write down what a service provider has made of it."""
    outcome = "ok" if state is TellingState.CONFIRMED else "failed"
    note(work, "saml_logout_told", telling.participant.name, outcome=outcome, reason=reason)


def _telling(work: Work, entry: SessionApplication, round_id: str) -> Telling | None:
    """Return what an application is to be told; ``None`` where it wants to know nothing of logouts."""
    application = Applications(work).get(entry.application_id)
    provider = application.saml if application is not None else None
    if application is None or provider is None or not provider.logout.enabled or entry.protocol != PROTOCOL:
        return None
    method = provider.logout.method
    participant = Participant(
        application_id=application.id, name=application.name, url=provider.logout_request_url, method=method,
        name_id=NameId(entry.subject, entry.document.get("format", UNSPECIFIED)), session_index=entry.session_id,
    )  # fmt: skip
    return Telling(
        id=fresh_id(work), round_id=round_id, participant=participant,
        due_at=work.now if method is LogoutMethod.BACK_CHANNEL else None,
    )  # fmt: skip
