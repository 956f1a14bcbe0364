"""SAML service providers as documents: the sub-resource of the REST interface, and how it means the model."""

from typing import Any

from msgspec import UNSET, Struct, UnsetType, field

from watchword.applications.model import (
    BASIC_NAMES,
    UNSPECIFIED,
    Encryption,
    LogoutMethod,
    ServiceProvider,
    SingleLogout,
)
from watchword.base.problems import ApplicationRefused


class EncryptionBody(Struct, rename="camel"):
    """Whether and how assertions are encrypted."""

    enabled: bool = False
    assertion_encryption_algorithm: str = ""
    key_encryption_algorithm: str = ""


class AssertionBody(Struct, rename="camel"):
    """What assertions are like."""

    name_id_format: str = UNSPECIFIED
    audiences: list[str] = []
    recipients: list[str] = []
    digest_algorithm: str = ""
    encryption: EncryptionBody = field(default_factory=EncryptionBody)
    keep_raw_subject: bool = False


class SsoProfileBody(Struct, rename="camel"):
    """How single sign-on is done."""

    bindings: list[str] = field(default_factory=lambda: ["HTTP_POST", "HTTP_REDIRECT"])
    enable_signature_validation_for_artifact_binding: bool = False
    attribute_consuming_service_index: str | None = None
    enable_idp_initiated_single_sign_on: bool = False
    assertion: AssertionBody = field(default_factory=AssertionBody)
    two_factor_context: bool = False


class AttributeProfileBody(Struct, rename="camel"):
    """Whether attributes are sent."""

    enabled: bool = False
    always_include_attributes_in_response: bool = False
    name_format: str = BASIC_NAMES


class IdpLogoutBody(Struct, rename="camel"):
    """Whether a logout may begin here."""

    enabled: bool = False
    return_to_urls: list[str] = []


class LogoutProfileBody(Struct, rename="camel"):
    """How the service provider takes part in single logout."""

    enabled: bool = True
    logout_request_url: str = ""
    logout_response_url: str = ""
    logout_method: LogoutMethod = LogoutMethod.BACK_CHANNEL
    idp_initiated_single_logout: IdpLogoutBody = field(default_factory=IdpLogoutBody)
    use_soap: bool = False
    verify_tls: bool = True


class RequestValidationBody(Struct, rename="camel"):
    """Whether requests must be signed; absent: if there is a certificate to check them by."""

    enable_signature_validation: bool | UnsetType = UNSET
    signature_validation_cert_alias: str = ""


class ResponseSigningBody(Struct, rename="camel"):
    """Whether responses are signed beside the assertion, which always is."""

    enabled: bool = True
    signing_algorithm: str = ""


