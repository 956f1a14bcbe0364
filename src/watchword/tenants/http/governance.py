"""The governance of policies over REST (platform.md 3.2)."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from watchword.base.options import Property
from watchword.base.problems import ConnectorUnknown, PropertyRefused
from watchword.storage.work import Work
from watchword.tenants.model import Connector, opaque_id
from watchword.tenants.policies import CONNECTORS, all_properties
from watchword.tenants.usecases import (
    Stated,
    StatedConnector,
    change_policies,
    find_connector,
    read_connector,
    revert_policies,
)
from watchword.web.model import Ask, Door, Route, get, patch, post

ROOT = "/api/server/v1/identity-governance"

OLD_CATEGORY = "Account Management Policies"
"""What 5.10 calls the category of registration and claims; its id is still answered."""
OLD_MEMBERS = frozenset({"User Onboarding", "Other Settings"})
_LISTED = {option.connector for option in all_properties() if option.listed}
_SHOWN = tuple(connector for connector in CONNECTORS if connector.name in _LISTED)
"""Those that have something to show; the others are read by whoever knows their id."""
_MAX_CHANGES = 200


class NamedValue(Struct):
    """A property and its new value."""

    name: str
    value: Any


class ConnectorChange(Struct):
    """What a PATCH of one connector says."""

    operation: Literal["UPDATE"]
    properties: Annotated[list[NamedValue], Meta(max_length=_MAX_CHANGES)]


class NamedConnectorChange(Struct):
    """One connector of a PATCH of several."""

    id: str
    properties: Annotated[list[NamedValue], Meta(max_length=_MAX_CHANGES)]


class ConnectorsChange(Struct):
    """What a PATCH of several connectors says."""

    operation: Literal["UPDATE"]
    connectors: Annotated[list[NamedConnectorChange], Meta(max_length=_MAX_CHANGES)]


class Revert(Struct):
    """The properties that go back to the server's default."""

    properties: Annotated[list[str], Meta(max_length=_MAX_CHANGES)]


class Preference(Struct, rename={"connector_name": "connector-name"}):
    """What a page wants to know of one connector."""

    connector_name: str
    properties: Annotated[list[str], Meta(max_length=_MAX_CHANGES)] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class GovernanceApi:
    """The handlers of the policies' interface."""

    def routes(self) -> list[Route]:
        """Return the table of routes for policies."""
        view, edit = {"permission": "governance:view"}, {"permission": "governance:edit"}
        one = f"{ROOT}/{{category}}/connectors/{{connector}}"
        several = f"{ROOT}/{{category}}/connectors"
        return [
            get(ROOT, self.categories, **view),
            post(f"{ROOT}/preferences", self.preferences, body=list[Preference], door=Door.ANYONE, reading=True),
            get(f"{ROOT}/{{category}}", self.category, **view),
            get(several, self.connectors, **view),
            patch(several, self.change_several, body=ConnectorsChange, **edit),
            post(f"{several}/revert", self.revert, body=Revert, **edit),
            get(one, self.connector, **view),
            patch(one, self.change_one, body=ConnectorChange, **edit),
        ]

    def categories(self, work: Work, ask: Ask[None]) -> object:
        """List the categories and what is in them."""
        titles = dict.fromkeys(connector.category for connector in _SHOWN)
        return [_category(work, title) for title in titles]

    def category(self, work: Work, ask: Ask[None]) -> object:
        """Show a category with its connectors in full."""
        title, members = _members(ask.path["category"])
        return {**_category(work, title), "connectors": [_connector(read_connector(work, each)) for each in members]}

    def connectors(self, work: Work, ask: Ask[None]) -> object:
        """Show the connectors of a category."""
        return [_connector(read_connector(work, each)) for each in _members(ask.path["category"])[1]]

    def connector(self, work: Work, ask: Ask[None]) -> object:
        """Show one connector."""
        return _connector(read_connector(work, _member(ask)))

    def change_one(self, work: Work, ask: Ask[ConnectorChange]) -> None:
        """Change properties of one connector."""
        change_policies(work, {_member(ask).name: _values(ask.body.properties)})

    def change_several(self, work: Work, ask: Ask[ConnectorsChange]) -> None:
        """Change properties of several connectors, all or none."""
        members = {connector.id: connector for connector in _members(ask.path["category"])[1]}
        for change in ask.body.connectors:
            if change.id not in members:
                raise ConnectorUnknown(name=change.id)
        change_policies(work, {members[each.id].name: _values(each.properties) for each in ask.body.connectors})

    def revert(self, work: Work, ask: Ask[Revert]) -> None:
        """Take back decisions."""
        _members(ask.path["category"])
        revert_policies(work, ask.body.properties)

    def preferences(self, work: Work, ask: Ask[list[Preference]]) -> object:
        """Tell a page what it may offer."""
        return [_preference(work, each) for each in ask.body]


def _members(category: str) -> tuple[str, list[Connector]]:
    """Return the title of a category by its id, and its connectors."""
    if category == opaque_id(OLD_CATEGORY):
        return OLD_CATEGORY, [each for each in _SHOWN if each.category in OLD_MEMBERS]
    for title in dict.fromkeys(connector.category for connector in CONNECTORS):
        if category == opaque_id(title):
            return title, [each for each in CONNECTORS if each.category == title]
    raise ConnectorUnknown(name=category)


def _member(ask: Ask[Any]) -> Connector:
    connector = find_connector(ask.path["connector"])
    if connector not in _members(ask.path["category"])[1]:
        raise ConnectorUnknown(name=ask.path["connector"])
    return connector


def _values(properties: list[NamedValue]) -> dict[str, object]:
    values = {each.name: each.value for each in properties}
    if len(values) != len(properties):
        raise PropertyRefused("A property stands twice.")
    return values


def _category(work: Work, title: str) -> dict[str, object]:
    own = _address(work, title)
    members = [each for each in _members(opaque_id(title))[1] if each in _SHOWN]
    connectors = [{"id": each.id, "self": f"{own}/connectors/{each.id}"} for each in members]
    return {"id": opaque_id(title), "name": title, "self": own, "connectors": connectors}


def _address(work: Work, title: str) -> str:
    return f"/t/{work.tenant}{ROOT}/{opaque_id(title)}"


def _connector(stated: StatedConnector) -> dict[str, object]:
    connector = stated.connector
    return {
        "id": connector.id,
        "name": connector.name,
        "category": connector.category,
        "friendlyName": connector.title,
        "order": CONNECTORS.index(connector),
        "subCategory": "DEFAULT",
        "properties": [_property(each) for each in stated.properties],
    }


def _property(stated: Stated) -> dict[str, object]:
    option: Property[Any] = stated.property
    return {
        "name": option.wire_name,
        "value": stated.value,
        "displayName": option.label,
        "description": option.doc,
        "meta": {"type": option.kind.wire, "regex": None, "groupID": 0},
    }


def _preference(work: Work, asked: Preference) -> dict[str, object]:
    connector = find_connector(asked.connector_name)
    listed = read_connector(work, connector).properties
    known = {each.property.wire_name: each for each in listed}
    for name in asked.properties:
        if name not in known:
            raise PropertyRefused(f"{connector.name} has no property {name}.")
    found = [known[name] for name in asked.properties] or listed
    values = [{"name": each.property.wire_name, "value": each.value} for each in found]
    return {"connector-name": connector.name, "properties": values}
