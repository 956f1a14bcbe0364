"""`watchword audit`: what was done, by whom, to whom, and how it ended."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import click

from watchword.applications.store import Applications
from watchword.cli.answers import Answer, clock_time, instant
from watchword.cli.desk import Desk, command
from watchword.cli.messages import ID, id_of, name_of
from watchword.storage.audit import AuditEvent, read_audit
from watchword.storage.work import Work

audit = click.Group("audit", help="What was done, by whom, and how it ended.")

UUID_FORM = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@command(audit, "list", example="watchword audit list --user kim")
@click.option("--since", default="", type=ID, help="Only events after this one.")
@click.option("--user", "name", metavar="NAME", help="Only what was done to or by this account; its id, if it is gone.")
def list_events(desk: Desk, since: str, name: str | None) -> Answer:
    """List what was done in the tenant, oldest first."""

    def look(work: Work) -> list[tuple[AuditEvent, dict[str, str]]]:
        names = Names(work)
        wanted = name.lower() if name and UUID_FORM.fullmatch(name.lower()) else id_of(work, name)
        events = (each for each in _events_after(work, since) if wanted is None or wanted in _told(each))
        return [(each, names.within(each)) for each in events]

    seen = desk.look(look)
    return Answer(
        {"events": [_event(*each) for each in seen]}, [_line(*each) for each in seen] or ["Nothing was done."]
    )


@dataclass(frozen=True, slots=True)
class Names:
    """The names of accounts and applications that are still there; each is looked up once."""

    work: Work
    _users: dict[str, str | None] = field(default_factory=dict)
    _others: dict[str, str | None] = field(default_factory=dict)

    def within(self, event: AuditEvent) -> dict[str, str]:
        """Return the names of whatever an event tells by its id."""
        ids = {found for text in _told(event) for found in UUID_FORM.findall(text)}
        return {each: name for each in sorted(ids) if (name := self._of(each)) is not None}

    def _of(self, known_id: str) -> str | None:
        if user := name_of(self.work, known_id, self._users):
            return user
        if known_id not in self._others:
            application = Applications(self.work).get(known_id)
            self._others[known_id] = application.name if application is not None else None
        return self._others[known_id]


def _told(event: AuditEvent) -> tuple[str, str, str]:
    return event.actor, event.target, event.reason


def _events_after(work: Work, since: str) -> Iterator[AuditEvent]:
    while page := read_audit(work, since):
        yield from page
        since = page[-1].id


def _line(event: AuditEvent, names: dict[str, str]) -> str:
    actor, target, reason = (UUID_FORM.sub(lambda found: names.get(found[0], found[0]), each) for each in _told(event))
    line = f"{clock_time(event.at)}  {actor}  {event.action}  {target}  {event.outcome}"
    return f"{line} ({reason})" if reason else line


def _event(event: AuditEvent, names: dict[str, str]) -> dict[str, Any]:
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
        "names": names,
    }
