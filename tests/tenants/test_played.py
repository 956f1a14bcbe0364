"""No case about tenants, user stores, claims and governance is forgotten."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SPECIFIED = ROOT.parent / "shared" / "cases" / "platform.yaml"
FAMILIES = re.compile(r"PLAT-(CLAIM|STORE|TEN)-[0-9]+|PLAT-GOV-0[259]")


def read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


CASES: dict[str, dict[str, str]] = read(HERE / "played.yaml")


def test_every_case_of_the_specification_is_named() -> None:
    if not SPECIFIED.exists():
        pytest.skip("the specification is not beside the project")
    specified = {case["id"] for case in read(SPECIFIED)["cases"] if FAMILIES.fullmatch(case["id"])}
    assert set(CASES["played"]) | set(CASES["not_yet"]) == specified


@pytest.mark.parametrize("case", sorted(CASES["played"]))
def test_a_case_that_is_played_has_a_test_of_its_name(case: str) -> None:
    text = (ROOT / CASES["played"][case]).read_text(encoding="utf-8")
    assert len(re.findall(rf"^def test_{case.replace('-', '_')}_\w+\(", text, re.MULTILINE)) == 1


def test_what_is_not_played_has_a_reason() -> None:
    assert all(len(reason.split()) > 3 for reason in CASES["not_yet"].values())
