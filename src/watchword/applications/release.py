"""What an application is told about a person, and under which name (platform.md 1.7 and 1.8)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from watchword.accounts.claims import DIALECT, canonical_uri
from watchword.accounts.model import EVERYONE_ROLE, PRIMARY, User
from watchword.accounts.names import without_tenant
from watchword.applications.model import ROLE_CLAIM, USERNAME_CLAIM, Application, RoleRule
from watchword.applications.rules import NEVER_TOLD

SEPARATOR = ",,,"
"""Stands between the values of a claim that has several."""
ROLE_CLAIMS = frozenset({ROLE_CLAIM, DIALECT + "roles", DIALECT + "groups"})
_HYBRID = ("Internal/", "Application/")
"""How roles begin that are of no user store."""


@dataclass(frozen=True, slots=True)
class Told:
    """What an application is told."""

    claims: Mapping[str, Sequence[str]]
    """Values by the application's own name of the claim, in the order in which it asks; none is empty."""
    missing: tuple[str, ...]
    """The local claims that it must have and the person has no value for."""


def tell(application: Application, user: User) -> Told:
    """Return the claims that an application asks for and a person has; nothing else is ever told."""
    facts = _facts(user)
    claims, missing = {}, []
    for asked in application.claims.requested:
        local = canonical_uri(application.claims.local(asked.name))
        is_role = local in ROLE_CLAIMS or asked.name == application.claims.role.claim
        values = roles_for(application.claims.role, user) if is_role else _values(facts, local)
        if values:
            claims[asked.name] = values
        elif asked.mandatory:
            missing.append(local)
    return Told(claims, tuple(missing))


def subject_of(application: Application, user: User, tenant: str) -> str:
    """Return how a person is named to an application, before a NameID format has its say; empty: there is no name."""
    rule = application.claims.subject
    local = canonical_uri(application.claims.local(rule.claim))
    if local != USERNAME_CLAIM and (values := _values(_facts(user), local)):
        return values[0]
    name = without_tenant(user.name.typed, tenant)
    if rule.with_realm and user.name.realm != PRIMARY:
        name = f"{user.name.realm}/{name}"
    return f"{name}@{tenant}" if rule.with_tenant else name


def roles_for(rule: RoleRule, user: User) -> tuple[str, ...]:
    """Return the roles of a person under the names that the application knows; each stands there once."""
    roles = dict.fromkeys([*user.roles, EVERYONE_ROLE])
    return tuple(dict.fromkeys(rule.mappings.get(role) or _role(rule, user.name.realm, role) for role in roles))


def _role(rule: RoleRule, realm: str, role: str) -> str:
    """Return a role with the name of its user store or without it; roles of no store stand as they are."""
    if role.startswith(_HYBRID):
        return role
    bare = role.removeprefix(f"{realm}/")
    qualified = bare if realm == PRIMARY else f"{realm}/{bare}"
    return rule.mappings.get(qualified) or (qualified if rule.with_realm else bare)


def _values(facts: Mapping[str, str], local: str) -> tuple[str, ...]:
    if local in NEVER_TOLD:
        return ()
    return tuple(value for part in facts.get(local, "").split(SEPARATOR) if (value := part.strip()))


def _facts(user: User) -> dict[str, str]:
    """Return every claim of a person, those among them that are columns of the account."""
    kept_by_us = {
        USERNAME_CLAIM: user.name.typed,
        DIALECT + "userid": user.id,
        DIALECT + "created": user.created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    return {**user.all_claims(), **kept_by_us}
