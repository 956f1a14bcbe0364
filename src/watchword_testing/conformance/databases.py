"""A PostgreSQL database for each case, made on the server that the run is given, and dropped afterwards."""

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import asyncpg


@dataclass(frozen=True, slots=True)
class Databases:
    """A PostgreSQL server on which we may make databases."""

    url: str

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """Give the address of an empty database that lives as long as the block."""
        name = f"watchword_case_{secrets.token_hex(6)}"
        self._run(f'CREATE DATABASE "{name}"')
        try:
            yield urlsplit(self.url)._replace(path=f"/{name}").geturl()
        finally:
            self._run(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _run(self, statement: str) -> None:
        asyncio.run(self._execute(statement))

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self.url.replace("postgresql+asyncpg:", "postgresql:", 1))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()
