"""Log somebody in for a service provider: take its request, and answer it when the login is over."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from watchword.accounts.model import User
from watchword.accounts.store.users import Users
from watchword.applications.model import EMAIL_ADDRESS, UNSPECIFIED, ServiceProvider
from watchword.applications.release import tell
from watchword.applications.store import Applications
from watchword.login.model import Failure, LoginRequest, LoginResult, Person, Session, SessionApplication
from watchword.login.store.sessions import Sessions
from watchword.saml.building import Envelope, Statement, build_assertion, build_response
from watchword.saml.checking import check_authn_request, choose_acs, forget_at
from watchword.saml.contexts import context_for
from watchword.saml.model import Asked, Attribute, AuthnRequest, Form, Gone, NameId, Refused, Status
from watchword.saml.names import AUTHN_FAILED, NO_PASSIVE, RESPONDER
from watchword.saml.reading import Received
from watchword.saml.sealing import SigningKey, encrypt_assertion, posted
from watchword.saml.store import Replays
from watchword.saml.subjects import format_for, name_for, plain_name
from watchword.saml.usecases.identity import (
    PROTOCOL,
    SSO_PATH,
    Sender,
    check_relay_state,
    find_sender,
    fresh_id,
    identify,
    own_entity_id,
)
from watchword.saml.usecases.keys import signing_key
from watchword.storage.audit import note
from watchword.storage.work import Work
from watchword.tenants.policies import SamlIdentity
from watchword.tenants.usecases import read_policy

log = logging.getLogger(__name__)

TYPED_FORMATS = frozenset({UNSPECIFIED, EMAIL_ADDRESS})
"""The formats of names that people know, and can find in a field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What an address says beside its message."""

    qualifier: str = ""
    force: bool = False
    passive: bool = False


def begin_sso(work: Work, received: Received, wish: Wish = Wish()) -> LoginRequest | Form:
    """Return the login that an AuthnRequest asks for, or an answer that there will be none.

    Raises:
        Refused: it is not proven who asks, or where an answer would go: nobody may be answered.
    """
    signing_key(work)  # made at first need, before anything is written
    request, sender = identify(work, received, wish.qualifier)
    if not isinstance(request, AuthnRequest):
        raise Refused("it is no AuthnRequest")
    acs_url = choose_acs(sender.provider, request.acs_url, request.acs_index)
    check_relay_state(work, received.relay_state)
    asked = Asked(
        request_id=request.id, acs_url=acs_url, relay_state=received.relay_state,
        name_id_format=request.name_id_format, subject=request.subject.value if request.subject else "",
        attribute_index=request.attribute_index, classes=request.classes, comparison=request.comparison,
        issued_at=request.issued_at.timestamp() if request.issued_at else None,
    )  # fmt: skip
    try:
        check_authn_request(request, sender.provider, read_policy(work, SamlIdentity), work.now)
        _check_replay(work, sender, request)
    except Refused as refusal:
        return refuse_to(work, sender, asked, refusal)
    named = request.subject if request.subject and request.subject.format in TYPED_FORMATS else None
    found = _login(sender, asked, force=request.force or wish.force, passive=request.passive)
    return replace(found, wanted_user=named.value if named else None)


def begin_unasked(work: Work, issuer: str, acs: str, relay_state: str | None, wish: Wish = Wish()) -> LoginRequest:
    """Return the login for a service provider that has not asked for it (platform.md 1.9).

    Raises:
        Refused: it is unknown, does not want this, or would not be answered there.
    """
    signing_key(work)  # as above
    sender = find_sender(work, issuer, wish.qualifier)
    if not sender.provider.idp_initiated_sso:
        raise Refused("the service provider takes no log-in that it has not asked for")
    check_relay_state(work, relay_state)
    acs_url = choose_acs(sender.provider, acs)
    asked = Asked(request_id=None, acs_url=acs_url, relay_state=relay_state, name_id_format="")
    return _login(sender, asked, force=wish.force, passive=wish.passive)


def finish_sso(work: Work, result: LoginResult) -> Form:
    """Answer a service provider, as the login has ended.

    Raises:
        Gone: the application was removed or switched off meanwhile.
        Refused: it was changed, or has its answer already.
    """
    asked = Asked.of_json(result.request.memory)
    application = Applications(work).get(result.request.application_id)
    if application is None or application.saml is None or not application.enabled:
        raise Gone("the application is gone, or switched off")
    sender = Sender(application, application.saml)
    choose_acs(sender.provider, asked.acs_url)
    if not _take(work, sender, asked):
        raise Refused("the request was answered before")
    try:
        return _assert(work, sender, asked, result)
    except Refused as refusal:
        return refuse_to(work, sender, asked, refusal)


def refuse_to(work: Work, sender: Sender, asked: Asked, refusal: Refused) -> Form:
    """Tell a service provider that is proven to have asked that it gets no assertion."""
    note(work, "saml_login", sender.application.name, outcome="refused", reason=refusal.reason)
    log.info("a service provider gets no assertion", extra={"sp": sender.application.name, "reason": refusal.reason})
    key = signing_key(work)
    response = build_response(_envelope(work, sender, asked), refusal.status, refusal.told)
    work.commit()
    if sender.provider.sign_responses:
        key.sign(response, sender.provider)
    return _form(asked, posted(response))


def _login(sender: Sender, asked: Asked, *, force: bool, passive: bool) -> LoginRequest:
    return LoginRequest(
        application_id=sender.application.id, protocol=PROTOCOL, relying_party=sender.provider.issuer,
        return_path=SSO_PATH, force=force, passive=passive, memory=asked.to_json(),
    )  # fmt: skip


def _assert(work: Work, sender: Sender, asked: Asked, result: LoginResult) -> Form:
    """Return the response with an assertion, signed as the service provider wants it."""
    if result.failure is not None or result.person is None or result.session is None:
        raise Refused(
            f"the login: {result.failure or Failure.NOT_AUTHENTICATED}", RESPONDER,
            NO_PASSIVE if result.failure is Failure.NO_PASSIVE else AUTHN_FAILED,
        )  # fmt: skip
    provider, person, session = sender.provider, result.person, result.session
    user = Users(work.within(person.tenant)).get(person.user_id) if person.user_id else None
    chosen = format_for(provider, asked.name_id_format)
    name_id = name_for(work, sender.application, provider, chosen, person, user)
    if asked.subject and asked.subject not in {name_id.value, plain_name(sender.application, person, user)}:
        raise Refused("somebody else has logged in than was asked for", RESPONDER, AUTHN_FAILED)
    statement = _statement(work, sender, asked, result, name_id, _attributes(sender, asked, user))
    key, envelope = signing_key(work), _envelope(work, sender, asked)
    Sessions(work).add_application(_participation(work, sender, session, name_id))
    note(work, "saml_login", sender.application.name, reason=_who(person))
    work.commit()  # signing is slow: no transaction stays open meanwhile
    return _form(asked, _sealed(key, provider, envelope, statement))


def _sealed(key: SigningKey, provider: ServiceProvider, envelope: Envelope, statement: Statement) -> str:
    """Sign the assertion, then encrypt it, then sign the response: each covers what was done before."""
    assertion = build_assertion(statement)
    key.sign(assertion, provider)
    response = build_response(envelope, Status())
    response.append(encrypt_assertion(assertion, provider) if provider.encryption.enabled else assertion)
    if provider.sign_responses:
        key.sign(response, provider)
    return posted(response)


def _envelope(work: Work, sender: Sender, asked: Asked) -> Envelope:
    return Envelope(
        id=fresh_id(work), issuer=own_entity_id(work, sender.provider), destination=asked.acs_url, at=work.now,
        in_response_to=asked.request_id,
    )  # fmt: skip


def _statement(  # what is asserted, of whom, to whom
    work: Work, sender: Sender, asked: Asked, result: LoginResult, name_id: NameId, attributes: Sequence[Attribute]
) -> Statement:  # fmt: skip
    provider, session, policy = sender.provider, result.session, read_policy(work, SamlIdentity)
    if session is None:
        raise Refused("the session is over", RESPONDER, AUTHN_FAILED)
    proven = [each.at for each in result.proofs if not each.skipped]
    ends_at = work.now + timedelta(minutes=policy.session_minutes) if policy.session_minutes else None
    return Statement(
        id=fresh_id(work), issuer=own_entity_id(work, provider), at=work.now,
        not_on_or_after=work.now + timedelta(minutes=policy.response_minutes), name_id=name_id,
        audiences=(provider.issuer, *provider.audiences), recipients=(asked.acs_url, *provider.recipients),
        in_response_to=asked.request_id, authenticated_at=max(proven, default=session.created_at),
        context_class=context_for(
            asked.classes, asked.comparison, two_factors=result.is_two_factor, tells_two=provider.two_factor_context
        ),
        session_index=session.id if provider.logout.enabled else None, session_ends_at=ends_at, attributes=attributes,
        attribute_name_format=provider.attribute_name_format,
    )  # fmt: skip


def _attributes(sender: Sender, asked: Asked, user: User | None) -> Sequence[Attribute]:
    """Return what the service provider is told about the person (the table of platform.md 1.8)."""
    provider = sender.provider
    if user is None or not provider.attribute_profile:
        return ()
    asks = asked.attribute_index is not None
    if asks and asked.attribute_index != provider.attribute_index:
        return ()
    if not asks and not provider.always_include_attributes:
        return ()
    return [Attribute(name=name, values=values) for name, values in tell(sender.application, user).claims.items()]


def _participation(work: Work, sender: Sender, session: Session, name_id: NameId) -> SessionApplication:
    document = {"format": name_id.format}
    return SessionApplication(
        session_id=session.id, application_id=sender.application.id, protocol=PROTOCOL, subject=name_id.value,
        document=document, at=work.now,
    )  # fmt: skip


def _form(asked: Asked, response: str) -> Form:
    fields = {"SAMLResponse": response}
    if asked.relay_state is not None:
        fields["RelayState"] = asked.relay_state
    return Form(action=asked.acs_url, fields=fields)


def _check_replay(work: Work, sender: Sender, request: AuthnRequest) -> None:
    if Replays(work).has("authn", _replay_key(sender, request.id)):
        raise Refused("the request was answered before")


def _take(work: Work, sender: Sender, asked: Asked) -> bool:
    """Note that a request is answered, and return whether it was not before; who has not asked is always answered."""
    if asked.request_id is None:
        return True
    issued_at = None if asked.issued_at is None else datetime.fromtimestamp(asked.issued_at, UTC)
    forgotten_at = forget_at(issued_at, read_policy(work, SamlIdentity), work.now)
    return Replays(work).take("authn", _replay_key(sender, asked.request_id), forgotten_at)


def _replay_key(sender: Sender, request_id: str) -> str:
    return f"{sender.application.id} {request_id}"


def _who(person: Person) -> str:
    return person.user_id or person.name
