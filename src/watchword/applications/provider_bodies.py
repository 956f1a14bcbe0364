"""Identity providers as documents: the bodies of the REST interface and of files, and how they mean the model."""

import base64
from typing import Literal

from msgspec import Struct, field

from watchword.applications.authenticators import authenticator_id, authenticator_of_id
from watchword.applications.bodies import Named
from watchword.applications.certificates import CertificateRefused, read_certificates
from watchword.applications.documents import document_of, read_body
from watchword.applications.model import AuthenticatorType, IdentityProvider, ProviderAuthenticator
from watchword.base.problems import ProviderCertificateRefused, ProviderRefused


class ProviderClaimBody(Struct, rename="camel"):
    """An identity provider's name for a claim."""

    idp_claim: str
    local_claim: Named


class ProvisionedClaimBody(Struct, rename="camel"):
    """A claim that a new account gets."""

    claim: Named
    default_value: str = ""


class ProviderClaimsBody(Struct, rename="camel"):
    """How the claims of an identity provider are ours."""

    user_id_claim: Named = field(default_factory=Named)
    role_claim: Named = field(default_factory=Named)
    mappings: list[ProviderClaimBody] = []
    provisioning_claims: list[ProvisionedClaimBody] = []


class ProviderRoleBody(Struct, rename="camel"):
    """An identity provider's name for a role."""

    idp_role: str
    local_role: str


class ProviderRolesBody(Struct, rename="camel"):
    """How the roles of an identity provider are ours."""

    mappings: list[ProviderRoleBody] = []
    outbound_provisioning_roles: list[str] = []


class JitBody(Struct, rename="camel"):
    """Whether somebody who comes for the first time gets an account."""

    is_enabled: bool = False
    scheme: Literal[
        "PROVISION_SILENTLY", "PROMPT_CONSENT", "PROMPT_PASSWORD_CONSENT", "PROMPT_USERNAME_PASSWORD_CONSENT"
    ] = "PROVISION_SILENTLY"
    userstore: str = "PRIMARY"
    associate_local_user: bool = False
    attribute_sync_method: Literal["OVERRIDE_ALL", "NONE", "PRESERVE_LOCAL"] = "OVERRIDE_ALL"


class ProvisioningBody(Struct):
    """How accounts are made."""

    jit: JitBody = field(default_factory=JitBody)


class PropertyBody(Struct):
    """A property of an authenticator."""

    key: str
    value: str = ""


class AuthenticatorBody(Struct, rename="camel"):
    """An authenticator as it is configured here."""

    authenticator_id: str
    name: str = ""
    is_enabled: bool = False
    is_default: bool = False
    properties: list[PropertyBody] = []

    def known(self) -> AuthenticatorType:
        """Return the authenticator that is meant.

        Raises:
            ProviderRefused: there is none.
        """
        found = authenticator_of_id(self.authenticator_id)
        if found is None or not found.federated:
            raise ProviderRefused(
                f"federatedAuthenticators: there is no federated authenticator {self.authenticator_id}."
            )
        return found

    def to_model(self) -> ProviderAuthenticator:
        """Return what this means; a property without a value is none.

        Raises:
            ProviderRefused: there is no such authenticator, or a property stands twice.
        """
        properties = {each.key: each.value for each in self.properties}
        if len(properties) != len(self.properties):
            raise ProviderRefused(f"federatedAuthenticators: {self.authenticator_id}: a property stands twice.")
        return ProviderAuthenticator(name=self.known().name, enabled=self.is_enabled, properties=properties)

    @classmethod
    def of(cls, authenticator: ProviderAuthenticator, *, is_default: bool) -> "AuthenticatorBody":
        """Return an authenticator, its secrets masked before, as a document has it."""
        found = authenticator_of_id(authenticator.name)
        return cls(
            authenticator_id(found) if found is not None else authenticator.name, authenticator.name,
            authenticator.enabled, is_default,
            [PropertyBody(key, value) for key, value in authenticator.properties.items()],
        )  # fmt: skip


