"""How a problem is said in the words of each protocol."""

from typing import Any

from watchword.base.problems import Malformed, Problem, Unauthorized

API_WITHOUT_TRACE = "/api/identity/user/v1.0"
API_OF_SERVERS = "/api/server/"
"""Where nobody registers anybody: a body is called one there."""


def as_json(problem: Problem, *, path: str, compat_profile: str, trace: str) -> dict[str, Any] | None:
    """Return the JSON error body, or ``None`` where the reference sends none (self-registration.md 2.1).

    The self-registration family has no ``traceId`` up to 5.11; everything under ``/api/server`` always has it.
    """
    if isinstance(problem, Unauthorized):
        return None
    older = compat_profile == "is-5.10"
    description = problem.is_5_10_description if older else problem.description
    if isinstance(problem, Malformed) and API_OF_SERVERS in path:
        description = f"The body cannot be read. {problem.position}".strip()
    body = {"code": problem.code, "message": problem.message, "description": description}
    in_family = API_WITHOUT_TRACE in path
    if not in_family or compat_profile not in {"seed", "is-5.10"}:
        body["traceId"] = trace
    return body
