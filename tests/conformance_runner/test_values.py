import pytest

from watchword_testing.conformance.cases import CaseError, ExpectedUser, Request, SideEffects
from watchword_testing.conformance.values import filled

VALUES = {"code": "aB1", "i": "2", "last_message.code": "991", "number": 7}


def test_blanks_are_filled_in_values_and_names_and_wherever_they_stand() -> None:
    request = Request(
        method="POST", path="/x?c=${code}", json={"${code}": ["${code|upper}", 1, None]}, raw_body="${i}${i}"
    )
    assert filled(request, VALUES) == Request(
        method="POST", path="/x?c=aB1", json={"aB1": ["AB1", 1, None]}, raw_body="22"
    )
    effects = SideEffects(users={"user${i}": ExpectedUser(exists=True, claims={"urn:c": "${last_message.code}"})})
    assert filled(effects, VALUES) == SideEffects(users={"user2": ExpectedUser(exists=True, claims={"urn:c": "991"})})


@pytest.mark.parametrize("blank", ["${code2}", "${code|lower}", "${}", "${ code }"])
def test_a_blank_that_nothing_fills_is_an_error(blank: str) -> None:
    with pytest.raises(CaseError):
        filled(Request(method="GET", path=blank), VALUES)


def test_other_signs_stay_as_they_are() -> None:
    request = Request(method="GET", path="/$x/{code}/{{code}}")
    assert filled(request, VALUES) == request
