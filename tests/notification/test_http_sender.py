"""Speaking to a provider by HTTP: what goes out, what the answers mean, and when it is tried again at once."""

import threading
import tomllib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.notification.gateway import Gateway, reply, silent, sms
from watchword.notification.filling import Syntax, cut
from watchword.notification.model import Refused, Unreachable
from watchword.notification.senders.fetcher import Fetcher
from watchword.notification.senders.http_sender import HttpSender
from watchword.notification.senders.provider_call import ClientCredential, ProviderCall, read_headers
from watchword.notification.senders.reply_rules import Condition, JsonPath, ReplyRules
from watchword.notification.senders.tokens import Tokens

_STRINGS = tomllib.loads(Path("tests/vectors/template_strings.toml").read_text(encoding="utf-8"))["template_strings"]
_AWKWARD = [*_STRINGS, 'a "b" \\ c', "a\nb\r\tc", "\u2028\u2029", "😀", "{{send-to}}", "$ctx.num", "]]>", "<&>'", "\\"]


@pytest.fixture
def call(gateway: Gateway) -> ProviderCall:
    return ProviderCall("Acme", cut(gateway.url + "/send"), body=cut('{"to": {{send-to}}, "text": "{{body}}"}'))


def _sender(call: ProviderCall, fetcher: Fetcher, pauses: list[float] | None = None) -> HttpSender:
    return HttpSender(call, fetcher, Tokens(fetcher), ([] if pauses is None else pauses).append)


@pytest.mark.parametrize("text", _AWKWARD)
def test_whatever_the_text_says_the_json_has_its_two_members(
    gateway: Gateway, fetcher: Fetcher, call: ProviderCall, text: str
) -> None:
    _sender(call, fetcher).send(sms(body=text), 5.0)
    assert gateway.asked[0].json == {"to": "+94711111111", "text": text}


def test_the_id_of_the_message_travels_as_idempotency_key(
    gateway: Gateway, fetcher: Fetcher, call: ProviderCall
) -> None:
    _sender(call, fetcher).send(sms(), 5.0)
    assert gateway.asked[0].headers["idempotency-key"] == "m-1"
    assert gateway.asked[0].headers["content-type"] == "application/json"


@pytest.mark.parametrize("text", ["a\r\nX-Evil: 1", "a\0b"])
def test_a_value_cannot_begin_a_header(gateway: Gateway, fetcher: Fetcher, call: ProviderCall, text: str) -> None:
    sender = _sender(replace(call, headers=read_headers("X-Text: {{body}}")), fetcher)
    with pytest.raises(Refused):
        sender.send(sms(body=text), 5.0)
    assert not gateway.asked


def test_a_comma_or_a_colon_in_a_header_does_not_divide_it(
    gateway: Gateway, fetcher: Fetcher, call: ProviderCall
) -> None:
    typed = "X-Url: https://a.test/x,X-Date: Sat, 21 Nov 2026 10:00:00 GMT,X-Listed: a\\, b\nX-Last: {{send-to}}"
    _sender(replace(call, headers=read_headers(typed)), fetcher).send(sms(), 5.0)
    headers = gateway.asked[0].headers
    assert headers["x-url"] == "https://a.test/x"
    assert headers["x-date"] == "Sat, 21 Nov 2026 10:00:00 GMT"
    assert headers["x-listed"] == "a, b"
    assert headers["x-last"] == "+94711111111"


def test_values_in_a_url_cannot_leave_their_place(gateway: Gateway, fetcher: Fetcher, call: ProviderCall) -> None:
    url = cut(gateway.url + "/{{user-name}}/send?to={{send-to}}&text={{body}}")
    _sender(replace(call, url=url, method="GET"), fetcher).send(sms(body="a&b=c #d", **{"user-name": "../x?y"}), 5.0)
    assert gateway.asked[0].path == "/..%2Fx%3Fy/send?to=%2B94711111111&text=a%26b%3Dc+%23d"


