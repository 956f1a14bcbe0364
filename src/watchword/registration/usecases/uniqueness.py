"""Values that only one account may have, refused in the words of the release."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

from watchword.accounts.usecases import uniqueness
from watchword.base.problems import ClaimTaken, ClaimTakenIs7
from watchword.registration.model import PROFILES
from watchword.storage.work import Work


def refuse_taken(work: Work, claims: Mapping[str, str], *, ignoring: Collection[str] = ()) -> None:
    """Refuse a value that another account has; *ignoring* are the ids of accounts that do not count.

    Raises:
        ClaimTaken
    """
    with _in_words_of_release(work):
        uniqueness.refuse_taken(work, claims, ignoring=ignoring)


def take_values(work: Work, user_id: str, claims: Mapping[str, str]) -> None:
    """Take the unique values among *claims* for a user, in place of those that the user had for the same claims.

    Raises:
        ClaimTaken: somebody else was quicker; the transaction can only be released.
    """
    with _in_words_of_release(work):
        uniqueness.take_values(work, user_id, claims)


@contextmanager
def _in_words_of_release(work: Work) -> Iterator[None]:
    try:
        yield
    except ClaimTaken as problem:
        if PROFILES[work.settings.compat_profile].unique_claim_has_own_code:
            raise ClaimTakenIs7(**problem.facts) from problem
        raise
