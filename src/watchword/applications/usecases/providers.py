"""Identity providers: make, read, change and remove them."""

from collections.abc import Sequence
from dataclasses import replace

from watchword.applications.masks import MaskRefused, unmasked
from watchword.applications.model import Application, IdentityProvider
from watchword.applications.provider_rules import check_provider
from watchword.applications.rules import steps_without
from watchword.applications.store import Applications, IdentityProviders
from watchword.base.entropy import random_uuid
from watchword.base.problems import ProviderExists, ProviderInUse, ProviderRefused, ProviderUnknown
from watchword.storage.audit import note
from watchword.storage.work import Work


def create_provider(work: Work, draft: IdentityProvider) -> IdentityProvider:
    """Store a new identity provider, and return it with its id.

    Raises:
        ProviderRefused: a field cannot be what it is.
        ProviderExists
    """
    provider = replace(
        opened(None, draft), id=random_uuid(work.entropy), created_at=work.now, modified_at=work.now, version=1
    )
    _check(work, provider)
    IdentityProviders(work).add(provider)
    note(work, "create_identity_provider", provider.id)
    work.commit()
    return provider


def read_provider(work: Work, provider_id: str) -> IdentityProvider:
    """Return an identity provider as it is now, with its secrets.

    Raises:
        ProviderUnknown
    """
    found = IdentityProviders(work).fresh(provider_id)
    if found is None:
        raise ProviderUnknown(name=provider_id)
    return found


def find_provider(work: Work, name: str) -> IdentityProvider:
    """Return the identity provider of a name, or of an id, with its secrets.

    Raises:
        ProviderUnknown
    """
    found = IdentityProviders(work).find(name) or IdentityProviders(work).fresh(name)
    if found is None:
        raise ProviderUnknown(name=name)
    return found


def change_provider(
    work: Work, before: IdentityProvider, wanted: IdentityProvider, *, force: bool = False, keeps_unsaid: bool = True
) -> IdentityProvider:
    """Store what an identity provider is to be instead of what it was *before*, and return it.

    A mask in a confidential property stands for the secret of *before*; with *keeps_unsaid*, so does its absence.
    Whatever applications log people in by is only switched off by *force*; their logins then fail.

    Raises:
        ProviderRefused: a field cannot be what it is.
        ProviderExists
        ProviderInUse: something would be switched off that applications use.
        ChangedMeanwhile: it is no longer as it was before.
    """
    provider = opened(before, replace(wanted, id=before.id), keeps_unsaid=keeps_unsaid)
    check_change(work, before, provider, force=force)
    changed = IdentityProviders(work).replace(before, replace(provider, modified_at=work.now))
    note(work, "change_identity_provider", changed.id)
    work.commit()
    return changed


def check_change(work: Work, before: IdentityProvider, provider: IdentityProvider, *, force: bool) -> None:
    """Refuse what an identity provider cannot become.

    Raises:
        ProviderRefused, ProviderExists, ProviderInUse
    """
    _check(work, provider)
    lost = _usable(before) - _usable(provider)
    users = [each for each in connected_applications(work, before.id) if lost & _authenticators_of(each, before.id)]
    if users and not force:
        raise ProviderInUse(before.name, _names(users))


def delete_provider(work: Work, provider_id: str, *, force: bool = False) -> None:
    """Remove an identity provider; *force* takes it out of the steps of the applications that use it.

    Raises:
        ProviderUnknown, ProviderInUse
    """
    provider = read_provider(work, provider_id)
    users = connected_applications(work, provider_id)
    if users and not force:
        raise ProviderInUse(provider.name, _names(users))
    for each in users:
        fresh = replace(each, sequence=steps_without(each.sequence, provider_id), modified_at=work.now)
        Applications(work).replace(each, fresh)
        note(work, "change_application", each.id, reason="its identity provider was deleted")
    IdentityProviders(work).delete(provider)
    note(work, "delete_identity_provider", provider.id)
    work.commit()


def connected_applications(work: Work, provider_id: str) -> Sequence[Application]:
    """Return the applications that log people in by an identity provider."""
    return [each for each in Applications(work).all() if _authenticators_of(each, provider_id)]


def _authenticators_of(application: Application, provider_id: str) -> frozenset[str]:
    options = application.sequence.options()
    return frozenset(option.authenticator for option in options if option.idp == provider_id)


def _usable(provider: IdentityProvider) -> frozenset[str]:
    return frozenset(each.name for each in provider.authenticators if each.enabled and provider.enabled)


def _names(users: Sequence[Application]) -> str:
    return ", ".join(each.name for each in users)


def opened(before: IdentityProvider | None, wanted: IdentityProvider, *, keeps_unsaid: bool = True) -> IdentityProvider:
    """Return what is *wanted* with the secrets of *before* that it masks, or with *keeps_unsaid* leaves out.

    Raises:
        ProviderRefused: a mask stands where no secret is stored, or for one of another address.
    """
    try:
        return unmasked(before, wanted, keeps_unsaid=keeps_unsaid)
    except MaskRefused as problem:
        raise ProviderRefused(
            f"{problem}: the mask stands where no secret is stored for this address; give the value itself."
        ) from None


def _check(work: Work, provider: IdentityProvider) -> None:
    check_provider(provider)
    namesake = IdentityProviders(work).find(provider.name)
    if namesake is not None and namesake.id != provider.id:
        raise ProviderExists(name=provider.name)