def test_an_xml_body_is_escaped(gateway: Gateway, fetcher: Fetcher, call: ProviderCall) -> None:
    body = cut('<m to="{{send-to}}">{{body}}<![CDATA[{{body}}]]></m>')
    _sender(replace(call, body=body, syntax=Syntax.XML), fetcher).send(sms(body='<a b="c">]]>'), 5.0)
    assert gateway.asked[0].body.decode() == (
        '<m to="+94711111111">&lt;a b=&quot;c&quot;&gt;]]&gt;<![CDATA[<a b="c">]]]]><![CDATA[>]]></m>'
    )


@pytest.mark.parametrize("status", [400, 401, 403, 404, 302])
def test_a_definite_answer_is_a_refusal_and_is_not_repeated(
    gateway: Gateway, fetcher: Fetcher, call: ProviderCall, status: int
) -> None:
    gateway.answers = [reply(status, {"message": "no SMS with 123456 to +94711111111"})]
    with pytest.raises(Refused) as refused:
        _sender(call, fetcher).send(sms(), 5.0)
    assert len(gateway.asked) == 1
    assert str(status) in refused.value.reason
    assert "123456" not in refused.value.reason


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_passing_failure_is_tried_once_more_at_once(
    gateway: Gateway, fetcher: Fetcher, call: ProviderCall, status: int
) -> None:
    gateway.answers = [reply(status), reply(200)]
    assert _sender(call, fetcher).send(sms(), 5.0).provider == "Acme"
    assert len(gateway.asked) == 2


def test_a_second_passing_failure_is_left_to_the_courier(
    gateway: Gateway, fetcher: Fetcher, call: ProviderCall
) -> None:
    gateway.answers = [reply(503)]
    with pytest.raises(Unreachable) as unreachable:
        _sender(call, fetcher).send(sms(), 5.0)
    assert len(gateway.asked) == 2
    assert not unreachable.value.ambiguous


def test_an_internal_error_is_not_repeated_at_once(gateway: Gateway, fetcher: Fetcher, call: ProviderCall) -> None:
    gateway.answers = [reply(500)]
    with pytest.raises(Unreachable):
        _sender(call, fetcher).send(sms(), 5.0)
    assert len(gateway.asked) == 1


def test_a_short_wait_that_the_provider_asks_for_is_kept(
    gateway: Gateway, fetcher: Fetcher, call: ProviderCall
) -> None:
    gateway.answers = [reply(429, Retry_After="2"), reply(200)]
    pauses: list[float] = []
    _sender(call, fetcher, pauses).send(sms(), 5.0)
    assert pauses == [2.0]


def test_a_long_wait_is_told_to_the_courier(gateway: Gateway, fetcher: Fetcher, call: ProviderCall) -> None:
    gateway.answers = [reply(429, Retry_After="60")]
    with pytest.raises(Unreachable) as unreachable:
        _sender(call, fetcher).send(sms(), 5.0)
    assert unreachable.value.retry_after == timedelta(seconds=60)
    assert len(gateway.asked) == 1


def test_a_date_to_come_back_counts_from_the_date_of_the_answer(
    gateway: Gateway, fetcher: Fetcher, call: ProviderCall
) -> None:
    date, later = "Sat, 21 Nov 2026 10:00:00 GMT", "Sat, 21 Nov 2026 10:02:00 GMT"
    gateway.answers = [reply(503, Date=date, Retry_After=later)]
    with pytest.raises(Unreachable) as unreachable:
        _sender(call, fetcher).send(sms(), 5.0)
    assert unreachable.value.retry_after == timedelta(minutes=2)


def test_silence_is_not_repeated_because_it_may_have_arrived(
    gateway: Gateway, fetcher: Fetcher, call: ProviderCall
) -> None:
    silence = threading.Event()
    gateway.answers = [silent(silence)]
    with pytest.raises(Unreachable) as unreachable:
        _sender(call, fetcher).send(sms(), 0.3)
    silence.set()
    assert unreachable.value.ambiguous
    assert len(gateway.asked) == 1


