"""The server's own authenticators over REST (platform.md 3.4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from watchword.applications.authenticators import AUTHENTICATORS, authenticator_id, authenticator_of_id
from watchword.applications.http.lists import address
from watchword.applications.model import AuthenticatorType
from watchword.base.problems import ProviderUnknown
from watchword.storage.work import Work
from watchword.web.model import Ask, Route, get

LOCAL_AUTHENTICATORS: Final = "/api/server/v1/configs/authenticators"


@dataclass(frozen=True, slots=True)
class AuthenticatorsApi:
    """The handlers of the server's own authenticators."""

    def routes(self) -> list[Route]:
        """Return the table of routes for authenticators."""
        return [
            get(LOCAL_AUTHENTICATORS, self.list_all, permission="governance:view"),
            get(f"{LOCAL_AUTHENTICATORS}/{{id}}", self.read, permission="governance:view"),
        ]

    def list_all(self, work: Work, ask: Ask[None]) -> object:
        """List the server's own authenticators."""
        place = address(work, LOCAL_AUTHENTICATORS)
        own = [each for each in AUTHENTICATORS if not each.federated]
        return [{**_shown(work, each), "self": f"{place}/{authenticator_id(each)}"} for each in own]

    def read(self, work: Work, ask: Ask[None]) -> object:
        """Show one of the server's own authenticators, by its name in base64url."""
        found = authenticator_of_id(ask.path["id"])
        if found is None or found.federated:
            raise ProviderUnknown(name=ask.path["id"])
        return {**_shown(work, found), "properties": []}


def _shown(work: Work, known: AuthenticatorType) -> Mapping[str, Any]:
    said = work.settings.authenticators.get(known.name)
    is_enabled = said is None or said.enabled
    return {
        "id": authenticator_id(known), "name": known.name, "displayName": known.display_name, "isEnabled": is_enabled,
        "type": "LOCAL", "tags": list(known.tags),
    }  # fmt: skip
