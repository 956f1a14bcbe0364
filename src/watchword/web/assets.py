"""Style, script and icon of the pages: a fixed list, each under an address that changes with its content."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from watchword.base.problems import NotFound
from watchword.storage.work import Work
from watchword.web.model import Ask, Door, Reply, Route, get

FOLDER = Path(__file__).with_name("static")
MEDIA_TYPES = {
    "pages.css": "text/css; charset=utf-8",
    "pages.js": "text/javascript; charset=utf-8",
    "sandbox.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file, and the beginning of its digest."""

    content: bytes
    media_type: str
    version: str


@dataclass(frozen=True, slots=True)
class Assets:
    """The files that may be asked for; nothing else in any folder can."""

    by_name: Mapping[str, Asset]

    @classmethod
    def read(cls) -> "Assets":
        """Read every file once, when the server starts."""
        return cls({name: _read(name, media_type) for name, media_type in MEDIA_TYPES.items()})

    def address(self, name: str) -> str:
        """Return where a page finds a file."""
        return f"/static/{name}?v={self.by_name[name].version}"

    def routes(self) -> list[Route]:
        """Return the table of routes."""
        return [get("/static/{name}", self.show, door=Door.ANYONE)]

    def show(self, work: Work, ask: Ask[None]) -> Reply:
        """Return a file; only under its current version may it be kept.

        Raises:
            NotFound
        """
        asset = self.by_name.get(ask.path["name"])
        if asset is None:
            raise NotFound
        is_current = ask.query.get("v") == asset.version
        headers = {
            "Cache-Control": FOR_EVER if is_current else ASK_AGAIN,
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        return Reply(asset.content, media_type=asset.media_type, headers=headers)


def _read(name: str, media_type: str) -> Asset:
    content = (FOLDER / name).read_bytes()
    return Asset(content, media_type, hashlib.sha256(content).hexdigest()[:12])
