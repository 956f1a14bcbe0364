"""What an operator sees of sessions, and how they are ended."""

from pathlib import Path

import pytest

from tests.cli_terminal import CHEAP, Terminal
from tests.conftest import WorldMaker
from tests.login.stage import add_provider
from tests.login.visitor import BASIC, Visitor, add_application, with_protocol
from tests.world import World
from watchword.accounts.claims import BACKUP_CODES, MOBILE
from watchword.applications.authenticators import SMS_OTP
from watchword.applications.model import Option, ProviderAuthenticator

AGENT = "Test Browser/1.0"


@pytest.fixture
def world(worlds: WorldMaker) -> World:
    world = worlds(additions=with_protocol())
    world.add_person("kim")
    return world


@pytest.fixture
def visitor(world: World) -> Visitor:
    """Return a browser in which kim is logged in."""
    visitor = Visitor(world, headers={"user-agent": AGENT})
    visitor.begin(add_application(world, "one"))
    visitor.password("kim")
    visitor.finish()
    return visitor


@pytest.fixture
def words(world: World) -> tuple[str, str]:
    """Return what names the folder of the world's server."""
    data = world.installation.settings.data
    (data / "keys").mkdir()
    (data / "keys" / "secret.key").write_text("00" * 32)
    return "--data", str(data)


@pytest.fixture
def desk(tmp_path: Path) -> Terminal:
    folder = tmp_path / "desk"
    folder.mkdir()
    return Terminal.at(folder, CHEAP)


def test_sessions_are_listed_with_what_was_proven(desk: Terminal, words: tuple[str, str], visitor: Visitor) -> None:
    assert visitor.cookies["commonAuthId"]
    [listed] = desk.ask("session", "list", "kim", *words)["sessions"]
    assert listed["steps"] == ["BasicAuthenticator"]
    assert listed["user_agent"] == AGENT
    assert listed["address"] == "127.0.0.1"
    assert listed["id"] in desk.run("session", "list", "kim", *words).out


def test_a_backup_code_in_place_of_the_code_is_told(world: World, desk: Terminal, words: tuple[str, str]) -> None:
    world.add_person("sam", claims={MOBILE: "+94771234567", BACKUP_CODES: "482913"})
    provider = add_provider(world, "sms", ProviderAuthenticator(name=SMS_OTP, enabled=True))
    visitor = Visitor(world)
    visitor.begin(add_application(world, "two", (BASIC,), (Option(provider, SMS_OTP),)))
    visitor.password("sam")
    visitor.answer({"OTPcode": "482913"})
    visitor.finish()
    [listed] = desk.ask("session", "list", "sam", *words)["sessions"]
    assert (listed["steps"], listed["backup_code"]) == (["BasicAuthenticator", "SMSOTP"], True)
    assert "BasicAuthenticator, SMSOTP (a backup code)" in desk.run("session", "list", "sam", *words).out


def test_a_session_that_is_ended_is_over_at_once(
    world: World, desk: Terminal, words: tuple[str, str], visitor: Visitor
) -> None:
    [listed] = desk.ask("session", "list", "kim", *words)["sessions"]
    assert desk.ask("session", "end", listed["id"], *words) == {"ended": 1}
    visitor.begin(add_application(world, "two"))
    assert visitor.page == "/authenticationendpoint/login.do"
    again = desk.run("session", "end", listed["id"], *words)
    assert again.status != 0
    assert listed["id"] in again.err


def test_all_sessions_of_a_user_can_be_ended(
    world: World, desk: Terminal, words: tuple[str, str], visitor: Visitor
) -> None:
    assert desk.ask("session", "end-all", "kim", *words) == {"ended": 1}
    assert desk.ask("session", "list", "kim", *words) == {"sessions": []}
    visitor.begin(add_application(world, "two"))
    assert visitor.page == "/authenticationendpoint/login.do"


def test_sessions_of_nobody_are_an_error(desk: Terminal, words: tuple[str, str]) -> None:
    ran = desk.run("session", "list", "nobody", *words)
    assert ran.status != 0
    assert "nobody" in ran.err
