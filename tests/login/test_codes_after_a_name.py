"""Codes after nothing but a name: they tell nobody whose name it is, and take nothing from whoever has it."""

import pytest

from tests.conftest import WorldMaker
from tests.login.tracing import trace
from tests.login.visitor import BASIC, Visitor, add_application, with_protocol
from tests.world import World
from watchword.accounts.claims import MOBILE
from watchword.applications.model import Option
from watchword.notification.outbox import DECOY
from watchword.storage.schema import messages

NAME_FIRST = Option("LOCAL", "IdentifierExecutor")
CLASSIC, LATER = Option("LOCAL", "SMSOTP"), Option("LOCAL", "sms-otp-authenticator")
SEQUENCES = {
    "code": ((CLASSIC,),), "name, code": ((NAME_FIRST,), (CLASSIC,)), "name, later code": ((NAME_FIRST,), (LATER,)),
}  # fmt: skip


@pytest.fixture
def world(worlds: WorldMaker) -> World:
    world = worlds(profile="wso2", additions=with_protocol())
    world.add_person("alice", claims={MOBILE: "+94771234567"})
    return world


def code_of(world: World) -> str:
    """Return the code that has gone out last."""
    return world.letters[-1].facts["OTPCode"]


def logged_in(world: World, application: str, visitor: Visitor) -> str:
    """Log alice in with her password and the code, and return as whom the application was told."""
    visitor.cookies.pop("commonAuthId", None)
    visitor.begin(application)
    visitor.password("alice")
    visitor.answer({"OTPcode": code_of(world)})
    return str(visitor.finish()["user"])


@pytest.mark.parametrize("later", [CLASSIC, LATER])
def test_a_stranger_who_knows_a_name_keeps_nobody_out(world: World, later: Option) -> None:
    open_door, house = add_application(world, "open", (later,)), add_application(world, "house", (BASIC,), (later,))
    home = Visitor(world)
    assert logged_in(world, house, home) == "alice"
    for _ in range(5):
        stranger = Visitor(world)
        stranger.begin(open_door)
        stranger.answer({"username": "alice"})
        for number in range(5):
            stranger.answer({"OTPcode": f"x{number}"})
    assert world.letters  # all that strangers have asked for has gone out
    assert [event.reason for event in world.audit("suspend_codes")] == ["sms"]
    assert not world.known("alice").locked
    assert logged_in(world, house, home) == "alice"
    assert logged_in(world, house, Visitor(world)) == "alice"


@pytest.mark.parametrize("profile", ["wso2", "recommended"])
@pytest.mark.parametrize("steps", SEQUENCES.values(), ids=SEQUENCES)
def test_ENUM_07_a_code_for_nobody_costs_the_same_work(
    worlds: WorldMaker, monkeypatch: pytest.MonkeyPatch, profile: str, steps: tuple[tuple[Option, ...], ...]
) -> None:
    world = worlds(profile=profile, additions=with_protocol())
    world.add_person("alice", claims={MOBILE: "+12015550187"})
    world.add_person("numberless")
    application = add_application(world, "open", *steps)

    def log_in(name: str) -> list[list[str]]:
        visitor = Visitor(world)
        visitor.begin(application)
        answers = ({"username": name}, {"OTPcode": "x"}, {"resendCode": "true"}, {"OTPcode": "x"})
        seen = [trace(monkeypatch, lambda each=each: visitor.answer(each)) for each in answers]  # type: ignore[misc]
        # Templates and senders are remembered for a moment, whoever they are for.
        return [[each for each in step if "FROM notification_" not in each] for step in seen]

    log_in("first")  # what the process remembers from then on is read now
    of_somebody = log_in("alice")
    assert log_in("numberless") == of_somebody
    assert log_in("nobody") == of_somebody
    held = [row for row in world.rows(messages) if row["reason"] == DECOY]
    assert held
    assert {(row["state"], row["due_at"], row["masked_to"]) for row in held} == {("held", None, "")}
    lengths = {len(row["sealed"]) for row in world.rows(messages) if row["sealed"] is not None}
    assert max(lengths) - min(lengths) < 600


@pytest.mark.parametrize("typed", ["ALICE", "NOBODY"])
@pytest.mark.parametrize("steps", SEQUENCES.values(), ids=SEQUENCES)
def test_a_name_is_shown_as_it_was_typed(world: World, typed: str, steps: tuple[tuple[Option, ...], ...]) -> None:
    visitor = Visitor(world)
    visitor.begin(add_application(world, "open", *steps))
    visitor.answer({"username": typed})
    assert visitor.query.get("username", typed) == typed
