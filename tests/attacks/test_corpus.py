"""No case is forgotten: each is played, here or elsewhere, or stands in played.yaml with the reason why not yet."""

import re

import pytest

from tests.attacks.corpus import CORPUS, ELSEWHERE, NOT_YET, ROOT, SPECIFIED, played, read
from tests.mutants.start import defect

CASES = {case["id"]: case for case in CORPUS["attacks"]}
BEYOND = {
    "OTP-01", "OTP-02", "OTP-03", "OTP-04", "OTP-05", "OTP-16", "OTP-18", "OTP-19", "OTP-21", "OTP-22", "RACE-01",
    "CANON-01", "PHONE-01", "PARSE-01", "COOK-01",
}  # fmt: skip
"""Cases that security-reliability.md 1.4 names, and that the corpus no longer holds, or only as vectors."""


def test_the_copy_is_what_the_specification_says() -> None:
    if not SPECIFIED.exists():
        pytest.skip("the specification is not beside the project")
    assert read(SPECIFIED) == CORPUS


def test_every_case_is_played_or_has_a_reason() -> None:
    places = [set(played()), set(ELSEWHERE), set(NOT_YET)]
    assert sorted(set(CASES) - set().union(*places)) == []
    assert set().union(*places) - set(CASES) == BEYOND
    assert set(NOT_YET) & {*played(), *ELSEWHERE} == set(), "what is played has no reason not to be"


@pytest.mark.parametrize("case", sorted(ELSEWHERE))
def test_what_is_played_elsewhere_is_there(case: str) -> None:
    for place in ELSEWHERE[case]:
        file, _, name = place.partition("::")
        assert re.search(rf"^def {name}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE), place


@pytest.mark.parametrize("case", sorted(played()))
def test_every_case_that_is_played_has_a_known_defect(case: str) -> None:
    assert (defect(case).__doc__ or "").strip()
