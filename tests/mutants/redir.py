"""Defects in where people are led, and in what pages say."""

from typing import Any
from urllib.parse import parse_qsl

from tests.mutants.planting import plant
from watchword.login import pages
from watchword.login.http import CommonAuth
from watchword.web.model import Reply


def redir_01() -> None:
    """Go back to where the form says that it came from."""

    def going(submit: Any) -> Any:  # noqa: ANN401  # a function as it stands
        def gone(self: Any, work: Any, ask: Any) -> Any:  # noqa: ANN401  # passed on
            target = ask.body.get("commonAuthCallerPath", "")
            if target.startswith("https:"):
                return Reply(status=302, headers={"Location": target})
            return submit(self, work, ask)

        return gone

    plant(CommonAuth, "submit", going)


def redir_02() -> None:
    """Say what the address says."""

    def looking(show: Any) -> Any:  # noqa: ANN401  # a function as it stands
        def shown(self: Any, looking: Any, template: str, **facts: Any) -> Any:  # noqa: ANN401  # passed on
            said = dict(parse_qsl(looking.ask.raw_query)).get("authFailureMsg", "")
            return show(self, looking, template, **{**facts, "application": said or looking.login.application})

        return shown

    plant(pages.LoginPages, "_show", looking)
