"""Many requests at the same instant: RACE."""

import pytest
from argon2 import PasswordHasher

from tests.attacks.stage import API, CLAIM, Answer, Scene, Stage, registration, together

case = pytest.mark.case
PARALLEL = 16
ROUNDS = 40
"""Of 200 in the corpus: a defect shows within the first ten."""


def of_two_nodes(stage: Stage, scene: Scene) -> list[int]:
    """Return the nodes to ask in turn: on PostgreSQL there are two."""
    if scene.database == "postgresql" and len(stage.nodes) == 1:
        stage.start()
    return list(range(len(stage.nodes)))


@case("RACE-02")
def test_of_sixteen_registrations_of_a_name_one_wins(stage: Stage, scene: Scene) -> None:
    nodes, name = of_two_nodes(stage, scene), stage.new_name("kim")
    bodies = [registration(name, password=f"correct-Horse-battery-{number}") for number in range(PARALLEL)]

    def ask(number: int) -> Answer:
        return stage.ask("POST", f"{API}/me", bodies[number], node=nodes[number % len(nodes)])

    answers = together(*[lambda number=number: ask(number) for number in range(PARALLEL)])
    assert sorted(answer.status for answer in answers) == [201] + [409] * (PARALLEL - 1)
    assert {answer.code for answer in answers if answer.status == 409} == {"20030"}
    winner = next(number for number, answer in enumerate(answers) if answer.status == 201)
    users = [row for row in stage.evidence.rows("users") if row["name"] == name]
    assert len(users) == 1
    assert PasswordHasher().verify(users[0]["password_hash"], bodies[winner]["user"]["password"])
    stage.settle()
    assert len(stage.deliveries_to(name)) == 1


@case("RACE-04")
def test_a_resend_and_the_old_code_at_once_leave_one_code_or_none(stage: Stage) -> None:
    for _ in range(ROUNDS):
        name = stage.new_name()
        old = stage.pending(name)
        resent, confirmed = together(lambda name=name: stage.resend(name), lambda old=old: stage.confirm(old))  # type: ignore[misc]  # as above
        user = stage.user(name)
        assert user is not None
        codes = [row for row in stage.evidence.rows("codes") if row["user_id"] == user["id"]]
        if confirmed.status == 202:
            assert not user["locked"]
            assert codes == []
        else:
            assert (resent.status, confirmed.code, user["locked"]) == (201, "18001", True) or user["locked"] == 1
            assert len(codes) == 1
            assert stage.confirm(old).code == "18001"
            assert stage.confirm(stage.code_of(name)).status == 202


@case("RACE-06")
def test_a_repeated_request_is_answered_again_and_not_done_again(stage: Stage, scene: Scene) -> None:
    nodes, name = of_two_nodes(stage, scene), stage.new_name()
    headers = {"Idempotency-Key": f"key-{name}"}

    def ask(number: int) -> Answer:
        return stage.register(name, headers=headers, node=nodes[number % len(nodes)])

    answers = together(*[lambda number=number: ask(number) for number in range(8)])
    assert {(answer.status, answer.body) for answer in answers} == {(201, answers[0].body)}
    stage.settle()
    assert len(stage.deliveries_to(name)) == 1
    changed = stage.register(name, headers=headers, claims={f"{CLAIM}givenname": "Other"})
    assert changed.status == 422


@case("RACE-01")
def test_of_eight_equal_codes_one_is_taken(stage: Stage) -> None:
    """Row 9 of security-reliability.md 1.4: two winners of one code."""
    name = stage.new_name()
    code = stage.pending(name)
    answers = together(*[lambda: stage.confirm(code) for _ in range(8)])
    assert sorted(answer.status for answer in answers) == [202] + [400] * 7
