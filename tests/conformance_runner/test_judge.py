"""The judge sees: each word of an expectation passes on what was recorded, and fails when it says something else."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword_testing.conformance.cases import Expectation, ExpectedMessage, ExpectedUser, SideEffects, converted
from watchword_testing.conformance.judge import (
    Account,
    Message,
    Reply,
    judge_messages,
    judge_reply,
    judge_user,
)

BODY = {
    "code": "USR-02001",
    "message": "Pending",
    "notificationChannel": "SMS",
    "confirmationCode": None,
    "user": {"username": "nadia", "realm": "PRIMARY"},
    "tries": 1,
    "open": True,
    "list": [1, {"a": 1}],
}
JSON_REPLY = Reply(201, (("Cache-Control", "no-store"), ("X-Trace-Id", "a1")), json.dumps(BODY).encode())
TEXT_REPLY = Reply(201, (), b"8a7c")
EMPTY_REPLY = Reply(202, (), b"")

REPLIES: list[tuple[str, Reply, Any, list[Any]]] = [
    ("status", JSON_REPLY, 201, [200, 500]),
    (
        "json_subset",
        JSON_REPLY,
        {
            "code": "USR-02001",
            "confirmationCode": None,
            "user": {"realm": "PRIMARY"},
            "list": [1, {"a": 1}],
            "open": True,
        },
        [
            {"code": "USR-02002"},
            {"missing": "x"},
            {"missing": None},
            {"code": None},
            {"confirmationCode": "x"},
            {"user": {"realm": "SECOND"}},
            {"user": {"tenant": "x"}},
            {"user": "nadia"},
            {"code": {"a": 1}},
            {"tries": True},
            {"tries": "1"},
            {"open": 1},
            {"list": [1]},
            {"list": [1, {}]},
        ],
    ),
    ("json_subset", TEXT_REPLY, {}, []),
    ("json_keys_exactly", JSON_REPLY, list(reversed(BODY)), [["code"], [*BODY, "more"], []]),
    (
        "json_regex",
        JSON_REPLY,
        {"code": "^USR-[0-9]{5}$"},
        [{"code": "^USR-[0-9]{4}$"}, {"missing": ""}, {"tries": "1"}],
    ),
    ("json_code_one_of", JSON_REPLY, ["18001", "USR-02001"], [["18001"], []]),
    ("message_one_of", JSON_REPLY, ["Pending", "Waiting"], [["Pending."], []]),
    ("body_empty", EMPTY_REPLY, True, [False]),
    ("body_empty", JSON_REPLY, False, [True]),
    ("text", TEXT_REPLY, "8a7c", ["8a7", "8A7C", ""]),
    ("text_regex", TEXT_REPLY, "[0-9a-f]{4}", ["[0-9a-f]{3}", "^[0-9]+$", "a7"]),
    (
        "headers",
        JSON_REPLY,
        {"cache-control": "no-store", "x-trace-id": "*"},
        [{"Cache-Control": "x"}, {"X-Other": "*"}],
    ),
]
MESSAGE = Message(
    "EMAIL",
    "nadia@example.com",
    ("Hello <a href='https://h/confirm?confirmation=c1&amp;username=nadia'>",),
    ("https://h/confirm?confirmation=c1&username=nadia",),
    "c1",
    "accountConfirmation",
    "TRIGGER_NOTIFICATION",
    "en_US",
    {"campaign": "spring"},
)
MESSAGES: list[tuple[str, Any, list[Any]]] = [
    ("channel", "EMAIL", ["SMS"]),
    ("to", "nadia@example.com", ["omar@example.com", ""]),
    ("template", "accountconfirmation", ["resendaccountconfirmation", ""]),
    ("event", "TRIGGER_NOTIFICATION", ["TRIGGER_SMS_NOTIFICATION", "trigger_notification"]),
    ("locale", "en_US", ["de_DE"]),
    ("body", MESSAGE.texts[0], ["Hello", MESSAGE.texts[0] + " "]),
    ("body_contains", ["confirmation=c1&username=nadia", "Hello"], [["Hello", "Goodbye"], ["confirmation=c2"]]),
    ("code_regex", "^c[0-9]$", ["^[0-9]{6}$", "^c$"]),
    ("code_equals", "c1", ["c2", "C1", ""]),
    ("property_values", {"campaign": "spring"}, [{"campaign": "autumn"}, {"missing": "spring"}]),
    ("property_not", {"campaign": "FAKE", "missing": "FAKE"}, [{"campaign": "spring"}]),
]
ACCOUNT = Account(
    exists=True,
    realm="PRIMARY",
    locked=True,
    state="PENDING_SR",
    roles=("Internal/selfsignup", "Internal/everyone"),
    claims={"urn:mobile": "+15550100001", "urn:verified": "TRUE", "urn:flag": "false", "urn:empty": ""},
)
USERS: list[tuple[str, Any, list[Any]]] = [
    ("exists", True, [False]),
    ("realm", "PRIMARY", ["SECOND"]),
    ("account_locked", True, [False]),
    ("account_state", "PENDING_SR", ["UNLOCKED", "", None]),
    ("roles", ["Internal/selfsignup"], [["admin"], ["Internal/selfsignup", "admin"]]),
    ("claims", {"urn:mobile": "+15550100001"}, [{"urn:mobile": "+1"}, {"urn:missing": "x"}, {"urn:missing": ""}]),
    ("claims_present", ["urn:mobile"], [["urn:missing"], ["urn:empty"]]),
    ("claims_absent", ["urn:missing", "urn:empty"], [["urn:mobile"], ["urn:flag"]]),
    ("claims_not_true", ["urn:missing", "urn:flag", "urn:empty"], [["urn:verified"]]),
]


@pytest.mark.parametrize(("word", "reply", "right", "wrong"), REPLIES)
def test_each_word_about_an_answer_is_judged(word: str, reply: Reply, right: object, wrong: list[object]) -> None:
    if reply is not TEXT_REPLY or word != "json_subset":
        assert judge_reply(converted({word: right}, Expectation), reply, of_seed=True) == []
    for altered in wrong:
        assert judge_reply(converted({word: altered}, Expectation), reply, of_seed=True), altered


@pytest.mark.parametrize(
    "word", ["json_subset", "json_keys_exactly", "json_code_one_of", "message_one_of", "json_regex"]
)
@pytest.mark.parametrize("body", [b"", b"USR-02001", b"[]", b"null", b'"code"'])
def test_what_is_no_object_fulfils_nothing_about_members(word: str, body: bytes) -> None:
    right = {name: value for name, _, value, _ in reversed(REPLIES)}[word] or {"code": "x"}
    assert judge_reply(converted({word: right}, Expectation), Reply(200, (), body), of_seed=False)


@pytest.mark.parametrize(("word", "right", "wrong"), MESSAGES)
def test_each_word_about_a_message_is_judged(word: str, right: object, wrong: list[object]) -> None:
    assert judge_messages([converted({word: right}, ExpectedMessage)], [MESSAGE]) == []
    for altered in wrong:
        assert judge_messages([converted({word: altered}, ExpectedMessage)], [MESSAGE]), altered


@pytest.mark.parametrize(("word", "right", "wrong"), USERS)
def test_each_word_about_a_user_is_judged(word: str, right: object, wrong: list[object]) -> None:
    assert judge_user("nadia", converted({word: right}, ExpectedUser), ACCOUNT) == []
    for altered in wrong:
        assert judge_user("nadia", converted({word: altered}, ExpectedUser), ACCOUNT), altered


@pytest.mark.parametrize(
    ("kind", "judged"),
    [
        (Expectation, {word for word, *_ in REPLIES} | {"side_effects"}),
        (SideEffects, {"messages", "users"}),
        (ExpectedMessage, {word for word, *_ in MESSAGES}),
        (ExpectedUser, {word for word, *_ in USERS}),
    ],
)
def test_no_word_is_left_out_above(kind: type[msgspec.Struct], judged: set[str]) -> None:
    assert {field.name for field in msgspec.structs.fields(kind)} == judged


def test_a_null_may_be_absent_only_beyond_the_seeds() -> None:
    expected = converted({"json_subset": {"userId": None, "user": {"id": None}}}, Expectation)
    assert len(judge_reply(expected, JSON_REPLY, of_seed=True)) == 2
    assert judge_reply(expected, JSON_REPLY, of_seed=False) == []


def test_exactly_the_expected_messages_in_their_order() -> None:
    sms, mail = ExpectedMessage(channel="SMS"), ExpectedMessage(channel="EMAIL")
    seen = [Message("SMS", "+1"), MESSAGE]
    assert judge_messages([sms, mail], seen) == []
    for altered in ([], [sms], [mail, sms], [sms, mail, mail]):
        assert judge_messages(altered, seen)
    assert judge_messages([], []) == []


@pytest.mark.parametrize(("word", "right", "_wrong"), [row for row in USERS if row[0] != "exists"])
def test_nothing_holds_of_a_user_that_is_not_there(word: str, right: object, _wrong: object) -> None:
    assert judge_user("nadia", converted({word: right}, ExpectedUser), Account(exists=False))


def test_a_missing_user_is_as_expected() -> None:
    assert judge_user("nadia", ExpectedUser(exists=False), Account(exists=False)) == []
    assert judge_user("nadia", ExpectedUser(exists=True), Account(exists=False))


def test_a_line_end_is_no_part_of_a_code() -> None:
    expected = [ExpectedMessage(code_regex="^[0-9]{6}$")]
    assert judge_messages(expected, [Message("SMS", "+1", code="123456\n")])
    assert judge_messages(expected, [Message("SMS", "+1", code=None)])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=3), below, max_size=3),
)


@given(st.dictionaries(st.text(max_size=3), JSON, max_size=4))
def test_an_object_fulfils_itself_and_no_other_value(body: dict[str, Any]) -> None:
    reply = Reply(200, (), json.dumps(body).encode())
    assert judge_reply(Expectation(json_subset=body), reply, of_seed=True) == []
    for name, value in body.items():
        altered = body | {name: [value]}
        assert judge_reply(Expectation(json_subset=altered), reply, of_seed=False)
