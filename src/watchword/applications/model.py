"""Applications and identity providers: the values (platform.md 1.4, 2.3 and 5)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from watchword.accounts.claims import DIALECT

LOCAL = "LOCAL"
"""The resident identity provider, in the options of a step."""
FEDERATED = "FEDERATED"
RESERVED_NAMES = frozenset({LOCAL, FEDERATED})
BASIC = "BasicAuthenticator"
USERNAME_CLAIM = DIALECT + "username"
ROLE_CLAIM = DIALECT + "role"

UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
EMAIL_ADDRESS = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
NAME_ID_FORMATS = (UNSPECIFIED, EMAIL_ADDRESS, PERSISTENT, TRANSIENT)
BASIC_NAMES = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"
URI_NAMES = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"


@dataclass(frozen=True, slots=True)
class Option:
    """One way to take a step: an authenticator of an identity provider."""

    idp: str
    """``LOCAL``, or the id of an identity provider: a name may change."""
    authenticator: str


@dataclass(frozen=True, slots=True)
class Step:
    """A turn in logging in; any one of its options takes it."""

    options: tuple[Option, ...]


DEFAULT_STEPS = (Step((Option(LOCAL, BASIC),)),)


@dataclass(frozen=True, slots=True)
class Sequence:
    """The steps of logging in to an application, counted from 1."""

    steps: tuple[Step, ...] = DEFAULT_STEPS
    subject_step: int = 1
    attribute_step: int = 1
    is_default: bool = True
    """Whether the tenant's default sequence is meant; its steps then stand here resolved."""

    def options(self) -> Iterator[Option]:
        """Yield every option of every step."""
        for step in self.steps:
            yield from step.options


@dataclass(frozen=True, slots=True)
class RequestedClaim:
    """A claim that the application asks for, by the application's own name of it."""

    name: str
    mandatory: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectRule:
    """How a person is named to the application (platform.md 1.7)."""

    claim: str = USERNAME_CLAIM
    with_realm: bool = False
    with_tenant: bool = False
    use_mapped: bool = False
    mapped_mandatory: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleRule:
    """How roles are named to the application."""

    mappings: Mapping[str, str] = field(default_factory=dict)
    """Local role to the application's."""
    with_realm: bool = True
    claim: str = ROLE_CLAIM


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimConfiguration:
    """Which facts about a person the application is told, and under which names."""

    mappings: Mapping[str, str] = field(default_factory=dict)
    """The application's claim to the local one; empty in the local dialect, whose names stand for themselves."""
    requested: tuple[RequestedClaim, ...] = ()
    subject: SubjectRule = SubjectRule()
    role: RoleRule = RoleRule()

    @property
    def is_custom(self) -> bool:
        """Tell whether the application has names of its own for claims."""
        return bool(self.mappings)

    def local(self, name: str) -> str:
        """Return the local claim behind an application's claim."""
        return self.mappings.get(name, name)


class LogoutMethod(StrEnum):
    """How a service provider is told of a logout."""

    BACK_CHANNEL = "BACKCHANNEL"
    FRONT_CHANNEL_REDIRECT = "FRONTCHANNEL_HTTP_REDIRECT"
    FRONT_CHANNEL_POST = "FRONTCHANNEL_HTTP_POST"


@dataclass(frozen=True, slots=True, kw_only=True)
class Encryption:
    """Whether and how assertions are encrypted; an algorithm that is empty is the server's default."""

    enabled: bool = False
    assertion_algorithm: str = ""
    key_algorithm: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleLogout:
    """How a service provider takes part in single logout."""

    enabled: bool = True
    request_url: str = ""
    response_url: str = ""
    method: LogoutMethod = LogoutMethod.BACK_CHANNEL
    uses_soap: bool = False
    """Whether the back channel is SOAP, as its metadata says, and not a plain form."""
    idp_initiated: bool = False
    return_to_urls: tuple[str, ...] = ()
    verify_tls: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProvider:
    """What SAML must know of an application (platform.md 1.4); defaults are those of the REST interface."""

    issuer: str
    qualifier: str = ""
    acs_urls: tuple[str, ...]
    default_acs_url: str = ""
    idp_entity_id_alias: str = ""
    name_id_format: str = UNSPECIFIED
    keeps_raw_subject: bool = False
    """Whether the subject stays as it is whatever the format says, as the reference has it."""
    certificates: tuple[str, ...] = ()
    """PEM; the first is encrypted to, any of them signs."""
    bindings: tuple[str, ...] = ("HTTP_POST", "HTTP_REDIRECT")
    audiences: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    sign_responses: bool = True
    signature_algorithm: str = ""
    """A URI of XML-DSig; empty: the server's default."""
    digest_algorithm: str = ""
    verify_requests: bool = False
    """Whether AuthnRequests and LogoutRequests must be signed."""
    legacy_algorithms: bool = False
    """Whether SHA-1 is tolerated, for this one alone."""
    encryption: Encryption = Encryption()
    logout: SingleLogout = SingleLogout()
    attribute_profile: bool = False
    always_include_attributes: bool = False
    attribute_index: int | None = None
    """The generated AttributeConsumingServiceIndex, while the attribute profile is on."""
    attribute_name_format: str = BASIC_NAMES
    idp_initiated_sso: bool = False
    two_factor_context: bool = False
    """Whether a login by two factors is told as MobileTwoFactorContract instead of Password."""

    @property
    def acs_url(self) -> str:
        """Return where responses go that name no place."""
        return self.default_acs_url or self.acs_urls[0]

    @property
    def logout_response_url(self) -> str:
        """Return where our answer to a LogoutRequest goes."""
        return self.logout.response_url or self.acs_url

    @property
    def logout_request_url(self) -> str:
        """Return where our LogoutRequest goes."""
        return self.logout.request_url or self.logout_response_url


