"""The REST interface of identity providers (platform.md 5.3)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from msgspec import Struct

from watchword.applications.authenticators import AUTHENTICATORS, authenticator_id, authenticator_of_id
from watchword.applications.documents import Document, document_of
from watchword.applications.drafts import draft_provider, provider_part
from watchword.applications.exports import export_provider
from watchword.applications.http.applications import ROOT as APPLICATIONS
from watchword.applications.http.lists import address, list_body, warning
from watchword.applications.listing import Attributes, ListRefused, Wanted, take_page
from watchword.applications.masks import masked
from watchword.applications.model import (
    Application,
    AuthenticatorType,
    IdentityProvider,
    Property,
    ProviderAuthenticator,
)
from watchword.applications.provider_bodies import (
    AuthenticatorBody,
    AuthenticatorsBody,
    JitBody,
    ProviderBody,
    ProviderClaimsBody,
    ProviderRolesBody,
)
from watchword.applications.provider_rules import warnings_about
from watchword.applications.store import IdentityProviders
from watchword.applications.usecases.providers import (
    change_provider,
    connected_applications,
    create_provider,
    delete_provider,
    read_provider,
)
from watchword.base.problems import ProviderRefused, ProviderUnknown
from watchword.storage.work import Work
from watchword.web.model import Ask, Reply, Route, delete, get, patch, post, put

ROOTS: Final = ("/api/server/v1/identity-providers", "/api/server/v1/idps")
"""The second is an alias."""
ROOT: Final = ROOTS[0]
AUTHENTICATORS_PATH: Final = "federated-authenticators"
_ATTRIBUTES: Final[Attributes[IdentityProvider]] = {
    "name": lambda each: each.name,
    "description": lambda each: each.description,
    "homeRealmIdentifier": lambda each: each.home_realm,
    "isEnabled": lambda each: "true" if each.enabled else "false",
    "id": lambda each: each.id,
}


class Change(Struct):
    """One step of a PATCH."""

    operation: Literal["ADD", "REPLACE", "REMOVE"]
    path: str
    value: Any = None


@dataclass(frozen=True, slots=True)
class ProvidersApi:
    """The handlers of identity providers."""

    def routes(self) -> list[Route]:
        """Return the slice's table of routes for identity providers, under both their names."""
        return [route for root in ROOTS for route in self._routes_under(root)]

    def _routes_under(self, root: str) -> list[Route]:
        view: dict[str, Any] = {"permission": "idps:view"}
        edit: dict[str, Any] = {"permission": "idps:edit"}
        given: dict[str, Any] = {"body": dict[str, Any], **edit}
        one = f"{root}/{{id}}"
        return [
            get(root, self.list_all, **view),
            post(root, self.create, status=201, shape=ProviderBody, **given),
            get(f"{root}/meta/{AUTHENTICATORS_PATH}", self.known, **view),
            get(f"{root}/meta/{AUTHENTICATORS_PATH}/{{authenticator}}", self.known_one, **view),
            get(one, self.read, **view),
            put(one, self.replace, shape=ProviderBody, **given),
            patch(one, self.change, body=list[Change], **edit),
            delete(one, self.remove, status=204, **edit),
            get(f"{one}/export", self.export, **view),
            get(f"{one}/{AUTHENTICATORS_PATH}", self.authenticators, **view),
            get(f"{one}/{AUTHENTICATORS_PATH}/{{authenticator}}", self.authenticator, **view),
            put(
                f"{one}/{AUTHENTICATORS_PATH}/{{authenticator}}",
                self.put_authenticator,
                shape=AuthenticatorBody,
                **given,
            ),
            get(f"{one}/claims", self.claims, **view),
            put(f"{one}/claims", self.put_claims, shape=ProviderClaimsBody, **given),
            get(f"{one}/roles", self.roles, **view),
            put(f"{one}/roles", self.put_roles, shape=ProviderRolesBody, **given),
            get(f"{one}/provisioning/jit", self.jit, **view),
            put(f"{one}/provisioning/jit", self.put_jit, shape=JitBody, **given),
            get(f"{one}/connected-apps", self.connected, **view),
        ]

    def list_all(self, work: Work, ask: Ask[None]) -> object:
        """List identity providers."""
        try:
            wanted = Wanted.of_query(ask.query)
            page = take_page(IdentityProviders(work).all(), wanted, _ATTRIBUTES)
        except ListRefused as problem:
            raise ProviderRefused(str(problem)) from problem

        def shown(each: IdentityProvider) -> Document:
            return {"id": each.id, "name": each.name, "description": each.description, "image": each.image,
                    "isEnabled": each.enabled, "self": address(work, ROOT, each.id)}  # fmt: skip

        return list_body(page, wanted, name="identityProviders", shown=shown, link=address(work, ROOT), query=ask.query)

    def create(self, work: Work, ask: Ask[Document]) -> Reply:
        """Make an identity provider."""
        made = create_provider(work, draft_provider(ask.body))
        location = {"Location": address(work, ROOT, made.id)}
        return Reply(_shown(made), headers={**location, **warning(warnings_about(made))})

    def read(self, work: Work, ask: Ask[None]) -> object:
        """Show one identity provider, its secrets masked."""
        return _shown(read_provider(work, ask.path["id"]))

    def replace(self, work: Work, ask: Ask[Document]) -> Reply:
        """Write an identity provider anew; a mask keeps the secret that it stands for."""
        before = read_provider(work, ask.path["id"])
        return _changed(work, ask, before, draft_provider(ask.body))

    def change(self, work: Work, ask: Ask[list[Change]]) -> Reply:
        """Change what the steps name."""
        before = read_provider(work, ask.path["id"])
        document = document_of(ProviderBody.of(masked(before)))
        for step in ask.body:
            document = _stepped(document, step)
        return _changed(work, ask, before, draft_provider(document))

    def remove(self, work: Work, ask: Ask[None]) -> None:
        """Remove an identity provider."""
        delete_provider(work, ask.path["id"], force=_is_forced(ask))

    def export(self, work: Work, ask: Ask[None]) -> object:
        """Show an identity provider as a file has it, its secrets masked."""
        return export_provider(read_provider(work, ask.path["id"]))

    def authenticators(self, work: Work, ask: Ask[None]) -> object:
        """Show the authenticators of an identity provider."""
        provider = read_provider(work, ask.path["id"])
        body = ProviderBody.of(masked(provider)).federated_authenticators
        place = address(work, ROOT, provider.id, AUTHENTICATORS_PATH)
        listed = [{"authenticatorId": each.authenticator_id, "name": each.name, "isEnabled": each.is_enabled,
                   "isDefault": each.is_default, "self": f"{place}/{each.authenticator_id}"}
                  for each in body.authenticators]  # fmt: skip
        return {"defaultAuthenticatorId": body.default_authenticator_id, "authenticators": listed}

    def authenticator(self, work: Work, ask: Ask[None]) -> object:
        """Show one authenticator of an identity provider, its secrets masked."""
        return _authenticator(read_provider(work, ask.path["id"]), _known(ask))

    def put_authenticator(self, work: Work, ask: Ask[Document]) -> Reply:
        """Configure an authenticator of an identity provider; a mask keeps the secret that it stands for."""
        before, known = read_provider(work, ask.path["id"]), _known(ask)
        given = {**ask.body, "authenticatorId": authenticator_id(known)}
        fresh = provider_part(given, AuthenticatorBody)
        changed = change_provider(work, before, _with(before, fresh), force=_is_forced(ask))
        return Reply(_authenticator(changed, known), headers=warning(warnings_about(changed)))

    def claims(self, work: Work, ask: Ask[None]) -> object:
        """Show how the claims of an identity provider are ours."""
        return ProviderBody.of(masked(read_provider(work, ask.path["id"]))).claims

    def put_claims(self, work: Work, ask: Ask[Document]) -> object:
        """Say how the claims of an identity provider are ours."""
        return _part(
            work, ask, lambda before: replace(before, claims=document_of(provider_part(ask.body, ProviderClaimsBody)))
        )["claims"]

    def roles(self, work: Work, ask: Ask[None]) -> object:
        """Show how the roles of an identity provider are ours."""
        return ProviderBody.of(masked(read_provider(work, ask.path["id"]))).roles

    def put_roles(self, work: Work, ask: Ask[Document]) -> object:
        """Say how the roles of an identity provider are ours."""
        return _part(
            work, ask, lambda before: replace(before, roles=document_of(provider_part(ask.body, ProviderRolesBody)))
        )["roles"]

    def jit(self, work: Work, ask: Ask[None]) -> object:
        """Show whether newcomers get an account."""
        return ProviderBody.of(masked(read_provider(work, ask.path["id"]))).provisioning.jit

    def put_jit(self, work: Work, ask: Ask[Document]) -> object:
        """Say whether newcomers get an account."""
        fresh = {"jit": document_of(provider_part(ask.body, JitBody))}
        return _part(work, ask, lambda before: replace(before, provisioning=fresh))["provisioning"]["jit"]

    def connected(self, work: Work, ask: Ask[None]) -> object:
        """List the applications that log people in by an identity provider."""
        provider = read_provider(work, ask.path["id"])
        wanted = Wanted.of_query(ask.query)
        page = take_page(connected_applications(work, provider.id), wanted, _NO_ATTRIBUTES)

        def shown(each: Application) -> Document:
            return {"appId": each.id, "name": each.name, "self": address(work, APPLICATIONS, each.id)}

        link = address(work, ROOT, provider.id, "connected-apps")
        return list_body(page, wanted, name="connectedApps", shown=shown, link=link, query=ask.query)

    def known(self, work: Work, ask: Ask[None]) -> object:
        """List the federated authenticators that there are."""
        place = address(work, ROOT, "meta", AUTHENTICATORS_PATH)
        return [{"authenticatorId": authenticator_id(each), "name": each.name, "displayName": each.display_name,
                 "self": f"{place}/{authenticator_id(each)}"}
                for each in AUTHENTICATORS if each.federated]  # fmt: skip

    def known_one(self, work: Work, ask: Ask[None]) -> object:
        """Show the properties of a federated authenticator, as a form is drawn from them."""
        found = _known(ask)
        return {"authenticatorId": authenticator_id(found), "name": found.name, "displayName": found.display_name,
                "tags": list(found.tags), "properties": [_property(each) for each in found.properties]}  # fmt: skip


