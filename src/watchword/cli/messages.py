"""`watchword message`: where a message is; never a text or a code."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import click

from watchword.accounts.addresses import AddressRefused, mask_mailbox, mask_phone, parse_mailbox, parse_phone
from watchword.accounts.model import PRIMARY, UserName
from watchword.accounts.store.users import Users
from watchword.accounts.usecases.names import find_user
from watchword.base.seal import SealBroken
from watchword.cli.answers import FAILED, Answer, CommandFailed, clock_time, instant
from watchword.cli.desk import Desk, command
from watchword.notification.courier import LEASE, SECRET_FACTS
from watchword.notification.model import Channel, MessageState, OutboxEntry
from watchword.notification.outbox import unseal_message
from watchword.notification.store import Messages
from watchword.storage.work import Work

message = click.Group("message", help="Where messages are; never what they say.")

TOLD = {
    MessageState.WAITING: "{what} waits to be sent since {made}.",
    MessageState.SENDING: "{what} is being handed over; this is try {number}.",
    MessageState.SENT: "{what} was handed to {provider} at {sent}; no receipt has come.",
    MessageState.DELIVERED: "{what} was handed to {provider} at {sent}, and delivered.",
    MessageState.FAILED: "{what} could not be sent, after {tries}{why}.",
    MessageState.EXPIRED: "{what} was not sent before its code expired at {expired}, after {tries}{why}.",
    MessageState.CANCELLED: "{what} was called off, since its code was used, replaced or deleted.",
    MessageState.HELD: "{what} is held back{why}.",
}
TRIED_BEFORE = "{what} waits for its next try, after {tries}{why}."
NEXT_STEPS = {
    "no sender": "Name a provider: [watchword.sms.provider], a publisher file, or [output_adapter.email].",
    "no template": "Write the template, or take the operator's file away, so that the built-in text is used.",
    "no address": "The account has no usable address for this channel; correct it, then resend.",
    "limit of the address": "The address has had its share of messages; wait, or use the other channel.",
}


class _Id(click.ParamType[str]):
    """The id of a message or an event."""

    name = "ID"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return str(UUID(value)) if value else value
        except ValueError:
            self.fail(f"{value!r} is no id; a list begins each of its lines, or documents, with one.", param, ctx)


ID = _Id()


@command(message, "list", example="watchword message list --user kim --tenant acme.example")
@click.option("--since", default="", type=ID, help="Only messages made after this one.")
@click.option("--user", "name", metavar="NAME", help="Only messages to this account.")
@click.option("--to", metavar="ADDRESS", help="Only messages to addresses that look like this one when masked.")
def list_messages(desk: Desk, since: str, name: str | None, to: str | None) -> Answer:
    """List messages, oldest first. Addresses are masked outside development."""
    open_too = desk.settings.dev

    def look(work: Work) -> list[dict[str, Any]]:
        names: dict[str, str | None] = {}
        wanted, user_id = to and _masked(work, to), id_of(work, name)
        chosen = (each for each in _after(work, since, user_id) if wanted is None or each.masked_to == wanted)
        return [_document(work, each, names, open_too=open_too) for each in chosen]

    documents = desk.look(look)
    lines = [
        "  ".join(
            (
                each["id"],
                each["created_at"],
                f"{each['state']:<9}",
                f"{each['channel']:<5}",
                each["to"],
                each["template"],
                each["user"] or "-",
            )
        )
        for each in documents
    ]
    return Answer({"messages": documents}, lines or ["There are no messages."])


@command(message, "show", example="watchword message show 0192f0c4-7b1e-7c54-9f0e-3a0d2b6f1c55")
@click.argument("message_id", metavar="ID")
def show_message(desk: Desk, message_id: str) -> Answer:
    """Say in a sentence where a message is, and what can be done next. A beginning of ID is enough if it is unique."""

    def find(work: Work) -> tuple[OutboxEntry, dict[str, Any], str] | None:
        found = _find(work, message_id.lower())
        if found is None:
            return None
        return found, _document(work, found, {}, open_too=desk.settings.dev), next_of(found, work.now)

    seen = desk.look(find)
    if seen is None:
        return Answer({"exists": False}, [f"There is no message {message_id} in {desk.tenant}."], FAILED)
    entry, document, next_step = seen
    told = sentence(entry)
    return Answer({**document, "told": told, "next": next_step}, [told, *([next_step] if next_step else [])])


def sentence(entry: OutboxEntry) -> str:
    """Return where a message is, for somebody who is asked "why did my code not come?"."""
    tried = entry.state is MessageState.WAITING and entry.attempts
    return (TRIED_BEFORE if tried else TOLD[entry.state]).format(
        what=f"The {'SMS' if entry.channel is Channel.SMS else 'mail'} to {entry.masked_to or 'nobody'}",
        tries=f"{entry.attempts} {'try' if entry.attempts == 1 else 'tries'}",
        number=entry.attempts,
        why=f": {entry.reason}" if entry.reason else "",
        provider=entry.provider or "the provider",
        made=clock_time(entry.created_at),
        sent=clock_time(entry.sent_at),
        expired=clock_time(entry.expires_at),
    )


def next_of(entry: OutboxEntry, now: datetime) -> str:
    """Return what can be done *now*; nothing where a message is on its way."""
    if entry.reason in NEXT_STEPS:
        return NEXT_STEPS[entry.reason]
    match entry.state:
        case MessageState.WAITING | MessageState.SENDING:
            return _next_of_open(entry, now)
        case MessageState.SENT:
            about = f" about {entry.reference}" if entry.reference else ""
            return f"If it has not arrived, ask {entry.provider}{about}, or resend by the other channel."
        case MessageState.FAILED | MessageState.EXPIRED:
            return "See to the provider, then let the person ask for a new code."
        case _:
            return ""


def _next_of_open(entry: OutboxEntry, now: datetime) -> str:
    """Return when a courier comes; if none has come long after that, none is running."""
    if entry.due_at is not None and entry.due_at + LEASE < now:
        return f"It was due at {clock_time(entry.due_at)}: no server or worker is running on this database."
    if entry.state is MessageState.WAITING and entry.attempts and entry.due_at is not None:
        return f"It is tried again at {clock_time(entry.due_at)}."
    return "If it stays so, no server or worker is running on this database."


def _find(work: Work, beginning: str) -> OutboxEntry | None:
    """Return the message whose id this is, or the only one whose id begins so.

    Raises:
        CommandFailed: more than one begins so.
    """
    found = Messages(work).find(beginning)
    if found is not None:
        return found
    alike = [each for each in Messages(work).page(beginning, count=2) if each.id.startswith(beginning)]
    if len(alike) > 1:
        raise CommandFailed(f"More than one message has an id that begins with {beginning}: give more of it.")
    return alike[0] if alike else None


def id_of(work: Work, name: str | None) -> str | None:
    """Return the id of the account of that name, if one is named.

    Raises:
        CommandFailed: there is none.
    """
    if name is None:
        return None
    found = find_user(work, name)
    if found is None:
        raise CommandFailed(f"There is no user {name}.")
    return found.id


def _masked(work: Work, address: str) -> str:
    """Return an address as the outbox keeps it in the open; one that is masked already stays as it is."""
    strict, country = work.settings.registration.strict, work.settings.sms.default_country
    try:
        if "@" in address:
            return mask_mailbox(parse_mailbox(address).address)
        return mask_phone(parse_phone(address, strict=strict, default_country=country).normalised)
    except AddressRefused:
        return address


def name_of(work: Work, user_id: str | None, names: dict[str, str | None]) -> str | None:
    """Return the name of an account that is still there, as ``NAME`` or ``REALM/NAME``; *names* remembers it."""
    if user_id is None:
        return None
    if user_id not in names:
        found = Users(work).get(user_id)
        names[user_id] = None if found is None else _qualified(found.name)
    return names[user_id]


def _qualified(name: UserName) -> str:
    return name.typed if name.realm == PRIMARY else f"{name.realm}/{name.typed}"


def _after(work: Work, since: str, user_id: str | None) -> Iterator[OutboxEntry]:
    while page := Messages(work).page(since, user_id):
        yield from page
        since = page[-1].id


def _document(work: Work, entry: OutboxEntry, names: dict[str, str | None], *, open_too: bool) -> dict[str, Any]:
    """Return a message as decisions 6.3 have it, and whose it is.

    *open_too* adds the whole address and the facts of its event.
    """
    document = {
        "id": entry.id,
        "tenant": entry.tenant,
        "channel": entry.channel,
        "to": entry.masked_to,
        "template": entry.template,
        "locale": entry.locale,
        "event": entry.event,
        "state": entry.state,
        "reason": entry.reason,
        "attempts": entry.attempts,
        "provider": entry.provider,
        "created_at": instant(entry.created_at),
        "sent_at": instant(entry.sent_at),
        "expires_at": instant(entry.expires_at),
        "user": name_of(work, entry.user_id, names),
    }
    return document | (_opened(work, entry) if open_too else {})


def _opened(work: Work, entry: OutboxEntry) -> dict[str, Any]:
    """Return the address and the facts of a message that is still sealed; the code is taken out."""
    try:
        rendered = unseal_message(work, entry)
    except SealBroken:
        return {}
    if not rendered:  # the text is wiped as soon as the message is done
        return {}
    facts = {name: value for name, value in rendered["facts"].items() if name not in SECRET_FACTS}
    return {"to": rendered["to"], "properties": facts}
