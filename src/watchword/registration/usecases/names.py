"""Tell whether a name may be had (self-registration.md 2.7)."""

from collections.abc import Mapping
from enum import IntEnum

from watchword.accounts.names import split_qualified, tenant_suffixes
from watchword.accounts.usecases.names import check_name, place_name
from watchword.base.kinds import Limit
from watchword.base.problems import NameBlank, RealmUnknown, TooMany, UserExists, UserNameRefused
from watchword.storage.counters import count, seconds_left
from watchword.storage.work import Work
from watchword.tenants.policies import SelfRegistration
from watchword.tenants.usecases import read_policy, tenant_exists


class NameStatus(IntEnum):
    """The answers, as they are numbered on the wire."""

    USABLE = 60000
    TENANT_UNKNOWN = 60001
    TAKEN = 60002
    DISABLED = 60003
    BREAKS_PATTERN = 60004
    REALM_UNKNOWN = 60006


def check_user_name(work: Work, name: str, properties: Mapping[str, str], asked_by: str) -> NameStatus:
    """Tell whether a name may be had, in the order tenant, enabled, taken, pattern, store.

    Raises:
        NameBlank: there is no name.
        TooMany: this caller has asked about too many names.
    """
    if not name.strip():
        raise NameBlank
    count_name_check(work, "name_checks_per_caller", asked_by, work.settings.limits.name_checks_per_caller)
    if _tenant_differs(work, name, properties.get("tenantDomain")):
        return NameStatus.TENANT_UNKNOWN
    skips = properties.get("skipSignUpEnableCheck", "").lower() == "true"
    if not skips and not read_policy(work, SelfRegistration).enabled:
        return NameStatus.DISABLED
    return name_status(work, name, properties.get("realm"))


def name_status(work: Work, name: str, realm: str | None) -> NameStatus:
    """Tell whether a name may be had in a store of this tenant."""
    try:
        check_name(work, place_name(work, name, realm))
    except UserExists:
        return NameStatus.TAKEN
    except UserNameRefused:
        return NameStatus.BREAKS_PATTERN
    except RealmUnknown:
        return NameStatus.REALM_UNKNOWN
    return NameStatus.USABLE


def count_name_check(work: Work, limit_name: str, asked_by: str, limit: Limit) -> None:
    """Count a question whether a name is taken.

    Raises:
        TooMany: the limit of this asker is reached.
    """
    if not count(work, limit_name, asked_by, limit):
        raise TooMany(seconds=seconds_left(work, limit_name, asked_by, limit) or 1)
    work.commit()


def _tenant_differs(work: Work, name: str, stated: str | None) -> bool:
    """Tell whether another tenant than the URL's is named, by a suffix of the name or beside it."""
    _, bare = split_qualified(name)
    if stated and stated.lower() != work.tenant:
        return True
    return any(suffix != work.tenant and tenant_exists(work, suffix) for suffix in tenant_suffixes(bare))
