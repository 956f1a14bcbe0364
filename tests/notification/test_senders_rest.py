"""A tenant's own sender over REST (sms-otp.md 5.7, 7.7), and what it sends."""

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.conftest import WorldMaker
from tests.notification.gateway import Gateway, reply
from tests.world import CREATE_ONLY, OTHER_TENANT, Reply, World
from watchword.notification.model import Channel
from watchword.notification.sender_objects import SenderObject, call_of
from watchword.storage.schema import notification_senders

ROOT = "/api/server/v1/notification-senders"
SMS = f"{ROOT}/sms"
ONE = f"{SMS}/SMSPublisher"
CUSTOM: dict[str, Any] = {
    "provider": "Custom", "providerURL": "https://sms.example/sms/send", "contentType": "JSON",
    "properties": [{"key": "body", "value": '{"content": {{body}}, "to": {{mobile}} }'}],
}  # fmt: skip
TWILIO = {
    "provider": "Twilio", "providerURL": "https://api.twilio.com", "key": "AC1", "secret": "t0p",
    "sender": "+15005550006",
}  # fmt: skip
Connect = Callable[..., World]


@pytest.fixture
def connected(worlds: WorldMaker, gateway: Gateway) -> Connect:
    """Return a function that makes a world whose super tenant sends by the gateway."""

    def connect(allowed: bool = True, **changes: object) -> World:  # noqa: FBT001,FBT002  # read by name
        world = worlds(**{"watchword.outgoing.allow": gateway.url} if allowed else {})
        made = world.request("POST", SMS, {**CUSTOM, "providerURL": f"{gateway.url}/send", **changes})
        assert made.status == 201, made.text
        return world

    return connect


def said(reply: Reply, status: int, code: str) -> None:
    assert (reply.status, reply.code) == (status, code), reply.text
    assert set(reply.json) == {"code", "message", "description", "traceId"}


def with_properties(**values: str) -> list[dict[str, str]]:
    return [{"key": key.replace("__", "."), "value": value} for key, value in values.items()]


def test_TPL_08_a_sender_is_made_shown_and_removed(world: World) -> None:
    made = world.request("POST", SMS, CUSTOM)
    assert (made.status, made.headers["location"]) == (201, f"/t/carbon.super{ONE}")
    said(world.request("POST", SMS, CUSTOM), 409, "NSM-60002")
    shown = world.request("GET", ONE)
    assert shown.status == 200
    assert "secret" not in shown.json
    assert shown.json == {"name": "SMSPublisher", "key": "", "sender": "", **CUSTOM}
    assert world.request("GET", SMS).json == [shown.json]
    assert world.request("DELETE", ONE).status == 204
    said(world.request("GET", ONE), 404, "NSM-60006")
    said(world.request("DELETE", ONE), 404, "NSM-60006")
    said(world.request("PUT", ONE, CUSTOM), 404, "NSM-60006")
    assert world.request("GET", SMS).json == []
    assert [len(world.audit(action)) for action in ("create_sender", "delete_sender")] == [1, 1]


def test_TPL_09_an_unknown_company_and_no_body(world: World) -> None:
    said(world.request("POST", SMS, {"provider": "NoSuch", "providerURL": "http://x"}), 400, "NSM-60004")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"provider": ""}, "NSM-60003"), ({"providerURL": ""}, "NSM-60005"), ({"contentType": "XML"}, "NSM-60014"),
        ({"providerURL": "https://{{body}}.example/"}, "NSM-60014"),
        ({"providerURL": "ftp://sms.example"}, "NSM-60014"),
        ({"properties": with_properties(body="to {{mobile}}")}, "NSM-60014"),
        ({"properties": with_properties(body="{}", http__method="TRACE")}, "NSM-60014"),
        ({"properties": with_properties(body="{}", http__headers="no colon")}, "NSM-60014"),
        ({"properties": with_properties(body="{}", http__headers="********")}, "NSM-60014"),
        ({"authentication": {"properties": {}}}, "NSM-60009"), ({"authentication": {"type": "MAGIC"}}, "NSM-60010"),
        ({"authentication": {"type": "BASIC", "properties": {"username": "u", "password": " "}}}, "NSM-60011"),
        ({"authentication": {"type": "BASIC", "properties": {"username": "u"}}}, "NSM-60012"),
        ({"authentication": {"type": "BEARER", "properties": {"token": "a\r\nX: y"}}}, "NSM-60014"),
        ({"authentication": {"type": "API_KEY", "properties": {"header": "a b", "value": "v"}}}, "NSM-60014"),
        ({"authentication": {"type": "CLIENT_CREDENTIAL", "properties": {
            "clientId": "c", "clientSecret": "s", "tokenEndpoint": "file:///etc/passwd"}}}, "NSM-60014"),
        ({"provider": "Twilio"}, "NSM-60014"),
    ],
)  # fmt: skip
def test_what_cannot_send_is_not_stored(world: World, change: dict[str, object], code: str) -> None:
    said(world.request("POST", SMS, {**CUSTOM, **change}), 400, code)
    assert world.rows(notification_senders) == []


