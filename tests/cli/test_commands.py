"""What holds for every command."""

from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import click
import pytest

from tests.cli.conftest import publish
from tests.cli_terminal import CHEAP, Terminal
from watchword.cli.answers import Answer
from watchword.cli.main import watchword
from watchword.cli.printing import printable


def commands_of(group: click.Group, *words: str) -> Iterator[tuple[str, ...]]:
    for name, found in group.commands.items():
        if isinstance(found, click.Group):
            yield from commands_of(found, *words, name)
        else:
            yield (*words, name)


@pytest.mark.parametrize("words", sorted(commands_of(watchword)), ids=" ".join)
def test_the_help_of_a_command_has_an_example_of_it(terminal: Terminal, words: tuple[str, ...]) -> None:
    ran = terminal.type(*words, "--help")
    assert ran.status == 0
    example = ran.out.rpartition("Example:\n")[2]
    assert f"watchword {' '.join(words)}" in example


def test_without_a_word_the_help_is_shown(terminal: Terminal) -> None:
    ran = terminal.type()
    assert ran.status == 0
    assert "serve" in ran.out


@pytest.mark.parametrize("words", [("usr",), ("user",), ("user", "show"), ("user", "list", "--nonsense")])
def test_a_wrong_command_is_told_in_one_line(terminal: Terminal, words: tuple[str, ...]) -> None:
    ran = terminal.type(*words)
    assert (ran.status, ran.out) == (2, "")
    [line] = ran.err.splitlines()
    assert line.startswith("watchword: ")


def test_a_program_reads_a_refusal_as_json(terminal: Terminal) -> None:
    ran = terminal.run("user", "lock", "kim", "--json")
    assert (ran.status, ran.err) == (1, "")
    assert ran.document == {"error": "There is no user kim.", "exit": 1}


def test_without_a_home_a_command_says_how_to_name_one(terminal: Terminal) -> None:
    ran = terminal.type("user", "list")
    assert (ran.status, ran.err) == (1, "watchword: Which installation? Give --home DIR, or set WATCHWORD_HOME.\n")


def test_the_home_may_stand_in_the_environment(terminal: Terminal) -> None:
    assert terminal.type("user", "list", environment={"WATCHWORD_HOME": str(terminal.home)}).status == 0


def test_without_a_home_the_demo_is_meant_and_named(terminal: Terminal) -> None:
    demo = terminal.folder / ".local" / "state" / "watchword" / "demo"
    demo.mkdir(parents=True)
    ran = terminal.type("user", "list")
    assert ran.status == 0
    assert str(demo) in ran.err
    assert len(ran.err.splitlines()) == 1


def test_the_version_and_the_short_word_for_help(terminal: Terminal) -> None:
    assert terminal.type("--version").out == f"watchword {version('watchword')}\n"
    for words in ((), ("user",), ("user", "show")):
        assert terminal.type(*words, "-h").out == terminal.type(*words, "--help").out != ""


def test_what_a_home_has_to_say_is_left_to_check_and_to_a_server(tmp_path: Path) -> None:
    terminal = Terminal.at(tmp_path, f'{CHEAP}[watchword]\nsecurity_profile = "wso2"\n')
    publish(terminal.home, "http://10.0.0.5:8080/")
    for words in (("user", "list"), ("message", "list"), ("policy", "show", "self-sign-up"), ("check",)):
        assert terminal.run(*words).err == ""


def test_a_server_is_never_started_on_the_demo_by_guess(terminal: Terminal) -> None:
    (terminal.folder / ".local" / "state" / "watchword" / "demo").mkdir(parents=True)
    assert "--home" in terminal.type("serve").err


def test_every_problem_of_the_settings_has_its_line(terminal: Terminal) -> None:
    (terminal.home / "deployment.toml").write_text("[watchword]\nnonsense = 1\n[watchword.limits]\nresend_after = 7\n")
    ran = terminal.run("user", "list")
    assert ran.status == 2
    assert len(ran.err.splitlines()) == 2
    assert "deployment.toml:2" in ran.err


def test_another_folder_holds_the_data(terminal: Terminal, tmp_path: Path) -> None:
    terminal.run("user", "add", "kim", "--data", str(tmp_path / "elsewhere"))
    assert (tmp_path / "elsewhere" / "watchword.db").is_file()
    assert terminal.ask("user", "show", "kim") == {"exists": False}


def test_what_strangers_typed_does_not_steer_a_terminal() -> None:
    assert printable("kim\x1b[2J\u202e\n") == "kim\ufffd[2J\ufffd\ufffd"
    assert Answer({}).status == 0
