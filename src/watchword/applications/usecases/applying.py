"""Bring an application or an identity provider to where a document wants it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from watchword.applications.differences import Difference, Sides, additions, differences
from watchword.applications.documents import Document, document_of
from watchword.applications.exports import (
    APPLICATION,
    IDENTITY_PROVIDER,
    export_application,
    export_provider,
    usual_application,
    usual_provider,
)
from watchword.applications.model import Application, IdentityProvider
from watchword.applications.provider_bodies import ProviderBody
from watchword.applications.provider_rules import check_provider, warnings_about
from watchword.applications.rules import doubts_about
from watchword.applications.store import Applications, IdentityProviders
from watchword.applications.usecases.applications import (
    change_application,
    check_settled,
    create_application,
    settle,
    with_names,
)
from watchword.applications.usecases.providers import change_provider, check_change, create_provider, opened
from watchword.storage.work import Work


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a document, or would."""

    kind: str
    name: str
    id: str | None
    """Of what is there; ``None`` while it is not."""
    outcome: str
    """``created``, ``changed`` or ``unchanged``."""
    differences: Sequence[Difference] = ()
    warnings: Sequence[str] = ()
    provider: IdentityProvider | None = None
    """The identity provider that would be there, for the applications that are told after it."""


def apply_application(
    work: Work, draft: Application, *, only_tell: bool = False, planned: Sequence[IdentityProvider] = ()
) -> Applied:
    """Make an application, or change the one of its name, to be as *draft* says.

    *only_tell* changes nothing, and refuses all that would be refused; *planned* are the identity providers that would
    be there by then.

    Raises:
        ApplicationRefused, IssuerTaken, ChangedMeanwhile
    """
    before = Applications(work).find(draft.name)
    wanted = replace(settle(work, draft, before), id=before.id if before is not None else "")
    check_settled(work, wanted, before, planned)
    new = Sides.plain(_document(work, wanted))
    if before is None:
        found = additions(Sides.plain(usual_application()), new)
    else:
        found = differences(Sides.plain(_document(work, before)), new)
    made = before
    if found and not only_tell:
        made = create_application(work, draft) if before is None else change_application(work, before, draft)
    identity, outcome = made.id if made else None, _outcome(before is None, found)
    return Applied(APPLICATION, draft.name, identity, outcome, found, doubts_about(wanted))


def apply_provider(work: Work, draft: IdentityProvider, *, only_tell: bool = False, force: bool = False) -> Applied:
    """Make an identity provider, or change the one of its name, to be as *draft* says; *only_tell* changes nothing.

    Secrets that *draft* masks stay, while they go where they went. *force* switches off even what applications use.

    Raises:
        ProviderRefused, ProviderInUse, ChangedMeanwhile
    """
    before = IdentityProviders(work).find(draft.name)
    wanted = opened(before, draft, keeps_unsaid=False)
    wanted = replace(wanted, id=before.id if before is not None else "")
    if before is None:
        check_provider(wanted)
        found = additions(Sides.plain(usual_provider()), _sides(wanted))
    else:
        check_change(work, before, wanted, force=force)
        found = differences(_sides(before), _sides(wanted))
    made = before
    if found and not only_tell:
        if before is None:
            made = create_provider(work, draft)
        else:
            made = change_provider(work, before, draft, force=force, keeps_unsaid=False)
    identity = made.id if made else None
    outcome = _outcome(before is None, found)
    return Applied(IDENTITY_PROVIDER, draft.name, identity, outcome, found, warnings_about(wanted), wanted)


def _outcome(is_new: bool, found: Sequence[Difference]) -> str:  # noqa: FBT001  # it reads as what it is
    return "created" if is_new else "changed" if found else "unchanged"


def _document(work: Work, application: Application) -> Document:
    return _compared(export_application(with_names(work, [application])[0]))


def _sides(provider: IdentityProvider) -> Sides:
    ordered = replace(provider, authenticators=tuple(
        replace(each, properties=dict(sorted(each.properties.items()))) for each in provider.authenticators
    ))  # fmt: skip
    return Sides(_compared(document_of(ProviderBody.of(ordered))), _compared(export_provider(ordered)))


def _compared(document: Mapping[str, Any]) -> Document:
    """Return what of a document is compared: not what it is of."""
    return {name: value for name, value in document.items() if name != "kind"}
