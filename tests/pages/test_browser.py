"""The pages in a real browser: with scripts and without, by keyboard, on a small screen."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
import uvicorn
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from tests.pages.visitor import FOLDER, NUMBER, PASSWORD
from tests.provision import Browser
from tests.world import PATIENCE_SECONDS, World

SMALL = (320, 640)
SCRIPTS_OFF = 2
Windows = Callable[[bool], webdriver.Chrome]


class Screen:
    """A browser window at a server."""

    def __init__(self, driver: webdriver.Chrome, origin: str) -> None:
        self.driver, self.origin = driver, origin

    def open(self, path: str) -> None:
        self.driver.get(self.origin + path)

    def type(self, field: str, text: str) -> None:
        self.driver.find_element(By.NAME, field).send_keys(text)

    def press(self, words: str) -> None:
        self.driver.find_element(By.XPATH, f"//*[self::button or self::a][normalize-space()='{words}']").click()

    def wait_for(self, words: str) -> None:
        waiting = WebDriverWait(self.driver, PATIENCE_SECONDS, 0.05, ignored_exceptions=[WebDriverException])
        waiting.until(lambda driver: words in driver.find_element(By.TAG_NAME, "body").text)

    def sign_up(self, name: str = "kim") -> None:
        self.open("/register")
        self.fill_sign_up(name)

    def fill_sign_up(self, name: str) -> None:
        self.type("mobile", NUMBER)
        self.type("username", name)
        self.type("password", PASSWORD)
        self.type("repeated", PASSWORD)
        self.press("Sign up")
        self.wait_for("Enter your code")


@pytest.fixture(scope="module")
def drivers(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Windows]:
    """Return a function that gives a window, with scripts or without; windows are shared, being slow to open."""
    opened: dict[bool, webdriver.Chrome] = {}

    def give(scripts: bool) -> webdriver.Chrome:  # noqa: FBT001  # the key of a window
        if scripts not in opened:
            opened[scripts] = _open(chromium, tmp_path_factory.mktemp("chromium"), scripts=scripts)
        opened[scripts].delete_all_cookies()
        return opened[scripts]

    yield give
    for driver in opened.values():
        driver.quit()


def _open(chromium: Browser, folder: Path, *, scripts: bool) -> webdriver.Chrome:
    options = webdriver.ChromeOptions()
    options.binary_location = str(chromium.chromium)
    width, height = SMALL
    for argument in (
        "headless=new", "no-sandbox", "disable-dev-shm-usage", "accept-lang=en", f"user-data-dir={folder}",
        "disable-background-networking", "disable-component-update", "no-first-run", f"window-size={width},{height}",
    ):  # fmt: skip
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    if not scripts:
        options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": SCRIPTS_OFF})
    driver = webdriver.Chrome(options, Service(str(chromium.chromedriver)))
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": True}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    return driver


@contextmanager
def listening(world: World) -> Iterator[str]:
    """Serve a world on a port of this machine."""
    server = uvicorn.Server(uvicorn.Config(world.application, port=0, log_level="error", lifespan="off"))
    thread = Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://localhost:{port}"
    finally:
        server.should_exit = True
        thread.join(PATIENCE_SECONDS)


def complaints(driver: webdriver.Chrome) -> list[str]:
    """Return what the browser has complained of since it was asked last, such as a breach of our own policy."""
    lines = driver.get_log("browser")  # type: ignore[no-untyped-call]  # Selenium types most of itself
    return [line["message"] for line in lines if line["level"] == "SEVERE"]


@pytest.fixture
def screen(world: World, drivers: Windows) -> Iterator[Screen]:
    driver = drivers(True)  # noqa: FBT003  # with scripts
    complaints(driver)
    with listening(world) as origin:
        yield Screen(driver, origin)
        driver.get("about:blank")  # nothing of ours stays connected
    assert complaints(driver) == []


@pytest.mark.parametrize("scripts", [True, False])
def test_somebody_signs_up_on_a_small_phone(
    world: World, drivers: Windows, scripts: bool  # noqa: FBT001  # a case
) -> None:  # fmt: skip
    with listening(world) as origin:
        screen = Screen(drivers(scripts), origin)
        screen.sign_up()
        screen.type("code", world.last_code())
        screen.press("Confirm")
        screen.wait_for("You are in")
        screen.driver.back()
        screen.wait_for("You are in")
        screen.driver.get("about:blank")
    assert not world.known().locked


def test_nothing_is_wider_than_the_smallest_screen_and_everything_can_be_hit(screen: Screen) -> None:
    for path in ("/register", f"{FOLDER}/confirm.do", f"{FOLDER}/confirmregistration.do?confirmation=x"):
        screen.open(path)
        assert screen.driver.execute_script("return document.documentElement.scrollWidth <= innerWidth")
        targets = screen.driver.find_elements(
            By.CSS_SELECTOR, "main button, main .button, .choice, footer a, input.code"
        )
        assert targets
        assert all(target.size["height"] >= 44 for target in targets if target.is_displayed())


def test_the_form_can_be_filled_in_by_keyboard_alone(screen: Screen) -> None:
    screen.open("/register")
    keys = webdriver.ActionChains(screen.driver)
    screen.driver.find_element(By.CSS_SELECTOR, "[value=SMS]").send_keys("")
    for word in (NUMBER, "", "kim", PASSWORD):
        keys.send_keys(Keys.TAB, word)
    keys.send_keys(Keys.TAB, Keys.TAB, PASSWORD, Keys.ENTER).perform()  # past the button that shows the password
    screen.wait_for("Enter your code")


def test_a_fault_takes_the_focus_and_leads_to_its_field(screen: Screen) -> None:
    screen.open("/register")
    screen.press("Sign up")
    screen.wait_for("Please check")
    assert screen.driver.switch_to.active_element.get_attribute("role") == "alert"
    screen.press("Choose a user name")
    field = screen.driver.switch_to.active_element
    assert field.get_attribute("name") == "username"
    assert field.accessible_name == "User name"
    described = (field.get_attribute("aria-describedby") or "").split()
    assert described == ["username-problem", "username-hint"]
    assert screen.driver.title.startswith("Error:")


def test_a_name_is_looked_up_while_the_form_is_filled_in(world: World, screen: Screen) -> None:
    world.register("kim")
    screen.open("/register")
    screen.type("username", "kim\t")
    screen.wait_for("The user name kim is taken")


def test_the_cool_down_counts_and_then_lets_go(world: World, screen: Screen) -> None:
    screen.sign_up()
    assert len(world.letters) == 1
    button = screen.driver.find_element(By.CSS_SELECTOR, "button[value=again]")
    assert button.text.startswith("Send again in")
    assert not button.is_enabled()
    world.clock.tick(seconds=29)
    screen.driver.refresh()
    screen.wait_for("Send a new code")
    world.clock.tick(seconds=1)
    screen.press("Send a new code")
    screen.wait_for("A new message is on its way")
    assert len(world.letters) == 2


def test_a_code_that_comes_whole_is_sent_on_by_itself(world: World, screen: Screen) -> None:
    screen.sign_up()
    filled = (
        "const box = document.getElementById('code'); box.value = arguments[0]; box.dispatchEvent(new Event('input'))"
    )
    screen.driver.execute_script(filled, world.last_code())
    screen.wait_for("You are in")


def test_no_page_can_be_framed(screen: Screen, tmp_path: Path) -> None:
    outside = tmp_path / "frame.html"
    outside.write_text(f'<iframe src="{screen.origin}{FOLDER}/register.do"></iframe>')
    screen.driver.get(outside.as_uri())
    screen.driver.switch_to.frame(0)
    assert "Sign up" not in screen.driver.page_source
    screen.driver.switch_to.default_content()
    assert complaints(screen.driver)


def test_a_password_is_shown_only_on_demand(screen: Screen) -> None:
    screen.open("/register")
    field = screen.driver.find_element(By.ID, "password")
    assert field.get_attribute("type") == "password"
    screen.press("Show")
    assert screen.driver.find_element(By.ID, "password").get_attribute("type") == "text"


def test_a_second_tap_sends_nothing_twice(screen: Screen) -> None:
    screen.open("/register")
    twice = "const form = document.forms[0]; form.addEventListener('submit', e => { window.sent = (window.sent || 0)"
    screen.driver.execute_script(f"{twice} + !e.defaultPrevented; e.preventDefault(); }})")
    button = screen.driver.find_element(By.CSS_SELECTOR, "form .button")
    button.click()
    button.click()
    assert screen.driver.execute_script("return window.sent") == 1
