"""What the support desk is told of somebody who cannot log in, and what it can do."""

import re
from collections.abc import Callable

import pytest

from tests.cli_terminal import Terminal
from watchword.accounts.claims import Channel
from watchword.accounts.guessing import count_failure, spend_guess
from watchword.accounts.model import Factor
from watchword.accounts.usecases.names import find_user
from watchword.applications.model import Application, Option, Step
from watchword.applications.model import Sequence as Steps
from watchword.applications.store import Applications
from watchword.base.entropy import new_id
from watchword.cli.desk import Place
from watchword.installation import open_installation
from watchword.storage.counters import count
from watchword.storage.work import Work


@pytest.fixture
def kim(dev: Terminal) -> Terminal:
    """Return the terminal of an installation in which Kim has an account."""
    assert dev.run("user", "add", "kim", "--claim", "mobile=+94721584558").status == 0
    return dev


def fail(terminal: Terminal, factor: Factor, times: int, *, locks: bool = True) -> None:
    """Let somebody guess wrong as kim."""

    def guess(work: Work) -> None:
        failed = spend_guess(work, find_user(work, "kim"), factor, locks=locks)
        count_failure(work, failed)
        work.commit()

    settings = Place(terminal.home).settings({})
    with open_installation(settings, create=True) as installation:
        for _ in range(times):
            installation.works.do("carbon.super", guess)


def test_a_lock_is_explained_with_what_led_to_it_and_when_it_ends(kim: Terminal) -> None:
    kim.run("policy", "set", "account.lock.handler", "account.lock.handler.enable", "true")
    fail(kim, Factor.SMS, 5)
    shown = kim.run("user", "show", "kim").out
    why = (
        "locked at [^;]* after 5 wrong codes by SMS; opens by itself at [^;]*; `watchword user unlock kim` opens it now"
    )
    assert re.search(why, shown)
    asked = kim.ask("user", "show", "kim")
    assert asked["account_locked"]
    assert not asked["login"]["possible"]
    assert asked["login"]["unlock_at"].endswith("Z")
    assert asked["failures"]["sms"]["count"] == 5
    assert asked["claims"]["http://wso2.org/claims/identity/failedSmsOtpAttempts"] == "0"
    kim.run("user", "unlock", "kim")
    asked = kim.ask("user", "show", "kim")
    assert (asked["account_locked"], asked["login"]["why"], asked["failures"]) == (False, [], {})
    assert "  can log in\n" in kim.run("user", "show", "kim").out


def in_world(terminal: Terminal, act: Callable[[Work], None]) -> None:
    settings = Place(terminal.home).settings({})
    with open_installation(settings, create=True) as installation:
        installation.works.do("carbon.super", act)


def want_code(work: Work, authenticator: str = "sms-otp-authenticator") -> None:
    """Make an application whose second step is a code."""
    steps = Steps((Step((Option("LOCAL", "BasicAuthenticator"),)), Step((Option("LOCAL", authenticator),))))
    application = Application(
        id=new_id(work.entropy, work.now), name="two", sequence=steps, created_at=work.now, modified_at=work.now
    )
    Applications(work).add(application)
    work.commit()


def test_somebody_whom_no_code_reaches_is_not_said_to_log_in(kim: Terminal) -> None:
    kim.run("user", "add", "pat")
    assert "  can log in\n" in kim.run("user", "show", "pat").out  # where no application wants a code
    in_world(kim, want_code)
    shown = kim.run("user", "show", "pat").out
    assert "has no mobile number, so an application that wants a code by SMS lets nobody in" in shown
    assert "can log in\n" not in shown
    assert "can log in\n" in kim.run("user", "show", "kim").out


def test_a_number_to_which_nothing_goes_for_now_is_told(kim: Terminal) -> None:
    def send_too_many(work: Work) -> None:
        for limit in work.settings.limits.sends_per_address:
            while count(work, "sends_per_address", f"{Channel.SMS} +94721584558", limit):
                pass
        work.commit()

    in_world(kim, want_code)
    in_world(kim, send_too_many)
    [why] = kim.ask("user", "show", "kim")["login"]["why"]
    assert re.fullmatch(r"no code by SMS goes out before \S+ UTC, since too many went to the mobile number lately", why)
    assert kim.ask("user", "show", "kim")["login"]["possible"]


def test_each_wall_has_its_words(kim: Terminal) -> None:
    kim.run("user", "lock", "kim")
    kim.run("user", "set", "kim", "--claim", "accountDisabled=true")
    kim.run("user", "require-password-change", "kim")
    shown = kim.run("user", "show", "kim").out
    assert "locked by an administrator; it stays so until `watchword user unlock kim`" in shown
    assert "switched off; `watchword user set kim --claim accountDisabled=false` switches it on" in shown
    assert "must choose another password at the next log-in, since an administrator wants it" in shown
    assert "can log in" not in shown


def test_whoever_has_yet_to_confirm_is_said_to(kim: Terminal) -> None:
    kim.run("user", "add", "pat", "--locked", "--state", "PENDING_SR", "--claim", "mobile=+94721584559")
    assert "waits for its person to confirm the phone" in kim.run("user", "show", "pat").out


def test_codes_that_are_no_longer_compared_are_explained(terminal: Terminal) -> None:
    terminal.run("user", "add", "kim")
    fail(terminal, Factor.SMS, 20)
    shown = terminal.run("user", "show", "kim").out
    assert "codes are no longer compared, since too many in a row were wrong" in shown
    assert "20 wrong codes by SMS in a row, the last at" in shown
    assert "has no password; `watchword user password kim` sets one" in shown


def test_passwords_that_must_wait_are_explained(terminal: Terminal) -> None:
    terminal.run("user", "add", "kim")
    fail(terminal, Factor.PASSWORD, 1)
    assert "1 wrong password in a row" in terminal.run("user", "show", "kim").out
    assert terminal.ask("user", "show", "kim")["login"]["why"] == [
        "has no password; `watchword user password kim` sets one"
    ]


def test_backup_codes_are_printed_once_and_counted(kim: Terminal) -> None:
    made = kim.ask("user", "backup-codes", "kim")
    assert len(made["backup_codes"]) == 10
    for words in (("show", "kim"), ("show", "kim", "--json")):
        out = kim.run("user", *words).out
        assert not [code for code in made["backup_codes"] if code in out]
    assert kim.ask("user", "show", "kim")["backup_codes_left"] == 10
    assert "10 backup codes left" in kim.run("user", "show", "kim").out


def test_a_required_change_is_over_with_the_change(kim: Terminal) -> None:
    kim.run("user", "require-password-change", "kim")
    claim = "http://wso2.org/claims/identity/adminForcedPasswordReset"
    assert kim.ask("user", "show", "kim")["claims"][claim] == "true"
    assert kim.run("user", "password", "kim", "--password", "correct horse battery staple nine").status == 0
    assert claim not in kim.ask("user", "show", "kim")["claims"]
