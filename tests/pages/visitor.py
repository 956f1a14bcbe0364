"""A browser without scripts, in a few lines: it keeps cookies, reads forms, and follows where it is led."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode, urljoin

from tests.world import Reply, World

FOLDER = "/accountrecoveryendpoint"
REGISTER = f"{FOLDER}/register.do"
CONFIRM = f"{FOLDER}/confirm.do"
NUMBER, MAILBOX, PASSWORD = "+94771234567", "kim@example.com", "Sample-Pass-1"


def setting(key: str, value: str) -> dict[str, Any]:
    """Return one setting of a world, by its whole key."""
    return {key: value}


class Fields(HTMLParser):
    """The hidden fields of a page, and its words."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden: dict[str, str] = {}
        self.values: dict[str, str] = {}
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "input" and found.get("type") == "hidden":
            self.hidden[found["name"]] = found.get("value", "")
        elif tag == "input":
            self.values[found["name"]] = found.get("value", "")

    def handle_data(self, data: str) -> None:
        self.text = " ".join(f"{self.text} {data}".split())


@dataclass(slots=True)
class Visitor:
    """Somebody with a browser."""

    world: World
    cookies: dict[str, str] = field(default_factory=dict)
    address: str = REGISTER
    reply: Reply | None = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def page(self) -> Fields:
        """What is on the screen."""
        fields = Fields()
        assert self.reply is not None
        fields.feed(self.reply.text)
        return fields

    @property
    def text(self) -> str:
        return self.page.text

    @property
    def status(self) -> int:
        assert self.reply is not None
        return self.reply.status

    def open(self, address: str) -> "Visitor":
        """Open an address, and follow where it leads."""
        return self._send("GET", urljoin(self.address, address), b"")

    def send(self, address: str = "", **fields: str) -> "Visitor":
        """Fill in the page's form and send it."""
        given = {name.replace("__", "-"): value for name, value in {**self.page.hidden, **fields}.items()}
        return self._send("POST", urljoin(self.address, address), urlencode(given).encode())

    def sign_up(self, name: str = "kim", *, mobile: str = NUMBER, email: str = "", **fields: str) -> "Visitor":
        """Fill in the registration page."""
        if not self.address.partition("?")[0].endswith("register.do") or self.reply is None:
            self.open(REGISTER)
        usual = {"channel": "SMS", "password": PASSWORD, "repeated": fields.get("password", PASSWORD)}
        return self.send("register.do", username=name, mobile=mobile, email=email, **{**usual, **fields})

    def _send(self, method: str, address: str, octets: bytes) -> "Visitor":
        headers = dict(self.headers)
        if self.cookies:
            headers["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if method == "POST":
            headers["content-type"] = "application/x-www-form-urlencoded"
        self.address = address
        self.reply = self.world.send(method, address, octets, list(headers.items()))
        if cookie := self.reply.headers.get("set-cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return self.open(self.reply.headers["location"]) if self.reply.status == 303 else self
