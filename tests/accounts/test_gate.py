"""Who is let in by HTTP Basic (decisions 5.2)."""

import base64
from collections import Counter
from functools import partial

import pytest

from tests.conftest import WorldMaker
from tests.world import ADMIN, API, CREATE_ONLY, OTHER_TENANT, PASSWORD, TRUSTED, Reply, World
from watchword.accounts.gate import BasicGate, CredentialMemory
from watchword.accounts.model import AccountState, LockedReason
from watchword.accounts.store.users import Users
from watchword.accounts.usecases.administrators import create_administrator
from watchword.base.problems import Unauthorized
from watchword.storage.schema import audit, failures

PERSON = ("pat", PASSWORD)


def knock(world: World, by: tuple[str, str], *, tenant: str | None = None) -> int:
    """Ask for something that any client may have, and return the status."""
    body = {"username": "whoever"}
    return world.request("POST", f"{API}/validate-username", body, by=by, tenant=tenant).status


def export(world: World, by: tuple[str, str], *, tenant: str | None = None) -> Reply:
    return world.request("GET", f"{API}/me", by=by, tenant=tenant)


@pytest.mark.parametrize("by", [ADMIN, TRUSTED, CREATE_ONLY, ("ADMIN", "admin"), ("Trusted", "trusted-secret")])
def test_whoever_knows_the_secret_is_let_in(world: World, by: tuple[str, str]) -> None:
    assert knock(world, by) == 200


@pytest.mark.parametrize(
    "by", [("admin", "Admin"), ("admin", ""), ("nobody", "admin"), ("", ""), ("trusted", "admin"), ("admin", "admin\0")]
)
def test_the_others_hear_nothing_but_how_to_knock(world: World, by: tuple[str, str]) -> None:
    reply = world.register(by=by)
    assert (reply.status, reply.octets) == (401, b"")
    assert reply.headers["www-authenticate"] == 'Basic realm="watchword", charset="UTF-8"'


@pytest.mark.parametrize(
    "header",
    [
        "", "Basic", "Basic ", "Basic !!!", "Bearer abc", "Basic " + base64.b64encode(b"admin").decode(),
        "Basic " + base64.b64encode(b"admin:admin\xff").decode(), "Basic YWRtaW46YWRtaW4", "Digest YWRtaW46YWRtaW4=",
        "Basic YWRtaW46YWRtaW4=\u00e9",
    ],
)  # fmt: skip
def test_a_header_that_cannot_be_read_is_no_credential(world: World, header: str) -> None:
    reply = world.request("GET", f"{API}/me", by=None, headers={"authorization": header})
    assert (reply.status, reply.octets) == (401, b"")


def test_the_scheme_is_read_in_any_case(world: World) -> None:
    headers = {"authorization": "basic YWRtaW46YWRtaW4="}
    assert world.request("GET", f"{API}/me", by=None, headers=headers).status == 200


def test_a_password_may_hold_a_colon(world: World) -> None:
    world.add_client("colons", "a:b:c", "selfregister:create")
    assert knock(world, ("colons", "a:b:c")) == 200


def test_a_person_may_look_at_itself_and_nothing_else(world: World) -> None:
    world.add_person()
    assert export(world, PERSON).status == 200
    for path in ("/me", "/lite", "/validate-username", "/resend-code", "/validate-code", "/introspect-code"):
        reply = world.request("POST", API + path, {}, by=PERSON)
        assert (reply.status, reply.code) == (403, "403-0"), path
    assert world.request("GET", f"{API}/pi-info/x", by=PERSON).code == "403-0"
    assert world.request("PUT", f"{API}/update-username", {}, by=PERSON).code == "403-0"
    assert world.request("GET", "/api/server/v1/identity-governance", by=PERSON).code == "403-0"


def test_a_client_has_no_self_to_look_at(world: World) -> None:
    assert export(world, TRUSTED).code == "403-0"


