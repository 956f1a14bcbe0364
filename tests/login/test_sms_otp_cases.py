"""The cases of sms-otp.yaml: played from their data, written out in a test of their own, or listed with the reason."""

import re
from pathlib import Path

import pytest
import yaml

from tests.login.player import CASES, HERE, Player, is_understood, scene_of
from tests.login.stage import StageMaker

ROOT = HERE.parents[1]
SPECIFIED = ROOT.parent / "shared" / "cases" / "sms-otp.yaml"
LISTED = yaml.safe_load((HERE / "played.yaml").read_text(encoding="utf-8"))
UNDERSTOOD = sorted(name for name, case in CASES.items() if is_understood(case))


@pytest.mark.parametrize("name", UNDERSTOOD)
def test_case(stages: StageMaker, name: str) -> None:
    case = CASES[name]
    Player(stages(scene_of(case)), case).play()


def test_the_copy_is_what_the_specification_says() -> None:
    if not SPECIFIED.exists():
        pytest.skip("the specification is not beside the project")
    assert SPECIFIED.read_text(encoding="utf-8") == (HERE / "cases.yaml").read_text(encoding="utf-8")


def test_every_case_is_played_or_has_a_reason() -> None:
    written_out = {name for name in CASES for file in HERE.glob("test_*.py") if _is_in(name, file)}
    unplayed = {name for cases in LISTED["not_yet"].values() for name in cases}
    places = [set(UNDERSTOOD), written_out - set(UNDERSTOOD), set(LISTED["elsewhere"]), unplayed]
    assert sorted(set(CASES) - set().union(*places)) == []
    assert set().union(*places) <= set(CASES)
    assert sum(map(len, places)) == len(set().union(*places)), "a case stands in two places"


@pytest.mark.parametrize("case", sorted(LISTED["elsewhere"]))
def test_what_is_played_elsewhere_is_there(case: str) -> None:
    for place in LISTED["elsewhere"][case]:
        file, _, name = place.partition("::")
        assert re.search(rf"^def {name}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE), place


def _is_in(case: str, file: Path) -> bool:
    """Tell whether a test of a file bears the id of a case, as ``test_FLOW_17_…``, or one of several."""
    family, number = case.split("-")
    named = re.findall(
        rf"^def test_(?:{family}_(\d\d)(?:_and_(\d\d))?)_", file.read_text(encoding="utf-8"), re.MULTILINE
    )
    return any(number in numbers for numbers in named)
