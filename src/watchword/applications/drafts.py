"""From a document to the application that it means, with whatever its metadata say."""

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from watchword.applications.bodies import ApplicationBody
from watchword.applications.documents import Body, DocumentRefused, read_body
from watchword.applications.metadata import Described, fetch_metadata, read_metadata
from watchword.applications.model import Application, IdentityProvider, RequestedClaim, ServiceProvider, Step
from watchword.applications.model import Sequence as LoginSequence
from watchword.applications.provider_bodies import ProviderBody
from watchword.applications.saml_bodies import InboundBody, SamlBody
from watchword.applications.store import Applications
from watchword.applications.usecases.applications import with_metadata, with_names
from watchword.base.problems import ApplicationRefused, ProviderRefused
from watchword.notification.senders.addresses import OutgoingRules
from watchword.storage.work import Work


@dataclass(frozen=True, slots=True)
class Draft:
    """An application that is to be, and what there is to say of its metadata."""

    application: Application
    report: Sequence[str] = ()


def draft_application(work: Work, document: Mapping[str, Any], rules: OutgoingRules) -> Draft:
    """Return the application that a document means; its steps name identity providers as the document does.

    Raises:
        ApplicationRefused, MetadataRefused
    """
    body = application_body(document)
    draft = body.to_model()
    inbound = body.inbound_protocol_configuration
    if inbound is None or inbound.saml is None or inbound.saml.manual is not None:
        return Draft(draft)
    provider, described = service_provider(work, inbound.saml, rules, has_certificate=bool(draft.certificate))
    requested = described.requested if described is not None else ()
    return Draft(with_metadata(replace(draft, saml=provider), requested), described.report if described else ())


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is said beside metadata, which cannot say it."""

    steps: Sequence[Step] = ()
    """Name identity providers as people do; none: they stay."""
    claims: Sequence[str] = ()
    """None: they stay."""


def draft_of_metadata(work: Work, name: str, octets: bytes, wishes: Wishes) -> Draft:
    """Return the application of a name, there or not, with what its metadata say; what they are silent of stays.

    Raises:
        MetadataRefused
    """
    before = Applications(work).find(name)
    described = read_metadata(octets, work.now)
    report = list(described.report)
    draft = with_names(work, [before])[0] if before is not None else Application(id="", name=name)
    provider = described.provider
    if before is not None and before.saml is not None:
        provider = _told_anew(before.saml, before.certificate, described)
        if provider.verify_requests and not described.provider.verify_requests:
            report.append("signed requests: required all the same, as they were; requestValidation can change that")
    draft = with_metadata(replace(draft, saml=provider), described.requested)
    if described.requested and before is not None and draft.claims != before.claims:
        draft = _with_attributes(draft)
    if wishes.steps:
        draft = replace(draft, sequence=LoginSequence(tuple(wishes.steps), is_default=False))
    if wishes.claims:
        asked = tuple(RequestedClaim(each) for each in wishes.claims)
        draft = _with_attributes(replace(draft, claims=replace(draft.claims, requested=asked)))
    return Draft(draft, [*report, *_told_of_login(draft)])


def _told_anew(before: ServiceProvider, certificate: str, described: Described) -> ServiceProvider:
    """Return a service provider in which all is changed that its metadata speak of, and nothing else."""
    fresh = described.provider
    logout = replace(
        before.logout, enabled=True, request_url=fresh.logout.request_url, response_url=fresh.logout.response_url,
        method=fresh.logout.method, uses_soap=fresh.logout.uses_soap,
    )  # fmt: skip
    has_certificate = bool(fresh.certificates or certificate)
    return replace(
        before,
        issuer=fresh.issuer,
        acs_urls=fresh.acs_urls,
        default_acs_url=fresh.default_acs_url,
        certificates=fresh.certificates,
        verify_requests=has_certificate and (fresh.verify_requests or before.verify_requests),
        name_id_format=fresh.name_id_format if described.says_name_id else before.name_id_format,
        logout=logout if described.says_logout and fresh.logout.enabled else before.logout,
        attribute_index=fresh.attribute_index or before.attribute_index,
    )


def _with_attributes(draft: Application) -> Application:
    if draft.saml is None:
        return draft
    return replace(draft, saml=replace(draft.saml, attribute_profile=True, always_include_attributes=True))


def _told_of_login(draft: Application) -> Iterator[str]:
    """Yield what the application will get of a log-in, which metadata hardly ever say."""
    steps = [" or ".join(option.authenticator for option in step.options) for step in draft.sequence.steps]
    told = ", then ".join(steps)
    alone = len(steps) == 1
    yield f"steps: {told}" + (
        "; no second factor (--steps BasicAuthenticator,SMSOTP:SMSOTP asks for one)" if alone else ""
    )
    names = [each.name for each in draft.claims.requested]
    sends = draft.saml is not None and draft.saml.attribute_profile and draft.saml.always_include_attributes and names
    yield (
        f"attributes: {', '.join(names)}"
        if sends
        else ("attributes: none are sent unasked, and some libraries refuse that (--claim mobile sends one)")
    )


def service_provider(
    work: Work, body: SamlBody, rules: OutgoingRules, *, has_certificate: bool
) -> tuple[ServiceProvider, Described | None]:
    """Return what a body describes, and what was read in metadata if it brings them.

    Raises:
        ApplicationRefused, MetadataRefused
    """
    body.check()
    if body.manual is not None:
        return body.manual.to_model(has_certificate=has_certificate), None
    if body.metadata_url:
        work.release()  # the other side may take its time: no transaction stays open meanwhile
        octets = fetch_metadata(rules, body.metadata_url)
    else:
        octets = _decoded(body.metadata_file or "")
    described = read_metadata(octets, work.now)
    return described.provider, described


def draft_provider(document: Mapping[str, Any]) -> IdentityProvider:
    """Return the identity provider that a document means, its masks still masks.

    Raises:
        ProviderRefused
    """
    return provider_part(_bare(document), ProviderBody).to_model()


def application_body(document: Mapping[str, Any]) -> ApplicationBody:
    """Return a document as the body of an application.

    Raises:
        ApplicationRefused
    """
    return _application_part(_bare(document), ApplicationBody)


def saml_body(document: Mapping[str, Any]) -> SamlBody:
    """Return a document as the body of a service provider.

    Raises:
        ApplicationRefused
    """
    body = _application_part({"saml": document}, InboundBody).saml
    return SamlBody() if body is None else body


def provider_part(document: Mapping[str, Any], shape: type[Body]) -> Body:
    """Return a document as a part of an identity provider.

    Raises:
        ProviderRefused
    """
    try:
        return read_body(document, shape)
    except DocumentRefused as problem:
        raise ProviderRefused(str(problem)) from problem


def _application_part(document: Mapping[str, Any], shape: type[Body]) -> Body:
    try:
        return read_body(document, shape)
    except DocumentRefused as problem:
        raise ApplicationRefused(str(problem)) from problem


def _bare(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != "kind"}


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as problem:
        raise ApplicationRefused("metadataFile: must be base64.") from problem
