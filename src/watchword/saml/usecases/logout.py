"""Log somebody out everywhere: who may ask for it, and what the one who asked is answered (platform.md 1.10).

The session ends with the request that is accepted; whom that has to be told is written down in the same transaction.
After it nothing can go wrong but that somebody does not confirm, and then the answer says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from watchword.applications.model import LogoutMethod, ServiceProvider
from watchword.applications.store import Applications
from watchword.login.authenticator import Browser
from watchword.login.model import Session
from watchword.login.store.sessions import Sessions
from watchword.login.usecases.sessions import end_session, live_session
from watchword.saml.building import Envelope, build_logout_response
from watchword.saml.checking import check_logout_request, check_message
from watchword.saml.model import Form, LogoutRequest, LogoutResponse, Refused, Status
from watchword.saml.reading import Received
from watchword.saml.rounds import (
    ROUND_LIFETIME,
    Round,
    Telling,
    TellingState,
    next_to_visit,
    outcome,
    unconfirmed,
)
from watchword.saml.sealing import SigningKey, posted, query_of
from watchword.saml.signatures import is_signed
from watchword.saml.store import Replays, Rounds
from watchword.saml.usecases.identity import (
    PROTOCOL,
    Sender,
    check_relay_state,
    find_sender,
    fresh_id,
    identify,
    own_entity_id,
    signed_by,
)
from watchword.saml.usecases.keys import signing_key
from watchword.saml.usecases.telling import logout_request_of, note_outcome, redirect_address, signed_address, tell_all
from watchword.storage.audit import note
from watchword.storage.work import Work
from watchword.tenants.policies import SamlIdentity
from watchword.tenants.usecases import read_policy

REPLAY_SPAN = timedelta(minutes=30)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """The browser goes to a service provider that is to be told."""

    telling: Telling
    address: str = ""
    """Where a link leads with our LogoutRequest; else there is a form."""
    form: Form | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The round is over."""

    answer: Form | None = None
    """Our LogoutResponse to the one who asked."""
    application: str = ""
    """Who asked, for people."""
    return_to: str = ""
    unconfirmed: Sequence[str] = ()
    """The names of those who have not confirmed."""


def begin_logout(work: Work, received: Received, browser: Browser, qualifier: str = "") -> Begun | Form:
    """End the session that a LogoutRequest names, or answer that it is not ended.

    Raises:
        Refused: it is not proven who asks: nobody may be answered.
    """
    request, sender = identify(work, received, qualifier)
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


def take_answer(work: Work, received: Received) -> str:
    """Take a LogoutResponse, and return the round that it belongs to.

    Raises:
        Refused: nobody was asked, or somebody else.
    """
    response, sender = identify(work, received)
    if not isinstance(response, LogoutResponse):
        raise Refused("it is no LogoutResponse")
    if not sender.provider.verify_requests and sender.provider.certificates and is_signed(received):
        signed_by(work, sender, received)
    check_message(response, read_policy(work, SamlIdentity), work.now)
    telling = Rounds(work).telling(response.in_response_to) if response.in_response_to else None
    if telling is None or telling.participant.application_id != sender.application.id:
        raise Refused("the LogoutResponse answers nothing that its sender was asked")
    if telling.state is TellingState.WAITING and not telling.is_back_channel:
        is_whole = response.status == Status()
        _settle(work, telling, TellingState.CONFIRMED if is_whole else TellingState.FAILED)
        work.commit()
    return telling.round_id


def skip_visit(work: Work, round_id: str, telling_id: str) -> None:
    """Go on without a service provider that does not answer."""
    telling = Rounds(work).telling(telling_id)
    if telling is not None and telling.round_id == round_id and telling.state is TellingState.WAITING:
        _settle(work, telling, TellingState.FAILED)
        work.commit()


