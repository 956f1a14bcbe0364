"""One user in the place of another: XUSR."""

from base64 import urlsafe_b64encode

import pytest

from tests.attacks.stage import API, PASSWORD, Stage

case = pytest.mark.case


def signed_up(stage: Stage, name: str, **how: str) -> str:
    """Sign somebody up, confirmed, and return the id."""
    assert stage.confirm(stage.pending(name, **how)).status == 202
    user = stage.user(name)
    assert user is not None
    return str(user["id"])


@case("XUSR-01")
def test_a_person_sees_oneself_whoever_is_named(stage: Stage) -> None:
    kim, lee = stage.new_name("kim"), stage.new_name("lee")
    signed_up(stage, kim)
    user_id = signed_up(stage, lee)
    encoded = urlsafe_b64encode(lee.encode()).decode().rstrip("=")
    headers = {"X-User": lee, "X-User-Id": user_id, "X-Authenticated-User": lee, "Cookie": f"user={user_id}"}
    for query in ("", f"?user={lee}", f"?userId={user_id}", f"?id={encoded}&username={lee}&realm=PRIMARY"):
        answer = stage.ask("GET", f"{API}/me{query}", by=(kim, PASSWORD), headers=headers)
        assert answer.status == 200
        assert kim in answer.body.decode()
        assert lee not in answer.body.decode()
    for address in (
        f"{API}/me/{user_id}",
        f"{API}/me/{lee}",
        f"{API}/pi-info/{encoded}",
        f"{API}/pi-info?username={lee}",
    ):
        assert stage.ask("GET", address, by=(kim, PASSWORD)).status in {403, 404}, address


@case("XUSR-03", toml='{"user_store": {"username_java_regex": "[^\\\\s]{2,64}"}}')
def test_an_address_of_somebody_is_nobody_elses_name(stage: Stage) -> None:
    kim = stage.new_name("kim")
    mailbox, number = f"{kim}@a.test", "+94727777777"
    signed_up(stage, kim, mailbox=mailbox, number=number)
    with stage.no_effect():
        for name in (mailbox, mailbox.upper(), number):
            answer = stage.register(name, mailbox="other@a.test")
            assert answer.status in {400, 409}, (name, answer)


@case("XUSR-04")
def test_who_is_deleted_leaves_nothing_to_the_next_of_that_name(stage: Stage) -> None:
    name = stage.new_name("kim")
    old_code = stage.pending(name)
    old = stage.user(name)
    stage.command("user", "delete", name)
    assert stage.confirm(old_code).code == "18001"
    new_code = stage.pending(name, password="another-Horse-battery-8")
    new = stage.user(name)
    assert old is not None
    assert new is not None
    assert old["id"] != new["id"]
    assert stage.confirm(old_code).code == "18001"
    assert stage.confirm(new_code).status == 202
    assert stage.ask("GET", f"{API}/me", by=(name, PASSWORD)).status == 401
