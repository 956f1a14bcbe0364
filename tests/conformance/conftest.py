"""What tests on both databases share."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import WorldMaker, world_maker
from tests.world import FrontDoor, World, furnish
from watchword.storage.postgres import PostgresDatabase


@pytest.fixture(scope="session")
def furnished_postgres(fresh_postgres_database: Callable[..., str]) -> str:
    """Return the URL of a database to copy: the same furniture as on SQLite, and nobody connected."""
    url = fresh_postgres_database()
    database = PostgresDatabase(url)
    furnish(database)
    database.close()
    return url


@pytest.fixture(params=["sqlite", "postgres"])
def either_database(request: pytest.FixtureRequest) -> Callable[[Path], str | None]:
    """Return what furnishes a folder, for each of the two databases."""
    if request.param == "postgres":
        make: Callable[..., str] = request.getfixturevalue("fresh_postgres_database")
        template: str = request.getfixturevalue("furnished_postgres")
        return lambda _: make(template)
    file: Path = request.getfixturevalue("furnished_file")

    def copy(folder: Path) -> None:
        shutil.copyfile(file, folder / file.name)

    return copy


@pytest.fixture
def worlds(
    tmp_path: Path, either_database: Callable[[Path], str | None], front_door: FrontDoor
) -> Iterator[WorldMaker]:
    """Return a function that makes an installation, on SQLite and on PostgreSQL."""
    with ExitStack() as opened:
        yield world_maker(opened, tmp_path, front_door, either_database)


@pytest.fixture
def world(worlds: WorldMaker) -> World:
    """Return an installation with the defaults of WSO2, on SQLite and on PostgreSQL."""
    return worlds()
