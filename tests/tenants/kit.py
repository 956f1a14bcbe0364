"""What tests of tenants act on: units of work without the web."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from watchword.base.clock import SystemClock
from watchword.base.entropy import SystemEntropy
from watchword.base.hashing import Hasher
from watchword.base.seal import Keys
from watchword.base.settings import Settings
from watchword.storage.schema import metadata
from watchword.storage.sqlite import SqliteDatabase
from watchword.storage.work import Memory, Surroundings, Work, Works
from watchword.tenants.http.governance import GovernanceApi
from watchword.web.decoding import decode_json
from watchword.web.model import NOBODY, Ask, Route

Result = TypeVar("Result")

ROUTES = tuple(GovernanceApi().routes())


@dataclass(frozen=True, slots=True)
class Server:
    """The use cases and handlers over one database."""

    works: Works

    @classmethod
    def at(cls, folder: Path, settings: Settings) -> "Server":
        database = SqliteDatabase(folder / "watchword.db")
        surroundings = Surroundings(
            database, settings, SystemClock(), SystemEntropy(), Keys.of(bytes(32)), Hasher(memory_kib=8, passes=1)
        )
        server = cls(Works(surroundings))
        server.do(_make_tables)
        return server

    def with_settings(self, **changes: Any) -> "Server":  # noqa: ANN401 - fields of the settings
        """Return the server as it starts again with other settings."""
        surroundings = self.works.surroundings
        settings = replace(surroundings.settings, **changes)
        return Server(Works(replace(surroundings, settings=settings, memory=Memory())))

    def do(self, task: Callable[[Work], Result], tenant: str = "carbon.super") -> Result:
        return self.works.do(tenant, task)

    def call(self, method: str, path: str, body: str = "", *, tenant: str = "carbon.super") -> Any:  # noqa: ANN401 - JSON
        route, found = _route(method, path)
        asked = decode_json(body.encode(), route.body) if route.body is not None else None
        ask = Ask(asked, NOBODY, "127.0.0.1", found)
        return self.do(lambda work: route.handler(work, ask), tenant)

    def close(self) -> None:
        self.works.surroundings.database.close()
        self.works.surroundings.hasher.close()


def _make_tables(work: Work) -> None:
    metadata.create_all(work.connection)
    work.commit()


def _route(method: str, path: str) -> tuple[Route, Mapping[str, str]]:
    for route in ROUTES:
        found = _match(route.path, path)
        if route.method == method and found is not None:
            return route, found
    raise LookupError(path)


def _match(pattern: str, path: str) -> Mapping[str, str] | None:
    parts, given = pattern.split("/"), path.split("/")
    if len(parts) != len(given):
        return None
    pairs = list(zip(parts, given, strict=True))
    if any(part != each for part, each in pairs if not part.startswith("{")):
        return None
    return {part.strip("{}"): each for part, each in pairs if part.startswith("{")}
