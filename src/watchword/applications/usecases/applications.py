"""Applications: make, read, change and remove them."""

from collections.abc import Sequence
from dataclasses import replace

from watchword.accounts.store.users import Users
from watchword.applications.certificates import read_certificates
from watchword.applications.model import (
    LOCAL,
    Application,
    IdentityProvider,
    Option,
    RequestedClaim,
    ServiceProvider,
    Step,
)
from watchword.applications.model import Sequence as LoginSequence
from watchword.applications.rules import check_application, check_sequence
from watchword.applications.store import Applications, IdentityProviders
from watchword.base.entropy import random_uuid
from watchword.base.problems import ApplicationExists, ApplicationUnknown, InboundUnknown, IssuerTaken
from watchword.storage.audit import note
from watchword.storage.work import Work

MAX_INDEX = 2**31 - 1


def create_application(work: Work, draft: Application, creator_id: str | None = None) -> Application:
    """Store a new application, and return it with its id; its creator gets its role.

    The steps of *draft* name identity providers by name or id.

    Raises:
        ApplicationRefused: a field cannot be what it is.
        ApplicationExists, IssuerTaken
    """
    settled = settle(work, with_metadata(draft), None)
    application = replace(settled, id=random_uuid(work.entropy), created_at=work.now, modified_at=work.now, version=1)
    check_settled(work, application, None)
    Applications(work).add(application)
    if creator_id is not None:
        Users(work).give_role(creator_id, application.role)
    note(work, "create_application", application.id)
    work.commit()
    return application


def read_application(work: Work, application_id: str) -> Application:
    """Return an application as it is now.

    Raises:
        ApplicationUnknown
    """
    found = Applications(work).fresh(application_id)
    if found is None:
        raise ApplicationUnknown(name=application_id)
    return found


def find_application(work: Work, name: str) -> Application:
    """Return the application of a name, or of an id.

    Raises:
        ApplicationUnknown
    """
    found = Applications(work).find(name) or Applications(work).fresh(name)
    if found is None:
        raise ApplicationUnknown(name=name)
    return found


def change_application(work: Work, before: Application, wanted: Application) -> Application:
    """Store what an application is to be instead of what it was *before*, and return it.

    Raises:
        ApplicationRefused: a field cannot be what it is.
        ApplicationExists, IssuerTaken
        ChangedMeanwhile: it is no longer as it was before.
    """
    settled = settle(work, replace(wanted, id=before.id), before)
    check_settled(work, settled, before)
    changed = Applications(work).replace(before, replace(settled, modified_at=work.now))
    if changed.role != before.role:
        Users(work).rename_role(before.role, changed.role)
    note(work, "change_application", changed.id)
    work.commit()
    return changed


def put_service_provider(
    work: Work, application_id: str, provider: ServiceProvider, requested: Sequence[RequestedClaim] = ()
) -> tuple[Application, bool]:
    """Give an application its SAML service provider, and tell whether it had none.

    What comes with it in metadata becomes the application's: certificates, and the claims that are *requested* if
    the application has not said which it wants.

    Raises:
        ApplicationUnknown, ApplicationRefused, IssuerTaken, ChangedMeanwhile
    """
    before = read_application(work, application_id)
    wanted = with_metadata(replace(before, saml=provider), requested)
    changed = change_application(work, before, wanted)
    return changed, before.saml is None


def with_metadata(application: Application, requested: Sequence[RequestedClaim] = ()) -> Application:
    """Return an application that has taken over what its service provider's metadata brought."""
    brought = "".join(application.saml.certificates) if application.saml is not None else ""
    claims = application.claims
    if requested and not claims.requested and not claims.is_custom:
        claims = replace(claims, requested=tuple(requested))
    return replace(application, certificate=brought or application.certificate, claims=claims)


def remove_service_provider(work: Work, application_id: str) -> None:
    """Take its SAML service provider away from an application.

    Raises:
        ApplicationUnknown, InboundUnknown, ChangedMeanwhile
    """
    before = read_application(work, application_id)
    if before.saml is None:
        raise InboundUnknown(name="saml")
    change_application(work, before, replace(before, saml=None))


def delete_application(work: Work, application_id: str) -> None:
    """Remove an application with its role.

    Raises:
        ApplicationUnknown
    """
    application = read_application(work, application_id)
    Applications(work).delete(application)
    Users(work).remove_role(application.role)
    note(work, "delete_application", application.id)
    work.commit()


def with_names(work: Work, applications: Sequence[Application]) -> list[Application]:
    """Return applications whose steps name identity providers as people do."""
    names = {each.id: each.name for each in IdentityProviders(work).all()}

    def named(option: Option) -> Option:
        return Option(names.get(option.idp, option.idp), option.authenticator)

    return [
        replace(each, sequence=_each_option(each.sequence, {one: named(one) for one in each.sequence.options()}))
        for each in applications
    ]


def settle(work: Work, draft: Application, before: Application | None) -> Application:
    """Return what is meant: providers by ids, certificates, the index of attributes, and off what something else is."""
    sequence = LoginSequence() if draft.sequence.is_default else _with_ids(work, draft.sequence)
    saml = draft.saml
    if saml is not None:
        certificates = read_certificates(draft.certificate) if draft.certificate else ()
        earlier = before.saml.attribute_index if before is not None and before.saml is not None else None
        index = saml.attribute_index or earlier
        on = saml.attribute_profile
        saml = replace(
            saml,
            certificates=certificates,
            attribute_index=(index or _random_index(work)) if on else None,
            always_include_attributes=on and saml.always_include_attributes,
        )
    return replace(draft, sequence=sequence, saml=saml)


def _with_ids(work: Work, sequence: LoginSequence) -> LoginSequence:
    providers = IdentityProviders(work)
    ids = {}
    for option in sequence.options():
        found = None if option.idp == LOCAL else providers.find(option.idp) or providers.fresh(option.idp)
        ids[option] = option if found is None else Option(found.id, option.authenticator)
    return _each_option(sequence, ids)


def _each_option(sequence: LoginSequence, fresh: dict[Option, Option]) -> LoginSequence:
    steps = tuple(Step(tuple(fresh[option] for option in step.options)) for step in sequence.steps)
    return replace(sequence, steps=steps)


def _random_index(work: Work) -> int:
    return int.from_bytes(work.entropy.octets(4), "big") % MAX_INDEX + 1


def check_settled(
    work: Work, application: Application, before: Application | None, planned: Sequence[IdentityProvider] = ()
) -> None:
    """Refuse an application that cannot be stored; identity providers that are *planned* count as stored.

    Raises:
        ApplicationRefused, ApplicationExists, IssuerTaken
    """
    check_application(application)
    if before is None or application.sequence != before.sequence:
        soon = {key: each for each in planned for key in (each.id, each.name)}
        check_sequence(application.sequence, lambda idp: soon.get(idp) or IdentityProviders(work).fresh(idp))
    applications = Applications(work)
    namesake = applications.find(application.name)
    if namesake is not None and namesake.id != application.id:
        raise ApplicationExists(name=application.name)
    if application.saml is not None:
        owner = applications.with_issuer(application.saml.issuer, application.saml.qualifier)
        if owner is not None and owner.id != application.id:
            raise IssuerTaken(issuer=application.saml.issuer, name=owner.name)
