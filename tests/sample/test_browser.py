"""The walk of a newcomer in a real browser, by keyboard alone: with scripts and without, on a phone and on a desk."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from tests.provision import Browser
from tests.sample.demo import Demo
from watchword.demo import ALICE

PATIENCE_SECONDS = 20.0
MOST_STOPS = 25
SCRIPTS_OFF = 2


class Screen:
    """A window, and somebody who has no mouse."""

    def __init__(self, driver: webdriver.Chrome, *, scripts: bool) -> None:
        self.driver, self.scripts = driver, scripts

    def wait_for(self, words: str) -> None:
        """Wait for some words; without scripts, press *Continue* wherever a page asks for it."""

        def arrived(driver: webdriver.Chrome) -> bool:
            text = driver.find_element(By.TAG_NAME, "body").text
            if words not in text and not self.scripts and "Continue" in text:
                self.press("Continue")
            return words in text

        waiting = WebDriverWait(self.driver, PATIENCE_SECONDS, 0.05, ignored_exceptions=[WebDriverException])
        waiting.until(arrived)

    def press(self, words: str) -> None:
        """Go from stop to stop until one says the words, and press it."""
        for _ in range(MOST_STOPS):
            self.driver.switch_to.active_element.send_keys(Keys.TAB)
            here = self.driver.switch_to.active_element
            if words in here.text:
                here.send_keys(Keys.ENTER)
                return
        raise AssertionError(f"no stop says {words}")

    def type(self, *keys: str) -> None:
        """Type where the cursor stands."""
        for each in keys:
            self.driver.switch_to.active_element.send_keys(each)


@pytest.fixture(params=[(True, 390, 844), (False, 1280, 900)], ids=["phone", "desk-without-scripts"])
def screen(request: pytest.FixtureRequest, chromium: Browser, tmp_path: Path) -> Iterator[Screen]:
    scripts, width, height = request.param
    options = webdriver.ChromeOptions()
    options.binary_location = str(chromium.chromium)
    for argument in (
        "headless=new", "no-sandbox", "disable-dev-shm-usage", "accept-lang=en", f"user-data-dir={tmp_path}",
        "disable-background-networking", "disable-component-update", "no-first-run", f"window-size={width},{height}",
        "ignore-certificate-errors",
    ):  # fmt: skip
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    if not scripts:
        options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": SCRIPTS_OFF})
    driver = webdriver.Chrome(options, Service(str(chromium.chromedriver)))
    yield Screen(driver, scripts=scripts)
    lines = driver.get_log("browser")  # type: ignore[no-untyped-call]  # Selenium types most of itself
    driver.quit()
    assert [line["message"] for line in lines if line["level"] == "SEVERE" and "favicon" not in line["message"]] == []


def test_a_newcomer_logs_in_to_both_applications_and_out(demo: Demo, screen: Screen) -> None:
    screen.driver.get(demo.samples)
    screen.press("Redirect binding")
    screen.wait_for("to travelocity.com")
    screen.type(ALICE.name, Keys.TAB)
    while screen.driver.switch_to.active_element.get_attribute("name") != "password":
        screen.type(Keys.TAB)
    screen.type(str(ALICE.password), Keys.ENTER)
    screen.wait_for("We sent a code to +94")
    screen.type(demo.code_on_the_phone(), Keys.ENTER)
    screen.wait_for("You are logged in as alice")
    assert screen.driver.current_url == f"{demo.samples}/travelocity.com/home.jsp"

    screen.press("avis.com")
    screen.wait_for("Welcome to avis.com")
    screen.press("POST binding")
    screen.wait_for("You are logged in as alice")
    assert screen.driver.current_url == f"{demo.samples}/avis.com/home.jsp"

    screen.press("Log out")
    screen.wait_for("Go to the start")  # the server has a page of the same words, which takes the answer to us
    assert "You are logged out" in screen.driver.title
    screen.press("travelocity.com")
    screen.wait_for("You are not logged in")
