"""A registration that is sent again under its Idempotency-Key (decisions 5.4)."""

from tests.conftest import WorldMaker
from tests.world import CREATE_ONLY, OTHER_TENANT, TRUSTED, World
from watchword.accounts.usecases.administrators import create_administrator
from watchword.storage.schema import answers, users

KEY = {"Idempotency-Key": "key-1"}


def test_a_repeated_request_is_answered_again_and_not_done_again(world: World) -> None:
    first, second = world.register(headers=KEY), world.register(headers=KEY)
    assert (first.status, first.octets) == (second.status, second.octets)
    assert first.status == 201
    assert len(world.letters) == 1
    assert len(world.rows(users)) == 2


def test_the_code_of_a_caller_that_sends_itself_is_told_again(worlds: WorldMaker) -> None:
    world = worlds(**{"SelfRegistration.Notification.InternallyManage": "false"})
    first, second = world.register(headers=KEY), world.register(headers=KEY)
    assert first.json["confirmationCode"] == second.json["confirmationCode"] is not None
    [kept] = world.rows(answers)
    assert first.json["confirmationCode"].encode() not in kept["sealed"]


def test_another_body_under_the_key_is_refused(world: World) -> None:
    world.register(headers=KEY)
    for reply in (world.register("pat", headers=KEY), world.register(mobile="+94771234568", headers=KEY)):
        assert (reply.status, reply.code) == (422, "422-0")
    assert world.user("pat") is None


def test_a_key_belongs_to_its_caller_and_its_tenant(world: World) -> None:
    assert world.register(headers=KEY, by=TRUSTED).status == 201
    assert world.register(headers=KEY, by=CREATE_ONLY).code == "20030"
    assert world.register("pat", mobile="+94771234568", headers=KEY, by=CREATE_ONLY).status == 201
    assert world.register(headers=KEY, tenant=OTHER_TENANT).status == 201


def test_a_callers_key_is_not_that_of_its_namesake_in_another_tenant(worlds: WorldMaker) -> None:
    world = worlds(**{"SelfRegistration.Notification.InternallyManage": "false"})
    world.do(lambda work: create_administrator(work, "admin", "acme-secret", trusting=True), OTHER_TENANT)
    ours, theirs = ("admin@carbon.super", "admin"), ("admin", "acme-secret")
    assert world.register(headers=KEY, tenant=OTHER_TENANT, by=ours).status == 201
    assert world.register(headers=KEY, tenant=OTHER_TENANT, by=theirs).code == "20030"


def test_a_refusal_is_not_kept(world: World) -> None:
    assert world.register(password="x", headers=KEY).code == "20035"
    assert world.register(headers=KEY).status == 201


def test_after_a_day_the_key_is_forgotten(world: World) -> None:
    world.register(headers=KEY)
    world.confirm(world.last_code())
    world.clock.tick(hours=25)
    assert world.register(headers=KEY).code == "20030"
    assert world.register("pat", mobile="+94771234568", headers=KEY).status == 201
    world.clock.tick(hours=25)
    world.sweep()
    assert world.rows(answers) == []


def test_a_repeated_request_hears_how_the_first_attempt_ended(worlds: WorldMaker) -> None:
    world = worlds(courier="running", **{"watchword.delivery.answer": "first-attempt"})
    assert world.register(headers=KEY).status == 201
    assert world.register(headers=KEY).status == 201
    world.post_office.refuses = "no"
    again = {"Idempotency-Key": "key-2"}
    assert world.register("pat", mobile="+94771234568", headers=again).code == "20011"
    assert world.register("pat", mobile="+94771234568", headers=again).code == "20011"
    assert world.states() == ["sent", "failed"]
