"""Names: which may be had, and whose they are."""

from collections.abc import Sequence
from dataclasses import replace

from watchword.accounts.model import PRIMARY, User, UserName
from watchword.accounts.names import (
    NameRefused,
    canonical_name,
    is_reserved,
    look_alike_key,
    resembles_reserved,
    skeleton,
    split_qualified,
    tenant_suffixes,
    without_tenant,
)
from watchword.accounts.store.clients import Clients
from watchword.accounts.store.users import Users
from watchword.base.patterns import full_match
from watchword.base.problems import RealmUnknown, UserExists, UserNameRefused
from watchword.storage.work import Work
from watchword.tenants.usecases import tenant_exists


def place_name(
    work: Work, typed: str, realm: str | None, *, ignoring: Sequence[User] = (), by_operator: bool = False
) -> UserName:
    """Take a name apart, and refuse it if somebody has it: steps 1 to 3 of decisions 5.3.

    *ignoring* are accounts that do not count, since this one takes their place. Names that are reserved
    from strangers, such as ``admin``, may be given *by_operator*.

    Raises:
        RealmUnknown, UserNameRefused, UserExists: which of them says the order of the steps.
    """
    prefix, bare = split_qualified(typed)
    given = (realm or "").strip().upper() or None
    if prefix is not None and given is not None and prefix != given:
        raise UserNameRefused(name=typed)
    name = UserName(prefix or given or default_realm(work), bare, compared_name(work, bare))
    if name.realm != PRIMARY and not Users(work).has_realm(name.realm):
        raise RealmUnknown(realm=name.realm)
    reserved = is_reserved(name.canonical, strict=work.settings.registration.strict)
    if (reserved and not by_operator) or is_taken(work, name, ignoring=ignoring):
        raise UserExists(name=bare)
    return replace(name, skeleton=look_alike_key(name.canonical))


def check_name(work: Work, name: UserName, *, ignoring: Sequence[User] = ()) -> None:
    """Refuse a free name that breaks the pattern or looks like another: steps 4 to 6 of decisions 5.3.

    *ignoring* are accounts that do not count, since this one takes their place.

    Raises:
        UserNameRefused: the pattern, another tenant's suffix, mixed scripts.
        UserExists: a name that looks the same is taken.
    """
    if not full_match(work.settings.user_store.username_pattern, name.typed):
        raise UserNameRefused(name=name.typed)
    foreign = [suffix for suffix in tenant_suffixes(name.typed) if suffix != work.tenant]
    if any(tenant_exists(work, suffix) for suffix in foreign):
        raise UserNameRefused(name=name.typed)
    try:
        shape = skeleton(name.canonical)
    except NameRefused as problem:
        raise UserNameRefused(name=name.typed) from problem
    if shape is None or any(user.name.skeleton == shape for user in ignoring):
        return
    if resembles_reserved(shape) or Users(work).has_skeleton(shape):
        raise UserExists(name=name.typed)


def compared_name(work: Work, bare: str) -> str:
    """Return a name as it is compared: ``name@{this tenant}`` and ``name`` are the same account.

    Raises:
        UserNameRefused: no form to compare can be made of it.
    """
    try:
        return canonical_name(without_tenant(bare, work.tenant))
    except NameRefused as problem:
        raise UserNameRefused(name=bare) from problem


def is_taken(work: Work, name: UserName, *, ignoring: Sequence[User] = ()) -> bool:
    """Tell whether a name is somebody's: a user's, a client's, or another account's mail or number."""
    users, ignored = Users(work), {user.id for user in ignoring}
    owner = users.find(name.realm, name.canonical)
    return (
        (owner is not None and owner.id not in ignored)
        or Clients(work).find(name.canonical) is not None
        or users.who_has_address(name.canonical) not in {None, *ignored}
    )


def default_realm(work: Work) -> str:
    """Return the store that a person is put into who names none."""
    del work
    return PRIMARY


def find_user(work: Work, typed: str, realm: str | None = None) -> User | None:
    """Return the user whom somebody named, as ``name``, ``REALM/name`` or ``name@tenant``."""
    prefix, bare = split_qualified(typed)
    given = (realm or "").strip().upper() or None
    if prefix is not None and given is not None and prefix != given:
        return None
    try:
        return Users(work).find(prefix or given or PRIMARY, compared_name(work, bare))
    except UserNameRefused:
        return None