@dataclass(frozen=True, slots=True, kw_only=True)
class Advanced:
    """The switches of an application that are of no protocol."""

    saas: bool = False
    """Whether people of every tenant may log in."""
    discoverable: bool = False
    skip_login_consent: bool = True
    skip_logout_consent: bool = True
    return_authenticated_idps: bool = False
    extra_properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """Somebody who relies on us."""

    id: str
    name: str
    description: str = ""
    image_url: str = ""
    access_url: str = ""
    """Where people begin; shown where a login went wrong."""
    logout_return_url: str = ""
    template_id: str = ""
    is_management: bool = False
    enabled: bool = True
    claims: ClaimConfiguration = ClaimConfiguration()
    sequence: Sequence = Sequence()
    advanced: Advanced = Advanced()
    certificate: str = ""
    """PEM of one or several; the service provider has the same ones."""
    saml: ServiceProvider | None = None
    created_at: datetime | None = None
    modified_at: datetime | None = None
    version: int = 1

    @property
    def role(self) -> str:
        """Return the role that is made and goes with the application."""
        return f"Application/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderAuthenticator:
    """An authenticator of an identity provider, as it is configured there."""

    name: str
    enabled: bool = False
    properties: Mapping[str, str] = field(default_factory=dict, repr=False)
    """By key; secrets are among them, and leave only masked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityProvider:
    """Somebody whom we trust to prove who a person is, or who carries our codes."""

    id: str
    name: str
    description: str = ""
    image: str = ""
    enabled: bool = True
    is_primary: bool = False
    is_federation_hub: bool = False
    home_realm: str = ""
    alias: str = ""
    issuer_name: str = ""
    certificates: tuple[str, ...] = ()
    jwks_uri: str = ""
    claims: Mapping[str, object] = field(default_factory=dict)
    roles: Mapping[str, object] = field(default_factory=dict)
    provisioning: Mapping[str, object] = field(default_factory=dict)
    default_authenticator: str = ""
    authenticators: tuple[ProviderAuthenticator, ...] = ()
    created_at: datetime | None = None
    modified_at: datetime | None = None
    version: int = 1

    def authenticator(self, name: str) -> ProviderAuthenticator | None:
        """Return the authenticator of that name, if it is configured here."""
        return next((each for each in self.authenticators if each.name == name), None)


@dataclass(frozen=True, slots=True)
class Association:
    """A user, and who they are at an identity provider."""

    provider_id: str
    subject: str
    user_id: str
    at: datetime


class AuthenticatorKind(StrEnum):
    """What an authenticator can do."""

    FIRST_FACTOR = "first"
    """Finds out who a person is, and proves it."""
    IDENTIFIER = "identifier"
    """Finds out who a person says to be, and proves nothing."""
    SECOND_FACTOR = "second"
    """Proves that a person who is known already holds something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """A property of a federated authenticator, as the form of the console is drawn from it."""

    key: str
    label: str
    description: str = ""
    kind: str = "string"
    order: int = 0
    pattern: str = ""
    mandatory: bool = False
    confidential: bool = False
    """Whether the whole value is a secret."""
    holds_secrets: bool = False
    """Whether there may be secrets among what the value holds, such as a key in an address."""
    options: tuple[str, ...] = ()
    default: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticatorType:
    """An authenticator that this server has."""

    name: str
    display_name: str
    kind: AuthenticatorKind
    federated: bool = False
    """Whether it is configured at an identity provider; if not, it is the resident's."""
    tags: tuple[str, ...] = ()
    properties: tuple[Property, ...] = ()
    may_be_first: bool = False
    """Whether a second factor asks for the name itself where it comes first."""
