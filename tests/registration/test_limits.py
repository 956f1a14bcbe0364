"""How often a thing may be done (decisions 5.4)."""

import pytest

from tests.conftest import WorldMaker
from tests.world import ADMIN, API, CREATE_ONLY, OTHER_TENANT, TRUSTED, Reply, World
from watchword.storage.schema import counters

FEW = {"watchword.limits.unknown_codes_per_caller": "3/1m"}


def guess(world: World, count: int, *, by: tuple[str, str] = CREATE_ONLY, look: bool = False) -> list[int]:
    ask = world.introspect if look else world.confirm
    return [ask(f"NOSUCH{number}", by=by).status for number in range(count)]


def assert_too_many(reply: Reply) -> None:
    assert (reply.status, reply.code) == (429, "429-0")
    assert 0 < int(reply.headers["retry-after"]) <= 60
    assert f"in {reply.headers['retry-after']} seconds" in reply.json["description"]


def test_past_a_hundred_unknown_codes_in_a_minute_a_caller_is_told_to_wait(world: World) -> None:
    assert guess(world, 100) == [400] * 100
    assert_too_many(world.confirm("NOSUCH", by=CREATE_ONLY))


def test_the_right_code_does_not_help_whoever_has_guessed_too_often(worlds: WorldMaker) -> None:
    world = worlds(**FEW)
    world.register()
    guess(world, 3)
    assert_too_many(world.confirm(world.last_code(), by=CREATE_ONLY))
    assert_too_many(world.confirm(world.last_code(), by=CREATE_ONLY, user="kim"))
    assert_too_many(world.introspect(world.last_code(), by=CREATE_ONLY))
    assert world.confirm(world.last_code(), by=TRUSTED).status == 202


def test_a_look_at_an_unknown_code_counts_as_well(worlds: WorldMaker) -> None:
    world = worlds(**FEW)
    assert guess(world, 2, look=True) + guess(world, 1) == [400] * 3
    assert_too_many(world.introspect("NOSUCH", by=CREATE_ONLY))


def test_the_wait_ends(worlds: WorldMaker) -> None:
    world = worlds(**FEW)
    guess(world, 3)
    wait = int(world.confirm("NOSUCH", by=CREATE_ONLY).headers["retry-after"])
    world.clock.tick(seconds=wait + 1)
    assert guess(world, 4) == [400, 400, 400, 429]


def test_a_right_code_fills_no_limit(worlds: WorldMaker) -> None:
    world = worlds(**FEW)
    for number in range(5):
        world.register(f"person{number}", mobile=f"+9477123456{number}")
        assert world.confirm(world.last_code(), by=CREATE_ONLY).status == 202
    assert guess(world, 4) == [400, 400, 400, 429]


def test_callers_of_one_name_in_two_tenants_are_two(worlds: WorldMaker) -> None:
    world = worlds(**FEW)
    world.add_client(*CREATE_ONLY, "selfregister:create", tenant=OTHER_TENANT)
    guess(world, 4)
    assert world.confirm("NOSUCH", by=CREATE_ONLY, tenant=OTHER_TENANT).status == 400


def test_past_the_tenants_limit_codes_that_name_nobody_are_refused(worlds: WorldMaker) -> None:
    world = worlds(**{"watchword.limits.unknown_codes_per_tenant": "3/10m"})
    world.register()
    for by in (ADMIN, TRUSTED, CREATE_ONLY):
        guess(world, 1, by=by)
    assert world.confirm(world.last_code(), by=TRUSTED).status == 429
    assert world.confirm(world.last_code(), by=TRUSTED, user="kim").status == 202
    assert world.confirm("NOSUCH", tenant=OTHER_TENANT).status == 400


# --- what goes to one address -----------------------------------------------------------------------------------------


def test_the_fourth_message_to_a_number_in_ten_minutes_is_held_and_the_answer_stays(world: World) -> None:
    replies = [world.register(f"person{number}") for number in range(4)]
    assert [reply.status for reply in replies] == [201] * 4
    assert {reply.octets for reply in replies} == {replies[0].octets}
    assert len(world.letters) == 3
    assert world.states() == ["sent", "sent", "sent", "held"]
    assert world.messages()[-1].reason == "limit of the address"
    assert world.known("person3").locked