def test_a_sender_has_a_fixed_name(world: World) -> None:
    said(world.request("POST", SMS, {**CUSTOM, "name": "Another"}), 404, "NSM-60001")


def test_the_tenants_own_sender_wins_over_the_operators(connected: Connect, gateway: Gateway) -> None:
    world = connected()
    world.register("kim")
    world.register("kim", tenant=OTHER_TENANT)
    [foreign] = world.letters
    assert foreign.tenant == OTHER_TENANT
    [asked] = gateway.asked
    assert (asked.method, asked.path) == ("POST", "/send")
    assert asked.headers["content-type"] == "application/json"
    [entry] = world.messages()
    assert (entry.provider, entry.state) == ("Custom", "sent")
    body = json.loads(asked.body)
    assert body["to"] == "+94771234567"
    assert "One-Time Password" in body["content"]


def test_without_its_own_the_operators_sends_again(connected: Connect, gateway: Gateway) -> None:
    world = connected()
    world.request("DELETE", ONE)
    world.register("kim")
    assert len(world.letters) == 1
    assert gateway.asked == []


def test_it_sends_where_the_operator_has_no_sender(connected: Connect, gateway: Gateway) -> None:
    world = connected()
    world.post_office.closed.add(Channel.SMS)
    world.register("kim")
    world.deliver()
    assert len(gateway.asked) == 1


def test_a_change_is_seen_by_the_next_message(connected: Connect, gateway: Gateway) -> None:
    world = connected()
    world.register("kim")
    world.deliver()
    world.request("PUT", ONE, {**CUSTOM, "providerURL": f"{gateway.url}/other"})
    world.register("pat", mobile="+94771234568")
    world.deliver()
    assert [asked.path for asked in gateway.asked] == ["/send", "/other"]


def test_the_address_of_a_tenant_is_never_trusted(connected: Connect, gateway: Gateway) -> None:
    world = connected(allowed=False)  # under wso2, where the operator's own files would be
    world.register("kim")
    world.deliver()
    [entry] = world.messages()
    assert entry.state == "failed"
    assert "only https leaves the house" in str(entry.reason)
    assert gateway.asked == []
    assert world.post_office.taken == []


def test_values_are_escaped_for_their_place(connected: Connect, gateway: Gateway) -> None:
    text = {"locale": "en_US", "body": 'Say "{{confirmation-code}}" & \\ {{user.claim.givenname}}'}
    path = "/api/server/v1/notification/sms/template-types/YWNjb3VudGNvbmZpcm1hdGlvbg/org-templates"
    for content_type, body in (
        ("JSON", '{"text": {{body}}, "also": "{{body}}"}'),
        ("FORM", "text={{body}}&to={{mobile}}"),
    ):
        gateway.asked.clear()
        world = connected(contentType=content_type, properties=with_properties(body=body))
        world.request("POST", path, text)
        world.register("kim")
        world.deliver()
        [asked] = gateway.asked
        if content_type == "JSON":
            said = json.loads(asked.body)
            assert said["text"] == said["also"]
            assert said["text"].startswith('Say "')
        else:
            assert set(parse_qs(asked.body.decode(), strict_parsing=True)) == {"text", "to"}


