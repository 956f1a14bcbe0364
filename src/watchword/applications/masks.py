"""Secrets among the properties of identity providers: what is shown in their place, and what a mask means coming back.

A property that is confidential as a whole is shown as the mask. In an address or a payload only the values are masked
whose names say that they are secrets, so that the rest can be read and changed.
"""

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from watchword.applications.authenticators import find_authenticator
from watchword.applications.model import AuthenticatorType, IdentityProvider, Property, ProviderAuthenticator
from watchword.base.masking import MASK, mask_named


class MaskRefused(ValueError):
    """A mask stands where no secret is known; the argument is the key of the property."""


def masked(provider: IdentityProvider) -> IdentityProvider:
    """Return an identity provider as it may be shown."""
    return replace(provider, authenticators=tuple(masked_authenticator(each) for each in provider.authenticators))


def masked_authenticator(authenticator: ProviderAuthenticator) -> ProviderAuthenticator:
    """Return an authenticator as it may be shown."""
    known = _properties(find_authenticator(authenticator.name))
    shown = {key: _shown(known.get(key), value) for key, value in authenticator.properties.items()}
    return replace(authenticator, properties=shown)


def unmasked(
    before: IdentityProvider | None, wanted: IdentityProvider, *, keeps_unsaid: bool = True
) -> IdentityProvider:
    """Return what is *wanted* with the secrets of *before* where it holds their masks.

    With *keeps_unsaid* a secret that it does not speak of is kept as well. No secret follows to another address than
    the one that it is for.

    Raises:
        MaskRefused
    """
    opened = [
        _unmasked(before.authenticator(each.name) if before is not None else None, each, keeps_unsaid=keeps_unsaid)
        for each in wanted.authenticators
    ]
    return replace(wanted, authenticators=tuple(opened))


def _unmasked(
    before: ProviderAuthenticator | None, wanted: ProviderAuthenticator, *, keeps_unsaid: bool
) -> ProviderAuthenticator:
    known = _properties(find_authenticator(wanted.name))
    stored: Mapping[str, str] = before.properties if before is not None else {}
    if _origin(stored) != _origin(wanted.properties):
        stored = {}
    opened = {key: value for key, value in stored.items() if keeps_unsaid and key in known and known[key].confidential}
    for key, value in wanted.properties.items():
        kept = stored.get(key, "")
        opened[key] = kept if kept and value == _shown(known.get(key), kept) else value
        if MASK in opened[key] and opened[key] != kept:
            raise MaskRefused(key)
    return replace(wanted, properties={key: value for key, value in opened.items() if value})


def _shown(known: Property | None, value: str) -> str:
    if known is not None and known.confidential:
        return MASK if value else ""
    if known is not None and known.holds_secrets:
        return mask_named(value)
    return value


def _origin(properties: Mapping[str, str]) -> str:
    """Return where the secrets of an authenticator are sent: scheme, host and port of its address."""
    try:
        parts = urlsplit(properties.get("sms_url", "").strip())
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}".lower()


def _properties(authenticator: AuthenticatorType | None) -> dict[str, Property]:
    return {} if authenticator is None else {each.key: each for each in authenticator.properties}
