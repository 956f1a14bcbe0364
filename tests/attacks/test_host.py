"""Saying where one comes from: HOST."""

import pytest

from tests.attacks.stage import API, CREATE_ONLY, Stage

case = pytest.mark.case
HEADERS = ("X-Forwarded-For", "X-Real-IP", "True-Client-IP", "Forwarded", "X-Forwarded-Host")


@case("HOST-02", shipped_limits=True, alone=True)
def test_whoever_is_no_proxy_of_ours_is_not_believed(stage: Stage) -> None:
    said = ["1.2.3.4", "", "127.0.0.2", "for=1.2.3.4", "1.2.3.4, 5.6.7.8", "x" * 10_000]
    statuses = []
    for number in range(105):
        value = said[number % len(said)] if number % 7 else f"10.0.0.{number}"
        headers = dict.fromkeys(HEADERS if len(value) < 100 else HEADERS[:1], value)
        body = {"code": f"unknown-{number}"}
        statuses.append(stage.ask("POST", f"{API}/validate-code", body, by=CREATE_ONLY, headers=headers).status)
    assert statuses == [400] * 100 + [429] * 5
    assert {row["source"] for row in stage.audited("redeem_code")} == {"127.0.0.1"}
