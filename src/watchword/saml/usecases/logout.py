"""Log somebody out everywhere: who may ask for it, and whom it has to be told (platform.md 1.10).

The session ends with the request that is accepted; whom that has to be told is written down in the same transaction.
After it nothing can go wrong but that somebody does not confirm, and then the answer says so.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from watchword.applications.store import Applications
from watchword.login.authenticator import Browser
from watchword.login.model import Session
from watchword.login.store.sessions import Sessions
from watchword.login.usecases.sessions import end_session, live_session
from watchword.saml.checking import check_logout_request, forget_at
from watchword.saml.messages import read_message
from watchword.saml.model import Form, LogoutRequest, Refused
from watchword.saml.reading import Received
from watchword.saml.rounds import ROUND_LIFETIME, Round
from watchword.saml.signatures import is_signed
from watchword.saml.store import Replays, Rounds
from watchword.saml.usecases.identity import (
    PROTOCOL,
    Sender,
    check_relay_state,
    find_sender,
    identify,
    signed_by,
    split_issuer,
)
from watchword.saml.usecases.keys import signing_key
from watchword.saml.usecases.telling import tell_all
from watchword.saml.usecases.walking import answer_logout
from watchword.storage.audit import note
from watchword.storage.work import Work
from watchword.tenants.policies import SamlIdentity
from watchword.tenants.usecases import read_policy

log = logging.getLogger(__name__)

ROUND_BYTES = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A round of logout that has begun: the session is over."""

    round_id: str = field(repr=False)
    back_channel: Sequence[str] = ()
    """Ids of what the server itself has to tell, now."""
    has_visits: bool = False
    """Whether the browser has to tell somebody, too."""
    is_own: bool = False
    """Whether it was the session of the browser that is asking."""


def begin_logout(work: Work, received: Received, browser: Browser, qualifier: str = "") -> Begun | Form:
    """End the session that a LogoutRequest names, or answer that it is not ended.

    Raises:
        Refused: it is not proven who asks: nobody may be answered.
    """
    request, sender = identify(work, received, qualifier or _known_qualifier(work, received, browser))
    if not isinstance(request, LogoutRequest):
        raise Refused("it is no LogoutRequest")
    check_relay_state(work, received.relay_state)
    signing_key(work)  # made at first need, before anything is written
    session = _session_of(work, request, browser, proven=_is_proven(work, sender, received))
    try:
        check_logout_request(request, read_policy(work, SamlIdentity), work.now)
        ending = _check_participant(work, request, sender, session)
    except Refused as refusal:
        return _refuse_to(work, sender, request, received.relay_state, refusal)
    found = Round(
        id=_round_id(work), application_id=sender.application.id,
        request_id="" if request.asynchronous else request.id, relay_state=received.relay_state,
        expires_at=work.now + ROUND_LIFETIME,
    )  # fmt: skip
    own = live_session(work, browser)
    begun = _begin(work, found, ending, but=sender.application.id, reason=f"by {sender.application.name}")
    return replace(begun, is_own=own is not None and own.id == ending.id)


def begin_own_logout(work: Work, browser: Browser, issuer: str, return_to: str, qualifier: str = "") -> Begun | None:
    """End the session of a browser, because its person wants it; ``None`` if there is none.

    Raises:
        Refused: the address to return to is not registered by a service provider of this session that wants this.
    """
    session = live_session(work, browser)
    application_id = _check_return(work, session, issuer, return_to, qualifier) if return_to else ""
    if session is None:
        return None
    found = Round(
        id=_round_id(work), application_id=application_id, return_to=return_to, expires_at=work.now + ROUND_LIFETIME
    )
    return replace(_begin(work, found, session, but="", reason="by the person"), is_own=True)


def _begin(work: Work, found: Round, session: Session, *, but: str, reason: str) -> Begun:
    """End a session, and write down whom that has to be told."""
    rounds = Rounds(work)
    rounds.add(found)
    entries = Sessions(work).applications(session.id)
    tellings = tell_all(work, entries, round_id=found.id, but=but, in_browser=True)
    end_session(work, session.id, f"logout {reason}")
    rounds.part(session.id, PROTOCOL)
    work.commit()
    back_channel = [each.id for each in tellings if each.is_back_channel]
    return Begun(round_id=found.id, back_channel=back_channel, has_visits=len(back_channel) < len(tellings))


