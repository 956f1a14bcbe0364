"""A slip, a tap too many, a second tab: nothing that was acknowledged is lost by them."""

from tests.pages.visitor import NUMBER, REGISTER, Visitor
from tests.world import World

OTHER_NUMBER = "+15550100077"


def test_a_refused_correction_keeps_the_account_that_waits(world: World) -> None:
    world.add_person("taken")
    visitor = Visitor(world)
    visitor.sign_up("former1")
    code = world.last_code()
    visitor.open(REGISTER).send(
        "register.do", username="taken", mobile=OTHER_NUMBER, channel="SMS", password="Sample-Pass-1"
    )
    assert "taken" in visitor.text
    assert world.user("former1") is not None
    assert "You are in" in visitor.send("confirm.do", code=code).text


def test_a_correction_replaces_the_account_that_waits(world: World) -> None:
    visitor = Visitor(world)
    visitor.sign_up("former1")
    visitor.open(REGISTER).send(
        "register.do", username="former2", mobile=OTHER_NUMBER, channel="SMS", password="Sample-Pass-1"
    )
    assert world.user("former1") is None
    assert world.user("former2") is not None


def test_the_same_form_sent_twice_is_one_account_and_strands_nobody(world: World) -> None:
    visitor = Visitor(world).open(REGISTER)
    again = Visitor(world, dict(visitor.cookies), reply=visitor.reply)  # as if the first answer had been lost
    form = {"username": "twice", "mobile": NUMBER, "channel": "SMS", "password": "Sample-Pass-1"}
    visitor.send("register.do", **form)
    again.send("register.do", **form)
    assert "Enter your code" in again.text
    assert len(world.messages()) == 1
    assert "You are in" in again.send("confirm.do", code=world.last_code()).text
