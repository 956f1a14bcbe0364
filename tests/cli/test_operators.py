"""What an operator sets up: administrators, clients, tenants, policies, keys, the schema."""

import pytest

from tests.cli_terminal import Terminal

CONNECTOR = "self-sign-up"
EXPIRY = "SelfRegistration.VerificationCode.ExpiryTime"


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("admin", "well-known"),
        ("Watchword", "well-known"),
        ("password", "list of common passwords"),
        ("Letmein2024", "list of common passwords"),
        ("lee", "must not be the name"),
    ],
)
def test_a_well_known_password_makes_no_administrator(terminal: Terminal, password: str, why: str) -> None:
    ran = terminal.run("admin", "create", "lee", "--password-stdin", typed=f"{password}\n")
    assert ran.status == 1
    assert why in ran.err
    assert terminal.ask("user", "show", "lee") == {"exists": False}


def test_an_administrator_is_made(terminal: Terminal) -> None:
    ran = terminal.run("admin", "create", "lee", "--password-stdin", typed="correct horse battery staple\n")
    assert (ran.status, ran.out) == (0, "lee is an administrator of carbon.super.\n")
    assert terminal.ask("user", "show", "lee")["roles"] == ["admin"]


def test_in_development_the_published_password_will_do(dev: Terminal) -> None:
    assert dev.run("admin", "create", "admin", "--password", "admin").status == 0


def test_the_secret_of_a_client_is_shown_once(terminal: Terminal) -> None:
    made = terminal.ask("client", "create", "shop", "--permission", "selfregister:create")
    assert len(made["secret"]) == 40
    listed = terminal.run("client", "list", "--json")
    assert listed.document["clients"][0]["permissions"] == ["selfregister:create"]
    assert made["secret"] not in listed.out
    again = terminal.ask("client", "create", "Shop", "--permission", "usermgt:view")
    assert again["code"] == "20030"


def test_two_clients_have_two_secrets(terminal: Terminal) -> None:
    made = [terminal.ask("client", "create", name, "--permission", "usermgt:view") for name in ("shop", "till")]
    assert made[0]["secret"] != made[1]["secret"]


def test_an_unknown_permission_is_refused(terminal: Terminal) -> None:
    ran = terminal.run("client", "create", "shop", "--permission", "everything")
    assert ran.status == 2
    assert "selfregister:create" in ran.err


def test_a_deleted_client_is_gone(terminal: Terminal) -> None:
    terminal.run("client", "create", "shop", "--permission", "usermgt:view")
    assert terminal.ask("client", "delete", "SHOP")["deleted"]
    assert terminal.run("client", "delete", "shop").status == 1


def test_tenants_are_made_and_listed(terminal: Terminal) -> None:
    assert terminal.ask("tenant", "create", "acme.example")["domain"] == "acme.example"
    assert terminal.ask("tenant", "create", "acme.example")["code"] == "TM-60002"
    assert [each["domain"] for each in terminal.ask("tenant", "list")["tenants"]] == ["acme.example"]


def test_a_policy_is_set_in_one_tenant_and_reverted(dev: Terminal) -> None:
    dev.run("tenant", "create", "acme.example")
    before = dev.ask("policy", "show", CONNECTOR)["properties"][EXPIRY]
    there = ("--tenant", "acme.example")
    assert dev.ask("policy", "set", CONNECTOR, EXPIRY, "17", *there)["value"] == "17"
    assert dev.ask("policy", "show", CONNECTOR, *there)["properties"][EXPIRY] == "17"
    assert dev.ask("policy", "show", CONNECTOR)["properties"][EXPIRY] == before
    dev.run("policy", "revert", EXPIRY, *there)
    assert dev.ask("policy", "show", CONNECTOR, *there)["properties"][EXPIRY] == before


def test_a_property_is_reverted_with_or_without_its_connector(dev: Terminal) -> None:
    before = dev.ask("policy", "show", CONNECTOR)["properties"][EXPIRY]
    dev.run("policy", "set", CONNECTOR, EXPIRY, "17")
    assert dev.run("policy", "revert", "password-recovery", EXPIRY).status != 0
    assert dev.run("policy", "revert", CONNECTOR).status == 2
    assert dev.ask("policy", "revert", CONNECTOR, EXPIRY) == {"reverted": [EXPIRY]}
    assert dev.ask("policy", "show", CONNECTOR)["properties"][EXPIRY] == before


def test_a_negative_number_is_a_value_and_no_option(dev: Terminal) -> None:
    settings = dev.home / "deployment.toml"
    settings.write_text(settings.read_text().replace("dev = true", 'dev = true\nsecurity_profile = "wso2"'))
    assert dev.ask("policy", "set", CONNECTOR, EXPIRY, "-1")["value"] == "-1"


def test_what_cannot_be_a_policy_is_refused_in_one_line(dev: Terminal) -> None:
    for words in ((CONNECTOR, EXPIRY, "soon"), (CONNECTOR, "Nonsense", "1"), ("nonsense", EXPIRY, "1")):
        ran = dev.run("policy", "set", *words)
        assert ran.status == 1
        assert len(ran.err.splitlines()) == 1


def test_keys_are_made_once(terminal: Terminal) -> None:
    first = terminal.ask("keys", "create")
    key = (terminal.home / "watchword" / "keys" / "secret.key").read_text()
    assert (first["created"], terminal.ask("keys", "create")["created"]) == (True, False)
    assert (terminal.home / "watchword" / "keys" / "secret.key").read_text() == key
    assert key.strip() not in str(first)


def test_a_database_is_migrated_once(terminal: Terminal) -> None:
    first, second = terminal.ask("migrate"), terminal.ask("migrate")
    assert first["from"] is None
    assert second == {"from": first["to"], "to": first["to"]}


def test_signing_keys_are_listed_changed_and_retired(terminal: Terminal) -> None:
    [first] = terminal.ask("keys", "list")["keys"]
    assert (first["id"], first["state"]) == ("1", "active")
    assert "there is no next key" in terminal.run("keys", "promote").err.lower()
    assert terminal.ask("keys", "next")["state"] == "next"
    assert terminal.ask("keys", "promote")["id"] == "2"
    assert [each["state"] for each in terminal.ask("keys", "list")["keys"]] == ["active", "retired"]
    assert terminal.run("keys", "retire", "2").status == 1
    assert terminal.ask("keys", "retire", "1")["deleted"] is True
