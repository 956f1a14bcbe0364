"""The sample applications, at an identity provider of our own making."""

from collections.abc import Iterator

import pytest

from tests.hand_made_idp import HandMadeIdp
from tests.sample.browser import Browser, Stand
from tests.sample.demo import Demo, running_demo


@pytest.fixture
def stand() -> Stand:
    return Stand.of(HandMadeIdp())


@pytest.fixture
def browser(stand: Stand) -> Browser:
    return stand.browser()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running_demo(tmp_path_factory.mktemp("demo")) as running:
        yield running
