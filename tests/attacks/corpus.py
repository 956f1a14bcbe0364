"""The hostile corpus: its cases, its vectors, which of them are played where, and why the others are not yet."""

import ast
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SPECIFIED = ROOT.parent / "shared" / "cases" / "attacks.yaml"


def read(path: Path) -> dict[str, Any]:
    """Return a YAML file."""
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


CORPUS = read(HERE / "cases.yaml")
ELSEWHERE: dict[str, list[str]] = read(HERE / "played.yaml")["elsewhere"]
NOT_YET: dict[str, str] = {
    case: reason for reason, cases in read(HERE / "played.yaml")["not_yet"].items() for case in cases
}


def vectors(name: str) -> list[tuple[str, str]]:
    """Return the vectors of a family: each a value and what is to become of it."""
    return [(value, outcome) for value, outcome in CORPUS["vectors"][name]]


def vectors_list(name: str) -> list[str]:
    """Return the vectors of a family that are all to be refused."""
    return [str(value) for value in CORPUS["vectors"][name]]


def played() -> dict[str, str]:
    """Return the test that plays each case, by the case's id."""
    found: dict[str, str] = {}
    for file in sorted(HERE.glob("test_*.py")):
        for function in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef):
                found |= dict.fromkeys(map(str, _cases_of(function)), f"{file.name}::{function.name}")
    return found


def _cases_of(function: ast.FunctionDef) -> list[Any]:
    """Return the ids in ``@case("ID", …)`` above a function."""
    calls = [each for each in function.decorator_list if isinstance(each, ast.Call)]
    named = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "case"]
    return [argument.value for call in named for argument in call.args if isinstance(argument, ast.Constant)]
