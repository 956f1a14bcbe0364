"""The REST interface of applications (platform.md 5.2)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from watchword.applications import algorithms
from watchword.applications.bodies import ApplicationBody, certificate_lines
from watchword.applications.documents import Document, document_of, merged
from watchword.applications.drafts import application_body, draft_application, saml_body, service_provider
from watchword.applications.exports import export_application
from watchword.applications.http.lists import address, list_body, warning
from watchword.applications.listing import Attributes, ListRefused, Wanted, take_page
from watchword.applications.model import NAME_ID_FORMATS, UNSPECIFIED, Application
from watchword.applications.rules import doubts_about
from watchword.applications.saml_bodies import ManualBody, SamlBody
from watchword.applications.store import Applications
from watchword.applications.usecases.applications import (
    change_application,
    create_application,
    delete_application,
    put_service_provider,
    read_application,
    remove_service_provider,
    with_names,
)
from watchword.base.problems import ApplicationRefused, InboundUnknown
from watchword.notification.senders.addresses import OutgoingRules
from watchword.storage.work import Work
from watchword.web.model import Ask, Reply, Route, delete, get, patch, post, put

ROOT: Final = "/api/server/v1/applications"
SAML: Final = "inbound-protocols/saml"
MAX_BODY_BYTES: Final = 512 * 1024
"""Metadata are part of a body, in base64."""
_EXTRA: Final = ("advancedConfigurations", "templateId", "applicationEnabled", "claimConfiguration",
                 "authenticationSequence")  # fmt: skip
_ATTRIBUTES: Final[Attributes[Application]] = {
    "name": lambda each: each.name,
    "description": lambda each: each.description,
    "issuer": lambda each: each.saml.issuer if each.saml else "",
    "accessUrl": lambda each: each.access_url,
    "id": lambda each: each.id,
    "clientId": lambda _: "",  # of OpenID Connect, which nobody here speaks yet
}


@dataclass(frozen=True, slots=True)
class ApplicationsApi:
    """The handlers of applications."""

    rules: OutgoingRules
    """Where metadata may be fetched from."""

    def routes(self) -> list[Route]:
        """Return the slice's table of routes for applications."""
        view: dict[str, Any] = {"permission": "apps:view"}
        edit: dict[str, Any] = {"permission": "apps:edit"}
        given: dict[str, Any] = {"body": dict[str, Any], "max_bytes": MAX_BODY_BYTES, **edit}
        one = f"{ROOT}/{{id}}"
        return [
            get(ROOT, self.list_all, **view),
            post(ROOT, self.create, status=201, shape=ApplicationBody, **given),
            post(f"{ROOT}/import", self.load, status=201, shape=ApplicationBody, **given),
            get(f"{ROOT}/meta/inbound-protocols", self.protocols, **view),
            get(f"{ROOT}/meta/inbound-protocols/saml", self.saml_options, **view),
            get(one, self.read, **view),
            patch(one, self.change, shape=ApplicationBody, **given),
            delete(one, self.remove, status=204, **edit),
            get(f"{one}/export", self.export, **view),
            get(f"{one}/inbound-protocols", self.inbound, **view),
            get(f"{one}/{SAML}", self.read_saml, **view),
            put(f"{one}/{SAML}", self.put_saml, shape=SamlBody, **given),
            delete(f"{one}/{SAML}", self.remove_saml, status=204, **edit),
        ]

    def list_all(self, work: Work, ask: Ask[None]) -> object:
        """List applications."""
        extra = _extra(ask.query)
        try:
            wanted = Wanted.of_query(ask.query)
            page = take_page(Applications(work).all(), wanted, _ATTRIBUTES)
        except ListRefused as problem:
            raise ApplicationRefused(str(problem)) from problem
        names = {each.id: each for each in with_names(work, page.items)}

        def shown(each: Application) -> Document:
            return _listed(work, ask, names[each.id], extra)

        return list_body(page, wanted, name="applications", shown=shown, link=address(work, ROOT), query=ask.query)

    def create(self, work: Work, ask: Ask[Document]) -> Reply:
        """Make an application; the report of metadata that came with it is the answer."""
        draft = draft_application(work, ask.body, self.rules)
        made = create_application(work, draft.application, _creator(work, ask))
        told = {"report": list(draft.report)} if draft.report else None
        return Reply(told, headers={"Location": address(work, ROOT, made.id), **warning(doubts_about(made))})

    def load(self, work: Work, ask: Ask[Document]) -> Reply:
        """Make an application of what ``export`` gave."""
        return self.create(work, ask)

    def read(self, work: Work, ask: Ask[None]) -> object:
        """Show one application."""
        return _shown(work, ask, read_application(work, ask.path["id"]))

    def change(self, work: Work, ask: Ask[Document]) -> Reply:
        """Change what is named, and leave the rest."""
        if "inboundProtocolConfiguration" in ask.body:
            raise ApplicationRefused(f"inboundProtocolConfiguration: is changed at {ROOT}/ID/{SAML}.")
        before = read_application(work, ask.path["id"])
        known = document_of(ApplicationBody.of(with_names(work, [before])[0]))
        wanted = application_body(merged(known, ask.body)).to_model()
        changed = change_application(work, before, replace(wanted, saml=before.saml))
        return Reply(_shown(work, ask, changed), headers=warning(doubts_about(changed)))

    def remove(self, work: Work, ask: Ask[None]) -> None:
        """Remove an application."""
        delete_application(work, ask.path["id"])

    def export(self, work: Work, ask: Ask[None]) -> object:
        """Show an application as a file has it, which ``import`` and ``watchword apply`` read."""
        return export_application(with_names(work, [read_application(work, ask.path["id"])])[0])

    def inbound(self, work: Work, ask: Ask[None]) -> object:
        """List the protocols that an application speaks."""
        return _protocols(work, read_application(work, ask.path["id"]))

    def read_saml(self, work: Work, ask: Ask[None]) -> object:
        """Show the service provider of an application."""
        saml = read_application(work, ask.path["id"]).saml
        if saml is None:
            raise InboundUnknown(name="saml")
        return document_of(ManualBody.of(saml))

    def put_saml(self, work: Work, ask: Ask[Document]) -> Reply:
        """Give an application a service provider: as described, or as its metadata say."""
        before = read_application(work, ask.path["id"])
        has_certificate = bool(before.certificate)
        provider, described = service_provider(work, saml_body(ask.body), self.rules, has_certificate=has_certificate)
        changed, is_new = put_service_provider(work, before.id, provider, described.requested if described else ())
        shown = document_of(ManualBody.of(changed.saml)) if changed.saml is not None else {}
        report = {"report": list(described.report)} if described else {}
        headers = {"Location": address(work, ROOT, changed.id, SAML), **warning(doubts_about(changed))}
        return Reply({**shown, **report}, status=201 if is_new else 200, headers=headers)

    def remove_saml(self, work: Work, ask: Ask[None]) -> None:
        """Take the service provider of an application away."""
        remove_service_provider(work, ask.path["id"])

    def protocols(self, work: Work, ask: Ask[None]) -> object:
        """List the protocols that there are."""
        place = address(work, ROOT, "meta", "inbound-protocols", "saml")
        return [{"name": "saml", "displayName": "SAML2 Web SSO Configuration", "self": place}]

    def saml_options(self, work: Work, ask: Ask[None]) -> object:
        """Show what can be chosen for a service provider."""
        return {
            "defaultNameIdFormat": UNSPECIFIED,
            "nameIdFormats": _options(NAME_ID_FORMATS),
            "responseSigningAlgorithm": _options(algorithms.SIGNATURES),
            "responseDigestAlgorithm": _options(algorithms.DIGESTS),
            "assertionEncryptionAlgorithm": _options(algorithms.ENCRYPTIONS),
            "keyEncryptionAlgorithm": _options(algorithms.KEY_ENCRYPTIONS),
            "legacyAlgorithms": {"options": [*algorithms.LEGACY_SIGNATURES, *algorithms.LEGACY_DIGESTS]},
        }


