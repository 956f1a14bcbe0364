"""Many commands in one process."""

import json

from tests.cli_terminal import Terminal


def test_each_line_has_one_answer_in_one_line(dev: Terminal) -> None:
    ran = dev.run("batch", typed="user add kim\nuser show kim --json\n\nuser show 'kim\nnonsense\n--help\n")
    answers = [json.loads(line) for line in ran.out.splitlines()]
    assert ran.status == 0
    assert [next(iter(answer)) for answer in answers] == ["id", "exists", "error", "error", "error", "help"]
    assert [answer.get("exit") for answer in answers] == [None, None, 2, 1, 2, None]


def test_a_refusal_does_not_end_it(dev: Terminal) -> None:
    refused, added, shown = dev.batch("user lock kim", "user add kim", "user show kim")
    assert refused == {"error": "There is no user kim.", "exit": 1}
    assert added["name"] == shown["name"] == "kim"


def test_what_runs_for_ever_cannot_be_started_in_it(dev: Terminal) -> None:
    for answer in dev.batch("serve", "worker", "demo", "batch"):
        assert answer["error"].startswith("No such command")


def test_it_asks_nobody_for_a_password(dev: Terminal) -> None:
    refused, tried = dev.batch("user try kim", "user try kim --password wrong")
    assert "--password-stdin" in refused["error"]
    assert tried == {"login": "17002"}


def test_a_tenant_is_named_by_the_line(dev: Terminal) -> None:
    answers = dev.batch("tenant create acme.example", "user add kim --tenant acme.example", "user show kim")
    assert answers[1]["name"] == "kim"
    assert answers[2] == {"exists": False}


def test_a_name_with_blanks_and_quotes_is_a_word(dev: Terminal) -> None:
    _, shown = dev.batch("user add kim --claim 'givenname=Kim \"K\" Lee'", "user show kim")
    assert shown["claims"]["http://wso2.org/claims/givenname"] == 'Kim "K" Lee'


def test_settings_that_cannot_be_used_are_told_for_each_line(dev: Terminal) -> None:
    (dev.home / "deployment.toml").write_text("[watchword]\nnonsense = 1\nmore = 2\n")
    [answer] = dev.batch("user list")
    assert answer["exit"] == 2
    assert len(answer["problems"]) == 2


def test_a_step_that_a_test_lets_fail_is_an_answer(dev: Terminal) -> None:
    settings = dev.home / "deployment.toml"
    faults = dev.home / "faults"
    settings.write_text(settings.read_text() + f'[watchword.testing]\nfaults = "{faults}"\n')
    assert dev.ask("user", "list") == {"users": []}  # a first start commits, too
    faults.write_text("before_commit\n")
    broken, shown = dev.batch("user add kim", "user show kim")
    assert "StepFailed" in broken["error"]
    assert shown == {"exists": False}
