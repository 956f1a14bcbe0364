"""What the support desk does with accounts."""

from pathlib import Path

import pytest

from tests.cli_terminal import Terminal
from tests.world import World
from watchword.accounts.model import NewAccount
from watchword.accounts.store.users import Users
from watchword.accounts.usecases.people import add_user
from watchword.accounts.usecases.stores import create_user_store
from watchword.storage.work import Work

NUMBER = "+94721584558"
MOBILE = "http://wso2.org/claims/mobile"
EMAIL = "http://wso2.org/claims/emailaddress"
SECRET_KEY = "http://wso2.org/claims/identity/secretkey"

SHAPE = [
    "exists", "tenant", "realm", "name", "id", "account_locked", "account_state", "locked_reason", "account_disabled",
    "claims", "verified", "roles", "created_at", "login", "failures", "backup_codes_left",
]  # fmt: skip


def add(terminal: Terminal, name: str = "kim", *words: str) -> None:
    assert terminal.run("user", "add", name, "--password-stdin", *words, typed="Sample-Pass-1\n").status == 0


def test_a_user_is_shown_in_the_agreed_shape(dev: Terminal) -> None:
    add(dev, "kim", "--claim", f"{MOBILE}={NUMBER}", "--locked", "--state", "PENDING_SR")
    shown = dev.ask("user", "show", "kim")
    assert list(shown) == SHAPE
    assert shown["account_locked"]
    assert shown["account_state"] == "PENDING_SR"
    assert shown["claims"][MOBILE] == NUMBER
    assert shown["created_at"].endswith("Z")


def test_an_unknown_user_is_an_answer_and_a_status(dev: Terminal) -> None:
    ran = dev.run("user", "show", "nobody", "--json")
    assert (ran.status, ran.document, ran.err) == (1, {"exists": False}, "")


def test_numbers_and_mailboxes_are_masked_outside_development(terminal: Terminal) -> None:
    add(terminal, "kim", "--claim", f"mobile={NUMBER}", "--claim", "emailaddress=kimberly@example.com")
    for words in (("show", "kim", "--json"), ("show", "kim"), ("list",), ("list", "--json")):
        ran = terminal.run("user", *words)
        assert "584558" not in ran.out
        assert "kimberly@" not in ran.out
    assert terminal.ask("user", "show", "kim")["claims"][MOBILE] == "+94•••••558"


def test_secrets_among_the_claims_are_never_shown(dev: Terminal) -> None:
    add(dev, "kim", "--claim", f"{SECRET_KEY}=JBSWY3DPEHPK3PXP")
    ran = dev.run("user", "show", "kim", "--json")
    assert ran.document["claims"][SECRET_KEY] == "(hidden)"
    assert "JBSWY3" not in ran.out


def test_a_claim_is_named_by_its_uri_or_its_last_part(dev: Terminal) -> None:
    add(dev)
    dev.run("user", "set", "kim", "--claim", f"{EMAIL}=kim@example.com", "--claim", "givenname=Kim")
    claims = dev.ask("user", "show", "kim")["claims"]
    assert claims[EMAIL] == "kim@example.com"
    assert claims["http://wso2.org/claims/givenname"] == "Kim"


@pytest.mark.parametrize("claim", ["nonsense=1", "mobile"])
def test_a_claim_that_is_none_is_refused_in_one_line(dev: Terminal, claim: str) -> None:
    ran = dev.run("user", "add", "kim", "--claim", claim)
    assert ran.status == 2
    assert len(ran.err.splitlines()) == 1


def test_an_empty_value_removes_a_claim(dev: Terminal) -> None:
    add(dev, "kim", "--claim", "givenname=Kim")
    dev.run("user", "set", "kim", "--claim", "givenname=")
    assert "http://wso2.org/claims/givenname" not in dev.ask("user", "show", "kim")["claims"]


def test_the_state_of_an_account_is_told_only_to_whoever_knows_the_password(dev: Terminal) -> None:
    add(dev)
    assert dev.ask("user", "try", "kim", "--password", "Sample-Pass-1") == {"login": "ok"}
    dev.run("user", "lock", "kim")
    assert dev.ask("user", "try", "kim", "--password", "Sample-Pass-1") == {"login": "17003"}
    assert dev.ask("user", "try", "kim", "--password", "wrong") == {"login": "17002"}
    dev.run("user", "unlock", "kim")
    assert dev.run("user", "try", "kim", "--password", "Sample-Pass-1").out == "kim can log in.\n"


