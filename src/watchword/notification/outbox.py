"""Leave a message in the outbox, in the caller's transaction: rendered, sealed, within the limits of its address."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from watchword.accounts.addresses import (
    AddressRefused,
    closed_range,
    mask_mailbox,
    mask_phone,
    parse_mailbox,
    parse_phone,
)
from watchword.base.entropy import new_id
from watchword.notification.model import (
    NO_SENDER,
    Answered,
    Channel,
    Message,
    MessageState,
    OutboxEntry,
    Senders,
)
from watchword.notification.own_senders import OwnSenders
from watchword.notification.store import Messages, SavedTemplates
from watchword.notification.template_files import Template, template_key
from watchword.notification.templating import Templates, fill
from watchword.storage.audit import note
from watchword.storage.counters import count, seconds_left
from watchword.storage.work import Work

log = logging.getLogger(__name__)

LONGEST_REPLY = 2048
DECOY = "the name that was typed leads to no number or mailbox"
"""The reason of a message that reaches nobody."""
_NOBODYS = {Channel.SMS: "+12015550123", Channel.EMAIL: "nobody@example.com"}


@dataclass(frozen=True, slots=True)
class Notice:
    """What is to be said, to whom, and until when it is worth saying."""

    template: str
    channel: Channel
    to: str | None
    facts: Mapping[str, str] = field(repr=False)
    user_id: str | None = None
    scenario: str | None = None
    locale: str | None = None
    default_locale: str = "en_US"
    event: str = ""
    until: datetime | None = None
    route: str | None = None
    """The identity provider whose fields send it; ``None``: the tenant's sender."""
    text: str = field(default="", repr=False)
    """The text itself, where no template is used."""
    for_login: bool = False
    """Whether it brings a log-in code to an address that was proven: those have a pool of their own."""
    awaited: bool = True
    """Whether a request may wait for the first attempt."""
    decoy: str = ""
    """Whose message it would be, where the work of one is done for nobody, so that its time tells nothing."""


@dataclass(frozen=True, slots=True)
class Notified:
    """The message that was left, and whether it can go anywhere."""

    message_id: str
    channel: Channel
    state: MessageState
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class _Address:
    """Where a message goes, as it is sent, as it is counted, and as it may be shown."""

    to: str
    key: str
    masked: str


@dataclass(frozen=True, slots=True)
class Notifier:
    """Leaves messages in the outbox."""

    templates: Templates
    senders: Senders
    own: OwnSenders

    def notify(self, work: Work, notice: Notice) -> Notified:
        """Leave a message, and return where it stands.

        It is ``failed`` at once where no try could succeed (no template, no address, no sender), and ``held`` where a
        limit forbids it; both are rows like any other, so that nobody has to guess (decisions 5.4).
        """
        address = _address(work, notice)
        template = self._template(work, notice)
        state, reason = MessageState.WAITING, None
        if address is None:
            state, reason = MessageState.FAILED, "no address"
        elif template is None:
            state, reason = MessageState.FAILED, "no template"
        elif notice.route is None and not self._has_sender(work, notice.channel):
            state, reason = MessageState.FAILED, NO_SENDER
        elif closed := _closed(work, notice.channel, address.key):
            state, reason = MessageState.HELD, closed
        elif not _within_limits(work, notice, address.key):
            state, reason = MessageState.HELD, "limit of the address"
        elif notice.decoy:
            state, reason = MessageState.HELD, DECOY
        return _leave(work, notice, address, template, state, reason)

    def _has_sender(self, work: Work, channel: Channel) -> bool:
        return (self.own.sender(work, channel) or self.senders.of(work.tenant, channel)) is not None

    def _template(self, work: Work, notice: Notice) -> Template | None:
        if notice.text:
            return Template(notice.template, notice.default_locale, body=notice.text)
        if _is_removed(work, notice):
            return None
        locale = notice.locale or notice.default_locale
        own = SavedTemplates(work, notice.channel).recalled(template_key(notice.template))
        return self.templates.find(notice.channel, notice.template, locale, notice.default_locale, own)


def _leave(
    work: Work,
    notice: Notice,
    address: _Address | None,
    template: Template | None,
    state: MessageState,
    reason: str | None,
) -> Notified:
    message_id = new_id(work.entropy, work.now)
    sealed = None
    is_written = state is MessageState.WAITING or reason == DECOY
    if is_written and address is not None and template is not None:
        sealed = seal_message(work, message_id, _render(work, notice, address, template))
    entry = OutboxEntry(
        message_id, work.tenant, notice.user_id, notice.channel, address.masked if address else "", notice.template,
        template.locale if template else notice.default_locale, notice.event, state, reason, 0, None, None, work.now,
        None, notice.until, 0, work.origin.trace, sealed, route=notice.route,
    )  # fmt: skip
    Messages(work).add(entry, notice.scenario, _due_at(work, notice) if state.is_open else None)
    if not is_written:
        log.warning("message %s", state, extra={"message_id": message_id, "channel": notice.channel, "reason": reason})
        note(work, "send_message", notice.user_id or "-", outcome=state, reason=reason or "")
    return Notified(message_id, notice.channel, state, reason)


def _due_at(work: Work, notice: Notice) -> datetime:
    """Return when a courier takes a message up by itself.

    Where the request waits for the first attempt, that attempt is the request's own: a courier that came before it
    could fail without anybody to tell. Should the request die, the message goes out when its patience would have ended.
    """
    delivery = work.settings.delivery
    waits = notice.awaited and delivery.answer == "first-attempt"
    return work.now + delivery.first_attempt_wait if waits else work.now