def test_a_broken_answer_is_not_repeated_either(gateway: Gateway, fetcher: Fetcher, call: ProviderCall) -> None:
    gateway.answers = [lambda connection: connection.close()]
    with pytest.raises(Unreachable) as unreachable:
        _sender(call, fetcher).send(sms(), 5.0)
    assert unreachable.value.ambiguous
    assert len(gateway.asked) == 1


def test_a_provider_that_knows_copies_is_asked_again_after_a_broken_answer(
    gateway: Gateway, fetcher: Fetcher, call: ProviderCall
) -> None:
    gateway.answers = [lambda connection: connection.close(), reply(200)]
    _sender(replace(call, repeatable=True), fetcher).send(sms(), 5.0)
    assert [asked.headers["idempotency-key"] for asked in gateway.asked] == ["m-1", "m-1"]


def test_a_refusal_inside_a_200_is_a_refusal(gateway: Gateway, fetcher: Fetcher, call: ProviderCall) -> None:
    rules = ReplyRules(accepted=Condition.read("json:messages[*].status=0"), receipt=JsonPath.read("messages[0].id"))
    sender = _sender(replace(call, reply=rules), fetcher)
    gateway.answers = [reply(200, {"messages": [{"status": "0"}, {"status": "4"}]})]
    with pytest.raises(Refused):
        sender.send(sms(), 5.0)
    gateway.answers = [reply(200, {"messages": [{"status": "0", "id": "x7"}]})]
    assert sender.send(sms(), 5.0).reference == "x7"
    gateway.answers = [reply(200, "[" * 60_000)]
    with pytest.raises(Refused):
        sender.send(sms(), 5.0)


def test_a_providers_error_code_is_shown_unless_it_repeats_what_was_sent(
    gateway: Gateway, fetcher: Fetcher, call: ProviderCall
) -> None:
    sender = _sender(replace(call, reply=ReplyRules(error=JsonPath.read("code"))), fetcher)
    for code, shown in (("21211", True), ("123456", False), ("no such number", False)):
        gateway.answers = [reply(400, {"code": code})]
        with pytest.raises(Refused) as refused:
            sender.send(sms(), 5.0)
        assert (code in refused.value.reason) is shown


def test_a_token_is_fetched_as_a_form_kept_and_renewed_after_a_401(
    gateway: Gateway, fetcher: Fetcher, call: ProviderCall
) -> None:
    credential = ClientCredential(gateway.url + "/token", "me", "s3", "sms")
    sender = _sender(replace(call, authentication=credential), fetcher)
    gateway.answers = [
        reply(200, {"access_token": "one", "expires_in": 3600}),
        reply(200),
        reply(200),
        reply(401),
        reply(200, {"access_token": "two", "expires_in": 3600}),
        reply(200),
    ]
    for _ in range(3):
        sender.send(sms(), 5.0)
    paths = [asked.path for asked in gateway.asked]
    assert paths == ["/token", "/send", "/send", "/send", "/token", "/send"]
    assert gateway.asked[0].body == b"grant_type=client_credentials&client_id=me&client_secret=s3&scope=sms"
    assert [gateway.asked[at].headers["authorization"] for at in (1, 5)] == ["Bearer one", "Bearer two"]


def test_a_call_keeps_its_secrets_out_of_sight() -> None:
    credential = ClientCredential("https://t.test/", "me", "hunter2", password="hunter2")
    call = ProviderCall(
        "Acme",
        cut("https://a.test/?key=hunter2"),
        headers=read_headers("Authorization: hunter2"),
        body=cut("hunter2"),
        authentication=credential,
        settings={"setting:key": "hunter2"},
    )
    assert "hunter2" not in repr(call)
    assert "hunter2" not in repr(call.request({}))
