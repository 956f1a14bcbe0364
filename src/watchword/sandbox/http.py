"""The sandbox's page, and its interface for tests (decisions 5.5): no login, on loopback only."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from watchword.base.problems import BadRequest, Forbidden
from watchword.notification.model import Channel
from watchword.sandbox.inbox import Inbox, Wanted
from watchword.sandbox.model import SandboxMessage
from watchword.storage.work import Work
from watchword.web.model import Ask, Door, Reply, Route, delete, get

MESSAGES = "/sandbox/api/messages"
LONGEST_WAIT_SECONDS = 30.0
OWN_SITES = frozenset({"", "none", "same-origin"})
OWN_HOSTS = frozenset({"localhost", "127.0.0.1", "::1", None})


class AskedByOtherSite(Forbidden):
    """A page of another site asks, through somebody's browser."""

    text = "The sandbox answers no page of another site."


class SandboxQueryRefused(BadRequest):
    """A parameter of the query cannot be understood."""

    code, text = "400-0", "{name} must be {expected}."


@dataclass(frozen=True, slots=True)
class SandboxApi:
    """The handlers of the interface for tests."""

    inbox: Inbox

    def routes(self) -> list[Route]:
        """Return the interface's table of routes."""
        return [
            get(MESSAGES, self.read_messages, door=Door.ANYONE),
            delete(MESSAGES, self.clear_messages, door=Door.ANYONE, status=204, reading=True),
        ]

    def read_messages(self, work: Work, ask: Ask[None]) -> Reply:
        """Return what arrived, oldest first; on request, wait for it."""
        refuse_other_sites(ask)
        wanted, seconds = _wanted(ask), _seconds(ask)
        work.release()  # whoever waits holds no connection meanwhile
        found = self.inbox.wait(wanted, seconds) if seconds else self.inbox.read(wanted)
        return Reply({"messages": [as_json(message) for message in found]})

    def clear_messages(self, work: Work, ask: Ask[None]) -> Reply:
        """Forget every message."""
        refuse_other_sites(ask)
        self.inbox.clear()
        return Reply()


def refuse_other_sites(ask: Ask[Any]) -> None:
    """Refuse what a browser sends for another site, even under a name that was made to point here: codes lie open.

    Raises:
        AskedByOtherSite
    """
    named = urlsplit(f"//{ask.headers.get('host', '')}").hostname
    if ask.headers.get("sec-fetch-site", "") not in OWN_SITES or named not in OWN_HOSTS:
        raise AskedByOtherSite


def as_json(message: SandboxMessage) -> dict[str, str | None]:
    """Return a message as tests read it."""
    return {
        "id": message.id, "tenant": message.tenant, "channel": message.channel, "to": message.to,
        "subject": message.subject, "body": message.body, "text": message.text, "code": message.code,
        "link": message.link, "template": message.template, "received_at": message.received_at.isoformat(),
    }  # fmt: skip


def _wanted(ask: Ask[None]) -> Wanted:
    to, channel = ask.query.get("to", ""), ask.query.get("channel", "")
    if channel and channel not in list(Channel):
        raise SandboxQueryRefused(name="channel", expected=" or ".join(Channel))
    # In a query a + is a blank: whoever forgot to write %2B meant the number all the same.
    number = "+" + to[1:] if to.startswith(" ") else to
    return Wanted(number, Channel(channel) if channel else None, ask.query.get("after", ""))


def _seconds(ask: Ask[None]) -> float:
    given = ask.query.get("wait", "") or "0"
    if not given.isascii() or not given.replace(".", "", 1).isdecimal():
        raise SandboxQueryRefused(name="wait", expected=f"a number of seconds up to {LONGEST_WAIT_SECONDS:.0f}")
    return min(float(given), LONGEST_WAIT_SECONDS)
