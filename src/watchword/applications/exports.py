"""Applications and identity providers as files have them: the body of the interface, and what it is of."""

from typing import Final

from watchword.applications.bodies import ApplicationBody
from watchword.applications.documents import Document, document_of
from watchword.applications.masks import masked
from watchword.applications.model import Application, IdentityProvider
from watchword.applications.provider_bodies import ProviderBody

APPLICATION: Final = "application"
IDENTITY_PROVIDER: Final = "identity-provider"


def export_application(application: Application) -> Document:
    """Return an application, whose steps name identity providers as people do, as a file has it."""
    return {"kind": APPLICATION, **document_of(ApplicationBody.of(application, with_protocols=True))}


def export_provider(provider: IdentityProvider) -> Document:
    """Return an identity provider as a file has it, its secrets masked."""
    return {"kind": IDENTITY_PROVIDER, **document_of(ProviderBody.of(masked(provider)))}
