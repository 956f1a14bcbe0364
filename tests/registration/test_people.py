"""What a person may take along, and what an administrator may see of one (self-registration.md 2.3, 2.9)."""

import base64

import pytest

from tests.world import ADMIN, API, MAILBOX, PASSWORD, TRUSTED, Reply, World
from watchword.accounts.claims import GIVEN_NAME, MOBILE
from watchword.accounts.store.users import Users
from watchword.registration.usecases.people import remove_user


def encoded(name: str | bytes) -> str:
    octets = name if isinstance(name, bytes) else name.encode()
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def export(world: World, identifier: str, by: tuple[str, str] = ADMIN) -> Reply:
    return world.request("GET", f"{API}/pi-info/{identifier}", by=by)


def test_a_person_gets_everything_that_is_kept(world: World) -> None:
    world.register(email=MAILBOX, claims={GIVEN_NAME: "Kim"})
    world.confirm(world.last_code())
    reply = world.request("GET", f"{API}/me", by=("kim", PASSWORD))
    assert reply.status == 200
    basic = reply.json["basic"]
    assert basic[GIVEN_NAME] == "Kim"
    assert basic["http://wso2.org/claims/username"] == "kim"
    assert basic["http://wso2.org/claims/identity/accountState"] == "UNLOCKED"
    assert reply.json["security"]["verifications"]["SMS"]["how"] == "code"
    assert reply.json["security"]["challengeQuestions"] == []


def test_no_secret_is_given_out(world: World) -> None:
    world.register(email=MAILBOX)
    code = world.last_code()
    world.confirm(code)
    user = world.known()
    told = world.request("GET", f"{API}/me", by=("kim", PASSWORD)).text + export(world, encoded("kim")).text
    assert PASSWORD not in told
    assert user.password_hash is not None
    assert user.password_hash not in told
    assert code not in told


@pytest.mark.parametrize("name", ["kim", "KIM", "PRIMARY/kim", "kim@carbon.super"])
def test_an_administrator_finds_a_person_by_the_encoded_name(world: World, name: str) -> None:
    world.register()
    reply = export(world, encoded(name))
    assert reply.status == 200
    assert reply.json["basic"][MOBILE] == "+94771234567"


@pytest.mark.parametrize(
    ("identifier", "status"),
    [
        (encoded("nobody"), 404), (encoded(""), 404), ("a", 400), ("====", 404), (encoded(b"\xff"), 400), ("k!m", 400),
        (encoded("A\0/kim"), 400), (encoded("ki\0m"), 400), (encoded("NOWHERE/kim"), 404),
    ],
)  # fmt: skip
def test_whoever_is_not_there_is_not_found(world: World, identifier: str, status: int) -> None:
    assert export(world, identifier or "%20").status == status


def test_a_search_by_name_is_not_implemented(world: World) -> None:
    assert world.request("GET", f"{API}/pi-info?username=kim").code == "501-0"


def test_after_a_renaming_nothing_has_to_move(world: World) -> None:
    world.register()

    def rename(existing: str | None, new: str | None) -> Reply:
        body = {"realm": "PRIMARY", "existingUsername": existing, "newUsername": new}
        return world.request("PUT", f"{API}/update-username", body)

    assert rename("kim", "kimberly").status == 200
    assert rename("old", "kim").status == 200
    assert rename("old", "new").code == "17103"
    assert rename("", "new").code == "17101"
    assert world.request("PUT", f"{API}/update-username", {}, by=TRUSTED).code == "403-0"


def test_a_deleted_persons_codes_and_messages_die(world: World) -> None:
    world.register()
    world.post_office.is_unreachable = "not now"
    world.deliver()
    user = world.known()
    world.do(lambda work: remove_user(work, user))
    assert world.states() == ["cancelled"]
    assert world.do(lambda work: Users(work).get(user.id)) is None
