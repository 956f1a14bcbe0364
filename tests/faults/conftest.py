"""A stage of its own for every fault, on both databases. What takes long is left to ``make faults``."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.attacks.stage import Scene, Stage


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def make_stage(request: pytest.FixtureRequest, tmp_path: Path, database: str) -> Iterator[Callable[..., Stage]]:
    """Return a function that prepares a stage without a server, and clean up after it."""
    stages: list[Stage] = []

    def make(*, data: Path | None = None, **scene: object) -> Stage:
        url = None
        if database == "postgresql":
            make_database: Callable[[], str] = request.getfixturevalue("fresh_postgres_database")
            url = make_database()
        folder = tmp_path / str(len(stages))
        folder.mkdir()
        if data is not None:
            (folder / "watchword").symlink_to(data)
        stage = Stage(folder, Scene(database=database, **scene), url)  # type: ignore[arg-type]  # as Scene says
        stages.append(stage)
        stage.prepare()
        return stage

    yield make
    for stage in stages:
        stage.close()


@pytest.fixture
def stage(make_stage: Callable[..., Stage]) -> Stage:
    return make_stage()