def _known_qualifier(work: Work, received: Received, browser: Browser) -> str:
    """Return the qualifier under which a session knows who asks, where its address says none.

    Several of one name can only be told apart by their addresses: which of them asks is not guessed.
    """
    request = read_message(received.root)
    if not isinstance(request, LogoutRequest):
        return ""
    session = _named_session(work, request) or live_session(work, browser)
    entries = Sessions(work).applications(session.id) if session is not None else ()
    found = [Applications(work).get(each.application_id) for each in entries]
    providers = [each.saml for each in found if each is not None and each.saml is not None]
    issuer = split_issuer(request.issuer)[0]
    qualifiers = {each.qualifier for each in providers if each.issuer == issuer}
    return qualifiers.pop() if len(qualifiers) == 1 else ""


def _named_session(work: Work, request: LogoutRequest) -> Session | None:
    known = (Sessions(work).get(index) for index in request.session_indexes)
    return next((each for each in known if each is not None), None)


def _is_proven(work: Work, sender: Sender, received: Received) -> bool:
    """Tell whether a LogoutRequest is signed by its sender; whoever must sign has been checked already."""
    if sender.provider.verify_requests:
        return True
    if not sender.provider.certificates or not is_signed(received):
        return False
    try:
        signed_by(work, sender, received)
    except Refused:
        return False
    return True


def _session_of(work: Work, request: LogoutRequest, browser: Browser, *, proven: bool) -> Session | None:
    """Return the session that a request means; who has not signed can only mean that of this browser.

    Raises:
        Refused: it means another one, so that anybody who has seen a SessionIndex could end it.
    """
    own = live_session(work, browser)
    named = _named_session(work, request)
    if not proven and named is not None and (own is None or own.id != named.id):
        raise Refused("the request is not signed, and names the session of another browser")
    return named or own


def _check_participant(work: Work, request: LogoutRequest, sender: Sender, session: Session | None) -> Session:
    """Return the session to end: its person is the one that this service provider knows.

    Raises:
        Refused
    """
    if session is None:
        raise Refused("there is no such session", second="")
    entries = {each.application_id: each for each in Sessions(work).applications(session.id)}
    entry = entries.get(sender.application.id)
    if entry is None or not sender.provider.logout.enabled:
        raise Refused("the service provider takes no part in this session")
    if request.name_id is None or request.name_id.value != entry.subject:
        raise Refused("the request names somebody else")
    forgotten_at = forget_at(request.issued_at, read_policy(work, SamlIdentity), work.now)
    if not Replays(work).take("logout", f"{sender.application.id} {request.id}", forgotten_at):
        work.release()
        raise Refused("the request came before")
    return session


def _check_return(work: Work, session: Session | None, issuer: str, return_to: str, qualifier: str) -> str:
    """Return the id of the application that takes the person back.

    Raises:
        Refused
    """
    sender = find_sender(work, issuer, qualifier)
    provider = sender.provider
    if not provider.logout.idp_initiated:
        raise Refused("the service provider takes nobody back after a logout")
    if return_to not in {*provider.logout.return_to_urls, *provider.acs_urls}:
        raise Refused("the address to return to is not registered")
    entries = Sessions(work).applications(session.id) if session is not None else ()
    if sender.application.id not in {each.application_id for each in entries}:
        raise Refused("the service provider takes no part in this session")
    return sender.application.id


def _refuse_to(
    work: Work, sender: Sender, request: LogoutRequest, relay_state: str | None, refusal: Refused
) -> Form:  # fmt: skip
    """Tell a service provider that nobody was logged out."""
    note(work, "saml_logout", sender.application.name, outcome="refused", reason=refusal.reason)
    log.info("a logout was refused", extra={"sp": sender.application.name, "reason": refusal.reason})
    answer = answer_logout(work, sender, request.id, relay_state, refusal.status)
    work.commit()
    return answer


def _round_id(work: Work) -> str:
    return work.entropy.octets(ROUND_BYTES).hex()
