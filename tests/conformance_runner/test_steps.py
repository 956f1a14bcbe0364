"""The steps of a case, played at a server that is not there: whatever is expected beside its answers fails the case."""

import copy
import json
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from watchword_testing.conformance.cases import Request, case_of
from watchword_testing.conformance.commands import CommandRefused
from watchword_testing.conformance.home import Home
from watchword_testing.conformance.judge import Reply
from watchword_testing.conformance.steps import Play
from watchword_testing.sinks import Delivery, Sinks

REGISTER: dict[str, Any] = {
    "request": {"method": "POST", "path": "/me", "json": {"username": "nadia"}},
    "expect": {
        "status": 201,
        "side_effects": {
            "messages": [{"channel": "SMS", "template": "ACCOUNTCONFIRMATION", "body": "Code ${last_message.code}"}],
            "users": {"nadia": {"account_locked": True}, "wso2.com:nadia": {"exists": False}},
        },
    },
    "capture": {"code": "last_message.code", "id": "response.user.id"},
}
CONFIRM: dict[str, Any] = {
    "request": {"method": "POST", "path": "/validate-code", "json": {"code": "${code}"}},
    "repeat": 2,
    "expect": {"status": 202, "side_effects": {"messages": [], "users": {"nadia": {"account_locked": False}}}},
}
CHANGE: dict[str, Any] = {"action": {"set_claims": {"user": "nadia", "claims": {"urn:mobile": "+2"}}}}
CHECK: dict[str, Any] = {"check": {"messages": [{"to": "+2"}], "users": {"nadia": {"claims": {"urn:mobile": "+2"}}}}}
LOGIN: dict[str, Any] = {"action": {"login": {"username": "nadia", "password": "p", "expect": "ok"}}}
STEPS = [REGISTER, CONFIRM, CHANGE, CHECK, LOGIN]


@dataclass(slots=True)
class Pretender:
    """Answers requests and commands as a server would that knows one user and one code."""

    sinks: Sinks
    rows: list[dict[str, Any]] = field(default_factory=list)
    users: dict[str, dict[str, Any]] = field(default_factory=dict)

    def ask(self, request: Request) -> Reply:
        if request.path == "/me":
            self.users["nadia"] = {"exists": True, "account_locked": True, "claims": {}}
            self._send("+1", "accountConfirmation")
            return Reply(201, (), json.dumps({"user": {"id": "u1"}}).encode())
        if request.json == {"code": "c1"}:
            self.users["nadia"]["account_locked"] = False
        return Reply(202, (), b"")

    def run(self, *words: str) -> dict[str, Any]:
        answer = self.answer_to(*words)
        if "error" in answer:
            raise CommandRefused(words, answer)
        return answer

    def answer_to(self, *words: str) -> dict[str, Any]:
        match words:
            case ("user", "show", name, "--json"):
                return self.users.get(name, {"exists": False, "exit": 1})
            case ("user", "show", *_):
                return {"exists": False, "exit": 1}
            case ("message", "list", *_):
                return {"messages": self.rows}
            case ("user", "set", "nadia", "--claim", "urn:mobile=+2", "--as-person"):
                self.users["nadia"]["claims"] = {"urn:mobile": "+2"}
                self._send("+2", "verifyMobileOnUpdate")
                return {}
            case ("user", "try", "nadia", "--password", "p"):
                return {"login": "ok"}
        return {"error": f"no such command: {shlex.join(words)}", "exit": 2}

    def _send(self, to: str, template: str) -> None:
        self.rows.append({"id": f"m{len(self.rows)}", "state": "sent", "template": template})
        self.sinks.inbox.put(Delivery("SMS", self.rows[-1]["id"], to, ("Code c1",), code="c1"))


@pytest.fixture(scope="module")
def sinks() -> Iterator[Sinks]:
    with Sinks.open() as opened:
        yield opened


