"""Who we are to service providers, and who they are to us."""

from dataclasses import dataclass

from watchword.applications.model import Application, ServiceProvider
from watchword.applications.store import Applications
from watchword.saml.messages import read_message
from watchword.saml.model import AuthnRequest, LogoutRequest, LogoutResponse, Refused
from watchword.saml.reading import Received
from watchword.saml.signatures import verified
from watchword.storage.work import Work
from watchword.tenants.policies import SamlIdentity
from watchword.tenants.usecases import read_policy
from watchword.web.model import SUPER_TENANT

MESSAGE_BYTES = 20
SSO_PATH = "/samlsso"
PROTOCOL = "samlsso"


@dataclass(frozen=True, slots=True)
class Sender:
    """A service provider of ours."""

    application: Application
    provider: ServiceProvider


def fresh_id(work: Work) -> str:
    """Return the id of a message or an assertion: 160 random bits, and a letter for XML before them."""
    return f"_{work.entropy.octets(MESSAGE_BYTES).hex()}"


def own_entity_id(work: Work, provider: ServiceProvider | None = None) -> str:
    """Return what we are called, to one service provider or to all."""
    if provider is not None and provider.idp_entity_id_alias:
        return provider.idp_entity_id_alias
    return read_policy(work, SamlIdentity).entity_id or work.settings.server.hostname


def own_address(work: Work, path: str = SSO_PATH) -> str:
    """Return an address of ours in the work's tenant."""
    tenant = "" if work.tenant == SUPER_TENANT else f"/t/{work.tenant}"
    return f"{work.settings.public_url}{tenant}{path}"


def own_destinations(work: Work, named_tenant: str = "") -> frozenset[str]:
    """Return what a request may name as its destination.

    The address without a tenant is the super tenant's. A request that names its tenant otherwise, with its issuer or
    beside the message, may have come there, and we have led it on.
    """
    plain = {f"{work.settings.public_url}{SSO_PATH}"} if named_tenant == work.tenant else set()
    return frozenset({*plain, own_address(work), *read_policy(work, SamlIdentity).destinations})


def check_relay_state(work: Work, relay_state: str | None) -> None:
    """Refuse more than a service provider may have carried along.

    Raises:
        Refused
    """
    if relay_state is not None and len(relay_state.encode()) > read_policy(work, SamlIdentity).relay_state_bytes:
        raise Refused("the RelayState is too long")


def tenant_of_issuer(received: Received) -> str:
    """Return the tenant that the issuer of a message ends with (``issuer@tenant``), or nothing.

    Raises:
        Refused
    """
    return split_issuer(read_message(received.root).issuer)[1]


def split_issuer(issuer: str) -> tuple[str, str]:
    """Return an issuer without its tenant, and the tenant; no issuer holds an ``@`` of its own."""
    plain, _, tenant = issuer.partition("@")
    return plain, tenant.lower()


def find_sender(work: Work, issuer: str, qualifier: str = "") -> Sender:
    """Return the service provider of that name.

    Raises:
        Refused: there is none.
    """
    plain, tenant = split_issuer(issuer)
    if tenant not in {"", work.tenant}:
        raise Refused("the issuer is of another tenant")
    application = Applications(work).of_issuer(plain, qualifier) if plain else None
    if application is None or application.saml is None:
        raise Refused("the issuer is no service provider of this tenant")
    return Sender(application, application.saml)


def identify(
    work: Work, received: Received, qualifier: str = ""
) -> tuple[AuthnRequest | LogoutRequest | LogoutResponse, Sender]:
    """Return a message and who sent it; where the service provider must sign, only what it has signed.

    Raises:
        Refused
    """
    message = read_message(received.root)
    sender = find_sender(work, message.issuer, qualifier)
    if sender.provider.verify_requests:
        message = signed_by(work, sender, received)
    return message, sender


def signed_by(work: Work, sender: Sender, received: Received) -> AuthnRequest | LogoutRequest | LogoutResponse:
    """Return a message as far as its sender has signed it.

    Raises:
        Refused: it has not, or meant it for somebody else.
    """
    message = read_message(verified(received, sender.provider, work.now))
    if split_issuer(message.issuer)[0] != sender.provider.issuer:
        raise Refused("the signature covers something else")
    if message.destination not in own_destinations(work, split_issuer(message.issuer)[1] or received.tenant):
        raise Refused("the Destination is missing, or not ours")
    return message
