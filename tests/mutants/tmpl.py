"""Defects in the filling of texts."""

from dataclasses import replace
from typing import Any

from tests.mutants.planting import plant
from watchword.notification import filling, outbox


def tmpl_01() -> None:
    """Let a template reckon."""

    def reckoning(fill: Any) -> Any:  # noqa: ANN401  # a function as it stands
        def reckon(*rest: Any, **how: Any) -> Any:  # noqa: ANN401  # passed on
            filled = fill(*rest, **how)
            return replace(filled, body=filled.body.replace("{{7*7}}", "49"))

        return reckon

    plant(outbox, "fill", reckoning)


def tmpl_03() -> None:
    """Write a quote, the text, a quote."""
    plant(filling, "_json_value", lambda _: lambda value, *, inside: value or "" if inside else f'"{value or ""}"')
