"""How a case finds its server: the scene of its decorator, on both databases; with ``--mutants``, once with a defect.

Under ``--mutants`` a case passes when it goes red, and fails when it stays green with its defect in the server.
"""

import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest

from tests.attacks.stage import Scene, Stage, Theatre

HERE = Path(__file__).parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--mutants", action="store_true", help="play each case against a server with its known defect")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "case(id, **scene): plays a case of the hostile corpus")


def with_mutants(config: pytest.Config) -> bool:
    return bool(config.getoption("--mutants", default=False))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Play on both databases; a defect has to be seen once only."""
    if "stage" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("case")
        only = marker.kwargs.get("database") if marker else None
        everywhere = ["sqlite"] if with_mutants(metafunc.config) else ["sqlite", "postgresql"]
        metafunc.parametrize("database", [only] if only else everywhere, scope="session")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the cases to ``make attacks``; of a matrix, play only what has a defect."""
    mine = [item for item in items if item.path.is_relative_to(HERE) and item.get_closest_marker("case")]
    for item in mine:
        item.add_marker(pytest.mark.long)
    if with_mutants(config):
        items[:] = [item for item in items if item in mine and item.get_closest_marker("case").args]  # type: ignore[union-attr]  # asked for above


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    marker = pyfuncitem.get_closest_marker("case")
    if marker is None or not with_mutants(pyfuncitem.config):
        return (yield)
    try:
        yield
    except AssertionError:
        return True
    pytest.fail(f"{marker.args[0]} stayed green with its defect in the server")


@pytest.fixture(scope="session")
def theatre(request: pytest.FixtureRequest) -> Iterator[Theatre]:
    def make_database() -> str:
        make: Callable[[], str] = request.getfixturevalue("fresh_postgres_database")
        return make()

    with Theatre(make_database) as opened:
        yield opened
    shutil.rmtree(opened.folder, ignore_errors=True)


@pytest.fixture
def scene(request: pytest.FixtureRequest, database: str) -> Scene:
    """Return the scene of a case."""
    marker = request.node.get_closest_marker("case")
    kwargs = {key: value for key, value in marker.kwargs.items() if key not in {"database", "alone"}}
    if marker.kwargs.get("alone"):
        kwargs["alone"] = marker.args[0]
    mutant = marker.args[0] if with_mutants(request.config) else ""
    return Scene(database=database, mutant=mutant, **kwargs)


@pytest.fixture
def stage(theatre: Theatre, scene: Scene) -> Iterator[Stage]:
    """Return the server of a case."""
    found = theatre.stage(scene)
    yield found
    if scene.mutant:
        found.close()
