"""Applications, identity providers and associations of the Work's tenant, as rows.

An application's document is the whole of it as JSON. Of an identity provider the properties of its authenticators,
among which secrets are, stand sealed beside the document and nowhere else.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Text, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from watchword.applications.model import Application, Association, IdentityProvider, ProviderAuthenticator
from watchword.base.problems import ApplicationExists, ChangedMeanwhile, ProviderExists
from watchword.storage.schema import applications, associations, identity_providers
from watchword.storage.statements import Statement, Upsert
from watchword.storage.work import Work

Kept = TypeVar("Kept")

_MINE = applications.c.tenant == bindparam("tenant")
_APPLICATION = select(applications.c.document, applications.c.version).where(_MINE)
_GET = Statement(_APPLICATION.where(applications.c.id == bindparam("id")))
_FIND = Statement(_APPLICATION.where(applications.c.folded == bindparam("folded")))
_OF_ISSUER = Statement(
    _APPLICATION.where(
        applications.c.issuer == bindparam("issuer", type_=Text),
        applications.c.qualifier == bindparam("qualifier", type_=Text),
    )
)
_ALL = Statement(_APPLICATION.order_by(applications.c.folded))
_ADD = Statement(insert(applications))
_DELETE = Statement(delete(applications).where(_MINE, applications.c.id == bindparam("id")))

_OUR = identity_providers.c.tenant == bindparam("tenant")
_PROVIDER = select(identity_providers).where(_OUR)
_GET_PROVIDER = Statement(_PROVIDER.where(identity_providers.c.id == bindparam("id")))
_FIND_PROVIDER = Statement(_PROVIDER.where(identity_providers.c.folded == bindparam("folded")))
_ALL_PROVIDERS = Statement(_PROVIDER.order_by(identity_providers.c.folded))
_ADD_PROVIDER = Statement(insert(identity_providers))
_DELETE_PROVIDER = Statement(delete(identity_providers).where(_OUR, identity_providers.c.id == bindparam("id")))

_LINK = Upsert.into(associations, "user_id", "created_at")
_OF_PROVIDER = (associations.c.tenant == bindparam("tenant")) & (associations.c.provider_id == bindparam("provider_id"))
_OF_SUBJECT = _OF_PROVIDER & (associations.c.subject == bindparam("subject"))
_LINKED = Statement(select(associations.c.user_id).where(_OF_SUBJECT))
_UNLINK = Statement(delete(associations).where(_OF_SUBJECT))
_UNLINK_ALL = Statement(delete(associations).where(_OF_PROVIDER))
_LINKS = Statement(
    select(associations.c.provider_id, associations.c.subject, associations.c.user_id, associations.c.created_at)
    .where(associations.c.tenant == bindparam("tenant"), associations.c.user_id == bindparam("user_id"))
    .order_by(associations.c.provider_id, associations.c.subject)
)


@cache
def _changing(*names: str) -> Statement:
    """Return what gives these columns of an application new values, unless its version is another."""
    mine = (_MINE, applications.c.id == bindparam("old_id"), applications.c.version == bindparam("old_version"))
    fresh: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
    return Statement(update(applications).where(*mine).values(fresh).returning(applications.c.version))


@cache
def _changing_provider(*names: str) -> Statement:
    """Return what gives these columns of an identity provider new values, unless its version is another."""
    mine = (
        _OUR, identity_providers.c.id == bindparam("old_id"),
        identity_providers.c.version == bindparam("old_version"),
    )  # fmt: skip
    fresh: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
    return Statement(update(identity_providers).where(*mine).values(fresh).returning(identity_providers.c.version))


@dataclass(frozen=True, slots=True)
class Applications:
    """The applications of the Work's tenant."""

    work: Work

    def get(self, application_id: str) -> Application | None:
        """Return the application of that id, as it was at most half a second ago."""
        return _remembered(self.work, f"application {application_id}", lambda: self.fresh(application_id))

    def of_issuer(self, issuer: str, qualifier: str = "") -> Application | None:
        """Return the application whose service provider is called so, as it was at most half a second ago."""
        return _remembered(self.work, _issuer_key(issuer, qualifier), lambda: self.with_issuer(issuer, qualifier))

    def fresh(self, application_id: str) -> Application | None:
        """Return the application of that id as it is now, to be changed."""
        return _application(self.work.row(_GET, id=application_id))

    def with_issuer(self, issuer: str, qualifier: str) -> Application | None:
        """Return the application whose service provider is called so, as it is now."""
        return _application(self.work.row(_OF_ISSUER, issuer=issuer, qualifier=qualifier))

    def find(self, name: str) -> Application | None:
        """Return the application of that name; names are compared without case."""
        return _application(self.work.row(_FIND, folded=name.casefold()))

    def all(self) -> Sequence[Application]:
        """Return every application, by name."""
        return [found for row in self.work.rows(_ALL) if (found := _application(row))]

    def add(self, application: Application) -> None:
        """Store an application.

        Raises:
            ApplicationExists: somebody else was quicker to take its name or issuer; the work can only be released.
        """
        try:
            self.work.rows(_ADD, id=application.id, created_at=application.created_at, **_columns(application))
        except IntegrityError as problem:
            raise ApplicationExists(name=application.name) from problem
        self._forget(application)

    def replace(self, before: Application, application: Application) -> Application:
        """Store an application in place of what it was *before*, and return it with its new version.

        Raises:
            ChangedMeanwhile: it is no longer as it was before.
            ApplicationExists: somebody else was quicker to take its name or issuer; the work can only be released.
        """
        fresh = replace(application, version=before.version + 1, created_at=before.created_at)
        columns = {f"new_{name}": value for name, value in _columns(fresh).items()}
        try:
            row = self.work.row(_changing(*_columns(fresh)), old_id=before.id, old_version=before.version, **columns)
        except IntegrityError as problem:
            raise ApplicationExists(name=application.name) from problem
        if row is None:
            raise ChangedMeanwhile(name=before.name)
        self._forget(before)
        self._forget(fresh)
        return fresh

    def delete(self, application: Application) -> None:
        """Remove an application."""
        self.work.write(_DELETE, id=application.id)
        self._forget(application)

    def _forget(self, application: Application) -> None:
        self.work.forget(f"application {application.id}")
        if application.saml is not None:
            self.work.forget(_issuer_key(application.saml.issuer, application.saml.qualifier))


