"""From a document to the application that it means, with whatever its metadata say."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from watchword.applications.bodies import ApplicationBody
from watchword.applications.documents import Body, DocumentRefused, read_body
from watchword.applications.metadata import Described, fetch_metadata, read_metadata
from watchword.applications.model import Application, IdentityProvider, ServiceProvider
from watchword.applications.provider_bodies import ProviderBody
from watchword.applications.saml_bodies import InboundBody, SamlBody
from watchword.applications.usecases.applications import with_metadata
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
