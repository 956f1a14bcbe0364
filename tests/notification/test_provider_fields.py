"""The fields of the identity provider: every row of the encoding matrix (SMS 5.3), and the tokens of seed 004."""

import json

import pytest

from watchword.notification.provider_fields import ProviderFields
from watchword.notification.senders.fetcher import Request

_URL = "https://sms.example.test/s"
_FACTS = {"send-to": "+94771234567", "body": "Verification Code: 123456", "otpToken": "123456"}


def _request(*, encoded: bool = True, facts: dict[str, str] | None = None, **fields: str) -> Request:
    typed = {"sms_url": _URL, "http_method": "POST", **fields}
    return ProviderFields.read(typed, encoded=encoded).call().request(facts or _FACTS)


def test_json_with_and_without_quotes_around_the_blanks() -> None:
    bare = _request(headers="Content-Type: application/json", payload='{"to":$ctx.num,"text":"code $ctx.otp"}')
    assert json.loads(bare.body) == {"to": "+94771234567", "text": "code 123456"}
    quoted = _request(
        headers="Content-Type: application/json; charset=UTF-8", payload='{"to":"$ctx.num","text":"$ctx.msg"}'
    )
    assert json.loads(quoted.body) == {"to": "+94771234567", "text": "Verification Code: 123456"}


def test_a_form_is_encoded_once() -> None:
    request = _request(headers="Content-Type: application/x-www-form-urlencoded", payload="To=$ctx.num&Body=$ctx.msg")
    assert request.body == b"To=%2B94771234567&Body=Verification+Code%3A+123456"


def test_an_xml_body_is_escaped() -> None:
    request = _request(
        headers="Content-Type: text/xml;charset=UTF-8", payload="<m><to>$ctx.num</to><t>$ctx.msg</t></m>"
    )
    assert request.body == b"<m><to>+94771234567</to><t>Verification Code: 123456</t></m>"


@pytest.mark.parametrize(
    ("method", "headers", "body"),
    [
        ("post", "Content-Type: application/json", '{"to":"%2B94771234567","text":"Verification Code: 123456"}'),
        ("POST", "Content-Type: application/json", '{"to":"+94771234567","text":"Verification Code: 123456"}'),
        ("POST", "", '{"to":"%2B94771234567","text":"Verification Code: 123456"}'),
    ],
)
def test_without_encoding_the_old_behaviour_stays_byte_by_byte(method: str, headers: str, body: str) -> None:
    payload = '{"to":"$ctx.num","text":"$ctx.msg"}'
    assert _request(encoded=False, http_method=method, headers=headers, payload=payload).body.decode() == body


@pytest.mark.parametrize("encoded", [True, False])
def test_without_headers_a_payload_is_a_form(encoded: bool) -> None:  # noqa: FBT001 - both ways of the setting
    request = _request(encoded=encoded, payload="t=$ctx.otp")
    assert request.body == b"t=123456"
    assert dict(request.headers)["Content-Type"] == "application/x-www-form-urlencoded"


def test_dollars_and_backslashes_in_values_are_literal() -> None:
    facts = {**_FACTS, "send-to": r"+94$1\77"}
    request = _request(facts=facts, headers="Content-Type: application/json", payload='{"to":"$ctx.num"}')
    assert json.loads(request.body) == {"to": r"+94$1\77"}


def test_values_in_a_url_are_encoded_whole() -> None:
    request = _request(http_method="GET", sms_url=_URL + "?to=$ctx.num&text=$ctx.msg", payload="ignored")
    assert request.url == _URL + "?to=%2B94771234567&text=Verification+Code%3A+123456"
    assert request.body == b""


def test_the_tokens_of_seed_004() -> None:
    fields = ProviderFields(_URL + "?from=NEXMO&number=5&num=1&to=&num&text=&msg", "GET")
    assert fields.call().request(_FACTS).url == (
        _URL + "?from=NEXMO&number=5&num=1&to=%2B94771234567&text=Verification+Code%3A+123456"
    )
    assert fields.warnings() == ["&num and &msg are an old spelling; write $ctx.num and $ctx.msg"]
    mixed = ProviderFields(_URL + "?to=$ctx.num&text=&msg", "GET")
    assert mixed.call().request(_FACTS).url == _URL + "?to=%2B94771234567&text=&msg"


def test_the_bent_quotes_of_seed_004() -> None:
    fields = ProviderFields(
        _URL,
        "POST",
        "X-Version: 1,Accept: application/json,Content-Type: application/json",
        "{“text”:”&msg“,”to”:[“&num“]}",
    )
    request = fields.call().request(_FACTS)
    assert json.loads(request.body) == {"text": "Verification Code: 123456", "to": ["+94771234567"]}
    assert dict(request.headers)["X-Version"] == "1"
    assert len(fields.warnings()) == 2


def test_a_header_without_a_colon_is_left_out_and_told() -> None:
    fields = ProviderFields(_URL, headers="Broken,X-Url: https://a.b/c")
    assert fields.call().request(_FACTS).headers[0] == ("X-Url", "https://a.b/c")
    assert "a header has no colon, and is left out" in fields.warnings()


def test_braces_mean_nothing_here() -> None:
    request = _request(headers="X-Note: {{body}}", payload="t={{body}}$ctx.otp")
    assert request.body == b"t={{body}}123456"
    assert dict(request.headers)["X-Note"] == "{{body}}"


def test_the_success_rule_and_the_statuses() -> None:
    rules = ProviderFields(_URL, http_response="200, 202", success_rule="json:messages[0].status=0").call().reply
    assert rules.success == {200, 202}
    assert rules.accepted is not None
    assert ProviderFields(_URL, success_rule="status").call().reply.success == {200, 201, 202}


@pytest.mark.parametrize(
    "fields",
    [
        ProviderFields(""),
        ProviderFields("sms.example.test"),
        ProviderFields("file:///etc/passwd"),
        ProviderFields("https://$ctx.num.test/"),
        ProviderFields(_URL, "DELETE"),
        ProviderFields(_URL, http_response="fine"),
        ProviderFields(_URL, success_rule="json"),
    ],
)
def test_what_cannot_work_is_refused_when_it_is_saved(fields: ProviderFields) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each has its own words
        fields.call()
