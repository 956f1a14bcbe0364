"""What an identity provider must be like before it is stored (platform.md 5.3)."""

from collections.abc import Iterator, Mapping

from watchword.accounts.claims import KNOWN_CLAIMS, canonical_uri
from watchword.applications.addresses import why_refused
from watchword.applications.authenticators import SMS_OTP, find_authenticator
from watchword.applications.model import RESERVED_NAMES, IdentityProvider, Property, ProviderAuthenticator
from watchword.base.patterns import check_pattern
from watchword.base.problems import ProviderClaimRefused, ProviderDefaultRefused, ProviderRefused
from watchword.notification.provider_fields import ProviderFields

MAX_NAME = 120
MAX_TEXT = 1024
MAX_VALUE = 4096
MAX_LISTED = 200


def check_provider(provider: IdentityProvider) -> None:
    """Refuse an identity provider whose fields cannot be.

    Raises:
        ProviderRefused: the text begins with the name of the field.
    """
    name = provider.name
    if not name or name != name.strip() or len(name) > MAX_NAME or not name.isprintable():
        raise ProviderRefused(f"name: must be 1 to {MAX_NAME} characters that can be printed.")
    if name.upper() in RESERVED_NAMES:
        raise ProviderRefused(f"name: {name} is reserved.")
    for field, text in (("description", provider.description), ("homeRealmIdentifier", provider.home_realm),
                        ("alias", provider.alias), ("idpIssuerName", provider.issuer_name)):  # fmt: skip
        if len(text) > MAX_TEXT:
            raise ProviderRefused(f"{field}: has more than {MAX_TEXT} characters.")
    for field, url in (("image", provider.image), ("certificate.jwksUri", provider.jwks_uri)):
        if url and (reason := why_refused(url)):
            raise ProviderRefused(f"{field}: {url} {reason}.")
    _check_authenticators(provider)
    _check_claims(provider.claims)


def warnings_about(provider: IdentityProvider) -> list[str]:
    """Return what to tell the administrator who saves this."""
    configured = provider.authenticator(SMS_OTP)
    return [] if configured is None else ProviderFields.read(configured.properties).warnings()


def _check_authenticators(provider: IdentityProvider) -> None:
    names = [each.name for each in provider.authenticators]
    if len(set(names)) != len(names):
        raise ProviderRefused("federatedAuthenticators: an authenticator stands twice.")
    for each in provider.authenticators:
        for reason in _wrong_properties(each):
            raise ProviderRefused(f"federatedAuthenticators: {each.name}: {reason}.")
    if not provider.default_authenticator:
        return
    default = provider.authenticator(provider.default_authenticator)
    if default is None:
        raise ProviderDefaultRefused(
            f"federatedAuthenticators.defaultAuthenticatorId: {provider.default_authenticator} is not configured here."
        )
    if not default.enabled:
        raise ProviderDefaultRefused(
            f"federatedAuthenticators.defaultAuthenticatorId: {provider.default_authenticator} is not enabled."
        )


def _wrong_properties(configured: ProviderAuthenticator) -> Iterator[str]:
    found = find_authenticator(configured.name)
    if found is None or not found.federated:
        yield "there is no such federated authenticator"
        return
    known = {each.key: each for each in found.properties}
    for key, value in configured.properties.items():
        if key not in known:
            yield f"there is no property {key}"
        elif reason := _why_wrong(known[key], value):
            yield f"{key} {reason}"
    for each in found.properties:
        if each.mandatory and configured.enabled and not configured.properties.get(each.key):
            yield f"{each.key} is needed"
    if configured.name == SMS_OTP and configured.properties.get("sms_url"):
        yield from _wrong_call(configured.properties)


def _why_wrong(known: Property, value: str) -> str | None:
    if len(value) > MAX_VALUE or "\0" in value:
        return f"has more than {MAX_VALUE} characters"
    match known.kind if value else "":
        case "boolean":
            return None if value.strip().lower() in {"true", "false"} else "must be true or false"
        case "integer":
            return None if value.strip().isdecimal() else "must be a whole number"
        case "regex":
            return check_pattern(value)
        case "regex list":
            return next(filter(None, (check_pattern(each.strip()) for each in value.split(","))), None)
    return None


def _wrong_call(properties: Mapping[str, str]) -> Iterator[str]:
    """Yield why no message could be sent with these fields; secrets are not repeated."""
    try:
        ProviderFields.read(properties).call()
    except ValueError as problem:
        yield str(problem)


def _check_claims(claims: Mapping[str, object]) -> None:
    for uri in _local_claims(claims):
        if canonical_uri(uri) not in KNOWN_CLAIMS:
            raise ProviderClaimRefused(f"claims: there is no local claim {uri}.")


def _local_claims(claims: Mapping[str, object]) -> Iterator[str]:
    mappings = claims.get("mappings")
    for each in mappings if isinstance(mappings, list) else []:
        yield each["localClaim"]["uri"]
