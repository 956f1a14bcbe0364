"""The interface in OpenAPI's words, made of the table of routes."""

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from watchword.web.model import Door, Route

_PARAMETER = re.compile(r"\{(\w+)\}")
_WORD = re.compile(r"[\w.]+")


def describe(routes: Iterable[Route], version: str) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of *routes*; pages are left out."""
    told = [route for route in routes if not route.page]
    with_body = [route for route in told if route.body is not None]
    bodies, schemas = msgspec.json.schema_components(
        [route.shape or route.body for route in with_body], ref_template="#/components/schemas/{name}"
    )
    body_of = {id(route): body for route, body in zip(with_body, bodies, strict=True)}
    paths: dict[str, dict[str, Any]] = {}
    for route in told:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, body_of.get(id(route)))
    return {
        "openapi": "3.1.0",
        "info": {"title": "Watchword", "version": version},
        "servers": [{"url": "/"}, {"url": "/t/{tenant}", "variables": {"tenant": {"default": "carbon.super"}}}],
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": {"basic": {"type": "http", "scheme": "basic"}}},
    }


def _operation(route: Route, body: dict[str, Any] | None) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": "_".join([route.method.lower(), *_WORD.findall(route.path)]),
        "summary": (route.handler.__doc__ or "").strip().splitlines()[0] if route.handler.__doc__ else "",
        "responses": {str(route.status): {"description": "Done"}, "default": {"description": "A problem"}},
    }
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PARAMETER.findall(route.path)
    ]
    if parameters:
        operation["parameters"] = parameters
    if route.door is Door.CALLER:
        operation["security"] = [{"basic": []}]
        operation["x-permission"] = route.permission or ("of a person" if route.people else "")
    if body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return operation
