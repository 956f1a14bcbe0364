"""Which applications use a claim."""

from collections.abc import Sequence

from watchword.accounts.claims import canonical_uri
from watchword.applications.model import Application
from watchword.applications.store import Applications
from watchword.storage.work import Work


def applications_using(work: Work, uri: str) -> Sequence[str]:
    """Return the names of the applications that ask for a claim, or name a person or a role by it."""
    return [each.name for each in Applications(work).all() if uri in _used(each)]


def _used(application: Application) -> set[str]:
    claims = application.claims
    asked = {claims.local(each.name) for each in claims.requested}
    named = {claims.local(claims.subject.claim), claims.local(claims.role.claim)}
    return {canonical_uri(each) for each in asked | named | set(claims.mappings.values())}
