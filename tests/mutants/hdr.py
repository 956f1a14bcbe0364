"""Defects in what an answer says beside."""

from typing import Any

from tests.mutants.planting import plant
from watchword.web import endpoint


def hdr_01() -> None:
    """Refuse without headers."""

    def baring(response: Any) -> Any:  # noqa: ANN401  # a function as it stands
        def bare(reply: Any, route: Any) -> Any:  # noqa: ANN401  # passed on
            answer = response(reply, route)
            if route is None:
                del answer.headers["content-security-policy"]
            return answer

        return bare

    plant(endpoint, "_response", baring)
