"""One tenant at the gates of another: XTEN."""

import re
from base64 import urlsafe_b64encode

import pytest

from tests.attacks.interface import operations, with_each_text
from tests.attacks.stage import (
    ADMIN_A,
    ADMIN_B,
    API,
    API_B,
    PASSWORD,
    TENANT_B,
    Answer,
    Stage,
    registration,
    wait_for,
)

case = pytest.mark.case
MAILBOX = "canary-of-tenant-a@a.test"


@case("XTEN-01")
def test_a_code_is_worth_nothing_in_another_tenant(stage: Stage) -> None:
    name = stage.new_name()
    code = stage.pending(name)
    unknown = stage.confirm("00000000-0000-4000-8000-000000000000", by=ADMIN_B, api=API_B)
    answer = stage.confirm(code, by=ADMIN_B, api=API_B)
    assert (answer.status, answer.code) == (unknown.status, unknown.code) == (400, "18001")
    user = stage.user(name)
    assert user is not None
    assert [row["attempts"] for row in stage.evidence.rows("codes") if row["user_id"] == user["id"]] == [0]
    assert stage.confirm(code).status == 202


@case("XTEN-02")
def test_the_administrator_of_one_tenant_does_nothing_in_another(stage: Stage) -> None:
    """Generated: each operation of the interface, with the ids of tenant A, at A's address and at B's."""
    name = stage.new_name("kim")
    code = stage.pending(name, mailbox=MAILBOX)
    encoded = urlsafe_b64encode(name.encode()).decode().rstrip("=")
    never = urlsafe_b64encode(b"nobody").decode().rstrip("=")
    tricks = {"X-Tenant": "carbon.super", "X-Forwarded-Host": "carbon.super", "Host": "carbon.super"}
    closed = [operation for operation in operations(stage) if not operation.is_open]
    with stage.no_effect():
        for operation in closed:
            address = operation.path.replace("{id}", encoded)
            for body in (
                operation.sample,
                *with_each_text(operation.sample, name),
                *with_each_text(operation.sample, code),
            ):
                at_home = stage.ask(operation.method, address, body, by=ADMIN_B, headers=tricks)
                assert at_home.status == 401 or (at_home.status == 400 and body != operation.sample), (
                    operation,
                    at_home,
                )
                query = f"/t/{TENANT_B}{address}?tenantDomain=carbon.super"
                abroad = stage.ask(operation.method, query, body, by=ADMIN_B, headers=tricks)
                assert MAILBOX not in abroad.body.decode(), (operation, abroad)
                if "{id}" in operation.path:
                    other = f"/t/{TENANT_B}{operation.path.replace('{id}', never)}"
                    same = stage.ask(operation.method, other, body, by=ADMIN_B)
                    asked = (encoded, name, never, "nobody")
                    assert _told(abroad, *asked) == _told(same, *asked), operation
                    assert abroad.status >= 400, operation
    assert len(closed) >= 10
    assert stage.confirm(code).status == 202


@case("XTEN-06")
def test_what_a_process_remembers_of_one_tenant_says_nothing_in_another(stage: Stage) -> None:
    """Credentials and policies, the two things that a process remembers; the corpus alternates 10 000 times."""
    name = stage.new_name("twin")
    passwords = {API: PASSWORD, API_B: "another-Horse-battery-8"}
    administrators = {API: ADMIN_A, API_B: ADMIN_B}
    for api, password in passwords.items():
        body = registration(name, password=password, claims={"http://wso2.org/claims/givenname": f"canary{api}"})
        assert stage.ask("POST", f"{api}/me", body, by=administrators[api]).status == 201
    stage.settle()
    ids = {row["id"] for row in stage.evidence.rows("users") if row["name"] == name}
    of_message = {row["id"]: row["tenant"] for row in stage.evidence.rows("messages") if row["user_id"] in ids}
    for delivery in stage.ledger.deliveries:
        if delivery.message_id in of_message:
            api = API if of_message[delivery.message_id] == "carbon.super" else API_B
            assert stage.confirm(delivery.code, by=administrators[api], api=api).status == 202
    stage.command("policy", "set", "self-sign-up", "SelfRegistration.Enable", "false", "--tenant", TENANT_B)
    for _ in range(50):
        for api, password in passwords.items():
            other = API_B if api == API else API
            mine = stage.ask("GET", f"{api}/me", by=(name, password))
            assert mine.status == 200
            assert f'canary{api}"' in mine.body.decode()
            assert stage.ask("GET", f"{other}/me", by=(name, password)).status == 401
    wait_for(lambda: stage.register(stage.new_name(), by=ADMIN_B, api=API_B).code == "20021", 2.0)
    for _ in range(10):
        assert stage.register(stage.new_name(), by=ADMIN_A).status == 201
        assert stage.register(stage.new_name(), by=ADMIN_B, api=API_B).code == "20021"
    stage.command("policy", "set", "self-sign-up", "SelfRegistration.Enable", "true", "--tenant", TENANT_B)


def _told(answer: Answer, *asked: str) -> tuple[int, str]:
    """Return what an answer says, whatever it was *asked* for, and whichever request it answers."""
    text = re.sub(r'"traceId":"[^"]*"', "", answer.body.decode())
    for each in asked:
        text = text.replace(each, "…")
    return answer.status, text
