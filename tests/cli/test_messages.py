"""Where messages are; never what they say."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.cli_terminal import Terminal
from watchword.cli.messages import next_of, sentence
from watchword.notification.model import Channel, MessageState, OutboxEntry

NUMBER = "+94721584558"
AT = datetime(2026, 1, 2, 10, 2, 3, tzinfo=UTC)
SHAPE = [
    "id", "tenant", "channel", "to", "template", "locale", "event", "state", "reason", "attempts", "provider",
    "created_at", "sent_at", "expires_at", "user",
]  # fmt: skip
ENTRY = OutboxEntry(
    "1", "carbon.super", None, Channel.SMS, "+94•••••558", "accountconfirmation", "en_US", "", MessageState.WAITING,
    None, 0, None, None, AT, None, AT,
)  # fmt: skip


def leave_a_code(terminal: Terminal) -> None:
    """Let a person change the number, so that a code waits for it; no server runs that would send it."""
    assert terminal.run("user", "add", "kim", "--claim", "mobile=+94711111111").status == 0
    assert terminal.run("user", "set", "kim", "--as-person", "--claim", f"mobile={NUMBER}").status == 0


def test_in_development_a_message_is_shown_with_its_properties_but_never_with_its_code(dev: Terminal) -> None:
    leave_a_code(dev)
    [message] = dev.ask("message", "list")["messages"]
    assert list(message) == [*SHAPE, "properties"]
    assert message["to"] == NUMBER
    assert message["state"] == "waiting"
    assert message["properties"]["user-name"] == "kim"
    assert not {"confirmation-code", "otpToken", "OTPCode"} & set(message["properties"])


def test_outside_development_only_a_masked_address_is_shown(dev: Terminal) -> None:
    leave_a_code(dev)
    settings = dev.home / "deployment.toml"
    settings.write_text(settings.read_text().replace("dev = true", ""))
    ran = dev.run("message", "list", "--json")
    [message] = ran.document["messages"]
    assert list(message) == SHAPE
    assert message["to"] == "+94•••••558"
    assert NUMBER not in ran.out


def test_the_list_goes_on_after_a_message(dev: Terminal) -> None:
    leave_a_code(dev)
    [first] = dev.ask("message", "list")["messages"]
    dev.run("user", "set", "kim", "--as-person", "--claim", "mobile=+94722222222")
    [second] = dev.ask("message", "list", "--since", first["id"])["messages"]
    assert second["id"] > first["id"]


def test_a_message_is_told_in_a_sentence_with_the_next_step(dev: Terminal) -> None:
    leave_a_code(dev)
    [message] = dev.ask("message", "list")["messages"]
    told, next_step = dev.run("message", "show", message["id"]).out.splitlines()
    assert told.startswith("The SMS to +94•••••558 waits to be sent since ")
    assert "no server or worker" in next_step


def test_an_unknown_message_is_an_answer_and_a_status(dev: Terminal) -> None:
    ran = dev.run("message", "show", "nothing", "--json")
    assert (ran.status, ran.document) == (1, {"exists": False})


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        (ENTRY, "The SMS to … waits to be sent since 2026-01-02 10:02:03 UTC."),
        (replace(ENTRY, attempts=2, reason="503"), "The SMS to … waits for its next try, after 2 tries: 503."),
        (
            replace(ENTRY, state=MessageState.SENT, provider="Vonage", sent_at=AT),
            "The SMS to … was handed to Vonage at 2026-01-02 10:02:03 UTC; no receipt has come.",
        ),
        (
            replace(ENTRY, state=MessageState.FAILED, channel=Channel.EMAIL, masked_to="", reason="no address"),
            "The mail to … could not be sent, after 0 tries: no address.",
        ),
        (
            replace(ENTRY, state=MessageState.EXPIRED, attempts=1, reason="time-out"),
            "The SMS to … was not sent before its code expired at 2026-01-02 10:02:03 UTC, after 1 try: time-out.",
        ),
    ],
)
def test_each_state_has_its_sentence(entry: OutboxEntry, told: str) -> None:
    assert sentence(entry).replace(entry.masked_to or "nobody", "…") == told


@pytest.mark.parametrize("state", MessageState)
def test_every_state_can_be_told(state: MessageState) -> None:
    entry = replace(ENTRY, state=state, attempts=1)
    assert sentence(entry).endswith(".")
    assert next_of(entry, AT) or state in {MessageState.DELIVERED, MessageState.CANCELLED, MessageState.HELD}


def test_after_a_failure_the_next_try_is_told() -> None:
    failed = replace(ENTRY, attempts=1, reason="the provider answered 503", due_at=AT + timedelta(seconds=4))
    assert sentence(failed).endswith("after 1 try: the provider answered 503.")
    assert next_of(failed, AT) == "It is tried again at 2026-01-02 10:02:07 UTC."
    assert "no server or worker" not in next_of(failed, AT + timedelta(seconds=30))
    assert "no server or worker" in next_of(failed, AT + timedelta(seconds=35))


def test_when_a_message_is_tried_again_comes_from_the_outbox(dev: Terminal) -> None:
    leave_a_code(dev)
    [message] = dev.ask("message", "list")["messages"]
    dev.run("clock", "advance", "PT5M")
    assert dev.ask("message", "show", message["id"])["next"].startswith("It was due at ")


def test_messages_are_found_by_their_account_or_their_address(dev: Terminal) -> None:
    leave_a_code(dev)
    dev.run("user", "add", "lee")
    [message] = dev.ask("message", "list", "--user", "kim")["messages"]
    assert message["user"] == "kim"
    assert dev.ask("message", "list", "--user", "lee")["messages"] == []
    assert dev.run("message", "list", "--user", "nobody").err == "watchword: There is no user nobody.\n"
    for address in (NUMBER, "+94 72 158 4558", "+94•••••558"):
        assert dev.ask("message", "list", "--to", address)["messages"] == [message]
    assert dev.ask("message", "list", "--to", "+94721584559")["messages"] == []
    assert dev.run("message", "list").out.splitlines()[0].endswith("  kim")
    dev.run("user", "delete", "kim")
    assert dev.ask("message", "list")["messages"][0]["user"] is None


def test_a_beginning_of_an_id_is_enough_if_it_is_unique(dev: Terminal) -> None:
    leave_a_code(dev)
    [message] = dev.ask("message", "list")["messages"]
    assert dev.ask("message", "show", message["id"][:30].upper())["id"] == message["id"]
    dev.run("user", "set", "kim", "--as-person", "--claim", "mobile=+94722222222")
    refused = dev.run("message", "show", message["id"][:2])
    assert (refused.status, len(refused.err.splitlines())) == (1, 1)
    assert "More than one" in refused.err


@pytest.mark.parametrize("words", [("message", "list"), ("audit", "list")])
def test_what_is_no_id_is_refused(dev: Terminal, words: tuple[str, str]) -> None:
    ran = dev.run(*words, "--since", "yesterday")
    assert ran.status == 2
    assert "'yesterday' is no id" in ran.err


def test_the_audit_log_tells_who_did_what(dev: Terminal) -> None:
    dev.run("user", "add", "kim")
    dev.run("user", "lock", "kim")
    first, second = dev.ask("audit", "list")["events"]
    assert [first["action"], second["action"]] == ["add_user", "lock_user"]
    assert (second["actor"], second["source"], second["outcome"]) == ("operator", "command line", "ok")
    assert dev.ask("audit", "list", "--since", first["id"])["events"] == [second]


def test_the_audit_log_calls_people_by_their_names(dev: Terminal) -> None:
    for name in ("kim", "lee"):
        dev.run("user", "add", name)
    dev.run("user", "lock", "kim")
    kim = dev.ask("user", "show", "kim")["id"]
    assert [line.split("  ")[2:4] for line in dev.run("audit", "list").out.splitlines()] == [
        ["add_user", "kim"], ["add_user", "lee"], ["lock_user", "kim"]
    ]  # fmt: skip
    about_kim = dev.ask("audit", "list", "--user", "kim")["events"]
    assert [(each["action"], each["target"], each["names"]) for each in about_kim] == [
        ("add_user", kim, {kim: "kim"}), ("lock_user", kim, {kim: "kim"})
    ]  # fmt: skip
    assert dev.run("audit", "list", "--user", "nobody").status == 1


def test_what_was_done_to_a_deleted_account_is_found_by_its_id(dev: Terminal) -> None:
    dev.run("user", "add", "kim")
    kim = dev.ask("user", "show", "kim")["id"]
    dev.run("user", "delete", "kim")
    events = dev.ask("audit", "list", "--user", kim)["events"]
    assert [(each["action"], each["names"]) for each in events] == [("add_user", {}), ("delete_user", {})]
