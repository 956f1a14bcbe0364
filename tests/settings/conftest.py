"""Home folders to write into."""

from pathlib import Path

import pytest

from tests.operator_home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Return a folder that holds just an empty ``deployment.toml``."""
    made = Home(tmp_path)
    made.write("")
    return made


@pytest.fixture
def wso2_home(tmp_path: Path) -> Home:
    """Return a copy of a WSO2 server's home."""
    made = Home(tmp_path)
    made.write("", "repository/conf/deployment.toml")
    return made
