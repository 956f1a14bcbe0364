"""Values that only one account of a tenant may have (``[watchword.claims] unique``)."""

from collections.abc import Collection, Mapping

from watchword.accounts.store.users import Users
from watchword.accounts.store.values import UniqueValues
from watchword.accounts.usecases.people import fold_claims
from watchword.base.problems import ClaimTaken
from watchword.storage.work import Work


def unique_values(work: Work, claims: Mapping[str, str]) -> dict[str, str]:
    """Return the values among *claims* that must be unique, as they are compared."""
    folded = {uri: value.casefold() for uri, value in claims.items()} | fold_claims(work, claims)
    return {uri: folded[uri] for uri in work.settings.claims.unique if folded.get(uri)}


def refuse_taken(work: Work, claims: Mapping[str, str], *, ignoring: Collection[str] = ()) -> None:
    """Refuse a value that another account has; *ignoring* are the ids of accounts that do not count.

    Raises:
        ClaimTaken
    """
    for uri, folded in unique_values(work, claims).items():
        if set(Users(work).who_has_claim(uri, folded)) - set(ignoring):
            raise ClaimTaken(uri=uri)


def take_values(work: Work, user_id: str, claims: Mapping[str, str]) -> None:
    """Take the unique values among *claims* for a user, in place of those that the user had for the same claims.

    Raises:
        ClaimTaken: somebody else was quicker; the transaction can only be released.
    """
    values = UniqueValues(work)
    values.release(user_id, [uri for uri in work.settings.claims.unique if uri in claims])
    uri = values.claim(user_id, unique_values(work, claims))
    if uri is not None:
        raise ClaimTaken(uri=uri)
