"""Where the link of a mail may lead (self-registration.md 2.2; cases REDIR)."""

import pytest

from tests.conftest import WorldMaker
from tests.world import MAILBOX

OWN = "https://good.test/app"
FOREIGN = [
    "https://evil.test/", "//evil.test", "/\\evil.test", "https:evil.test", "https:///evil.test",
    "https://good.test@evil.test/app", "https://good.test.evil.test/app", "https://goodXtest/app",
    "https://evil.test/?https://good.test/app", "https://evil.test#https://good.test/app", "https://good.test/APP",
    "https://good.test:8443/app", "http://good.test/app", "https://good.test%2f@evil.test/app",
    "https://good.test%23@evil.test/app", "javascript:alert(1)//https://good.test/app", " https://evil.test/",
    "https://good.test/app\r\nLocation: https://evil.test/",
]  # fmt: skip


@pytest.mark.parametrize("callback", FOREIGN)
def test_a_foreign_callback_registers_nobody(worlds: WorldMaker, callback: str) -> None:
    world = worlds(**{"identity_mgt.user_self_registration.callback_url": r"https://good\.test/app"})
    reply = world.register(mobile=None, email=MAILBOX, properties={"callback": callback})
    assert (reply.status, reply.code) == (400, "20044")
    assert world.user() is None


@pytest.mark.parametrize("callback", [OWN, OWN + "?next=1", OWN + "#here", "https%3A%2F%2Fgood.test%2Fapp"])
def test_an_allowed_callback_passes_with_any_query(worlds: WorldMaker, callback: str) -> None:
    world = worlds(**{"identity_mgt.user_self_registration.callback_url": r"https://good\.test/app"})
    assert world.register(mobile=None, email=MAILBOX, properties={"callback": callback}).status == 201
