"""A terminal to type commands into, and homes to type them about."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli_terminal import CHEAP, Terminal

PUBLISHER = """<eventPublisher name="SMSPublisher" xmlns="http://wso2.org/carbon/eventpublisher">
  <from streamName="id_gov_sms_notify_stream" version="1.0.0"/>
  <mapping customMapping="enable" type="json"><inline>{"to" = {{mobile}}, "text": {{body}}}</inline></mapping>
  <to eventAdapterType="http">
    <property name="http.url">URL</property><property name="http.client.method">httpPost</property>
    <property name="nonsense">1</property>
  </to>
</eventPublisher>
"""
"""A publisher that needs a repair, and has something without effect."""


def publish(home: Path, url: str) -> None:
    """Write an event publisher that calls *url*."""
    folder = home / "eventpublishers"
    folder.mkdir()
    (folder / "SMSPublisher.xml").write_text(PUBLISHER.replace("URL", url))


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