def test_each_permission_opens_its_own_doors(world: World) -> None:
    world.add_client("viewer", "viewer-secret", "usermgt:view")
    viewer = ("viewer", "viewer-secret")
    assert world.request("GET", f"{API}/pi-info/YWRtaW4", by=viewer).status == 200
    assert world.request("PUT", f"{API}/update-username", {}, by=viewer).code == "403-0"
    assert world.register(by=viewer).code == "403-0"
    assert world.request("GET", f"{API}/pi-info/YWRtaW4", by=TRUSTED).code == "403-0"


@pytest.mark.parametrize(
    "account",
    [
        {"locked": True}, {"disabled": True}, {"state": AccountState.PENDING_SELF_REGISTRATION},
        {"locked": True, "state": AccountState.PENDING_SELF_REGISTRATION},
        {"state": AccountState.PENDING_EMAIL_VERIFICATION},
    ],
)  # fmt: skip
def test_an_account_that_is_not_open_is_answered_like_an_unknown_one(world: World, account: dict[str, object]) -> None:
    world.add_person(**account)  # type: ignore[arg-type]  # what add_person takes
    reply = export(world, PERSON)
    assert (reply.status, reply.octets) == (401, b"")


def test_a_lock_counts_at_once_although_the_password_was_right_a_moment_ago(world: World) -> None:
    user = world.add_person()
    assert export(world, PERSON).status == 200
    world.change(lambda work: Users(work).lock(user.id, LockedReason.ADMIN_INITIATED))
    assert export(world, PERSON).status == 401


def test_a_new_password_counts_at_once_and_the_old_one_is_forgotten(world: World) -> None:
    user = world.add_person()
    assert export(world, PERSON).status == 200
    changed = world.installation.works.surroundings.hasher.hash("Another-Pass-1")
    world.change(lambda work: Users(work).set_password(user.id, changed))
    assert export(world, PERSON).status == 401
    assert export(world, ("pat", "Another-Pass-1")).status == 200


def test_the_memory_of_a_right_password_does_not_open_another_account(world: World) -> None:
    world.add_person("pat")
    world.add_person("sam")
    assert export(world, ("pat", PASSWORD)).status == 200
    assert export(world, ("sam", "wrong")).status == 401
    assert export(world, ("sam", PASSWORD)).json["basic"]["http://wso2.org/claims/username"] == "sam"


def test_a_deleted_account_is_unknown_at_once(world: World) -> None:
    user = world.add_person()
    assert export(world, PERSON).status == 200
    world.change(lambda work: Users(work).delete(user.id))
    assert export(world, PERSON).status == 401


# --- tenants ----------------------------------------------------------------------------------------------------------


def test_a_caller_acts_in_its_own_tenant_only(world: World) -> None:
    world.add_person("pat")
    world.add_person("acme-pat", tenant=OTHER_TENANT)
    world.add_client("acme-client", "acme-secret", "selfregister:create", tenant=OTHER_TENANT)
    assert export(world, ("pat", PASSWORD), tenant=OTHER_TENANT).status == 401
    assert export(world, ("acme-pat", PASSWORD)).status == 401
    assert export(world, ("acme-pat", PASSWORD), tenant=OTHER_TENANT).status == 200
    assert knock(world, ("acme-client", "acme-secret")) == 401
    assert knock(world, ("acme-client", "acme-secret"), tenant=OTHER_TENANT) == 200
    assert knock(world, TRUSTED, tenant=OTHER_TENANT) == 401


def test_the_administrators_of_the_super_tenant_act_everywhere(world: World) -> None:
    for name in ("admin", "admin@carbon.super"):
        assert knock(world, (name, "admin"), tenant=OTHER_TENANT) == 200
    assert world.register(tenant=OTHER_TENANT).status == 201


