"""Logging in with a real browser: with scripts and without, by keyboard, on a small screen, back and forth."""

import html
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from tests.conftest import WorldMaker
from tests.login.screen import free_port, listening
from tests.login.staged import BACKUP, MAIL, NUMBER, RIGHT, SMS, Staged
from tests.login.visitor import BASIC, add_application, with_protocol
from tests.pages.test_browser import Screen, Windows, complaints, drivers  # noqa: F401  # drivers is a fixture
from tests.pages.visitor import PASSWORD as SIGN_UP_PASSWORD
from tests.pages.visitor import setting
from tests.world import PASSWORD, PATIENCE_SECONDS, World
from watchword.accounts.backup_codes import make_backup_codes
from watchword.accounts.claims import MOBILE
from watchword.accounts.store.users import Users
from watchword.applications.authenticators import SMS_OTP
from watchword.applications.model import (
    ClaimConfiguration,
    IdentityProvider,
    Option,
    ProviderAuthenticator,
    RequestedClaim,
)
from watchword.applications.usecases.providers import create_provider
from watchword.storage.work import Work

DONE = '"user":"alice"'


class LoginScreen(Screen):
    """A browser window at a server to whose applications somebody logs in."""

    world: World
    staged: Staged
    bank: str

    def begin(self, application: str) -> None:
        self.open(f"/test-protocol?app={application}")

    def fill(self, **fields: str) -> None:
        for name, text in fields.items():
            self.type(name, text)
        self.driver.find_element(By.CSS_SELECTOR, "form .button").click()

    def wait_till_gone(self, words: str) -> None:
        waiting = WebDriverWait(self.driver, PATIENCE_SECONDS, 0.05, ignored_exceptions=[WebDriverException])
        waiting.until(lambda driver: words not in driver.find_element(By.TAG_NAME, "main").text)

    def first_step(self) -> None:
        self.begin(self.bank)
        self.fill(username="alice", password=PASSWORD)
        self.wait_for("Enter the code")

    @property
    def focused(self) -> str:
        return str(self.driver.switch_to.active_element.get_attribute("name"))


@pytest.fixture
def served(worlds: WorldMaker) -> Iterator[tuple[World, Staged, str]]:
    port, staged = free_port(), Staged(query={"resendCode": "true"}, notes={"length": 6}, to=NUMBER)
    others = (Staged(name=MAIL.authenticator), Staged(name=BACKUP.authenticator))
    origin = setting("watchword.public_url", f"http://localhost:{port}")
    world = worlds(additions=with_protocol(staged, *others), **origin)
    staged.notifier = world.installation.notifier
    world.add_person("alice")
    with listening(world, port) as address:
        yield world, staged, address


def screen_of(served: tuple[World, Staged, str], driver: webdriver.Chrome) -> LoginScreen:
    world, staged, address = served
    screen = LoginScreen(driver, address)
    screen.world, screen.staged = world, staged
    screen.bank = add_application(world, "Bank", (BASIC,), (SMS,), access_url="https://bank.example/in")
    return screen


@pytest.fixture
def screen(served: tuple[World, Staged, str], drivers: Windows) -> Iterator[LoginScreen]:  # noqa: F811  # the fixture
    driver = drivers(True)  # noqa: FBT003  # with scripts
    complaints(driver)
    yield screen_of(served, driver)
    driver.get("about:blank")
    assert complaints(driver) == []


@pytest.mark.parametrize("scripts", [True, False])
def test_password_then_code_on_a_small_phone(
    served: tuple[World, Staged, str],
    drivers: Windows,  # noqa: F811  # the fixture
    scripts: bool,  # noqa: FBT001  # a case
) -> None:
    screen = screen_of(served, drivers(scripts))
    screen.first_step()
    assert "+94•••••567" in screen.driver.find_element(By.TAG_NAME, "main").text
    screen.fill(OTPcode="999999")
    screen.wait_for("This code is not right")
    screen.press("Send a new code")
    screen.wait_till_gone("This code is not right")
    screen.fill(OTPcode=RIGHT)
    screen.wait_for(DONE)
    screen.driver.get("about:blank")


def test_it_can_be_done_by_keyboard_alone(screen: LoginScreen) -> None:
    screen.begin(screen.bank)
    assert screen.focused == "username"
    keys = webdriver.ActionChains(screen.driver)
    keys.send_keys("alice", Keys.TAB, PASSWORD, Keys.TAB, Keys.TAB, Keys.SPACE, Keys.TAB, Keys.ENTER).perform()
    screen.wait_for("Enter the code")
    assert screen.focused == "OTPcode"
    webdriver.ActionChains(screen.driver).send_keys("99999", Keys.ENTER).perform()
    screen.wait_for("This code is not right")
    webdriver.ActionChains(screen.driver).send_keys(RIGHT[:5], RIGHT[5:], Keys.ENTER).perform()
    screen.wait_for(DONE)


