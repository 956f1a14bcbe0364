"""Bombing a number: RSND."""

import pytest

from tests.attacks.stage import API, Stage

case = pytest.mark.case
NUMBER = "+94725555555"
ROUNDS = 12


@case("RSND-05", shipped_limits=True, toml='{"watchword": {"limits": {"resend_after": "0s"}}}')
def test_all_ways_to_send_share_what_a_number_gets(stage: Stage) -> None:
    """Sign-up, resending and lite sign-up; recovery, log-in and SCIM come with their slices."""
    names = [stage.new_name("bomb") for _ in range(ROUNDS)]
    for name in names:
        assert stage.register(name, number=NUMBER, sms=True).status == 201
        assert stage.resend(name).status == 201
        lite = {"mobile": NUMBER, "preferredChannel": "SMS", "claims": [], "properties": []}
        assert stage.ask("POST", f"{API}/lite", lite).status in {201, 409}
    stage.settle()
    received = [delivery for delivery in stage.ledger.deliveries if delivery.to == NUMBER]
    assert len(received) <= 5
    held = [row["reason"] for name in names for row in stage.messages(name) if row["state"] == "held"]
    assert set(held) == {"limit of the address"}
