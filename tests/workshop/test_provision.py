"""What tests get from tests/provision.py."""

import asyncio
import socket
from collections.abc import Callable

import asyncpg
import pytest
from selenium import webdriver

from tests.provision import Browser, NetworkIsOffError, _attempts


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "watchword.example"])
def test_no_other_machine_can_be_reached(host: str) -> None:
    with pytest.raises(NetworkIsOffError):
        socket.create_connection((host, 443), timeout=1)
    assert len(_attempts) == 1
    _attempts.clear()


def test_this_machine_can_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(("localhost", server.getsockname()[1]), timeout=1).close()


def test_a_copy_of_a_postgres_database_has_its_rows(fresh_postgres_database: Callable[..., str]) -> None:
    template = fresh_postgres_database()
    asyncio.run(execute(template, "CREATE TABLE answers AS SELECT 42 AS answer"))
    copy = fresh_postgres_database(template)
    assert asyncio.run(execute(copy, "SELECT answer FROM answers")) == 42


async def execute(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


def test_a_browser_shows_a_page(chromium: Browser) -> None:
    options = webdriver.ChromeOptions()
    options.binary_location = str(chromium.chromium)
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu"):
        options.add_argument(argument)
    service = webdriver.ChromeService(executable_path=str(chromium.chromedriver))
    with webdriver.Chrome(options=options, service=service) as driver:
        driver.get("data:text/html,<title>Watchword</title>")
        assert driver.title == "Watchword"