@dataclass(frozen=True, slots=True)
class IdentityProviders:
    """The identity providers of the Work's tenant, beside the resident one."""

    work: Work

    def get(self, provider_id: str) -> IdentityProvider | None:
        """Return the identity provider of that id, as it was at most half a second ago."""
        return _remembered(self.work, f"identity provider {provider_id}", lambda: self.fresh(provider_id))

    def fresh(self, provider_id: str) -> IdentityProvider | None:
        """Return the identity provider of that id as it is now, to be changed."""
        return self._provider(self.work.row(_GET_PROVIDER, id=provider_id))

    def find(self, name: str) -> IdentityProvider | None:
        """Return the identity provider of that name; names are compared without case."""
        return self._provider(self.work.row(_FIND_PROVIDER, folded=name.casefold()))

    def all(self) -> Sequence[IdentityProvider]:
        """Return every identity provider, by name."""
        return [found for row in self.work.rows(_ALL_PROVIDERS) if (found := self._provider(row))]

    def add(self, provider: IdentityProvider) -> None:
        """Store an identity provider.

        Raises:
            ProviderExists: somebody else was quicker to take its name; the work can only be released.
        """
        try:
            self.work.rows(_ADD_PROVIDER, id=provider.id, created_at=provider.created_at, **self._columns(provider))
        except IntegrityError as problem:
            raise ProviderExists(name=provider.name) from problem
        self.work.forget(f"identity provider {provider.id}")

    def replace(self, before: IdentityProvider, provider: IdentityProvider) -> IdentityProvider:
        """Store an identity provider in place of what it was *before*, and return it with its new version.

        Raises:
            ChangedMeanwhile: it is no longer as it was before.
            ProviderExists: somebody else was quicker to take its name; the work can only be released.
        """
        fresh = replace(provider, version=before.version + 1, created_at=before.created_at)
        columns = self._columns(fresh)
        values = {f"new_{name}": value for name, value in columns.items()}
        try:
            row = self.work.row(_changing_provider(*columns), old_id=before.id, old_version=before.version, **values)
        except IntegrityError as problem:
            raise ProviderExists(name=provider.name) from problem
        if row is None:
            raise ChangedMeanwhile(name=before.name)
        self.work.forget(f"identity provider {before.id}")
        return fresh

    def delete(self, provider: IdentityProvider) -> None:
        """Remove an identity provider with its associations."""
        self.work.write(_UNLINK_ALL, provider_id=provider.id)
        self.work.write(_DELETE_PROVIDER, id=provider.id)
        self.work.forget(f"identity provider {provider.id}")

    def _columns(self, provider: IdentityProvider) -> dict[str, object]:
        secrets = {each.name: each.properties for each in provider.authenticators if each.properties}
        bare = replace(provider, authenticators=tuple(replace(each, properties={}) for each in provider.authenticators))
        sealed = self.work.keys.seal(self.work.entropy, msgspec.json.encode(secrets), self._about(provider.id))
        return {
            "name": provider.name,
            "folded": provider.name.casefold(),
            "document": msgspec.json.encode(bare).decode(),
            "sealed": sealed,
            "version": provider.version,
            "modified_at": provider.modified_at,
        }

    def _provider(self, row: Any) -> IdentityProvider | None:  # noqa: ANN401  # a row of identity_providers
        if row is None:
            return None
        bare = msgspec.json.decode(row.document, type=IdentityProvider)
        opened = self.work.keys.unseal(row.sealed, self._about(row.id))
        secrets: Mapping[str, Mapping[str, str]] = msgspec.json.decode(opened)
        whole = (ProviderAuthenticator(name=each.name, enabled=each.enabled, properties=secrets.get(each.name, {}))
                 for each in bare.authenticators)  # fmt: skip
        return replace(bare, authenticators=tuple(whole), version=row.version)

    def _about(self, provider_id: str) -> str:
        return f"identity_providers {self.work.tenant} {provider_id}"


