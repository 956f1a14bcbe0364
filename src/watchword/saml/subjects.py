"""How somebody is named to a service provider, in the format that it asks for (platform.md 1.5 step 11, 1.7)."""

from typing import Final

from watchword.accounts.claims import EMAIL_ADDRESS as EMAIL_CLAIM
from watchword.accounts.claims import Channel
from watchword.accounts.model import User
from watchword.applications.model import (
    EMAIL_ADDRESS,
    NAME_ID_FORMATS,
    PERSISTENT,
    TRANSIENT,
    UNSPECIFIED,
    Application,
    ServiceProvider,
)
from watchword.applications.release import subject_of
from watchword.login.model import Person
from watchword.saml.model import NameId, Refused
from watchword.saml.names import AUTHN_FAILED, INVALID_NAME_ID_POLICY, REQUESTER, RESPONDER
from watchword.storage.work import Work

TRANSIENT_BYTES: Final = 20


def format_for(provider: ServiceProvider, asked: str) -> str:
    """Return the format of a name: the one that is asked for, else the service provider's own.

    Raises:
        Refused: nobody can be named so here.
    """
    if asked in {"", UNSPECIFIED}:
        return provider.name_id_format
    if asked not in NAME_ID_FORMATS:
        raise Refused("the format of the NameID is not known here", REQUESTER, INVALID_NAME_ID_POLICY)
    return asked


def plain_name(application: Application, person: Person, user: User | None) -> str:
    """Return the name that the application's own rule gives a person, whatever the format says."""
    return person.name if user is None else subject_of(application, user, person.tenant)


def name_for(
    work: Work, application: Application, provider: ServiceProvider, chosen: str, person: Person, user: User | None
) -> NameId:
    """Return the name of a person in a format.

    Raises:
        Refused: the person has no such name.
    """
    value = plain_name(application, person, user)
    if not provider.keeps_raw_subject:
        if chosen == EMAIL_ADDRESS:
            value = (user.claims.get(EMAIL_CLAIM, "") if user is not None else "").strip()
            if not value:
                raise Refused("the person has no mail address", REQUESTER, INVALID_NAME_ID_POLICY)
            if work.settings.security_profile == "recommended" and not (user and user.is_verified(Channel.EMAIL)):
                raise Refused("the mail address of the person is not verified", REQUESTER, INVALID_NAME_ID_POLICY)
        elif chosen == PERSISTENT:
            value = work.keys.digest("saml persistent", work.tenant, _key(person), entity_of(provider))
        elif chosen == TRANSIENT:
            value = f"_{work.entropy.octets(TRANSIENT_BYTES).hex()}"
    if not value.strip():
        raise Refused("the person has no name for this application", RESPONDER, AUTHN_FAILED)
    return NameId(value, chosen)


def entity_of(provider: ServiceProvider) -> str:
    """Return what a service provider is told apart by."""
    return f"{provider.issuer}:{provider.qualifier}" if provider.qualifier else provider.issuer


def _key(person: Person) -> str:
    """Return what stays the same of a person when the name changes."""
    return person.user_id or f"{person.provider_id}/{person.name}"
