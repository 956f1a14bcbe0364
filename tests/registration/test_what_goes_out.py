"""What the security profile adds to a code SMS, and to whom none is sent."""

import pytest

from tests.conftest import WorldMaker
from tests.world import CREATE_ONLY, MAILBOX, World
from watchword.accounts.claims import EMAIL_VERIFIED

GOOD_PASSWORD = "correct-Horse-battery-7"  # one that the recommended profile takes
MOBILE_NUMBER = "+94721584558"


def test_a_code_is_bound_to_our_site(worlds: WorldMaker) -> None:
    world = worlds(profile="recommended")
    assert world.register(password=GOOD_PASSWORD, mobile=MOBILE_NUMBER).status == 201
    [letter] = world.letters
    assert letter.body.splitlines()[-1] == f"@localhost #{world.last_code()}"


def test_under_wso2_the_text_is_the_template_and_nothing_else(world: World) -> None:
    world.register()
    assert world.letters[0].body == f"Your One-Time Password is : {world.last_code()}"


@pytest.mark.parametrize("number", ["+19005551234", "+979123456789", "+881612345678", "+447012345678", "+442071234567"])
def test_no_code_goes_to_a_range_that_is_paid_for(worlds: WorldMaker, number: str) -> None:
    world = worlds(profile="recommended")
    reply = world.register(password=GOOD_PASSWORD, mobile=number)
    assert reply.status in {201, 400}  # whether it exists at all is the numbering plan's business
    assert not world.letters
    assert world.states() == (["held"] if reply.status == 201 else [])


def test_a_flag_of_somebody_who_may_not_set_it_can_be_refused(worlds: WorldMaker) -> None:
    world = worlds(**{"watchword.registration.refuse_assertions": "true"})
    reply = world.register(email=MAILBOX, claims={EMAIL_VERIFIED: "true"}, by=CREATE_ONLY)
    assert (reply.status, reply.code) == (403, "403-0")
    assert world.user() is None
