"""What every test may ask for."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.world import FrontDoor, World, furnish, open_database, open_world, settings_of
from watchword.app import Additions
from watchword.installation import Installation
from watchword.notification.courier import Courier

pytest_plugins = ["tests.provision"]


More = Callable[[Installation, Courier], Additions]
"""What a test adds to a server."""


class WorldMaker(Protocol):
    """Makes installations that differ from the usual one."""

    def __call__(
        self,
        *,
        profile: str = "wso2",
        courier: str = "stepping",
        additions: Any = None,  # noqa: ANN401  # a More; the checker thinks that it could be among **settings
        **settings: str,
    ) -> World:
        """Make an installation; *settings* are named by their keys, and a courier that is "running" sends by itself."""


@pytest.fixture(scope="session")
def front_door() -> Iterator[FrontDoor]:
    door = FrontDoor()
    yield door
    door.close()


@pytest.fixture(scope="session")
def furnished_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a SQLite file with the schema, an administrator, two clients and another tenant."""
    folder = tmp_path_factory.mktemp("furnished")
    database = open_database(folder, None)
    furnish(database)
    database.close()
    return folder / "watchword.db"


@pytest.fixture
def worlds(tmp_path: Path, furnished_file: Path, front_door: FrontDoor) -> Iterator[WorldMaker]:
    """Return a function that makes an installation on SQLite, and closes it after the test."""
    with ExitStack() as opened:
        yield world_maker(opened, tmp_path, front_door, lambda folder: _copied(furnished_file, folder))


@pytest.fixture
def world(worlds: WorldMaker) -> World:
    """Return an installation with the defaults of WSO2."""
    return worlds()


def _copied(file: Path, folder: Path) -> str | None:
    shutil.copyfile(file, folder / file.name)
    return None


def world_maker(
    opened: ExitStack, folder: Path, door: FrontDoor, furnish_folder: Callable[[Path], str | None]
) -> WorldMaker:
    """Return a maker of worlds; *furnish_folder* prepares a database and returns its URL, if it has one."""

    def make(
        *, profile: str = "wso2", courier: str = "stepping", additions: More | None = None, **settings: str
    ) -> World:
        place = folder / f"world-{len(list(folder.iterdir()))}"
        place.mkdir()
        database = open_database(place, furnish_folder(place))
        known = settings_of(profile, place, settings)
        is_running = courier == "running"
        return opened.enter_context(open_world(known, database, door, running=is_running, additions=additions))

    return make
