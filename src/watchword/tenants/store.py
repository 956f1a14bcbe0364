"""Tenants and their policies, as rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from watchword.base.problems import TenantExists
from watchword.storage.schema import audit, metadata, policies, tenants
from watchword.storage.work import Work
from watchword.tenants.model import Tenant


@dataclass(frozen=True, slots=True)
class Tenants:
    """All tenants; of which the work's own is one."""

    work: Work

    def add(self, tenant: Tenant) -> None:
        """Store a tenant.

        Raises:
            TenantExists: somebody else was quicker to take the domain; the work can only be released.
        """
        row = {
            "tenant": tenant.domain,
            "id": tenant.id,
            "name": tenant.name,
            "active": tenant.active,
            "created_at": tenant.created_at,
        }
        try:
            self.work.connection.execute(insert(tenants), row)
        except IntegrityError as problem:
            raise TenantExists(domain=tenant.domain) from problem

    def find(self, domain: str) -> Tenant | None:
        """Return the tenant of that domain."""
        row = self.work.connection.execute(select(tenants).where(tenants.c.tenant == domain)).one_or_none()
        return None if row is None else _tenant(row)

    def get(self, tenant_id: str) -> Tenant | None:
        """Return the tenant of that id."""
        row = self.work.connection.execute(select(tenants).where(tenants.c.id == tenant_id)).one_or_none()
        return None if row is None else _tenant(row)

    def set_active(self, domain: str, *, active: bool) -> None:
        """Switch a tenant on or off."""
        self.work.connection.execute(update(tenants).where(tenants.c.tenant == domain).values(active=active))

    def remove(self, domain: str) -> None:
        """Remove a tenant with every row of it, but those of the audit log."""
        for table in reversed(metadata.sorted_tables):
            if table is not audit:
                self.work.connection.execute(delete(table).where(table.c.tenant == domain))

    def all(self) -> Sequence[Tenant]:
        """Return the tenants in the order of their domains."""
        return [_tenant(row) for row in self.work.connection.execute(select(tenants).order_by(tenants.c.tenant))]


@dataclass(frozen=True, slots=True)
class Decisions:
    """What the Work's tenant has decided about its policies."""

    work: Work

    def all(self) -> Mapping[str, str]:
        """Return the decided values by the name of their property."""
        query = select(policies.c.property, policies.c.value).where(policies.c.tenant == self.work.tenant)
        return {row.property: row.value for row in self.work.connection.execute(query)}

    def decide(self, connector: str, values: Mapping[str, str]) -> None:
        """Write values of a connector's properties, over those that stand there."""
        self.withdraw(connector, values)
        rows = [
            {"tenant": self.work.tenant, "connector": connector, "property": name, "value": value}
            for name, value in values.items()
        ]
        if rows:
            self.work.connection.execute(insert(policies), rows)

    def withdraw(self, connector: str, names: Mapping[str, object] | Sequence[str]) -> None:
        """Remove decisions about a connector's properties."""
        mine = (policies.c.tenant == self.work.tenant) & (policies.c.connector == connector)
        self.work.connection.execute(delete(policies).where(mine & policies.c.property.in_(list(names))))


def _tenant(row: Row[tuple[object, ...]]) -> Tenant:
    return Tenant(row.tenant, row.id, row.name, row.active, row.created_at)
