"""Applications as documents: the bodies of the REST interface and of files, and how they mean the model."""

from typing import Literal

from msgspec import Struct, field

from watchword.applications.certificates import CertificateRefused, describe_certificate, read_certificates
from watchword.applications.model import (
    ROLE_CLAIM,
    USERNAME_CLAIM,
    Advanced,
    Application,
    ClaimConfiguration,
    Option,
    RequestedClaim,
    RoleRule,
    Sequence,
    Step,
    SubjectRule,
)
from watchword.applications.saml_bodies import InboundBody, ManualBody, SamlBody
from watchword.base.problems import ApplicationRefused


class Named(Struct):
    """A claim by its URI."""

    uri: str = ""


class ClaimMappingBody(Struct, rename="camel"):
    """An application's own name for a claim."""

    application_claim: str
    local_claim: Named


class RequestedBody(Struct, rename="camel"):
    """A claim that the application asks for."""

    claim: Named
    mandatory: bool = False


class SubjectBody(Struct, rename="camel"):
    """How a person is named to the application."""

    claim: Named = field(default_factory=lambda: Named(USERNAME_CLAIM))
    include_user_domain: bool = False
    include_tenant_domain: bool = False
    use_mapped_local_subject: bool = False
    mapped_local_subject_mandatory: bool = False


class RoleMappingBody(Struct, rename="camel"):
    """An application's own name for a role."""

    local_role: str
    application_role: str


class RoleBody(Struct, rename="camel"):
    """How roles are named to the application."""

    mappings: list[RoleMappingBody] = []
    include_user_domain: bool = True
    claim: Named = field(default_factory=lambda: Named(ROLE_CLAIM))


class ClaimsBody(Struct, rename="camel"):
    """What the application is told about a person."""

    dialect: Literal["LOCAL", "CUSTOM"] = "LOCAL"
    claim_mappings: list[ClaimMappingBody] = []
    requested_claims: list[RequestedBody] = []
    subject: SubjectBody = field(default_factory=SubjectBody)
    role: RoleBody = field(default_factory=RoleBody)

    def to_model(self) -> ClaimConfiguration:
        """Return what this means.

        Raises:
            ApplicationRefused: a mapping stands twice, or in the local dialect.
        """
        mappings = {each.application_claim: each.local_claim.uri for each in self.claim_mappings}
        if len(mappings) != len(self.claim_mappings):
            raise ApplicationRefused("claimConfiguration.claimMappings: an application claim stands twice.")
        if self.dialect == "CUSTOM" and not mappings:
            raise ApplicationRefused("claimConfiguration.claimMappings: a custom dialect needs them.")
        roles = {each.local_role: each.application_role for each in self.role.mappings}
        subject = self.subject
        return ClaimConfiguration(
            mappings=mappings if self.dialect == "CUSTOM" else {},
            requested=tuple(RequestedClaim(each.claim.uri, each.mandatory) for each in self.requested_claims),
            subject=SubjectRule(
                claim=subject.claim.uri or USERNAME_CLAIM, with_realm=subject.include_user_domain,
                with_tenant=subject.include_tenant_domain, use_mapped=subject.use_mapped_local_subject,
                mapped_mandatory=subject.mapped_local_subject_mandatory,
            ),
            role=RoleRule(
                mappings=roles, with_realm=self.role.include_user_domain, claim=self.role.claim.uri or ROLE_CLAIM
            ),
        )  # fmt: skip

    @classmethod
    def of(cls, claims: ClaimConfiguration) -> "ClaimsBody":
        """Return a claim configuration as a document has it."""
        subject, role = claims.subject, claims.role
        return cls(
            "CUSTOM" if claims.is_custom else "LOCAL",
            [ClaimMappingBody(name, Named(local)) for name, local in claims.mappings.items()],
            [RequestedBody(Named(each.name), each.mandatory) for each in claims.requested],
            SubjectBody(
                Named(subject.claim), subject.with_realm, subject.with_tenant, subject.use_mapped,
                subject.mapped_mandatory,
            ),
            RoleBody(
                [RoleMappingBody(local, theirs) for local, theirs in role.mappings.items()], role.with_realm,
                Named(role.claim),
            ),
        )  # fmt: skip


class OptionBody(Struct):
    """One way to take a step."""

    idp: str
    authenticator: str


class StepBody(Struct):
    """A turn in logging in."""

    id: int
    options: list[OptionBody] = []


class SequenceBody(Struct, rename="camel"):
    """The steps of logging in."""

    type: Literal["DEFAULT", "USER_DEFINED"] = "DEFAULT"
    steps: list[StepBody] = []
    subject_step_id: int = 1
    attribute_step_id: int = 1
    request_path_authenticators: list[str] = []
    script: str = ""

    def to_model(self) -> Sequence:
        """Return what this means; identity providers stand there as they were named.

        Raises:
            ApplicationRefused: steps are not counted from 1, or something is asked for that there is not.
        """
        if self.request_path_authenticators:
            raise ApplicationRefused("authenticationSequence.requestPathAuthenticators: there are none.")
        if self.script.strip():
            raise ApplicationRefused("authenticationSequence.script: adaptive scripts are not supported.")
        if self.type == "DEFAULT":
            return Sequence()
        steps = sorted(self.steps, key=lambda each: each.id)
        if [each.id for each in steps] != list(range(1, len(steps) + 1)):
            raise ApplicationRefused("authenticationSequence.steps: ids must be 1, 2, 3 and so on.")
        options = (tuple(Option(one.idp, one.authenticator) for one in each.options) for each in steps)
        return Sequence(tuple(map(Step, options)), self.subject_step_id, self.attribute_step_id, is_default=False)

    @classmethod
    def of(cls, sequence: Sequence) -> "SequenceBody":
        """Return a sequence as a document has it."""
        steps = [
            StepBody(number, [OptionBody(one.idp, one.authenticator) for one in step.options])
            for number, step in enumerate(sequence.steps, 1)
        ]
        kind: Literal["DEFAULT", "USER_DEFINED"] = "DEFAULT" if sequence.is_default else "USER_DEFINED"
        return cls(kind, steps, sequence.subject_step, sequence.attribute_step)


