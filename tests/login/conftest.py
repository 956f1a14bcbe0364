"""What the tests of logging in may ask for."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.login.stage import Scene, Stage, StageMaker, open_stage
from tests.world import FrontDoor


@pytest.fixture
def stages(tmp_path: Path, furnished_file: Path, front_door: FrontDoor) -> Iterator[StageMaker]:
    """Return a function that puts the stage of a scene together."""
    with ExitStack() as opened:

        def make(scene: Scene) -> Stage:
            return open_stage(opened, tmp_path, furnished_file, front_door, scene)

        yield make
