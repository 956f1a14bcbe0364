"""A server's surroundings, on real SQLite."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tenants.kit import Server
from watchword.base.settings import Settings


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Return a server that nobody has set up."""
    made = Server.at(tmp_path, Settings(data=tmp_path, security_profile="wso2"))
    yield made
    made.close()
