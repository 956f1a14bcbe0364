"""What the operator's files say about authenticators (sms-otp.md 2.1, seed 003)."""

from pathlib import Path

import pytest

from tests.operator_home import Home
from watchword.base.operator_files import SettingsRefused

SEED_003 = """
<ApplicationAuthentication xmlns="http://wso2.org/projects/carbon/application-authentication.xml">
  <AuthenticatorConfigs>
    <AuthenticatorConfig name="SMSOTP" enabled="true">
      <Parameter name="RetryEnable">true</Parameter>
      <Parameter name="usecase">association</Parameter>
      <Parameter name="TokenExpiryTime">60</Parameter>
    </AuthenticatorConfig>
  </AuthenticatorConfigs>
</ApplicationAuthentication>
"""


@pytest.fixture
def xml(home: Home) -> Path:
    path = home.folder / "repository" / "conf" / "identity" / "application-authentication.xml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(SEED_003)
    return path


def test_the_file_of_seed_003_is_read(home: Home, xml: Path) -> None:
    settings = home.load()
    assert settings.security_profile == "wso2"
    said = settings.authenticators["SMSOTP"]
    assert said.enabled
    assert said.parameters == {"RetryEnable": "true", "usecase": "association", "TokenExpiryTime": "60"}
    origin = settings.values["authentication.authenticator[SMSOTP].TokenExpiryTime"].origin
    assert origin == f"{xml.name}:7"


def test_deployment_toml_beats_it_value_by_value(home: Home, xml: Path) -> None:
    assert xml.exists()
    home.write(
        "[authentication.authenticator.whatever]\nname = 'SMSOTP'\nenable = false\n"
        "[authentication.authenticator.whatever.parameters]\nRetryEnable = false\nTokenLength = 8\n",
        "repository/conf/deployment.toml",
    )
    said = home.load().authenticators["SMSOTP"]
    assert not said.enabled
    assert said.parameters["RetryEnable"] == "false"
    assert said.parameters["TokenLength"] == "8"
    assert said.parameters["usecase"] == "association"


def test_the_singular_table_is_read_with_a_warning(home: Home) -> None:
    home.write("[authentication.authenticator.sms_otp.parameter]\nBackupCode = true\n")
    settings = home.load()
    assert settings.authenticators["SMSOTP"].parameters == {"BackupCode": "true"}
    assert any("is read as .parameters" in line for line in settings.warnings)
    assert settings.ignored == ()


@pytest.mark.parametrize("name", ["", "name = 'Hypr'\n"])
def test_tables_of_others_are_left_alone(home: Home, name: str) -> None:
    home.write(f"[authentication.authenticator.hypr]\n{name}[authentication.authenticator.hypr.parameters]\na = [1]\n")
    settings = home.load()
    assert settings.authenticators == {}
    assert any("authentication.authenticator.hypr.parameters.a" in line for line in settings.ignored)


def test_a_parameter_must_be_a_plain_value(home: Home) -> None:
    home.write("[authentication.authenticator.sms_otp.parameters]\norder = ['a']\n")
    assert "must be a text, a number, true or false" in home.refusal()


@pytest.mark.parametrize(
    "document", [SEED_003.replace("</AuthenticatorConfig>", ""), "<!DOCTYPE a [<!ENTITY b 'c'>]>" + SEED_003]
)
def test_a_broken_or_dangerous_file_stops_the_start(home: Home, xml: Path, document: str) -> None:
    xml.write_text(document)
    with pytest.raises(SettingsRefused, match=r"application-authentication\.xml"):
        home.load()