class CertificateBody(Struct):
    """The application's certificate: PEM of one or several."""

    value: str = ""
    type: Literal["PEM"] = "PEM"


class ExtraBody(Struct, rename="camel"):
    """A property that is kept, and means nothing to us."""

    name: str
    value: str = ""
    display_name: str = ""


class AdvancedBody(Struct, rename="camel"):
    """The switches of no protocol."""

    saas: bool = False
    discoverable_by_end_users: bool = False
    certificate: CertificateBody = field(default_factory=CertificateBody)
    skip_login_consent: bool = True
    skip_logout_consent: bool = True
    return_authenticated_idp_list: bool = False
    enable_authorization: bool = False
    use_external_consent_page: bool = False
    additional_sp_properties: list[ExtraBody] = []

    def to_model(self) -> Advanced:
        """Return what this means.

        Raises:
            ApplicationRefused: a switch is on that there is nothing behind.
        """
        for name, on in (
            ("enableAuthorization", self.enable_authorization),
            ("useExternalConsentPage", self.use_external_consent_page),
        ):
            if on:
                raise ApplicationRefused(f"advancedConfigurations.{name}: is not supported.")
        return Advanced(
            saas=self.saas, discoverable=self.discoverable_by_end_users, skip_login_consent=self.skip_login_consent,
            skip_logout_consent=self.skip_logout_consent,
            return_authenticated_idps=self.return_authenticated_idp_list,
            extra_properties={each.name: each.value for each in self.additional_sp_properties},
        )  # fmt: skip

    @classmethod
    def of(cls, application: Application) -> "AdvancedBody":
        """Return the switches of an application as a document has them."""
        advanced = application.advanced
        return cls(
            advanced.saas, advanced.discoverable, CertificateBody(application.certificate),
            advanced.skip_login_consent, advanced.skip_logout_consent, advanced.return_authenticated_idps,
            additional_sp_properties=[ExtraBody(name, value) for name, value in advanced.extra_properties.items()],
        )  # fmt: skip


class ApplicationBody(Struct, rename="camel"):
    """An application, as a document has it."""

    name: str
    description: str = ""
    image_url: str = ""
    access_url: str = ""
    logout_return_url: str = ""
    template_id: str = ""
    is_management_app: bool = False
    application_enabled: bool = True
    claim_configuration: ClaimsBody = field(default_factory=ClaimsBody)
    inbound_protocol_configuration: InboundBody | None = None
    authentication_sequence: SequenceBody = field(default_factory=SequenceBody)
    advanced_configurations: AdvancedBody = field(default_factory=AdvancedBody)

    def to_model(self) -> Application:
        """Return what this means; metadata among the protocols are left to whoever can read them.

        Raises:
            ApplicationRefused: a field cannot be what it is.
        """
        advanced = self.advanced_configurations
        certificate = normal_certificate(advanced.certificate.value)
        saml = None
        if self.inbound_protocol_configuration is not None:
            self.inbound_protocol_configuration.check()
            spoken = self.inbound_protocol_configuration.saml
            manual = spoken.manual if spoken is not None else None
            saml = manual.to_model(has_certificate=bool(certificate)) if manual is not None else None
        return Application(
            id="",
            name=self.name,
            description=self.description,
            image_url=self.image_url,
            access_url=self.access_url,
            logout_return_url=self.logout_return_url,
            template_id=self.template_id,
            is_management=self.is_management_app,
            enabled=self.application_enabled,
            claims=self.claim_configuration.to_model(),
            sequence=self.authentication_sequence.to_model(),
            advanced=advanced.to_model(),
            certificate=certificate,
            saml=saml,
        )

    @classmethod
    def of(cls, application: Application, *, with_protocols: bool = False) -> "ApplicationBody":
        """Return an application, whose identity providers stand there by name, as a document has it."""
        saml = application.saml if with_protocols else None
        return cls(
            name=application.name,
            description=application.description,
            image_url=application.image_url,
            access_url=application.access_url,
            logout_return_url=application.logout_return_url,
            template_id=application.template_id,
            is_management_app=application.is_management,
            application_enabled=application.enabled,
            claim_configuration=ClaimsBody.of(application.claims),
            inbound_protocol_configuration=(
                None if saml is None else InboundBody(SamlBody(manual=ManualBody.of(saml)))
            ),
            authentication_sequence=SequenceBody.of(application.sequence),
            advanced_configurations=AdvancedBody.of(application),
        )


def normal_certificate(text: str) -> str:
    """Return the certificates of a text as PEM, one after the other.

    Raises:
        ApplicationRefused
    """
    if not text.strip():
        return ""
    try:
        return "".join(read_certificates(text))
    except CertificateRefused as problem:
        raise ApplicationRefused(f"advancedConfigurations.certificate: {problem}.") from problem


def certificate_lines(pems: tuple[str, ...]) -> list[dict[str, str]]:
    """Return what an administrator wants to know of certificates."""
    return [
        {"subject": each.subject, "fingerprint": each.fingerprint, "notBefore": each.begins_at.isoformat(),
         "notAfter": each.ends_at.isoformat()}
        for each in map(describe_certificate, pems)
    ]  # fmt: skip