def test_the_administrator_of_a_tenant_acts_there_alone(world: World) -> None:
    world.do(lambda work: create_administrator(work, "boss", "boss-secret", trusting=True), OTHER_TENANT)
    boss = ("boss", "boss-secret")
    assert knock(world, boss, tenant=OTHER_TENANT) == 200
    assert world.request("GET", "/t/acme.example/api/server/v1/identity-governance", by=boss).status == 200
    assert knock(world, boss) == 401
    assert knock(world, ("boss@acme.example", "boss-secret")) == 401
    assert world.request("GET", "/api/server/v1/tenants", by=boss).status == 401


def test_a_name_is_sought_in_the_tenant_of_the_address_first(world: World) -> None:
    world.do(lambda work: create_administrator(work, "admin", "acme-secret", trusting=True), OTHER_TENANT)
    assert knock(world, ("admin", "acme-secret"), tenant=OTHER_TENANT) == 200
    assert knock(world, ("admin", "admin"), tenant=OTHER_TENANT) == 401
    assert knock(world, ("admin@carbon.super", "admin"), tenant=OTHER_TENANT) == 200


def test_a_name_with_its_tenant_is_exact(world: World) -> None:
    world.add_person("pat", tenant=OTHER_TENANT)
    assert export(world, ("pat@acme.example", PASSWORD), tenant=OTHER_TENANT).status == 200
    assert export(world, ("pat@carbon.super", PASSWORD), tenant=OTHER_TENANT).status == 401
    assert export(world, ("admin@acme.example", "admin"), tenant=OTHER_TENANT).status == 401


def test_a_persons_name_may_look_like_a_mailbox(worlds: WorldMaker) -> None:
    world = worlds(**{"user_store.username_java_regex": ".{3,40}"})
    world.add_person("pat@example.com")
    assert export(world, ("pat@example.com", PASSWORD)).status == 200


def test_what_was_done_is_noted_with_the_callers_tenant_and_name(world: World) -> None:
    world.register(tenant=OTHER_TENANT)
    actors = [event["actor"] for event in world.rows(audit) if event["action"] == "register_user"]
    assert actors == ["carbon.super/admin"]


def test_wrong_passwords_wait_here_as_at_the_log_in(world: World) -> None:
    world.add_person()
    assert {knock(world, ("pat", f"Wrong-Pass-{number}")) for number in range(5)} == {401}
    assert export(world, PERSON).status == 401
    world.clock.tick(seconds=1)
    assert export(world, PERSON).status == 200


def test_whoever_was_right_before_is_not_kept_waiting_by_strangers(world: World) -> None:
    world.add_person()
    assert export(world, PERSON).status == 200
    assert {knock(world, ("pat", f"Wrong-Pass-{number}")) for number in range(20)} == {401}
    assert export(world, PERSON).status == 200


def test_guesses_at_an_unknown_name_are_counted_alike(world: World) -> None:
    world.add_person()
    for name in ("pat", "zed"):
        [knock(world, (name, "Wrong-Pass-1")) for _ in range(3)]
    counts = Counter((row["count"], row["factor"] == "name") for row in world.rows(failures))
    assert counts == {(3, True): 2, (3, False): 2}


def test_a_client_is_never_kept_waiting(world: World) -> None:
    assert {knock(world, (TRUSTED[0], f"Wrong-{number}")) for number in range(20)} == {401}
    assert knock(world, TRUSTED) == 200


def test_the_right_password_sent_often_at_once_is_one_guess(world: World) -> None:
    world.add_person()
    assert [reply.status for reply in world.together(*[partial(export, world, PERSON)] * 16)] == [200] * 16


def test_nor_is_whoever_was_right_a_while_ago(world: World) -> None:
    world.add_person()
    moment = [0.0]
    gate = BasicGate(CredentialMemory(lambda: moment[0]))

    def admitted(password: str) -> bool:
        header = "Basic " + base64.b64encode(f"pat:{password}".encode()).decode()
        try:
            world.do(lambda work: gate.admit(work, header, None, people=True))
        except Unauthorized:
            return False
        return True

    assert admitted(PASSWORD)
    moment[0] += 3600
    assert not any(admitted("Wrong-Pass-1") for _ in range(20))
    assert admitted(PASSWORD)
