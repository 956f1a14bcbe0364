"""Defects in what keeps pages out of frames."""

from typing import Any

from tests.mutants.planting import plant
from watchword.web import endpoint


def click_01() -> None:
    """Say it on some pages only."""

    def baring(response: Any) -> Any:  # noqa: ANN401  # a function as it stands
        def bare(reply: Any, route: Any) -> Any:  # noqa: ANN401  # passed on
            answer = response(reply, route)
            if route is not None and route.path.endswith(".jsp"):
                del answer.headers["x-frame-options"]
            return answer

        return bare

    plant(endpoint, "_response", baring)
