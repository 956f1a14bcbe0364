"""What a test moves and puts in place, and that nobody else can."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cli_terminal import Terminal
from watchword.cli.durations import parse_duration


def test_the_clock_moves_forward_and_adds_up(dev: Terminal) -> None:
    assert dev.ask("clock", "advance", "PT61S")["offset_seconds"] == 61
    assert dev.ask("clock", "advance", "P1D")["offset_seconds"] == 86461
    dev.run("user", "add", "kim")
    moved = dev.ask("clock", "advance", "PT0S")["now"]
    assert dev.ask("user", "show", "kim")["created_at"] <= moved


def test_what_is_done_after_a_move_is_done_later(dev: Terminal) -> None:
    kim, _, lee = dev.batch("user add kim", "clock advance PT1H", "user add lee")
    assert lee["id"] > kim["id"]
    first, second = dev.ask("audit", "list")["events"]
    assert first["at"][:13] != second["at"][:13]


def test_a_clock_that_was_moved_is_set_back_to_the_machines(dev: Terminal) -> None:
    moved = dev.run("clock", "advance", "P1D")
    assert "`watchword clock reset` ends that" in moved.out
    _, back, again = dev.batch("user add kim", "clock reset", "clock reset")
    assert back["offset_seconds"] == again["offset_seconds"] == 0
    assert back["now"] < dev.ask("user", "show", "kim")["created_at"]


def test_setting_the_clock_back_says_what_stays_later(dev: Terminal) -> None:
    dev.run("clock", "advance", "PT301S")
    assert "may last 301 seconds longer" in dev.run("clock", "reset").out
    assert "longer" not in dev.run("clock", "reset").out


def test_the_clock_of_the_demo_is_moved_like_any_other(terminal: Terminal) -> None:
    folder = terminal.folder / ".local/state/watchword/demo"
    folder.mkdir(parents=True)
    moved, made = terminal.type("batch", typed="clock advance P1D\nuser add kim\n").documents
    assert moved["offset_seconds"] == 86400
    assert made["id"] > terminal.run("user", "add", "kim", "--json").document["id"]
    assert (folder / "clock").exists()


@pytest.mark.parametrize("command", ["clock advance PT61S", "clock reset", "testing code put --user kim --code 1"])
def test_outside_development_nothing_moves(terminal: Terminal, command: str) -> None:
    ran = terminal.run(*command.split())
    assert ran.status == 1
    assert "development" in ran.err
    assert not (terminal.home / "watchword" / "clock").exists()


@pytest.mark.parametrize("text", ["", "P", "PT", "61", "PT-1S", "P1Y", "P1M", "PT1.5M", "pt1s", "P99999999999D"])
def test_what_is_no_duration_is_refused(dev: Terminal, text: str) -> None:
    assert dev.run("clock", "advance", text).status == 1


COUNTS = st.integers(0, 99)


@given(days=COUNTS, hours=COUNTS, minutes=COUNTS, thousandths=st.integers(0, 99999))
def test_a_written_duration_is_read_again(days: int, hours: int, minutes: int, thousandths: int) -> None:
    written = f"P{days}DT{hours}H{minutes}M{thousandths // 1000}.{thousandths % 1000:03}S"
    span = timedelta(days=days, hours=hours, minutes=minutes, milliseconds=thousandths)
    assert abs(parse_duration(written) - span) <= timedelta(microseconds=1)


def test_a_code_is_put_in_place_and_never_told(dev: Terminal) -> None:
    dev.run("user", "add", "kim", "--locked", "--state", "PENDING_SR")
    ran = dev.run("testing", "code", "put", "--user", "kim", "--code", "A1B2C3", "--channel", "SMS", "--json")
    assert ran.document == {"user": "kim", "scenario": "SELF_SIGN_UP", "step": "CONFIRM_SIGN_UP", "channel": "SMS"}
    assert b"A1B2C3" not in (dev.home / "watchword" / "watchword.db").read_bytes()


def test_a_step_belongs_to_its_scenario(dev: Terminal) -> None:
    dev.run("user", "add", "kim")
    words = ("testing", "code", "put", "--user", "kim", "--code", "1", "--scenario", "SELF_SIGN_UP")
    assert dev.run(*words, "--step", "CONFIRM_SIGN_UP").status == 0
    assert dev.run(*words, "--step", "VERIFY_EMAIL").status == 1
