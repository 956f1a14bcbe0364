"""All that is wrong, at once."""

import pytest

from tests.cli.conftest import publish
from tests.cli_terminal import Terminal


def test_a_home_that_can_be_served_is_fine(terminal: Terminal) -> None:
    report = terminal.ask("check")
    assert report["ok"]
    assert report["values"]["watchword.hashing.memory_kib"] == {"value": "8", "origin": "deployment.toml:2"}
    assert not (terminal.home / "watchword").exists()


def test_wrong_settings_are_all_told_with_their_lines(terminal: Terminal) -> None:
    (terminal.home / "deployment.toml").write_text("[watchword]\nnonsense = 1\n[watchword.limits]\nresend_after = 7\n")
    ran = terminal.run("check")
    assert ran.status == 1
    assert "deployment.toml:2: watchword.nonsense" in ran.out
    assert "deployment.toml:4: watchword.limits.resend_after" in ran.out


def test_providers_publishers_and_templates_are_looked_at_together(terminal: Terminal) -> None:
    settings = terminal.home / "deployment.toml"
    settings.write_text(settings.read_text() + '[watchword.sms.provider]\nrecipe = "nobody"\n')
    (terminal.home / "sms").mkdir()
    (terminal.home / "sms" / "sms-templates-admin-config.xml").write_text("<configurations>")
    ran = terminal.run("check", "--json")
    assert ran.status == 1
    told = "\n".join(ran.document["problems"])
    assert "there is no recipe 'nobody'" in told
    assert "sms-templates-admin-config.xml" in told


def test_a_broken_publisher_is_wrong_and_a_doubtful_one_is_told(terminal: Terminal) -> None:
    folder = terminal.home / "eventpublishers"
    folder.mkdir()
    (folder / "Broken.xml").write_text("<eventPublisher")
    ran = terminal.run("check", "--json")
    assert ran.status == 1
    assert any(line.startswith("Broken.xml") for line in ran.document["problems"])


def add_settings(terminal: Terminal, text: str) -> None:
    settings = terminal.home / "deployment.toml"
    settings.write_text(settings.read_text() + text)


MAIL = '[output_adapter.email]\nhostname = "mail.example.com"\nfrom_address = "id@example.com"\n'
PROVIDER = """[watchword.sms.provider]\ncurl = 'curl -d "to={{to}}&text={{text}}" URL'\n"""


def gaps(terminal: Terminal) -> list[str]:
    report = terminal.run("check", "--json")
    assert report.status == 0
    return [line[:12] for line in report.document["warnings"] if "cannot be sent" in line]


def test_what_a_tenant_may_send_by_itself_is_not_denied(terminal: Terminal) -> None:
    [sms] = [line for line in terminal.ask("check")["warnings"] if line.startswith("codes by SMS")]
    assert "unless a tenant has an identity provider with sms_url or a sender of its own" in sms


def test_a_parameter_that_nobody_knows_is_not_in_force(terminal: Terminal) -> None:
    table = '[authentication.authenticator.sms_otp]\nname = "SMSOTP"\n'
    add_settings(
        terminal, table + "[authentication.authenticator.sms_otp.parameters]\nTokenLenght = 7\nRetryEnable = false\n"
    )
    report = terminal.ask("check")
    assert "SMSOTP: TokenLenght has no effect here" in report["warnings"]
    assert [key for key in report["values"] if "SMSOTP" in key] == ["authentication.authenticator[SMSOTP].RetryEnable"]


def test_pages_with_a_whole_address_are_told(terminal: Terminal) -> None:
    add_settings(
        terminal,
        "[server]\noffset = 200\n"
        '[authentication.authenticator.sms_otp]\nname = "SMSOTP"\nenable = true\n'
        "[authentication.authenticator.sms_otp.parameters]\n"
        'SMSOTPAuthenticationEndpointURL = "https://localhost:9443/smsotpauthenticationendpoint/smsotp.jsp"\n'
        'MobileNumberRegPage = "https://pages.example/mobile.jsp"\n',
    )
    told = "\n".join(terminal.ask("check")["warnings"])
    assert "SMSOTPAuthenticationEndpointURL names a page of this server, so it means" in told
    assert ":9643/smsotpauthenticationendpoint/smsotp.jsp, not https://localhost:9443/" in told
    assert "MobileNumberRegPage leads to https://pages.example, which is not this server" in told


def test_a_channel_without_a_sender_is_told_and_no_error(terminal: Terminal) -> None:
    assert gaps(terminal) == ["codes by SMS", "codes by EMA"]
    add_settings(terminal, MAIL)
    assert gaps(terminal) == ["codes by SMS"]
    publish(terminal.home, "https://sms.example.com/")
    assert gaps(terminal) == []


def test_a_provider_that_may_not_be_called_is_wrong_and_the_line_to_write_is_told(terminal: Terminal) -> None:
    add_settings(terminal, PROVIDER.replace("URL", "http://10.0.0.5:8080/send"))
    ran = terminal.run("check", "--json")
    assert ran.status == 1
    [wrong] = ran.document["problems"]
    assert wrong.endswith('write allow = ["http://10.0.0.5:8080"] under [watchword.outgoing]')
    add_settings(terminal, '[watchword.outgoing]\nallow = ["http://10.0.0.5:8080"]\n')
    assert terminal.run("check").status == 0


def test_a_provider_that_nobody_may_call_has_no_line_to_write(terminal: Terminal) -> None:
    add_settings(terminal, PROVIDER.replace("URL", "http://169.254.169.254/"))
    [wrong] = terminal.run("check", "--json").document["problems"]
    assert "credentials" in wrong
    assert "allow" not in wrong


@pytest.mark.parametrize(("password", "told"), [("admin", 1), ("correct horse battery staple", 0)])
def test_an_administrator_who_will_not_be_made_is_told(terminal: Terminal, password: str, told: int) -> None:
    add_settings(terminal, f'[super_admin]\nusername = "admin"\npassword = "{password}"\n')
    warnings = [line for line in terminal.ask("check")["warnings"] if "watchword admin create admin" in line]
    assert len(warnings) == told
    assert not any("super_admin" in line for line in terminal.ask("check", "--dev")["warnings"])


def test_what_people_meet_instead_of_a_value_is_told_beside_it(terminal: Terminal) -> None:
    told = terminal.run("check").out
    assert "at least 15 characters" in told
    assert "codes have 8 characters" in told
    add_settings(
        terminal,
        "[identity_mgt.password_policy]\nenable = true\nmin_length = 20\n"
        "[identity_mgt.user_self_registration.otp]\nuse_numeric_in_otp = true\n",
    )
    told = terminal.run("check").out
    assert "at least 15 characters" not in told
    assert "codes have" not in told


def test_without_keys_a_shared_database_is_not_ready(terminal: Terminal) -> None:
    settings = terminal.home / "deployment.toml"
    settings.write_text(settings.read_text() + '[watchword.database]\nurl = "postgresql://u:secret@127.0.0.1:9/d"\n')
    ran = terminal.run("check")
    assert ran.status == 1
    assert "watchword keys create" in ran.out
    assert "secret@" not in ran.out
