"""Whose name it is that somebody types to log in (platform.md 2.6)."""

from collections.abc import Sequence

from watchword.accounts.claims import USER_NAME, Channel
from watchword.accounts.model import User
from watchword.accounts.names import split_qualified
from watchword.accounts.store.users import Users
from watchword.accounts.usecases.names import compared_name
from watchword.accounts.usecases.people import fold_claims
from watchword.base.problems import UserNameRefused
from watchword.storage.work import Work
from watchword.tenants.policies import MultiAttributeLogin
from watchword.tenants.usecases import read_policy


def find_login_user(work: Work, typed: str) -> User | None:
    """Return whom somebody named: as ``name`` or ``STORE/name``, each with or without ``@tenant``.

    A plain name is sought in PRIMARY, then in the other stores in the order in which they were made. Where the tenant
    allows it, the value of a claim finds its owner. The same statements run whether or not somebody is found.
    """
    typed = typed.strip()
    users, prefix, canonical = Users(work), split_qualified(typed)[0], guessed_name(work, typed)
    named = users.find_anywhere(canonical) if prefix is None else users.find(prefix, canonical)
    policy = read_policy(work, MultiAttributeLogin)
    if not policy.enabled:
        return named
    uris = [uri for uri in policy.allowed_claims if uri != USER_NAME]
    owners = [_only_one(uri, users.owners_of(uri, _folded(work, uri, typed))) for uri in uris]
    found = {user.id: user for user in (named, *owners) if user is not None}
    return next(iter(found.values())) if len(found) == 1 else None


def guessed_name(work: Work, typed: str) -> str:
    """Return a name as guesses are counted by it, without store and tenant; what can be no name stands for itself."""
    _, bare = split_qualified(typed.strip())
    try:
        return compared_name(work, bare)
    except UserNameRefused:
        return bare


def _only_one(uri: str, owners: Sequence[User]) -> User | None:
    """Return who has a value; of several the one that has proven it, else nobody."""
    if len(owners) > 1:
        owners = [
            each
            for each in owners
            if any(each.is_verified(channel) for channel in Channel if channel.value_claim == uri)
        ]
    return owners[0] if len(owners) == 1 else None


def _folded(work: Work, uri: str, typed: str) -> str:
    return fold_claims(work, {uri: typed}).get(uri) or typed.casefold()