def test_a_newcomer_signs_up_on_the_way_and_goes_on_with_the_same_login(screen: LoginScreen) -> None:
    screen.begin(add_application(screen.world, "Shop"))
    screen.press("No account yet? Sign up")
    screen.fill_sign_up("kim")
    screen.type("code", screen.world.last_code())
    screen.press("Confirm")
    screen.press("Go on to log in")
    screen.wait_for("to Shop")
    screen.fill(username="kim", password=SIGN_UP_PASSWORD)
    screen.wait_for('"user":"kim"')


def test_after_a_refusal_the_focus_is_in_the_field_and_the_reason_is_read_with_it(screen: LoginScreen) -> None:
    screen.begin(screen.bank)
    screen.fill(username="alice", password="wrong")
    screen.wait_for("The user name or the password is wrong")
    field = screen.driver.switch_to.active_element
    assert field.get_attribute("name") in {"username", "password"}
    assert field.get_attribute("aria-describedby") == "failed-msg"
    assert screen.driver.find_element(By.ID, "failed-msg").get_attribute("role") == "alert"
    assert screen.driver.title.startswith("Error:")


def test_going_back_shows_where_the_login_stands_and_in_the_end_the_way_out(screen: LoginScreen) -> None:
    screen.first_step()
    screen.driver.back()
    screen.wait_for("Enter the code")
    screen.driver.refresh()
    screen.fill(OTPcode=RIGHT)
    screen.wait_for(DONE)
    screen.driver.back()
    screen.wait_for("This login is over")
    screen.wait_for("Go to Bank")


def test_two_tabs_and_a_second_login_in_between_disturb_nobody(screen: LoginScreen) -> None:
    driver = screen.driver
    screen.first_step()
    first, address = driver.current_window_handle, driver.current_url
    driver.switch_to.new_window("tab")
    try:
        driver.get(address)
        screen.wait_for("Enter the code")
        shop = add_application(screen.world, "Shop")
        screen.begin(shop)
        screen.fill(username="alice", password=PASSWORD)
        screen.wait_for(DONE)
    finally:
        driver.close()
        driver.switch_to.window(first)
    screen.fill(OTPcode=RIGHT)
    screen.wait_for(DONE)


def test_a_code_that_comes_whole_is_sent_on_by_itself(screen: LoginScreen) -> None:
    screen.first_step()
    filled = (
        "const box = document.getElementById('code'); box.value = arguments[0]; box.dispatchEvent(new Event('input'))"
    )
    screen.driver.execute_script(filled, RIGHT)
    screen.wait_for(DONE)


def test_nothing_is_wider_than_a_small_screen_and_everything_can_be_hit(screen: LoginScreen) -> None:
    options = add_application(screen.world, "An application with a rather long name", (BASIC,), (SMS, MAIL, BACKUP))
    screen.begin(options)
    fits(screen)
    screen.fill(username="alice", password=PASSWORD)
    screen.wait_for("How will you prove")
    fits(screen)
    screen.press("Get a code by text message")
    screen.wait_for("Enter the code")
    fits(screen)
    for page, words in (("smsotpError.jsp", "That did not work"), ("mobile.jsp", "What is your mobile number?")):
        screen.staged.page = f"smsotpauthenticationendpoint/{page}"
        screen.begin(screen.bank)
        screen.fill(username="alice", password=PASSWORD)
        screen.wait_for(words)
        fits(screen)
    screen.open("/authenticationendpoint/retry.do")
    fits(screen)


def test_duties_fit_a_small_screen_and_name_what_is_wrong(screen: LoginScreen) -> None:
    wanted = ClaimConfiguration(requested=(RequestedClaim("http://wso2.org/claims/givenname", mandatory=True),))
    user_id = screen.world.known("alice").id
    screen.world.change(lambda work: Users(work).require_password_change(user_id, required=True))
    screen.begin(add_application(screen.world, "Shop", claims=wanted))
    screen.fill(username="alice", password=PASSWORD)
    screen.wait_for("One more thing")
    fits(screen)
    screen.press("Save and go on")
    screen.wait_for("Please check")
    screen.press("Fill in: First name")
    assert screen.focused == "claim-givenname"
    screen.fill(**{"claim-givenname": "Alice"})
    screen.wait_for("your password must be changed")
    fits(screen)
    screen.fill(currentPassword=PASSWORD, newPassword="a b", newPasswordAgain="a b")
    screen.wait_for("Please check")
    assert screen.driver.switch_to.active_element.get_attribute("role") == "alert"
    screen.fill(currentPassword=PASSWORD, newPassword="Another-Pass-2", newPasswordAgain="Another-Pass-2")
    screen.wait_for(DONE)


def fits(screen: LoginScreen) -> None:
    """See that nothing is wider than the screen, and that a thumb hits everything."""
    WebDriverWait(screen.driver, PATIENCE_SECONDS, 0.05).until(
        lambda driver: driver.execute_script("return document.readyState") == "complete"
    )
    assert screen.driver.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    targets = screen.driver.find_elements(By.CSS_SELECTOR, "main button, main .button, .tick-box, footer a, input.code")
    assert targets
    assert all(target.size["height"] >= 44 for target in targets if target.is_displayed())


