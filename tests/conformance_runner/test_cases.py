"""A case file is read strictly: what the player does not know is an error of that case, and never a pass."""

import copy
from pathlib import Path
from typing import Any

import msgspec
import pytest

from watchword_testing.conformance.cases import Case, CaseError, Unplayable, case_of, read_cases
from watchword_testing.conformance.player import Circumstances, play
from watchword_testing.conformance.server import Ports
from watchword_testing.conformance.settings import ELSEWHERE, PLACES, Codes, Configured
from watchword_testing.sinks import Sinks

STEP: dict[str, Any] = {
    "request": {"method": "POST", "path": "/me", "json": {"any": "thing"}, "auth": {"username": "a", "password": "b"}},
    "expect": {
        "status": 201,
        "side_effects": {"messages": [{"channel": "SMS"}], "users": {"nadia": {"exists": True}}},
    },
    "capture": {"code": "last_message.code"},
}
CASE: dict[str, Any] = {
    "id": "X-01",
    "title": "one",
    "source": ["seed 000"],
    "spec_rows": ["R1"],
    "note": "n",
    "status": "ours",
    "config": {"otp": {"length": 8}, "validate_throttle": {"limit": 1, "window_minutes": 1}},
    "given": [
        {"user": "nadia", "claims": {"urn:x": "y"}},
        {"recovery_record": {"user": "nadia", "code": "c", "scenario": "S", "step": "T", "channel": "SMS"}},
        {"user_store": "SECOND"},
        {"tenant": "wso2.com", "config": {"self_registration": False}},
        {"template": {"channel": "SMS", "type": "t", "locale": "en_US", "body": "b"}},
        {"template_removed": {"channel": "SMS", "type": "t"}},
    ],
    "steps": [
        STEP,
        {"action": {"login": {"username": "nadia", "password": "p", "expect": "ok"}}},
        {"action": {"provider": "EMAIL", "mode": "hang"}},
        {"action": {"set_claims": {"user": "nadia", "claims": {}}}},
        {"check": {"messages": []}},
    ],
}


def objects_of(part: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:  # noqa: ANN401 - any part of a case
    """Return the paths of all objects whose members are words of ours."""
    free = ("json", "users", "headers", "claims", "capture")
    if isinstance(part, list):
        return [found for number, item in enumerate(part) for found in objects_of(item, (*path, number))]
    if not isinstance(part, dict):
        return []
    below = [found for name, item in part.items() if name != "json" for found in objects_of(item, (*path, name))]
    return below if path and path[-1] in free else [path, *below]


def at(part: Any, path: tuple[Any, ...]) -> Any:  # noqa: ANN401 - as above
    for name in path:
        part = part[name]
    return part


def test_the_whole_case_is_known() -> None:
    assert case_of(CASE, {}).id == "X-01"


@pytest.mark.parametrize("path", objects_of(CASE), ids=lambda path: ".".join(map(str, path)) or "case")
def test_an_unknown_word_is_an_error_wherever_it_stands(path: tuple[Any, ...]) -> None:
    altered = copy.deepcopy(CASE)
    at(altered, path)["unheard_of"] = True
    with pytest.raises(CaseError, match="unheard_of"):
        case_of(altered, {})


@pytest.mark.parametrize(
    "step",
    [
        {},
        {"expect": {"status": 200}},
        {"request": STEP["request"], "action": {"clock_advance": "PT1S"}},
        {"action": {"fly": "high"}},
        {"action": {}},
        {"action": {"clock_advance": "PT1S"}, "expect": {"status": 200}},
        {"action": {"provider": "FAX", "mode": "ok"}},
        {"action": {"provider": "SMS", "mode": "sleepy"}},
        {"action": {"store_fault": "no_such_fault"}},
        {"action": {"delete_user": "nadia"}, "capture": {"code": "response.text"}},
        {"check": {"messages": []}, "expect": {"status": 200}},
        {"request": STEP["request"], "capture": {"code": "first_message.code"}},
        {"request": STEP["request"], "repeat": 0},
        {"request": STEP["request"], "repeat": "often"},
        {"request": {**STEP["request"], "raw_body": "{"}},
        {"request": {**STEP["request"], "auth": "somebody"}},
        {"request": STEP["request"], "expect": {"status": "201"}},
        {"request": STEP["request"], "expect": {"side_effects": {"messages": None}}},
    ],
)
def test_a_step_that_makes_no_sense_is_an_error(step: dict[str, Any]) -> None:
    with pytest.raises(CaseError):
        case_of({**CASE, "steps": [step]}, {})


@pytest.mark.parametrize(
    "config",
    [
        {"compat_profile": "is-9"},
        {"self_registration": "yes"},
        {"case_insensitive_usernames": False},
        {"store_fault": "everything"},
        {"password_action": "allow"},
        {"captcha_provider": "real"},
    ],
)
def test_a_setting_of_an_unknown_kind_is_an_error(config: dict[str, Any]) -> None:
    with pytest.raises(CaseError):
        case_of({**CASE, "config": config}, {})


def test_a_case_keeps_the_defaults_of_its_file_unless_it_names_a_setting() -> None:
    defaults = {"self_registration": True, "default_channel": "EMAIL", "detailed": True}
    configured = case_of({**CASE, "config": {"default_channel": None, "detailed": False}}, defaults).configured
    assert configured == Configured(self_registration=True, detailed=False)


def test_every_setting_has_one_place() -> None:
    words = {field.name for field in msgspec.structs.fields(Configured)} - {"otp"}
    codes = {f"otp.{field.name}" for field in msgspec.structs.fields(Codes)}
    assert set(PLACES) | ELSEWHERE == words | codes
    assert not set(PLACES) & ELSEWHERE


def test_a_file_gives_its_good_cases_beside_the_bad_ones(tmp_path: Path) -> None:
    file = tmp_path / "cases.yaml"
    bad = {**CASE, "id": "X-02", "colour": "blue"}
    file.write_bytes(msgspec.yaml.encode({"meta": {"title": "t"}, "cases": [CASE, bad]}))
    good, unplayable = read_cases(file)
    assert isinstance(good, Case)
    assert isinstance(unplayable, Unplayable)
    assert "colour" in unplayable.problem
    with Sinks.open() as sinks:
        assert play(unplayable, sinks, Circumstances(Ports())).problems


@pytest.mark.parametrize(
    "text", ["", "[]", "cases: 1", "cases: []", "cases: [{}]\nfixtures: {}", "cases: [", "cases: [{id: 1}, {id: 1}]"]
)
def test_what_is_no_file_of_cases_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "cases.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CaseError):
        read_cases(file)
