"""A terminal about a home of its own."""

from pathlib import Path

import pytest

from tests.cli_terminal import CHEAP, Terminal


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """Return a terminal about a production home."""
    return Terminal.at(tmp_path, CHEAP)
