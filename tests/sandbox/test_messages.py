"""What is read out of a message, and how one is found again."""

from datetime import UTC, datetime

import pytest

from watchword.notification.model import Channel, Message
from watchword.sandbox.model import SandboxMessage, find_code, find_links, read_markup

NOW = datetime(2025, 5, 1, 9, 0, tzinfo=UTC)
MAIL = """<!DOCTYPE html><html><head><title>Hidden</title><style>p { color: red }</style></head><body>
<p>Hello kim,</p><p>please &lt;confirm&gt;.</p>
<p><a href="https://localhost:9443/confirmregistration.do?confirmation=c0de&amp;username=kim">Confirm</a></p></body></html>"""


def sms(text: str, code: str, to: str = "+94721584558") -> Message:
    return Message(
        id="m1", tenant="carbon.super", channel=Channel.SMS, to=to, template="accountconfirmation", locale="en_US",
        event="", facts={"confirmation-code": code}, subject="", body=text, footer="", content_type="text/plain",
        created_at=NOW, expires_at=None,
    )  # fmt: skip


def test_a_code_is_found_where_the_text_shows_it() -> None:
    assert SandboxMessage.of(sms("Your code is 7QF3ZK.", "7QF3ZK"), NOW).code == "7QF3ZK"


def test_a_code_that_the_template_left_out_is_not_found() -> None:
    assert find_code("Welcome!", {"confirmation-code": "7QF3ZK"}) is None


def test_a_link_is_found_with_what_its_markup_stands_for() -> None:
    text, links = read_markup(MAIL)
    assert links == ["https://localhost:9443/confirmregistration.do?confirmation=c0de&username=kim"]
    assert "please <confirm>." in text
    assert "Hidden" not in text
    assert "color" not in text


def test_a_link_in_a_plain_text_ends_before_the_full_stop() -> None:
    assert find_links("Open https://localhost/x?y=1. Thank you.") == ["https://localhost/x?y=1"]


@pytest.mark.parametrize("asked", ["+94721584558", "+94 72 158-4558", " +94721584558"])
def test_a_number_is_the_same_however_it_is_grouped(asked: str) -> None:
    assert SandboxMessage.of(sms("hello", ""), NOW).is_to(asked)


def test_another_number_is_another() -> None:
    assert not SandboxMessage.of(sms("hello", ""), NOW).is_to("+94721584559")
