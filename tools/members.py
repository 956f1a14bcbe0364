"""What each member of the file of an application or an identity provider does; the reference pages are made of it.

A member is named by its class and its name on the wire. The defaults are read from the classes, and ``members_of``
fails on a member that nobody has described.
"""

from collections.abc import Iterator, Mapping
from typing import Any, get_args

import msgspec
from msgspec import Struct

EFFECTS: Mapping[str, str] = {
    "ApplicationBody.name": "How it is called here; `apply` finds it by this.",
    "ApplicationBody.description": "For administrators.",
    "ApplicationBody.imageUrl": "Kept, without effect.",
    "ApplicationBody.accessUrl": "Where people begin; shown where a log-in went wrong.",
    "ApplicationBody.logoutReturnUrl": "Kept, without effect.",
    "ApplicationBody.templateId": "Kept, without effect.",
    "ApplicationBody.isManagementApp": "Kept, without effect.",
    "ApplicationBody.applicationEnabled": "`false`: nobody can log in to it.",
    "ClaimsBody.dialect": "`CUSTOM`: it has names of its own for claims, which `claimMappings` lists.",
    "ClaimMappingBody.applicationClaim": "Its own name for the claim.",
    "Named.uri": "The URI of the claim.",
    "RequestedBody.mandatory": "Whether a person without a value is asked for one.",
    "SubjectBody.includeUserDomain": "Whether the user store stands before the name.",
    "SubjectBody.includeTenantDomain": "Whether `@` and the tenant stand after the name.",
    "SubjectBody.useMappedLocalSubject": "Kept, without effect.",
    "SubjectBody.mappedLocalSubjectMandatory": "Kept, without effect.",
    "RoleMappingBody.localRole": "The role here.",
    "RoleMappingBody.applicationRole": "Its own name for the role.",
    "RoleBody.includeUserDomain": "Whether the user store stands before a role.",
    "InboundBody.oidc": "Refused: not spoken.",
    "InboundBody.passiveSts": "Refused: not spoken.",
    "InboundBody.wsTrust": "Refused: not spoken.",
    "InboundBody.custom": "Refused: not spoken.",
    "SamlBody.metadataFile": "Its metadata in base64, instead of `manualConfiguration`.",
    "SamlBody.metadataURL": "Where its metadata are fetched, instead of `manualConfiguration`.",
    "ManualBody.issuer": "Its entity id.",
    "ManualBody.assertionConsumerUrls": "Where Responses may go; a request names one of them, character by character.",
    "ManualBody.serviceProviderQualifier": "Tells applications with one entity id apart (`spEntityID` of the request).",
    "ManualBody.defaultAssertionConsumerUrl": "Where a Response goes if no address is named; empty: the first.",
    "ManualBody.idpEntityIdAlias": "Our entity id towards it; empty: that of the server.",
    "ManualBody.enableAssertionQueryProfile": "`true` is refused.",
    "ManualBody.legacyAlgorithms": "Tolerate SHA-1 for this application alone.",
    "SsoProfileBody.bindings": "Must hold both.",
    "SsoProfileBody.enableSignatureValidationForArtifactBinding": "`true` is refused.",
    "SsoProfileBody.attributeConsumingServiceIndex": "Given by the server; what is written here is left alone.",
    "SsoProfileBody.enableIdpInitiatedSingleSignOn": "Whether a log-in may begin here, without a request.",
    "SsoProfileBody.twoFactorContext": "Tell two factors as `MobileTwoFactorContract` instead of `Password`.",
    "AssertionBody.nameIdFormat": "The format of the NameID.",
    "AssertionBody.audiences": "Audiences beside the entity id.",
    "AssertionBody.recipients": "Recipients beside the address that the Response goes to.",
    "AssertionBody.digestAlgorithm": "Empty: SHA-256.",
    "AssertionBody.keepRawSubject": "Leave the name of a person as it is, whatever the format says.",
    "EncryptionBody.enabled": "Encrypt assertions, to the first certificate.",
    "EncryptionBody.assertionEncryptionAlgorithm": "Empty: AES-256-GCM.",
    "EncryptionBody.keyEncryptionAlgorithm": "Empty: RSA-OAEP.",
    "AttributeProfileBody.enabled": "Attributes may be sent; by itself, only if a request names the index.",
    "AttributeProfileBody.alwaysIncludeAttributesInResponse": "Send them with every log-in. Needs `enabled`.",
    "AttributeProfileBody.nameFormat": "The format of attribute names: basic or uri.",
    "LogoutProfileBody.enabled": "Whether it is told of logouts.",
    "LogoutProfileBody.logoutRequestUrl": "Where our LogoutRequest goes; empty: as the next.",
    "LogoutProfileBody.logoutResponseUrl": "Where our LogoutResponse goes; empty: the default consumer address.",
    "LogoutProfileBody.logoutMethod": "By the server itself, or by the browser with a redirect or a form.",
    "LogoutProfileBody.useSoap": "The server's own call is SOAP instead of a form.",
    "LogoutProfileBody.verifyTls": "Whether the certificate of its TLS is checked in the server's own call.",
    "IdpLogoutBody.enabled": "Whether a logout may begin here.",
    "IdpLogoutBody.returnToUrls": "Where such a logout may lead.",
    "RequestValidationBody.enableSignatureValidation": "Requests must be signed; left out: if there is a certificate.",
    "RequestValidationBody.signatureValidationCertAlias": "Read and left alone: the certificate is given instead.",
    "ResponseSigningBody.enabled": "Sign the Response beside the assertion, which is always signed.",
    "ResponseSigningBody.signingAlgorithm": "Empty: RSA with SHA-256.",
    "SequenceBody.type": "`USER_DEFINED`: the steps count; else a password alone.",
    "SequenceBody.subjectStepId": "The step that says who the person is.",
    "SequenceBody.attributeStepId": "The step whose account the attributes are of.",
    "SequenceBody.requestPathAuthenticators": "Anything here is refused.",
    "SequenceBody.script": "Anything here is refused.",
    "StepBody.id": "1, 2, 3 and so on.",
    "OptionBody.idp": "`LOCAL`, or the name of an identity provider.",
    "OptionBody.authenticator": "One of the authenticators below.",
    "AdvancedBody.saas": "Whether people of every tenant may log in.",
    "AdvancedBody.discoverableByEndUsers": "Kept, without effect.",
    "AdvancedBody.skipLoginConsent": "Kept, without effect.",
    "AdvancedBody.skipLogoutConsent": "Kept, without effect.",
    "AdvancedBody.returnAuthenticatedIdpList": "Kept, without effect.",
    "AdvancedBody.enableAuthorization": "`true` is refused.",
    "AdvancedBody.useExternalConsentPage": "`true` is refused.",
    "CertificateBody.value": "One or several in PEM; any may sign, the first is encrypted to.",
    "CertificateBody.type": "PEM.",
    "ExtraBody.name": "Kept, without effect.",
    "ExtraBody.value": "Kept, without effect.",
    "ExtraBody.displayName": "Kept, without effect.",
    "ProviderBody.name": "How it is called; steps name it so, and `apply` finds it by this.",
    "ProviderBody.description": "For administrators.",
    "ProviderBody.image": "The address of its picture.",
    "ProviderBody.isEnabled": "`false`: no application can log people in by it.",
    "ProviderBody.isPrimary": "Kept.",
    "ProviderBody.isFederationHub": "Kept.",
    "ProviderBody.homeRealmIdentifier": "Kept.",
    "ProviderBody.alias": "Kept.",
    "ProviderBody.idpIssuerName": "Kept.",
    "CertificatesBody.certificates": "What it signs with: base64 of PEM. Kept.",
    "CertificatesBody.jwksUri": "Kept.",
    "ProviderClaimBody.idpClaim": "Its name for a claim.",
    "ProvisionedClaimBody.defaultValue": "Kept.",
    "ProviderRoleBody.idpRole": "Its name for a role.",
    "ProviderRoleBody.localRole": "The role here.",
    "ProviderRolesBody.outboundProvisioningRoles": "Kept.",
    "AuthenticatorsBody.defaultAuthenticatorId": "One of its authenticators, switched on; empty: none.",
    "AuthenticatorBody.authenticatorId": "`SMSOTP`, or its id in base64url.",
    "AuthenticatorBody.name": "Read and left alone.",
    "AuthenticatorBody.isEnabled": "Whether steps can use it.",
    "AuthenticatorBody.isDefault": "The same as `defaultAuthenticatorId`.",
    "PropertyBody.key": "A property, see below.",
    "PropertyBody.value": "Its value as text; empty: none.",
    "JitBody.isEnabled": "Kept.",
    "JitBody.scheme": "Kept.",
    "JitBody.userstore": "Kept.",
    "JitBody.associateLocalUser": "Kept.",
    "JitBody.attributeSyncMethod": "Kept.",
}