class ManualBody(Struct, rename="camel"):
    """A SAML service provider, as a form describes it."""

    issuer: str
    assertion_consumer_urls: list[str]
    service_provider_qualifier: str = ""
    default_assertion_consumer_url: str = ""
    idp_entity_id_alias: str = ""
    single_sign_on_profile: SsoProfileBody = field(default_factory=SsoProfileBody)
    attribute_profile: AttributeProfileBody = field(default_factory=AttributeProfileBody)
    single_logout_profile: LogoutProfileBody = field(default_factory=LogoutProfileBody)
    request_validation: RequestValidationBody = field(default_factory=RequestValidationBody)
    response_signing: ResponseSigningBody = field(default_factory=ResponseSigningBody)
    enable_assertion_query_profile: bool = False
    legacy_algorithms: bool = False

    def to_model(self, *, has_certificate: bool) -> ServiceProvider:
        """Return what this means for an application that has a certificate or has none.

        Raises:
            ApplicationRefused: a switch is on that there is nothing behind.
        """
        sso, assertion, logout = (
            self.single_sign_on_profile, self.single_sign_on_profile.assertion, self.single_logout_profile
        )  # fmt: skip
        if self.enable_assertion_query_profile:
            raise ApplicationRefused("enableAssertionQueryProfile: is not supported.")
        if sso.enable_signature_validation_for_artifact_binding:
            raise ApplicationRefused("enableSignatureValidationForArtifactBinding: is not supported.")
        verify = self.request_validation.enable_signature_validation
        return ServiceProvider(
            issuer=self.issuer,
            qualifier=self.service_provider_qualifier,
            acs_urls=tuple(self.assertion_consumer_urls),
            default_acs_url=self.default_assertion_consumer_url,
            idp_entity_id_alias=self.idp_entity_id_alias,
            name_id_format=assertion.name_id_format.replace("/", ":"),  # the reference stores it with slashes
            keeps_raw_subject=assertion.keep_raw_subject,
            bindings=tuple(sso.bindings),
            audiences=tuple(assertion.audiences),
            recipients=tuple(assertion.recipients),
            sign_responses=self.response_signing.enabled,
            signature_algorithm=self.response_signing.signing_algorithm,
            digest_algorithm=assertion.digest_algorithm,
            verify_requests=has_certificate if verify is UNSET else verify,
            legacy_algorithms=self.legacy_algorithms,
            encryption=Encryption(
                enabled=assertion.encryption.enabled,
                assertion_algorithm=assertion.encryption.assertion_encryption_algorithm,
                key_algorithm=assertion.encryption.key_encryption_algorithm,
            ),
            logout=SingleLogout(
                enabled=logout.enabled,
                request_url=logout.logout_request_url,
                response_url=logout.logout_response_url,
                method=logout.logout_method,
                uses_soap=logout.use_soap,
                idp_initiated=logout.idp_initiated_single_logout.enabled,
                return_to_urls=tuple(logout.idp_initiated_single_logout.return_to_urls),
                verify_tls=logout.verify_tls,
            ),
            attribute_profile=self.attribute_profile.enabled,
            always_include_attributes=self.attribute_profile.always_include_attributes_in_response,
            attribute_name_format=self.attribute_profile.name_format,
            idp_initiated_sso=sso.enable_idp_initiated_single_sign_on,
            two_factor_context=sso.two_factor_context,
        )

    @classmethod
    def of(cls, provider: ServiceProvider) -> "ManualBody":
        """Return a service provider as a document has it."""
        logout, encryption = provider.logout, provider.encryption
        index = provider.attribute_index
        return cls(
            issuer=provider.issuer,
            assertion_consumer_urls=list(provider.acs_urls),
            service_provider_qualifier=provider.qualifier,
            default_assertion_consumer_url=provider.acs_url,
            idp_entity_id_alias=provider.idp_entity_id_alias,
            single_sign_on_profile=SsoProfileBody(
                bindings=list(provider.bindings),
                attribute_consuming_service_index=None if index is None else str(index),
                enable_idp_initiated_single_sign_on=provider.idp_initiated_sso,
                assertion=AssertionBody(
                    provider.name_id_format, list(provider.audiences), list(provider.recipients),
                    provider.digest_algorithm,
                    EncryptionBody(encryption.enabled, encryption.assertion_algorithm, encryption.key_algorithm),
                    provider.keeps_raw_subject,
                ),
                two_factor_context=provider.two_factor_context,
            ),
            attribute_profile=AttributeProfileBody(
                provider.attribute_profile, provider.always_include_attributes, provider.attribute_name_format
            ),
            single_logout_profile=LogoutProfileBody(
                logout.enabled, logout.request_url, logout.response_url, logout.method,
                IdpLogoutBody(logout.idp_initiated, list(logout.return_to_urls)), logout.uses_soap, logout.verify_tls,
            ),
            request_validation=RequestValidationBody(provider.verify_requests),
            response_signing=ResponseSigningBody(provider.sign_responses, provider.signature_algorithm),
            legacy_algorithms=provider.legacy_algorithms,
        )  # fmt: skip


class SamlBody(Struct, rename={"metadata_file": "metadataFile", "metadata_url": "metadataURL",
                               "manual": "manualConfiguration"}):  # fmt: skip
    """A SAML service provider: as a form describes it, or where its metadata are; one of them."""

    metadata_file: str | None = None
    """Base64."""
    metadata_url: str | None = None
    manual: ManualBody | None = None

    def check(self) -> None:
        """Refuse none of the three, or more than one.

        Raises:
            ApplicationRefused
        """
        given = [each for each in (self.metadata_file, self.metadata_url, self.manual) if each]
        if len(given) != 1:
            raise ApplicationRefused("saml: give one of metadataFile, metadataURL and manualConfiguration.")


class InboundBody(Struct, rename="camel"):
    """The protocols that an application speaks."""

    saml: SamlBody | None = None
    oidc: Any = None
    passive_sts: Any = None
    ws_trust: Any = None
    custom: Any = None

    def check(self) -> None:
        """Refuse protocols that are not spoken here.

        Raises:
            ApplicationRefused
        """
        for name, given in (
            ("oidc", self.oidc), ("passiveSts", self.passive_sts), ("wsTrust", self.ws_trust), ("custom", self.custom)
        ):  # fmt: skip
            if given:
                raise ApplicationRefused(f"inboundProtocolConfiguration.{name}: is not supported.")
        if self.saml is not None:
            self.saml.check()
