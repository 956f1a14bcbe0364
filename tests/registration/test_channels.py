"""Which channel a registration is confirmed by: every row of self-registration.md 3.2 and 3.3."""

from itertools import product

import pytest

from tests.conftest import WorldMaker
from tests.world import MAILBOX, MOBILE_NUMBER, World
from watchword.accounts.claims import PREFERRED_CHANNEL, Channel
from watchword.base.problems import ChannelUnknown, ChannelWithoutValue, Problem
from watchword.registration.model import resolve_channel
from watchword.tenants.policies import Notification

EMAIL, SMS = Channel.EMAIL, Channel.SMS
ADDRESSES = {EMAIL: MAILBOX, SMS: MOBILE_NUMBER}
BOTH = (EMAIL, SMS)


def resolve(*, on: bool, default: Channel, preferred: str | None, present: tuple[Channel, ...]) -> Channel | None:
    policy = Notification(resolve_channel=on, default_channel=default.value)
    return resolve_channel(policy, preferred, {channel: ADDRESSES[channel] for channel in present})


@pytest.mark.parametrize("present", [(), (EMAIL,), (SMS,), BOTH])
@pytest.mark.parametrize("preferred", [None, "EMAIL", "SMS", "PIGEON", "sms", "EXTERNAL"])
@pytest.mark.parametrize("default", BOTH)
def test_without_resolution_the_default_holds_whatever_is_preferred_or_present(
    default: Channel, preferred: str | None, present: tuple[Channel, ...]
) -> None:
    assert resolve(on=False, default=default, preferred=preferred, present=present) is default


@pytest.mark.parametrize(
    ("preferred", "present", "default", "row"),
    [
        (None, (EMAIL,), EMAIL, EMAIL),  # R1
        (None, (EMAIL,), SMS, EMAIL),
        (None, (SMS,), EMAIL, SMS),  # R2
        (None, (SMS,), SMS, SMS),
        (None, BOTH, EMAIL, EMAIL),  # R3
        (None, BOTH, SMS, SMS),  # R4
        (None, (), EMAIL, None),  # R5
        (None, (), SMS, None),
        *[("EMAIL", present, default, EMAIL) for present, default in product([(EMAIL,), BOTH], BOTH)],  # R6, R7
        *[("EMAIL", present, default, ChannelWithoutValue) for present, default in product([(SMS,), ()], BOTH)],
        *[("SMS", present, default, SMS) for present, default in product([(SMS,), BOTH], BOTH)],  # R10, R11
        *[("SMS", present, default, ChannelWithoutValue) for present, default in product([(EMAIL,), ()], BOTH)],
        *[
            (unknown, present, default, ChannelUnknown)  # R14 to R16
            for unknown, present, default in product(
                ["PIGEON", "sms", "Email", "email", "Sms", "EXTERNAL", " SMS"], [(), (EMAIL,), (SMS,), BOTH], BOTH
            )
        ],
    ],
)
def test_with_resolution_each_row_of_the_table_holds(
    preferred: str | None, present: tuple[Channel, ...], default: Channel, row: Channel | type[Problem] | None
) -> None:
    if isinstance(row, type):
        with pytest.raises(row):
            resolve(on=True, default=default, preferred=preferred, present=present)
    else:
        assert resolve(on=True, default=default, preferred=preferred, present=present) is row


# --- through the front door -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("junk", ["not a number", "12345", "+1 555 CALL ME", "+1234567890123456"])
def test_a_preferred_number_that_is_none_is_refused(world: World, junk: str) -> None:  # R17
    reply = world.register(mobile=junk, email=MAILBOX, claims={PREFERRED_CHANNEL: "SMS"})
    assert (reply.status, reply.code) == (400, "USR-10002")
    assert world.user() is None


@pytest.mark.parametrize("junk", ["kim", "kim@", "@example.com", "kim@a@b", "kim tan@example.com"])
def test_a_preferred_mailbox_that_is_none_is_refused(world: World, junk: str) -> None:  # R18
    reply = world.register(email=junk, claims={PREFERRED_CHANNEL: "EMAIL"})
    assert (reply.status, reply.code) == (400, "USR-10002")
    assert world.user() is None


def test_junk_in_the_address_that_is_not_used_is_let_be(world: World) -> None:
    assert world.register(email="not a mailbox", claims={PREFERRED_CHANNEL: "SMS"}).status == 201
    assert world.known().address(EMAIL) == "not a mailbox"


def test_the_recommended_profile_looks_at_both_addresses(worlds: WorldMaker) -> None:
    world = worlds(profile="recommended")
    reply = world.register(password="long enough for all", email="not a mailbox", claims={PREFERRED_CHANNEL: "SMS"})
    assert (reply.status, reply.code) == (400, "USR-10002")


def test_the_recommended_profile_keeps_numbers_in_e164(worlds: WorldMaker) -> None:
    world = worlds(profile="recommended")
    assert world.register(password="long enough for all", mobile="+94 77-123 4567").status == 201
    assert world.known().address(SMS) == "+94771234567"


def test_wso2_keeps_a_number_as_typed_and_sends_to_it_as_dialled(world: World) -> None:
    world.register(mobile="+94 77-123 4567")
    assert world.known().address(SMS) == "+94 77-123 4567"
    assert world.letters[-1].to == "+94771234567"


def test_the_resolved_channel_is_stored_as_the_preference(world: World) -> None:
    world.register(email=MAILBOX)
    assert world.known().claims[PREFERRED_CHANNEL] == "SMS"


def test_without_resolution_an_unknown_preference_is_stored_as_received(worlds: WorldMaker) -> None:
    world = worlds(**{"identity_mgt.notification.resolve_notification_channel": "false"})
    assert world.register(claims={PREFERRED_CHANNEL: "PIGEON"}).json["notificationChannel"] == "SMS"
    assert world.known().claims[PREFERRED_CHANNEL] == "PIGEON"


@pytest.mark.parametrize(("resolving", "default"), [("true", "SMS"), ("false", "SMS"), ("false", "EMAIL")])
def test_nobody_is_registered_whom_no_message_can_reach(worlds: WorldMaker, resolving: str, default: str) -> None:
    world = worlds(
        **{
            "identity_mgt.notification.resolve_notification_channel": resolving,
            "identity_mgt.notification.default_notification_channel": default,
        }
    )
    other = {"email": MAILBOX, "mobile": None} if default == "SMS" and resolving == "false" else {"mobile": None}
    reply = world.register(**other)
    assert (reply.status, reply.code) == (400, "USR-10002")
    assert world.user() is None


def test_without_an_address_somebody_is_registered_if_no_message_is_due(worlds: WorldMaker) -> None:
    world = worlds(**{"SelfRegistration.LockOnCreation": "false"})
    assert world.register(mobile=None).code == "USR-02003"
    assert PREFERRED_CHANNEL not in world.known().claims