def _render(work: Work, notice: Notice, address: _Address, template: Template) -> dict[str, Any]:
    """Return what the courier will need: the address, the texts, and the facts of the event."""
    # What the server says of itself beats a property of a request, which could lead the link of our own mail elsewhere.
    facts = {"callback": "", **notice.facts, **_places(work)}
    filled = fill(template, facts, channel=notice.channel)
    body = notice.text or filled.body
    return {
        "to": address.to, "facts": dict(notice.facts), "subject": filled.subject,
        "body": body + _binding(work, notice),
        "footer": filled.footer, "content_type": filled.content_type,
    }  # fmt: skip


def _binding(work: Work, notice: Notice) -> str:
    """Return the last line that lets a phone offer a code on our own site alone (the WICG's origin-bound codes)."""
    code = notice.facts.get("confirmation-code")
    host = urlsplit(work.settings.public_url).hostname
    bound = work.settings.sms.origin_bound and notice.channel is Channel.SMS
    return f"\n\n@{host} #{code}" if bound and code and host else ""


def _places(work: Work) -> dict[str, str]:
    """Return the addresses of the server and the constants of the operator, for templates."""
    url = work.settings.public_url
    prefix = "" if work.tenant == "carbon.super" else f"/t/{work.tenant}"
    places = {
        "carbon.product-url": url,
        "account.recovery.endpoint-url": f"{url}{prefix}/accountrecoveryendpoint",
        "authentication.endpoint-url": f"{url}{prefix}/authenticationendpoint",
        "organization-name": work.tenant,
        "current-year": str(work.now.year),
    }
    return places | {f"server.placeholder.{name}": value for name, value in work.settings.placeholders.items()}


def seal_message(work: Work, message_id: str, rendered: Mapping[str, Any]) -> bytes:
    """Return a rendered message as it is stored."""
    return work.keys.seal(work.entropy, json.dumps(rendered).encode(), f"message {work.tenant} {message_id}")


def unseal_message(work: Work, entry: OutboxEntry) -> dict[str, Any]:
    """Return what :func:`seal_message` was given; empty once it was wiped."""
    if entry.sealed is None:
        return {}
    rendered: dict[str, Any] = json.loads(work.keys.unseal(entry.sealed, f"message {entry.tenant} {entry.id}"))
    return rendered


def open_message(work: Work, entry: OutboxEntry) -> Message:
    """Return the message behind an entry, for a sender."""
    rendered = unseal_message(work, entry)
    return Message(
        id=entry.id, tenant=entry.tenant, channel=entry.channel, template=entry.template, locale=entry.locale,
        event=entry.event, created_at=entry.created_at, expires_at=entry.expires_at, **rendered,
    )  # fmt: skip


def seal_reply(work: Work, entry: OutboxEntry, answered: Answered) -> bytes:
    """Return what a provider said as it is stored; more of it than is ever shown, so that nothing is cut in two."""
    said = {"is_unexpected": answered.is_unexpected, "body": answered.body[:LONGEST_REPLY].decode("utf-8", "replace")}
    return work.keys.seal(work.entropy, json.dumps(said).encode(), f"reply {entry.tenant} {entry.id}")


def open_reply(work: Work, entry: OutboxEntry) -> Answered | None:
    """Return what the provider said instead of taking a message, as far as it is known."""
    if entry.reply_status is None:
        return None
    if entry.reply is None:
        return Answered(entry.reply_status, b"")
    said = json.loads(work.keys.unseal(entry.reply, f"reply {entry.tenant} {entry.id}"))
    return Answered(entry.reply_status, said["body"].encode(), is_unexpected=said["is_unexpected"])


def _address(work: Work, notice: Notice) -> _Address | None:
    if notice.decoy:
        nobodys = _address(work, replace(notice, decoy="", to=_NOBODYS[notice.channel]))
        return nobodys and _Address(nobodys.to, f"decoy {notice.decoy}", "")
    if not notice.to:
        return None
    strict, country = work.settings.registration.strict, work.settings.sms.default_country
    try:
        if notice.channel is Channel.SMS:
            phone = parse_phone(notice.to, strict=strict, default_country=country)
            return _Address(phone.normalised, phone.e164_key, mask_phone(phone.normalised))
        mailbox = parse_mailbox(notice.to)
    except AddressRefused:
        return None
    return _Address(mailbox.address, mailbox.key, mask_mailbox(mailbox.address))


def _closed(work: Work, channel: Channel, key: str) -> str | None:
    """Return why nothing is sent to a number whatever its limits; WSO2's defaults send to every number."""
    judged = channel is Channel.SMS and work.settings.registration.strict
    return closed_range(key) if judged else None


def _within_limits(work: Work, notice: Notice, key: str) -> bool:
    """Count one more message to an address, unless one of the limits is reached."""
    limits = work.settings.limits
    name, chosen = "sends_per_address", limits.sends_per_address
    if notice.for_login:
        name, chosen = "login_sends_per_address", limits.login_sends_per_address
    return all(count(work, name, f"{notice.channel} {key}", each) for each in chosen)


def room_in(work: Work, channel: Channel, to: str, *, for_login: bool = False) -> int | None:
    """Return after how many seconds a message may go to an address again; ``None`` if one may now, or none ever."""
    address = _address(work, Notice("", channel, to, {}))
    if address is None:
        return None
    limits = work.settings.limits
    name, chosen = "sends_per_address", limits.sends_per_address
    if for_login:
        name, chosen = "login_sends_per_address", limits.login_sends_per_address
    waits = [seconds_left(work, name, f"{channel} {address.key}", each) for each in chosen]
    return max((each for each in waits if each is not None), default=None)


def _is_removed(work: Work, notice: Notice) -> bool:
    """Tell whether a test took the template away (decisions 6.2)."""
    return work.surroundings.faults.is_set(f"template:{notice.channel}:{notice.template.lower()}")
