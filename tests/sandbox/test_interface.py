"""The interface for tests."""

import types
from collections.abc import Mapping
from datetime import UTC, datetime
from threading import Thread
from time import monotonic
from typing import Any

import pytest

from watchword.base.clock import SystemClock
from watchword.notification.model import Channel, Message, Sender
from watchword.sandbox.http import AskedByOtherSite, SandboxApi, SandboxQueryRefused
from watchword.sandbox.inbox import MOST_KEPT, MOST_WAITING, Inbox
from watchword.sandbox.senders import LiveSenderBeside, SandboxSenders, refuse_live_senders
from watchword.web.model import NOBODY, Ask


class Idle:
    """Stands for a unit of work that touches nothing."""

    def release(self) -> None:
        """Hold no connection."""


class Box:
    """An inbox with its senders and its interface."""

    def __init__(self) -> None:
        self.inbox = Inbox()
        self.senders = SandboxSenders.of_inbox(self.inbox, SystemClock())
        self.api = SandboxApi(self.inbox)

    def send(self, number: int, channel: Channel = Channel.SMS, to: str = "+94721584558") -> None:
        sender = self.senders.of("carbon.super", channel)
        assert sender is not None
        now = datetime.now(UTC)
        message = Message(
            id=f"m{number}", tenant="carbon.super", channel=channel, to=to, template="t", locale="en_US", event="",
            facts={"confirmation-code": f"C{number}"}, subject="", body=f"Code C{number}", footer="",
            content_type="text/plain", created_at=now, expires_at=None,
        )  # fmt: skip
        assert sender.send(message, 1.0).provider == "sandbox"

    def read(self, headers: Mapping[str, str] = types.MappingProxyType({}), **query: str) -> list[str]:
        ask: Ask[None] = Ask(None, NOBODY, "127.0.0.1", query=query, headers=headers)
        work: Any = Idle()
        content: Any = self.api.read_messages(work, ask).content
        return [message["code"] for message in content["messages"]]

    def clear(self, headers: dict[str, str]) -> None:
        work: Any = Idle()
        self.api.clear_messages(work, Ask(None, NOBODY, "127.0.0.1", headers=headers))


@pytest.fixture
def box() -> Box:
    return Box()


def test_messages_come_oldest_first(box: Box) -> None:
    for number in (1, 2, 3):
        box.send(number)
    assert box.read() == ["C1", "C2", "C3"]


def test_after_gives_only_what_is_new(box: Box) -> None:
    for number in (1, 2):
        box.send(number)
    assert box.read(after="m1") == ["C2"]
    assert box.read(after="m2") == []


def test_after_a_message_that_was_cleared_everything_is_new(box: Box) -> None:
    box.send(1)
    box.clear({})
    box.send(2)
    assert box.read(after="m1") == ["C2"]


def test_messages_are_told_apart_by_address_and_channel(box: Box) -> None:
    box.send(1)
    box.send(2, Channel.EMAIL, "kim@example.test")
    assert box.read(to="KIM@example.test") == ["C2"]
    assert box.read(channel="SMS") == ["C1"]


def test_a_plus_that_became_a_blank_is_a_plus(box: Box) -> None:
    box.send(1)
    assert box.read(to=" 94721584558") == ["C1"]


def test_whoever_waits_gets_the_next_message(box: Box) -> None:
    got: list[str] = []
    waiting = Thread(target=lambda: got.extend(box.read(wait="20")))
    waiting.start()
    box.send(1)
    waiting.join(10)
    assert got == ["C1"]


def test_whoever_waits_is_not_woken_by_what_went_to_others(box: Box) -> None:
    box.send(1, to="+15550001111")
    assert box.read(to="+94721584558", wait="0.01") == []


def test_past_the_last_seat_nobody_waits(box: Box) -> None:
    waiting = [Thread(target=lambda: box.read(wait="20"), daemon=True) for _ in range(MOST_WAITING)]
    for thread in waiting:
        thread.start()
    while box.inbox.waiting < MOST_WAITING:
        pass
    began_at = monotonic()
    assert box.read(wait="20") == []
    assert monotonic() - began_at < 5
    box.inbox.close()
    for thread in waiting:
        thread.join(10)
        assert not thread.is_alive()


def test_the_oldest_of_more_than_a_thousand_are_forgotten(box: Box) -> None:
    for number in range(MOST_KEPT + 1):
        box.send(number)
    codes = box.read()
    assert len(codes) == MOST_KEPT
    assert codes[0] == "C1"


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_page_of_another_site_can_neither_read_nor_clear(box: Box, site: str) -> None:
    box.send(1)
    with pytest.raises(AskedByOtherSite):
        box.read({"sec-fetch-site": site})
    with pytest.raises(AskedByOtherSite):
        box.clear({"sec-fetch-site": site})
    assert box.read() == ["C1"]


@pytest.mark.parametrize("query", [{"wait": "soon"}, {"wait": "-1"}, {"channel": "FAX"}])
def test_a_parameter_that_means_nothing_is_refused(box: Box, query: dict[str, str]) -> None:
    with pytest.raises(SandboxQueryRefused):
        box.read({}, **query)


class Live:
    """Senders of which the one for SMS is live."""

    def of(self, tenant: str, channel: Channel) -> Sender | None:
        return Box().senders.of(tenant, channel) if channel is Channel.SMS else None


class NoSenders:
    """Nobody sends."""

    def of(self, tenant: str, channel: Channel) -> Sender | None:
        return None


def test_the_sandbox_refuses_to_stand_beside_a_live_sender() -> None:
    refuse_live_senders(NoSenders())
    with pytest.raises(LiveSenderBeside, match="SMS"):
        refuse_live_senders(Live())


@pytest.mark.parametrize("host", ["evil.test:9443", "localhost.evil.test"])
def test_a_name_that_was_made_to_point_here_is_another_site(box: Box, host: str) -> None:
    with pytest.raises(AskedByOtherSite):
        box.read({"host": host})


@pytest.mark.parametrize("host", ["localhost:9443", "127.0.0.1:9443", "[::1]:9443"])
def test_our_own_names_are_answered(box: Box, host: str) -> None:
    assert box.read({"host": host}) == []