_NO_ATTRIBUTES: Final[Attributes[Application]] = {"name": lambda each: each.name}


def _shown(provider: IdentityProvider) -> Document:
    return {"id": provider.id, **document_of(ProviderBody.of(masked(provider)))}


def _changed(work: Work, ask: Ask[Any], before: IdentityProvider, wanted: IdentityProvider) -> Reply:
    changed = change_provider(work, before, wanted, force=_is_forced(ask))
    return Reply(_shown(changed), headers=warning(warnings_about(changed)))


def _part(work: Work, ask: Ask[Document], change: Callable[[IdentityProvider], IdentityProvider]) -> Document:
    before = read_provider(work, ask.path["id"])
    return _shown(change_provider(work, before, change(before)))


def _with(before: IdentityProvider, fresh: AuthenticatorBody) -> IdentityProvider:
    """Return an identity provider in which an authenticator is configured anew, or besides."""
    configured = fresh.to_model()
    others = tuple(each for each in before.authenticators if each.name != configured.name)
    was_default = before.default_authenticator == configured.name
    default = configured.name if fresh.is_default else "" if was_default else before.default_authenticator
    return replace(before, authenticators=(*others, configured), default_authenticator=default)


def _authenticator(provider: IdentityProvider, known: AuthenticatorType) -> Document:
    """Return an authenticator as it is configured, or as it would be."""
    found = masked(provider).authenticator(known.name) or ProviderAuthenticator(name=known.name)
    body = AuthenticatorBody.of(found, is_default=provider.default_authenticator == known.name)
    return document_of(AuthenticatorsBody(authenticators=[body]))["authenticators"][0]  # type: ignore[no-any-return]


