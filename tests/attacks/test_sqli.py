"""Names that are more than names to a database: SQLI."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.attacks.corpus import ROOT
from tests.attacks.stage import ADMIN_A, API, Stage

case = pytest.mark.case
RULE = "S608"
NAMES = ["x'; DROP TABLE users; --", 'x" OR "1"="1', "x%' OR 1=1", "x_", "x) UNION SELECT", "ORDER BY 1", "x\\'"]


def findings(folder: Path) -> int:
    """Return how many statements are built of strings below a folder, in the eyes of the rule."""
    rule = ("--isolated", "--quiet", "--select", RULE, "--output-format", "concise")
    command: list[str | Path] = [sys.executable, "-m", "ruff", "check", *rule, folder]
    said: str = subprocess.run(command, check=False, capture_output=True, text=True).stdout
    return said.count(RULE)


def test_no_statement_is_built_of_strings(tmp_path: Path) -> None:
    """SQLI-02, which needs no server; a statement of that kind is found."""
    (tmp_path / "hostile.py").write_text("def find(name):\n    return f\"SELECT * FROM users WHERE name = '{name}'\"\n")
    assert findings(tmp_path) == 1
    assert findings(ROOT / "src" / "watchword") == 0


@case("SQLI-03", toml='{"user_store": {"username_java_regex": ".{2,64}"}}')
def test_names_of_things_are_no_part_of_a_statement(stage: Stage) -> None:
    known = stage.new_name()
    stage.pending(known)
    before = {table: len(rows) for table, rows in stage.evidence.all_rows("audit", "counters").items()}
    for name in NAMES:
        for words in (("tenant", "create", name), ("userstore", "create", name), ("user", "show", name),
                      ("user", "list", "--tenant", name), ("message", "list", "--since", name),
                      ("audit", "list", "--since", name)):  # fmt: skip
            stage.answer_to(*words)
        stage.ask("GET", f"{API}/me?tenantDomain={name.replace(' ', '%20').replace(chr(34), '%22')}", by=ADMIN_A)
        stage.ask("POST", f"{API}/validate-code", {"code": name, "properties": [{"key": "username", "value": name}]})
        stage.ask(
            "POST", f"{API}/validate-username", {"username": name, "properties": [{"key": "realm", "value": name}]}
        )
        assert stage.register(stage.new_name(), claims={"http://wso2.org/claims/country": name}).status == 201
    after = {table: len(rows) for table, rows in stage.evidence.all_rows("audit", "counters").items()}
    assert after["users"] == before["users"] + len(NAMES)
    assert after["tenants"] == before["tenants"]
    assert stage.user(known) is not None
