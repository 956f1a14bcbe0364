"""What an operator switched on, and an attacker goes round: CONF."""

import pytest

from tests.attacks.stage import API, Stage, registration

case = pytest.mark.case
CAPTCHA = '{"identity_mgt": {"user_self_registration": {"enable_recaptcha": true}}}'


@case("CONF-01", toml=CAPTCHA)
def test_the_captcha_is_asked_for_at_the_core(stage: Stage) -> None:
    """That an answer is used once is the verifier's promise; proof of work comes later."""
    name = stage.new_name()
    refused = [{}, {"g-recaptcha-response": ""}, {"g-recaptcha-response": "wrong"}, {"captcha": "good"}]
    body = {**registration(name), "properties": [{"key": "g-recaptcha-response", "value": "good"}]}
    with stage.no_effect():
        for headers in refused:
            assert stage.register(name, headers=headers).status == 400
            assert stage.register(name, headers=headers, realm="SECONDARY").status == 400
        assert stage.ask("POST", f"{API}/me", body).status == 400
        assert stage.ask("POST", f"{API}/me?g-recaptcha-response=good", registration(name)).status == 400
    assert stage.register(name, headers={"g-recaptcha-response": "good"}).status == 201