@pytest.mark.parametrize(
    ("proof", "header", "value"),
    [
        ({"type": "BASIC", "properties": {"username": "u", "password": "p"}}, "authorization",
         "Basic " + base64.b64encode(b"u:p").decode()),
        ({"type": "bearer", "properties": {"token": "t0ken"}}, "authorization", "Bearer t0ken"),
        ({"type": "BEARER", "properties": {"accessToken": "t0ken"}}, "authorization", "Bearer t0ken"),
        ({"type": "API_KEY", "properties": {"header": "X-Key", "value": "{{body}}"}}, "x-key", "{{body}}"),
    ],
)  # fmt: skip
def test_it_proves_who_it_is(connected: Connect, gateway: Gateway, proof: object, header: str, value: str) -> None:
    world = connected(authentication=proof)
    world.register("kim")
    world.deliver()
    assert gateway.asked[0].headers[header] == value


@pytest.mark.parametrize("kind", ["CLIENT_CREDENTIAL", "PASSWORD_CREDENTIAL"])
def test_a_token_is_fetched_as_a_form_and_again_after_a_401(connected: Connect, gateway: Gateway, kind: str) -> None:
    token = reply(200, {"access_token": "t0ken", "expires_in": 3600})
    gateway.answers = [token, reply(401), token, reply(200)]
    said = {"clientId": "c", "clientSecret": "s", "tokenEndpoint": f"{gateway.url}/token", "scopes": "sms"}
    said |= {"username": "u", "password": "p"} if kind == "PASSWORD_CREDENTIAL" else {}
    world = connected(authentication={"type": kind, "properties": said})
    world.register("kim")
    world.deliver()
    assert [asked.path for asked in gateway.asked] == ["/token", "/send", "/token", "/send"]
    form = parse_qs(gateway.asked[0].body.decode())
    assert form["grant_type"] == ["password" if kind == "PASSWORD_CREDENTIAL" else "client_credentials"]
    assert gateway.asked[3].headers["authorization"] == "Bearer t0ken"
    assert world.states() == ["sent"]


def test_headers_and_the_method_are_those_of_the_properties(connected: Connect, gateway: Gateway) -> None:
    value = "X-Link: https://a.example/b,X-Two: 2"
    world = connected(properties=with_properties(body="{}", http__headers=value, http__client__method="httpPut"))
    world.register("kim")
    world.deliver()
    [asked] = gateway.asked
    assert (asked.method, asked.headers["x-link"], asked.headers["x-two"]) == ("PUT", "https://a.example/b", "2")


def test_known_companies_are_asked_as_their_recipes_say(world: World) -> None:
    vonage = {**TWILIO, "provider": "Vonage"}
    for body in (TWILIO, vonage):
        made = world.request("POST", SMS, body)
        assert made.status == 201, made.text
        sender = world.do(lambda work: world.installation.own_senders.sender(work, Channel.SMS))
        assert sender is not None
        assert sender.name == body["provider"].lower()
        world.request("DELETE", ONE)
    said(world.request("POST", SMS, {**TWILIO, "secret": ""}), 400, "NSM-60014")


def test_secrets_are_sealed_and_never_shown(world: World) -> None:
    proof = {"type": "BASIC", "properties": {"username": "u", "password": "hidden-1"}}
    body = {
        **CUSTOM, "secret": "hidden-2", "authentication": proof, "providerURL": "https://sms.example/?api_key=hidden-3",
        "properties": with_properties(body='{"token": "hidden-4", "to": {{mobile}}}', http__headers="X-Key: hidden-5"),
    }  # fmt: skip
    replies = [
        world.request("POST", SMS, body), world.request("GET", ONE), world.request("GET", SMS),
        world.request("PUT", ONE, body),
    ]  # fmt: skip
    assert [each.status for each in replies] == [201, 200, 200, 200]
    assert not [each for each in replies if "hidden" in each.text]
    [row] = world.rows(notification_senders)
    assert b"hidden" not in row["sealed"]
    assert "hidden" not in str(world.audit("create_sender"))


