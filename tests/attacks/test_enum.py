"""Asking who has an account: ENUM."""

import time

import pytest

from tests.attacks.stage import API, CREATE_ONLY, PASSWORD, Credentials, Stage

case = pytest.mark.case
FEW = '{"watchword": {"limits": {"name_checks_per_caller": "6/1h"}}}'


@case("ENUM-05", toml=FEW, alone=True)
def test_whether_a_name_is_taken_is_told_to_trusted_callers_and_not_for_ever(stage: Stage) -> None:
    taken, free = stage.new_name("taken"), stage.new_name("free")
    person = stage.new_name("person")
    assert stage.confirm(stage.pending(person)).status == 202
    stage.pending(taken)

    def ask(name: str, by: Credentials | None) -> tuple[int, object]:
        answer = stage.ask("POST", f"{API}/validate-username", {"username": name, "properties": []}, by=by)
        return answer.status, answer.json

    strangers: list[Credentials | None] = [(person, PASSWORD), None, ("nobody", "x"), (taken, PASSWORD)]
    for by in strangers:
        assert ask(taken, by) == ask(free, by)
        assert ask(taken, by)[0] in {401, 403}
        told = [stage.register(name, by=by) for name in (taken, free)]
        assert told[0].status == told[1].status
        assert told[0].status in {401, 403}
    assert ask(taken, CREATE_ONLY) == (200, {"statusCode": 60002})
    assert ask(free, CREATE_ONLY) == (200, {"statusCode": 60000})
    assert stage.register(taken, by=CREATE_ONLY).code == "20030"
    answers = [ask(f"{taken}{number}", CREATE_ONLY)[0] for number in range(6)]
    assert answers == [200, 200, 200, 429, 429, 429]
    assert stage.register(taken, by=CREATE_ONLY).status == 429


@case("ENUM-07")
def test_no_answer_waits_for_a_provider(stage: Stage) -> None:
    """The timing of pages over 5000 requests is measured before a release."""
    name = stage.new_name("waiter")
    stage.pending(name, sms=True)
    stage.sms.holds = True
    begun = time.monotonic()
    try:
        assert stage.register(stage.new_name("waiter"), sms=True).status == 201
        assert stage.resend(name).status == 201
        assert time.monotonic() - begun < 1.5
    finally:
        stage.sms.holds = False
        for held in stage.sms.held:
            held.answer(400)
