"""One tenant at the gates of another: XTEN."""

from base64 import urlsafe_b64encode

import pytest

from tests.attacks.stage import ADMIN_A, ADMIN_B, API, API_B, PASSWORD, TENANT_B, Stage, exchange, registration, wait_for

case = pytest.mark.case


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
    code = stage.pending(name)
    encoded = urlsafe_b64encode(name.encode()).decode().rstrip("=")
    described = exchange(stage.nodes[-1].port + 1, "GET", "/openapi.json").json
    tricks = {"X-Tenant": "carbon.super", "X-Forwarded-Host": "carbon.super", "Host": "carbon.super"}
    bodies = [
        {"user": {"username": name, "realm": "PRIMARY"}, "properties": []},
        {"code": code, "properties": [{"key": "username", "value": name}, {"key": "tenantDomain", "value": "a"}]},
        {"username": name, "properties": [{"key": "tenantDomain", "value": "carbon.super"}]},
        {"existingUsername": name, "newUsername": "other", "properties": []},
    ]
    asked, refused = set(), set()
    with stage.no_effect():
        for path, operations in described["paths"].items():
            filled = path.replace("{id}", encoded)
            for method, operation in operations.items():
                if not operation.get("security"):
                    continue
                for part in [None] if method == "get" else bodies:
                    body = part and {**part, "operation": "UPDATE", "connectors": [], "domain": "c.test"}
                    at_home = stage.ask(method.upper(), filled, body, by=ADMIN_B, headers=tricks)
                    assert at_home.status in {400, 401}, (method, path, at_home)
                    refused |= {(method, path)} if at_home.status == 401 else set()
                    query = f"/t/{TENANT_B}{filled}?tenantDomain=carbon.super"
                    abroad = stage.ask(method.upper(), query, body, by=ADMIN_B, headers=tricks)
                    assert name not in abroad.body.decode().replace(f"'{name}'", ""), (method, path, abroad)
                    if "{id}" in path:
                        never = path.replace("{id}", urlsafe_b64encode(b"nobody").decode().rstrip("="))
                        same = stage.ask(method.upper(), f"/t/{TENANT_B}{never}", body, by=ADMIN_B)
                        assert abroad.status == same.status >= 400, (method, path)
                        assert abroad.body == same.body, (method, path)
                    asked |= {(method, path)}
    assert refused == asked
    assert len(asked) >= 10
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