@dataclass(frozen=True, slots=True)
class Associations:
    """Which user somebody is whom an identity provider knows under another name."""

    work: Work

    def linked(self, provider_id: str, subject: str) -> str | None:
        """Return the id of the user who is linked to a subject of an identity provider."""
        row = self.work.row(_LINKED, provider_id=provider_id, subject=subject)
        return None if row is None else row.user_id

    def of_user(self, user_id: str) -> Sequence[Association]:
        """Return what a user is linked to."""
        return [Association(*row) for row in self.work.rows(_LINKS, user_id=user_id)]

    def link(self, provider_id: str, subject: str, user_id: str) -> None:
        """Link a subject to a user, instead of whomever it was linked to before."""
        self.work.write(_LINK, provider_id=provider_id, subject=subject, user_id=user_id, created_at=self.work.now)

    def unlink(self, provider_id: str, subject: str) -> None:
        """Remove the link of a subject, if there is one."""
        self.work.write(_UNLINK, provider_id=provider_id, subject=subject)


class _Absent(LookupError):
    """There is nothing to remember: what strangers ask for in vain must not fill the memory."""


def _remembered(work: Work, key: str, load: Callable[[], Kept | None]) -> Kept | None:
    def present() -> Kept:
        found = load()
        if found is None:
            raise _Absent
        return found

    try:
        return work.recall(key, present)
    except _Absent:
        return None


def _issuer_key(issuer: str, qualifier: str) -> str:
    return f"service provider {msgspec.json.encode([issuer, qualifier]).decode()}"


def _columns(application: Application) -> dict[str, object]:
    return {
        "name": application.name,
        "folded": application.name.casefold(),
        "issuer": application.saml.issuer if application.saml else None,
        "qualifier": application.saml.qualifier if application.saml else "",
        "document": msgspec.json.encode(application).decode(),
        "version": application.version,
        "modified_at": application.modified_at,
    }


def _application(row: Any) -> Application | None:  # noqa: ANN401  # a row of applications
    return None if row is None else replace(msgspec.json.decode(row.document, type=Application), version=row.version)
