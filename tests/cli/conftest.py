"""A terminal to type commands into, and homes to type them about."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli_terminal import CHEAP, Terminal


@pytest.fixture(autouse=True)
def log_as_it_was() -> Iterator[None]:
    """Take back what a command did to the log of this process."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """Return a terminal about a production home."""
    return Terminal.at(tmp_path, CHEAP)


@pytest.fixture
def dev(tmp_path: Path) -> Terminal:
    """Return a terminal about a development home, in which a new number must be proven."""
    proven = "[identity_mgt.user_claim_update.mobile]\nenable_verification = true\n"
    # Nothing listens there, and no server runs that would call it.
    provider = """[watchword.sms.provider]\ncurl = 'curl -d "to={{to}}&text={{text}}" http://127.0.0.1:9/'\n"""
    return Terminal.at(tmp_path, f"[watchword]\ndev = true\n{CHEAP}{provider}{proven}")
