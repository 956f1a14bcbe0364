"""What must hold when everybody comes at once, on both databases."""

from collections import Counter
from functools import partial

from tests.conftest import WorldMaker
from tests.world import LONG_PASSWORD, PASSWORD, Reply, World
from watchword.accounts.model import User
from watchword.accounts.usecases.passwords import try_password
from watchword.registration.usecases.people import remove_user
from watchword.storage.schema import EPOCH, codes, users


def outcomes(replies: list[Reply]) -> Counter[tuple[int, str | None]]:
    return Counter((reply.status, reply.code if reply.octets else None) for reply in replies)


def compared(world: World) -> int:
    return world.installation.works.surroundings.tally["code_comparisons"]


def test_of_48_parallel_guesses_at_a_users_code_5_are_compared(world: World) -> None:
    world.register()
    code = world.last_code()
    replies = world.together(*[partial(world.confirm, f"GUESS{number}", user="kim") for number in range(48)])
    assert outcomes(replies) == {(400, "18001"): 48}
    assert compared(world) == 5
    assert [row["attempts"] for row in world.rows(codes)] == [5]
    assert world.confirm(code, user="kim").code == "18001"
    assert world.confirm(code).code == "18001"
    assert world.known().locked


def test_the_right_code_among_parallel_guesses_counts_like_any_other(world: World) -> None:
    """Were the guesses counted after they are compared, the right one would get through whatever came before it."""
    won = 0
    for turn in range(12):
        name = f"person{turn}"
        world.register(name, mobile=f"+9477123{turn:04}")
        code = world.last_code()
        guesses = [f"GUESS{number}" for number in range(10)] + [code]
        before = compared(world)
        replies = world.together(*[partial(world.confirm, guess, user=name) for guess in guesses])
        won += replies[-1].status == 202
        assert compared(world) - before <= 5
        assert world.known(name).locked == (replies[-1].status != 202)
    assert won <= 12


def test_of_8_parallel_redemptions_one_wins(world: World) -> None:
    for turn in range(5):
        world.register(f"person{turn}", mobile=f"+9477123{turn:04}")
        replies = world.together(*[partial(world.confirm, world.last_code())] * 8)
        assert outcomes(replies) == {(202, None): 1, (400, "18001"): 7}
    assert world.rows(codes) == []


def test_of_16_parallel_registrations_of_a_name_one_wins(world: World) -> None:
    passwords = [f"{PASSWORD}-{number}" for number in range(16)]
    replies = world.together(*[partial(world.register, password=password) for password in passwords])
    assert outcomes(replies) == {(201, "USR-02001"): 1, (409, "20030"): 15}
    assert len([row for row in world.rows(users) if row["canonical"] == "kim"]) == 1
    assert len(world.letters) == 1
    assert world.confirm(world.last_code()).status == 202
    winner = next(password for password, reply in zip(passwords, replies, strict=True) if reply.status == 201)
    assert world.do(lambda work: try_password(work, "kim", winner)).name.typed == "kim"


def test_8_parallel_requests_under_one_key_are_one_registration(world: World) -> None:
    call = partial(world.register, headers={"Idempotency-Key": "key-1"})
    replies = world.together(*[call] * 8)
    assert outcomes(replies) == {(201, "USR-02001"): 8}
    assert len({reply.octets for reply in replies}) == 1
    assert len(world.letters) == 1
    other = world.register(mobile="+94771234568", headers={"Idempotency-Key": "key-1"})
    assert (other.status, other.code) == (422, "422-0")


def test_parallel_requests_under_one_key_all_hear_that_the_message_failed(worlds: WorldMaker) -> None:
    world = worlds(courier="running", **{"watchword.delivery.answer": "first-attempt"})
    world.post_office.refuses = "no such number"
    replies = world.together(*[partial(world.register, headers={"Idempotency-Key": "key-1"})] * 8)
    assert outcomes(replies) == {(500, "20011"): 8}
    assert world.register(headers={"Idempotency-Key": "key-1"}).code == "20011"
    assert world.states() == ["failed"]


def test_of_8_parallel_resends_one_sends(world: World) -> None:
    world.register()
    first = world.last_code()
    world.clock.tick(seconds=31)
    replies = world.together(*[world.resend] * 8)
    assert [reply.status for reply in replies] == [201] * 8
    assert len(world.letters) == 2
    assert world.confirm(first).code == "18001"
    assert world.confirm(world.last_code()).status == 202


def test_a_resend_beside_a_redemption_never_leaves_two_usable_codes(worlds: WorldMaker) -> None:
    world = worlds(**{"watchword.limits.sends_per_address": "100000/1d"})
    for turn in range(40):
        name = f"person{turn}"
        world.register(name, mobile=f"+9477123{turn:04}")
        old = world.last_code()
        world.clock.tick(seconds=31)
        redeemed, resent = world.together(partial(world.confirm, old), partial(world.resend, name))
        new = world.last_code()
        user = world.known(name)
        left = [row for row in world.rows(codes) if row["user_id"] == user.id]
        if redeemed.status == 202:
            assert not user.locked
            assert left == []
            assert new == old or world.confirm(new).code == "18001"
            assert resent.status in {201, 400}
        else:
            assert (redeemed.code, resent.status) == ("18001", 201)
            assert user.locked
            assert len(left) == 1
            assert world.confirm(old).code == "18001"
            assert world.confirm(new).status == 202


def test_of_8_parallel_take_overs_of_a_stale_name_one_wins(world: World) -> None:
    world.register()
    world.clock.tick(minutes=2)
    replies = world.together(*[partial(world.register, mobile=f"+9477123456{number}") for number in range(8)])
    assert outcomes(replies) == {(201, "USR-02001"): 1, (409, "20030"): 7}
    assert len([row for row in world.rows(users) if row["canonical"] == "kim"]) == 1


def test_a_name_that_is_confirmed_while_it_is_swept_stays_or_was_never_confirmed(worlds: WorldMaker) -> None:
    world = worlds(profile="recommended")
    ended = users.update().values(reserved_until=EPOCH).where(users.c.state == "PENDING_SR")
    for turn in range(12):
        name = f"person{turn}"
        world.register(name, password=LONG_PASSWORD, mobile=None, email=f"{name}@example.com")
        code = world.last_code()
        world.change(lambda work: work.connection.execute(ended))
        confirmed, _ = world.together(partial(confirm, world, code), partial(sweep, world))
        user = world.user(name)
        assert (confirmed == 202) == (user is not None)
        assert user is None or not user.locked


def test_an_account_that_is_removed_while_it_is_confirmed_is_gone(world: World) -> None:
    for turn in range(12):
        name = f"person{turn}"
        world.register(name, mobile=f"+9477123{turn:04}")
        code, user = world.last_code(), world.known(name)
        confirmed, _ = world.together(partial(confirm, world, code), partial(remove, world, user))
        assert confirmed in {202, 400}
        assert world.user(name) is None
    assert world.rows(codes) == []


def remove(world: World, user: User) -> int:
    world.do(lambda work: remove_user(work, user))
    return 0


def confirm(world: World, code: str) -> int:
    return world.confirm(code).status


def sweep(world: World) -> int:
    world.sweep()
    return 0