def _known(ask: Ask[Any]) -> AuthenticatorType:
    found = authenticator_of_id(ask.path["authenticator"])
    if found is None or not found.federated:
        raise ProviderUnknown(name=ask.path["authenticator"])
    return found


def _stepped(document: Document, step: Change) -> Document:
    """Return a document after one step of a PATCH; a path leads through members, never into a list."""
    names = step.path.strip("/").split("/")
    return _written(document, names, None if step.operation == "REMOVE" else step.value, step.path)


def _written(document: Document, names: Sequence[str], value: object, path: str) -> Document:
    name, *deeper = names
    if name not in document:
        raise ProviderRefused(f"path: there is nothing at {path}.")
    if not deeper:
        return {**document, name: value}
    inner = document[name]
    if not isinstance(inner, dict):
        raise ProviderRefused(f"path: {path} leads into what has no members.")
    return {**document, name: _written(inner, deeper, value, path)}


def _property(known: Property) -> Mapping[str, object]:
    return {
        "key": known.key, "displayName": known.label, "description": known.description, "type": known.kind.upper(),
        "displayOrder": known.order, "regex": known.pattern, "isMandatory": known.mandatory,
        "isConfidential": known.confidential, "options": list(known.options), "defaultValue": known.default,
        "subProperties": [],
    }  # fmt: skip


def _is_forced(ask: Ask[Any]) -> bool:
    return ask.query.get("force", "").lower() == "true"
