"""The sample applications, at an identity provider of our own making."""

import pytest

from tests.hand_made_idp import HandMadeIdp
from tests.sample.browser import Browser, Stand


@pytest.fixture
def stand() -> Stand:
    return Stand.of(HandMadeIdp())


@pytest.fixture
def browser(stand: Stand) -> Browser:
    return stand.browser()
