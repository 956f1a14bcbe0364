"""User stores over REST (platform.md 4.2)."""

import base64
import binascii
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct, field

from watchword.accounts.dialects import local_claims
from watchword.accounts.model import PRIMARY, UserStore
from watchword.accounts.usecases.stores import (
    LetGo,
    create_user_store,
    describe_user_store,
    list_user_stores,
    read_user_store,
    remove_user_store,
)
from watchword.base.problems import StoreFieldRefused, StoreUnknown
from watchword.storage.work import Work
from watchword.tenants.model import opaque_id
from watchword.web.model import Ask, Reply, Route, delete, get, patch, post, put

STORES: Final = "/api/server/v1/userstores"
TYPE: Final = "UniqueIDJDBCUserStoreManager"
TYPE_ID: Final = opaque_id(TYPE)
TYPE_ABOUT: Final = "A part of the tenant's own rows in the server's own database; it needs no connection."
CLASS: Final = f"org.wso2.carbon.user.core.jdbc.{TYPE}"
PRIMARY_ABOUT: Final = "The user store that every tenant has."
_MAX_ITEMS: Final = 100


class PropertyValue(Struct):
    """A property of a user store."""

    name: str
    value: str


class StoreBody(Struct, rename="camel"):
    """A user store, as it is to be."""

    name: str
    description: str = ""
    type_id: str = TYPE_ID
    properties: Annotated[list[PropertyValue], Meta(max_length=_MAX_ITEMS)] = field(default_factory=list)
    claim_attribute_mappings: Annotated[list[Any], Meta(max_length=_MAX_ITEMS)] = field(default_factory=list)


class StoreChange(Struct):
    """One step of a PATCH."""

    operation: Literal["REPLACE"]
    path: str
    value: str


class Connection(Struct, rename={"connection_url": "connectionURL", "connection_password": "connectionPassword",
                                 "driver_name": "driverName"}):  # fmt: skip
    """What a foreign database would be reached by."""

    driver_name: str = ""
    connection_url: str = ""
    username: str = ""
    connection_password: str = ""


