"""The life of a tenant: made with its owners, switched off and on, removed.

Its owners are its administrators. They are users, of whom this slice knows nothing, so a slice above it brings them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from watchword.base.problems import OwnerUnknown, SuperTenantStays
from watchword.storage import audit
from watchword.storage.work import Work
from watchword.tenants.model import Tenant
from watchword.tenants.store import Tenants
from watchword.tenants.usecases import forget_tenant, new_tenant, read_tenant
from watchword.web.model import SUPER_TENANT


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerDraft:
    """Somebody who is to own a tenant."""

    name: str
    password: str = field(repr=False)
    claims: Mapping[str, str] = field(default_factory=dict)
    """Facts about the person, by URI."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Somebody who owns a tenant."""

    id: str
    name: str
    claims: Mapping[str, str]


class Owners(Protocol):
    """The administrators of tenants."""

    def admit(self, work: Work, domain: str, drafts: Sequence[OwnerDraft]) -> Callable[[Work], None]:
        """Refuse who cannot own a tenant, and return what stores the others in a work of the tenant.

        What is slow is done here, so *work* is released.
        """

    def of(self, work: Work) -> Sequence[Owner]:
        """Return the owners of the work's tenant, the first first."""

    def change(self, work: Work, domain: str, owner_id: str, claims: Mapping[str, str], password: str | None) -> None:
        """Give an owner of a tenant other facts, and another password; commit."""


EndSessions = Callable[[Work], None]
"""Ends every session in the work's tenant, and every one that its people have elsewhere."""


def found_tenant(work: Work, domain: str, name: str, drafts: Sequence[OwnerDraft], owners: Owners) -> Tenant:
    """Make a tenant together with its owners: all of it, or nothing.

    Raises:
        TenantRefused, TenantExists
        OwnerRefused, UserNameRefused, PasswordRefused: of the first owner who cannot be one.
    """
    new_tenant(work, domain, name)
    store_owners = owners.admit(work, domain, drafts)
    tenant = new_tenant(work, domain, name)
    Tenants(work).add(tenant)
    store_owners(work.within(domain))
    audit.note(work, "tenant.create", domain)
    work.commit()
    forget_tenant(work, domain)
    return tenant


def set_active(work: Work, wanted: str, *, active: bool, end_sessions: EndSessions) -> None:
    """Switch a tenant on, or off: then nothing of it answers any more, and every session ends.

    Raises:
        TenantUnknown, SuperTenantStays
    """
    tenant = _mortal(work, wanted)
    Tenants(work).set_active(tenant.domain, active=active)
    if not active:
        end_sessions(work.within(tenant.domain))
    audit.note(work, "tenant.activate" if active else "tenant.deactivate", tenant.domain)
    work.commit()
    forget_tenant(work, tenant.domain)


def remove_tenant(work: Work, wanted: str) -> None:
    """Remove a tenant with all that belongs to it; what the audit log says of it stays.

    Raises:
        TenantUnknown, SuperTenantStays
    """
    tenant = _mortal(work, wanted)
    Tenants(work).remove(tenant.domain)
    audit.note(work, "tenant.delete", tenant.domain)
    work.commit()
    forget_tenant(work, tenant.domain)


def read_owner(work: Work, wanted: str, owner_id: str, owners: Owners) -> Owner:
    """Return one of the owners of a tenant.

    Raises:
        TenantUnknown, OwnerUnknown
    """
    tenant = read_tenant(work, wanted)
    for owner in owners.of(work.within(tenant.domain)):
        if owner.id == owner_id:
            return owner
    raise OwnerUnknown(domain=tenant.domain, name=owner_id)


def _mortal(work: Work, wanted: str) -> Tenant:
    tenant = read_tenant(work, wanted)
    if tenant.domain == SUPER_TENANT:
        raise SuperTenantStays
    return tenant
