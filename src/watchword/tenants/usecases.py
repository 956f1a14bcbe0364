"""What can be asked of tenants and their policies."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from watchword.base import kinds
from watchword.base.entropy import random_uuid
from watchword.base.options import Profiles, Property
from watchword.base.patterns import check_pattern
from watchword.base.problems import (
    ConnectorUnknown,
    PropertyRefused,
    SettingsUnreadable,
    TenantExists,
    TenantRefused,
    TenantUnknown,
)
from watchword.storage import audit
from watchword.storage.work import Work
from watchword.tenants.model import SUPER_TENANT_ID, Connector, Tenant, is_domain
from watchword.tenants.policies import CONNECTORS, all_properties, properties_of
from watchword.tenants.store import Decisions, Tenants
from watchword.web.model import SUPER_TENANT

P = TypeVar("P")

_log = logging.getLogger(__name__)

_REMEMBERED = "policies"
_EXISTENCE = "tenant exists"
_PROPERTIES = {each.wire_name: each for each in all_properties()}
_BY_ANY_NAME = _PROPERTIES | {name: each for each in all_properties() for name in each.old_names}


def read_policy(work: Work, policy: type[P]) -> P:
    """Return what holds in the work's tenant: its own decisions, else the operator's files, else the default.

    What was read at most half a second ago is taken from memory.

    Raises:
        SettingsUnreadable: the decisions cannot be read.
    """
    decided = _decided(work)
    if policy not in decided.policies:
        properties = properties_of(policy).items()
        decided.policies[policy] = policy(**{name: _in_force(work, each, decided.values) for name, each in properties})
    found: P = decided.policies[policy]
    return found


@dataclass(frozen=True, slots=True)
class _Decided:
    """What a tenant has decided, by property; and the policies that were made of it, as they were asked for."""

    values: Mapping[str, str]
    policies: dict[type[Any], Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stated:
    """A property as the governance interface states it."""

    property: Property[Any]
    value: str


@dataclass(frozen=True, slots=True)
class StatedConnector:
    """A connector with the values that hold in a tenant."""

    connector: Connector
    properties: tuple[Stated, ...]


def read_connector(work: Work, connector: Connector) -> StatedConnector:
    """Return a connector as it is shown, with the values in force."""
    decided = _decided(work).values
    listed = [each for each in _properties_of(connector) if each.listed]
    return StatedConnector(connector, tuple(Stated(each, _stated(work, each, decided)) for each in listed))


def read_property(work: Work, connector: Connector, name: str) -> Stated:
    """Return one property as it is shown, listed or not."""
    option = _property(connector, name)
    return Stated(option, _stated(work, option, _decided(work).values))


def change_policy(work: Work, connector: str, values: Mapping[str, object]) -> Sequence[str]:
    """Decide properties of one connector, named or by id; return what the administrator should be warned of."""
    return change_policies(work, {connector: values})


def change_policies(work: Work, changes: Mapping[str, Mapping[str, object]]) -> Sequence[str]:
    """Decide properties of several connectors at once: all of them, or none.

    Raises:
        ConnectorUnknown: there is no such connector.
        PropertyRefused: a property is unknown, or its value cannot be taken.
    """
    decisions = Decisions(work)
    checked = {
        found.name: dict(_checked(work, found, name, value) for name, value in values.items())
        for found, values in ((find_connector(connector), values) for connector, values in changes.items())
    }
    for connector, values in checked.items():
        decisions.decide(connector, values)
        audit.note(
            work, "policy.change", connector, reason=", ".join(f"{name}={each}" for name, each in values.items())
        )
    _commit(work)
    return _warnings(work, checked)


def revert_policies(work: Work, names: Sequence[str]) -> None:
    """Take back what the tenant has decided about properties, so that the server's default holds.

    Raises:
        PropertyRefused: there is no such property.
    """
    for name in names:
        if name not in _BY_ANY_NAME:
            raise PropertyRefused(f"There is no property {name}.")
    for name in names:
        option = _BY_ANY_NAME[name]
        Decisions(work).withdraw(option.connector, [option.wire_name])
    audit.note(work, "policy.revert", ", ".join(names))
    _commit(work)


def find_connector(wanted: str) -> Connector:
    """Return a connector by its name or its id.

    Raises:
        ConnectorUnknown: there is none.
    """
    for connector in CONNECTORS:
        if wanted in {connector.name, connector.id}:
            return connector
    raise ConnectorUnknown(name=wanted)


def create_tenant(work: Work, domain: str, name: str = "") -> Tenant:
    """Make a tenant that nobody owns yet.

    Raises:
        TenantRefused: the domain is not a name that a tenant may have.
        TenantExists: the domain is taken.
    """
    tenant = new_tenant(work, domain, name)
    Tenants(work).add(tenant)
    audit.note(work, "tenant.create", domain)
    work.commit()
    forget_tenant(work, domain)
    return tenant


def new_tenant(work: Work, domain: str, name: str) -> Tenant:
    """Return a tenant that may be stored.

    Raises:
        TenantRefused: the domain is not a name that a tenant may have.
        TenantExists: the domain is taken.
    """
    if not is_domain(domain):
        raise TenantRefused(domain=domain, reason="it must be like a host name, in lower case")
    if domain == SUPER_TENANT or Tenants(work).find(domain) is not None:
        raise TenantExists(domain=domain)
    return Tenant(domain, random_uuid(work.entropy), name or domain, active=True, created_at=work.now)


def list_tenants(work: Work) -> Sequence[Tenant]:
    """Return all tenants but the super tenant, in the order of their domains."""
    return [tenant for tenant in Tenants(work).all() if tenant.domain != SUPER_TENANT]


def read_tenant(work: Work, wanted: str) -> Tenant:
    """Return a tenant by its id or its domain.

    Raises:
        TenantUnknown: there is none.
    """
    if wanted in {SUPER_TENANT, SUPER_TENANT_ID}:
        return Tenant(SUPER_TENANT, SUPER_TENANT_ID, SUPER_TENANT, active=True, created_at=None)
    tenant = Tenants(work).get(wanted) or Tenants(work).find(wanted)
    if tenant is None:
        raise TenantUnknown(tenant=wanted)
    return tenant


def tenant_exists(work: Work, domain: str) -> bool:
    """Tell whether people may act in a tenant: it is there, and active."""
    if domain == SUPER_TENANT:
        return True
    found = Tenants(work).find(domain)
    return found is not None and found.active


def check_tenant(work: Work) -> None:
    """Refuse a work in a tenant that is not there, or is switched off: what was known half a second ago will do.

    Raises:
        TenantUnknown
    """
    if not work.recall(_EXISTENCE, lambda: tenant_exists(work, work.tenant)):
        raise TenantUnknown(tenant=work.tenant)


def forget_tenant(work: Work, domain: str) -> None:
    """Read anew next time what this process remembers of a tenant that was made, switched or removed."""
    for key in (_EXISTENCE, _REMEMBERED):
        work.surroundings.memory.forget(domain, key)


def _decided(work: Work) -> _Decided:
    with work.step("read_settings", SettingsUnreadable):
        return work.recall(_REMEMBERED, lambda: _Decided(Decisions(work).all()))


def _commit(work: Work) -> None:
    work.commit()
    work.forget(_REMEMBERED)


def _profiles(work: Work) -> Profiles:
    settings = work.settings
    return Profiles(settings.security_profile, settings.compat_profile, settings.demo)


def _in_force(work: Work, option: Property[Any], decided: Mapping[str, str]) -> Any:  # noqa: ANN401 - of the option's type
    if option.wire_name in decided:
        value = option.kind.read(decided[option.wire_name])
        if _refusal(work, option, value) is None:
            return value
        # Taken under `wso2`, and no longer legal since the server became `recommended`.
    default = option.default_in(_profiles(work))
    return work.settings.policies.get(option.wire_name, default)


def _stated(work: Work, option: Property[Any], decided: Mapping[str, str]) -> str:
    return option.kind.write(_in_force(work, option, decided))


def _properties_of(connector: Connector) -> list[Property[Any]]:
    return [each for each in _PROPERTIES.values() if each.connector == connector.name]


def _property(connector: Connector, name: str) -> Property[Any]:
    found = _BY_ANY_NAME.get(name)
    if found is None or found.connector != connector.name:
        raise PropertyRefused(f"{connector.name} has no property {name}.")
    return found


def _checked(work: Work, connector: Connector, name: str, value: object) -> tuple[str, str]:
    """Return a property's name and value in the form in which they are kept; refuse what cannot be taken."""
    option = _property(connector, name)
    if not isinstance(value, str):
        raise PropertyRefused(f"The value of {name} must be a string, not {type(value).__name__}.")
    try:
        read = option.kind.read(value)
    except ValueError as error:
        raise PropertyRefused(f"{name} must be {option.kind.expected}.") from error
    refusal = _refusal(work, option, read) or _unfit(option, read)
    if refusal is not None:
        raise PropertyRefused(refusal)
    return option.wire_name, option.kind.write(read)


