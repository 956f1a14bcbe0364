"""What is wrong with the server's own address is said, and said together."""

from pathlib import Path

import pytest

from watchword.base.home import load_settings
from watchword.base.operator_files import SettingsRefused
from watchword.tenants.policies import all_properties

WRONG = {
    'watchword.server.port = "abc"': "watchword.server.port",
    "watchword.server.port = 70000": "watchword.server.port",
    "watchword.server.host = 5": "watchword.server.host",
    'watchword.server.management_port = "x"': "watchword.server.management_port",
    "watchword.public_url = 5": "watchword.public_url",
}


@pytest.mark.parametrize(("line", "key"), WRONG.items())
def test_a_wrong_address_is_named(tmp_path: Path, line: str, key: str) -> None:
    (tmp_path / "deployment.toml").write_text(line, encoding="utf-8")
    with pytest.raises(SettingsRefused) as refused:
        load_settings(tmp_path, properties=all_properties())
    assert [problem.key for problem in refused.value.problems] == [key]
    assert refused.value.problems[0].line == 1


def test_the_bare_keys_of_the_published_guide_are_read(tmp_path: Path) -> None:
    (tmp_path / "deployment.toml").write_text(
        'enable_detailed_api_response = true\ndefault_notification_channel = "SMS"\n'
        "resolve_notification_channel = true\n",
        encoding="utf-8",
    )
    settings = load_settings(tmp_path, properties=all_properties())
    assert settings.policies["SelfRegistration.API.EnableDetailedResponseBody"] is True
    assert settings.policies["Notification.DefaultNotificationChannel"] == "SMS"
    assert not settings.ignored
