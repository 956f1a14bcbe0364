"""Applications and identity providers as files, and the commands about them."""

import json
import os
from pathlib import Path

import pytest

from tests.applications.kit import SECRET, SMS_URL, certificate
from tests.applications.test_metadata import key, metadata
from tests.cli_terminal import Ran, Terminal
from watchword.base.masking import MASK

CARRIER = f"""
kind = "identity-provider"
name = "SMSOTP"

[federatedAuthenticators]
defaultAuthenticatorId = "SMSOTP"

[[federatedAuthenticators.authenticators]]
authenticatorId = "SMSOTP"
isEnabled = true
properties = [
    {{ key = "sms_url", value = "{SMS_URL}" }},
    {{ key = "http_method", value = "POST" }},
    {{ key = "headers", value = "$env{{SMS_HEADERS}}" }},
]
"""
SHOP = """
kind = "application"
name = "travelocity.com"

[inboundProtocolConfiguration.saml.manualConfiguration]
issuer = "travelocity.com"
assertionConsumerUrls = ["http://localhost:8080/travelocity.com/home.jsp"]
attributeProfile = { enabled = true, alwaysIncludeAttributesInResponse = true }

[claimConfiguration]
requestedClaims = [{ claim = { uri = "http://wso2.org/claims/mobile" } }]

[authenticationSequence]
type = "USER_DEFINED"

[[authenticationSequence.steps]]
id = 1
options = [{ idp = "LOCAL", authenticator = "BasicAuthenticator" }]

[[authenticationSequence.steps]]
id = 2
options = [{ idp = "SMSOTP", authenticator = "SMSOTP" }]
"""


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Return the names of the files of the seeds, the application first."""
    (tmp_path / "shop.toml").write_text(SHOP)
    (tmp_path / "carrier.toml").write_text(CARRIER)
    return [str(tmp_path / "shop.toml"), str(tmp_path / "carrier.toml")]


def apply(terminal: Terminal, *words: str, headers: str = SECRET) -> Ran:
    environment = {"SMS_HEADERS": headers}
    return terminal.type("apply", *words, "--home", str(terminal.home), environment=environment)


def test_the_same_files_again_change_nothing(terminal: Terminal, files: list[str]) -> None:
    first = apply(terminal, *files)
    assert first.status == 0, first.err
    assert "identity-provider SMSOTP: created" in first.out
    assert "application travelocity.com: created" in first.out
    assert "s3cret" not in first.out
    assert f'  + federatedAuthenticators.authenticators.U01TT1RQ.properties.headers = "{MASK}"' in first.out
    assert "homeRealmIdentifier" not in first.out
    again = apply(terminal, *files, "--json")
    assert [each["outcome"] for each in again.document["objects"]] == ["unchanged", "unchanged"]
    assert terminal.ask("application", "list")["applications"][0]["issuer"] == "travelocity.com"
    assert terminal.ask("idp", "list")["identityProviders"][0]["authenticators"] == ["SMSOTP"]


def test_a_diff_shows_what_would_change_and_changes_nothing(terminal: Terminal, files: list[str]) -> None:
    told = apply(terminal, *files, "--diff")
    assert (told.status, "would be created" in told.out) == (0, True)
    assert terminal.ask("application", "list")["applications"] == []
    apply(terminal, *files)
    shop = Path(files[0])
    shop.write_text(shop.read_text().replace("localhost:8080", "localhost:8081"))
    told = apply(terminal, *files, "--diff", headers="Authorization: bearer an0ther")
    assert "~ inboundProtocolConfiguration.saml.manualConfiguration.assertionConsumerUrls: " in told.out
    assert "localhost:8081" in told.out
    assert f'headers: "{MASK}" -> another value' in told.out
    assert "an0ther" not in told.out
    assert "s3cret" not in told.out
    assert "localhost:8081" not in terminal.run("application", "show", "travelocity.com").out


def test_what_is_left_out_goes_back_to_what_is_usual(terminal: Terminal, files: list[str]) -> None:
    apply(terminal, *files)
    shop = Path(files[0])
    shop.write_text(shop.read_text().partition("[claimConfiguration]")[0])
    told = apply(terminal, files[0])
    assert "- claimConfiguration.requestedClaims" in told.out
    shown = terminal.ask("application", "show", "travelocity.com")
    assert shown["authenticationSequence"]["type"] == "DEFAULT"


def test_what_is_shown_can_be_applied(terminal: Terminal, files: list[str], tmp_path: Path) -> None:
    apply(terminal, *files)
    for group, name in (("application", "travelocity.com"), ("idp", "SMSOTP")):
        for number, words in enumerate([("show", name), ("show", name, "--json")]):
            written = tmp_path / f"{group}.{'json' if number else 'toml'}"
            written.write_text(terminal.run(group, *words).out)
            told = apply(terminal, str(written), "--json")
            assert [each["outcome"] for each in told.document["objects"]] == ["unchanged"]
    assert MASK in (tmp_path / "idp.toml").read_text()
    assert "s3cret" not in (tmp_path / "idp.json").read_text()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ('kind = "application"\nname = ,', "line 2"),
        ('name = "shop"', "kind"),
        ('kind = "application"\nname = "a/b"', "name"),
        ('kind = "application"\nname = "shop"\nclaims = 1', "claims: there is no such member"),
        ('kind = "application"\nname = "shop"\n[advancedConfigurations]\nsaaS = true', "advancedConfigurations.saaS"),
        ('kind = "application"\nname = "shop"\n[advancedConfigurations]\nsaas = 3', "advancedConfigurations.saas"),
        ('kind = "application"\nname = "shop"\ndescription = "$env{NOBODY_SET_THIS}"', "NOBODY_SET_THIS"),
        ('kind = "identity-provider"\nname = "LOCAL"', "reserved"),
    ],
)
def test_what_is_wrong_is_told_with_file_and_member(terminal: Terminal, tmp_path: Path, wrong: str, told: str) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(wrong)
    ran = apply(terminal, str(file))
    assert ran.status == 1
    assert str(file) in ran.err
    assert told in ran.err


def test_metadata_make_an_application(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "sp.xml"
    file.write_text(metadata(key(certificate())))
    ran = apply(terminal, "--metadata", str(file), "--name", "mellon")
    assert ran.status == 0, ran.err
    assert "certificate for signing: CN=sp" in ran.out
    saml = terminal.ask("application", "show", "mellon")["inboundProtocolConfiguration"]["saml"]
    assert saml["manualConfiguration"]["issuer"] == "https://sp.example/metadata"
    assert apply(terminal, "--metadata", str(file)).status == 2
    assert apply(terminal).status == 2


def test_a_provider_in_use_is_deleted_by_force_alone(terminal: Terminal, files: list[str]) -> None:
    apply(terminal, *files)
    ran = terminal.run("idp", "delete", "SMSOTP")
    assert (ran.status, "travelocity.com" in ran.err) == (1, True)
    off = Path(files[1])
    off.write_text(
        off.read_text().replace("isEnabled = true", "isEnabled = false").replace('Id = "SMSOTP"\n\n', 'Id = ""\n\n')
    )
    assert apply(terminal, str(off)).status == 1
    assert apply(terminal, str(off), "--force").status == 0
    assert terminal.run("idp", "delete", "SMSOTP", "--force").status == 0
    assert terminal.run("application", "delete", "travelocity.com").status == 0
    assert terminal.run("application", "delete", "travelocity.com").status == 1


def test_a_file_is_for_one_tenant(terminal: Terminal, files: list[str]) -> None:
    terminal.run("tenant", "create", "acme.example")
    apply(terminal, *files, "--tenant", "acme.example")
    assert terminal.ask("application", "list")["applications"] == []
    assert len(terminal.run("application", "list", "--tenant", "acme.example", "--json").document["applications"]) == 1


def test_an_export_is_json_that_a_program_reads(terminal: Terminal, files: list[str]) -> None:
    apply(terminal, *files)
    shown = terminal.run("idp", "show", "smsotp", "--json").out
    assert json.loads(shown)["kind"] == "identity-provider"


def test_metadata_applied_again_leave_what_they_do_not_speak_of(
    terminal: Terminal, files: list[str], tmp_path: Path
) -> None:
    apply(terminal, *files)
    before = terminal.ask("application", "show", "travelocity.com")
    file = tmp_path / "sp.xml"
    file.write_text(metadata())
    ran = apply(terminal, "--metadata", str(file), "--name", "travelocity.com")
    assert ran.status == 0, ran.err
    after = terminal.ask("application", "show", "travelocity.com")
    for kept in ("authenticationSequence", "claimConfiguration"):
        assert after[kept] == before[kept]
    saml = after["inboundProtocolConfiguration"]["saml"]["manualConfiguration"]
    assert saml["issuer"] == "https://sp.example/metadata"
    assert saml["attributeProfile"]["alwaysIncludeAttributesInResponse"] is True
    assert "steps: BasicAuthenticator, then SMSOTP" in ran.out
    again = apply(terminal, "--metadata", str(file), "--name", "travelocity.com", "--json")
    assert again.document["objects"][0]["outcome"] == "unchanged"


def test_metadata_that_say_less_do_not_end_the_need_for_signed_requests(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "sp.xml"
    file.write_text(metadata(key(certificate()), attributes='AuthnRequestsSigned="true"'))
    apply(terminal, "--metadata", str(file), "--name", "app")
    file.write_text(metadata(key(certificate())))
    ran = apply(terminal, "--metadata", str(file), "--name", "app", "--json")
    assert ran.document["objects"][0]["outcome"] == "unchanged"


def test_metadata_tell_that_there_is_no_second_factor_and_options_add_it(
    terminal: Terminal, files: list[str], tmp_path: Path
) -> None:
    apply(terminal, files[1])
    file = tmp_path / "sp.xml"
    file.write_text(metadata())
    words = ("--metadata", str(file), "--name", "app")
    told = apply(terminal, *words).out
    assert "no second factor" in told
    assert "attributes: none" in told
    ran = apply(terminal, *words, "--steps", "BasicAuthenticator,SMSOTP:SMSOTP", "--claim", "mobile")
    assert ran.status == 0, ran.err
    assert "no second factor" not in ran.out
    shown = terminal.ask("application", "show", "app")
    assert [each["options"][0]["idp"] for each in shown["authenticationSequence"]["steps"]] == ["LOCAL", "SMSOTP"]
    assert shown["claimConfiguration"]["requestedClaims"][0]["claim"]["uri"] == "http://wso2.org/claims/mobile"
    assert apply(terminal, *words, "--steps", "BasicAuthenticator,NOPE:SMSOTP", "--diff").status == 1
    assert apply(terminal, files[0], "--claim", "mobile").status == 2


def test_no_secret_follows_to_another_provider(terminal: Terminal, files: list[str]) -> None:
    apply(terminal, *files)
    carrier = Path(files[1])
    moved = carrier.read_text().replace("sms.example", "other.example")
    carrier.write_text(moved.replace('value = "$env{SMS_HEADERS}"', f'value = "{MASK}"'))
    refused = apply(terminal, str(carrier))
    assert (refused.status, "headers" in refused.err) == (1, True)
    carrier.write_text("\n".join(line for line in moved.splitlines() if "headers" not in line))
    told = apply(terminal, str(carrier))
    assert f'- federatedAuthenticators.authenticators.U01TT1RQ.properties.headers = "{MASK}"' in told.out
    assert "headers" not in terminal.run("idp", "show", "SMSOTP").out


def test_a_diff_refuses_what_apply_refuses(terminal: Terminal, files: list[str]) -> None:
    shop = Path(files[0])
    for slip in ('idp = "NOPE"', 'idp = "SMSOTP", authenticator = "SMSOPT" # '):
        shop.write_text(SHOP.replace('idp = "SMSOTP"', slip).replace("# , authenticator", "}] # "))
        for words in ((), ("--diff",)):
            ran = apply(terminal, *files, *words)
            assert (ran.status, "step 2" in ran.err) == (1, True)


def test_a_logout_without_an_address_is_noted(terminal: Terminal, files: list[str]) -> None:
    shop = Path(files[0])
    shop.write_text(SHOP.replace("attributeProfile", "singleLogoutProfile = { enabled = true }\nattributeProfile"))
    assert "note: singleLogoutProfile is enabled without logoutRequestUrl" in apply(terminal, *files).out


def test_people_of_several_tenants_who_look_alike_are_noted(terminal: Terminal, files: list[str]) -> None:
    shop = Path(files[0])
    for rule, is_noted in (("", True), ("[claimConfiguration.subject]\nincludeTenantDomain = true\n", False)):
        text = SHOP.replace("[authenticationSequence]", f"{rule}[authenticationSequence]")
        shop.write_text(f"{text}\n[advancedConfigurations]\nsaas = true\n")
        assert ("note: advancedConfigurations.saas is on" in apply(terminal, *files).out) is is_noted


DEEP = 100_000


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("deep.json", '{"kind": ' + "[" * DEEP, "levels"),
        ("deep.toml", "kind = " + "[" * 5000 + "]" * 5000, "levels"),
        ("levels.toml", 'kind = "application"\nname = ' + "[" * 40 + "]" * 40, "levels"),
        ("twice.json", '{"kind": "application", "name": "a", "name": "b"}', "'name' stands twice"),
        ("nan.json", '{"kind": "application", "name": "a", "x": NaN}', "NaN is no JSON number"),
    ],
)
def test_a_hostile_file_is_told_in_one_line(
    terminal: Terminal, tmp_path: Path, name: str, text: str, told: str
) -> None:  # fmt: skip
    file = tmp_path / name
    file.write_text(text)
    ran = apply(terminal, str(file))
    assert ran.status == 1
    assert len(ran.err.strip().splitlines()) == 1
    assert str(file) in ran.err
    assert told in ran.err


def test_what_is_no_file_is_not_waited_for(terminal: Terminal, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.toml")
    (tmp_path / "folder.toml").mkdir()
    for name in ("pipe.toml", "folder.toml"):
        ran = apply(terminal, str(tmp_path / name))
        assert ran.status != 0
        assert name in ran.err
        assert "Traceback" not in ran.err


def test_a_message_without_number_or_text_is_noted(terminal: Terminal, files: list[str]) -> None:
    carrier = Path(files[1])
    carrier.write_text(carrier.read_text().replace("$ctx.num", "nobody"))
    told = apply(terminal, str(carrier)).out
    assert "no $ctx.num stands in" in told
    assert "no $ctx.msg" not in told
