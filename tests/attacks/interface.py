"""The interface as it describes itself: cases that are generated meet each new route without anybody adding one."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.attacks.stage import Stage, exchange
from watchword.login.http import CommonAuth
from watchword.login.pages import LoginPages
from watchword.registration.pages import RegistrationPages
from watchword.saml.http import SamlEndpoints


@dataclass(frozen=True, slots=True)
class Operation:
    """A method at an address, and a body of the shape that it takes."""

    method: str
    path: str
    is_open: bool
    """Whether anybody may call it."""
    sample: Any

    @property
    def address(self) -> str:
        """Return the path with something in the place of its parameters."""
        return self.path.replace("{", "").replace("}", "")

    def takes(self, address: str) -> bool:
        """Tell whether an address is one of this operation's."""
        return re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", self.path), address) is not None


def operations(stage: Stage) -> list[Operation]:
    """Return everything that the server says it can do, with JSON."""
    described = exchange(stage.nodes[-1].port + 1, "GET", "/openapi.json").json
    found = []
    for path, methods in described["paths"].items():
        for method, said in methods.items():
            schema = said.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            sample = None if schema is None else _sample(schema, described["components"]["schemas"])
            found.append(Operation(method.upper(), path, not said.get("security"), sample))
    return found


def page_addresses() -> list[str]:
    """Return the address of every page that people look at, as the slices' tables of routes have them."""
    nothing: Any = None  # of what a page needs the tables use nothing
    tables = (
        RegistrationPages(nothing, nothing, nothing), CommonAuth(nothing), LoginPages(nothing, nothing),
        SamlEndpoints(nothing, nothing, nothing),
    )  # fmt: skip
    found = {route.path for table in tables for route in table.routes() if route.page and route.method == "GET"}
    return sorted(each for each in found if "{" not in each)


def with_each_text(sample: Any, change: str) -> Iterator[Any]:  # noqa: ANN401  # what JSON knows
    """Return the sample as often as it has texts, each time with one of them replaced."""
    match sample:
        case str():
            yield change
        case dict():
            for name, member in sample.items():
                yield from ({**sample, name: changed} for changed in with_each_text(member, change))
        case list():
            for number, element in enumerate(sample):
                for changed in with_each_text(element, change):
                    yield [*sample[:number], changed, *sample[number + 1 :]]


def _sample(schema: dict[str, Any], known: dict[str, Any]) -> Any:  # noqa: ANN401  # as above
    if "$ref" in schema:
        return _sample(known[schema["$ref"].rpartition("/")[2]], known)
    if "anyOf" in schema:
        return next(_sample(each, known) for each in schema["anyOf"] if each.get("type") != "null")
    match schema.get("type"):
        case "object":
            sample: Any = {name: _sample(each, known) for name, each in schema.get("properties", {}).items()}
        case "array":
            sample = [_sample(schema.get("items", {}), known)]
        case "integer" | "number":
            sample = 1
        case "boolean":
            sample = True
        case _:
            sample = schema.get("enum", ["text"])[0]
    return sample
