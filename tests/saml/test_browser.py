"""The pages that carry messages, in a real browser: by themselves, by a button, and back from a place that is gone."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.keys import Keys

from tests.conftest import WorldMaker
from tests.login.screen import free_port, listening
from tests.pages.test_browser import Screen
from tests.provision import Browser
from tests.saml.kit import AVIS, SEED, add_alice, add_provider, authn_request, give_key, logout_request, redirect
from tests.world import PASSWORD, World
from watchword.applications.model import LogoutMethod, SingleLogout

SCRIPTS_OFF = 2


@dataclass
class Site:
    """A service provider's site, which takes what it is posted and leads on to another host of its own."""

    port: int
    leads_to: str = ""
    taken: list[str] = field(default_factory=list)

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"


@contextmanager
def open_site() -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.taken.append(f"GET {self.path.partition('?')[0]}")
            self._answer(200, b"<body>Welcome home</body>")

        def do_POST(self) -> None:
            site.taken.append(f"POST {self.path}")
            self.rfile.read(int(self.headers["content-length"]))
            self._answer(302, b"", site.url("/home", "localhost"))

        def _answer(self, status: int, octets: bytes, location: str = "") -> None:
            self.send_response(status)
            if location:
                self.send_header("location", location)
            self.send_header("content-type", "text/html")
            self.send_header("content-length", str(len(octets)))
            self.end_headers()
            self.wfile.write(octets)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site = Site(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


Windows = Callable[[bool], webdriver.Chrome]


@pytest.fixture(scope="module")
def windows(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Windows]:
    opened: dict[bool, webdriver.Chrome] = {}

    def give(scripts: bool) -> webdriver.Chrome:  # noqa: FBT001  # the key of a window
        if scripts not in opened:
            options = webdriver.ChromeOptions()
            options.binary_location = str(chromium.chromium)
            folder: Path = tmp_path_factory.mktemp("chromium")
            for argument in ("headless=new", "no-sandbox", "disable-dev-shm-usage", f"user-data-dir={folder}",
                             "disable-background-networking", "no-first-run", "accept-lang=en"):  # fmt: skip
                options.add_argument(f"--{argument}")
            if not scripts:
                settings = {"profile.managed_default_content_settings.javascript": SCRIPTS_OFF}
                options.add_experimental_option("prefs", settings)
            opened[scripts] = webdriver.Chrome(options, Service(str(chromium.chromedriver)))
        opened[scripts].delete_all_cookies()
        return opened[scripts]

    yield give
    for driver in opened.values():
        driver.quit()


@dataclass(frozen=True, slots=True)
class Scene:
    """A server, a site, and a window."""

    world: World
    site: Site
    window: Callable[[bool], Screen]


@pytest.fixture
def scene(worlds: WorldMaker, windows: Windows) -> Iterator[Scene]:
    with ExitStack() as opened:
        port = free_port()
        settings: dict[str, Any] = {"watchword.public_url": f"http://localhost:{port}", "watchword.dev": "true"}
        world = worlds(**settings)
        give_key(world)
        add_alice(world)
        site = opened.enter_context(open_site())
        add_provider(world, replace(SEED, acs_urls=(site.url("/acs"),)))
        origin = opened.enter_context(listening(world, port))
        yield Scene(world, site, lambda scripts: Screen(windows(scripts), origin))
        for scripts in (True, False):
            windows(scripts).get("about:blank")  # nothing of ours stays connected


def log_in(scene: Scene, scripts: bool) -> Screen:  # noqa: FBT001  # the key of a window
    screen = scene.window(scripts)
    screen.open(redirect(authn_request(scene.world), relay_state="here"))
    screen.type("username", "alice")
    screen.type("password", PASSWORD + Keys.RETURN)
    return screen


def go_on(screen: Screen) -> None:
    """Press the button, once it is there."""
    screen.wait_for("Continue")
    screen.press("Continue")


def test_with_scripts_nobody_has_to_press_anything(scene: Scene) -> None:
    log_in(scene, scripts=True).wait_for("Welcome home")
    assert scene.site.taken[:2] == ["POST /acs", "GET /home"]


def test_without_scripts_a_button_does_it(scene: Scene) -> None:
    screen = log_in(scene, scripts=False)
    go_on(screen)
    screen.wait_for("Welcome home")


@pytest.mark.long  # now and then the first page does not come in time here, for a reason that is not known yet
def test_a_logout_walks_on_by_itself_and_back_from_nowhere(scene: Scene) -> None:
    gone = f"http://127.0.0.1:{free_port()}/slo"
    logout = SingleLogout(request_url=gone, method=LogoutMethod.FRONT_CHANNEL_REDIRECT)
    add_provider(scene.world, replace(AVIS, acs_urls=(scene.site.url("/acs"),), logout=logout))
    screen = log_in(scene, scripts=False)
    go_on(screen)
    screen.open(redirect(authn_request(scene.world, "avis.com", id="_r2")))
    go_on(screen)
    screen.wait_for("Welcome home")
    screen.open(redirect(logout_request(scene.world)))
    screen.wait_for("You are being logged out of avis.com")
    screen.press("Log out of avis.com")
    screen.driver.back()
    screen.wait_for("Go on without avis.com")
    screen.press("Go on without avis.com")
    screen.wait_for("These applications have not confirmed")
    go_on(screen)
    screen.wait_for("Welcome home")