class AuthenticatorsBody(Struct, rename="camel"):
    """The authenticators of an identity provider."""

    default_authenticator_id: str = ""
    authenticators: list[AuthenticatorBody] = []

    def default(self) -> str:
        """Return the name of the default, which is named by its id or marked.

        Raises:
            ProviderRefused: several are marked, or there is no such authenticator.
        """
        marked = [each.known().name for each in self.authenticators if each.is_default]
        if self.default_authenticator_id:
            found = authenticator_of_id(self.default_authenticator_id)
            named = self.default_authenticator_id if found is None else found.name
            marked = [named, *(each for each in marked if each != named)]
        if len(marked) > 1:
            raise ProviderRefused("federatedAuthenticators: more than one is the default.")
        return marked[0] if marked else ""


class CertificatesBody(Struct, rename="camel"):
    """What an identity provider signs with."""

    certificates: list[str] = []
    """Base64 of PEM."""
    jwks_uri: str = ""

    def read(self) -> tuple[str, ...]:
        """Return the certificates as PEM.

        Raises:
            ProviderCertificateRefused
        """
        try:
            return tuple(pem for text in self.certificates for pem in read_certificates(text))
        except CertificateRefused as problem:
            raise ProviderCertificateRefused(f"certificate: {problem}.") from problem


class ProviderBody(Struct, rename="camel"):
    """An identity provider, as a document has it."""

    name: str
    description: str = ""
    image: str = ""
    is_enabled: bool = True
    is_primary: bool = False
    is_federation_hub: bool = False
    home_realm_identifier: str = ""
    alias: str = ""
    idp_issuer_name: str = ""
    certificate: CertificatesBody = field(default_factory=CertificatesBody)
    claims: ProviderClaimsBody = field(default_factory=ProviderClaimsBody)
    roles: ProviderRolesBody = field(default_factory=ProviderRolesBody)
    federated_authenticators: AuthenticatorsBody = field(default_factory=AuthenticatorsBody)
    provisioning: ProvisioningBody = field(default_factory=ProvisioningBody)

    def to_model(self) -> IdentityProvider:
        """Return what this means.

        Raises:
            ProviderRefused: a field cannot be what it is.
        """
        return IdentityProvider(
            id="",
            name=self.name,
            description=self.description,
            image=self.image,
            enabled=self.is_enabled,
            is_primary=self.is_primary,
            is_federation_hub=self.is_federation_hub,
            home_realm=self.home_realm_identifier,
            alias=self.alias,
            issuer_name=self.idp_issuer_name,
            certificates=self.certificate.read(),
            jwks_uri=self.certificate.jwks_uri,
            claims=document_of(self.claims),
            roles=document_of(self.roles),
            provisioning=document_of(self.provisioning),
            default_authenticator=self.federated_authenticators.default(),
            authenticators=tuple(each.to_model() for each in self.federated_authenticators.authenticators),
        )

    @classmethod
    def of(cls, provider: IdentityProvider) -> "ProviderBody":
        """Return an identity provider, its secrets masked before, as a document has it."""
        default = authenticator_of_id(provider.default_authenticator)
        authenticators = [
            AuthenticatorBody.of(each, is_default=each.name == provider.default_authenticator)
            for each in provider.authenticators
        ]
        return cls(
            name=provider.name,
            description=provider.description,
            image=provider.image,
            is_enabled=provider.enabled,
            is_primary=provider.is_primary,
            is_federation_hub=provider.is_federation_hub,
            home_realm_identifier=provider.home_realm,
            alias=provider.alias,
            idp_issuer_name=provider.issuer_name,
            certificate=CertificatesBody(
                [base64.b64encode(pem.encode()).decode() for pem in provider.certificates], provider.jwks_uri
            ),
            claims=read_body(provider.claims, ProviderClaimsBody),
            roles=read_body(provider.roles, ProviderRolesBody),
            federated_authenticators=AuthenticatorsBody(
                authenticator_id(default) if default is not None else "", authenticators
            ),
            provisioning=read_body(provider.provisioning, ProvisioningBody),
        )
