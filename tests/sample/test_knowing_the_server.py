"""The sample application knows of the server what its metadata say, and believes only metadata that it expected."""

import time
from dataclasses import dataclass, field

import pytest

from tests.hand_made_idp import HandMadeIdp, encoded
from tests.sample.browser import BASE_URL, Browser
from watchword.sample.application import build_application
from watchword.sample.keys import make_keys
from watchword.sample.saml import IdentityServer, ServiceProvider
from watchword.sample.strictness import Unreachable


@dataclass(slots=True)
class Told(IdentityServer):
    """A server whose metadata are what a test says."""

    said: str = field(default="", kw_only=True)

    def metadata(self) -> str:
        return self.said


def test_a_server_that_is_not_there_is_a_page() -> None:
    browser = Browser(build_application([ServiceProvider("shop", BASE_URL, IdentityServer("https://localhost:1"))]))
    for path in ("/shop/login", "/shop/login?binding=post", "/shop/metadata"):
        answer = browser.get(path)
        assert answer.status == 502
        assert "does not answer" in answer.text


def test_another_servers_metadata_are_not_believed() -> None:
    with pytest.raises(Unreachable, match="not of localhost"):
        Told(said=HandMadeIdp().metadata("evil.example")).describe()


@pytest.mark.parametrize("said", ["", "<html>", "<!DOCTYPE x><x/>"])
def test_what_are_no_metadata_are_not_believed(said: str) -> None:
    with pytest.raises(Unreachable):
        Told(said=said).describe()


def test_both_keys_are_believed_while_one_takes_over_from_the_other() -> None:
    old, new = HandMadeIdp(), HandMadeIdp(make_keys("next"))
    begin, end = "<md:KeyDescriptor", "</md:KeyDescriptor>"
    added = begin + new.metadata().partition(begin)[2].partition(end)[0] + end
    provider = ServiceProvider("shop", BASE_URL, Told(said=old.metadata().replace(end, end + added)))
    for idp in (old, new):
        provider.read_logout_request(encoded(idp.logout_request("kim", provider.acs_url)), None)


def test_metadata_are_read_anew_after_a_while() -> None:
    server = IdentityServer("https://localhost:1")
    server._metadata, server._read_at = "what it said", time.monotonic()  # noqa: SLF001  # as if it had answered
    assert server.metadata() == "what it said"
    server._read_at -= 301  # noqa: SLF001  # as if five minutes had passed
    with pytest.raises(Unreachable):
        server.metadata()