def _refusal(work: Work, option: Property[Any], value: Any) -> str | None:  # noqa: ANN401 - of the option's type
    """Say why the security profile forbids a value that the kind takes."""
    if option.within is None or work.settings.security_profile == "wso2":
        return None
    lowest, highest = option.within
    return None if lowest <= value <= highest else f"{option.wire_name} must be from {lowest} to {highest} minutes."


def _unfit(option: Property[Any], value: Any) -> str | None:  # noqa: ANN401 - of the option's type
    """Say why a value may stand in an operator's file, but is not saved for a tenant."""
    why = option.loose(value) if option.loose is not None and value else None
    if why is not None:
        return f"{option.wire_name} {why}."
    if option.kind is kinds.PATTERN and value:
        return check_pattern(value)
    return None


def _warnings(work: Work, checked: Mapping[str, Mapping[str, str]]) -> Sequence[str]:
    """Return what was taken but has a consequence that the administrator may not expect."""
    found = []
    for values in checked.values():
        for name, value in values.items():
            option = _PROPERTIES[name]
            if name.endswith("ReCaptcha") and value == "true" and work.settings.recaptcha is None:
                found.append(f"{name} has no effect until [recaptcha] has site_key, secret_key and verify_url.")
            if option.caution is not None and option.kind.read(value) == option.caution[0]:
                found.append(f"{name}: {option.caution[1]}.")
    for warning in found:
        _log.warning(warning, extra={"tenant": work.tenant})
    return found
