"""One number in many spellings, and what is none: PHONE, and the vectors phones."""

import pytest

from tests.attacks.corpus import vectors
from tests.attacks.stage import CLAIM, Stage

case = pytest.mark.case
PHONE_02 = ["+94721584558\0", "+94721584558\u200b", "+94721584558\r\nX: y", "+94721584558,+94721584559",
            "+94721584558;ext=7", "+94721584558x7", "+94721584558#", "+1-800-FLOWERS", "&num", "$ctx.msg", "{{code}}",
            "+94721584558&to=+94700000001"]  # fmt: skip
ADDRESS_REFUSED = {"USR-10001", "USR-10002", "USR-10003"}


def stored_number(stage: Stage, number: str, *, sms: bool = True) -> str | None:
    """Register somebody with a number, and return how it is kept; ``None`` if it was refused."""
    name = stage.new_name()
    answer = stage.register(name, number=number, sms=sms)
    if answer.status == 400:
        assert answer.code in ADDRESS_REFUSED, (number, answer)
        assert stage.user(name) is None
        return None
    assert answer.status == 201, (number, answer)
    return stage.claims(name)[f"{CLAIM}mobile"]


@case("PHONE-01")
def test_the_numbers_of_the_corpus_meet_what_it_says(stage: Stage) -> None:
    """The vectors phones, without a country of the tenant (row 25 of security-reliability.md 1.4)."""
    wrong = []
    for number, outcome in vectors("phones"):
        stored = stored_number(stage, number)
        refused = outcome.startswith("reject")
        may_refuse = "or reject" in outcome
        expected = outcome.removeprefix("accept as ").partition(" ")[0] if outcome.startswith("accept as") else stored
        if (stored is None and not (refused or may_refuse)) or (stored is not None and (refused or stored != expected)):
            wrong.append((number, outcome, stored))
    assert wrong == []


@case(toml='{"watchword": {"sms": {"default_country": "LK"}}}')
def test_a_number_without_a_country_takes_that_of_the_settings(stage: Stage) -> None:
    assert stored_number(stage, "0721584558") == "+94721584558"


@case(profile="wso2")
def test_the_number_of_the_published_example_is_taken_and_sent_to_under_wso2(stage: Stage) -> None:
    name = stage.new_name()
    assert stage.register(name, number="+947721584558", sms=True).status == 201
    stage.settle()
    assert [delivery.to for delivery in stage.deliveries_to(name)] == ["+947721584558"]


@case("PHONE-02")
def test_what_is_more_than_a_number_is_none(stage: Stage) -> None:
    with stage.no_effect():
        taken = [(number, sms) for number in PHONE_02 for sms in (True, False)
                 if stored_number(stage, number, sms=sms) is not None]  # fmt: skip
    assert taken == []
