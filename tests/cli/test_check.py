"""All that is wrong, at once."""

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


def test_without_keys_a_shared_database_is_not_ready(terminal: Terminal) -> None:
    settings = terminal.home / "deployment.toml"
    settings.write_text(settings.read_text() + '[watchword.database]\nurl = "postgresql://u:secret@127.0.0.1:9/d"\n')
    ran = terminal.run("check")
    assert ran.status == 1
    assert "watchword keys create" in ran.out
    assert "secret@" not in ran.out
