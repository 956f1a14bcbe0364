"""`watchword message` and `watchword audit`: where a message is, and what was done; never a text or a code."""

from collections.abc import Iterator
from typing import Any

import click

from watchword.base.seal import SealBroken
from watchword.cli.answers import FAILED, Answer, clock_time, instant
from watchword.cli.desk import Desk, command
from watchword.notification.courier import SECRET_FACTS
from watchword.notification.model import Channel, MessageState, OutboxEntry
from watchword.notification.outbox import unseal_message
from watchword.notification.store import Messages
from watchword.storage.audit import AuditEvent, read_audit
from watchword.storage.work import Work

message = click.Group("message", help="Where messages are; never what they say.")
audit = click.Group("audit", help="What was done, by whom, and how it ended.")

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


@command(message, "list", example="watchword message list --tenant acme.example --json")
@click.option("--since", default="", metavar="ID", help="Only messages made after this one.")
def list_messages(desk: Desk, since: str) -> Answer:
    """List messages, oldest first. Addresses are masked outside development."""
    open_too = desk.settings.dev
    documents = desk.look(lambda work: [_document(work, each, open_too=open_too) for each in _after(work, since)])
    lines = [
        "  ".join(
            (
                each["id"],
                each["created_at"],
                f"{each['state']:<9}",
                f"{each['channel']:<5}",
                each["to"],
                each["template"],
            )
        )
        for each in documents
    ]
    return Answer({"messages": documents}, lines or ["There are no messages."])


@command(message, "show", example="watchword message show 0192f0c4-7b1e-7c54-9f0e-3a0d2b6f1c55")
@click.argument("message_id", metavar="ID")
def show_message(desk: Desk, message_id: str) -> Answer:
    """Say in a sentence where a message is, and what can be done next."""

    def find(work: Work) -> tuple[OutboxEntry, dict[str, Any]] | None:
        found = Messages(work).find(message_id)
        return None if found is None else (found, _document(work, found, open_too=desk.settings.dev))

    seen = desk.look(find)
    if seen is None:
        return Answer({"exists": False}, [f"There is no message {message_id} in {desk.tenant}."], FAILED)
    entry, document = seen
    told, next_step = sentence(entry), next_of(entry)
    return Answer({**document, "told": told, "next": next_step}, [told, *([next_step] if next_step else [])])


@command(audit, "list", example="watchword audit list --json")
@click.option("--since", default="", metavar="ID", help="Only events after this one.")
def list_events(desk: Desk, since: str) -> Answer:
    """List what was done in the tenant, oldest first."""
    events = desk.look(lambda work: list(_events_after(work, since)))
    lines = [
        f"{clock_time(each.at)}  {each.actor}  {each.action}  {each.target}  {each.outcome}"
        + (f" ({each.reason})" if each.reason else "")
        for each in events
    ]
    return Answer({"events": [_event(each) for each in events]}, lines or ["Nothing was done."])


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


def next_of(entry: OutboxEntry) -> str:
    """Return what can be done now; nothing where a message is on its way."""
    if entry.reason in NEXT_STEPS:
        return NEXT_STEPS[entry.reason]
    match entry.state:
        case MessageState.WAITING | MessageState.SENDING:
            return "If it stays so, no server or worker is running on this database."
        case MessageState.SENT:
            about = f" about {entry.reference}" if entry.reference else ""
            return f"If it has not arrived, ask {entry.provider}{about}, or resend by the other channel."
        case MessageState.FAILED | MessageState.EXPIRED:
            return "See to the provider, then let the person ask for a new code."
        case _:
            return ""


def _after(work: Work, since: str) -> Iterator[OutboxEntry]:
    while page := Messages(work).page(since):
        yield from page
        since = page[-1].id


def _events_after(work: Work, since: str) -> Iterator[AuditEvent]:
    while page := read_audit(work, since):
        yield from page
        since = page[-1].id


def _document(work: Work, entry: OutboxEntry, *, open_too: bool) -> dict[str, Any]:
    """Return a message as decisions 6.3 have it; *open_too* with the whole address and the facts of its event."""
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


def _event(event: AuditEvent) -> dict[str, Any]:
    return {
        "id": event.id,
        "at": instant(event.at),
        "tenant": event.tenant,
        "actor": event.actor,
        "source": event.source,
        "action": event.action,
        "target": event.target,
        "outcome": event.outcome,
        "reason": event.reason,
        "trace": event.trace,
    }
