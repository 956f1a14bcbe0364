"""Service providers and identity providers as a WSO2 server writes them, read as documents of ours.

Both come in the form in which its console exports them, which is that of the files under ``repository/conf/identity``.
Where the SAML part of a service provider stands in ``sso-idp-config.xml``, it is taken from there. What cannot be taken
over is told; what would be weaker than it was is refused later, by the rules for every application.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from lxml import etree

from watchword.applications import algorithms
from watchword.applications.authenticators import find_authenticator
from watchword.applications.documents import Document
from watchword.applications.exports import APPLICATION, IDENTITY_PROVIDER
from watchword.applications.model import LOCAL, USERNAME_CLAIM, LogoutMethod
from watchword.base.xml import XmlRefused, parse_xml

MAX_BYTES: Final = 1024 * 1024
SAML: Final = "samlsso"
_METHODS: Final = {
    "HTTPRedirectBinding": LogoutMethod.FRONT_CHANNEL_REDIRECT,
    "HTTPPostBinding": LogoutMethod.FRONT_CHANNEL_POST,
}


class Wso2Refused(ValueError):
    """The file is none of those that are read here; the text says why."""


@dataclass(slots=True)
class Read:
    """A document of ours, and what to tell whoever brought the file."""

    kind: str
    document: Document = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def read_wso2(octets: bytes, sso_config: bytes | None = None) -> Read:
    """Return what a file of a WSO2 server says; *sso_config* is the ``sso-idp-config.xml`` beside it.

    Raises:
        Wso2Refused
    """
    root = _parsed(octets)
    match _name(root):
        case "ServiceProvider":
            return _application(root, sso_config)
        case "IdentityProvider":
            return _identity_provider(root)
        case other:
            raise Wso2Refused(f"it begins with {other}, not with ServiceProvider or IdentityProvider")


def _application(root: etree._Element, sso_config: bytes | None) -> Read:
    read = Read(APPLICATION)
    read.document = {
        "name": _text(root, "ApplicationName", own=True),
        "description": _text(root, "Description", own=True),
        "claimConfiguration": _claims(root),
        "authenticationSequence": _sequence(_child(root, "LocalAndOutBoundAuthenticationConfig")),
        "advancedConfigurations": {
            "saas": _is_true(root, "IsSaaSApp"),
            "returnAuthenticatedIdpList": _is_true(root, "alwaysSendBackAuthenticatedListOfIdPs"),
            "certificate": {"value": _text(root, "CertificateContent")},
        },
    }
    for inbound in _each(root, "InboundAuthenticationRequestConfig"):
        kind, issuer = _text(inbound, "InboundAuthType"), _text(inbound, "InboundAuthKey")
        if kind == SAML:
            saml = _saml(read, inbound, issuer, sso_config)
            read.document["inboundProtocolConfiguration"] = {"saml": {"manualConfiguration": saml}}
        elif issuer:
            read.notes.append(f"inbound protocol {kind} was left out: it is not spoken here")
    return read


def _saml(read: Read, inbound: etree._Element, issuer: str, sso_config: bytes | None) -> Document:
    described = _text(inbound, "inboundConfiguration")
    if described:
        return _exported_saml(read, _parsed(described.encode()))
    if sso_config is not None:
        for each in _each(_parsed(sso_config), "ServiceProvider"):
            if _text(each, "Issuer") == issuer:
                return _configured_saml(read, each)
    raise Wso2Refused(f"the SAML part of {issuer} is neither in the file nor in sso-idp-config.xml two folders up")


def _exported_saml(read: Read, saml: etree._Element) -> Document:
    """Return the SAML part as the console exports it."""
    return {
        "issuer": _text(saml, "issuer"),
        "serviceProviderQualifier": _text(saml, "issuerQualifier"),
        "assertionConsumerUrls": _texts(saml, "assertionConsumerUrl"),
        "defaultAssertionConsumerUrl": _text(saml, "defaultAssertionConsumerUrl"),
        "idpEntityIdAlias": _text(saml, "idpEntityIDAlias"),
        "singleSignOnProfile": {
            "enableIdpInitiatedSingleSignOn": _is_true(saml, "idPInitSSOEnabled"),
            "assertion": _assertion(
                read, _text(saml, "nameIDFormat"), _texts(saml, "requestedAudience"),
                _texts(saml, "requestedRecipient"), _text(saml, "digestAlgorithmURI"),
                encrypted=_is_true(saml, "doEnableEncryptedAssertion"),
            ),
        },
        "attributeProfile": {
            "enabled": _is_true(saml, "enableAttributeProfile"),
            "alwaysIncludeAttributesInResponse": _is_true(saml, "enableAttributesByDefault"),
        },
        "singleLogoutProfile": _logout(
            saml, on="doSingleLogout", front="doFrontChannelLogout", binding="frontChannelLogoutBinding",
            urls=("sloRequestURL", "sloResponseURL"), back=("idPInitSLOEnabled", "idpInitSLOReturnToURL"),
        ),
        "requestValidation": _validation(
            read, _is_true(saml, "doValidateSignatureInRequests"), _text(saml, "certAlias")
        ),
        "responseSigning": _signing(read, _is_true(saml, "doSignResponse"), _text(saml, "signingAlgorithmURI")),
    }  # fmt: skip


def _configured_saml(read: Read, saml: etree._Element) -> Document:
    """Return the SAML part as ``sso-idp-config.xml`` has it."""
    audiences = _texts(saml, "Audience") if _is_true(saml, "EnableAudienceRestriction") else []
    recipients = _texts(saml, "Recipient") if _is_true(saml, "EnableRecipients") else []
    return {
        "issuer": _text(saml, "Issuer"),
        "assertionConsumerUrls": _texts(saml, "AssertionConsumerServiceURL"),
        "defaultAssertionConsumerUrl": _text(saml, "DefaultAssertionConsumerServiceURL"),
        "singleSignOnProfile": {
            "enableIdpInitiatedSingleSignOn": _is_true(saml, "EnableIdPInitiatedSSO"),
            "assertion": _assertion(
                read, _text(saml, "NameIDFormat"), audiences, recipients, _text(saml, "SAMLDefaultDigestAlgorithmURI"),
                encrypted=_is_true(saml, "EncryptAssertion"),
            ),
        },
        "attributeProfile": {
            "enabled": _is_true(saml, "EnableAttributeProfile"),
            "alwaysIncludeAttributesInResponse": _is_true(saml, "IncludeAttributeByDefault"),
        },
        "singleLogoutProfile": _logout(
            saml, on="EnableSingleLogout", front="EnableFrontChannelLogout", binding="FrontChannelLogoutBinding",
            urls=("SLORequestURL", "SLOResponseURL"), back=("EnableIdPInitSLO", "ReturnToURL"),
        ),
        "requestValidation": _validation(read, _is_true(saml, "ValidateSignatures"), _text(saml, "CertAlias")),
        "responseSigning": _signing(
            read, _is_true(saml, "SignResponse"), _text(saml, "SAMLDefaultSigningAlgorithmURI")
        ),
    }  # fmt: skip


def _assertion(
    read: Read, name_id: str, audiences: list[str], recipients: list[str], digest: str, *, encrypted: bool
) -> Document:
    known = _known(read, digest, algorithms.DIGESTS)
    found = {"audiences": audiences, "recipients": recipients, "digestAlgorithm": known,
             "encryption": {"enabled": encrypted}}  # fmt: skip
    return {**found, "nameIdFormat": name_id} if name_id else found


def _logout(
    saml: etree._Element, *, on: str, front: str, binding: str, urls: tuple[str, str], back: tuple[str, str]
) -> Document:
    method = _METHODS.get(_text(saml, binding), LogoutMethod.FRONT_CHANNEL_REDIRECT)
    return {
        "enabled": _is_true(saml, on),
        "logoutRequestUrl": _text(saml, urls[0]),
        "logoutResponseUrl": _text(saml, urls[1]),
        "logoutMethod": (method if _is_true(saml, front) else LogoutMethod.BACK_CHANNEL).value,
        "idpInitiatedSingleLogout": {"enabled": _is_true(saml, back[0]), "returnToUrls": _texts(saml, back[1])},
    }


def _validation(read: Read, wanted: bool, alias: str) -> Document:  # noqa: FBT001  # as it stands in the file
    """Return whether requests must be signed; the certificate is in a keystore, under its alias."""
    certificate = read.document["advancedConfigurations"]["certificate"]["value"]
    if wanted and not certificate:
        read.notes.append(
            f"signed requests are not required, since the certificate `{alias}` is in the keystore: put it into"
            " advancedConfigurations.certificate, and they are"
        )
    return {"enableSignatureValidation": wanted and bool(certificate)}


def _signing(read: Read, enabled: bool, algorithm: str) -> Document:  # noqa: FBT001  # as it stands in the file
    return {"enabled": enabled, "signingAlgorithm": _known(read, algorithm, algorithms.SIGNATURES)}


def _known(read: Read, algorithm: str, allowed: tuple[str, ...]) -> str:
    if algorithm and algorithm not in allowed:
        told = f"{algorithm} is not used, but {allowed[0]}: legacyAlgorithms would allow SHA-1"
        read.notes += [told] if told not in read.notes else []
        return ""
    return algorithm


def _claims(root: etree._Element) -> Document:
    config = _child(root, "ClaimConfig")
    steps = _child(root, "LocalAndOutBoundAuthenticationConfig")
    mappings = [
        (_text(_child(each, "RemoteClaim"), "ClaimUri"), _text(_child(each, "LocalClaim"), "ClaimUri"), each)
        for each in _each(config, "ClaimMapping")
    ]
    is_local = _text(config, "LocalClaimDialect") != "false"
    roles = [
        {"localRole": _text(each, "LocalRoleName"), "applicationRole": _text(each, "RemoteRole")}
        for each in _each(_child(root, "PermissionAndRoleConfig"), "RoleMapping")
    ]
    role: Document = {"mappings": roles, "includeUserDomain": _text(steps, "UseUserstoreDomainInRoles") != "false"}
    if uri := _text(config, "RoleClaimURI"):
        role["claim"] = {"uri": uri}
    return {
        "dialect": "LOCAL" if is_local else "CUSTOM",
        "claimMappings": [] if is_local else [
            {"applicationClaim": remote, "localClaim": {"uri": local}} for remote, local, _ in mappings
        ],
        "requestedClaims": [
            {"claim": {"uri": local if is_local else remote}, "mandatory": _is_true(each, "MandatoryClaim")}
            for remote, local, each in mappings if _is_true(each, "RequestClaim")
        ],
        "subject": {
            "claim": {"uri": _text(steps, "subjectClaimUri") or USERNAME_CLAIM},
            "includeUserDomain": _is_true(steps, "UseUserstoreDomainInUsername"),
            "includeTenantDomain": _is_true(steps, "UseTenantDomainInUsername"),
            "useMappedLocalSubject": _is_true(config, "AlwaysSendMappedLocalSubjectId"),
        },
        "role": role,
    }  # fmt: skip


def _sequence(config: etree._Element | None) -> Document:
    """Return the steps of logging in; the type says whether they count."""
    steps = sorted(_each(config, "AuthenticationStep"), key=lambda each: _text(each, "StepOrder").rjust(4))
    if _text(config, "AuthenticationType") == "default" or not steps:
        return {"type": "DEFAULT"}
    numbered = list(enumerate(steps, 1))
    return {
        "type": "USER_DEFINED",
        "steps": [{"id": number, "options": list(_options(each))} for number, each in numbered],
        "subjectStepId": next((number for number, each in numbered if _is_true(each, "SubjectStep")), 1),
        "attributeStepId": next((number for number, each in numbered if _is_true(each, "AttributeStep")), 1),
    }


def _options(step: etree._Element) -> Iterator[Document]:
    for each in _each(step, "LocalAuthenticatorConfig"):
        yield {"idp": LOCAL, "authenticator": _text(each, "Name")}
    for provider in _each(step, "IdentityProvider"):
        name = _text(provider, "IdentityProviderName")
        for authenticator in dict.fromkeys(
            _text(one, "Name") for one in _each(provider, "FederatedAuthenticatorConfig")
        ):
            yield {"idp": name, "authenticator": authenticator}


def _identity_provider(root: etree._Element) -> Read:
    read = Read(IDENTITY_PROVIDER)
    configured: dict[str, Any] = {}
    for each in _each(root, "FederatedAuthenticatorConfig"):
        name = _text(each, "Name")
        found = find_authenticator(name)
        if found is None or not found.federated:
            read.notes.append(f"the authenticator {name} was left out: there is none of that name here")
            continue
        known = {one.key for one in found.properties}
        given = {_text(one, "Name"): _text(one, "Value") for one in _each(each, "Property")}
        read.notes += [
            f"the property {key} of {name} was left out: it has no effect" for key in sorted(given.keys() - known)
        ]
        pairs = [{"key": key, "value": value} for key, value in given.items() if key in known and value]
        earlier = configured.get(name, {"isEnabled": False, "properties": []})
        configured[name] = {
            "authenticatorId": name, "isEnabled": _is_true(each, "IsEnabled") or earlier["isEnabled"],
            "properties": pairs or earlier["properties"],
        }  # fmt: skip
    default = _text(_child(root, "DefaultAuthenticatorConfig"), "Name")
    certificate = _text(root, "Certificate", own=True)
    read.document = {
        "name": _text(root, "IdentityProviderName", own=True),
        "description": _text(root, "IdentityProviderDescription", own=True),
        "isEnabled": _text(root, "IsEnabled", own=True) != "false",
        "isPrimary": _is_true(root, "IsPrimary"),
        "isFederationHub": _is_true(root, "IsFederationHub"),
        "homeRealmIdentifier": _text(root, "HomeRealmId", own=True),
        "alias": _text(root, "Alias", own=True),
        "certificate": {"certificates": [certificate] if certificate else []},
        "federatedAuthenticators": {
            "defaultAuthenticatorId": default if default in configured else "",
            "authenticators": list(configured.values()),
        },
    }
    return read


def _parsed(octets: bytes) -> etree._Element:
    try:
        return parse_xml(octets.strip(), most_bytes=MAX_BYTES)
    except XmlRefused as problem:
        raise Wso2Refused(f"it cannot be read: {problem}") from problem


def _name(element: etree._Element) -> str:
    return etree.QName(element).localname


def _each(element: etree._Element | None, name: str) -> Iterator[etree._Element]:
    """Yield what is called so, anywhere below an element; the files differ in whether they have namespaces."""
    return iter(()) if element is None else (each for each in element.iterdescendants() if _name(each) == name)


def _child(element: etree._Element | None, name: str) -> etree._Element | None:
    return None if element is None else next((each for each in element if _name(each) == name), None)


def _text(element: etree._Element | None, name: str, *, own: bool = False) -> str:
    """Return the text of what is called so; *own* looks at the element's own members alone."""
    found = _child(element, name) if own else next(_each(element, name), None)
    return "" if found is None else "".join(str(each) for each in found.itertext()).strip()


def _texts(element: etree._Element, name: str) -> list[str]:
    texts = ("".join(str(each) for each in found.itertext()).strip() for found in _each(element, name))
    return list(dict.fromkeys(text for text in texts if text))


def _is_true(element: etree._Element | None, name: str) -> bool:
    return _text(element, name).lower() == "true"
