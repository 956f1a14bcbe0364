"""A message in the outbox: with its account or not at all, sealed, and wiped when it is done."""

import sqlite3
from pathlib import Path

import pytest

from tests.conftest import WorldMaker
from tests.world import MAILBOX, MOBILE_NUMBER, PASSWORD, World
from watchword.accounts.claims import GIVEN_NAME, PREFERRED_CHANNEL, Channel
from watchword.base.seal import SealBroken
from watchword.notification.outbox import open_message, unseal_message
from watchword.storage.schema import codes, messages, users


def files_of(world: World) -> dict[str, bytes]:
    """Return what stands on the disk, the write-ahead log included."""
    folder: Path = world.installation.settings.data
    return {path.name: path.read_bytes() for path in folder.glob("watchword.db*")}


@pytest.mark.parametrize("place", ["publish_event", "unexpected", "before_commit"])
def test_account_code_and_message_are_stored_together_or_not_at_all(world: World, place: str) -> None:
    world.faults.places.add(place)
    assert world.register().status == 500
    world.faults.places.clear()
    assert len(world.rows(users)) == 1
    assert world.rows(codes) == world.rows(messages) == []
    world.register()
    assert [len(world.rows(table)) for table in (users, codes, messages)] == [2, 1, 1]


def test_no_code_and_no_text_of_a_message_stands_in_any_column(world: World) -> None:
    world.register(email=MAILBOX, properties={"note": "a-property-of-the-request"})
    [entry] = world.messages()
    rendered = world.do(lambda work: unseal_message(work, entry))
    code = rendered["facts"]["confirmation-code"]
    for name, octets in files_of(world).items():
        assert code.encode() not in octets, name
        assert rendered["body"].encode() not in octets, name
        assert PASSWORD.encode() not in octets, name


def test_no_address_stands_in_a_row_of_the_outbox_the_counters_or_the_audit_log(world: World) -> None:
    world.register(email=MAILBOX)
    world.confirm("WRONG1", user="kim")
    world.deliver()
    with sqlite3.connect(world.installation.settings.data / "watchword.db") as raw:
        for table in ("messages", "counters", "audit", "codes", "answers", "verifications"):
            told = repr(raw.execute(f"SELECT * FROM {table}").fetchall())  # noqa: S608  # names of ours
            assert MOBILE_NUMBER not in told, table
            assert MAILBOX not in told, table
            assert MOBILE_NUMBER.removeprefix("+94") not in told, table
    raw.close()


def test_what_may_be_shown_of_an_address_is_masked(world: World) -> None:
    world.register()
    [entry] = world.messages()
    assert entry.masked_to == "+94•••••567"


def test_a_message_that_is_done_is_wiped(world: World) -> None:
    world.register()
    [before] = world.messages()
    assert before.sealed is not None
    world.deliver()
    [after] = world.messages()
    assert (after.state, after.sealed) == ("sent", None)
    assert after.sent_at is not None
    assert (after.provider, after.reference) == ("post office", "receipt-1")


def test_a_sealed_message_opens_in_its_own_row_alone(world: World) -> None:
    world.register()
    world.register("pat", mobile="+94771234568")
    first, second = world.rows(messages)
    swapped = messages.update().where(messages.c.id == first["id"]).values(sealed=second["sealed"])
    world.change(lambda work: work.connection.execute(swapped))
    entry = world.messages()[0]
    with pytest.raises(SealBroken):
        world.do(lambda work: open_message(work, entry))


def test_a_message_that_cannot_be_opened_fails_alone(world: World) -> None:
    for number in range(3):
        world.register(f"person{number}", mobile=f"+9477123456{number}")
    broken = world.messages()[1]
    spoilt = messages.update().where(messages.c.id == broken.id).values(sealed=b"\0" * 64)
    world.change(lambda work: work.connection.execute(spoilt))
    assert [letter.to for letter in world.letters] == ["+94771234560", "+94771234562"]
    assert world.states() == ["sent", "failed", "sent"]


def test_the_text_is_in_the_language_of_the_person(world: World) -> None:
    world.register(claims={"http://wso2.org/claims/local": "en_US"})
    assert world.letters[-1].locale == "en_US"


def test_a_property_of_the_request_cannot_stand_for_a_fact_of_ours(world: World) -> None:
    taken = {"confirmation-code": "000000", "user-name": "admin", "SEND-TO": "+94770000000", "user.claim.mobile": "x"}
    world.register(properties={**taken, "note": "kept"})
    facts = world.letters[-1].facts
    assert facts["note"] == "kept"
    assert facts["user-name"] == "kim"
    assert facts["send-to"] == MOBILE_NUMBER
    assert facts["user.claim.mobile"] == MOBILE_NUMBER
    assert "SEND-TO" not in facts
    assert world.confirm("000000").code == "18001"


def test_the_event_is_that_of_the_channel(worlds: WorldMaker) -> None:
    world = worlds()
    world.register()
    world.register("pat", mobile=None, email=MAILBOX)
    assert [entry.event for entry in world.messages()] == ["TRIGGER_SMS_NOTIFICATION", "TRIGGER_NOTIFICATION"]
    later = worlds(**{"watchword.compat_profile": "is-7"})
    later.register()
    later.clock.tick(seconds=31)
    later.resend()
    assert [entry.event for entry in later.messages()] == [
        "TRIGGER_SMS_NOTIFICATION",
        "TRIGGER_SMS_NOTIFICATION_LOCAL",
    ]


def test_the_facts_of_a_code_are_those_of_the_reference(world: World) -> None:
    world.register(email=MAILBOX, claims={GIVEN_NAME: "Kim", PREFERRED_CHANNEL: "SMS"})
    letter = world.letters[-1]
    assert letter.facts.items() >= {
        "user-name": "kim", "userstore-domain": "PRIMARY", "tenant-domain": "carbon.super",
        "notification-channel": "SMS", "send-to": MOBILE_NUMBER, "mobile": MOBILE_NUMBER,
        "user.claim.givenname": "Kim",
    }.items()  # fmt: skip
    assert letter.channel is Channel.SMS
    assert letter.facts["confirmation-code"] in letter.body
