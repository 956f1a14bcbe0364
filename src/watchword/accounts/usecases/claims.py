"""The claims that there are: shown, and kept from being changed."""

from collections.abc import Callable, Sequence

from watchword.accounts.dialects import Dialect, ExternalClaim, LocalClaim, dialects_of, find_dialect, find_local
from watchword.base.problems import ClaimStays, NoSuchClaim
from watchword.storage.work import Work

MOST_NAMED = 20

UsersOfClaim = Callable[[Work, str], Sequence[str]]
"""Returns the names of the applications that use a claim; applications stand above accounts."""


def read_local_claim(wanted: str) -> LocalClaim:
    """Return a claim of ours by its id.

    Raises:
        NoSuchClaim
    """
    found = find_local(wanted)
    if found is None:
        raise NoSuchClaim(name=wanted)
    return found


def read_dialect(wanted: str) -> Dialect:
    """Return a dialect beside our own by its id.

    Raises:
        NoSuchClaim
    """
    found = find_dialect(wanted)
    if found is None:
        raise NoSuchClaim(name=wanted)
    return found


def read_external_claim(dialect: Dialect, wanted: str) -> ExternalClaim:
    """Return a claim of another dialect by its id.

    Raises:
        NoSuchClaim
    """
    for claim in dialect.claims:
        if wanted in {claim.id, claim.uri}:
            return claim
    raise NoSuchClaim(name=wanted)


def refuse_change(work: Work, wanted: str, used_by: UsersOfClaim) -> None:
    """Say why a claim of ours can be neither changed nor removed, and what would break.

    Raises:
        ClaimStays, NoSuchClaim
    """
    claim = read_local_claim(wanted)
    uses = _listed("application", used_by(work, claim.uri)) + _listed("dialect", dialects_of(claim.uri))
    users = f" It is used by {' and '.join(uses)}." if uses else ""
    raise ClaimStays(f"The claim {claim.uri} is built in: it can be neither changed nor removed.{users}")


def _listed(kind: str, names: Sequence[str]) -> list[str]:
    """Return some names as a part of a sentence; of very many the first."""
    if not names:
        return []
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return [f"the {kind}{'s' if len(names) > 1 else ''} {', '.join(names[:MOST_NAMED])}{more}"]
