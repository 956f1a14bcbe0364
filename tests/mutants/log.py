"""Defects in what the log says."""

import logging
import sys
from typing import Any

from tests.mutants.planting import plant
from watchword.codes import usecases
from watchword.notification import courier
from watchword.web import endpoint


def log_01() -> None:
    """Log what is sent."""

    def aloud(attempt: Any) -> Any:  # noqa: ANN401  # a function as it stands
        def attempt_aloud(self: Any, message: Any) -> Any:  # noqa: ANN401  # passed on
            logging.getLogger("watchword").debug("sending %s", message and message.body)
            return attempt(self, message)

        return attempt_aloud

    plant(courier.Courier, "_attempt", aloud)


def log_02() -> None:
    """Make a line of the log of what was asked."""

    def aloud(trace_of: Any) -> Any:  # noqa: ANN401  # a function as it stands
        def trace_aloud(request: Any, entropy: Any) -> Any:  # noqa: ANN401  # passed on
            sys.stderr.write(f"asked by {request.headers.get('user-agent')}\n")
            return trace_of(request, entropy)

        return trace_aloud

    plant(endpoint, "trace_of", aloud)


def log_04() -> None:
    """Forget to write down refusals."""
    plant(usecases, "note", lambda _: lambda *rest, **more: None)