def members_of(shape: type[Struct], place: str = "", usual: Struct | None = None) -> Iterator[tuple[str, str, str]]:
    """Yield place, default and effect of every member of a body that holds no further ones; *usual* has the defaults.

    Raises:
        KeyError: nobody has described a member.
    """
    for field in msgspec.structs.fields(shape):
        here = f"{place}.{field.encode_name}" if place else field.encode_name
        inner, many = _struct_within(field.type)
        default = _default(field) if usual is None else getattr(usual, field.name)
        if inner is not None:
            within = default if isinstance(default, inner) else None
            yield from members_of(inner, here + ("[]" if many else ""), within)
        else:
            yield here, _told(default), EFFECTS[f"{shape.__name__}.{field.encode_name}"]


def _struct_within(annotated: Any) -> tuple[type[Struct] | None, bool]:  # noqa: ANN401  # what typing makes of it
    """Return the body that a member holds, one or a list of them."""
    if isinstance(annotated, type) and issubclass(annotated, Struct):
        return annotated, False
    for each in get_args(annotated):
        found, many = _struct_within(each)
        if found is not None:
            return found, many or getattr(annotated, "__origin__", None) is list
    return None, False


def _default(field: msgspec.structs.FieldInfo) -> object:
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return field.default


def _told(value: object) -> str:
    if value is msgspec.NODEFAULT:
        return "must be given"
    if value in (None, "", []) or value is msgspec.UNSET:
        return "none"
    return f"`{msgspec.json.encode(value).decode()}`"
