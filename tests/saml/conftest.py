"""What the tests of SAML share."""

import pytest

from tests.saml.kit import Person, add_alice, give_key
from tests.world import World


@pytest.fixture
def world(world: World) -> World:
    """Return an installation whose identity provider has its key, with Alice in it."""
    give_key(world)
    add_alice(world)
    return world


@pytest.fixture
def alice(world: World) -> Person:
    return Person(world)
