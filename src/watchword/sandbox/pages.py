"""The sandbox's page: the phone and the mailbox side by side, up to date by themselves."""

from dataclasses import dataclass
from pathlib import Path

from watchword.notification.model import Channel
from watchword.sandbox.http import refuse_other_sites
from watchword.sandbox.inbox import Inbox, Wanted
from watchword.storage.work import Work
from watchword.web.model import Ask, Door, Reply, Route, get, post
from watchword.web.pages import Pages
from watchword.web.visits import accept_form, open_visit

TEMPLATES = Path(__file__).with_name("templates")
MOST_SHOWN = 50


@dataclass(frozen=True, slots=True)
class SandboxPages:
    """The page, and the button that empties it."""

    pages: Pages
    inbox: Inbox

    @classmethod
    def of_parts(cls, pages: Pages, inbox: Inbox) -> "SandboxPages":
        """Return the page, with the templates of this slice."""
        return cls(pages.with_templates(TEMPLATES), inbox)

    def routes(self) -> list[Route]:
        """Return the table of routes."""
        return [
            get("/sandbox", self.show, door=Door.ANYONE, page=True),
            post("/sandbox", self.clear, door=Door.ANYONE, page=True, body=dict[str, str]),
        ]

    def show(self, work: Work, ask: Ask[None]) -> Reply:
        """Show what arrived, the newest first."""
        messages = self.inbox.read(Wanted())
        newest = messages[: -MOST_SHOWN - 1 : -1]
        return self.pages.show(
            work, ask, "sandbox.html", open_visit(work, ask), last=messages[-1].id if messages else "",
            texts=[message for message in newest if message.channel is Channel.SMS],
            mails=[message for message in newest if message.channel is Channel.EMAIL],
        )  # fmt: skip

    def clear(self, work: Work, ask: Ask[dict[str, str]]) -> Reply:
        """Forget every message."""
        refuse_other_sites(ask)
        visit = accept_form(work, ask)
        self.inbox.clear()
        return self.pages.go(work, ask, "/sandbox", visit)
