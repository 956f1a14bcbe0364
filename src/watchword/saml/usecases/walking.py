"""Walk through a round of logout with the browser, and answer whoever asked when it is over (platform.md 1.10).

A round that is over says the truth at that moment: who confirms later is not waited for.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from watchword.applications.model import LogoutMethod, ServiceProvider
from watchword.applications.store import Applications
from watchword.saml.building import Envelope, build_logout_response
from watchword.saml.checking import check_message
from watchword.saml.messages import read_message
from watchword.saml.model import Form, LogoutResponse, Refused, Status
from watchword.saml.reading import Received
from watchword.saml.rounds import Round, Telling, TellingState, next_to_visit, outcome, unconfirmed
from watchword.saml.sealing import SigningKey, posted, query_of
from watchword.saml.signatures import is_signed
from watchword.saml.store import Rounds
from watchword.saml.usecases.identity import Sender, fresh_id, own_entity_id, signed_by, split_issuer
from watchword.saml.usecases.keys import signing_key
from watchword.saml.usecases.telling import logout_request_of, note_outcome, redirect_address, signed_address
from watchword.storage.work import Work
from watchword.tenants.policies import SamlIdentity
from watchword.tenants.usecases import read_policy


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


def take_answer(work: Work, received: Received) -> str:
    """Take a LogoutResponse, and return the round that it belongs to.

    Raises:
        Refused: nobody was asked, or somebody else.
    """
    response = _logout_response(read_message(received.root))
    telling = Rounds(work).telling(response.in_response_to) if response.in_response_to else None
    sender = _sender_of(work, telling.participant.application_id) if telling is not None else None
    if telling is None or sender is None or split_issuer(response.issuer)[0] != sender.provider.issuer:
        raise Refused("the LogoutResponse answers nothing that its sender was asked")
    if sender.provider.verify_requests or (sender.provider.certificates and is_signed(received)):
        response = _logout_response(signed_by(work, sender, received))
        if response.in_response_to != telling.id:
            raise Refused("the signature covers something else")
    check_message(response, read_policy(work, SamlIdentity), work.now)
    if telling.state is TellingState.WAITING and not telling.is_back_channel:
        is_whole = response.status == Status()
        _settle(work, telling, TellingState.CONFIRMED if is_whole else TellingState.FAILED)
        work.commit()
    return telling.round_id


def _logout_response(message: object) -> LogoutResponse:
    if not isinstance(message, LogoutResponse):
        raise Refused("it is no LogoutResponse")
    return message


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
    answer = answer_logout(work, sender, found.request_id, found.relay_state, outcome(tellings))
    return Ended(answer=answer, application=name, unconfirmed=open_names)


def answer_logout(work: Work, sender: Sender, request_id: str, relay_state: str | None, status: Status) -> Form:
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


def _settle(work: Work, telling: Telling, state: TellingState) -> None:
    if Rounds(work).settle(telling, state):
        note_outcome(work, telling, state)