def test_what_is_shown_can_be_written_back_without_losing_secrets(connected: Connect, gateway: Gateway) -> None:
    proof = {"type": "BASIC", "properties": {"username": "u", "password": "p"}}
    own = with_properties(body='{"token": "s3cret", "to": {{mobile}}}', http__headers="X-Key: k3y")
    world = connected(authentication=proof, properties=own)
    assert world.request("PUT", ONE, world.request("GET", ONE).json).status == 200
    world.register("kim")
    world.deliver()
    [asked] = gateway.asked
    assert asked.headers["x-key"] == "k3y"
    assert asked.headers["authorization"] == "Basic " + base64.b64encode(b"u:p").decode()
    assert json.loads(asked.body)["token"] == "s3cret"


def test_secrets_do_not_follow_to_another_address(world: World) -> None:
    proof = {"type": "BASIC", "properties": {"username": "u", "password": "p"}}
    world.request("POST", SMS, {**CUSTOM, "authentication": proof})
    elsewhere = {**world.request("GET", ONE).json, "providerURL": "https://eve.example/"}
    said(world.request("PUT", ONE, elsewhere), 400, "NSM-60012")
    own = with_properties(body="{}", http__headers="X-Key: k3y")
    world.request("PUT", ONE, {**CUSTOM, "properties": own})
    masked = {**world.request("GET", ONE).json, "providerURL": "https://eve.example/"}
    said(world.request("PUT", ONE, masked), 400, "NSM-60014")


def test_a_token_endpoint_elsewhere_gets_no_secret_of_before(world: World) -> None:
    said_before = {"clientId": "c", "clientSecret": "s", "tokenEndpoint": "https://sms.example/token"}
    proof = {"type": "CLIENT_CREDENTIAL", "properties": said_before}
    world.request("POST", SMS, {**CUSTOM, "authentication": proof})
    shown = world.request("GET", ONE).json
    shown["authentication"]["properties"]["tokenEndpoint"] = "https://eve.example/"
    said(world.request("PUT", ONE, shown), 400, "NSM-60012")


def test_tenants_do_not_see_one_anothers_senders(world: World) -> None:
    world.request("POST", SMS, CUSTOM)
    assert world.request("GET", SMS, tenant=OTHER_TENANT).json == []
    said(world.request("GET", ONE, tenant=OTHER_TENANT), 404, "NSM-60006")
    assert world.request("POST", SMS, CUSTOM, tenant=OTHER_TENANT).status == 201


def test_both_versions_answer(world: World) -> None:
    assert world.request("POST", SMS.replace("v1", "v2"), CUSTOM).status == 201
    assert world.request("GET", ONE.replace("v1", "v2")).status == 200


def test_mail_is_configured_in_files(world: World) -> None:
    calls = [
        ("GET", ""),
        ("POST", ""),
        ("GET", "/EmailPublisher"),
        ("PUT", "/EmailPublisher"),
        ("DELETE", "/EmailPublisher"),
    ]
    for method, name in calls:
        assert world.request(method, f"{ROOT}/email{name}", {}).status == 405
        assert world.request(method, f"{ROOT}/email{name}", {}, tenant=OTHER_TENANT).status == 501


def test_it_needs_a_permission(world: World) -> None:
    world.add_client("reader", "reader-secret", "senders:view")
    reader = ("reader", "reader-secret")
    assert world.request("GET", SMS, by=reader).status == 200
    assert world.request("POST", SMS, CUSTOM, by=reader).status == 403
    assert world.request("GET", SMS, by=CREATE_ONLY).status == 403


def test_the_number_is_that_to_which_the_message_goes() -> None:
    own = SenderObject("Custom", "https://sms.example/{{mobile}}", properties={"body": '{"to": {{mobile}}}'})
    asked = call_of(own).request({"send-to": "+94771234567", "mobile": "+94770000000"})
    assert json.loads(asked.body) == {"to": "+94771234567"}
    assert "94771234567" in asked.url
