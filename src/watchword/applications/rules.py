"""What an application must be like before it is stored (platform.md 1.4, 2.3 and 5.1)."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NoReturn

from watchword.accounts.claims import IDENTITY, KNOWN_CLAIMS, canonical_uri
from watchword.accounts.masking import SECRET_CLAIMS
from watchword.applications import algorithms
from watchword.applications.addresses import why_refused
from watchword.applications.authenticators import find_authenticator
from watchword.applications.certificates import can_be_encrypted_to
from watchword.applications.model import (
    BASIC_NAMES,
    LOCAL,
    NAME_ID_FORMATS,
    URI_NAMES,
    Application,
    AuthenticatorKind,
    AuthenticatorType,
    ClaimConfiguration,
    IdentityProvider,
    Option,
    ServiceProvider,
    Step,
)
from watchword.applications.model import (
    Sequence as LoginSequence,
)
from watchword.base.problems import ApplicationRefused

_NAME = re.compile(r"[a-zA-Z0-9._-]+(?: [a-zA-Z0-9._-]+)*", re.ASCII)
MAX_NAME = 255
MAX_DESCRIPTION = 1024
MAX_ISSUER = 1024
MAX_STEPS = 10
MAX_OPTIONS = 20
MAX_LISTED = 100
QUALIFIER_PHRASE = "urn:sp:qualifier"
REQUIRED_BINDINGS = frozenset({"HTTP_POST", "HTTP_REDIRECT"})
NEVER_TOLD = SECRET_CLAIMS | {
    IDENTITY + name for name in ("askPassword", "tenantAdminAskPassword", "adminForcedPasswordReset")
}
"""Claims that no application is told, whoever asks."""

FindProvider = Callable[[str], IdentityProvider | None]
"""Finds an identity provider by its id."""


def check_application(application: Application) -> None:
    """Refuse an application whose own fields cannot be; the sequence is looked at apart.

    Raises:
        ApplicationRefused: the text begins with the name of the field.
    """
    if not _NAME.fullmatch(application.name) or len(application.name) > MAX_NAME:
        _refuse("name", "must be of letters, digits, `.`, `_` and `-`, with single blanks between them")
    if len(application.description) > MAX_DESCRIPTION:
        _refuse("description", f"has more than {MAX_DESCRIPTION} characters")
    for field, url in (
        ("imageUrl", application.image_url),
        ("accessUrl", application.access_url),
        ("logoutReturnUrl", application.logout_return_url),
    ):
        if url:
            _check_url(field, url)
    check_claims(application.claims)
    if application.saml is not None:
        check_service_provider(application.saml)


def doubts_about(application: Application) -> list[str]:
    """Return what to tell the administrator who saves this."""
    doubts, saml = [], application.saml
    if saml is not None and saml.logout.enabled and not saml.logout.request_url:
        where = saml.logout_request_url
        doubts.append(
            f"singleLogoutProfile is enabled without logoutRequestUrl, and {where} is told; give it, or enabled = false"
        )
    if application.advanced.saas and not application.claims.subject.with_tenant:
        doubts.append(
            "advancedConfigurations.saas is on, and people of one name in two tenants are one to this application; "
            "give claimConfiguration.subject.includeTenantDomain = true"
        )
    return doubts


def check_claims(claims: ClaimConfiguration) -> None:
    """Refuse a claim configuration that names what is not there.

    Raises:
        ApplicationRefused
    """
    if len(claims.requested) > MAX_LISTED or len(claims.mappings) > MAX_LISTED:
        _refuse("claimConfiguration", f"has more than {MAX_LISTED} claims")
    _check_unique("claimConfiguration.requestedClaims", [each.name for each in claims.requested])
    for name, local in claims.mappings.items():
        if not name.strip():
            _refuse("claimConfiguration.claimMappings", "has an application claim without a name")
        _check_local_claim("claimConfiguration.claimMappings", local)
    for each in claims.requested:
        if claims.is_custom and each.name not in claims.mappings:
            _refuse("claimConfiguration.requestedClaims", f"{each.name} is not among the claimMappings")
        _check_local_claim("claimConfiguration.requestedClaims", claims.local(each.name))
    _check_local_claim("claimConfiguration.subject.claim", claims.local(claims.subject.claim))


def check_sequence(sequence: LoginSequence, find_provider: FindProvider) -> None:
    """Refuse steps that nobody could take, or that would let somebody in who has proven nothing.

    Raises:
        ApplicationRefused
    """
    field = "authenticationSequence.steps"
    if not 1 <= len(sequence.steps) <= MAX_STEPS:
        _refuse(field, f"must be 1 to {MAX_STEPS}")
    kinds = []
    for number, step in enumerate(sequence.steps, 1):
        if not 1 <= len(step.options) <= MAX_OPTIONS:
            _refuse(field, f"step {number} must have 1 to {MAX_OPTIONS} options")
        if len(set(step.options)) != len(step.options):
            _refuse(field, f"step {number} has an option twice")
        kinds.append([_authenticator(number, option, find_provider) for option in step.options])
    if reason := _why_not_taken(kinds):
        _refuse(field, reason)
    for name, wanted in (("subjectStepId", sequence.subject_step), ("attributeStepId", sequence.attribute_step)):
        if not 1 <= wanted <= len(sequence.steps):
            _refuse(f"authenticationSequence.{name}", f"there is no step {wanted}")


def _why_not_taken(steps: Sequence[Sequence[AuthenticatorType]]) -> str | None:
    """Return why steps of these authenticators let in nobody, or anybody."""
    if not any(each.kind is not AuthenticatorKind.SECOND_FACTOR or each.may_be_first for each in steps[0]):
        return "step 1 needs an option that finds out who a person is, such as BasicAuthenticator of LOCAL"
    if not any(all(each.kind is not AuthenticatorKind.IDENTIFIER for each in step) for step in steps):
        return "no step proves who a person is whichever option is taken"
    return None


def check_service_provider(provider: ServiceProvider) -> None:
    """Refuse a service provider to whom nothing could be sent, or not safely.

    Raises:
        ApplicationRefused
    """
    _check_issuer(provider)
    _check_addresses(provider)
    profile = "singleSignOnProfile"
    if not set(provider.bindings) >= REQUIRED_BINDINGS:
        _refuse(f"{profile}.bindings", "must hold HTTP_POST and HTTP_REDIRECT")
    if unknown := set(provider.bindings) - REQUIRED_BINDINGS:
        _refuse(f"{profile}.bindings", f"{min(unknown)} is not supported")
    if provider.name_id_format not in NAME_ID_FORMATS:
        _refuse(f"{profile}.assertion.nameIdFormat", f"must be one of {', '.join(NAME_ID_FORMATS)}")
    if provider.attribute_name_format not in {BASIC_NAMES, URI_NAMES}:
        _refuse("attributeProfile.nameFormat", f"must be {BASIC_NAMES} or {URI_NAMES}")
    for field, listed in (("audiences", provider.audiences), ("recipients", provider.recipients)):
        _check_listed(f"{profile}.assertion.{field}", listed)
    if provider.verify_requests and not provider.certificates:
        _refuse("requestValidation.enableSignatureValidation", "needs the application's certificate")
    if provider.encryption.enabled and not any(map(can_be_encrypted_to, provider.certificates[:1])):
        _refuse(f"{profile}.assertion.encryption.enabled", "needs the application's certificate, with an RSA key")
    _check_algorithms(provider)


def _check_issuer(provider: ServiceProvider) -> None:
    if not provider.issuer.strip() or provider.issuer != provider.issuer.strip():
        _refuse("issuer", "must not be empty, nor begin or end with a blank")
    if len(provider.issuer) > MAX_ISSUER or not provider.issuer.isprintable():
        _refuse("issuer", f"must be at most {MAX_ISSUER} characters that can be printed")
    for field, text in (("issuer", provider.issuer), ("serviceProviderQualifier", provider.qualifier)):
        if "@" in text or not text.isprintable() or QUALIFIER_PHRASE in text.casefold():
            _refuse(field, f"must not hold `@` or `{QUALIFIER_PHRASE}`")


def _check_addresses(provider: ServiceProvider) -> None:
    _check_listed("assertionConsumerUrls", provider.acs_urls)
    if not provider.acs_urls:
        _refuse("assertionConsumerUrls", "must hold at least one address")
    for url in provider.acs_urls:
        _check_url("assertionConsumerUrls", url)
    if provider.default_acs_url and provider.default_acs_url not in provider.acs_urls:
        _refuse("defaultAssertionConsumerUrl", "must be one of assertionConsumerUrls")
    logout = provider.logout
    _check_listed("singleLogoutProfile.idpInitiatedSingleLogout.returnToUrls", logout.return_to_urls)
    for field, urls in (
        ("logoutRequestUrl", (logout.request_url,)),
        ("logoutResponseUrl", (logout.response_url,)),
        ("idpInitiatedSingleLogout.returnToUrls", logout.return_to_urls),
    ):
        for url in filter(None, urls):
            _check_url(f"singleLogoutProfile.{field}", url)
    for url in provider.recipients:
        _check_url("singleSignOnProfile.assertion.recipients", url)


def _check_algorithms(provider: ServiceProvider) -> None:
    legacy = provider.legacy_algorithms
    encryption = provider.encryption
    profile = "singleSignOnProfile.assertion"
    for field, chosen, allowed, old in (
        ("responseSigning.signingAlgorithm", provider.signature_algorithm, algorithms.SIGNATURES,
         algorithms.LEGACY_SIGNATURES),
        (f"{profile}.digestAlgorithm", provider.digest_algorithm, algorithms.DIGESTS, algorithms.LEGACY_DIGESTS),
        (f"{profile}.encryption.assertionEncryptionAlgorithm", encryption.assertion_algorithm,
         algorithms.ENCRYPTIONS, ()),
        (f"{profile}.encryption.keyEncryptionAlgorithm", encryption.key_algorithm, algorithms.KEY_ENCRYPTIONS, ()),
    ):  # fmt: skip
        if not chosen or chosen in allowed or (legacy and chosen in old):
            continue
        if chosen in old:
            _refuse(field, f"{chosen} is broken: legacyAlgorithms would allow it for this application")
        _refuse(field, f"must be one of {', '.join(allowed)}")


def _authenticator(number: int, option: Option, find_provider: FindProvider) -> AuthenticatorType:
    """Return the authenticator of an option, which must be there and switched on."""
    field = "authenticationSequence.steps"
    found = find_authenticator(option.authenticator)
    if found is None:
        _refuse(field, f"step {number}: there is no authenticator {option.authenticator}")
    if option.idp == LOCAL:
        if found.federated:
            _refuse(field, f"step {number}: {found.name} belongs to an identity provider, not to {LOCAL}")
        return found
    provider = find_provider(option.idp)
    if provider is None:
        _refuse(field, f"step {number}: there is no identity provider {option.idp}")
    if not provider.enabled:
        _refuse(field, f"step {number}: the identity provider {provider.name} is disabled")
    configured = provider.authenticator(found.name)
    if configured is None or not configured.enabled:
        _refuse(field, f"step {number}: {found.name} is not enabled at the identity provider {provider.name}")
    return found


def _check_local_claim(field: str, uri: str) -> None:
    if canonical_uri(uri) not in KNOWN_CLAIMS:
        _refuse(field, f"there is no local claim {uri}")
    if canonical_uri(uri) in NEVER_TOLD:
        _refuse(field, f"{uri} is told to nobody")


def _check_listed(field: str, values: Sequence[str]) -> None:
    if len(values) > MAX_LISTED:
        _refuse(field, f"has more than {MAX_LISTED} entries")
    if any(not value.strip() or not value.isprintable() for value in values):
        _refuse(field, "has an empty entry, or one that cannot be printed")
    _check_unique(field, values)


def _check_unique(field: str, values: Sequence[str]) -> None:
    if len(set(values)) != len(values):
        _refuse(field, f"{next(each for each in values if values.count(each) > 1)} stands twice")


def _check_url(field: str, url: str) -> None:
    if reason := why_refused(url):
        _refuse(field, f"{url} {reason}")


def _refuse(field: str, reason: str) -> NoReturn:
    raise ApplicationRefused(f"{field}: {reason}.")


def steps_without(sequence: LoginSequence, provider_id: str) -> LoginSequence:
    """Return a sequence without the options of an identity provider; a step that loses all of them goes.

    What is left is the default sequence where the rest would let in nobody, or anybody.
    """
    left = [Step(options) for step in sequence.steps if (options := tuple(_others(step, provider_id)))]
    kinds = [[found for each in step.options if (found := find_authenticator(each.authenticator))] for step in left]
    if not left or _why_not_taken(kinds) is not None:
        return LoginSequence()
    number = {old: new for new, old in enumerate(_numbers_kept(sequence, provider_id), 1)}
    subject, attributes = number.get(sequence.subject_step, 1), number.get(sequence.attribute_step, 1)
    return LoginSequence(tuple(left), subject, attributes, is_default=False)


def _others(step: Step, provider_id: str) -> Iterator[Option]:
    return (option for option in step.options if option.idp != provider_id)


def _numbers_kept(sequence: LoginSequence, provider_id: str) -> list[int]:
    return [number for number, step in enumerate(sequence.steps, 1) if any(_others(step, provider_id))]
