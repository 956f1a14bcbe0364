"""A small site around a SAML library: one session per cookie, and one line for whatever goes wrong."""

import json
import secrets
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

MOBILE = "http://wso2.org/claims/mobile"


@dataclass
class Answer:
    """What the browser gets."""

    body: str = ""
    status: int = 200
    location: str = ""
    kind: str = "text/html"


@dataclass
class Asked:
    """What the browser sent."""

    path: str
    query: str
    fields: dict[str, str]
    posted: bool
    session: dict[str, Any]


@dataclass
class Stand:
    """A site: its addresses, and the sessions."""

    addresses: dict[str, Callable[[Asked], Answer]]
    sessions: dict[str, dict[str, Any]] = field(default_factory=dict)

    def serve(self, port: int) -> None:
        """Serve for ever."""
        stand = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.answer({}, posted=False)

            def do_POST(self) -> None:
                octets = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                self.answer(parse_qs(octets.decode()), posted=True)

            def answer(self, form: dict[str, list[str]], *, posted: bool) -> None:
                parts = urlsplit(self.path)
                fields = {name: values[0] for name, values in {**parse_qs(parts.query), **form}.items()}
                cookie = SimpleCookie(self.headers.get("Cookie", "")).get(f"peer{port}")
                key = cookie.value if cookie else secrets.token_hex(16)
                session = stand.sessions.setdefault(key, {})
                asked = Asked(parts.path, parts.query, fields, posted, session)
                try:
                    answer = stand.addresses[parts.path](asked)
                except Exception:  # noqa: BLE001  # whatever the library says
                    traceback.print_exc()
                    answer = Answer("refused", 403)
                self.send_response(answer.status)
                self.send_header("Set-Cookie", f"peer{port}={key}; Path=/; HttpOnly")
                self.send_header("Content-Type", answer.kind)
                if answer.location:
                    self.send_header("Location", answer.location)
                self.end_headers()
                self.wfile.write(answer.body.encode())

        ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


def whoami(asked: Asked) -> Answer:
    """Say who is logged in."""
    if "name" not in asked.session:
        return Answer("nobody", 401)
    return Answer(json.dumps({each: asked.session[each] for each in ("name", "mobile")}), kind="application/json")


def settings() -> dict[str, Any]:
    """Return what the test says about this peer."""
    told: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text())
    return told