def test_a_number_is_counted_whatever_it_is_written_like(world: World) -> None:
    for number, mobile in enumerate(("+94771234567", "+94 77 123 4567", "+94-77-123-4567", "+94(77)1234567")):
        world.register(f"person{number}", mobile=mobile)
    assert len(world.letters) == 3


def test_a_mailbox_is_counted_whatever_it_is_written_like(world: World) -> None:
    for number, email in enumerate(("kim@example.com", "KIM@EXAMPLE.COM", "Kim@Example.com", "kim@EXAMPLE.com")):
        world.register(f"person{number}", mobile=None, email=email)
    assert len(world.letters) == 3


def test_the_sixth_message_in_a_day_is_held(world: World) -> None:
    for number in range(8):
        world.register(f"person{number}")
        world.deliver()
        world.clock.tick(minutes=11)
    assert len(world.letters) == 5
    world.clock.tick(days=1)
    world.register("person9")
    assert len(world.letters) == 6


def test_held_messages_do_not_fill_the_days_limit(world: World) -> None:
    for number in range(9):
        world.register(f"person{number}")
    assert len(world.letters) == 3
    world.clock.tick(minutes=11)
    world.register("person9")
    assert len(world.letters) == 4


def test_other_numbers_and_other_tenants_have_limits_of_their_own(world: World) -> None:
    for number in range(4):
        world.register(f"person{number}")
    world.register("pat", mobile="+94771234568")
    world.register("sam", tenant=OTHER_TENANT)
    assert len(world.letters) == 5


def test_fifty_wrong_codes_about_a_number_in_a_day_are_enough(worlds: WorldMaker) -> None:
    world = worlds(**{"watchword.limits.tries_per_address": "7/1d", "watchword.limits.sends_per_address": "100/1d"})
    for number in range(3):
        world.register(f"person{number}")
        world.deliver()
    for number in range(2):
        for _ in range(5):
            world.confirm("WRONG1", user=f"person{number}")
    assert world.confirm(world.last_code(), user="person2").status == 429
    world.clock.tick(days=1, minutes=1)
    assert world.confirm(world.last_code(), user="person2").code == "18002"


# --- names ------------------------------------------------------------------------------------------------------------


def test_a_caller_asks_about_so_many_names(worlds: WorldMaker) -> None:
    world = worlds(**{"watchword.limits.name_checks_per_caller": "3/1h"})

    def ask(by: tuple[str, str]) -> Reply:
        return world.request("POST", f"{API}/validate-username", {"username": "kim"}, by=by)

    assert [ask(CREATE_ONLY).status for _ in range(3)] == [200] * 3
    reply = ask(CREATE_ONLY)
    assert (reply.status, reply.code) == (429, "429-0")
    assert int(reply.headers["retry-after"]) > 3000
    assert ask(TRUSTED).status == 200


def test_a_taken_name_that_registration_tells_counts_as_well(worlds: WorldMaker) -> None:
    world = worlds(**{"watchword.limits.name_checks_per_caller": "3/1h"})
    assert [world.register("admin", by=CREATE_ONLY).status for _ in range(4)] == [409, 409, 409, 429]
    assert world.register("kim", by=CREATE_ONLY).status == 429
    assert world.register("kim", by=TRUSTED).status == 201


def test_no_address_stands_in_a_counter(world: World) -> None:
    world.register()
    world.confirm("WRONG1", user="kim")
    keys = {row["key"] for row in world.rows(counters)}
    assert all(len(key) == 64 and set(key) <= set("0123456789abcdef") for key in keys)


@pytest.mark.parametrize("limit", ["unknown_codes_per_caller", "sends_per_address"])
def test_windows_that_have_ended_are_swept(world: World, limit: str) -> None:
    world.register()
    world.confirm("NOSUCH")
    assert limit in {row["limit"] for row in world.rows(counters)}
    world.clock.tick(days=2)
    world.sweep()
    assert world.rows(counters) == []
