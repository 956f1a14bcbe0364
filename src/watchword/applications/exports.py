"""Applications and identity providers as files have them: the body of the interface, and what it is of."""

from dataclasses import replace
from typing import Final

from watchword.applications.bodies import ApplicationBody
from watchword.applications.documents import Document, document_of
from watchword.applications.masks import masked
from watchword.applications.model import Application, IdentityProvider
from watchword.applications.provider_bodies import ProviderBody
from watchword.applications.saml_bodies import ManualBody

APPLICATION: Final = "application"
IDENTITY_PROVIDER: Final = "identity-provider"


def export_application(application: Application) -> Document:
    """Return an application, whose steps name identity providers as people do, as a file has it.

    The generated index of attributes is left out: it is this server's.
    """
    saml = application.saml and replace(application.saml, attribute_index=None)
    body = ApplicationBody.of(replace(application, saml=saml), with_protocols=True)
    return {"kind": APPLICATION, **document_of(body)}


def export_provider(provider: IdentityProvider) -> Document:
    """Return an identity provider as a file has it, its secrets masked."""
    return {"kind": IDENTITY_PROVIDER, **document_of(ProviderBody.of(masked(provider)))}


def usual_application() -> Document:
    """Return what an application is like of which nothing is said."""
    saml = document_of(ManualBody(issuer="", assertion_consumer_urls=[]))
    inbound = {"inboundProtocolConfiguration": {"saml": {"manualConfiguration": saml}}}
    return {**document_of(ApplicationBody(name="")), **inbound}


def usual_provider() -> Document:
    """Return what an identity provider is like of which nothing is said."""
    return document_of(ProviderBody(name=""))