def _creator(work: Work, ask: Ask[Any]) -> str | None:
    """Return the id of the user who asks, if they are of this tenant."""
    return ask.caller.user_id if ask.caller.tenant == work.tenant else None


def _extra(query: Mapping[str, str]) -> list[str]:
    wanted = [name for each in query.get("attributes", "").split(",") if (name := each.strip())]
    known = {*_EXTRA, "clientId", "issuer"}
    for name in wanted:
        if name not in known:
            raise ApplicationRefused(f"attributes: {name} is none; there are {', '.join(sorted(known))}.")
    return [name for name in wanted if name in _EXTRA]


def _listed(work: Work, ask: Ask[Any], each: Application, extra: list[str]) -> Document:
    body = document_of(ApplicationBody.of(each)) if extra else {}
    summary = {
        "id": each.id,
        "name": each.name,
        "description": each.description,
        "image": each.image_url,
        "accessUrl": each.access_url,
        "issuer": each.saml.issuer if each.saml else "",
        "access": _access(ask),
        "self": address(work, ROOT, each.id),
    }
    return {**summary, **{name: body[name] for name in extra if name in body}}


def _shown(work: Work, ask: Ask[Any], application: Application) -> Document:
    body = document_of(ApplicationBody.of(with_names(work, [application])[0]))
    issuer = {"issuer": application.saml.issuer} if application.saml else {}
    return {
        "id": application.id,
        **body,
        **issuer,
        "access": _access(ask),
        "applicationVersion": "v1.0.0",
        "certificates": certificate_lines(application.saml.certificates if application.saml else ()),
        "inboundProtocols": _protocols(work, application),
    }


def _protocols(work: Work, application: Application) -> list[dict[str, str]]:
    if application.saml is None:
        return []
    place = address(work, ROOT, application.id, SAML)
    return [{"type": "samlsso", "name": application.saml.issuer, "self": place}]


def _access(ask: Ask[Any]) -> str:
    return "WRITE" if ask.caller.may("apps:edit") else "READ"


def _options(values: tuple[str, ...]) -> dict[str, object]:
    return {"options": list(values), "defaultValue": values[0]}