def problems_of(steps: list[dict[str, Any]], sinks: Sinks, home: Path) -> list[str]:
    sinks.refresh()
    pretender = Pretender(sinks)
    case = case_of({"id": "X-01", "steps": steps}, {})
    return list(Play(case, Home(home), pretender, pretender, sinks).problems())


def test_what_is_as_expected_passes(sinks: Sinks, tmp_path: Path) -> None:
    assert problems_of(STEPS, sinks, tmp_path) == []


def changed(number: int, *path: str, to: object) -> Callable[[], tuple[int, list[dict[str, Any]]]]:
    """Return a way to make the steps with one value changed."""

    def make() -> tuple[int, list[dict[str, Any]]]:
        steps = copy.deepcopy(STEPS)
        part: Any = steps[number - 1]
        for name in path[:-1]:
            part = part[name]
        part[path[-1]] = to
        return number, steps

    return make


@pytest.mark.parametrize(
    "alteration",
    [
        changed(1, "expect", "status", to=200),
        changed(1, "expect", "side_effects", "messages", to=[]),
        changed(1, "expect", "side_effects", "messages", to=[{"template": "other"}]),
        changed(1, "expect", "side_effects", "messages", to=[{"body": "Code c2"}]),
        changed(1, "expect", "side_effects", "users", to={"nadia": {"account_locked": False}}),
        changed(1, "expect", "side_effects", "users", to={"wso2.com:nadia": {"exists": True}}),
        changed(1, "capture", to={"code": "response.code"}),
        changed(1, "capture", to={"code": "response.user.name"}),
        changed(2, "request", "json", to={"code": "${code|upper}"}),
        changed(2, "request", "json", to={"code": "${id}"}),
        changed(2, "request", "json", to={"code": "${i}"}),
        changed(2, "request", "json", to={"code": "${code2}"}),
        changed(2, "expect", "side_effects", "messages", to=[{"channel": "SMS"}]),
        changed(3, "action", to={"set_claims": {"user": "nadia", "claims": {"urn:mobile": "+3"}}}),
        changed(3, "action", to={"admin_set_claims": {"user": "nadia", "claims": {"urn:mobile": "+2"}}}),
        changed(3, "action", to={"clock_advance": "PT1S"}),
        changed(4, "check", to={"messages": []}),
        changed(4, "check", to={"messages": [{"to": "+1"}]}),
        changed(4, "check", to={"users": {"nadia": {"claims": {"urn:mobile": "+1"}}}}),
        changed(5, "action", "login", "expect", to="17005"),
        changed(5, "action", "login", "password", to="wrong"),
    ],
)
def test_an_altered_expectation_fails_at_its_step(
    alteration: Callable[[], tuple[int, list[dict[str, Any]]]], sinks: Sinks, tmp_path: Path
) -> None:
    number, steps = alteration()
    assert problems_of(steps, sinks, tmp_path)[0].startswith(f"step {number}")


def test_a_turn_that_fails_is_named(sinks: Sinks, tmp_path: Path) -> None:
    later = {**CONFIRM, "repeat": 3, "expect": {"side_effects": {"users": {"user${i}": {"exists": False}}}}}
    assert problems_of([REGISTER, later], sinks, tmp_path) == []
    wrong = {**later, "expect": {"side_effects": {"messages": [{"channel": "SMS"}]}}}
    assert problems_of([REGISTER, wrong], sinks, tmp_path)[0].startswith("step 2 (time 1 of 3)")


def test_the_code_of_a_message_that_was_never_sent_cannot_be_captured(sinks: Sinks, tmp_path: Path) -> None:
    step = {"request": CONFIRM["request"] | {"json": {}}, "capture": {"code": "last_message.code"}}
    problems = problems_of([step], sinks, tmp_path)
    assert problems[0].startswith("step 1")
    assert "capture code" in problems[1]


def test_store_faults_are_written_where_the_server_reads_them(sinks: Sinks, tmp_path: Path) -> None:
    assert problems_of([{"action": {"store_fault": "add_user"}}], sinks, tmp_path) == []
    assert Home(tmp_path).faults_file.read_text(encoding="utf-8") == "add_user\n"