def test_CLICK_01_no_page_of_logging_in_can_be_framed(screen: LoginScreen, tmp_path: Path) -> None:
    screen.begin(screen.bank)
    outside = tmp_path / "frame.html"
    outside.write_text(f'<iframe src="{html.escape(screen.driver.current_url)}"></iframe>')
    screen.driver.get(outside.as_uri())
    screen.driver.switch_to.frame(0)
    assert "User name" not in screen.driver.page_source
    screen.driver.switch_to.default_content()
    assert complaints(screen.driver)


# --- the real authenticators


@pytest.fixture
def real(worlds: WorldMaker) -> Iterator[tuple[World, str]]:
    port = free_port()
    world = worlds(additions=with_protocol(), **setting("watchword.public_url", f"http://localhost:{port}"))
    with listening(world, port) as address:
        yield world, address


def add_phone_provider(world: World) -> Option:
    """Make the identity provider that carries codes by SMS, and return the option of a step."""

    def add(work: Work) -> str:
        authenticator = ProviderAuthenticator(name=SMS_OTP, enabled=True)
        provider = IdentityProvider(
            id="", name="MySms", default_authenticator=SMS_OTP, authenticators=(authenticator,)
        )  # fmt: skip
        return create_provider(work, provider).id

    return Option(world.do(add), SMS_OTP)


@pytest.mark.parametrize("scripts", [True, False])
def test_a_person_without_a_number_gives_one_and_it_is_kept_after_the_right_code(
    real: tuple[World, str],
    drivers: Windows,  # noqa: F811  # the fixture
    scripts: bool,  # noqa: FBT001  # a case
) -> None:
    world, address = real
    world.add_person("alice")
    screen = LoginScreen(drivers(scripts), address)
    screen.begin(add_application(world, "Bank", (BASIC,), (add_phone_provider(world),)))
    screen.fill(username="alice", password=PASSWORD)
    screen.wait_for("What is your mobile number?")
    fits_if(screen, scripts)
    screen.fill(MOBILE_NUMBER="12")
    screen.wait_for("This number cannot be used")
    screen.fill(MOBILE_NUMBER=NUMBER)
    screen.wait_for("Enter the code")
    assert MOBILE not in world.known("alice").claims
    screen.fill(OTPcode="999999")
    screen.wait_for("This code is not right")
    screen.fill(OTPcode=world.last_code())
    screen.wait_for(DONE)
    assert world.known("alice").claims[MOBILE] == NUMBER
    screen.driver.get("about:blank")


def test_an_expired_code_a_new_one_and_a_backup_code(
    real: tuple[World, str],
    drivers: Windows,  # noqa: F811  # the fixture
) -> None:
    world, address = real
    alice = world.add_person("alice", claims={MOBILE: NUMBER})
    codes: list[str] = []
    world.change(lambda work: codes.extend(make_backup_codes(work, alice)))
    screen = LoginScreen(drivers(True), address)  # noqa: FBT003  # with scripts
    bank = add_application(world, "Bank", (BASIC,), (add_phone_provider(world),))
    screen.begin(bank)
    screen.fill(username="alice", password=PASSWORD)
    screen.wait_for("Enter the code")
    old = world.last_code()
    world.clock.tick(minutes=6)
    screen.fill(OTPcode=old)
    screen.wait_for("This code has expired")
    screen.press("Send a new code")
    screen.wait_for("Your code is on its way")
    assert "expired" not in screen.driver.find_element(By.TAG_NAME, "main").text
    assert world.last_code() != old
    screen.fill(OTPcode=codes[0])
    screen.wait_for(DONE)
    screen.driver.get("about:blank")


def test_a_provider_that_is_down_is_told_in_plain_words_with_what_is_left(
    real: tuple[World, str],
    drivers: Windows,  # noqa: F811  # the fixture
) -> None:
    world, address = real
    alice = world.add_person("alice", claims={MOBILE: NUMBER})
    codes: list[str] = []
    world.change(lambda work: codes.extend(make_backup_codes(work, alice)))
    world.post_office.refuses = "no credit"
    screen = LoginScreen(drivers(True), address)  # noqa: FBT003  # with scripts
    screen.begin(add_application(world, "Bank", (BASIC,), (SMS, MAIL, BACKUP)))
    screen.fill(username="alice", password=PASSWORD)
    screen.wait_for("How will you prove")
    screen.press("Get a code by text message")
    screen.wait_for("Enter the code")
    world.deliver()
    screen.driver.refresh()
    screen.wait_for("could not be sent")
    assert "credit" not in screen.driver.page_source
    screen.press("Use a backup code")
    screen.wait_for("Each backup code works once")
    screen.fill(BackupCode=codes[0])
    screen.wait_for(DONE)
    screen.driver.get("about:blank")


def fits_if(screen: LoginScreen, scripts: bool) -> None:  # noqa: FBT001  # only a page with scripts can be asked
    if scripts:
        fits(screen)