@dataclass(frozen=True, slots=True)
class UserStoresApi:
    """The handlers of user stores."""

    let_go: LetGo

    def routes(self) -> list[Route]:
        """Return the table of routes for user stores."""
        view, edit = {"permission": "stores:view"}, {"permission": "stores:edit"}
        one, kinds = f"{STORES}/{{id}}", f"{STORES}/meta/types"
        return [
            get(STORES, self.list_all, **view),
            post(STORES, self.create, body=StoreBody, status=201, **edit),
            get(f"{STORES}/primary", self.primary, **view),
            get(kinds, self.kinds, **view),
            get(f"{kinds}/{{kind}}", self.kind, **view),
            get(f"{kinds}/{{kind}}/attributes", self.attributes, **view),
            post(f"{STORES}/test-connection", self.test_connection, body=Connection, reading=True, **edit),
            get(one, self.read, **view),
            put(one, self.replace, body=StoreBody, **edit),
            patch(one, self.change, body=Annotated[list[StoreChange], Meta(max_length=_MAX_ITEMS)], **edit),
            delete(one, self.remove, status=204, **edit),
        ]

    def list_all(self, work: Work, ask: Ask[None]) -> object:
        """List the user stores beside PRIMARY."""
        return [_listed(work, store) for store in list_user_stores(work)]

    def create(self, work: Work, ask: Ask[StoreBody]) -> Reply:
        """Make a user store, a part of the tenant's own rows."""
        _check(ask.body)
        store = create_user_store(work, ask.body.name, ask.body.description)
        return Reply(_shown(store), headers={"Location": _address(work, store.name)})

    def primary(self, work: Work, ask: Ask[None]) -> object:
        """Show PRIMARY."""
        return {"id": opaque_id(PRIMARY), "description": PRIMARY_ABOUT, **_common(PRIMARY)}

    def read(self, work: Work, ask: Ask[None]) -> object:
        """Show one user store, by its name in base64url."""
        name = _name(ask)
        return self.primary(work, ask) if name == PRIMARY else _shown(read_user_store(work, name))

    def replace(self, work: Work, ask: Ask[StoreBody]) -> object:
        """Give a user store another description; its name and type stay."""
        _check(ask.body)
        if ask.body.name.upper() != _name(ask):
            raise StoreFieldRefused("name: is part of its users' names, and stays.")
        return _shown(describe_user_store(work, _name(ask), ask.body.description))

    def change(self, work: Work, ask: Ask[list[StoreChange]]) -> object:
        """Change the description of a user store."""
        descriptions = [step.value for step in ask.body if step.path == "/description"]
        if not ask.body or len(descriptions) != len(ask.body):
            raise StoreFieldRefused("path: only /description can be changed.")
        return _shown(describe_user_store(work, _name(ask), descriptions[-1]))

    def remove(self, work: Work, ask: Ask[None]) -> None:
        """Remove a user store; one that has users with ``force=true`` only, and then with all that is theirs."""
        remove_user_store(work, _name(ask), self.let_go, with_users=ask.query.get("force", "").lower() == "true")

    def test_connection(self, work: Work, ask: Ask[Connection]) -> object:
        """Tell whether a user store could be reached there: only our own database is, for which nothing is given."""
        is_ours = not any((ask.body.driver_name, ask.body.connection_url, ask.body.username))
        return {"connection": is_ours and work.now is not None}

    def kinds(self, work: Work, ask: Ask[None]) -> object:
        """List the types of user stores."""
        return [{**_kind(), "self": f"/t/{work.tenant}{STORES}/meta/types/{TYPE_ID}"}]

    def kind(self, work: Work, ask: Ask[None]) -> object:
        """Show a type of user stores: what can be set, which is nothing."""
        _check_kind(ask.path["kind"])
        return {**_kind(), "description": TYPE_ABOUT, "properties": {"Mandatory": [], "Optional": [], "Advanced": []}}

    def attributes(self, work: Work, ask: Ask[None]) -> object:
        """Show under which attribute a type of user stores keeps each claim."""
        _check_kind(ask.path["kind"])
        mappings = [
            {
                "claimId": each.id,
                "claimURI": each.uri,
                "displayName": each.display_name,
                "mappedAttribute": each.attribute,
            }
            for each in local_claims()
        ]
        return {**_kind(), "attributes": mappings}


def _check(body: StoreBody) -> None:
    _check_kind(body.type_id)
    if body.properties:
        reason = f"{body.properties[0].name} cannot be set: a user store is a part of the server's own database"
        raise StoreFieldRefused(f"properties: {reason}.")
    if body.claim_attribute_mappings:
        raise StoreFieldRefused("claimAttributeMappings: every claim is kept under its own name.")


def _check_kind(type_id: str) -> None:
    if type_id not in {TYPE_ID, TYPE}:
        raise StoreUnknown(name=type_id)


def _name(ask: Ask[Any]) -> str:
    """Return the name of the store that a path speaks of."""
    encoded = ask.path["id"]
    try:
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError) as problem:
        raise StoreUnknown(name=encoded) from problem


def _address(work: Work, name: str) -> str:
    return f"/t/{work.tenant}{STORES}/{opaque_id(name)}"


def _kind() -> dict[str, object]:
    return {"typeId": TYPE_ID, "typeName": TYPE, "className": CLASS, "name": TYPE, "isLocal": True}


def _common(name: str) -> dict[str, object]:
    return {
        "name": name, "typeId": TYPE_ID, "typeName": TYPE, "className": CLASS, "isLocal": True, "enabled": True,
        "properties": [], "claimAttributeMappings": [],
    }  # fmt: skip


def _shown(store: UserStore) -> dict[str, object]:
    made = store.created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"id": opaque_id(store.name), "description": store.description, "created": made, **_common(store.name)}


def _listed(work: Work, store: UserStore) -> dict[str, object]:
    return {**_shown(store), "self": _address(work, store.name)}
