"""What every answer says beside what was asked for: HDR."""

import pytest

from tests.attacks.interface import operations, page_addresses
from tests.attacks.stage import ADMIN_A, API, Answer, Stage

case = pytest.mark.case


@case("HDR-01")
def test_every_answer_carries_its_guards(stage: Stage) -> None:
    """Generated: each operation as nobody and as the administrator, the pages, and what is not there."""
    answers: dict[str, Answer] = {}
    for operation in operations(stage):
        for by in (None, ADMIN_A):
            body = None if operation.method == "GET" else operation.sample
            answers[f"{operation} {by}"] = stage.ask(operation.method, operation.address, body, by=by)
    for page in [*page_addresses(), "/register", "/nothing", f"{API}/nothing", f"/t/nobody.test{API}/me"]:
        answers[page] = stage.ask("GET", page, by=None)
    answers["malformed"] = stage.ask("POST", f"{API}/me", b"{")
    for asked, answer in answers.items():
        said = answer.headers
        policy = said.get("content-security-policy", "")
        assert "unsafe-" not in policy, asked
        assert "frame-ancestors 'none'" in policy, asked
        assert "default-src 'none'" in policy or "object-src 'none'" in policy, asked
        assert not any(origin in policy for origin in ("http:", "https:", "*")), asked
        assert said["x-content-type-options"] == "nosniff", asked
        assert said["x-frame-options"] == "DENY", asked
        assert said["referrer-policy"] in {"no-referrer", "same-origin"}, asked
        assert int(said["strict-transport-security"].partition("max-age=")[2].partition(";")[0]) >= 31536000, asked
        assert said["cross-origin-opener-policy"] == "same-origin", asked
        assert "no-store" in said["cache-control"], asked
        assert "server" not in said, asked
        assert "x-powered-by" not in said, asked
    assert {answer.status for answer in answers.values()} >= {200, 400, 401, 404}