def test_a_test_user_has_the_sample_password(dev: Terminal) -> None:
    dev.run("user", "add", "kim")
    assert dev.run("user", "try", "kim", "--password", "Sample-Pass-1").status == 0


def test_outside_development_nobody_has_a_password_by_default(terminal: Terminal) -> None:
    terminal.run("user", "add", "kim")
    assert terminal.run("user", "try", "kim", "--password-stdin", typed="Sample-Pass-1\n").status == 1


def test_a_password_on_the_command_line_is_for_development(terminal: Terminal) -> None:
    ran = terminal.run("user", "add", "kim", "--password", "correct horse battery staple")
    assert ran.status == 1
    assert "--password VALUE" in ran.err
    assert terminal.ask("user", "show", "kim") == {"exists": False}


def test_a_password_is_read_from_a_file(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("correct horse battery staple\nsomething else\n")
    assert terminal.run("user", "add", "kim", "--password-file", str(file)).status == 0
    assert terminal.run("user", "try", "kim", "--password-file", str(file)).status == 0


def test_a_new_password_keeps_the_rules(terminal: Terminal) -> None:
    terminal.run("user", "add", "kim")
    assert terminal.run("user", "password", "kim", "--password-stdin", typed="short\n").status == 1
    good = "correct horse battery staple nine"
    assert terminal.run("user", "password", "kim", "--password-stdin", typed=f"{good}\n").status == 0
    assert terminal.run("user", "try", "kim", "--password-stdin", typed=f"{good}\n").status == 0


def test_nobody_is_asked_where_nobody_sits(terminal: Terminal) -> None:
    ran = terminal.run("user", "try", "kim")
    assert ran.status == 1
    assert "--password-stdin" in ran.err


def test_whoever_unlocks_is_told_what_was_never_confirmed(dev: Terminal) -> None:
    add(dev, "kim", "--locked", "--state", "PENDING_SR", "--claim", "mobile=+94721584558")
    assert dev.run("user", "unlock", "kim").out == "kim is unlocked; the phone was never confirmed.\n"
    assert dev.run("user", "unlock", "kim").out == "kim is unlocked.\n"


def test_a_name_in_two_realms_is_listed_twice_wherever_a_page_ends(world: World) -> None:
    def look(work: Work) -> None:
        for realm in ("A", "B"):
            create_user_store(work, realm)
            add_user(work, NewAccount(f"{realm}/kim", None))
        names = [each.name for each in Users(work).page() if each.name.typed == "kim"]
        [following] = Users(work).page(names[0], count=1)
        assert [each.realm for each in names] == ["A", "B"]
        assert following.name == names[1]

    world.do(look)


def test_a_deleted_user_is_gone(dev: Terminal) -> None:
    add(dev)
    assert dev.run("user", "delete", "kim").status == 0
    assert dev.run("user", "delete", "kim").status == 1


def test_names_are_taken_within_a_tenant_and_a_store(dev: Terminal) -> None:
    dev.run("tenant", "create", "acme.example")
    dev.run("userstore", "create", "customers")
    for words in (("kim",), ("CUSTOMERS/kim",), ("kim", "--tenant", "acme.example")):
        assert dev.run("user", "add", *words).status == 0
    refused = dev.ask("user", "add", "kim")
    assert refused["code"] == "20030"
    assert dev.ask("userstore", "list")["realms"] == ["PRIMARY", "CUSTOMERS"]
    assert [each["realm"] for each in dev.ask("user", "list")["users"]] == ["CUSTOMERS", "PRIMARY"]
    assert len(dev.ask("user", "list", "--tenant", "acme.example")["users"]) == 1


@pytest.mark.parametrize("realm", ["9LIVES", "A/B", "A_B", "internal", ""])
def test_a_user_store_has_a_name_of_its_own(dev: Terminal, realm: str) -> None:
    assert dev.ask("userstore", "create", realm)["code"] == "UST-60001"


def test_a_user_store_is_made_once(dev: Terminal) -> None:
    dev.run("userstore", "create", "STAFF")
    for realm in ("primary", "staff"):
        assert dev.ask("userstore", "create", realm)["code"] == "UST-60002"


def test_an_unknown_tenant_is_refused(dev: Terminal) -> None:
    ran = dev.run("user", "list", "--tenant", "nowhere.example")
    assert (ran.status, ran.err) == (1, "watchword: Invalid tenant 'nowhere.example'.\n")
