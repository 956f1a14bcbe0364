"""Text that wants to be more than text: TMPL, and the vectors template_strings."""

import pytest

from tests.attacks.corpus import CORPUS
from tests.attacks.stage import Stage

case = pytest.mark.case
STRINGS: list[str] = CORPUS["vectors"]["template_strings"]
TEXT = " | ".join([*STRINGS, "{{confirmation-code}}"])
SPECIAL = 'quote " backslash \\ new\nline \u2028 \U0001f40e "],"to":["+94700000001 </x> {{confirmation-code}}'


def sent(stage: Stage) -> tuple[str, str, str | None]:
    """Register somebody by SMS, and return address, text and code as the provider got them."""
    name = stage.new_name()
    assert stage.register(name, sms=True, number="+94726666666").status == 201
    stage.settle()
    received = stage.deliveries_to(name)
    assert len(received) == 1
    (delivery,) = received
    return delivery.to, delivery.texts[0], delivery.code


@case("TMPL-01", profile="wso2", sms_text=TEXT)
def test_a_template_holds_blanks_and_nothing_else(stage: Stage) -> None:
    _, text, code = sent(stage)
    expected = " | ".join([*STRINGS, str(code)]).replace(
        "{{x}}", ""
    )  # {{x}} is a blank without a value (decisions 5.4)
    assert text == expected


@case("TMPL-03", profile="wso2", sms_text=SPECIAL)
def test_a_text_does_not_leave_its_place_in_the_json(stage: Stage) -> None:
    to, text, code = sent(stage)
    assert to == "+94726666666"
    assert text == SPECIAL.replace("{{confirmation-code}}", str(code))
