"""Tenants and their owners over REST (platform.md 4.1)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct, field

from watchword.base.problems import OwnerRefused
from watchword.storage.work import Work
from watchword.tenants.lifecycle import (
    EndSessions,
    Owner,
    OwnerDraft,
    Owners,
    found_tenant,
    read_owner,
    remove_tenant,
    set_active,
)
from watchword.tenants.model import Tenant
from watchword.tenants.usecases import list_tenants, read_tenant
from watchword.web.model import Ask, Reply, Route, delete, get, post, put

TENANTS: Final = "/api/server/v1/tenants"
EMAIL: Final = "http://wso2.org/claims/emailaddress"
GIVEN_NAME: Final = "http://wso2.org/claims/givenname"
LAST_NAME: Final = "http://wso2.org/claims/lastname"
_MAX_OWNERS: Final = 10
_MAX_CLAIMS: Final = 100


class ClaimValue(Struct):
    """A fact about an owner."""

    claim: str
    value: str


class OwnerBody(Struct, rename="camel"):
    """Somebody who is to own a tenant."""

    username: str
    password: str = ""
    email: str = ""
    firstname: str = ""
    lastname: str = ""
    provisioning_method: Literal["inline-password", "invite-via-email"] = "inline-password"
    additional_claims: Annotated[list[ClaimValue], Meta(max_length=_MAX_CLAIMS)] = field(default_factory=list)


class OwnerChange(Struct, rename="camel"):
    """What becomes of an owner; what is absent stays."""

    password: str | None = None
    email: str | None = None
    firstname: str | None = None
    lastname: str | None = None
    additional_claims: Annotated[list[ClaimValue], Meta(max_length=_MAX_CLAIMS)] = field(default_factory=list)


class NewTenant(Struct):
    """A tenant to be made."""

    domain: str
    name: str = ""
    owners: Annotated[list[OwnerBody], Meta(max_length=_MAX_OWNERS)] = field(default_factory=list)


class LifecycleStatus(Struct):
    """Whether a tenant is switched on."""

    activated: bool


@dataclass(frozen=True, slots=True)
class TenantsApi:
    """The handlers of the tenants' interface, for administrators of the super tenant."""

    owners: Owners
    end_sessions: EndSessions

    def routes(self) -> list[Route]:
        """Return the table of routes for tenants."""
        manage: dict[str, Any] = {"permission": "tenants:manage"}
        one = f"{TENANTS}/{{wanted}}"
        return [
            post(TENANTS, self.create, body=NewTenant, status=201, **manage),
            get(TENANTS, self.list, **manage),
            get(f"{TENANTS}/domain/{{wanted}}", self.read, **manage),
            Route("HEAD", f"{TENANTS}/domain/{{wanted}}", self.read, reading=True, **manage),
            get(one, self.read, **manage),
            put(f"{one}/lifecycle-status", self.switch, body=LifecycleStatus, **manage),
            get(f"{one}/owners", self.list_owners, **manage),
            get(f"{one}/owners/{{owner}}", self.read_owner, **manage),
            put(f"{one}/owners/{{owner}}", self.change_owner, body=OwnerChange, **manage),
            delete(f"{one}/metadata", self.remove, status=204, **manage),
        ]

    def create(self, work: Work, ask: Ask[NewTenant]) -> Reply:
        """Make a tenant with the owners who administer it; all of it, or nothing."""
        drafts = [_draft(place, each) for place, each in enumerate(ask.body.owners)]
        tenant = found_tenant(work, ask.body.domain, ask.body.name, drafts, self.owners)
        return Reply(self._tenant(work, tenant), headers={"Location": f"{TENANTS}/{tenant.id}"})

    def list(self, work: Work, ask: Ask[None]) -> object:
        """List the tenants, but not the super tenant."""
        tenants = [self._tenant(work, each) for each in list_tenants(work)]
        count = len(tenants)
        return {"totalResults": count, "startIndex": 1, "count": count, "tenants": tenants, "links": []}

    def read(self, work: Work, ask: Ask[None]) -> object:
        """Show one tenant, by its id or its domain."""
        return self._tenant(work, read_tenant(work, ask.path["wanted"]))

    def switch(self, work: Work, ask: Ask[LifecycleStatus]) -> None:
        """Switch a tenant on, or off: then nothing of it answers, and its sessions end."""
        set_active(work, ask.path["wanted"], active=ask.body.activated, end_sessions=self.end_sessions)

    def list_owners(self, work: Work, ask: Ask[None]) -> object:
        """List the owners of a tenant, who are its administrators."""
        return self._owners(work, read_tenant(work, ask.path["wanted"]))

    def read_owner(self, work: Work, ask: Ask[None]) -> object:
        """Show one owner of a tenant."""
        return _shown(read_owner(work, ask.path["wanted"], ask.path["owner"], self.owners))

    def change_owner(self, work: Work, ask: Ask[OwnerChange]) -> None:
        """Give an owner another password, and other facts; what is absent stays."""
        owner = read_owner(work, ask.path["wanted"], ask.path["owner"], self.owners)
        tenant = read_tenant(work, ask.path["wanted"])
        self.owners.change(work, tenant.domain, owner.id, _changed(ask.body), ask.body.password)

    def remove(self, work: Work, ask: Ask[None]) -> None:
        """Remove a tenant with all that belongs to it; the audit log stays."""
        remove_tenant(work, ask.path["wanted"])

    def _tenant(self, work: Work, tenant: Tenant) -> dict[str, object]:
        made = tenant.created_at
        return {
            "id": tenant.id,
            "domain": tenant.domain,
            "name": tenant.name,
            "owners": self._owners(work, tenant),
            "createdDate": made and made.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "lifecycleStatus": {"activated": tenant.active},
        }

    def _owners(self, work: Work, tenant: Tenant) -> Sequence[Mapping[str, str]]:
        owners = self.owners.of(work.within(tenant.domain))
        return [{"id": owner.id, "username": owner.name} for owner in owners]


def _draft(place: int, body: OwnerBody) -> OwnerDraft:
    if body.provisioning_method != "inline-password":
        reason = "only inline-password is served, since nobody can yet set a password by a link in a mail"
        raise OwnerRefused(f"owners[{place}].provisioningMethod: {reason}.")
    given = {"username": body.username, "password": body.password, "email": body.email}
    for name, value in given.items():
        if not value:
            raise OwnerRefused(f"owners[{place}].{name}: is missing.")
    names = {EMAIL: body.email, GIVEN_NAME: body.firstname, LAST_NAME: body.lastname}
    claims = {uri: value for uri, value in names.items() if value} | _additional(body.additional_claims)
    return OwnerDraft(name=body.username, password=body.password, claims=claims)


def _changed(body: OwnerChange) -> dict[str, str]:
    names = {EMAIL: body.email, GIVEN_NAME: body.firstname, LAST_NAME: body.lastname}
    return {uri: value for uri, value in names.items() if value is not None} | _additional(body.additional_claims)


def _additional(claims: Sequence[ClaimValue]) -> dict[str, str]:
    found = {each.claim: each.value for each in claims}
    if len(found) != len(claims):
        raise OwnerRefused("additionalClaims: a claim stands twice.")
    return found


def _shown(owner: Owner) -> dict[str, object]:
    named = {EMAIL: "email", GIVEN_NAME: "firstname", LAST_NAME: "lastname"}
    facts = {name: owner.claims[uri] for uri, name in named.items() if uri in owner.claims}
    more = [{"claim": uri, "value": value} for uri, value in owner.claims.items() if uri not in named]
    return {"id": owner.id, "username": owner.name, **facts, "additionalClaims": more}
