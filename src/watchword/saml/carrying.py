"""Pages that take a message to a service provider, or say how a log-in or a logout has ended."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from watchword.saml.model import Form
from watchword.saml.usecases.identity import own_address
from watchword.saml.usecases.walking import Ended, Visit
from watchword.storage.work import Work
from watchword.web.model import Ask, Reply
from watchword.web.pages import PAGE_HEADERS, POLICY, Pages

TEMPLATES: Final = Path(__file__).with_name("templates")
LOGOUT_PATH: Final = "/authenticationendpoint/samlsso_logout.do"


@dataclass(frozen=True, slots=True)
class Carrying:
    """Makes the pages; what came from outside is escaped in all of them, and never an address."""

    pages: Pages

    @classmethod
    def of_pages(cls, pages: Pages) -> "Carrying":
        """Return the pages, with the templates of this slice."""
        return cls(pages.with_templates(TEMPLATES))

    def login(self, ask: Ask[Any], form: Form) -> Reply:
        """Take a response to its service provider."""
        return self._carry(ask, form, title="saml.carry.title", text="saml.carry.text")

    def logout(self, work: Work, ask: Ask[Any], step: Visit | Ended | None, round_id: str = "") -> Reply:
        """Show where a logout stands, or go where it ends."""
        if isinstance(step, Visit):
            return self._visit(work, ask, step, round_id)
        ended = step or Ended()
        if ended.answer is not None:
            return self._carry(
                ask, ended.answer, title="saml.logged_out.title", text="saml.logged_out.back",
                application=ended.application, unconfirmed=ended.unconfirmed,
            )  # fmt: skip
        if ended.return_to and not ended.unconfirmed:
            return Reply(status=302, headers={**PAGE_HEADERS, "Location": ended.return_to})
        return self.pages.show_plainly(
            ask, "logged_out.html", unconfirmed=ended.unconfirmed, return_to=ended.return_to, was_told=step is not None
        )  # fmt: skip

    def failure(self, ask: Ask[Any]) -> Reply:
        """Say that a log-in could not be done, in words of ours alone."""
        return self.pages.show_plainly(replace(ask, query={}), "failed.html")

    def _visit(self, work: Work, ask: Ask[Any], step: Visit, round_id: str) -> Reply:
        there = step.telling.participant
        reply = self.pages.show_plainly(
            ask, "visit.html", address=step.address, form=step.form, visited=there.visited, application=there.name,
            round_id=round_id, telling_id=step.telling.id, here_path=own_address(work, LOGOUT_PATH),
        )  # fmt: skip
        return _allowing(reply, step.form.action) if step.form is not None else reply

    def _carry(self, ask: Ask[Any], form: Form, **facts: Any) -> Reply:  # noqa: ANN401  # of the template
        """Take a message on; by itself, unless there is something to be read first."""
        shown = {"application": "", "unconfirmed": (), **facts}
        goes_by_itself = not shown["unconfirmed"]
        if form.address and goes_by_itself:
            return Reply(status=302, headers={**PAGE_HEADERS, "Location": form.address})
        reply = self.pages.show_plainly(ask, "carry.html", form=form, goes_by_itself=goes_by_itself, **shown)
        return _allowing(reply, form.action)


def _allowing(reply: Reply, action: str) -> Reply:
    """Let a page send its one form to a service provider.

    Not to its origin alone: browsers hold the policy against every redirection that follows, too, and many a service
    provider leads on to another host of its own.
    """
    schemes = "https:" if action.startswith("https:") else "http: https:"
    policy = POLICY.replace("form-action 'self'", f"form-action 'self' {schemes}")
    return replace(reply, headers={**reply.headers, "Content-Security-Policy": policy})