def go_on(work: Work, round_id: str) -> Visit | Ended | None:
    """Return where the browser of a round goes next; ``None`` if there is no such round."""
    key, rounds = signing_key(work), Rounds(work)
    found = rounds.get(round_id) if round_id else None
    if found is None:
        return None
    tellings = rounds.tellings(found.id)
    telling = next_to_visit(tellings)
    if telling is None:
        return _ended(work, found, tellings)
    application = Applications(work).get(telling.participant.application_id)
    if application is None or application.saml is None:
        skip_visit(work, round_id, telling.id)
        return go_on(work, round_id)
    visit = _visit(work, telling, application.saml, key)
    if not telling.participant.visited:
        rounds.settle(replace(telling, participant=replace(telling.participant, visited=True)), TellingState.WAITING)
        work.commit()
    return visit


def _visit(work: Work, telling: Telling, provider: ServiceProvider, key: SigningKey) -> Visit:
    if telling.participant.method is LogoutMethod.FRONT_CHANNEL_REDIRECT:
        return Visit(telling=telling, address=redirect_address(work, telling, provider, key))
    request = logout_request_of(work, telling, provider)
    key.sign(request, provider)
    return Visit(telling=telling, form=Form(action=telling.participant.url, fields={"SAMLRequest": posted(request)}))


def _ended(work: Work, found: Round, tellings: Sequence[Telling]) -> Ended:
    """Return the end of a round, with what is true of it by now."""
    if found.return_to:  # whoever takes the person back can end its own session, and is not waited for
        others = [each for each in tellings if each.participant.application_id != found.application_id]
        return Ended(return_to=found.return_to, unconfirmed=unconfirmed(others))
    sender, open_names = _sender_of(work, found.application_id), unconfirmed(tellings)
    if sender is None:
        return Ended(unconfirmed=open_names)
    name = sender.application.name
    if not found.request_id:
        return Ended(application=name, unconfirmed=open_names)
    answer = _answer(work, sender, found.request_id, found.relay_state, outcome(tellings))
    return Ended(answer=answer, application=name, unconfirmed=open_names)


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
    known = (Sessions(work).get(index) for index in request.session_indexes)
    named = next((each for each in known if each is not None), None)
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
    if not Replays(work).take("logout", f"{sender.application.id} {request.id}", REPLAY_SPAN):
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


def _settle(work: Work, telling: Telling, state: TellingState) -> None:
    if Rounds(work).settle(telling, state):
        note_outcome(work, telling, state)


def _refuse_to(
    work: Work, sender: Sender, request: LogoutRequest, relay_state: str | None, refusal: Refused
) -> Form:  # fmt: skip
    """Tell a service provider that nobody was logged out."""
    note(work, "saml_logout", sender.application.name, outcome="refused", reason=refusal.reason)
    answer = _answer(work, sender, request.id, relay_state, refusal.status)
    work.commit()
    return answer


def _answer(work: Work, sender: Sender, request_id: str, relay_state: str | None, status: Status) -> Form:
    """Return our LogoutResponse, in the way in which the service provider takes messages about logouts."""
    provider, key = sender.provider, signing_key(work)
    url = provider.logout_response_url
    envelope = Envelope(
        id=fresh_id(work), issuer=own_entity_id(work, provider), destination=url, at=work.now,
        in_response_to=request_id,
    )  # fmt: skip
    response = build_logout_response(envelope, status)
    by_redirection = provider.logout.method is LogoutMethod.FRONT_CHANNEL_REDIRECT
    if by_redirection and provider.logout.response_url:  # without one it goes where responses go, which are posted
        query = query_of(response, "SAMLResponse", relay_state)
        return Form(action=url, fields={}, address=signed_address(url, query, provider, key))
    if provider.sign_responses:
        key.sign(response, provider)
    fields = {"SAMLResponse": posted(response)}
    return Form(action=url, fields=fields if relay_state is None else {**fields, "RelayState": relay_state})


def _sender_of(work: Work, application_id: str) -> Sender | None:
    application = Applications(work).get(application_id) if application_id else None
    return None if application is None or application.saml is None else Sender(application, application.saml)


def _round_id(work: Work) -> str:
    return work.entropy.octets(ROUND_BYTES).hex()
