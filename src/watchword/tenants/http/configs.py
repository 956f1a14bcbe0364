"""The settings of a server or a tenant over REST: how long a log-in lasts (platform.md 3.4)."""

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from watchword.base.problems import PropertyRefused
from watchword.storage.work import Work
from watchword.tenants.policies import SESSIONS, Sessions
from watchword.tenants.usecases import change_policy, read_policy
from watchword.web.model import Ask, Route, get, patch

CONFIGS: Final = "/api/server/v1/configs"
PATHS: Final = ("/idleSessionTimeoutPeriod", "/rememberMePeriod")
_MAX_CHANGES: Final = 20


class Replacement(Struct):
    """One setting and its new value."""

    operation: Literal["REPLACE"]
    path: str
    value: str


@dataclass(frozen=True, slots=True)
class ConfigsApi:
    """The handlers of the interface."""

    def routes(self) -> list[Route]:
        """Return the table of routes."""
        changes = Annotated[list[Replacement], Meta(max_length=_MAX_CHANGES)]
        return [
            get(CONFIGS, self.read, permission="governance:view"),
            patch(CONFIGS, self.change, body=changes, permission="governance:edit"),
        ]

    def read(self, work: Work, ask: Ask[None]) -> object:
        """Show how long a log-in lasts, in minutes."""
        policy = read_policy(work, Sessions)
        return {
            "idleSessionTimeoutPeriod": str(policy.idle_minutes),
            "rememberMePeriod": str(policy.remember_minutes),
        }

    def change(self, work: Work, ask: Ask[list[Replacement]]) -> None:
        """Change how long a log-in lasts: all that is asked, or nothing."""
        for each in ask.body:
            if each.path not in PATHS:
                raise PropertyRefused(f"The path {each.path} is none of: {', '.join(PATHS)}.")
        change_policy(work, SESSIONS.name, {each.path.removeprefix("/"): each.value for each in ask.body})
