"""A tenant's own senders over REST (sms-otp.md 5.7, 7.7)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from msgspec import Struct, field

from watchword.base.problems import MailSenderAbsent, MailSenderOfFiles
from watchword.notification.sender_objects import SMS_SENDER, SenderObject, normal_proof
from watchword.notification.usecases.senders import (
    create_sender,
    delete_sender,
    list_senders,
    read_sender,
    replace_sender,
)
from watchword.storage.work import Work
from watchword.web.model import SUPER_TENANT, Ask, Reply, Route, delete, get, post, put

ROOTS: Final = ("/api/server/v1/notification-senders", "/api/server/v2/notification-senders")
"""The second alone has ``authentication`` in the reference; here both have."""


class Pair(Struct):
    """A property of a sender."""

    key: str
    value: str = ""


class ProofBody(Struct):
    """How a sender proves to the company who it is."""

    type: str = ""
    properties: dict[str, str] = field(default_factory=dict)


class SenderBody(Struct, rename={"provider_url": "providerURL", "content_type": "contentType"}):
    """A sender; ``secret`` and the secrets of ``authentication`` are never shown."""

    name: str = SMS_SENDER
    provider: str = ""
    provider_url: str = ""
    key: str = ""
    secret: str = ""
    sender: str = ""
    content_type: str = ""
    properties: list[Pair] = field(default_factory=list)
    authentication: ProofBody | None = None

    def to_model(self) -> SenderObject:
        """Return the sender that the body describes."""
        said = self.authentication
        proof = None if said is None else normal_proof(said.type, said.properties)
        return SenderObject(
            self.provider, self.provider_url, self.key, self.secret, self.sender, self.content_type,
            {each.key: each.value for each in self.properties}, proof,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class SendersApi:
    """The handlers of senders."""

    def routes(self) -> list[Route]:
        """Return the table of routes for senders, of both versions."""
        return [route for root in ROOTS for route in self._routes_under(root)]

    def _routes_under(self, root: str) -> list[Route]:
        view: dict[str, Any] = {"permission": "senders:view"}
        edit: dict[str, Any] = {"permission": "senders:edit"}
        every, one = f"{root}/sms", f"{root}/sms/{{name}}"
        mail: list[tuple[Callable[..., Route], str, dict[str, Any]]] = [
            (get, f"{root}/email", view), (post, f"{root}/email", edit), (get, f"{root}/email/{{name}}", view),
            (put, f"{root}/email/{{name}}", edit), (delete, f"{root}/email/{{name}}", edit),
        ]  # fmt: skip
        return [
            get(every, self.list_all, **view),
            post(every, self.create, body=SenderBody, status=201, **edit),
            get(one, self.read, **view),
            put(one, self.replace, body=SenderBody, **edit),
            delete(one, self.remove, status=204, **edit),
            *(route(path, self.mail, **allowed) for route, path, allowed in mail),
        ]

    def list_all(self, work: Work, ask: Ask[None]) -> object:
        """List the tenant's senders for SMS."""
        return [_shown(name, each) for name, each in list_senders(work).items()]

    def create(self, work: Work, ask: Ask[SenderBody]) -> Reply:
        """Make the tenant's sender."""
        made = create_sender(work, ask.body.name, ask.body.to_model())
        place = f"/t/{work.tenant}{ROOTS[0]}/sms/{ask.body.name}"
        return Reply(_shown(ask.body.name, made), headers={"Location": place})

    def read(self, work: Work, ask: Ask[None]) -> object:
        """Show the tenant's sender, without its secrets."""
        return _shown(ask.path["name"], read_sender(work, ask.path["name"]))

    def replace(self, work: Work, ask: Ask[SenderBody]) -> object:
        """Write the tenant's sender anew."""
        return _shown(ask.path["name"], replace_sender(work, ask.path["name"], ask.body.to_model()))

    def remove(self, work: Work, ask: Ask[None]) -> None:
        """Remove the tenant's sender; the operator's takes its place."""
        delete_sender(work, ask.path["name"])

    def mail(self, work: Work, ask: Ask[Any]) -> NoReturn:
        """Say that the operator's files alone configure mail."""
        raise MailSenderOfFiles if work.tenant == SUPER_TENANT else MailSenderAbsent


def _shown(name: str, sender: SenderObject) -> dict[str, object]:
    said: dict[str, object] = {
        "name": name, "provider": sender.provider, "providerURL": sender.url, "key": sender.key,
        "sender": sender.sender, "contentType": sender.content_type,
        "properties": [{"key": key, "value": value} for key, value in sender.properties.items()],
    }  # fmt: skip
    if sender.proof is not None:
        said["authentication"] = {"type": sender.proof.type, "properties": sender.proof.properties}
    return said
